//! What the states are called.

use crate::application::case::Application;
use crate::application::state::{Proposed, State};

impl State {
    /// The word by which lists are filtered, which is never reused.
    pub const fn word(&self) -> &'static str {
        self.words().0
    }

    /// What people read.
    pub const fn name(&self) -> &'static str {
        self.words().1
    }

    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Draft { .. } => ("draft", "草稿"),
            Self::InReview(_) => ("in-review", "审核中"),
            Self::Returned { .. } => ("returned", "已退回，待补正"),
            Self::Refused { .. } => ("refused", "不予接入"),
            Self::Withdrawn { .. } => ("withdrawn", "已撤回"),
            Self::Trial(_) => ("trial", "已批准，联调中"),
            Self::Accepted { .. } => ("accepted", "验收通过，待发密钥"),
            Self::Done { .. } => ("done", "已办结"),
            Self::Live(_) => ("live", "已接入"),
            Self::Suspended { .. } => ("suspended", "停用中"),
            Self::Closed { .. } => ("closed", "已注销"),
        }
    }
}

impl Proposed {
    /// What people read of what waits for a second person.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pass => "上报",
            Self::Refuse(_) => "不予接入",
            Self::Approve(_) => "批准",
            Self::Close(_) => "注销",
        }
    }
}

impl Application {
    /// Whether it is still on its way: nothing else may be applied for the same thing meanwhile. What is live is not, so that
    /// changes of it can be applied for.
    pub const fn is_under_way(&self) -> bool {
        matches!(
            self.state,
            State::InReview(_) | State::Returned { .. } | State::Trial(_) | State::Accepted { .. }
        )
    }
}
