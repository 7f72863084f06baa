//! Whatever is wrong is named, in Chinese, and nothing was done.

use serde_json::json;

use crate::door::Door;

fn fault(status: u16, code: &str, member: Option<&str>) -> (u16, String, Option<String>) {
    (status, code.to_owned(), member.map(str::to_owned))
}

#[test]
fn without_the_token_nothing_is_told() {
    let door = Door::open();
    let short = &door.token[1..];
    let basic = format!("Basic {}", door.token);
    for wrong in ["", "Bearer", "Bearer ", "Bearer x", &format!("Bearer {short}"), &basic] {
        let headers = [("authorization", wrong)];
        for (method, path) in
            [("GET", "/visits"), ("POST", "/visits"), ("POST", "/links"), ("GET", "/nowhere")]
        {
            let heard = door.bare(method, path, &headers, b"");
            assert_eq!(heard.fault(), fault(401, "noToken", None), "{wrong} {path}");
            assert_eq!(heard.head["www-authenticate"], "Bearer");
        }
    }
    let lower = format!("bearer {}", door.token);
    assert_eq!(door.bare("GET", "/visits", &[("authorization", &lower)], b"").status, 200);
}

#[test]
fn pages_of_others_get_nothing_even_with_the_token() {
    let door = Door::open();
    let bearer = format!("Bearer {}", door.token);
    for (name, value) in [
        ("host", "rebound.example:8360"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let headers = [("authorization", bearer.as_str()), (name, value)];
        let heard = door.bare("GET", "/visits", &headers, b"");
        assert_eq!(heard.fault(), fault(403, "notFromHere", None), "{name}: {value}");
    }
    assert_eq!(door.bare("GET", "/openapi.json", &[("host", "rebound.example")], b"").status, 403);
    assert_eq!(door.bare("GET", "/openapi.json", &[], b"").status, 200);
    assert_eq!(door.bare("GET", "/healthz", &[], b"").text, r#"{"status":"ok"}"#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, read as one")]
fn bodies_and_members() {
    let door = Door::open();
    let begun = door.well("POST", "/visits", &json!({"medium": "idCard"}));
    let visit = format!("/visits/{}", begun["visit"]["id"].as_str().expect("an id"));
    let (notice, offline) = (format!("{visit}/notice"), format!("{visit}/offline"));
    let token = "350000ec7ioqup8p1o0761820a0000f1f8b13d";
    let long = format!(r#"{{"reference":"{}","medium":"idCard"}}"#, "号".repeat(65));
    let both = format!(r#"{{"ecToken":"{token}","ecQrCode":"4243754826492874240001130000"}}"#);
    for (path, body, status, code, member) in [
        ("/visits", "{", 400, "badBody", None),
        ("/visits", "[]", 400, "badBody", None),
        ("/visits", "", 400, "badMember", Some("ecQrCode")),
        ("/visits", r#"{"ecQrCode":"https://example.com"}"#, 400, "badMember", Some("ecQrCode")),
        ("/visits", r#"{"ecQrCode":4243754826492874240001130000}"#, 400, "badMember", Some("ecQrCode")),
        ("/visits", r#"{"medium":"card"}"#, 400, "badMember", Some("medium")),
        ("/visits", r#"{"ecToken":"a b"}"#, 400, "badMember", Some("ecToken")),
        ("/visits", &both, 400, "badMember", Some("ecToken")),
        (
            "/visits",
            r#"{"medium":"idCard","ecQrCode":"4243754826492874240001130000"}"#,
            400,
            "badMember",
            Some("ecQrCode"),
        ),
        ("/visits", &long, 400, "badMember", Some("reference")),
        ("/visits", r#"{"medium":"idCard","mediun":"x"}"#, 400, "unknownMember", None),
        (&notice, r#"{"amount":128.5}"#, 400, "badMember", Some("amount")),
        (&notice, r#"{"amount":"-1"}"#, 400, "badMember", Some("amount")),
        (&notice, r#"{"amount":"1e9"}"#, 400, "badMember", Some("amount")),
        (&notice, r#"{"amount":"999999999999999"}"#, 400, "badMember", Some("amount")),
        (&notice, r#"{"amount":"一百"}"#, 400, "badMember", Some("amount")),
        (&notice, r#"{"amount":"1"}"#, 409, "wrongStep", None),
        (&offline, r#"{"outcome":"passed"}"#, 400, "badMember", Some("way")),
        (&offline, r#"{"way":"online","outcome":"passed"}"#, 409, "wrongStep", None),
        (&offline, r#"{"way":"terminalFace"}"#, 409, "wrongStep", None),
        (&offline, r#"{"way":"libraryPassword"}"#, 409, "wrongStep", None),
        (&offline, r#"{"way":"libraryPassword","password":"111111"}"#, 400, "unknownMember", None),
        // A member that stands twice is nobody's, whichever of the two comes first and however it is spelled.
        (
            &offline,
            r#"{"way":"terminalFace","outcome":"failed","outcome":"passed","serial":"T1"}"#,
            400,
            "badMember",
            Some("outcome"),
        ),
        (
            &offline,
            r#"{"way":"terminalFace","outcome":"passed","out\u0063ome":"failed","serial":"T1"}"#,
            400,
            "badMember",
            Some("outcome"),
        ),
        (
            &offline,
            r#"{"way":"terminalFace","outcome":null,"outcome":"passed"}"#,
            400,
            "badMember",
            Some("outcome"),
        ),
        (&notice, r#"{"amount":"1","amount":"1"}"#, 400, "badMember", Some("amount")),
        ("/visits", r#"{"medium":"idCard","medium":"qrCode"}"#, 400, "badMember", Some("medium")),
    ] {
        let heard = door.ask("POST", path, body);
        assert_eq!(heard.fault(), fault(status, code, member), "{path} {body}: {}", heard.text);
        assert!(!heard.text.contains("111111") && !heard.text.contains(token), "{}", heard.text);
    }
    for query in [
        "",
        "?amount=",
        "?amount=abc",
        "?amount=1&amount=2",
        "?amount=1.234",
        "?amount=1&kind=2101",
        "?amont=1",
    ] {
        assert_eq!(door.ask("GET", &format!("{visit}/gate{query}"), "").status, 400, "{query}");
    }
    assert_eq!(
        door.ask("GET", &format!("{visit}?wait=31"), "").fault(),
        fault(400, "badMember", Some("wait"))
    );
    let heard = door.bare(
        "POST",
        "/visits",
        &[("authorization", &format!("Bearer {}", door.token))],
        b"{\"reference\":\"\xC4\xE3\"}",
    );
    assert_eq!(heard.fault(), fault(400, "badBody", None), "GBK");
    let kept = door.well("GET", &visit, &json!(null));
    assert_eq!((&kept["visit"]["offline"], &kept["visit"]["way"]), (&json!(null), &json!(null)));
    // A byte-order mark is no part of the text.
    let marked = format!("\u{FEFF}{}", r#"{"amount":"x"}"#);
    assert_eq!(door.ask("POST", &notice, &marked).fault(), fault(400, "badMember", Some("amount")));
    let charset = &door.ask("GET", &visit, "").head["content-type"];
    assert_eq!(charset, "application/json;charset=UTF-8");
    // Nothing of all this began a visit.
    assert_eq!(door.well("GET", "/visits", &json!(null))["visits"].as_array().map(Vec::len), Some(1));
}

#[test]
fn addresses_methods_visits_and_sizes() {
    let door = Door::open();
    let nobody = "0123456789abcdef0123456789abcdef";
    for (method, path, status, code) in [
        ("GET", "/nowhere", 404, "noSuchAddress"),
        ("PUT", "/visits", 405, "wrongMethod"),
        ("POST", "/visits/x/gate", 405, "wrongMethod"),
        ("GET", "/visits/x/gate?amount=1", 404, "noSuchVisit"),
        ("GET", &format!("/visits/{nobody}/gate?amount=1"), 404, "noSuchVisit"),
        ("GET", &format!("/visits/{nobody}"), 404, "noSuchVisit"),
        ("POST", &format!("/visits/{nobody}/notice"), 404, "noSuchVisit"),
        ("GET", &format!("/visits/{}", nobody.to_uppercase()), 404, "noSuchVisit"),
    ] {
        assert_eq!(door.ask(method, path, "").fault(), fault(status, code, None), "{method} {path}");
    }
    let whole = format!("{{\"medium\":\"idCard\"{}}}", " ".repeat(yanmi_agent::MAX_BODY));
    assert_eq!(door.ask("POST", "/visits", &whole).fault(), fault(413, "tooLarge", None));
    let unknown = json!({"ecToken": "350000ec7ioqup8p1o0761820a0000f1f8b13d"});
    let begun = door.well("POST", "/visits", &unknown);
    let visit = begun["visit"]["id"].as_str().expect("an id");
    let sent = door.well("POST", &format!("/visits/{visit}/notice"), &json!({}));
    assert_eq!((&sent["sent"], &sent["advice"]["centerCode"]), (&json!(false), &json!(500_001)));
    let code = json!({ "ecQrCode": "4243754826492874240001130000" }).to_string();
    assert_eq!(door.ask("POST", "/visits", &code).fault(), fault(422, "notDecoded", None));
    // What is no code of a credential is not even sent.
    for code in ["opc3754826492874240001130000", "134567890123456789", "350501199911173510"] {
        let heard = door.ask("POST", "/visits", &json!({ "ecQrCode": code }).to_string());
        assert_eq!(heard.fault(), fault(400, "badMember", Some("ecQrCode")));
        assert!(heard.text.contains("请使用医保电子凭证二维码"), "{}", heard.text);
    }
}
