//! What the phones show: the notices of each person, the newest first.
//!
//! A notice gets here by push or by the phone's own question for pending ones; either way it is kept once, by
//! its number. What is kept is for showing only. Whether a notice still counts, the center decides.

use std::collections::HashMap;

use yanmi_protocol::message::channel_notice::{Kind, Notice};
use yanmi_protocol::{Amount, ChannelId, EcIndexNo, EcToken, NoticeNo, OrgCode, UnixMillis};

/// Notices kept for one person; beyond it the oldest is forgotten.
pub(crate) const MAX_KEPT: usize = 200;

/// What became of a notice, as far as the phone knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Pending,
    Confirmed,
    Cancelled,
    NotMe,
    Failed,
    Withdrawn,
    Replaced,
}

/// A notice on a phone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) number: NoticeNo,
    pub(crate) channel: ChannelId,
    pub(crate) amount: Option<Amount>,
    pub(crate) at: UnixMillis,
    pub(crate) expires_at: UnixMillis,
    pub(crate) fate: Fate,
    token: EcToken,
    org_code: OrgCode,
}

impl Shown {
    fn of(notice: &Notice, fate: Fate) -> Self {
        Self {
            number: notice.number,
            channel: notice.channel,
            amount: notice.amount,
            at: notice.at,
            expires_at: notice.expires_at,
            fate,
            token: notice.token,
            org_code: notice.org_code,
        }
    }

    /// The word of the control interface.
    pub(crate) fn state(&self, now: UnixMillis) -> &'static str {
        match self.fate {
            Fate::Pending if now >= self.expires_at => "expired",
            Fate::Pending => "pending",
            Fate::Confirmed => "confirmed",
            Fate::Cancelled => "cancelled",
            Fate::NotMe => "notMe",
            Fate::Failed => "failed",
            Fate::Withdrawn => "withdrawn",
            Fate::Replaced => "replaced",
        }
    }
}

/// All phones.
#[derive(Debug, Default)]
pub(crate) struct Phones {
    /// Per person, the newest first: by time, then by number, which counts upward at the center.
    notices: HashMap<EcIndexNo, Vec<(Shown, String)>>,
}

impl Phones {
    /// Puts a notice on a phone, or takes one away.
    pub(crate) fn take(&mut self, person: EcIndexNo, notice: &Notice) {
        let list = self.notices.entry(person).or_default();
        let known = list.iter().position(|(shown, _)| shown.number == notice.number);
        if notice.kind == Kind::Withdrawal {
            if let Some((shown, _)) =
                known.and_then(|at| list.get_mut(at)).filter(|(s, _)| s.fate == Fate::Pending)
            {
                shown.fate = Fate::Withdrawn;
            }
            return;
        }
        let fate = known.and_then(|at| list.get(at)).map_or(Fate::Pending, |(shown, _)| shown.fate);
        let mut new = Shown::of(notice, fate);
        for (other, _) in list.iter_mut().filter(|(other, _)| other.fate == Fate::Pending) {
            let same_matter = other.token == new.token && other.org_code == new.org_code;
            if same_matter && (other.at, other.number) < (new.at, new.number) && other.number != new.number {
                other.fate = Fate::Replaced;
            } else if same_matter && other.number != new.number && new.fate == Fate::Pending {
                // An older notice that arrives late is already replaced.
                new.fate = Fate::Replaced;
            }
        }
        if let Some(at) = known {
            list.remove(at);
        }
        let place = list.partition_point(|(other, _)| (other.at, other.number) > (new.at, new.number));
        list.insert(place, (new, notice.org_name.clone()));
        list.truncate(MAX_KEPT);
    }

    /// The notices of a person with the names of their institutions, the newest first.
    pub(crate) fn of(&self, person: EcIndexNo) -> &[(Shown, String)] {
        self.notices.get(&person).map_or(&[], Vec::as_slice)
    }

    /// The notice of this number on this person's phone.
    pub(crate) fn find(&self, person: EcIndexNo, number: NoticeNo) -> Option<Shown> {
        self.of(person).iter().map(|(shown, _)| *shown).find(|shown| shown.number == number)
    }

