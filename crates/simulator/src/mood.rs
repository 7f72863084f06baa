//! The moods the simulated parties can be put into.

use std::time::Duration;

/// How a channel app takes notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ChannelMood {
    /// It takes them.
    #[default]
    Ok,
    /// It answers with a refusal and a reason.
    Refuse,
    /// It takes the request and never answers, until [`crate::LONGEST_HANG`] is over.
    Hang,
    /// It resets the connection instead of answering.
    Reset,
    /// It answers with HTTP status 500.
    Http500,
    /// It answers that the person pays without a password (`rcvFlag` "2").
    Free,
    /// It takes the notice and shows it at once, but answers only after this time.
    Slow(Duration),
}

/// The longest a slow channel waits before it answers.
pub const SLOWEST: Duration = Duration::from_mins(1);

impl ChannelMood {
    /// The mood of this name; `slow` waits for `wait`, at most [`SLOWEST`].
    pub fn from_name(name: &str, wait: Duration) -> Option<Self> {
        Some(match name {
            "ok" => Self::Ok,
            "refuse" => Self::Refuse,
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "http500" => Self::Http500,
            "free" => Self::Free,
            "slow" => Self::Slow(wait.min(SLOWEST)),
            _ => return None,
        })
    }

    /// Its name in the control interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refuse => "refuse",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::Http500 => "http500",
            Self::Free => "free",
            Self::Slow(_) => "slow",
        }
    }

    /// The mood in Chinese.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ok => "正常",
            Self::Refuse => "拒收",
            Self::Hang => "不应答",
            Self::Reset => "断开连接",
            Self::Http500 => "报错 500",
            Self::Free => "答复免密",
            Self::Slow(_) => "很慢",
        }
    }
}

/// How the national center answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NationalMood {
    /// As it should.
    #[default]
    Ok,
    /// It refuses every question with -1.
    Error,
    /// It takes the question and never answers, until [`crate::LONGEST_SILENCE`] is over.
    Timeout,
}

impl NationalMood {
    /// The mood of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ok" => Self::Ok,
            "error" => Self::Error,
            "timeout" => Self::Timeout,
            _ => return None,
        })
    }

    /// Its name in the control interface.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
        }
    }

    /// The mood in Chinese.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ok => "正常",
            Self::Error => "报错",
            Self::Timeout => "不应答",
        }
    }
}
