//! What happened to one code at one institution, as a conclusion: what it is now, the first step that did not happen, and
//! who does what next. A pure function over the events; its table is its test.
//!
//! The chain is: the institution asks, the channel takes the notice, the person answers, the institution is told. That
//! somebody was told is not recorded (a status query that is answered leaves nothing), so of the last step only its
//! refusals are known.

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, Code, UnixMillis};
use yanmi_verification::{DeclineReason, Event, State, Verification};

use super::{LOST, Refused};

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Happened {
    /// When.
    pub at: UnixMillis,
    /// What.
    pub kind: StepKind,
    /// The channel's code, where one had to do with it.
    pub channel: Option<String>,
    /// The notice.
    pub notice: Option<i64>,
    /// The amount.
    pub amount: Option<Amount>,
}

/// What it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepKind {
    /// The ledger decided it; the detail of the audit.
    Decided(Event, Option<String>),
    /// It was refused.
    Refused(Refused),
}

/// A step of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The institution asks, and is let in.
    Asked,
    /// The channel takes the notice.
    Taken,
    /// The person answers.
    Answered,
    /// The institution is told.
    Told,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Taken, Self::Answered, Self::Told];

    /// The step in Chinese.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Asked => "机构发起并被受理",
            Self::Taken => "渠道应用收下通知",
            Self::Answered => "参保人确认",
            Self::Told => "机构得知结果",
        }
    }

    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Taken => "taken",
            Self::Answered => "answered",
            Self::Told => "told",
        }
    }
}

/// The conclusion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What it is now.
    pub now: String,
    /// The first step that did not happen; nothing when all that can be known did.
    pub missing: Option<Step>,
    /// Who has to do something.
    pub who: &'static str,
    /// What.
    pub next: String,
}

/// How far the latest attempt came.
enum Reached<'a> {
    Nothing,
    Asked,
    NotTaken(&'a str),
    Taken,
    WrongPassword,
    Confirmed(Way, UnixMillis),
    Ended(Event),
    Free(Event),
}

/// Explains what happened, in the order of time. `standing` is what is stored about it, as long as that is kept; `complete`
/// says whether all of it was read.
pub fn explain(happened: &[Happened], standing: Option<&Verification>, now: UnixMillis) -> Explanation {
    let reached = reached(happened);
    let last = happened.iter().rev().find_map(|one| match &one.kind {
        StepKind::Refused(refused) if !refused.is_summed() && refused.op != LOST => Some((one.at, refused)),
        _ => None,
    });
    let progress = happened.iter().rev().find(|one| is_progress(&one.kind)).map(|one| one.at);
    // A refusal after the last progress is what the institution has seen last.
    let since = last.filter(|(at, _)| progress.is_none_or(|progress| *at >= progress)).map(|(_, it)| it);
    match (reached, since) {
        (Reached::Nothing, Some(refused)) => by_code(refused, Step::Asked),
        (Reached::Nothing, None) => nothing(standing, now),
        (Reached::Asked, _) => asked(standing, now),
        (Reached::NotTaken(reason), _) => not_taken(reason),
        (Reached::Taken, _) => taken(standing, now, false),
        (Reached::WrongPassword, _) => taken(standing, now, true),
        (Reached::Confirmed(way, at), since) => confirmed(way, at, standing, now, since),
        (Reached::Ended(event), _) => ended(event),
        (Reached::Free(event), _) => Explanation {
            now: if event == Event::FreeOnWord {
                "免密放行（500320），依据是渠道应用的答复".to_owned()
            } else {
                "免密放行（500320），参保人已在渠道应用开通免密".to_owned()
            },
            missing: None,
            who: "机构",
            next: "按 500320 处理：不需要密码，直接结算。".to_owned(),
        },
    }
}

fn is_progress(kind: &StepKind) -> bool {
    matches!(kind, StepKind::Decided(event, _) if *event != Event::PageOpened)
}

