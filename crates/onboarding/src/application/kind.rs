//! What can be applied for.

use crate::application::stored::Word;

/// What is applied for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// An information system asks for an account.
    System,
    /// An institution asks to call through an account there is.
    Attach,
    /// Something of an account there is, is to be otherwise.
    Change,
    /// A channel app asks to take notices.
    Channel,
    /// An account is not needed any more.
    Close,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::System, Self::Attach, Self::Change, Self::Channel, Self::Close];

    /// The word it is stored as, which is never reused.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Attach => "attach",
            Self::Change => "change",
            Self::Channel => "channel",
            Self::Close => "close",
        }
    }

    /// What people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "系统接入",
            Self::Attach => "机构挂接",
            Self::Change => "变更",
            Self::Channel => "渠道接入",
            Self::Close => "注销",
        }
    }

    /// Whether approval is followed by joint debugging, an acceptance report and a key. The others are done with it.
    pub const fn needs_trial(self) -> bool {
        matches!(self, Self::System | Self::Channel)
    }
}

impl Word for Kind {
    fn word(&self) -> &'static str {
        Self::word(*self)
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}
