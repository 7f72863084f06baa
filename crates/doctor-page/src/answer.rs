//! What the page shows.

use serde::Serialize;

/// What the page shows. What it holds of a message is for whoever brought the key, and goes nowhere but to that screen.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// Sentences, in order.
    pub(crate) lines: Vec<Line>,
    /// The key's check value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kcv: Option<String>,
    /// A message that was opened, or what could be saved of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plain: Option<String>,
    /// What is to be copied: an `encData` or a `userPwd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) made: Option<String>,
    /// The doctor's name for what was found, as the center keeps it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// A sentence.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) text: String,
}

/// How a sentence is meant.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// It is right.
    Good,
    /// It is wrong.
    Bad,
    /// To be known.
    Note,
}

impl Answer {
    /// One sentence of what is wrong.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::default().with(Level::Bad, text)
    }

    pub(crate) fn with(mut self, level: Level, text: impl Into<String>) -> Self {
        self.lines.push(Line { level, text: text.into() });
        self
    }
}
