//! What was seen and what was said, as it is recorded: the judge knows nothing else.

use yanmi_protocol::{Amount, SerialNo, UnixMillis};

use crate::play::Play;
use crate::rule::Rule;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: UnixMillis,
    /// In which situation, by its position in the table; nothing when the message did not say.
    pub situation: Option<usize>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// The institution called.
    Call(Call),
    /// The institution said what it decided.
    Decided(Decided),
}

/// Which call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// 1.7.1.
    Notice,
    /// 1.7.2.
    Status,
}

impl Op {
    /// The call in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "1.7.1 通知",
            Self::Status => "1.7.2 查询",
        }
    }
}

/// Which of a situation's codes was scanned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// The first.
    First,
    /// That of the other channel app (1.4.4(5)E).
    Second,
}

/// A rule that a request breaks by itself, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The rule.
    pub rule: Rule,
    /// How, in Chinese. It never repeats what was in the message.
    pub why: String,
}

/// A call of the institution and what it was answered.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which; nothing for a path there is not.
    pub op: Option<Op>,
    /// For which code; nothing when the message did not say.
    pub role: Option<Role>,
    /// The envelope's timestamp.
    pub stamp: Option<UnixMillis>,
    /// What is wrong with the request.
    pub faults: Vec<Fault>,
    /// Whether the envelope opened.
    pub opened: bool,
    /// `totalAmount`.
    pub amount: Option<Amount>,
    /// What was played; nothing when the request was refused for its faults.
    pub play: Option<Play>,
    /// The `resBizNo` of the answer.
    pub serial: Option<SerialNo>,
    /// The opened request, masked.
    pub asked: String,
    /// The answer, in words or opened.
    pub answered: String,
}

/// What an institution's system did at the end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It settled.
    Settled,
    /// It did not.
    Refused,
    /// It went over to an offline way (1.5).
    Offline,
}

impl Outcome {
    /// Reads the word of the settlement sink.
    pub fn new(text: &str) -> Option<Self> {
        [Self::Settled, Self::Refused, Self::Offline].into_iter().find(|outcome| outcome.word() == text)
    }

    /// The word of the settlement sink.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Offline => "offline",
        }
    }

    /// The outcome in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settled => "已结算",
            Self::Refused => "不结算",
            Self::Offline => "转线下方式",
        }
    }
}

/// A decision as it was told.
#[derive(Clone, Debug)]
pub struct Decided {
    /// For which code.
    pub role: Role,
    /// What.
    pub outcome: Outcome,
    /// How much; nothing when that was not told.
    pub amount: Option<Amount>,
    /// What the clerk was shown; empty when nothing was.
    pub reason: String,
    /// Who told it.
    pub teller: Teller,
}

/// Who told a decision. Either is believed; whoever reads the report may want to know.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Teller {
    /// A program.
    Program,
    /// Somebody who clicked on the page.
    Page,
}
