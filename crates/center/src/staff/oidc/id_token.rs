//! The `id_token` of the token endpoint's answer (`OpenID` Connect Core 1.0, 3.1.3.7).
//!
//! It came from the token endpoint itself, over TLS, so its signature is not looked at (point 6 there); everything else is.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;
use yanmi_protocol::UnixMillis;

/// By how much the two clocks may differ.
const LEEWAY: Duration = Duration::from_mins(1);
/// An `id_token` is made when the code is redeemed; one that is older is of another login.
const OLDEST: Duration = Duration::from_mins(10);
/// The most characters of `sub`.
const MAX_SUBJECT: usize = 255;
/// The most characters of what somebody is called that are shown.
const MAX_NAME: usize = 80;
/// Values of `amr` (RFC 8176) that say there was more than a password.
const SECOND_FACTORS: [&str; 4] = ["mfa", "otp", "hwk", "sc"];

/// Who somebody is there. `Debug` shows nothing.
pub(crate) struct ProviderIdentity {
    /// What he never ceases to be called there.
    pub(crate) subject: String,
    /// What he is called there, to be shown to himself.
    pub(crate) name: String,
    /// Whether a second factor was asked for.
    pub(crate) has_second_factor: bool,
}

impl std::fmt::Debug for ProviderIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProviderIdentity(…)")
    }
}

/// What a token has to be about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: UnixMillis,
}

/// Reads a token; what is wrong with it, in Chinese, without a word of what it says.
pub(super) fn read(token: &str, expected: Expected<'_>) -> Result<ProviderIdentity, String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, _] = parts[..] else { return Err("id_token 不是三段的 JWT".to_owned()) };
    let claims = BASE64.decode(claims).map_err(|_| "id_token 的内容不是 base64url".to_owned())?;
    let claims: Map<String, Value> =
        serde_json::from_slice(&claims).map_err(|_| "id_token 的内容不是一个 JSON 对象".to_owned())?;
    if text(&claims, "iss")? != expected.issuer {
        return Err("id_token 的 iss 不是设置的 issuer".to_owned());
    }
    check_audience(&claims, expected.client_id)?;
    check_times(&claims, expected.now)?;
    if !bool::from(text(&claims, "nonce")?.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err("id_token 的 nonce 不是这一次登录的".to_owned());
    }
    let subject = text(&claims, "sub")?;
    if !(1..=MAX_SUBJECT).contains(&subject.len()) || !subject.is_ascii() {
        return Err(format!("id_token 的 sub 应为 1 至 {MAX_SUBJECT} 个 ASCII 字符"));
    }
    let methods = match claims.get("amr") {
        None => &[][..],
        Some(Value::Array(methods)) => methods,
        Some(_) => return Err("id_token 的 amr 不是列表".to_owned()),
    };
    let called = ["preferred_username", "name"].into_iter().find_map(|name| claims.get(name)?.as_str());
    Ok(ProviderIdentity {
        subject: subject.to_owned(),
        name: called.unwrap_or(subject).chars().filter(|c| !c.is_control()).take(MAX_NAME).collect(),
        has_second_factor: methods.iter().filter_map(Value::as_str).any(|m| SECOND_FACTORS.contains(&m)),
    })
}

/// It is for this client, and who else it is for, this client asked for it.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), String> {
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => return Err("缺少 id_token 的 aud，或者它不是字符串".to_owned()),
    };
    if !audience.contains(&client_id) {
        return Err("id_token 的 aud 不是本中心的 client_id".to_owned());
    }
    match claims.get("azp") {
        Some(party) if party.as_str() != Some(client_id) => {
            Err("id_token 的 azp 不是本中心的 client_id".to_owned())
        }
        None if audience.len() > 1 => Err("id_token 有几个 aud 却没有 azp".to_owned()),
        _ => Ok(()),
    }
}

fn check_times(claims: &Map<String, Value>, now: UnixMillis) -> Result<(), String> {
    if now >= time(claims, "exp")?.plus(LEEWAY) {
        return Err("id_token 已过期（请检查两边的时钟）".to_owned());
    }
    let made = time(claims, "iat")?;
    if made > now.plus(LEEWAY) {
        return Err("id_token 的 iat 在以后（请检查两边的时钟）".to_owned());
    }
    if now > made.plus(OLDEST) {
        return Err("id_token 的 iat 是很久以前（请检查两边的时钟）".to_owned());
    }
    Ok(())
}

