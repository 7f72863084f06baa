//! What the phones show: the notices of each person over all their apps, the newest first.
//!
//! A notice gets here by push or by the phone's own question for pending ones; the [`Inbox`] keeps it once.

use std::collections::HashMap;

use yanmi_channel::{Entry, Fate, Inbox, MAX_KEPT};
use yanmi_protocol::message::channel_notice::Notice;
use yanmi_protocol::{EcIndexNo, NoticeNo, UnixMillis};

/// The word of the control interface.
pub(crate) fn word(entry: &Entry, now: UnixMillis) -> &'static str {
    match entry.fate {
        Fate::Pending if now >= entry.notice.expires_at => "expired",
        Fate::Pending => "pending",
        Fate::Confirmed => "confirmed",
        Fate::Cancelled => "cancelled",
        Fate::NotMe => "notMe",
        Fate::Failed => "failed",
        Fate::Withdrawn => "withdrawn",
        Fate::Replaced => "replaced",
    }
}

/// All phones.
#[derive(Debug)]
pub(crate) struct Phones {
    /// Notices kept of each person.
    most: usize,
    inboxes: HashMap<EcIndexNo, Inbox>,
}

impl Default for Phones {
    fn default() -> Self {
        Self { most: MAX_KEPT, inboxes: HashMap::new() }
    }
}

impl Phones {
    /// Keeps no more than so many notices of a person from now on, on phones that have none yet.
    pub(crate) fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// Puts a notice on a phone, or takes one away.
    pub(crate) fn take(&mut self, person: EcIndexNo, notice: &Notice) {
        let most = self.most;
        self.inboxes.entry(person).or_insert_with(|| Inbox::keeping(most)).take(notice);
    }

    /// The notices of a person, the newest first.
    pub(crate) fn of(&self, person: EcIndexNo) -> &[Entry] {
        self.inboxes.get(&person).map_or(&[], Inbox::entries)
    }

    /// The notice of this number on this person's phone.
    pub(crate) fn find(&self, person: EcIndexNo, number: NoticeNo) -> Option<&Entry> {
        self.inboxes.get(&person)?.find(number)
    }

    /// Notes what became of a notice.
    pub(crate) fn settle(&mut self, person: EcIndexNo, number: NoticeNo, fate: Fate) {
        if let Some(inbox) = self.inboxes.get_mut(&person) {
            inbox.settle(number, fate);
        }
    }
}
