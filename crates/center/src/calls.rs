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
pub(crate) mod writer;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{Semaphore, mpsc};
use yanmi_protocol::envelope::CipherText;
use yanmi_protocol::{AccountId, Code, EcToken, NoticeNo, OrgCode, UnixMillis};

use crate::claimed::Claimed;
use crate::strangers::{Sum, Tally};
use crate::telemetry::Telemetry;
pub(crate) use writer::{Writer, follow};

/// Refusals that wait to be written.
const QUEUE: usize = 4_096;
/// Rows of one account and code in a minute.
const OF_ACCOUNT: u64 = 60;
/// Bytes of envelopes that did not open and wait to be looked into.
const UNOPENED_BYTES: usize = 1024 * 1024;

/// A delivery that nobody waited for.
pub(crate) const WITHDRAW: &str = "withdraw";
/// The row is about others of the same kind that were not written one by one.
pub const SUMMED: &str = "summed";
/// The row is about others that could not be written.
pub const LOST: &str = "lost";

/// A refusal, as it is known when it is answered.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) at: UnixMillis,
    /// The operation, or one of the words above.
    pub(crate) op: &'static str,
    pub(crate) whose: Whose,
    pub(crate) org_code: Option<OrgCode>,
    pub(crate) token: Option<EcToken>,
    pub(crate) notice: Option<NoticeNo>,
    pub(crate) code: i64,
    pub(crate) cause: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) us: i64,
    pub(crate) address: Option<IpAddr>,
    /// The envelope that did not open.
    pub(crate) unopened: Option<Unopened>,
}

/// Who asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    /// An account or channel, by its key.
    Proven(AccountId),
    /// Somebody who says to be this.
    Claimed(Claimed),
    Nobody,
}

impl Seen {
    /// Nothing but a word and a number.
    pub(crate) fn new(at: UnixMillis, op: &'static str, code: i64) -> Self {
        Self {
            at,
            op,
            whose: Whose::Nobody,
            org_code: None,
            token: None,
            notice: None,
            code,
            cause: None,
            detail: None,
            us: 0,
            address: None,
            unopened: None,
        }
    }
}

/// An envelope that did not open, in its room.
#[derive(Debug)]
pub(crate) struct Unopened {
    sealed: CipherText,
    _room: tokio::sync::OwnedSemaphorePermit,
}

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
    /// The queue, and who writes what waits in it, as this process.
    pub(crate) fn new(node: i64, telemetry: Telemetry) -> (Self, Writer) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let lost = Arc::<AtomicU64>::default();
        let writer = Writer::new(waiting, Arc::clone(&lost), node, telemetry.clone());
        let room = Arc::new(Semaphore::new(UNOPENED_BYTES));
        (Self { queue, accounts: Tally::new(OF_ACCOUNT, None), room, lost, telemetry }, writer)
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
    pub(crate) fn sum(&self, strangers: Vec<Sum>, now: UnixMillis) {
        self.keep_sums(strangers, self.accounts.due(Instant::now()), now);
    }

    /// The same, also of accounts whose minute is not over, because nothing comes after it.
    fn sum_now(&self, strangers: Vec<Sum>, now: UnixMillis) {
        self.keep_sums(strangers, self.accounts.now(), now);
    }

    fn keep_sums(&self, strangers: Vec<Sum>, accounts: Vec<Sum<Option<AccountId>>>, now: UnixMillis) {
        let summed = |code: Code, count: u64| Seen {
            detail: Some(count.to_string()),
            ..Seen::new(now, SUMMED, i64::from(code.number()))
        };
        for Sum { code, whose: source, count, claimed } in strangers {
            let whose = claimed.map_or(Whose::Nobody, Whose::Claimed);
            self.note(Seen { whose, address: Some(source), ..summed(code, count) });
        }
        for Sum { code, whose, count, .. } in accounts {
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
        let telemetry = Telemetry::new(false).expect("metrics");
        let (calls, _writer) = Calls::new(0, telemetry.clone());
        for _ in 0..QUEUE + 7 {
            calls.note(Seen::new(UnixMillis::new(1), "status", -4));
        }
        assert_eq!(calls.lost.load(Ordering::Relaxed), 7);
        let page = telemetry.render(0, 0, 0);
        assert!(page.contains("yanmi_calls_lost_total{cause=\"queue\"} 7"), "{page}");
    }

    #[test]
    fn envelopes_that_wait_take_bounded_room_and_give_it_back() {
        let (calls, _writer) = Calls::new(0, Telemetry::new(false).expect("metrics"));
        let large = CipherText::from_hex(&"00".repeat(16 * 1024)).expect("blocks");
        let waiting: Vec<_> = (0..100).filter_map(|_| calls.set_aside(large.clone())).collect();
        assert_eq!(waiting.len(), 64);
        drop(waiting);
        assert!(calls.set_aside(large).is_some());
    }
}
