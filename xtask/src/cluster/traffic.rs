//! Institutions and insured persons, who go on asking whatever happens.
//!
//! Each kind of call begins at a fixed rate, whether the ones before were answered or not, so that an interruption is as
//! long as it is seen to be. For this there is always a stock of persons at each step: whose code was decoded, who were
//! asked, who confirmed. Nothing is done twice at a time for one person. Who got no answer rests until nothing of the
//! call can still be on its way, and then tries again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;
use yanmi_trial::load::spread;
use yanmi_trial::oracle::{Deed, Heard, Parties, Said, Unheard, Visit};

/// Something begins this often: of eight times four a status query, two a decode, one a notice, one a confirmation.
const TICK: Duration = Duration::from_millis(30);
/// Persons in the world; the simulator's codes tell a thousand apart.
pub(super) const PERSONS: usize = 900;
/// Persons kept at each of the first two steps: more than wait for an answer or rest at once while there is none.
const STOCK: usize = 60;
/// Calls on their way at once, at most; beyond it nothing begins.
const MOST_ON_THE_WAY: usize = 1_000;
/// How long an answer may take: longer than anything the center allows itself.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);
/// How long a query is held for a confirmation, in seconds.
const HELD: u64 = 5;
/// How long somebody rests who got no answer.
const REST: Duration = Duration::from_secs(2);
/// How long all calls may take to be answered again when everything is in its place.
const FLOWS_WITHIN: Duration = Duration::from_secs(30);
/// How long it may take until the stock is there.
const STOCKED_WITHIN: Duration = Duration::from_mins(2);
/// Findings kept.
const MOST_FOUND: usize = 100;
/// Visits compared at once at the end.
const COMPARED_AT_ONCE: usize = 16;
/// What the first notice is about, in fen.
const FIRST_AMOUNT: u32 = 12_850;

/// A kind of call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Decode,
    Notice,
    Pending,
    Confirmation,
    Status,
    /// A status query that is held until something changes.
    Held,
}

impl Kind {
    /// Those whose interruptions are counted; each begins at a fixed rate.
    pub(super) const COUNTED: [Self; 3] = [Self::Notice, Self::Status, Self::Confirmation];

    fn of(deed: Deed) -> Self {
        match deed {
            Deed::Notify(_) => Self::Notice,
            Deed::Status => Self::Status,
            Deed::Pending => Self::Pending,
            Deed::Confirm | Deed::Mistype | Deed::Cancel => Self::Confirmation,
        }
    }
}

/// A call that is over.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) begun: Instant,
    pub(super) ended: Instant,
    /// The code, or a word, if it failed.
    pub(super) failure: Option<String>,
}

/// Somebody who came, and what they are asked to pay.
#[derive(Debug)]
struct Guest {
    visit: Visit,
    amount: u32,
}

/// What is done next with somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Notify,
    Confirm,
    Ask,
}

#[derive(Debug, Default)]
struct State {
    decoded: VecDeque<Guest>,
    asked: VecDeque<Guest>,
    settled: VecDeque<Guest>,
    resting: Vec<(Instant, Step, Guest)>,
    calls: Vec<Call>,
    found: Vec<String>,
    /// Persons who came.
    came: u64,
    /// What was ever begun, for the dice.
    begun: u64,
    on_the_way: usize,
    /// Whether the stock was there once.
    flows: bool,
}

/// What all share.
#[derive(Debug)]
struct Shared {
    parties: Parties,
    state: Mutex<State>,
}

/// The traffic, as long as it flows.
#[derive(Debug)]
pub(super) struct Traffic {
    shared: Arc<Shared>,
    ticking: JoinHandle<()>,
}

/// What it came to.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) visits: Vec<Visit>,
    pub(super) found: Vec<String>,
}

impl Traffic {
    pub(super) fn begin(parties: Parties) -> Self {
        let shared = Arc::new(Shared { parties, state: Mutex::default() });
        let ticking = tokio::spawn(tick(Arc::clone(&shared)));
        Self { shared, ticking }
    }

    /// Every call so far.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// Waits until the stock is there.
    pub(super) async fn stocked(&self) -> Result<(), String> {
        let enough = |state: &State| state.flows && state.settled.len() >= STOCK / 2;
        self.wait("the stock is not there", STOCKED_WITHIN, enough).await
    }

