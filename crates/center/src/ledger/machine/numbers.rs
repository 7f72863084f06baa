//! Numbers of thirteen digits, each given out once in the life of a center (`resBizNo`, `notcNo`).
//!
//! They are reserved in blocks, durably, before any of a block is used. What is left of a block when the process
//! ends is lost; there are nine million blocks.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use yanmi_protocol::NoticeNo;

use crate::store::connection::{Connection, Statement};
use crate::store::link::{Link, on_link};
use crate::store::row::Columns;
use crate::store::{Store, StoreError};

/// Numbers reserved at a time.
const BLOCK: u64 = 1_000_000;

/// Gives out numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    next: AtomicU64,
    /// The first number after the block. It moves only under the lock, when `next` has reached it.
    end: AtomicU64,
    link: Mutex<Link>,
}

impl Numbers {
    /// Reserves the first block.
    pub(crate) async fn open(store: &Store) -> Result<Self, StoreError> {
        let mut link = Link::open(store).await?;
        let first = on_link!(&mut link, |connection| reserve(connection))?;
        link.ease().await;
        Ok(Self { next: AtomicU64::new(first), end: AtomicU64::new(first + BLOCK), link: Mutex::new(link) })
    }

    /// The next number.
    pub(crate) async fn next(&self) -> Result<NoticeNo, StoreError> {
        loop {
            if let Some(number) = self.take() {
                let impossible = StoreError::Impossible { table: "site", what: "流水号已用尽" };
                return NoticeNo::from_number(number).ok_or(impossible);
            }
            // Once in a million times: it shall not make every caller's future longer.
            Box::pin(self.go_on()).await?;
        }
    }

    /// Reserves the block that follows.
    async fn go_on(&self) -> Result<(), StoreError> {
        let mut link = self.link.lock().await;
        // Whoever held the lock before may have reserved a block already.
        if self.next.load(Ordering::Acquire) >= self.end.load(Ordering::Acquire) {
            let first = on_link!(&mut link, |connection| reserve(connection))?;
            link.ease().await;
            // No one takes a number while `next` is not below `end`, so the order of these two is safe.
            self.next.store(first, Ordering::Release);
            self.end.store(first + BLOCK, Ordering::Release);
        }
        Ok(())
    }

    fn take(&self) -> Option<u64> {
        let end = self.end.load(Ordering::Acquire);
        let take = |next| (next < end).then_some(next + 1);
        self.next.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).ok()
    }
}

/// Reserves a block. One whose reservation was not answered is lost, like the rest of one that was not used up.
async fn reserve(connection: &mut Connection) -> Result<u64, StoreError> {
    const TEXT: &str =
        "UPDATE site SET next_number = next_number + $1 WHERE id = 1 RETURNING next_number - $1";
    let block = i64::try_from(BLOCK).unwrap_or(i64::MAX);
    let found = connection.fetch(Statement::new(TEXT).number(block)).await?;
    let missing = StoreError::Impossible { table: "site", what: "没有站点记录" };
    let first = Columns::new(found.iter().next().ok_or(missing)?, "site").number()?;
    u64::try_from(first).map_err(|_| StoreError::Impossible { table: "site", what: "流水号不是正数" })
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::ports::{Disk, Entropy};
    use crate::proxy::{Proxy, cuts_of};
    use crate::sealing::Sealer;
    use crate::server;

    async fn open(path: &std::path::Path) -> Numbers {
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        let store = Store::made(&path.into(), &sealer).await.expect("a store");
        Numbers::open(&store).await.expect("a block")
    }

    #[tokio::test]
    async fn the_next_block_follows_and_a_restart_begins_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("center.sqlite");
        let numbers = open(&path).await;
        let mut last = numbers.next().await.expect("a number").number();
        assert_eq!(last, 1_000_000_000_000);
        for _ in 0..BLOCK {
            let number = numbers.next().await.expect("a number").number();
            assert_eq!(number, last + 1);
            last = number;
        }
        drop(numbers);
        let after = open(&path).await.next().await.expect("a number").number();
        assert_eq!(after, 1_000_000_000_000 + 2 * BLOCK, "what is left of a block is lost");
    }

    /// As if all of the block had been given out.
    fn use_up(numbers: &Numbers) {
        numbers.next.store(numbers.end.load(Ordering::Acquire), Ordering::Release);
    }

    #[tokio::test]
    async fn a_block_whose_reservation_was_cut_is_given_out_once_or_lost() {
        const RESERVES: &str = "SET next_number";
        let database = server::database().await;
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        Store::made(&database, &sealer).await.expect("a store");
        let proxy = Proxy::new(server::folder().join(".s.PGSQL.5432")).await;
        let store = Store::open(&proxy.to(&database), &Disk::system(), &sealer).await.expect("a store");
        let numbers = Numbers::open(&store).await.expect("a block");
        for _ in 0..2 {
            proxy.look_at(proxy.newest_with(RESERVES), None);
            use_up(&numbers);
            numbers.next().await.expect("a number");
        }
        let cuts = cuts_of(&proxy.said(proxy.newest_with(RESERVES)));
        assert!(cuts.len() > 10, "{}", cuts.len());
        let mut last = numbers.next().await.expect("a number").number();
        for cut in cuts {
            let made = proxy.made();
            proxy.look_at(proxy.newest_with(RESERVES), Some(cut));
            use_up(&numbers);
            let first = numbers.next().await.expect("a number").number();
            assert_eq!(proxy.made(), made + 1, "{cut:?}: it was not cut");
            // The server may have reserved one without being heard.
            let block = last / BLOCK * BLOCK;
            assert!(
                [1, 2].map(|blocks| block + blocks * BLOCK).contains(&first),
                "{cut:?}: {first} after {last}"
            );
            // It is there again for the next.
            use_up(&numbers);
            last = numbers.next().await.expect("a number").number();
            assert_eq!(last, first + BLOCK, "{cut:?}");
        }
    }
}
