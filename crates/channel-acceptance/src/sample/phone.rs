//! What the phone shows: the inbox of `yanmi-channel`, and what a mistake makes of it.

use std::collections::BTreeMap;

use yanmi_channel::{Entry, Fate, Inbox, Taken};
use yanmi_protocol::message::channel_notice::{Kind, Notice};
use yanmi_protocol::{EcToken, NoticeNo, OrgCode, UnixMillis};

use super::mistake::Mistake;
use crate::event::State;

/// A phone.
pub(super) struct Phone {
    mistake: Option<Mistake>,
    pub(super) inbox: Inbox,
    /// How often it alerted about each.
    rung: BTreeMap<NoticeNo, u32>,
    /// What is shown instead of what the inbox says.
    instead: BTreeMap<NoticeNo, State>,
    /// The greatest `notcSeq` of each matter.
    greatest: BTreeMap<(EcToken, OrgCode), u32>,
    /// The end each first came with.
    first_end: BTreeMap<NoticeNo, UnixMillis>,
    /// Whether the person pays without a password here.
    pub(super) free: bool,
    /// What the person was told last.
    pub(super) words: String,
}

impl Phone {
    pub(super) fn new(mistake: Option<Mistake>) -> Self {
        Self {
            mistake,
            inbox: Inbox::default(),
            rung: BTreeMap::new(),
            instead: BTreeMap::new(),
            greatest: BTreeMap::new(),
            first_end: BTreeMap::new(),
            free: false,
            words: String::new(),
        }
    }

    fn errs(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// What was in memory only is gone.
    pub(super) fn forget(&mut self) {
        self.inbox = Inbox::default();
        self.instead.clear();
    }

    /// Takes what was posted, or listed as pending.
    pub(super) fn take(&mut self, notice: &Notice) {
        if notice.kind == Kind::Withdrawal && self.errs(Mistake::IgnoresWithdrawal) {
            return;
        }
        let greatest = self.greatest.entry((notice.token, notice.org_code)).or_default();
        let late = notice.sequence < *greatest;
        *greatest = notice.sequence.max(*greatest);
        let open = self.inbox.find(notice.number).is_none_or(|entry| entry.fate == Fate::Pending);
        let others: Vec<NoticeNo> = self
            .inbox
            .entries()
            .iter()
            .filter(|entry| is_beside(entry, notice))
            .map(|entry| entry.notice.number)
            .collect();
        self.first_end.entry(notice.number).or_insert(notice.expires_at);
        let taken = self.inbox.take(notice);
        let rings = match taken {
            Taken::New => true,
            Taken::Anew => !self.errs(Mistake::AlertsNoMore),
            Taken::Repeated => open && self.errs(Mistake::AlertsTwice),
            Taken::Late => late && open && notice.kind == Kind::Notice && self.errs(Mistake::BelievesLate),
            Taken::Withdrawn => false,
        };
        if rings {
            *self.rung.entry(notice.number).or_default() += 1;
        }
        if taken == Taken::Late && rings {
            self.instead.insert(notice.number, State::Pending);
        }
        if !open && taken == Taken::Repeated && self.errs(Mistake::AsksAnew) && notice.sequence > 1 {
            self.instead.insert(notice.number, State::Pending);
        }
        if taken == Taken::New {
            self.replace(notice, &others);
        }
    }

    /// What a new notice does to those beside it, where that is a mistake.
    fn replace(&mut self, by: &Notice, others: &[NoticeNo]) {
        for number in others {
            let fate = self.inbox.find(*number).map(|entry| (entry.fate, entry.notice.org_code));
            let instead = match fate {
                Some((Fate::Replaced, _)) if self.errs(Mistake::KeepsReplaced) => State::Pending,
                Some((Fate::Pending, org)) if org != by.org_code && self.errs(Mistake::MixesInstitutions) => {
                    State::Superseded
                }
                _ => continue,
            };
            self.instead.insert(*number, instead);
        }
    }

    /// Notes what became of a notice.
    pub(super) fn settle(&mut self, number: NoticeNo, fate: Fate) {
        let mistaken = fate == Fate::Confirmed && self.errs(Mistake::MistakesSuccess);
        self.instead.remove(&number);
        self.inbox.settle(number, if mistaken { Fate::Failed } else { fate });
    }

    /// Shows this, whatever the inbox says.
    pub(super) fn show(&mut self, number: NoticeNo, state: State) {
        self.instead.insert(number, state);
    }

    pub(super) fn alerts(&self, number: NoticeNo) -> u32 {
        self.rung.get(&number).copied().unwrap_or_default()
    }

    pub(super) fn state(&self, number: NoticeNo, now: UnixMillis) -> State {
        if let Some(state) = self.instead.get(&number) {
            return *state;
        }
        let Some(entry) = self.inbox.find(number) else { return State::Absent };
        match entry.fate {
            Fate::Pending if self.is_over(entry, now) => State::Expired,
            Fate::Pending => State::Pending,
            Fate::Confirmed => State::Confirmed,
            Fate::Cancelled => State::Cancelled,
            Fate::NotMe => State::NotMe,
            Fate::Failed => State::Failed,
            Fate::Withdrawn => State::Withdrawn,
            Fate::Replaced => State::Superseded,
        }
    }

    fn is_over(&self, entry: &Entry, now: UnixMillis) -> bool {
        let first = self.first_end.get(&entry.notice.number).is_some_and(|end| now >= *end);
        match self.mistake {
            Some(Mistake::ConfirmsAfterEnd) => false,
            Some(Mistake::KeepsFirstEnd) => first,
            _ => !entry.is_open(now),
        }
    }

    /// Amount and institution as they stand on the screen.
    pub(super) fn words_of(&self, number: NoticeNo) -> (String, String) {
        let Some(entry) = self.inbox.find(number) else { return (String::new(), String::new()) };
        let none = if self.errs(Mistake::ZeroAmount) { "0.00 元" } else { "金额未定" };
        let amount = entry.notice.amount.map_or_else(|| none.to_owned(), |amount| format!("{amount} 元"));
        let name = &entry.notice.org_name;
        let name = if self.errs(Mistake::ReadsMarkup) { without_tags(name) } else { name.clone() };
        (amount, name)
    }
}

fn is_beside(entry: &Entry, notice: &Notice) -> bool {
    entry.notice.token == notice.token && entry.notice.number != notice.number && entry.fate == Fate::Pending
}

/// As a browser shows it.
fn without_tags(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .filter(|c| {
            let shown = !inside && *c != '<';
            inside = *c == '<' || (inside && *c != '>');
            shown
        })
        .collect()
}