    /// Waits until every kind of call that began from now on was answered.
    pub(super) async fn flows(&self) -> Result<(), String> {
        let now = Instant::now();
        let answered =
            |kind: Kind, call: &Call| call.kind == kind && call.failure.is_none() && call.begun > now;
        let all = |state: &State| {
            Kind::COUNTED.iter().all(|kind| state.calls.iter().rev().any(|call| answered(*kind, call)))
        };
        self.wait("not all calls are answered again", FLOWS_WITHIN, all).await
    }

    async fn wait(&self, what: &str, within: Duration, done: impl Fn(&State) -> bool) -> Result<(), String> {
        let until = Instant::now() + within;
        while !done(&self.shared.state()) {
            if Instant::now() > until {
                let state = self.shared.state();
                let last: Vec<&Call> =
                    state.calls.iter().rev().filter(|call| call.failure.is_some()).take(5).collect();
                return Err(format!("{what} after {within:?}; the last failures: {last:?}"));
            }
            tokio::time::sleep(super::process::LOOK).await;
        }
        Ok(())
    }

    /// Ends it, and asks once more about everybody who was ever there.
    pub(super) async fn end(self) -> Result<Told, String> {
        let still = |state: &State| state.on_the_way == 0;
        self.ticking.abort();
        self.wait("calls are still on their way", DEADLINE * 3, still).await?;
        let state = std::mem::take(&mut *self.shared.state());
        let rested = state.resting.into_iter().map(|(_, _, guest)| guest);
        let guests = [state.decoded, state.asked, state.settled].into_iter().flatten().chain(rested);
        let mut waiting: Vec<Visit> = guests.map(|guest| guest.visit).collect();
        let (mut visits, mut comparing) = (Vec::with_capacity(waiting.len()), JoinSet::new());
        while !waiting.is_empty() || !comparing.is_empty() {
            while comparing.len() < COMPARED_AT_ONCE
                && let Some(visit) = waiting.pop()
            {
                comparing.spawn(compare(Arc::clone(&self.shared), visit));
            }
            if let Some(compared) = comparing.join_next().await {
                visits.push(compared.map_err(|error| error.to_string())?);
            }
        }
        let compared = std::mem::take(&mut self.shared.state().found);
        Ok(Told { visits, found: [state.found, compared].concat() })
    }
}

/// What an institution hears at last must fit to everything before.
async fn compare(shared: Arc<Shared>, mut visit: Visit) -> Visit {
    match shared.parties.status(visit.token, None).await {
        Ok(heard) => shared.note(&mut visit, Deed::Status, Some(&heard)),
        Err(unheard) => shared.find(format!("at the end, with everything in its place: {unheard}")),
    }
    visit
}

async fn tick(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0_u64.. {
        ticks.tick().await;
        let shared = Arc::clone(&shared);
        let Some(work) = shared.next(number) else { continue };
        tokio::spawn(async move {
            shared.work(work).await;
            shared.state().on_the_way -= 1;
        });
    }
}

/// Something that begins.
enum Work {
    Decode(u64),
    Go(Step, Guest, u64),
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is the turn of this tick, if there is somebody to do it with.
    fn next(&self, number: u64) -> Option<Work> {
        let mut state = self.state();
        let now = Instant::now();
        let (rested, resting) =
            std::mem::take(&mut state.resting).into_iter().partition(|(until, ..)| *until <= now);
        state.resting = resting;
        let rested: Vec<(Instant, Step, Guest)> = rested;
        for (_, step, guest) in rested {
            state.line(step).push_front(guest);
        }
        if state.on_the_way >= MOST_ON_THE_WAY {
            return None;
        }
        state.begun += 1;
        let dice = spread(state.begun, u64::MAX);
        state.flows |= state.asked.len() >= STOCK;
        let work = match number % 8 {
            0 | 4 if state.decoded.len() < STOCK => {
                state.came += 1;
                Work::Decode(state.came - 1)
            }
            0 | 4 => return None,
            2 => Work::Go(Step::Notify, state.decoded.pop_front()?, dice),
            6 if state.flows => Work::Go(Step::Confirm, state.asked.pop_front()?, dice),
            // Until there is somebody to ask about, the stock is filled.
            _ if state.settled.is_empty() => Work::Go(Step::Notify, state.decoded.pop_front()?, dice),
            _ => Work::Go(Step::Ask, state.settled.pop_front()?, dice),
        };
        state.on_the_way += 1;
        Some(work)
    }