/// A time in seconds, which may have a fraction.
fn time(claims: &Map<String, Value>, name: &str) -> Result<UnixMillis, String> {
    let seconds = claims.get(name).and_then(Value::as_f64).filter(|seconds| (0.0..1e11).contains(seconds));
    let seconds = seconds.ok_or_else(|| format!("缺少 id_token 的 {name}，或者它不是秒数"))?;
    Ok(UnixMillis::new(0).plus(Duration::from_secs_f64(seconds)))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    let found = claims.get(name).and_then(Value::as_str);
    found.ok_or_else(|| format!("缺少 id_token 的 {name}，或者它不是字符串"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_763_869_440;

    fn read_claims(claims: &Value) -> Result<ProviderIdentity, String> {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let token = format!("{}.{}.c2ln", part(&json!({ "alg": "RS256" })), part(claims));
        let now = UnixMillis::new(NOW * 1_000);
        read(&token, Expected { issuer: "https://sso.example", client_id: "yanmi", nonce: "n1", now })
    }

    fn claims() -> Value {
        json!({
            "iss": "https://sso.example", "aud": "yanmi", "sub": "u-1", "nonce": "n1",
            "iat": NOW, "exp": NOW + 300, "name": "张\u{7}三",
        })
    }

    #[test]
    fn a_token_says_who_it_is_and_whether_there_was_a_second_factor() {
        let identity = read_claims(&claims()).expect("a token");
        assert_eq!((identity.subject.as_str(), identity.name.as_str()), ("u-1", "张三"));
        assert!(!identity.has_second_factor);
        assert_eq!(format!("{identity:?}"), "ProviderIdentity(…)");
        for (amr, second) in [
            (json!(["pwd", "mfa"]), true),
            (json!(["otp"]), true),
            (json!(["hwk", "pin"]), true),
            (json!(["sc"]), true),
            (json!(["pwd"]), false),
            (json!([1]), false),
            (json!([]), false),
        ] {
            let mut claims = claims();
            claims["amr"] = amr.clone();
            assert_eq!(read_claims(&claims).expect("a token").has_second_factor, second, "{amr}");
        }
        let mut several = claims();
        several["aud"] = json!(["other", "yanmi"]);
        several["azp"] = json!("yanmi");
        several["iat"] = json!(f64::from(1_763_869_440) + 0.5);
        assert!(read_claims(&several).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_token_is_named_and_not_repeated() {
        for (member, value, words) in [
            ("iss", json!("https://evil.example"), "iss"),
            ("iss", json!(null), "缺少 id_token 的 iss"),
            ("aud", json!("evil"), "aud 不是"),
            ("aud", json!(["evil", "worse"]), "aud 不是"),
            ("aud", json!(["evil", "yanmi"]), "没有 azp"),
            ("aud", json!(7), "缺少 id_token 的 aud"),
            ("azp", json!("evil"), "azp"),
            ("azp", json!(7), "azp"),
            ("exp", json!(NOW - 60), "已过期"),
            ("exp", json!("evil"), "缺少 id_token 的 exp"),
            ("exp", json!(-1), "缺少 id_token 的 exp"),
            ("exp", json!(1e300), "缺少 id_token 的 exp"),
            ("iat", json!(NOW + 61), "在以后"),
            ("iat", json!(NOW - 601), "很久以前"),
            ("nonce", json!("evil"), "nonce 不是"),
            ("nonce", json!(null), "缺少 id_token 的 nonce"),
            ("sub", json!(""), "sub"),
            ("sub", json!("evil".repeat(64)), "sub"),
            ("sub", json!("某人 evil"), "sub"),
            ("sub", json!(17), "缺少 id_token 的 sub"),
            ("amr", json!("evil"), "amr"),
        ] {
            let mut claims = claims();
            claims[member] = value;
            let error = read_claims(&claims).expect_err(words);
            assert!(error.contains(words) && !error.contains("evil"), "{member}: {error}");
        }
        let expected =
            Expected { issuer: "i", client_id: "c", nonce: "n", now: UnixMillis::new(NOW * 1_000) };
        for token in ["", "a.b", "a.b.c.d.e", "a.!.c", "a.bm8.c", "a.W10.c"] {
            assert!(read(token, expected).is_err(), "{token}");
        }
    }
}
