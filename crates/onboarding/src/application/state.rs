//! The states, with what was decided on the way to each.

use serde::{Deserialize, Serialize};
use yanmi_protocol::{AccountId, KeyCheckValue, UnixMillis};

use crate::application::actor::Person;
use crate::application::form::{Fault, FormDigest, Product};
use crate::application::stored;
use crate::application::test_run::TestRun;
use crate::area::Level;

/// Where an application stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum State {
    /// Being written.
    Draft {
        /// When it was saved last.
        #[serde(with = "stored::time")]
        saved_at: UnixMillis,
    },
    /// Submitted; waits at a desk.
    InReview(Review),
    /// Sent back to be mended.
    Returned {
        /// Who sent it back.
        by: Decision,
        /// What is wrong, field by field.
        faults: Vec<Fault>,
        /// The round that was looked at.
        round: u8,
        /// When it lapses.
        #[serde(with = "stored::time")]
        until: UnixMillis,
    },
    /// Refused for good.
    Refused {
        /// Who refused, and the second person.
        by: (Decision, Person),
        /// Why, by kind.
        ground: Ground,
    },
    /// Withdrawn by the applicant, or lapsed.
    Withdrawn {
        /// When.
        #[serde(with = "stored::time")]
        at: UnixMillis,
        /// By whom.
        why: Withdrawal,
    },
    /// Approved; joint debugging.
    Trial(Trial),
    /// The acceptance report was looked at, and is good.
    Accepted {
        /// The approval.
        approval: Approval,
        /// The acceptance.
        acceptance: Acceptance,
    },
    /// Approved, and with that carried out: kinds that need no trial.
    Done {
        /// The approval.
        approval: Approval,
    },
    /// May call.
    Live(Live),
    /// May not call for a while.
    Suspended {
        /// What it was.
        was: Box<Live>,
        /// Who suspended it; the center where a condition was not met in time.
        by: Option<Decision>,
        /// Why, by kind.
        ground: Ground,
        /// When it ends by itself; nothing until somebody ends it.
        #[serde(with = "stored::optional_time")]
        until: Option<UnixMillis>,
    },
    /// Over.
    Closed {
        /// Who closed it, and the second person.
        by: (Decision, Person),
        /// Why, by kind.
        ground: Ground,
    },
}

/// Who decided, when, and what he wrote.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Who.
    pub by: Person,
    /// When.
    #[serde(with = "stored::time")]
    pub at: UnixMillis,
    /// What he wrote; at most [`crate::application::MAX_OPINION`] characters.
    pub opinion: String,
}

/// What is looked at, and where it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Review {
    /// Which form.
    pub form: FormDigest,
    /// Of which product, for the report to be compared with.
    pub product: Product,
    /// Which time it was submitted, counted from 1.
    pub round: u8,
    /// At which desk.
    pub desk: Desk,
    /// The levels that have passed it in this round.
    pub passed: Vec<Passed>,
}

/// A desk: where an application waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Desk {
    /// Of which level.
    #[serde(with = "stored::word")]
    pub level: Level,
    /// Since when.
    #[serde(with = "stored::time")]
    pub since: UnixMillis,
    /// Who works on it just now.
    pub claim: Option<Claim>,
}

/// Somebody works on it, so that two do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// Who.
    pub by: Person,
    /// When it ends.
    #[serde(with = "stored::time")]
    pub until: UnixMillis,
}

/// A level has passed it on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Passed {
    /// Looked at, by two persons.
    Looked {
        /// Which.
        #[serde(with = "stored::word")]
        level: Level,
        /// The clerk.
        by: Decision,
        /// The reviewer.
        second: Person,
    },
    /// Nobody works there.
    Skipped {
        /// Which.
        #[serde(with = "stored::word")]
        level: Level,
        /// When.
        #[serde(with = "stored::time")]
        at: UnixMillis,
    },
}

impl Passed {
    /// Which level.
    pub const fn level(&self) -> Level {
        match self {
            Self::Looked { level, .. } | Self::Skipped { level, .. } => *level,
        }
    }
}

/// What waits for a second person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proposal {
    /// What.
    pub what: Proposed,
    /// Who proposed it, and why.
    pub by: Decision,
}

/// What can be proposed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Proposed {
    /// To pass it on to the level above.
    Pass,
    /// To refuse it for good.
    Refuse(Ground),
    /// To approve it; the account for joint debugging, where there has to be one.
    Approve(#[serde(with = "stored::optional_account")] Option<AccountId>),
    /// To close it.
    Close(Ground),
}

/// The province's approval.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// Which form was approved.
    pub form: FormDigest,
    /// Of which product.
    pub product: Product,
    /// The levels that had passed it.
    pub passed: Vec<Passed>,
    /// The approver.
    pub by: Decision,
    /// The reviewer.
    pub second: Person,
}