    /// Notes what became of a notice.
    pub(crate) fn settle(&mut self, person: EcIndexNo, number: NoticeNo, fate: Fate) {
        let list = self.notices.get_mut(&person).into_iter().flatten();
        for (shown, _) in list.filter(|(shown, _)| shown.number == number) {
            shown.fate = fate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::cast;

    const NOW: UnixMillis = UnixMillis::new(1_700_000_000_000);

    fn notice(number: u64, kind: Kind, token: &str, second: i64) -> Notice {
        Notice {
            kind,
            sequence: 1,
            number: NoticeNo::from_number(NoticeNo::FIRST + number).expect("13 digits"),
            channel: cast::identifier(cast::WORKS),
            token: EcToken::new(token).expect("a token"),
            index: Some(cast::index(cast::MAGIC_PERSON)),
            masked_name: "*试".to_owned(),
            org_code: OrgCode::new("H35010000001").expect("a code"),
            org_name: "福州示范医院".to_owned(),
            amount: None,
            at: UnixMillis::new(NOW.get() + second * 1_000),
            expires_at: UnixMillis::new(NOW.get() + (second + 300) * 1_000),
            ways: Vec::new(),
            url: None,
        }
    }

    fn states(phones: &Phones, now: UnixMillis) -> Vec<(u64, &'static str)> {
        let list = phones.of(cast::index(cast::MAGIC_PERSON)).iter();
        list.map(|(shown, _)| (shown.number.number() - NoticeNo::FIRST, shown.state(now))).collect()
    }

    #[test]
    fn newest_first_repeated_once_replaced_and_withdrawn() {
        let me = cast::index(cast::MAGIC_PERSON);
        let mut phones = Phones::default();
        phones.take(me, &notice(1, Kind::Notice, "a", 0));
        phones.take(me, &notice(1, Kind::Notice, "a", 3));
        phones.take(me, &notice(2, Kind::Notice, "b", 1));
        assert_eq!(states(&phones, NOW), [(1, "pending"), (2, "pending")]);
        phones.take(me, &notice(3, Kind::Notice, "a", 4));
        assert_eq!(states(&phones, NOW), [(3, "pending"), (1, "replaced"), (2, "pending")]);
        phones.take(me, &notice(2, Kind::Withdrawal, "b", 5));
        assert_eq!(states(&phones, NOW), [(3, "pending"), (1, "replaced"), (2, "withdrawn")]);
        let later = UnixMillis::new(NOW.get() + 304_000);
        assert_eq!(states(&phones, later), [(3, "expired"), (1, "replaced"), (2, "withdrawn")]);
    }

    #[test]
    fn an_older_notice_that_arrives_late_is_replaced() {
        let me = cast::index(cast::MAGIC_PERSON);
        let mut phones = Phones::default();
        phones.take(me, &notice(5, Kind::Notice, "a", 9));
        phones.take(me, &notice(4, Kind::Notice, "a", 2));
        assert_eq!(states(&phones, NOW), [(5, "pending"), (4, "replaced")]);
    }

    #[test]
    fn what_was_done_stays_done() {
        let me = cast::index(cast::MAGIC_PERSON);
        let mut phones = Phones::default();
        let first = notice(1, Kind::Notice, "a", 0);
        phones.take(me, &first);
        phones.settle(me, first.number, Fate::Confirmed);
        phones.take(me, &first);
        phones.take(me, &notice(1, Kind::Withdrawal, "a", 1));
        phones.take(me, &notice(2, Kind::Notice, "a", 2));
        assert_eq!(states(&phones, NOW), [(2, "pending"), (1, "confirmed")]);
        assert!(phones.find(me, first.number).is_some());
    }

    #[test]
    fn a_phone_keeps_only_so_many() {
        let me = cast::index(cast::MAGIC_PERSON);
        let mut phones = Phones::default();
        for number in 0..250 {
            let second = i64::try_from(number).expect("small");
            phones.take(me, &notice(number, Kind::Notice, &format!("t{number}"), second));
        }
        let kept = states(&phones, NOW);
        assert_eq!((kept.len(), kept[0].0, kept[MAX_KEPT - 1].0), (MAX_KEPT, 249, 50));
    }
}
