//! A counter of the hospital, where one person after the other is served, and earlier ones come back. It writes
//! down everything it did and heard, and what may be true after that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use yanmi_center::entropy::Entropy;
use yanmi_protocol::{EcToken, NoticeNo};

use super::belief::{Belief, Deed, Said, Standing};
use super::parties::Parties;

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

/// One thing that was done, and what was heard, if anything.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) deed: Deed,
    pub(crate) notice: Option<NoticeNo>,
    pub(crate) serial: Option<String>,
    pub(crate) said: Option<Said>,
}

/// One person with one token.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) person: usize,
    pub(crate) token: EcToken,
    pub(crate) belief: Belief,
    pub(crate) history: Vec<Entry>,
    /// The number of the latest notice, while it is known.
    notice: Option<NoticeNo>,
    /// The serial number of the latest notice call, while it is known.
    serial: Option<String>,
    amount: u32,
    /// Whether anything was done since the last comparison.
    touched: bool,
}

impl Visit {
    fn new(person: usize, token: EcToken) -> Self {
        let (belief, history) = (Belief::new(), Vec::new());
        let (notice, serial, amount) = (None, None, FIRST_AMOUNT);
        Self { person, token, belief, history, notice, serial, amount, touched: true }
    }

    /// What is done next: anything, whether it makes sense or not, but nobody answers a notice without its number.
    fn choose(&mut self, dice: &Dice) -> Deed {
        if self.history.is_empty() {
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
        if reports && self.notice.is_none() { Deed::Pending } else { deed }
    }

    /// Does it and compares the answer with everything known; nothing when there was none.
    async fn act(&mut self, deed: Deed, parties: &Parties) -> Option<Said> {
        let heard = parties.does(deed, self.person, self.token, self.notice).await;
        let said = heard.as_ref().map(|heard| heard.said);
        let serial = heard.as_ref().and_then(|heard| heard.serial.clone());
        self.history.push(Entry { deed, notice: self.notice, serial: serial.clone(), said });
        self.touched |= !matches!(deed, Deed::Status | Deed::Pending);
        if let Deed::Notify(amount) = deed {
            self.notice = self.notice.filter(|_| self.belief.keeps_number(amount));
            self.serial.clone_from(&serial);
        }
        let Some(heard) = heard else {
            self.belief.unanswered(deed);
            return None;
        };
        assert!(self.belief.answered(deed, heard.said), "{:?} after this: {self:#?}", heard.said);
        match deed {
            Deed::Status => {
                let known = self.serial.is_none() || self.serial == serial;
                assert!(known, "the latest notice is not the latest any more: {serial:?} after {self:#?}");
                // What is told once about a notice nobody got an answer to stays so as well.
                self.serial = serial.filter(|_| !self.belief.allows(Standing::Never));
            }
            Deed::Pending if heard.notice.is_some() => {
                let known = self.notice.is_none() || self.notice == heard.notice;
                assert!(known, "another notice is pending: {:?} after {self:#?}", heard.notice);
                self.notice = heard.notice;
            }
            _ => {}
        }
        said
    }
}

pub(crate) struct Counter {
    pub(crate) visits: Vec<Visit>,
    dice: Dice,
    /// The persons who have not come yet.
    coming: std::ops::Range<usize>,
}

impl Counter {
    pub(crate) fn new(seed: u64, persons: std::ops::Range<usize>) -> Self {
        Self { visits: Vec::new(), dice: Dice::new(seed), coming: persons }
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
        let fresh = self.visits.is_empty() || self.dice.below(5) == 0;
        if let Some(person) = fresh.then(|| self.coming.next()).flatten() {
            let token = parties.decode(person).await;
            self.visits.extend(token.map(|token| Visit::new(person, token)));
            return if token.is_some() { Answer::Other } else { Answer::Nothing };
        }
        // Every other time the latest one, otherwise anybody who was ever here.
        let count = u32::try_from(self.visits.len()).expect("not many");
        let back = if self.dice.below(2) == 0 { 0 } else { self.dice.below(count) };
        let visit = self.visits.iter_mut().rev().nth(usize::try_from(back).expect("small"));
        let visit = visit.expect("somebody was here");
        let deed = visit.choose(&self.dice);
        Answer::of(visit.act(deed, parties).await)
    }

    /// Asks about everybody who was ever here, and looks closer at those who were lately.
    pub(crate) async fn compare(mut self, parties: Arc<Parties>) -> Self {
        for visit in &mut self.visits {
            visit.act(Deed::Status, &parties).await.expect("nobody kills now");
            if std::mem::take(&mut visit.touched) {
                visit.act(Deed::Pending, &parties).await.expect("nobody kills now");
            }
        }
        self
    }

    /// Has everybody confirm whose notice is open; all of them can still do so.
    pub(crate) async fn settle(mut self, parties: Arc<Parties>) -> Self {
        for visit in self.visits.iter_mut().filter(|visit| visit.belief.is_open()) {
            for deed in [Deed::Pending, Deed::Confirm, Deed::Status] {
                visit.act(deed, &parties).await.expect("nobody kills now");
            }
        }
        self
    }
}
