//! A play as bytes: what goes over the wire, honest and otherwise.

use http::StatusCode;
use yanmi_protocol::envelope;
use yanmi_protocol::message::notify;
use yanmi_protocol::message::status::{self, Extension};
use yanmi_protocol::{Amount, Code, SerialNo, Sm4Key, UnixMillis};

use crate::event::Op;
use crate::play::Play;
use crate::situation::VALID;
use crate::situations::{SHIFT, WINDOW};

/// A proxy's error page.
const HTML: &str = "<html><head><title>504 Gateway Time-out</title></head>\
<body><center><h1>504 Gateway Time-out</h1></center><hr><center>proxy</center></body></html>";

/// What an answer is made of.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) op: Op,
    pub(crate) key: &'a Sm4Key,
    pub(crate) other_key: &'a Sm4Key,
    pub(crate) now: UnixMillis,
    /// Of the answer when it is honest.
    pub(crate) serial: SerialNo,
    /// Of the answer when it is not.
    pub(crate) foreign: SerialNo,
    /// What was confirmed.
    pub(crate) amount: Option<Amount>,
    pub(crate) extended: bool,
}

/// How an answer goes out.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Whole.
    Whole(Answer),
    /// After the slow time.
    Late(Answer),
    /// Half of it, and then the connection ends.
    Half(Answer),
    /// The connection is reset.
    Reset,
    /// Nothing, for as long as the institution waits.
    Hang,
}

impl Delivery {
    /// The same with the mac that a request with this one is answered with (E13), where it is an answer at all.
    pub(crate) fn proven(self, key: &Sm4Key, mac: &str) -> Self {
        let prove = |answer: Answer| {
            let body = envelope::prove(key, mac, &answer.body).unwrap_or(answer.body);
            Answer { body, ..answer }
        };
        match self {
            Self::Whole(answer) => Self::Whole(prove(answer)),
            Self::Late(answer) => Self::Late(prove(answer)),
            Self::Half(answer) => Self::Half(prove(answer)),
            other => other,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) html: bool,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: String,
    /// The answer for the report, opened or in words.
    pub(crate) shown: String,
}

impl Answer {
    fn sealed(key: &Sm4Key, plain: String) -> Self {
        Self { body: envelope::success(key, plain.as_bytes()), ..Self::plain(StatusCode::OK, "", plain) }
    }

    fn plain(status: StatusCode, body: &str, shown: impl Into<String>) -> Self {
        Self { status, html: false, retry_after: None, body: body.to_owned(), shown: shown.into() }
    }

