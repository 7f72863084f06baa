//! What is found: a rule, kept or broken.

use crate::rule::Rule;

/// One time a rule came to the test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// In which situation; nothing when the message did not say.
    pub situation: Option<usize>,
    /// The rule.
    pub rule: Rule,
    /// How it was broken, in Chinese; nothing when it was kept.
    pub broken: Option<String>,
}

impl Finding {
    pub(super) fn kept(situation: Option<usize>, rule: Rule) -> Self {
        Self { situation, rule, broken: None }
    }

    pub(super) fn broken(situation: Option<usize>, rule: Rule, why: impl Into<String>) -> Self {
        Self { situation, rule, broken: Some(why.into()) }
    }
}
