//! What was refused, kept for an operator who is asked why.
//!
//! The audit has what was decided; what was refused before anything could be decided stood in the log only, which rotates
//! and belongs to one machine. So refusals and failed deliveries become rows of the table `calls`: not evidence, and
//! therefore outside of the ledger, written by a task of its own ([`writer`]) after they were answered. Whoever is
//! answered never waits for it. Its queue is bounded, and so is what it writes; the rest is counted, and that it is
//! missing is a row too.
//!
//! Anybody can send what is refused. Of what nobody is proven to have sent, only what the log has a line of is kept (a
//! few a minute of each source, `strangers`), of an account's a few more; the rest is summed once a minute.

mod guess;
mod seen;
pub(crate) mod table;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

use tokio::sync::{Semaphore, mpsc};
use yanmi_protocol::envelope::CipherText;
use yanmi_protocol::{AccountId, Code, UnixMillis};

use crate::strangers::{RefusalSum, Tally};
use crate::telemetry::Telemetry;
pub use seen::{LOST, SUMMED};
pub(crate) use seen::{Seen, Unopened, WITHDRAW, Whose};
pub(crate) use writer::CallsQueue;
pub(crate) use writer::{CallsWriter, CallsWriterParts, follow};

/// Refusals that wait to be written.
const QUEUE: usize = 4_096;
/// Rows of one account and code in a minute.
const OF_ACCOUNT: u64 = 60;
/// Bytes of envelopes that did not open and wait to be looked into.
const UNOPENED_BYTES: usize = 1024 * 1024;

/// Where refusals wait until they are written.
#[derive(Debug)]
pub(crate) struct Calls {
    queue: mpsc::Sender<Seen>,
    accounts: Tally<Option<AccountId>>,
    room: Arc<Semaphore>,
    lost: Arc<AtomicU64>,
    telemetry: Telemetry,
}

impl Calls {
    /// The queue, and what waits in it for a [`CallsWriter`].
    pub(crate) fn new(telemetry: Telemetry) -> (Self, CallsQueue) {
        let (queue, seen) = mpsc::channel(QUEUE);
        let lost = Arc::<AtomicU64>::default();
        let waiting = CallsQueue { seen, lost: Arc::clone(&lost) };
        let room = Arc::new(Semaphore::new(UNOPENED_BYTES));
        (Self { queue, accounts: Tally::new(OF_ACCOUNT, None), room, lost, telemetry }, waiting)
    }

    /// Keeps a refusal, if there is room.
    pub(crate) fn note(&self, seen: Seen) {
        if self.queue.try_send(seen).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            self.telemetry.calls_lost("queue", 1);
        }
    }

    /// Whether this one of an account's is written by itself.
    pub(crate) fn admit(&self, code: Code, account: AccountId) -> bool {
        self.accounts.admit(code, Some(account), None, Instant::now())
    }

    /// An envelope to be looked into later, if there is room.
    pub(crate) fn set_aside(&self, sealed: CipherText) -> Option<Unopened> {
        let bytes = u32::try_from(sealed.bytes().len()).ok()?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(bytes).ok()?;
        Some(Unopened { sealed, _room: room })
    }

    /// Keeps the sums of what was not written one by one: of strangers, as the log has them, and of accounts.
    pub(crate) fn sum(&self, strangers: Vec<RefusalSum>, now: UnixMillis) {
        self.keep_sums(strangers, self.accounts.due(Instant::now()), now);
    }

    /// The same, also of accounts whose minute is not over, because nothing comes after it.
    pub(crate) fn sum_now(&self, strangers: Vec<RefusalSum>, now: UnixMillis) {
        self.keep_sums(strangers, self.accounts.now(), now);
    }

    fn keep_sums(
        &self,
        strangers: Vec<RefusalSum>,
        accounts: Vec<RefusalSum<Option<AccountId>>>,
        now: UnixMillis,
    ) {
        let summed = |code: Code, count: u64| Seen {
            detail: Some(count.to_string()),
            ..Seen::new(now, SUMMED, i64::from(code.number()))
        };
        for RefusalSum { code, whose: source, count, claimed } in strangers {
            let whose = claimed.map_or(Whose::Nobody, Whose::Claimed);
            self.note(Seen { whose, address: Some(source), ..summed(code, count) });
        }
        for RefusalSum { code, whose, count, .. } in accounts {
            let whose = whose.map_or(Whose::Nobody, Whose::Proven);
            self.note(Seen { whose, ..summed(code, count) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let telemetry = Telemetry::new(false, true).expect("metrics");
        let (calls, _waiting) = Calls::new(telemetry.clone());
        for _ in 0..QUEUE + 7 {
            calls.note(Seen::new(UnixMillis::new(1), "status", -4));
        }
        assert_eq!(calls.lost.load(Ordering::Relaxed), 7);
        let page = telemetry.render(0, 0, 0);
        assert!(page.contains("yanmi_calls_lost_total{cause=\"queue\"} 7"), "{page}");
    }

    #[test]
    fn envelopes_that_wait_take_bounded_room_and_give_it_back() {
        let (calls, _waiting) = Calls::new(Telemetry::new(false, true).expect("metrics"));
        let large = CipherText::from_hex(&"00".repeat(16 * 1024)).expect("blocks");
        let waiting: Vec<_> = (0..100).filter_map(|_| calls.set_aside(large.clone())).collect();
        assert_eq!(waiting.len(), 64);
        drop(waiting);
        assert!(calls.set_aside(large).is_some());
    }
}
