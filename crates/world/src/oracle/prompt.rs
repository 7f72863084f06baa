//! A notice on a phone.

use std::time::Duration;

use yanmi_protocol::message::channel_notice::Notice;
use yanmi_protocol::{Amount, NoticeNo};

use super::Key;
use crate::cast::Holder;
use crate::clock::BEGIN;

/// Between asking for a notice and its being decided.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// A notice as it was first seen on a phone.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub(crate) number: NoticeNo,
    pub(crate) key: Key,
    pub(crate) holder: Holder,
    pub(crate) amount: Option<i64>,
    pub(super) sequence: u32,
    /// When the center says that it was asked for, in the world's time.
    pub(crate) asked: Duration,
    pub(crate) expires: Duration,
    /// When it came.
    pub(crate) shown: Duration,
    /// The times of all its repetitions, by sequence.
    pub(super) repeated: Vec<(u32, Duration)>,
}

impl Prompt {
    /// A notice that came now, from a center whose clock is off by so much.
    pub(crate) fn of(notice: &Notice, holder: Holder, now: Duration, off_by_millis: i64) -> Self {
        let world =
            |at: i64| Duration::from_millis(u64::try_from(at - BEGIN.get() - off_by_millis).unwrap_or(0));
        let asked = world(notice.at.get());
        Self {
            number: notice.number,
            key: (notice.token, notice.org_code),
            holder,
            amount: notice.amount.map(Amount::fen),
            sequence: notice.sequence,
            asked,
            expires: world(notice.expires_at.get()),
            shown: now,
            repeated: vec![(notice.sequence, asked)],
        }
    }

    /// When it was asked for the last time.
    pub(super) fn last_asked(&self) -> Duration {
        self.repeated.iter().map(|(_, at)| *at).max().unwrap_or(self.asked)
    }

    /// Whether it was asked for after one moment and seen before another.
    pub(super) fn was_asked_between(&self, after: Duration, before: Duration) -> bool {
        self.repeated.iter().any(|(_, at)| *at > after && *at + SEEN_WITHIN < before)
    }
}
