//! Whether an account's or a channel's envelopes have to carry a mac (E13).

/// What is demanded of envelopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MacRule {
    /// A mac is checked where there is one.
    Optional,
    /// An envelope without one is refused like one that does not open.
    Required,
}

impl MacRule {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Optional, Self::Required];

    /// The stored word, also used on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// What operators call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Optional => "有则核对",
            Self::Required => "必须",
        }
    }

    /// The rule of a word; nothing for any other text.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }
}
