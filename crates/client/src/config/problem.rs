//! What is wrong with a configuration.

use std::fmt;

/// One thing that is wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The member, with its table: `center.urls`; empty when it is the whole text.
    pub member: String,
    /// What is wrong, in Chinese. It never repeats a key.
    pub message: String,
}

/// Why a configuration cannot be used: everything that is wrong with it. `Display` is Chinese, a line for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// The problems, in the order of the text's members.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let (end, colon) =
                (if at > 0 { "\n" } else { "" }, if problem.member.is_empty() { "" } else { "：" });
            write!(f, "{end}{}{colon}{}", problem.member, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { member: String::new(), message: message.into() }] }
    }
}
