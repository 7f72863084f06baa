//! What the center refuses.

use std::time::Duration;

use yanmi_protocol::Code;

use super::ordinary::{ORDINARY, confirmed, unconfirmed};
use crate::event::Op;
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::{Moment, Situation};

/// Seconds the institution is asked to wait after -6.
const LIMITED_SECONDS: u64 = 2;
/// Seconds between two notices (500084).
const FREQUENT_SECONDS: u64 = 3;
/// How far ahead the clock of `clock-drift` is.
pub(crate) const SHIFT: Duration = Duration::from_mins(30);
/// How far a timestamp may be off (E4).
pub(crate) const WINDOW: Duration = Duration::from_mins(10);

const REFUSED: Situation = Situation {
    section: "1.7.1、1.9",
    crucial: Op::Notice,
    blame: Rule::Code,
    status: unconfirmed,
    ..ORDINARY
};

pub(super) const TABLE: [Situation; 8] = [
    Situation {
        id: "flag-zero",
        title: "code 为 0 而 notcFlag 为 \"0\"",
        blame: Rule::Flag,
        offline: true,
        notice: |_| Play::NotNotified,
        ..REFUSED
    },
    Situation {
        id: "undelivered",
        title: "通知渠道失败（500319）",
        offline: true,
        notice: |_| Play::Refused(Code::NoticeFailed),
        ..REFUSED
    },
    Situation {
        id: "no-settlement",
        title: "渠道不支持结算（500321）",
        offline: true,
        notice: |_| Play::Refused(Code::NoSettlement),
        ..REFUSED
    },
    Situation {
        id: "unknown-credential",
        title: "该电子凭证不存在（500001）",
        notice: |_| Play::Refused(Code::CredentialNotFound),
        status: |_| Play::Refused(Code::CredentialNotFound),
        ..REFUSED
    },
    Situation {
        id: "too-frequent",
        title: "请求过于频繁（500084）",
        steps: &["扫码，发起通知：返回 500084", "3 秒之后重新发起通知", "点击确认结算"],
        notice: |moment| after(moment, Code::TooFrequent, FREQUENT_SECONDS),
        status: confirmed,
        ..REFUSED
    },
    Situation {
        id: "rate-limited",
        title: "触发限流（-6，Retry-After 2 秒）",
        steps: &[
            "扫码，发起通知：返回 -6",
            "等待 2 秒以上，重新发起通知（系统自动重试亦可）",
            "点击确认结算",
        ],
        notice: |moment| after(moment, Code::RateLimited, LIMITED_SECONDS),
        status: confirmed,
        ..REFUSED
    },
    Situation {
        id: "unknown-error",
        title: "未知异常（-1）",
        offline: true,
        notice: |_| Play::Refused(Code::Unknown),
        ..REFUSED
    },
    Situation {
        id: "center-timeout",
        title: "服务端请求超时（-3）",
        offline: true,
        notice: |_| Play::Refused(Code::Timeout),
        ..REFUSED
    },
];

/// The last one, because systems that correct their timestamps do so from then on.
pub(super) const LAST: [Situation; 1] = [Situation {
    id: "clock-drift",
    title: "时钟偏差（-2，附服务器时间）",
    section: "1.3.2.1、1.9",
    notice: |moment| in_time(moment, Play::Notified),
    status: |moment| in_time(moment, confirmed(moment)),
    ..REFUSED
}];

/// Refuses the first notice, and those that come before the time is over.
fn after(moment: &Moment, code: Code, seconds: u64) -> Play {
    match moment.last_notice {
        None => Play::Limited(code, seconds),
        Some((Play::Limited(..), at)) if moment.now.since(at) < Duration::from_secs(seconds) => {
            Play::Limited(code, seconds)
        }
        Some(_) => Play::Notified,
    }
}

/// As a center whose clock is half an hour ahead.
fn in_time(moment: &Moment, play: Play) -> Play {
    let right = moment.stamp.distance(moment.now.plus(SHIFT)) <= WINDOW;
    if right { play } else { Play::ClockOff }
}
