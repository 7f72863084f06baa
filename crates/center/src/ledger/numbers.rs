//! Numbers of thirteen digits, each given out once in the life of a center (`resBizNo`, `notcNo`).
//!
//! They are reserved in blocks, durably, before any of a block is used. What is left of a block when the process
//! ends is lost; there are nine million blocks.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::Mutex;
use yanmi_protocol::NoticeNo;

use crate::store::{Store, StoreError};

/// Numbers reserved at a time.
const BLOCK: u64 = 1_000_000;

/// Gives out numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// The next number in the low 44 bits would do, but the end moves too: both are read under the lock when
    /// `next` has reached `end`.
    next: AtomicU64,
    end: AtomicU64,
    connection: Mutex<SqliteConnection>,
}

impl Numbers {
    /// Reserves the first block.
    pub(crate) async fn open(store: &Store) -> Result<Self, StoreError> {
        let mut connection = store.connect().await?;
        let first = reserve(&mut connection).await?;
        Ok(Self {
            next: AtomicU64::new(first),
            end: AtomicU64::new(first + BLOCK),
            connection: Mutex::new(connection),
        })
    }

    /// The next number.
    pub(crate) async fn next(&self) -> Result<NoticeNo, StoreError> {
        loop {
            if let Some(number) = self.take() {
                let impossible = StoreError::Impossible { table: "site", what: "流水号已用尽" };
                return NoticeNo::from_number(number).ok_or(impossible);
            }
            let mut connection = self.connection.lock().await;
            // Whoever held the lock before may have reserved a block already.
            if self.next.load(Ordering::Acquire) >= self.end.load(Ordering::Acquire) {
                let first = reserve(&mut connection).await?;
                // No one takes a number while `next` is not below `end`, so the order of these two is safe.
                self.next.store(first, Ordering::Release);
                self.end.store(first + BLOCK, Ordering::Release);
            }
        }
    }

    fn take(&self) -> Option<u64> {
        let end = self.end.load(Ordering::Acquire);
        let take = |next| (next < end).then_some(next + 1);
        self.next.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).ok()
    }
}

async fn reserve(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    const TEXT: &str =
        "UPDATE site SET next_number = next_number + $1 WHERE id = 1 RETURNING next_number - $1";
    let block = i64::try_from(BLOCK).unwrap_or(i64::MAX);
    let first: i64 = sqlx::query(TEXT).bind(block).fetch_one(connection).await?.try_get(0)?;
    u64::try_from(first).map_err(|_| StoreError::Impossible { table: "site", what: "流水号不是正数" })
}
