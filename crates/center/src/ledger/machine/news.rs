//! Telling other centers on the same database what has changed, so that queries they hold wake (`waitSeconds`).
//!
//! `NOTIFY`, in a transaction of its own after the commit: within it, all commits of all centers would have to wait for
//! each other. It does not wait for the disk either. What is lost with a center or a connection wakes nobody; a held
//! query then answers when its time is over, as it would have without a change. Whoever has listened anew wakes all
//! of its own, for they may have missed something.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::watch::Watchers;
use crate::store::link::{Link, on_link};
use crate::store::{Store, StoreError};

/// The channel at the server.
const CHANNEL: &str = "yanmi";
/// Sixteen digits each and one between two: a notification has less than 8,000 bytes.
const FINGERPRINTS: usize = 450;
/// Batches of changes that wait to be told; when there are more, everybody is told to look.
const WAITING: usize = 1_024;
/// What tells everybody to look.
const ALL: &str = "*";
/// Between two attempts to listen.
const PAUSE: Duration = Duration::from_millis(250);

/// The handle of the task that tells.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct News {
    changes: mpsc::Sender<Vec<u64>>,
    /// Something could not be told singly.
    missed: Arc<AtomicBool>,
}

impl News {
    /// Tells the other centers, soon.
    pub(super) fn tell(&self, fingerprints: Vec<u64>) {
        if !fingerprints.is_empty() && self.changes.try_send(fingerprints).is_err() {
            self.missed.store(true, Ordering::Relaxed);
        }
    }
}

/// Starts to tell and to listen, where there may be others.
pub(in crate::ledger) async fn start(
    store: &Store,
    watchers: Arc<Watchers>,
    tasks: &mut Vec<JoinHandle<()>>,
) -> Result<Option<News>, StoreError> {
    if !store.is_shared() {
        return Ok(None);
    }
    let link = Link::open(store).await?;
    let (changes, inbox) = mpsc::channel(WAITING);
    let missed = Arc::new(AtomicBool::new(false));
    // Dropped by the task that tells when it ends; the one that listens then ends too.
    let (telling, told) = mpsc::channel(1);
    tasks.push(tokio::spawn(tell(inbox, link, Arc::clone(&missed), telling)));
    tasks.push(tokio::spawn(listen(store.clone(), watchers, told)));
    Ok(Some(News { changes, missed }))
}

async fn tell(
    mut inbox: mpsc::Receiver<Vec<u64>>,
    mut link: Link,
    missed: Arc<AtomicBool>,
    _telling: mpsc::Sender<()>,
) {
    let mut changes = Vec::new();
    while inbox.recv_many(&mut changes, WAITING).await > 0 {
        let fingerprints: Vec<u64> = changes.drain(..).flatten().collect();
        if missed.swap(false, Ordering::Relaxed) {
            missed.fetch_or(notify(&mut link, ALL).await.is_err(), Ordering::Relaxed);
            continue;
        }
        for chunk in fingerprints.chunks(FINGERPRINTS) {
            missed.fetch_or(notify(&mut link, &payload(chunk)).await.is_err(), Ordering::Relaxed);
        }
    }
    link.close().await;
}

async fn notify(link: &mut Link, payload: &str) -> Result<(), StoreError> {
    on_link!(link, |connection| connection.tell(CHANNEL, payload))
}

fn payload(fingerprints: &[u64]) -> String {
    let mut out = String::with_capacity(fingerprints.len() * 17);
    for fingerprint in fingerprints {
        let comma = if out.is_empty() { "" } else { "," };
        let _ = write!(out, "{comma}{fingerprint:016x}");
    }
    out
}

async fn listen(store: Store, watchers: Arc<Watchers>, mut told: mpsc::Receiver<()>) {
    loop {
        tokio::select! {
            biased;
            _ = told.recv() => return,
            // How the connection was lost is told by those who work on theirs.
            _ = follow(&store, &watchers) => {}
        }
        tokio::select! {
            biased;
            _ = told.recv() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Listens until the connection is lost.
async fn follow(store: &Store, watchers: &Watchers) -> Result<(), StoreError> {
    let Some(mut listener) = store.listen(CHANNEL).await? else { return Ok(()) };
    watchers.wake_all();
    while let Some(payload) = listener.next().await? {
        wake(watchers, &payload);
    }
    Ok(())
}

fn wake(watchers: &Watchers, payload: &str) {
    if payload == ALL {
        return watchers.wake_all();
    }
    watchers.wake(payload.split(',').filter_map(|digits| u64::from_str_radix(digits, 16).ok()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_payload_is_short_enough_and_is_read_as_it_was_written() {
        let fingerprints: Vec<u64> = (0..FINGERPRINTS as u64).map(|at| u64::MAX - at).collect();
        let payload = payload(&fingerprints);
        assert!(payload.len() < 8_000, "{}", payload.len());
        let read: Vec<u64> =
            payload.split(',').map(|digits| u64::from_str_radix(digits, 16).expect("digits")).collect();
        assert_eq!(read, fingerprints);
    }
}
