//! A play as bytes: what goes over the wire to the app, honest and otherwise.

use yanmi_protocol::envelope;
use yanmi_protocol::message::auth_result::{self, Accepted};
use yanmi_protocol::message::channel_notice::Notice;
use yanmi_protocol::message::{password_free, pending};
use yanmi_protocol::{Code, Sm4Key};

use crate::play::Play;

/// What an answer is made of.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) key: &'a Sm4Key,
    pub(crate) other_key: &'a Sm4Key,
    /// The mac of the request, where it has the right one.
    pub(crate) mac: Option<&'a str>,
    /// What is pending.
    pub(crate) pending: &'a [Notice],
    /// `openFlag`.
    pub(crate) switch: bool,
}

/// How an answer goes out.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// As this body.
    Body(String),
    /// The connection is reset.
    Reset,
    /// Nothing, for as long as the app waits.
    Hang,
}

/// The answer to another request than any there is.
const FOREIGN_MAC: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Makes the answer of a play, and the words for it.
pub(crate) fn make(play: Play, parts: &Parts<'_>) -> (Outgoing, String) {
    let yes = auth_result::answer_json(Accepted::Yes);
    let (plain, key, mac) = match play {
        Play::Accepted => (yes, parts.key, parts.mac),
        Play::WrongPassword(tries_left) => {
            (auth_result::answer_json(Accepted::WrongPassword { tries_left }), parts.key, parts.mac)
        }
        Play::Pending => (pending::answer_json(parts.pending), parts.key, parts.mac),
        Play::Switched => (password_free::answer_json(parts.switch), parts.key, parts.mac),
        Play::Refused(code) => return (refused(code, code.message(), parts), refusal_words(code)),
        Play::WrongMac => {
            // Sealed by us, its mac made with another key.
            let body = envelope::success(parts.key, yes.as_bytes());
            let body = parts.mac.and_then(|mac| envelope::prove(parts.other_key, mac, &body)).unwrap_or(body);
            return (Outgoing::Body(body), "成功应答，mac 不符".to_owned());
        }
        Play::PlayedBack => (yes, parts.key, Some(FOREIGN_MAC)),
        Play::WrongKey => (yes, parts.other_key, None),
        Play::Reset => return (Outgoing::Reset, "连接被重置".to_owned()),
        Play::Hang => return (Outgoing::Hang, "没有应答".to_owned()),
    };
    let body = envelope::success(key, plain.as_bytes());
    // The mac of what is sealed with another key is the right one all the same.
    let mac = if play == Play::WrongKey { parts.mac } else { mac };
    let body = match mac {
        Some(mac) => envelope::prove(parts.key, mac, &body).unwrap_or(body),
        None => body,
    };
    let words = match play {
        Play::PlayedBack => "重放的成功应答（mac 属于别的请求）".to_owned(),
        Play::WrongKey => "用别的密钥加密的成功应答".to_owned(),
        Play::Pending => format!("待办通知 {} 条", parts.pending.len()),
        _ => plain,
    };
    (Outgoing::Body(body), words)
}

/// A refusal in the center's words.
pub(crate) fn refused(code: Code, message: &str, parts: &Parts<'_>) -> Outgoing {
    Outgoing::Body(envelope::refusal_for(parts.key, parts.mac, code, message))
}

fn refusal_words(code: Code) -> String {
    format!("{} {}", code.number(), code.message())
}
