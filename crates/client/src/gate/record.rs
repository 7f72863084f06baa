//! What is recorded about a visit, piece by piece: what was read, what was chosen, what came back.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use yanmi_protocol::{Amount, Code, EcToken, UnixMillis};

use super::wire;

/// 就诊凭证介质: what was read to know who is there (1.6.2(2)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Medium {
    /// 医保电子凭证二维码.
    QrCode,
    /// 居民身份证.
    IdCard,
    /// 社会保障卡.
    SocialSecurityCard,
    /// 医保终端刷脸.
    TerminalFace,
    /// Anything else that is not the QR code; treated like a card.
    Other,
}

impl Medium {
    /// Every medium.
    pub const ALL: [Self; 5] =
        [Self::QrCode, Self::IdCard, Self::SocialSecurityCard, Self::TerminalFace, Self::Other];

    /// The medium in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QrCode => "医保电子凭证二维码",
            Self::IdCard => "居民身份证",
            Self::SocialSecurityCard => "社会保障卡",
            Self::TerminalFace => "医保终端刷脸",
            Self::Other => "其他介质",
        }
    }
}

/// 安全认证方式: how the person is verified (1.6.2(3)).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// 线上密码核验认证.
    Online,
    /// 医保终端刷脸认证.
    TerminalFace,
    /// 医保终端密码核验认证.
    TerminalPassword,
    /// 医保电子凭证动态库密码核验认证.
    LibraryPassword,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 4] =
        [Self::Online, Self::TerminalFace, Self::TerminalPassword, Self::LibraryPassword];

    /// The way in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "线上密码核验认证",
            Self::TerminalFace => "医保终端刷脸认证",
            Self::TerminalPassword => "医保终端密码核验认证",
            Self::LibraryPassword => "动态库密码核验认证",
        }
    }
}

/// What came of a notice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NoticeOutcome {
    /// It is under way, or the program ended while it was: it may have reached the person.
    Pending,
    /// The channel has it.
    Notified,
    /// Code 0 with `notcFlag` "0".
    NotNotified,
    /// 500320.
    PasswordFree,
    /// Another code.
    Refused {
        /// 响应状态码.
        code: i64,
        /// 响应信息.
        message: String,
    },
    /// No answer of the protocol came: it may have reached the person.
    NoAnswer {
        /// Whether it was not in time.
        timed_out: bool,
        /// What went wrong, in Chinese.
        message: String,
    },
    /// The answer cannot be that to our notice.
    Foreign {
        /// What does not fit, in Chinese.
        message: String,
    },
}

/// The latest notice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// What came of it.
    pub outcome: NoticeOutcome,
    /// When it was sent.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
    /// When its outcome was known.
    #[serde(default, with = "wire::optional_number")]
    pub ended_at: Option<UnixMillis>,
    /// The serial of the latest notice that was answered with one.
    pub serial: Option<String>,
    /// When the notice of that serial was sent.
    #[serde(with = "wire::number")]
    pub serial_at: UnixMillis,
    /// Before this nothing can have been confirmed here, as far as this visit knows, so that an answer nothing proves is an old
    /// one: the time in the serial of the visit's first notice, or of the first
    /// request for it where there were several. Nothing before
    /// a notice was answered; the beginning of time when an earlier one may have been confirmed unheard. It stays that of
    /// the first, because a later notice lets a confirmation stand and has a newer serial (V5).
    #[serde(default, with = "wire::optional_number")]
    pub asked_from: Option<UnixMillis>,
    /// The most a confirmation can have been about, as far as we know; nothing when it may be about any amount. A
    /// notice that was answered says its own amount; one that was not can only have lowered it.
    #[serde(with = "wire::optional_number")]
    pub covers: Option<Amount>,
    /// The amount of this one.
    #[serde(with = "wire::optional_number")]
    pub amount: Option<Amount>,
    /// `checkNo`: what the person's page asks to be compared with the counter, where the center tells it.
    #[serde(default)]
    pub check_number: Option<String>,
}

impl Notice {
    /// When the center takes another notice for the same token, as far as we know: it wants a pause after each that it took
    /// (V8, 500084), and it took this one no later than it answered.
    pub fn next_at(&self, pause: Duration) -> Option<UnixMillis> {
        let took_none = match &self.outcome {
            NoticeOutcome::PasswordFree => true,
            NoticeOutcome::Refused { code, .. } => *code != i64::from(Code::TooFrequent.number()),
            _ => false,
        };
        if took_none { None } else { Some(self.ended_at.unwrap_or(self.at).plus(pause)) }
    }
}

/// What the center answered to a status query.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StatusOutcome {
    /// `checkStas` "1".
    Confirmed {
        /// 响应流水号.
        serial: String,
        /// What the center told of the confirmation, where it tells.
        told: Option<Confirmation>,
    },
    /// `checkStas` "0".
    Unconfirmed {
        /// Stage in words and next step, where the center tells them.
        told: Option<(String, String)>,
        /// The stage as a word for programs, where the center tells it.
        #[serde(default)]
        stage: Option<String>,
        /// Until when the person can confirm, where the center tells it.
        #[serde(default, with = "wire::optional_number")]
        until: Option<UnixMillis>,
    },
    /// 500320.
    PasswordFree,
    /// Another code.
    Refused {
        /// 响应状态码.
        code: i64,
        /// 响应信息.
        message: String,
    },
    /// No answer of the protocol came.
    NoAnswer {
        /// Whether it was not in time.
        timed_out: bool,
        /// What went wrong, in Chinese.
        message: String,
    },
    /// The answer cannot be that to our question.
    Foreign {
        /// What does not fit, in Chinese.
        message: String,
    },
}

/// What a center tells of a confirmation beyond the specification.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Confirmation {
    /// `checkWay`: 01, 02 or 03.
    pub way: Option<String>,
    /// `checkTime`.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
    /// `checkAmount`; nothing when it was confirmed without an amount.
    #[serde(with = "wire::optional_number")]
    pub amount: Option<Amount>,
}

/// A status answer and what it was the answer to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusRecord {
    /// What was answered.
    pub outcome: StatusOutcome,
    /// When.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
    /// The visit's epoch when it was asked.
    pub epoch: u32,
}

/// What came of an offline check (1.5.3.2(4)).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OfflineOutcome {
    /// The face or the password was right.
    Passed {
        /// The number the terminal or library gives it.
        serial: Option<String>,
        /// The token it says it was about.
        #[serde(with = "wire::token")]
        token: Option<EcToken>,
    },
    /// It was not.
    Failed {
        /// Its words.
        message: String,
    },
    /// Terminal or library cannot be used.
    Unavailable {
        /// Its words.
        message: String,
    },
}

impl fmt::Debug for OfflineOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed { serial, token } => write!(f, "Passed({serial:?}, {token:?})"),
            Self::Failed { message } => write!(f, "Failed({message})"),
            Self::Unavailable { message } => write!(f, "Unavailable({message})"),
        }
    }
}

/// Who says what came of an offline check.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The terminal or library that is plugged in here.
    Port,
    /// The program or the clerk: a claim, which a serial makes more of.
    #[default]
    Caller,
}

/// An offline check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfflineRecord {
    /// By which way.
    pub way: Way,
    /// What came of it.
    pub outcome: OfflineOutcome,
    /// Who says so.
    #[serde(default)]
    pub source: Source,
    /// When.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
}