    /// A refusal of the protocol.
    pub(crate) fn refusal(code: Code, message: &str) -> Self {
        let shown = format!("{} {message}", code.number());
        Self::plain(StatusCode::OK, &envelope::refusal(code, message), shown)
    }
}

/// Makes the answer of a play.
pub(crate) fn make(play: Play, parts: &Parts<'_>) -> Delivery {
    let key = parts.key;
    Delivery::Whole(match play {
        Play::Notified | Play::Confirmed => Answer::sealed(key, good(parts)),
        Play::Late => return Delivery::Late(Answer::sealed(key, good(parts))),
        Play::NotNotified => Answer::sealed(key, flagged(parts.serial, "0")),
        Play::Unconfirmed => Answer::sealed(key, stage(parts, false, parts.serial)),
        Play::PasswordFree => Answer::refusal(Code::PasswordFree, Code::PasswordFree.message()),
        Play::Refused(Code::NoticeFailed) => {
            Answer::refusal(Code::NoticeFailed, &format!("{}渠道没有应答", Code::NoticeFailed.message()))
        }
        Play::Refused(code) => Answer::refusal(code, code.message()),
        Play::Limited(code, seconds) => limited(code, seconds),
        Play::ClockOff => clock_off(parts.now),
        Play::Extra => extra(parts),
        Play::Contradiction => {
            let sealed = envelope::seal(key, stage(parts, true, parts.serial).as_bytes());
            let body = format!(
                r#"{{"code":-1,"type":"error","message":"未知异常","success":false,"data":{{"encData":"{sealed}"}}}}"#
            );
            Answer::plain(StatusCode::OK, &body, "-1，data 中却有 checkStas \"1\"")
        }
        Play::Replayed | Play::Foreign => Answer::sealed(key, stage(parts, true, parts.foreign)),
        Play::WrongKey => {
            let answer = Answer::sealed(parts.other_key, good(parts));
            Answer { shown: "用别的密钥加密的成功应答".to_owned(), ..answer }
        }
        Play::Twice => {
            let plain = format!(r#"{{"checkStas":"0","checkStas":"1","resBizNo":"{}"}}"#, parts.serial);
            Answer::sealed(key, plain)
        }
        Play::Truncated => {
            let answer = Answer::sealed(key, good(parts));
            return Delivery::Half(Answer {
                shown: "成功应答的前一半，随后断开".to_owned(), ..answer
            });
        }
        Play::Html => Answer {
            html: true,
            ..Answer::plain(StatusCode::OK, HTML, "HTTP 200，代理的 HTML 错误页")
        },
        Play::Unavailable => Answer::plain(StatusCode::SERVICE_UNAVAILABLE, "", "HTTP 503"),
        Play::Reset => return Delivery::Reset,
        Play::Hang => return Delivery::Hang,
    })
}

/// The success of the call.
fn good(parts: &Parts<'_>) -> String {
    match parts.op {
        Op::Notice => notify::Answer::notified_json(parts.serial, None),
        Op::Status => stage(parts, true, parts.serial),
    }
}

fn flagged(serial: SerialNo, flag: &str) -> String {
    format!(r#"{{"resBizNo":"{serial}","notcFlag":"{flag}"}}"#)
}

/// The answer of a status query, with what the institution asked for beyond the specification.
fn stage(parts: &Parts<'_>, confirmed: bool, serial: SerialNo) -> String {
    if parts.op == Op::Notice {
        return flagged(serial, if confirmed { "1" } else { "0" });
    }
    let more = if confirmed {
        Extension {
            stage: "confirmed",
            description: "参保人已认证通过",
            next_step: "可继续办理医保业务并结算。",
            way: Some("01"),
            at: Some(parts.now),
            amount: parts.amount,
            valid_until: Some(parts.now.plus(VALID)),
            check_number: None,
        }
    } else {
        Extension {
            stage: "notified",
            description: "渠道应用已收到通知，等待参保人确认",
            next_step: "请参保人在展码渠道应用上完成认证。",
            way: None,
            at: None,
            amount: None,
            valid_until: None,
            check_number: None,
        }
    };
    status::answer_json(confirmed, serial, Some(&more).filter(|_| parts.extended))
}

fn limited(code: Code, seconds: u64) -> Answer {
    let answer = Answer::refusal(code, &format!("{}：请 {seconds} 秒后再试", code.message()));
    Answer { retry_after: Some(seconds).filter(|_| code == Code::RateLimited), ..answer }
}

/// In the center's words.
fn clock_off(now: UnixMillis) -> Answer {
    let (plain, seconds, now) = (Code::BadParameter.message(), WINDOW.as_secs(), now.plus(SHIFT));
    let why = format!("{plain}：timestamp 与服务器时间相差超过 {seconds} 秒，服务器时间为 {now}");
    Answer::refusal(Code::BadParameter, &why)
}

/// Members nobody knows, in the envelope and in the message, before and behind those that are known.
fn extra(parts: &Parts<'_>) -> Answer {
    let plain = good(parts);
    let inner = plain.trim_start_matches('{').trim_end_matches('}');
    let plain = format!(r#"{{"traceId":"a1b2","node":{{"no":3}},{inner},"remark":null,"list":[1,2]}}"#);
    let sealed = envelope::seal(parts.key, plain.as_bytes());
    let body = format!(
        r#"{{"requestId":"7f","data":{{"sign":null,"encData":"{sealed}","alg":"SM4"}},"message":"成功","elapsed":12,"type":"success","code":0}}"#
    );
    Answer { shown: plain, ..Answer::plain(StatusCode::OK, &body, "") }
}