fn reached(happened: &[Happened]) -> Reached<'_> {
    let mut reached = Reached::Nothing;
    for one in happened {
        let StepKind::Decided(event, detail) = &one.kind else { continue };
        reached = match *event {
            Event::Asked | Event::AskedAgain | Event::Superseded | Event::TookOver | Event::Voided => {
                Reached::Asked
            }
            Event::Delivered => Reached::Taken,
            Event::Undelivered => Reached::NotTaken(detail.as_deref().unwrap_or_default()),
            Event::WrongPassword => Reached::WrongPassword,
            Event::Confirmed(way) => Reached::Confirmed(way, one.at),
            Event::Cancelled
            | Event::NotMe
            | Event::ChannelFailed
            | Event::PasswordLocked
            | Event::HandedOver => Reached::Ended(*event),
            Event::FreeUsed | Event::FreeOnWord => Reached::Free(*event),
            // What follows a confirmation, and what is about pages and settings, leaves it where it is.
            Event::Stands
            | Event::FreeOn
            | Event::FreeOff
            | Event::PageOpened
            | Event::LinkUnknown
            | Event::LinkExpired
            | Event::LinkShared => reached,
        };
    }
    reached
}

/// A refusal says itself who does what.
fn by_code(refused: &Refused, missing: Step) -> Explanation {
    let code = Code::from_number(refused.code);
    let cause = refused.cause.as_ref().map(|cause| format!("（{cause}）")).unwrap_or_default();
    let words = code.map_or("未知返回码", Code::message);
    let (who, next) = refused.advice();
    Explanation {
        now: format!("被拒绝，返回码 {}：{words}{cause}", refused.code),
        missing: Some(missing),
        who,
        next,
    }
}

fn nothing(standing: Option<&Verification>, now: UnixMillis) -> Explanation {
    match standing.map(|verification| verification.state_at(now)) {
        None => Explanation {
            now: "没有发起过通知".to_owned(),
            missing: Some(Step::Asked),
            who: "机构系统",
            next: "核对请求是否到达本中心：地址、密钥、机构代码；到达而被拒绝的，用 yanmi denied 查。"
                .to_owned(),
        },
        Some(State::Undelivered { reason, .. }) => not_taken(reason.code()),
        Some(State::Verified { way, at, .. }) => confirmed(way, at, standing, now, None),
        Some(State::Declined { reason, .. }) => ended(match reason {
            DeclineReason::Cancelled => Event::Cancelled,
            DeclineReason::NotMe => Event::NotMe,
            DeclineReason::WrongPassword => Event::PasswordLocked,
            DeclineReason::ChannelFailed => Event::ChannelFailed,
        }),
        Some(State::Asked) => asked(standing, now),
        Some(State::Notified { .. } | State::Expired { .. }) => taken(standing, now, false),
    }
}

fn asked(standing: Option<&Verification>, now: UnixMillis) -> Explanation {
    let open = standing.is_some_and(|verification| verification.is_open(now));
    Explanation {
        now: if open {
            "已发起，正在送往渠道应用".to_owned()
        } else {
            "已发起，但没有记下渠道应用是否收下：中心在投递途中停止，或结果在所查时间之外".to_owned()
        },
        missing: Some(Step::Taken),
        who: if open { "机构" } else { "经办人员" },
        next: if open { "等几秒再查。" } else { "重新发起通知。" }.to_owned(),
    }
}

/// What a failed delivery means, who sees to it, and how.
pub(super) fn delivery_failure(reason: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match reason {
        "unreachable" => {
            ("连不上渠道应用", "中心运维", "查网络、渠道是否在运行、yanmi channel list 中登记的通知地址。")
        }
        "timed_out" => ("渠道应用没有按时应答", "渠道应用", "查它在这一时刻为什么慢；5 秒之内要答复。"),
        "refused" => ("渠道应用拒收通知", "渠道应用", "说明为什么拒收；刚换过密钥的，双方核对密钥校验值。"),
        "server_error" => ("渠道应用返回服务器错误（5xx）", "渠道应用", "查它自己的日志。"),
        "bad_answer" => ("渠道应用的应答看不懂或解不开", "渠道应用", "双方核对密钥校验值与应答的格式。"),
        "busy" => (
            "同时投给这个渠道的通知已满",
            "中心运维",
            "渠道变慢了；确实需要时调高 delivery.in_flight_per_channel。",
        ),
        "resting" => ("这个渠道连续失败，暂停投递中", "渠道应用", "看暂停之前的失败原因；恢复后自动放行。"),
        "address_refused" => {
            ("渠道的通知地址不在允许的网络之内", "中心运维", "查域名解析与设置 outbound.allow。")
        }
        _ => return None,
    })
}

