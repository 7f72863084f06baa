//! What was posted, what came back, what the app called, and what somebody said it showed: the judge knows nothing else.

use std::time::Duration;

use yanmi_acceptance::event::Teller;
use yanmi_protocol::message::channel_notice::{Received, Way};
use yanmi_protocol::{NoticeNo, UnixMillis};

use crate::play::Play;
use crate::post::{Post, Which};
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
    /// The center posted something to the app.
    Delivery(Delivery),
    /// The app called the center.
    Call(Call),
    /// Somebody opened the link of a notice.
    Visit(Visit),
    /// Somebody said what the app showed.
    Sight(Sight),
}

/// What the center posted, and what came back.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What was posted, as the table has it.
    pub post: Post,
    /// Whether it had the right mac.
    pub proven: bool,
    /// Until when the notice can be confirmed.
    pub expires_at: UnixMillis,
    /// How long the app took.
    pub took: Duration,
    /// What came back; nothing for a push that got lost on the way.
    pub answer: Option<AppAnswer>,
    /// What was posted, opened and masked.
    pub said: String,
    /// What came back, opened.
    pub answered: String,
}

/// What an app answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AppAnswer {
    /// No answer: not reached, not in time, broken off, with the reason in Chinese.
    Nothing(String),
    /// One that is no answer of the protocol: why, in Chinese, and the HTTP status.
    Malformed(String, u16),
    /// An answer.
    Read {
        /// `code`.
        code: i64,
        /// `message`.
        message: String,
        /// Its mac.
        seal: MacSeal,
        /// `rcvFlag`, or why a success does not open; nothing for a refusal.
        flag: Option<Result<Received, String>>,
    },
}

impl AppAnswer {
    /// `rcvFlag`, where the answer opens.
    pub const fn received(&self) -> Option<Received> {
        match self {
            Self::Read { flag: Some(Ok(received)), .. } => Some(*received),
            _ => None,
        }
    }

    /// Whether it says that the app took what was posted.
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Read { code: 0, .. })
    }
}

/// The mac of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacSeal {
    /// It has none.
    Absent,
    /// It has the one that belongs to its request.
    Right,
    /// It has another.
    Wrong,
}

/// Which call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// `authRslt`.
    Report,
    /// `pendNotc`.
    Pending,
    /// `pwdFree`.
    Free,
    /// `pwdFreePage`.
    FreePage,
}

impl Op {
    /// The call in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Report => "认证结果",
            Self::Pending => "待办通知",
            Self::Free => "免密设置",
            Self::FreePage => "免密页面",
        }
    }
}

/// A rule that a request breaks by itself, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The rule.
    pub rule: Rule,
    /// How, in Chinese. It never repeats what was in the message.
    pub why: String,
}

/// A call of the app and what it was answered.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which; nothing for a path there is not.
    pub op: Option<Op>,
    /// The envelope's timestamp.
    pub stamp: Option<UnixMillis>,
    /// What is wrong with the request.
    pub faults: Vec<Fault>,
    /// Whether the envelope opened.
    pub opened: bool,
    /// Whether it has the right mac.
    pub proven: bool,
    /// What the person did, of a report.
    pub deed: Option<Deed>,
    /// `openFlag`, of a switch.
    pub switch: Option<bool>,
    /// What was played; nothing when the request was refused for its faults.
    pub play: Option<Play>,
    /// The opened request, masked.
    pub asked: String,
    /// The answer, in words or opened.
    pub answered: String,
}

/// `authStas`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Status {
    /// "1".
    Confirmed,
    /// "2".
    Cancelled,
    /// "3".
    NotMe,
    /// "0".
    Failed,
}

impl Status {
    /// Reads the digit.
    pub fn new(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::Confirmed),
            "2" => Some(Self::Cancelled),
            "3" => Some(Self::NotMe),
            "0" => Some(Self::Failed),
            _ => None,
        }
    }

    /// The status in Chinese, with its digit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "确认（1）",
            Self::Cancelled => "取消（2）",
            Self::NotMe => "不是我（3）",
            Self::Failed => "未能完成（0）",
        }
    }
}

/// What a confirmation is proven with, without what proves it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Proof {
    /// Nothing that can be looked at.
    Nothing,
    /// The digest of the password in the brief.
    Right,
    /// The digest of the wrong password in the brief.
    Wrong,
    /// Something else where a digest should be.
    Strange,
    /// An authorization number, by its hash.
    Face(u64),
}

/// What the person did, as the app reported it. What could not be read is absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deed {
    /// About which notice of the situation.
    pub which: Which,
    /// `authStas`.
    pub status: Status,
    /// `authWay`.
    pub way: Option<Way>,
    /// `authTime`.
    pub at: Option<UnixMillis>,
    /// What it is proven with.
    pub proof: Proof,
}

/// One time the link of a notice was opened.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Whether it was opened as it was given.
    pub whole: bool,
    /// By which method.
    pub method: String,
}

/// What the app shows about a notice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// It can be confirmed.
    Pending,
    /// Confirmed.
    Confirmed,
    /// Cancelled.
    Cancelled,
    /// Said not to be them.
    NotMe,
    /// Failed.
    Failed,
    /// Withdrawn.
    Withdrawn,
    /// Replaced by a newer one.
    Superseded,
    /// Expired.
    Expired,
    /// Locked: too many tries.
    Locked,
    /// No longer valid, for whatever reason.
    Closed,
    /// Nothing is shown.
    Absent,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::Pending,
        Self::Confirmed,
        Self::Cancelled,
        Self::NotMe,
        Self::Failed,
        Self::Withdrawn,
        Self::Superseded,
        Self::Expired,
        Self::Locked,
        Self::Closed,
        Self::Absent,
    ];

    /// Reads the word of the sink.
    pub fn new(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == text)
    }

    /// The word of the sink.
    pub const fn word(self) -> &'static str {
        self.words().0
    }

    /// The state in Chinese.
    pub const fn name(self) -> &'static str {
        self.words().1
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pending => ("pending", "待确认"),
            Self::Confirmed => ("confirmed", "认证成功"),
            Self::Cancelled => ("cancelled", "已取消"),
            Self::NotMe => ("notMe", "已报“不是我”"),
            Self::Failed => ("failed", "认证失败"),
            Self::Withdrawn => ("withdrawn", "已撤回"),
            Self::Superseded => ("superseded", "已被取代"),
            Self::Expired => ("expired", "已过期"),
            Self::Locked => ("locked", "已锁定，稍后再试"),
            Self::Closed => ("closed", "不再有效"),
            Self::Absent => ("none", "没有显示"),
        }
    }
}

/// What somebody said the app showed about a notice.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Which notice.
    pub which: Which,
    /// How often the phone alerted so far because of this notice.
    pub alerts: u32,
    /// What it shows.
    pub state: State,
    /// The amount as it is shown; empty when that was not told.
    pub amount: String,
    /// The institution's name as it is shown; empty when that was not told.
    pub org_name: String,
    /// Words the person was shown; empty when there were none.
    pub text: String,
    /// Who said it.
    pub teller: Teller,
}

/// The number of a notice and which of its situation it is.
pub(crate) type Numbers = [NoticeNo; 2];
