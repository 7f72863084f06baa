//! How a server, and the way to it, is.

/// How a server is. Times are in milliseconds, from and to; chances are in a thousand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mood {
    /// How long a message takes in one direction.
    pub delay_millis: (u64, u64),
    /// How long it takes until somebody hears what was told.
    pub news_millis: (u64, u64),
    /// The session breaks at a statement.
    pub broken_permille: u64,
    /// The session breaks at a commit.
    pub broken_commits_permille: u64,
    /// The session falls silent at a message: nothing arrives any more in either direction, and nobody is told.
    pub silent_permille: u64,
}

impl Mood {
    /// All is well.
    pub const FINE: Self = Self {
        delay_millis: (0, 1),
        news_millis: (0, 3),
        broken_permille: 0,
        broken_commits_permille: 0,
        silent_permille: 0,
    };
}

/// What becomes of one commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitFate {
    /// It never arrives.
    Unheard,
    /// It is done, and the answer is lost.
    Unanswered,
    /// The session is lost, and it is done all the same, after so many milliseconds.
    Late(u64),
}