fn not_taken(reason: &str) -> Explanation {
    let unknown = ("渠道应用没有收下通知", "中心运维", "查请求日志中这一时刻的行。");
    let (words, who, next) = delivery_failure(reason).unwrap_or(unknown);
    Explanation {
        now: format!("通知没有送达：{words}"),
        missing: Some(Step::Taken),
        who,
        next: format!("{next}经办人员此时可重新发起，或请参保人换一个渠道应用。"),
    }
}

fn taken(standing: Option<&Verification>, now: UnixMillis, wrong: bool) -> Explanation {
    let open = standing.is_some_and(|verification| verification.is_open(now));
    let wrong = if wrong { "，输错过密码" } else { "" };
    if open {
        return Explanation {
            now: format!("渠道应用已收下通知，等参保人确认{wrong}"),
            missing: Some(Step::Answered),
            who: "参保人",
            next: "在渠道应用的消息中打开通知并确认；看不到的，经办人员再发起一次即再次提醒。".to_owned(),
        };
    }
    Explanation {
        now: format!("渠道应用收下了通知，参保人没有在有效时间内确认{wrong}"),
        missing: Some(Step::Answered),
        who: "经办人员",
        next: "重新发起通知，并请参保人当面打开渠道应用；应用里没有通知的，由渠道应用查它的推送。".to_owned(),
    }
}

fn confirmed(
    way: Way,
    at: UnixMillis,
    standing: Option<&Verification>,
    now: UnixMillis,
    since: Option<&Refused>,
) -> Explanation {
    let way = match way {
        Way::CredentialPassword => "医保电子凭证密码",
        Way::Face => "刷脸",
        Way::ChannelPassword => "渠道应用支付密码",
    };
    let said = format!("参保人已于 {} 确认（{way}）", at.shanghai_text());
    if let Some(refused) = since {
        let told = by_code(refused, Step::Told);
        return Explanation { now: format!("{said}；之后机构的请求{}", told.now), ..told };
    }
    let valid = match standing.map(|verification| verification.state_at(now)) {
        Some(State::Verified { valid_until, .. }) => Some(valid_until),
        _ => None,
    };
    match valid {
        Some(until) if now < until => Explanation {
            now: format!("{said}，有效至 {}", until.shanghai_text()),
            missing: None,
            who: "机构",
            next: "查询状态即得 checkStas 为 1；查询成功不留记录，机构说没有得到的，请它出示应答。"
                .to_owned(),
        },
        _ => Explanation {
            now: format!("{said}，确认的有效时间已过"),
            missing: None,
            who: "经办人员",
            next: "当时没有结算的，重新发起通知。".to_owned(),
        },
    }
}

fn ended(event: Event) -> Explanation {
    let (now, who, next) = match event {
        Event::Cancelled => ("参保人取消了", "经办人员", "问明原因后重新发起通知，或采用线下密码核验。"),
        Event::NotMe => (
            "参保人表示非本人办理",
            "经办人员",
            "核实持码人身份；静默期内不再通知，核实为本人的采用线下密码核验。",
        ),
        Event::ChannelFailed => {
            ("渠道应用报告确认没有成功", "渠道应用", "说明为什么没有成功；经办人员可重新发起通知。")
        }
        Event::PasswordLocked => {
            ("密码连续输错，已锁定", "参保人", "等锁定时间过后再试，或改用刷脸、渠道应用支付密码。")
        }
        Event::HandedOver => (
            "参保人换了一个二维码，由新的令牌接着办",
            "经办人员",
            "按新的令牌查（同一机构、同一时间的另一条）。",
        ),
        _ => ("已结束", "经办人员", "重新发起通知。"),
    };
    Explanation { now: now.to_owned(), missing: Some(Step::Answered), who, next: next.to_owned() }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
