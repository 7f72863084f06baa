//! From a reply to the message sealed in it, the same for channels and the national center.

use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{Answer, PlainText};

use super::Reply;

/// Why a reply holds no message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unusable {
    /// HTTP 5xx, this one.
    ServerError(u16),
    /// The other side refused: its code and its own words, which are not to be trusted.
    Refused {
        /// Never 0.
        code: i64,
        /// May hold anything.
        message: String,
    },
    /// It cannot be understood; why, in Chinese, without a word of what was sent.
    Bad(String),
}

/// What an answer has to prove.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof<'a> {
    /// The mac of the request it is to be about.
    pub(crate) mac: &'a str,
    /// Whether an answer without a mac is none.
    pub(crate) required: bool,
}

/// The message in an answer.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) plain: PlainText,
    /// Whether a mac proved it.
    pub(crate) proven: bool,
}

/// Opens the answer in a reply. A refusal is taken from a 4xx as well, since some servers answer with it in
/// spite of E11; a message is believed in a 2xx only. A mac is checked where there is one (E13).
pub(crate) fn open(reply: &Reply, key: &Sm4Key, proof: Option<Proof<'_>>) -> Result<Opened, Unusable> {
    let status = reply.status;
    if (500..600).contains(&status) {
        return Err(Unusable::ServerError(status));
    }
    let unexpected = || Unusable::Bad(format!("HTTP 状态 {status}"));
    if !matches!(status, 200..300 | 400..500) {
        return Err(unexpected());
    }
    let answer = match Answer::parse(&reply.body) {
        Ok(answer) => answer,
        Err(why) if status < 300 => return Err(Unusable::Bad(why.to_string())),
        Err(_) => return Err(unexpected()),
    };
    let fits = proof.is_none_or(|proof| match answer.mac {
        Some(_) => answer.is_proven(key, proof.mac),
        None => !proof.required,
    });
    if !fits {
        let why = if answer.mac.is_some() { "应答的 mac 不符" } else { "应答没有 mac" };
        return Err(Unusable::Bad(why.to_owned()));
    }
    if answer.code != 0 {
        return Err(Unusable::Refused { code: answer.code, message: answer.message });
    }
    if status >= 300 {
        return Err(unexpected());
    }
    let proven = proof.is_some() && answer.mac.is_some();
    let plain = answer.open(key).map_err(|why| Unusable::Bad(why.to_string()))?;
    Ok(Opened { plain, proven })
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::envelope;

    use super::*;

    #[test]
    fn what_a_reply_is_taken_for() {
        let key = Sm4Key::from_bytes(&[7; 16]);
        let other = Sm4Key::from_bytes(&[8; 16]);
        let good = envelope::success(&key, b"{\"rcvFlag\":\"1\"}");
        let refusal = r#"{"code":500093,"message":"no"}"#;
        let refused = Err(Unusable::Refused { code: 500_093, message: "no".to_owned() });
        let bad = |why: &str| Err(Unusable::Bad(why.to_owned()));
        for (status, body, outcome) in [
            (200, good.as_str(), Ok("{\"rcvFlag\":\"1\"}".to_owned())),
            (201, &good, Ok("{\"rcvFlag\":\"1\"}".to_owned())),
            (400, &good, bad("HTTP 状态 400")),
            (302, &good, bad("HTTP 状态 302")),
            (500, &good, Err(Unusable::ServerError(500))),
            (200, refusal, refused.clone()),
            (403, refusal, refused),
            (503, refusal, Err(Unusable::ServerError(503))),
            (404, "<html>", bad("HTTP 状态 404")),
            (200, "<html>", bad("报文不是合法的 JSON：像是网页或 XML")),
            (200, "", bad("报文不是合法的 JSON：内容为空")),
            (200, "{}", bad("code 缺失或为空")),
            (200, "{\"code\":0}", bad("应答缺少 data.encData")),
            (
                200,
                &envelope::success(&other, b"{}"),
                bad("应答无法解密：末块不是 PKCS7 填充（密钥不符、填充方式或加密模式不对）"),
            ),
        ] {
            let reply = Reply { status, body: body.to_owned().into() };
            let opened = open(&reply, &key, None).map(|opened| opened.plain.as_str().to_owned());
            assert_eq!(opened, outcome, "{status} {body}");
        }
    }
}
