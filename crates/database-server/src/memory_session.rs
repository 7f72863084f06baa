//! A session: messages there and back, rows that are held, texts that are told and heard.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::locks::{LockRefusal, Row};
use crate::memory_server::{MemoryServer, ServerState};
use crate::mood::CommitFate;

/// How long a session waits for a row that others hold.
const LOCK_WITHIN: Duration = Duration::from_secs(2);
/// How late a commit is done that nobody waits for any more, in milliseconds.
const LATE_MILLIS: (u64, u64) = (1, 400);

/// A session is gone, or none could be begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost;

/// What kind of message is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message {
    /// A statement.
    Statement,
    /// The end of a transaction, which is to be kept.
    Commit,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// It is done now.
    Now,
    /// It never arrives: the session is lost.
    Never,
    /// The session is lost, and the server does it all the same, after so long.
    Later(Duration),
}

/// A session. When it is dropped, the server notices after a moment.
pub struct MemorySession {
    server: MemoryServer,
    number: u64,
}

impl fmt::Debug for MemorySession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemorySession({})", self.number)
    }
}

impl Drop for MemorySession {
    fn drop(&mut self) {
        // It may have been lost before, with an answer that nobody waited for, and hold what it held.
        self.server.lock().end_session(self.number);
        self.server.notice(self.number);
    }
}

impl MemoryServer {
    /// Begins a session for somebody at a place.
    ///
    /// # Errors
    /// [`Lost`] when there is no server, or nobody there any more.
    pub async fn connect(&self, from: u64) -> Result<MemorySession, Lost> {
        let until = Instant::now() + self.lock().delay();
        sleep_until(until).await;
        let mut state = self.lock();
        if state.down || state.killed.contains(&from) {
            return Err(Lost);
        }
        let number = state.begin_session(from);
        drop(state);
        Ok(MemorySession { server: self.clone(), number })
    }
}

impl MemorySession {
    /// Passes some time, unless the session is lost before. One that has fallen silent waits for ever.
    async fn pass(&self, until: Instant) -> Result<(), Lost> {
        loop {
            let lost = self.server.0.lost.notified();
            let silent = self.server.lock().session(self.number).map(|session| session.silent);
            match silent {
                None => return Err(Lost),
                Some(true) => lost.await,
                Some(false) => {
                    if timeout_at(until, lost).await.is_err() {
                        break;
                    }
                }
            }
        }
        self.server.lock().session(self.number).map(drop).ok_or(Lost)
    }

    /// A message goes there.
    pub async fn ask(&self, message: Message) -> Arrival {
        let (until, fate) = {
            let mut state = self.server.lock();
            let until = Instant::now() + state.delay();
            let fate = fate(&mut state, message);
            state.may_fall_silent(self.number);
            (until, fate)
        };
        if self.pass(until).await.is_err() {
            return Arrival::Never;
        }
        let Some(fate) = fate else { return Arrival::Now };
        // What it holds is held until whoever has it gives it up, and as long as it takes to notice after that.
        self.server.lock().end_session(self.number);
        match fate {
            CommitFate::Unheard => Arrival::Never,
            CommitFate::Unanswered => Arrival::Now,
            CommitFate::Late(millis) => Arrival::Later(Duration::from_millis(millis)),
        }
    }

    /// The answer comes back.
    ///
    /// # Errors
    /// [`Lost`].
    pub async fn answer(&self) -> Result<(), Lost> {
        let until = {
            let mut state = self.server.lock();
            state.may_fall_silent(self.number);
            Instant::now() + state.delay()
        };
        self.pass(until).await
    }

    /// Holds rows until the transaction ends, one after the other. Whether any had to be waited for.
    ///
    /// # Errors
    /// [`LockRefusal`].
    pub async fn lock(&self, rows: &[Row]) -> Result<bool, LockRefusal> {
        let mut waited = false;
        for row in rows {
            {
                let mut state = self.server.lock();
                if state.session(self.number).is_none() {
                    return Err(LockRefusal::Lost);
                }
                if state.locks.come(row, self.number) {
                    continue;
                }
            }
            waited = true;
            let waits = self.wait_for(row).await;
            if let Err(refusal) = waits {
                self.server.lock().locks.leave(row, self.number);
                self.server.0.left.notify_waiters();
                return Err(refusal);
            }
        }
        Ok(waited)
    }

    async fn wait_for(&self, row: &Row) -> Result<(), LockRefusal> {
        let until = Instant::now() + LOCK_WITHIN;
        {
            let mut state = self.server.lock();
            let circle = state.locks.is_circle(self.number);
            state.circles += u64::from(circle);
        }
        loop {
            let (left, lost) = (self.server.0.left.notified(), self.server.0.lost.notified());
            {
                let mut state = self.server.lock();
                if state.session(self.number).is_none() {
                    return Err(LockRefusal::Lost);
                }
                if state.locks.is_held_by(row, self.number) {
                    return Ok(());
                }
            }
            let woken = async {
                tokio::select! {
                    biased;
                    () = left => {}
                    () = lost => {}
                }
            };
            if timeout_at(until, woken).await.is_err() {
                return Err(LockRefusal::Timeout);
            }
        }
    }

    /// The transaction has ended: nothing is held any more.
    pub fn end(&self) {
        if self.server.lock().locks.leave_all(self.number) {
            self.server.0.left.notify_waiters();
        }
    }

    /// Tells a text to all who listen.
    pub fn tell(&self, text: &str) {
        self.server.lock().tell(text);
        self.server.0.told.notify_waiters();
    }

    /// From now on hears what is told.
    pub fn listen(&self) {
        if let Some(session) = self.server.lock().session(self.number) {
            session.listens = true;
        }
    }

    /// The next text.
    ///
    /// # Errors
    /// [`Lost`].
    pub async fn hear(&self) -> Result<String, Lost> {
        loop {
            let (told, lost) = (self.server.0.told.notified(), self.server.0.lost.notified());
            let next = {
                let mut state = self.server.lock();
                let session = state.session(self.number).ok_or(Lost)?;
                match session.unheard.front() {
                    Some((at, _)) if *at <= Instant::now() && !session.silent => {
                        let text = session.unheard.pop_front();
                        return text.map(|(_, text)| text).ok_or(Lost);
                    }
                    Some((at, _)) if !session.silent => Some(*at),
                    _ => None,
                }
            };
            let due = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => told.await,
                }
            };
            tokio::select! {
                biased;
                () = lost => {}
                () = due => {}
            }
        }
    }
}

/// What becomes of a message, if it is not simply done.
fn fate(state: &mut ServerState, message: Message) -> Option<CommitFate> {
    if message == Message::Commit
        && let Some(chosen) = state.chosen_fate()
    {
        return Some(chosen);
    }
    let broken = match message {
        Message::Statement => state.mood.broken_permille,
        Message::Commit => state.mood.broken_commits_permille,
    };
    if !state.permille(broken) {
        return None;
    }
    Some(match (message, state.below(3)) {
        (Message::Commit, 2) => {
            let late = state.millis(LATE_MILLIS);
            CommitFate::Late(u64::try_from(late.as_millis()).unwrap_or(0))
        }
        (_, 0) => CommitFate::Unheard,
        _ => CommitFate::Unanswered,
    })
}
