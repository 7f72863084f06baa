//! What the server of a database does beside keeping rows, for centers that share one in a world in memory.
//!
//! Several centers work on PostgreSQL, which has a network, locks and clocks of its own. Where nothing may have its own, they
//! share an embedded database on a disk that was handed in ([`Medium::server`](super::Medium::server)), and somebody stands
//! before it who does what a server does: sessions that begin and are lost, messages that arrive or do not, rows that are held by
//! one transaction while others wait, texts that are told to whoever listens, and one clock for all.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use yanmi_protocol::UnixMillis;

/// An answer that is waited for.
pub type ServerAnswer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A server, as one center reaches it.
pub trait DatabaseServer: Send + Sync {
    /// Begins a session.
    fn connect(&self) -> ServerAnswer<'_, Result<Box<dyn ServerSession>, SessionLost>>;
    /// What time it is there.
    fn now(&self) -> UnixMillis;
}

/// A session. When it is dropped, the server will notice that it is gone, and what it holds is free again.
pub trait ServerSession: Send + Sync {
    /// A message is on its way there.
    fn ask(&self, message: SessionMessage) -> ServerAnswer<'_, MessageFate>;
    /// The answer is on its way back.
    fn answer(&self) -> ServerAnswer<'_, Result<(), SessionLost>>;
    /// Holds rows until the transaction ends, one after the other in this order, each as soon as nobody else holds it. Whether
    /// any had to be waited for.
    fn lock(&self, rows: Vec<RowLock>) -> ServerAnswer<'_, Result<bool, LockRefusal>>;
    /// The transaction has ended.
    fn end(&self);
    /// Tells a text to all who listen.
    fn tell(&self, text: &str);
    /// From now on hears what is told.
    fn listen(&self);
    /// The next text that was told.
    fn hear(&self) -> ServerAnswer<'_, Result<String, SessionLost>>;
}

/// What kind of message is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionMessage {
    /// A statement.
    Statement,
    /// The end of a transaction, which is to be kept.
    Commit,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageFate {
    /// It is done now.
    Now,
    /// It never arrives: the session is lost.
    Never,
    /// The session is lost, and the server does it all the same, after so long.
    Later(Duration),
}

/// A session is gone, or none could be begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLost;

/// Why rows are not held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockRefusal {
    /// Others held one for too long.
    Timeout,
    /// The session is gone.
    Lost,
}

/// A row that can be held, whether it is there or not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RowLock {
    /// The table.
    pub table: &'static str,
    /// What tells the row apart.
    pub key: Vec<u8>,
}
