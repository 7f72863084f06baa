//! What institutions ask, and what they hear.

use std::time::Duration;

/// A notice that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct NotifyCall {
    pub(crate) person: u32,
    pub(crate) amount: Option<i64>,
    pub(crate) begun: Duration,
    pub(crate) ended: Option<Duration>,
    pub(crate) code: Option<i64>,
    pub(crate) serial: Option<String>,
    /// Whether its envelope carried a mac, so that the same one again has no effect.
    pub(crate) proven: bool,
    /// Whether somebody on the line sent it, who had heard it before.
    pub(crate) replayed: bool,
    /// How many envelopes it was at most: a desk that cannot believe what it hears sends another.
    pub(super) envelopes: usize,
}

impl NotifyCall {
    pub(crate) fn new(person: u32, amount: Option<i64>, proven: bool, begun: Duration) -> Self {
        let (ended, code, serial) = (None, None, None);
        Self { person, amount, begun, ended, code, serial, proven, replayed: false, envelopes: 1 }
    }

    /// The same again, sent by somebody who heard it: it has no effect where the first one is remembered.
    pub(crate) fn replayed(&self, begun: Duration) -> Self {
        Self { replayed: true, ..Self::new(self.person, self.amount, self.proven, begun) }
    }

    /// Whether it was answered that the notice was sent, before this moment.
    pub(super) fn is_certain_before(&self, moment: Duration) -> bool {
        self.code == Some(0) && self.ended.is_some_and(|ended| ended < moment)
    }
}

/// How many envelopes these calls were at most.
pub(super) fn envelopes<'a>(calls: impl IntoIterator<Item = &'a NotifyCall>) -> usize {
    calls.into_iter().map(|call| call.envelopes).sum()
}

/// A desk's decision to settle, for this amount in fen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeskDecision {
    pub(crate) amount: i64,
    pub(crate) ended: Duration,
}

/// A status query and what was heard.
#[derive(Clone, Debug)]
pub(crate) struct StatusCall {
    pub(crate) begun: Duration,
    pub(crate) ended: Duration,
    /// Whether it was asked to be held until there is news.
    pub(crate) held: bool,
    pub(crate) code: Option<i64>,
    pub(crate) confirmed: Option<bool>,
}
