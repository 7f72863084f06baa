//! What came of a rule, a situation, or everything.

use serde::Serialize;

use crate::rule::Kind;

/// What came of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It was kept wherever it came to the test.
    Passed,
    /// It was broken at least once.
    Failed,
    /// It never came to the test.
    NotObserved,
}

impl Verdict {
    /// The verdict in Chinese.
    pub const fn name(self) -> &'static str {
        self.of(Kind::Required)
    }

    /// The verdict on a rule of this kind, in Chinese: advice is not failed.
    pub const fn of(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Passed, _) => "通过",
            (Self::Failed, Kind::Required) => "不通过",
            (Self::Failed, Kind::Advised) => "未采纳",
            (Self::NotObserved, _) => "未观察到",
        }
    }
}

/// What came of everything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Conclusion {
    /// Every situation was played, and no rule that decides was broken.
    Passed,
    /// A rule that decides was broken.
    Failed,
    /// No such rule was broken, but not every situation was played to its end.
    Incomplete,
}

impl Conclusion {
    /// The conclusion in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "通过",
            Self::Failed => "不通过",
            Self::Incomplete => "未完成",
        }
    }
}
