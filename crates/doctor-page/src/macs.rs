//! What is outside of a pasted request or answer, and its mac.

use yanmi_protocol::envelope::{self, RequestEnvelope, VERSION};
use yanmi_protocol::mac::{AnswerParts, RequestParts};
use yanmi_protocol::{Members, Region, Sm4Key};

use crate::answer::{Answer, Level};

/// Adds what there is to say of the envelope around an `encData`; nothing where only that was pasted.
pub(crate) fn check(answer: Answer, key: &Sm4Key, text: &str, path: &str, request_mac: &str) -> Answer {
    let text = text.trim();
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let Ok(members) = Members::parse(text) else { return answer };
    let has = |name: &'static str| members.raw(name).is_ok_and(|raw| raw.is_some());
    if has("orgId") || has("reqtType") {
        return of_request(answer, key, text, &members, path);
    }
    if has("code") { of_answer(answer, key, text, request_mac.trim()) } else { answer }
}

fn of_request(answer: Answer, key: &Sm4Key, text: &str, members: &Members<'_>, path: &str) -> Answer {
    // The page knows no center, so whichever region the request names is right.
    let named = members.optional_text("reqtType", envelope::MAX_BODY_BYTES).ok().flatten();
    let region = named.as_deref().and_then(|named| Region::new(named.rsplit('&').next()?).ok());
    let Some(region) = region.or_else(|| Region::new("350000").ok()) else { return answer };
    let request = match RequestEnvelope::parse(text.as_bytes(), region) {
        Ok(request) => request,
        Err(why) => return answer.with(Level::Bad, format!("报文外层：{why}（中心答复 -2）。")),
    };
    let answer = answer.with(Level::Good, "报文外层的各项齐全，写法正确。");
    let text = |name: &'static str| members.optional_text(name, envelope::MAX_BODY_BYTES).ok().flatten();
    let (enc_data, reqt_type) = (text("encData").unwrap_or_default(), text("reqtType").unwrap_or_default());
    let timestamp = request.timestamp.to_string();
    let (org_id, version) = (&*request.org_id, VERSION);
    let (reqt_type, timestamp, enc_data) = (&*reqt_type, timestamp.as_str(), &*enc_data);
    let right = key.mac().request(&RequestParts { path, org_id, version, reqt_type, timestamp, enc_data });
    match &request.mac {
        None => answer.with(Level::Note, format!("没有 mac（可选）。投到 {path} 的，mac 应为 {right}。")),
        Some(_) if request.is_proven(path, key) => answer.with(Level::Good, "mac 正确。"),
        Some(_) => {
            answer.with(Level::Bad, format!("mac 不对：投到 {path} 的应为 {right}。先核对接口地址与密钥。"))
        }
    }
}

fn of_answer(answer: Answer, key: &Sm4Key, text: &str, request_mac: &str) -> Answer {
    let parsed = match envelope::Answer::parse(text.as_bytes()) {
        Ok(parsed) => parsed,
        Err(why) => return answer.with(Level::Bad, format!("应答：{why}。")),
    };
    let parts = AnswerParts {
        request: request_mac,
        code: parsed.code,
        message: &parsed.message,
        enc_data: parsed.enc_data.as_deref(),
    };
    match &parsed.mac {
        None => answer,
        Some(_) if request_mac.is_empty() => {
            answer.with(Level::Note, "应答带有 mac：填上当时请求的 mac，就能核对它。")
        }
        Some(_) if parsed.is_proven(key, request_mac) => {
            answer.with(Level::Good, "mac 正确，是这次请求的应答。")
        }
        Some(_) => answer.with(
            Level::Bad,
            format!("mac 不对：应为 {}。应答被改过，或不是这次请求的。", key.mac().answer(&parts)),
        ),
    }
}