/// Joint debugging.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trial {
    /// The approval.
    pub approval: Approval,
    /// The account for it.
    #[serde(with = "stored::account")]
    pub account: AccountId,
    /// When it ends.
    #[serde(with = "stored::time")]
    pub until: UnixMillis,
    /// Whether it was made longer already.
    pub extended: bool,
    /// What the center saw of the account.
    pub seen: Sightings,
    /// The last report.
    pub report: Option<Report>,
}

/// What the center saw of an account for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sightings {
    /// An envelope that opened.
    #[serde(with = "stored::optional_time")]
    pub opened: Option<UnixMillis>,
    /// A notice.
    #[serde(with = "stored::optional_time")]
    pub notice: Option<UnixMillis>,
    /// A status query.
    #[serde(with = "stored::optional_time")]
    pub status: Option<UnixMillis>,
}

/// An acceptance report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// SM3 of the file.
    #[serde(with = "stored::digest")]
    pub digest: [u8; 32],
    /// What it came to.
    pub conclusion: ReportConclusion,
    /// When it was made.
    #[serde(with = "stored::time")]
    pub at: UnixMillis,
    /// Where it was made.
    pub origin: Origin,
    /// Of which product.
    pub product: Product,
    /// Who presided, where a test center signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<TestRun>>,
}

impl Report {
    /// Only a test center presides.
    pub(super) fn is_possible(&self) -> bool {
        self.run.is_none() || self.origin == Origin::RunHere
    }
}

/// What a report came to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ReportConclusion {
    /// Everything is as it has to be.
    Passed,
    /// Something has to be mended.
    Conditional,
    /// Not as it has to be.
    Failed,
}

impl ReportConclusion {
    /// The conclusion in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "通过",
            Self::Conditional => "不完整",
            Self::Failed => "不通过",
        }
    }
}

/// Where a report comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Origin {
    /// A test center ran it: this one, or another, which signed it ([`Report::run`]).
    RunHere,
    /// The applicant sent it (自测). A file of his own machine can be written by hand, so it is not enough by itself.
    Own,
    /// The applicant sent it, and an operator watched a sample of it being run.
    Witnessed(Person),
}

/// A report that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// The report.
    pub report: Report,
    /// Who looked at it.
    pub by: Decision,
    /// When what is to be mended has to be; only for a conditional one.
    #[serde(with = "stored::optional_time")]
    pub until: Option<UnixMillis>,
}

/// A key that was made out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuedKey {
    /// The account.
    #[serde(with = "stored::account")]
    pub account: AccountId,
    /// The key's check value.
    #[serde(with = "stored::check_value")]
    pub kcv: KeyCheckValue,
    /// Who made it out.
    pub by: Person,
    /// When.
    #[serde(with = "stored::time")]
    pub at: UnixMillis,
    /// When it was fetched.
    #[serde(with = "stored::optional_time")]
    pub taken: Option<UnixMillis>,
    /// When an envelope under it opened first.
    #[serde(with = "stored::optional_time")]
    pub used: Option<UnixMillis>,
}

/// May call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Live {
    /// The approval.
    pub approval: Approval,
    /// The acceptance.
    pub acceptance: Acceptance,
    /// The key.
    pub key: IssuedKey,
}

/// How it was withdrawn.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Withdrawal {
    /// By the applicant.
    By(Person),
    /// Its time was over.
    Lapsed,
}

/// Why something is refused, suspended or closed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Ground {
    /// Not a designated institution.
    NotDesignated,
    /// There is one already.
    Duplicate,
    /// What is needed did not come.
    Incomplete,
    /// It does not do what the specification says.
    Conformance,
    /// A danger for others.
    Security,
    /// The applicant asked for it.
    AtRequest,
    /// Used for something else.
    Misuse,
    /// Something else, which the opinion says.
    Other,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NotDesignated,
        Self::Duplicate,
        Self::Incomplete,
        Self::Conformance,
        Self::Security,
        Self::AtRequest,
        Self::Misuse,
        Self::Other,
    ];

    /// The word it is stored as, which is never reused.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotDesignated => "not-designated",
            Self::Duplicate => "duplicate",
            Self::Incomplete => "incomplete",
            Self::Conformance => "conformance",
            Self::Security => "security",
            Self::AtRequest => "at-request",
            Self::Misuse => "misuse",
            Self::Other => "other",
        }
    }

    /// What people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotDesignated => "不是定点医药机构",
            Self::Duplicate => "重复申请",
            Self::Incomplete => "材料不齐",
            Self::Conformance => "不符合规范",
            Self::Security => "安全原因",
            Self::AtRequest => "申请方要求",
            Self::Misuse => "挪作他用",
            Self::Other => "其他",
        }
    }
}
