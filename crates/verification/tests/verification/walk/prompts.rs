//! Notices and what becomes of them: two codes of one person at two institutions, deliveries that are taken, lost or overtake
//! each other, reports about every notice there ever was, face authorizations, and waits.

use std::collections::BTreeMap;
use std::time::Duration;

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, NoticeNo, UnixMillis};
use yanmi_verification::conclude::{Concluded, Conclusion, check_authorization, conclude};
use yanmi_verification::delivery::{delivered, undelivered};
use yanmi_verification::notify::Step;
use yanmi_verification::status::Status;
use yanmi_verification::takeover::take_over;
use yanmi_verification::{Budget, Confirmer, DeclineReason, Policy, Undelivered, Verification};

use super::{World, depth, walk};
use crate::scene::{START, Scene, yuan};

const AMOUNTS: [&str; 2] = ["5", "9"];
const AUTHORIZATIONS: usize = 1;
/// Deliveries under way at once.
const MOST_UNDER_WAY: usize = 2;
const PER_HOUR: usize = 4;

/// A code at an institution.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Place {
    token: usize,
    org: usize,
}

/// A notice that was sent: the account of it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sent {
    place: Place,
    amount: Option<Amount>,
    /// When the institution asked for it last.
    asked: UnixMillis,
    /// When it was confirmed.
    confirmed: Option<UnixMillis>,
    /// Whether it can be confirmed no more.
    over: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Counters {
    now: UnixMillis,
    next: u64,
    verifications: BTreeMap<Place, Verification>,
    budget: Budget,
    /// The code that was asked about last at each institution.
    recent: [Option<usize>; 2],
    not_me: [Option<UnixMillis>; 2],
    face_uses: [Option<NoticeNo>; AUTHORIZATIONS],
    under_way: Vec<(Place, NoticeNo)>,
    sent: BTreeMap<NoticeNo, Sent>,
    /// When notices went out, within the hour.
    went_out: Vec<UnixMillis>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Notify(Place, &'static str),
    Taken(usize),
    Lost(usize),
    Confirm(NoticeNo, usize),
    Decline(NoticeNo, DeclineReason),
    Wait(Duration),
}

fn policy() -> Policy {
    Policy { notices_per_person_hour: 4, notices_per_verification: 3, ..Policy::default() }
}

const CONFIRMED: Conclusion = Conclusion::Confirmed { way: Way::Face, by: Confirmer::Holder };

fn places() -> impl Iterator<Item = Place> {
    (0..2).flat_map(|token| (0..2).map(move |org| Place { token, org }))
}

impl Counters {
    fn scene(&self, place: Place) -> Scene {
        let mut scene = Scene::new();
        scene.now = self.now;
        scene.policy = policy();
        scene.budget = self.budget;
        scene.not_me = self.not_me[place.org];
        scene.verification = self.verifications.get(&place).copied();
        scene.number_from(self.next);
        scene
    }

    fn says_confirmed(&self, place: Place) -> bool {
        self.scene(place).status() == Ok(Status::Confirmed)
    }

    /// The newest notice about a code at an institution.
    fn newest(&self, place: Place) -> Option<(&NoticeNo, &Sent)> {
        self.sent.iter().rev().find(|(_, sent)| sent.place == place)
    }

    fn notify(&mut self, place: Place, amount: &'static str) -> Result<(), String> {
        let stood = self.says_confirmed(place);
        let before = self.newest(place).map(|(number, sent)| (*number, sent.amount));
        let mut scene = self.scene(place);
        let step = scene.notify(Some(amount));
        self.next = scene.numbered_to();
        match step {
            Ok(Step::Deliver { next, .. }) => {
                self.went_out(place, stood && before.is_some_and(|(_, of)| of == Some(yuan(amount))))?;
                self.opened(place, next, before.map(|(number, _)| number), yuan(amount))?;
                self.budget = scene.budget;
                self.verifications.insert(place, next);
                self.take_over(place);
                self.under_way.push((place, next.notice));
                self.under_way.sort_unstable();
            }
            Ok(Step::Stands { next }) => {
                if !stood || before.is_none_or(|(_, of)| of != Some(yuan(amount))) {
                    return Err("V5: it stands, though this was not confirmed".to_owned());
                }
                self.verifications.insert(place, next);
            }
            Ok(Step::Free(_)) => return Err("V10: the channel offers no such thing".to_owned()),
            Err(_) => {}
        }
        Ok(())
    }

    /// V5, V8, V13.
    fn went_out(&mut self, place: Place, stands: bool) -> Result<(), String> {
        if stands {
            return Err("V5: a repeated click took a confirmation away".to_owned());
        }
        let quiet = policy().quiet;
        if self.not_me[place.org].is_some_and(|said| self.now.since(said) < quiet) {
            return Err("V13: asked within the quiet".to_owned());
        }
        self.went_out.retain(|at| self.now.since(*at) < Duration::from_hours(1));
        if self.went_out.len() >= PER_HOUR {
            return Err("V8: more than the hour allows".to_owned());
        }
        self.went_out.push(self.now);
        Ok(())
    }

    /// V2 to V4.
    fn opened(
        &mut self,
        place: Place,
        next: Verification,
        before: Option<NoticeNo>,
        amount: Amount,
    ) -> Result<(), String> {
        if let Some(old) = before {
            let life = policy().notice_life;
            let sent = self.sent.get_mut(&old).ok_or("an unknown number")?;
            let open = !sent.over && sent.confirmed.is_none() && self.now.since(sent.asked) < life;
            let same = open && sent.amount == Some(amount);
            // A delivery that failed ends an attempt too, unless another of its deliveries was taken.
            let kept = next.notice == old;
            if kept && !same {
                return Err("V2, V4: an ended or other number came back".to_owned());
            }
            if kept {
                sent.asked = self.now;
                return Ok(());
            }
            sent.over = true;
        }
        let fresh = Sent { place, amount: Some(amount), asked: self.now, confirmed: None, over: false };
        if self.sent.insert(next.notice, fresh).is_some() {
            return Err("a number was given out twice".to_owned());
        }
        Ok(())
    }

    /// V14, as the ledger composes it.
    fn take_over(&mut self, place: Place) {
        let older = self.recent[place.org].replace(place.token).filter(|token| *token != place.token);
        let Some(older) = older.map(|token| Place { token, org: place.org }) else { return };
        if let Some(ended) = self.verifications.get(&older).and_then(take_over) {
            self.verifications.insert(older, ended);
        }
        // In the account it is over whatever the rules think of it, unless it was answered.
        if let Some((number, _)) = self.newest(older) {
            let number = *number;
            if let Some(sent) = self.sent.get_mut(&number) {
                sent.over = sent.over || sent.confirmed.is_none();
            }
        }
    }

    fn told(&mut self, at: usize, taken: bool) {
        let (place, number) = self.under_way.remove(at);
        let Some(current) = self.verifications.get(&place).copied() else { return };
        let next = if taken {
            delivered(&current, number, self.now)
        } else {
            undelivered(&current, number, Undelivered::TimedOut, self.now)
        };
        if let Some((next, _)) = next {
            self.verifications.insert(place, next);
        }
    }

    /// Whether the account has it that this notice can be answered now. One whose deliveries all failed may be answerable or
    /// not: nobody knows what reached the phone.
    fn is_live(&self, number: NoticeNo) -> bool {
        self.sent.get(&number).is_some_and(|sent| {
            !sent.over && sent.confirmed.is_none() && self.now.since(sent.asked) < policy().notice_life
        })
    }

    fn report(
        &mut self,
        number: NoticeNo,
        conclusion: Conclusion,
        face: Option<usize>,
    ) -> Result<(), String> {
        let place = self.sent[&number].place;
        let Some(current) = self.verifications.get(&place).copied() else { return Ok(()) };
        let Ok(Concluded::Changed { next, .. }) = conclude(&current, number, conclusion, self.now, &policy())
        else {
            return Ok(());
        };
        if let Some(face) = face {
            if check_authorization(self.face_uses[face], number).is_err() {
                return Ok(());
            }
            let used = self.sent.iter().filter(|(other, _)| self.face_uses[face] == Some(**other));
            if used.count() > 0 {
                return Err("V12: an authorization confirmed twice".to_owned());
            }
            self.face_uses[face] = Some(number);
        }
        if !self.is_live(number) {
            return Err("V4, V6, V14: a number that is over was answered".to_owned());
        }
        self.verifications.insert(place, next);
        let now = self.now;
        if let Some(sent) = self.sent.get_mut(&number) {
            sent.over = true;
            sent.confirmed = face.map(|_| now);
        }
        if conclusion == Conclusion::Declined(DeclineReason::NotMe) {
            self.not_me[place.org] = Some(now);
        }
        Ok(())
    }

    /// What holds at every moment.
    fn check(&self) -> Result<(), String> {
        for org in 0..2 {
            let confirmable = self.sent.iter().filter(|(number, sent)| {
                let current = self.verifications.get(&sent.place);
                sent.place.org == org
                    && current.is_some_and(|v| {
                        matches!(
                            conclude(v, **number, CONFIRMED, self.now, &policy()),
                            Ok(Concluded::Changed { .. })
                        )
                    })
            });
            if confirmable.count() > 1 {
                return Err("V14, V16: two prompts can be confirmed".to_owned());
            }
        }
        for place in places() {
            let newest = self.newest(place).and_then(|(_, sent)| sent.confirmed);
            let may = newest.is_some_and(|at| self.now.since(at) < policy().confirmation_life);
            if self.says_confirmed(place) != may {
                return Err(format!("V9: the account says {may}"));
            }
        }
        Ok(())
    }
}

impl World for Counters {
    type Act = Act;

    fn acts(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        // The code and the institution that begin are the first, whichever they are.
        let begun = places().take(if self.sent.is_empty() { 1 } else { usize::MAX });
        if self.under_way.len() < MOST_UNDER_WAY {
            acts.extend(begun.flat_map(|place| AMOUNTS.map(|amount| Act::Notify(place, amount))));
        }
        for at in 0..self.under_way.len() {
            if !self.under_way[..at].contains(&self.under_way[at]) {
                acts.extend([Act::Taken(at), Act::Lost(at)]);
            }
        }
        for number in self.sent.keys() {
            acts.extend((0..AUTHORIZATIONS).map(|face| Act::Confirm(*number, face)));
            acts.extend(
                [DeclineReason::NotMe, DeclineReason::Cancelled].map(|reason| Act::Decline(*number, reason)),
            );
        }
        if !self.sent.is_empty() {
            acts.extend([3, 300, 1_800].map(|seconds| Act::Wait(Duration::from_secs(seconds))));
        }
        acts
    }

    fn step(&mut self, act: Act) -> Result<(), String> {
        match act {
            Act::Notify(place, amount) => self.notify(place, amount)?,
            Act::Taken(at) => self.told(at, true),
            Act::Lost(at) => self.told(at, false),
            Act::Confirm(number, face) => self.report(number, CONFIRMED, Some(face))?,
            Act::Decline(number, reason) => self.report(number, Conclusion::Declined(reason), None)?,
            Act::Wait(span) => self.now = self.now.plus(span),
        }
        self.check()
    }
}

#[test]
fn no_order_of_notices_deliveries_reports_and_waits_lets_settle_what_nobody_confirmed() {
    let first = Counters {
        now: START,
        next: NoticeNo::FIRST,
        verifications: BTreeMap::new(),
        budget: Budget::default(),
        recent: [None; 2],
        not_me: [None; 2],
        face_uses: [None; AUTHORIZATIONS],
        under_way: Vec::new(),
        sent: BTreeMap::new(),
        went_out: Vec::new(),
    };
    assert!(walk(first, depth(7)) > 1_000_000);
}