    async fn work(&self, work: Work) {
        match work {
            Work::Decode(number) => {
                let person = usize::try_from(number).unwrap_or(0) % PERSONS;
                let token = self.timed(Kind::Decode, self.parties.decode(person)).await;
                if let Some(token) = token {
                    let guest = Guest { visit: Visit::new(person, token), amount: FIRST_AMOUNT };
                    self.state().decoded.push_back(guest);
                }
            }
            Work::Go(Step::Notify, guest, _) => self.notify(guest).await,
            Work::Go(Step::Confirm, guest, dice) => self.confirm(guest, dice).await,
            Work::Go(Step::Ask, guest, dice) => self.ask(guest, dice).await,
        }
    }

    async fn notify(&self, mut guest: Guest) {
        let deed = Deed::Notify(guest.amount);
        match self.act(&mut guest, deed).await {
            Some(Said::Notified) if guest.visit.belief.is_open() => self.state().asked.push_back(guest),
            // What was confirmed stands.
            Some(Said::Notified) => self.state().settled.push_back(guest),
            _ => self.rest(Step::Notify, guest),
        }
    }

    /// The person confirms, or now and then cancels, while a query of the institution is held.
    async fn confirm(&self, mut guest: Guest, dice: u64) {
        if guest.visit.notice.is_none() {
            self.act(&mut guest, Deed::Pending).await;
            if guest.visit.notice.is_none() {
                return self.rest(Step::Confirm, guest);
            }
        }
        let deed = if dice.is_multiple_of(8) { Deed::Cancel } else { Deed::Confirm };
        let visit = &guest.visit;
        let acting =
            self.timed(Kind::of(deed), self.parties.act(deed, visit.person, visit.token, visit.notice));
        let holding = self.timed(Kind::Held, self.parties.status(visit.token, Some(HELD)));
        let (acted, held) = tokio::join!(acting, holding);
        self.note(&mut guest.visit, deed, acted.as_ref());
        // "0" may have been answered before the person did anything; "1" may not be taken back.
        if let Some(held) = held.filter(|held| held.said == Said::Settle(true)) {
            self.note(&mut guest.visit, Deed::Status, Some(&held));
        }
        match acted {
            Some(_) => self.state().settled.push_back(guest),
            None => self.rest(Step::Confirm, guest),
        }
    }

    /// The institution asks; now and then it has the person asked again, for as much or for more.
    async fn ask(&self, mut guest: Guest, dice: u64) {
        self.act(&mut guest, Deed::Status).await;
        match dice % 32 {
            0 => self.notify(guest).await,
            1 => {
                guest.amount += 1;
                self.notify(guest).await;
            }
            _ => self.state().settled.push_back(guest),
        }
    }

    async fn act(&self, guest: &mut Guest, deed: Deed) -> Option<Said> {
        let visit = &guest.visit;
        let asking = self.parties.act(deed, visit.person, visit.token, visit.notice);
        let heard = self.timed(Kind::of(deed), asking).await;
        self.note(&mut guest.visit, deed, heard.as_ref());
        heard.map(|heard| heard.said)
    }

    /// Writes a call down; nothing when it failed.
    async fn timed<T: Outcome>(
        &self,
        kind: Kind,
        asking: impl Future<Output = Result<T, Unheard>>,
    ) -> Option<T> {
        let begun = Instant::now();
        let asked = asking.await;
        let ended = Instant::now();
        let failure = match &asked {
            Ok(answer) => answer.failure(),
            Err(unheard) => Some(unheard.word()),
        };
        self.state().calls.push(Call { kind, begun, ended, failure });
        asked.ok()
    }

    fn note(&self, visit: &mut Visit, deed: Deed, heard: Option<&Heard>) {
        if let Err(found) = visit.note(deed, heard) {
            self.find(found);
        }
    }

    fn find(&self, found: String) {
        let mut state = self.state();
        if state.found.len() < MOST_FOUND {
            state.found.push(found);
        }
    }

    fn rest(&self, step: Step, guest: Guest) {
        self.state().resting.push((Instant::now() + REST, step, guest));
    }
}

impl State {
    fn line(&mut self, step: Step) -> &mut VecDeque<Guest> {
        match step {
            Step::Notify => &mut self.decoded,
            Step::Confirm => &mut self.asked,
            Step::Ask => &mut self.settled,
        }
    }
}

/// An answer may be a failure as well.
trait Outcome {
    fn failure(&self) -> Option<String>;
}

impl Outcome for Heard {
    fn failure(&self) -> Option<String> {
        (self.said == Said::NotDelivered).then(|| "500319".to_owned())
    }
}

impl Outcome for yanmi_protocol::EcToken {
    fn failure(&self) -> Option<String> {
        None
    }
}
