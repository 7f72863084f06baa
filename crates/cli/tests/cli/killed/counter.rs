//! A counter of the hospital, where one person after the other is served, and earlier ones come back. It writes
//! down everything it did and heard, and what may be true after that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use yanmi_center::ports::Entropy;
use yanmi_protocol::EcToken;
use yanmi_trial::oracle::{Deed, Parties, Said, Unheard, Visit};

/// What the first notice of a person is about, in fen.
const FIRST_AMOUNT: u32 = 12_850;

/// Which answers bring the kill nearer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counted {
    /// Each.
    All,
    /// Those that accept what a person did: the center dies just when it has promised something.
    Acceptances,
}

/// A time of load, ended by a kill after so many answers.
pub(crate) struct Round {
    center: Pid,
    counted: Counted,
    left: AtomicU32,
    over: AtomicBool,
}

impl Round {
    pub(crate) fn new(center: Pid, counted: Counted, answers: u32) -> Self {
        Self { center, counted, left: AtomicU32::new(answers), over: AtomicBool::new(false) }
    }

    /// Whoever gets the last answer kills the center, at once, while the other calls are anywhere.
    fn answered(&self, answer: Answer) {
        let counts = self.counted == Counted::All || answer == Answer::Acceptance;
        if counts && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.over.store(true, Ordering::SeqCst);
            kill_process(self.center, Signal::KILL).expect("killed");
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// What a counter got back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    /// What a person did counts.
    Acceptance,
    /// Something else.
    Other,
    /// Nothing: the connection broke.
    Nothing,
}

impl Answer {
    fn of(heard: Option<Said>) -> Self {
        match heard {
            Some(Said::Accepted) => Self::Acceptance,
            Some(_) => Self::Other,
            None => Self::Nothing,
        }
    }
}

/// Chance that repeats itself.
pub(crate) struct Dice(Entropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Entropy::seeded(seed))
    }

    /// A number below `limit`.
    pub(crate) fn below(&self, limit: u32) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_be_bytes(bytes) % limit
    }
}

/// Somebody who came, and what is asked for next.
pub(crate) struct Guest {
    pub(crate) visit: Visit,
    amount: u32,
    /// Whether anything was done since the last comparison.
    touched: bool,
}

impl Guest {
    fn new(person: usize, token: EcToken) -> Self {
        Self { visit: Visit::new(person, token), amount: FIRST_AMOUNT, touched: true }
    }

    /// What is done next: anything, whether it makes sense or not, but nobody answers a notice without its number.
    fn choose(&mut self, dice: &Dice) -> Deed {
        if self.visit.history.is_empty() {
            return Deed::Notify(self.amount);
        }
        let deed = match dice.below(16) {
            0..3 => Deed::Notify(self.amount),
            3 => {
                self.amount += 1;
                Deed::Notify(self.amount)
            }
            4..8 => Deed::Confirm,
            8 => Deed::Mistype,
            9 => Deed::Cancel,
            10..12 => Deed::Pending,
            _ => Deed::Status,
        };
        let reports = matches!(deed, Deed::Confirm | Deed::Mistype | Deed::Cancel);
        if reports && self.visit.notice.is_none() { Deed::Pending } else { deed }
    }

    /// Does it and compares the answer with everything known; nothing when there was none.
    async fn act(&mut self, deed: Deed, parties: &Parties) -> Option<Said> {
        let visit = &mut self.visit;
        let heard = unless_broken(parties.act(deed, visit.person, visit.token, visit.notice).await);
        self.touched |= !matches!(deed, Deed::Status | Deed::Pending);
        if let Err(found) = visit.note(deed, heard.as_ref()) {
            panic!("{found}");
        }
        let said = heard.map(|heard| heard.said);
        assert_ne!(said, Some(Said::NotDelivered), "the channel takes every notice: {visit:#?}");
        said
    }
}

/// Nothing when the connection broke, which is what happens to a call when the center dies; anything else nobody
/// expects ends the test.
pub(crate) fn unless_broken<T>(asked: Result<T, Unheard>) -> Option<T> {
    match asked {
        Ok(answer) => Some(answer),
        Err(Unheard::Broken(_)) => None,
        Err(unheard) => panic!("the center answers by the protocol: {unheard}"),
    }
}

pub(crate) struct Counter {
    pub(crate) guests: Vec<Guest>,
    dice: Dice,
    /// The persons who have not come yet.
    coming: std::ops::Range<usize>,
}

impl Counter {
    pub(crate) fn new(seed: u64, persons: std::ops::Range<usize>) -> Self {
        Self { guests: Vec::new(), dice: Dice::new(seed), coming: persons }
    }

    /// Serves until the center is killed.
    pub(crate) async fn serve(mut self, parties: Arc<Parties>, round: Arc<Round>) -> Self {
        while !round.is_over() {
            match self.serve_one(&parties).await {
                Answer::Nothing => assert!(round.is_over(), "a call broke before the center was killed"),
                answer => round.answered(answer),
            }
        }
        self
    }

    async fn serve_one(&mut self, parties: &Parties) -> Answer {
        let fresh = self.guests.is_empty() || self.dice.below(5) == 0;
        if let Some(person) = fresh.then(|| self.coming.next()).flatten() {
            let token = unless_broken(parties.decode(person).await);
            self.guests.extend(token.map(|token| Guest::new(person, token)));
            return if token.is_some() { Answer::Other } else { Answer::Nothing };
        }
        // Every other time the latest one, otherwise anybody who was ever here.
        let count = u32::try_from(self.guests.len()).expect("not many");
        let back = if self.dice.below(2) == 0 { 0 } else { self.dice.below(count) };
        let guest = self.guests.iter_mut().rev().nth(usize::try_from(back).expect("small"));
        let guest = guest.expect("somebody was here");
        let deed = guest.choose(&self.dice);
        Answer::of(guest.act(deed, parties).await)
    }

    /// Asks about everybody who was ever here, and looks closer at those who were lately.
    pub(crate) async fn compare(mut self, parties: Arc<Parties>) -> Self {
        for guest in &mut self.guests {
            guest.act(Deed::Status, &parties).await.expect("nobody kills now");
            if std::mem::take(&mut guest.touched) {
                guest.act(Deed::Pending, &parties).await.expect("nobody kills now");
            }
        }
        self
    }

    /// Has everybody confirm whose notice is open; all of them can still do so.
    pub(crate) async fn settle(mut self, parties: Arc<Parties>) -> Self {
        for guest in self.guests.iter_mut().filter(|guest| guest.visit.belief.is_open()) {
            for deed in [Deed::Pending, Deed::Confirm, Deed::Status] {
                guest.act(deed, &parties).await.expect("nobody kills now");
            }
        }
        self
    }
}
