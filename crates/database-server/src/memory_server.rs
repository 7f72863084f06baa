//! The server: its sessions, and what goes wrong with it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::locks::Locks;
use crate::mood::{CommitFate, Mood};

/// Texts that wait to be heard in one session; of more, the oldest are forgotten.
const MOST_UNHEARD: usize = 4_096;
/// How long it takes until the server notices that a session is gone, in milliseconds.
const NOTICES_MILLIS: (u64, u64) = (0, 40);

/// A number below the bound, which is not 0.
type Draw = Box<dyn FnMut(u64) -> u64 + Send>;

/// A server. Clones are the same one.
#[derive(Clone)]
pub struct MemoryServer(pub(crate) Arc<Server>);

pub(crate) struct Server {
    pub(crate) state: Mutex<ServerState>,
    /// Somebody went away from a row.
    pub(crate) left: Notify,
    /// Sessions were lost.
    pub(crate) lost: Notify,
    /// Something was told.
    pub(crate) told: Notify,
}

pub(crate) struct ServerState {
    draw: Draw,
    pub(crate) mood: Mood,
    pub(crate) down: bool,
    begun: u64,
    sessions: BTreeMap<u64, SessionState>,
    pub(crate) killed: Vec<u64>,
    pub(crate) locks: Locks,
    commits: VecDeque<CommitFate>,
    pub(crate) circles: u64,
}

/// What the server knows of a session.
#[derive(Debug)]
pub(crate) struct SessionState {
    /// Where whoever began it is.
    from: u64,
    /// Nothing arrives any more, and nobody was told.
    pub(crate) silent: bool,
    pub(crate) listens: bool,
    /// What it has not heard yet, and when it will.
    pub(crate) unheard: VecDeque<(Instant, String)>,
}

impl fmt::Debug for MemoryServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        write!(f, "MemoryServer({} sessions, {} rows held)", state.sessions.len(), state.locks.held())
    }
}

impl MemoryServer {
    /// One that is well. `draw` makes a number below a bound, which is all the chance there is.
    pub fn new(draw: impl FnMut(u64) -> u64 + Send + 'static) -> Self {
        let state = ServerState {
            draw: Box::new(draw),
            mood: Mood::FINE,
            down: false,
            begun: 0,
            sessions: BTreeMap::new(),
            killed: Vec::new(),
            locks: Locks::default(),
            commits: VecDeque::new(),
            circles: 0,
        };
        Self(Arc::new(Server {
            state: Mutex::new(state),
            left: Notify::new(),
            lost: Notify::new(),
            told: Notify::new(),
        }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, ServerState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it is from now on.
    pub fn set_mood(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// Everybody at a place is gone, and nobody there will come again.
    pub fn kill(&self, from: u64) {
        let mut state = self.lock();
        state.killed.push(from);
        let gone: Vec<u64> = state
            .sessions
            .iter()
            .filter(|(_, session)| session.from == from)
            .map(|(number, _)| *number)
            .collect();
        for number in &gone {
            state.sessions.remove(number);
        }
        drop(state);
        self.0.lost.notify_waiters();
        for number in gone {
            self.notice(number);
        }
    }

    /// The server ends, and with it all sessions and what they hold; nobody is let in until it [is back](Self::come_back).
    pub fn restart(&self) {
        let mut state = self.lock();
        state.down = true;
        state.sessions.clear();
        state.locks = Locks::default();
        drop(state);
        self.0.lost.notify_waiters();
        self.0.left.notify_waiters();
    }

    /// It lets in again.
    pub fn come_back(&self) {
        self.lock().down = false;
    }

    /// What becomes of the next commit that is not chosen already.
    pub fn next_commit(&self, fate: CommitFate) {
        self.lock().commits.push_back(fate);
    }

    /// How often sessions waited for each other in a circle.
    pub fn circles(&self) -> u64 {
        self.lock().circles
    }

    /// How many rows are held.
    pub fn held(&self) -> usize {
        self.lock().locks.held()
    }

    /// How many sessions wait for a row.
    pub fn waiting(&self) -> usize {
        self.lock().locks.waiting()
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.lock().sessions.len()
    }

    /// After a moment the server notices that a session is gone, and nothing is held by it any more.
    pub(crate) fn notice(&self, number: u64) {
        let server = self.clone();
        let after = self.lock().millis(NOTICES_MILLIS);
        let release = move || {
            if server.lock().locks.leave_all(number) {
                server.0.left.notify_waiters();
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    tokio::time::sleep(after).await;
                    release();
                });
            }
            // Nobody waits any more.
            Err(_) => release(),
        }
    }
}

impl ServerState {
    /// A time drawn from a span.
    pub(crate) fn millis(&mut self, (from, to): (u64, u64)) -> Duration {
        Duration::from_millis(from + (self.draw)(to.saturating_sub(from) + 1))
    }

    pub(crate) fn permille(&mut self, chance: u64) -> bool {
        chance > 0 && (self.draw)(1_000) < chance
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.draw)(bound)
    }

    pub(crate) fn delay(&mut self) -> Duration {
        let span = self.mood.delay_millis;
        self.millis(span)
    }

    pub(crate) fn chosen_fate(&mut self) -> Option<CommitFate> {
        self.commits.pop_front()
    }

    /// Begins a session of somebody at a place; its number.
    pub(crate) fn begin_session(&mut self, from: u64) -> u64 {
        self.begun += 1;
        let session = SessionState { from, silent: false, listens: false, unheard: VecDeque::new() };
        self.sessions.insert(self.begun, session);
        self.begun
    }

    pub(crate) fn session(&mut self, number: u64) -> Option<&mut SessionState> {
        self.sessions.get_mut(&number)
    }

    /// A session may hear nothing any more from now on.
    pub(crate) fn may_fall_silent(&mut self, number: u64) {
        let falls = self.permille(self.mood.silent_permille);
        if let Some(session) = self.sessions.get_mut(&number) {
            session.silent |= falls;
        }
    }

    pub(crate) fn end_session(&mut self, number: u64) {
        self.sessions.remove(&number);
    }

    /// Tells a text to all who listen.
    pub(crate) fn tell(&mut self, text: &str) {
        let span = self.mood.news_millis;
        let listening: Vec<u64> =
            self.sessions.iter().filter(|(_, session)| session.listens).map(|(number, _)| *number).collect();
        for number in listening {
            let heard_at = Instant::now() + self.millis(span);
            let Some(session) = self.sessions.get_mut(&number) else { continue };
            // Texts of one server arrive in their order.
            let last = session.unheard.back().map_or(heard_at, |(at, _)| (*at).max(heard_at));
            session.unheard.push_back((last, text.to_owned()));
            if session.unheard.len() > MOST_UNHEARD {
                session.unheard.pop_front();
            }
        }
    }
}
