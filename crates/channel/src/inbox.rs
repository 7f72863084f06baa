//! One person's notices as their app shows them, whatever the order in which they arrive.
//!
//! A **matter** is what one token is asked about at one institution; the center counts its decisions about it in
//! `notcSeq`. The inbox remembers for each matter the highest number it has seen, and by then:
//!
//! * what says less is late. If it is about a notice that is not here yet, that notice is kept as replaced, for
//!   the history; otherwise it changes nothing, so that an old expiry never comes back;
//! * what says as much or more is news: a notice is shown once however often it comes (with a greater number than before
//!   it alerts again, V3), and every other open notice of the matter is replaced; a withdrawal closes its notice, also one that arrives only afterwards.
//!
//! What the person did to a notice stays, whatever arrives later. The result is the same for every order of arrival;
//! a property test holds it to that.

use yanmi_protocol::message::channel_notice::{Kind, Notice};
use yanmi_protocol::{EcToken, NoticeNo, OrgCode, UnixMillis};

/// Notices, and matters, kept for one person; beyond it the oldest is forgotten.
pub const MAX_KEPT: usize = 200;

/// What became of a notice, as far as the app knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Nothing yet.
    Pending,
    /// The person confirmed, and the center took it.
    Confirmed,
    /// The person cancelled.
    Cancelled,
    /// The person said it is not them.
    NotMe,
    /// It could not be confirmed.
    Failed,
    /// The center took it away.
    Withdrawn,
    /// A newer one took its place.
    Replaced,
}

/// A notice and what became of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The notice as it came last.
    pub notice: Notice,
    /// What became of it.
    pub fate: Fate,
    /// How often the person was alerted: once for every `notcSeq` the notice came with, never for a repetition.
    pub alerts: u32,
}

impl Entry {
    /// Whether the person can still be asked to confirm it.
    pub fn is_open(&self, now: UnixMillis) -> bool {
        self.fate == Fate::Pending && now < self.notice.expires_at
    }

    fn is_of(&self, notice: &Notice) -> bool {
        self.notice.token == notice.token && self.notice.org_code == notice.org_code
    }
}

/// What a message came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// A notice that was not here before and is open: alert the person.
    New,
    /// One that was here already, asked for anew (a greater `notcSeq`) because the person saw nothing: alert again, about
    /// the same request (V3).
    Anew,
    /// The same message once more, by a repetition of the line: alert nobody.
    Repeated,
    /// A withdrawal: take the notice away.
    Withdrawn,
    /// It says less than what is known already.
    Late,
}

#[derive(Clone, Debug)]
struct Matter {
    token: EcToken,
    org_code: OrgCode,
    /// The highest `notcSeq` seen.
    sequence: u32,
    /// The notice withdrawn by it or by an earlier one, and by which.
    withdrawn: Option<(NoticeNo, u32)>,
}

/// The notices of one person.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// Notices, and matters, that are kept.
    most: usize,
    /// The newest first: by time, then by number.
    entries: Vec<Entry>,
    /// The longest untouched first.
    matters: Vec<Matter>,
}

impl Default for Inbox {
    /// One that keeps [`MAX_KEPT`].
    fn default() -> Self {
        Self::keeping(MAX_KEPT)
    }
}

impl Inbox {
    /// One that keeps so many notices, and matters, at most [`MAX_KEPT`]: what is forgotten sooner can come back as new.
    pub fn keeping(most: usize) -> Self {
        Self { most: most.min(MAX_KEPT), matters: Vec::new(), entries: Vec::new() }
    }

    /// Takes a notice or a withdrawal, from a push or from an answer about pending ones.
    pub fn take(&mut self, notice: &Notice) -> Taken {
        let mut matter = self.matter(notice);
        let late = notice.sequence < matter.sequence;
        let taken = match notice.kind {
            Kind::Withdrawal if late => Taken::Late,
            Kind::Withdrawal => {
                matter.withdrawn = Some((notice.number, notice.sequence));
                self.close(notice, Fate::Withdrawn);
                Taken::Withdrawn
            }
            Kind::Notice if late => {
                self.keep(notice, Fate::Replaced, false);
                Taken::Late
            }
            Kind::Notice
                if matter.withdrawn.is_some_and(|(n, by)| n == notice.number && notice.sequence <= by) =>
            {
                self.keep(notice, Fate::Withdrawn, false);
                Taken::Late
            }
            Kind::Notice => {
                self.close(notice, Fate::Pending);
                self.alert(notice)
            }
        };
        matter.sequence = matter.sequence.max(notice.sequence);
        self.matters.push(matter);
        let surplus = self.matters.len().saturating_sub(self.most);
        self.matters.drain(..surplus);
        taken
    }

    /// The notices, the newest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The notice of this number.
    pub fn find(&self, number: NoticeNo) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.notice.number == number)
    }

    /// Notes what became of a notice; whether it is here.
    pub fn settle(&mut self, number: NoticeNo, fate: Fate) -> bool {
        let found = self.entries.iter_mut().find(|entry| entry.notice.number == number);
        found.map(|entry| entry.fate = fate).is_some()
    }

    /// Takes the matter of a notice out of the list, or makes it.
    fn matter(&mut self, notice: &Notice) -> Matter {
        let (token, org_code) = (notice.token, notice.org_code);
        let known = self.matters.iter().position(|m| m.token == token && m.org_code == org_code);
        known.map_or(Matter { token, org_code, sequence: 0, withdrawn: None }, |at| self.matters.remove(at))
    }

    /// Closes what a message ends: its own notice with `own`, older ones of the matter as replaced.
    fn close(&mut self, by: &Notice, own: Fate) {
        for entry in self.entries.iter_mut().filter(|entry| entry.is_of(by) && entry.fate == Fate::Pending) {
            if entry.notice.number == by.number {
                entry.fate = own;
            } else if entry.notice.sequence < by.sequence {
                entry.fate = Fate::Replaced;
            }
        }
    }

    /// Keeps a notice that is news, and tells whether the person is alerted. What they have answered alerts nobody.
    fn alert(&mut self, notice: &Notice) -> Taken {
        let known = self.find(notice.number).map(|entry| (entry.notice.sequence, entry.fate));
        let taken = match known {
            None => Taken::New,
            Some((sequence, Fate::Pending)) if sequence < notice.sequence => Taken::Anew,
            Some(_) => Taken::Repeated,
        };
        self.keep(notice, Fate::Pending, true);
        if taken != Taken::Repeated
            && let Some(entry) = self.entries.iter_mut().find(|entry| entry.notice.number == notice.number)
        {
            entry.alerts += 1;
        }
        taken
    }

    /// Keeps a notice, with this fate if it is not here yet. One that is here becomes what it says now only if it is
    /// `news`.
    fn keep(&mut self, notice: &Notice, fate: Fate, news: bool) {
        let known = self.entries.iter().position(|entry| entry.notice.number == notice.number);
        let entry = match known {
            Some(_) if !news => return,
            Some(at) => Entry { notice: notice.clone(), ..self.entries.remove(at) },
            None => Entry { notice: notice.clone(), fate, alerts: 0 },
        };
        let order = |notice: &Notice| (notice.at, notice.number);
        let place = self.entries.partition_point(|other| order(&other.notice) > order(notice));
        self.entries.insert(place, entry);
        self.entries.truncate(self.most);
    }
}

#[cfg(test)]
mod tests;
