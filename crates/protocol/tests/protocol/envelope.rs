//! Rules E1 to E13, each as a row.

use yanmi_protocol::envelope::{
    Answer, MAX_BODY_BYTES, ProvenRequest, RequestEnvelope, Sender, proven_refusal, proven_success, refusal,
    request, success,
};
use yanmi_protocol::{Code, Region, Sm4Key, UnixMillis};

const DATA: &str = "D6326AFDBB392594BB9B898D3279CAF4";

fn region() -> Region {
    Region::new("350000").expect("a region")
}

fn key() -> Sm4Key {
    Sm4Key::from_hex("00112233445566778899AABBCCDDEEFF").expect("a key")
}

/// What a body is refused with; nothing when it is taken.
fn complaint(body: &str) -> Option<String> {
    RequestEnvelope::parse(body.as_bytes(), region()).err().map(|error| error.to_string())
}

fn body(change: &[(&str, &str)]) -> String {
    let mut members = vec![
        ("reqtType", "\"sys&350000\"".to_owned()),
        ("encData", format!("\"{DATA}\"")),
        ("version", "\"1.0.0\"".to_owned()),
        ("orgId", "\"testOrgId\"".to_owned()),
        ("timestamp", "\"1623225113340\"".to_owned()),
    ];
    for (name, value) in change {
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => (*value).clone_into(old),
            None => members.push((name, (*value).to_owned())),
        }
    }
    let members: Vec<String> = members
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn what_is_taken() {
    let taken = [
        body(&[]),
        body(&[("unknown", "{\"a\":[1,2,{}]}")]),
        body(&[("timestamp", "1623225113340")]),
        body(&[("encData", &format!("\"{}\"", DATA.to_lowercase()))]),
        body(&[("reqtType", "\"anything & else&350000\"")]),
        body(&[("orgId", "\"four-byte 𠮷 and 甲\"")]),
        format!("\u{FEFF}{}", body(&[])),
        format!(" \r\n{}\n", body(&[])),
    ];
    for body in taken {
        assert_eq!(complaint(&body), None, "{body}");
    }
}

#[test]
fn what_is_refused_and_in_which_words() {
    let long = "x".repeat(41);
    let rows = [
        (body(&[("orgId", "")]), "orgId 缺失或为空"),
        (body(&[("orgId", "null")]), "orgId 缺失或为空"),
        (body(&[("orgId", "5")]), "orgId 应为字符串，实际为数字"),
        (body(&[("orgId", &format!("\"{long}\""))]), "orgId 长度超过 40 个字符，实际为 41 个"),
        (body(&[("version", "\"1.0.1\"")]), "version 取值应为 1.0.0 之一，实际为 1.0.1"),
        (body(&[("timestamp", "\"162322511334\"")]), "timestamp 应为13 位数字，实际为 12 个字符（数字）"),
        (body(&[("timestamp", "16232251133401")]), "timestamp 应为13 位数字，实际为 14 个字符（数字）"),
        (body(&[("timestamp", "-162322511334")]), "timestamp 应为13 位数字，实际为 13 个字符（数字、标点）"),
        (body(&[("reqtType", "\"sys\"")]), "reqtType 应为 前缀&6 位省级医保区划代码"),
        (body(&[("reqtType", "\"&350000\"")]), "reqtType 在 & 之前缺少前缀"),
        (body(&[("reqtType", "\"sys&110000\"")]), "reqtType 的区划代码应为 350000，实际为 110000"),
        (body(&[("encData", "\"AB\"")]), "encData 长度为 2，应为 32 的正整数倍（整块十六进制）"),
        (body(&[("encData", "")]), "encData 缺失或为空"),
        (body(&[("orgId", "\"a\",\"orgId\":\"b\"")]), "orgId 重复出现"),
        ("[]".to_owned(), "报文不是 JSON 对象"),
        ("{".to_owned(), "报文不是合法的 JSON（第 1 行第 1 列）"),
        (String::new(), "报文不是合法的 JSON：内容为空"),
        ("orgId=x&encData=AB".to_owned(), "报文不是合法的 JSON：像是表单（a=1&b=2）：应直接以 JSON 为请求体"),
        (" ".repeat(MAX_BODY_BYTES + 1), "报文超过 65536 字节"),
    ];
    for (body, words) in rows {
        let said = complaint(&body).unwrap_or_default();
        assert_eq!(said, words, "{}", &body[..body.len().min(200)]);
    }
    let error = RequestEnvelope::parse(b"{\"orgId\":\"\xB2\xE2\"}", region()).expect_err("GBK");
    assert_eq!(error.to_string(), "报文不是 UTF-8 编码（可能是 GBK）");
    let error = RequestEnvelope::parse(&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], region()).expect_err("gzip");
    assert_eq!(error.to_string(), "报文是 gzip 压缩的：请求体不得压缩");
}

#[test]
fn a_request_reads_back() {
    let at = UnixMillis::new(1_623_225_113_340);
    let written = request(&key(), "testOrgId", "sys", region(), at, b"{\"a\":\"\xE7\x94\xB2\"}");
    let read = RequestEnvelope::parse(written.as_bytes(), region()).expect("our own request");
    assert_eq!((&*read.org_id, read.timestamp), ("testOrgId", at));
    assert_eq!(read.sealed.open(&key()).expect("our own key").as_str(), "{\"a\":\"甲\"}");
}

#[test]
fn answers_are_byte_for_byte_those_of_the_specification() {
    assert_eq!(
        success(&key(), b"{}"),
        format!(
            "{{\"code\":0,\"type\":\"success\",\"message\":\"成功\",\"data\":{{\"encData\":\"{DATA}\"}}}}"
        )
    );
    assert_eq!(
        refusal(Code::BadParameter, "说 \"明\""),
        "{\"code\":-2,\"type\":\"error\",\"message\":\"说 \\\"明\\\"\",\"success\":false,\"data\":{}}"
    );
}

#[test]
fn answers_are_read_as_the_field_writes_them() {
    let open = |body: &str| Answer::parse(body.as_bytes()).expect("an answer");
    let answer = open(&success(&key(), b"{\"a\":1}"));
    assert_eq!(answer.open(&key()).expect("opens").as_str(), "{\"a\":1}");
    assert!(answer.open(&Sm4Key::from_bytes(&[0; 16])).is_err());
    assert_eq!(open(&refusal(Code::PasswordFree, "x")).code, 500_320);
    assert_eq!(open("{\"code\":\"-6\",\"data\":null}").code, -6);
    assert_eq!(open("{\"code\":0,\"data\":\"\"}").enc_data, None);
    assert!(Answer::parse(b"{\"message\":\"no code\"}").is_err());
}

/// Every part counts, and where one ends and the next begins.
#[test]
fn a_mac_covers_the_whole_outside() {
    let (key, other) = (key(), Sm4Key::from_bytes(&[0; 16]));
    let at = UnixMillis::new(1_623_225_113_340);
    let sender = Sender { key: &key, org_id: "testOrgId", prefix: "sys", region: region() };
    let ProvenRequest { body, mac } = sender.proven_request("/a", at, b"{}");
    let plain = sender.request(at, b"{}");
    assert_eq!(body, format!("{},\"mac\":\"{mac}\"}}", plain.trim_end_matches('}')));
    let proven = |body: &str, path: &str, key: &Sm4Key| {
        RequestEnvelope::parse(body.as_bytes(), region()).expect("an envelope").is_proven(path, key)
    };
    assert!(proven(&body, "/a", &key));
    assert!(proven(&body.replace(&mac, &mac.to_lowercase()), "/a", &key));
    for (other_body, path, key) in [
        (plain, "/a", &key),
        (body.clone(), "/b", &key),
        (body.clone(), "/a", &other),
        (body.replace("testOrgId", "testOrgIe"), "/a", &key),
        (body.replace("sys&", "szs&"), "/a", &key),
        (body.replace("113340", "113341"), "/a", &key),
        (body.replace(DATA, &DATA.to_lowercase()), "/a", &key),
        (body.replace(&mac, &"0".repeat(64)), "/a", &key),
    ] {
        assert!(!proven(&other_body, path, key), "{other_body}");
    }
    for mac in ["\"00\"", "7", &format!("\"{}\"", "g".repeat(64))] {
        let odd = body.replace(&body[body.len() - 67..body.len() - 1], mac);
        let error = RequestEnvelope::parse(odd.as_bytes(), region()).expect_err("no mac");
        assert!(error.to_string().starts_with("mac 应为"), "{error}");
    }
}

#[test]
fn a_mac_of_an_answer_covers_refusals_and_its_request() {
    let key = key();
    let mac = "0".repeat(64);
    let read = |body: &str| Answer::parse(body.as_bytes()).expect("an answer");
    let yes = proven_success(&key, &mac, b"{\"checkStas\":\"1\"}");
    let free = proven_refusal(&key, &mac, Code::PasswordFree, "可直接办理");
    for body in [&yes, &free] {
        assert!(read(body).is_proven(&key, &mac));
        assert!(!read(body).is_proven(&key, &"1".repeat(64)));
        assert!(!read(body).is_proven(&Sm4Key::from_bytes(&[0; 16]), &mac));
    }
    assert!(!read(&free.replace("500320", "500319")).is_proven(&key, &mac));
    assert!(!read(&free.replace("可直接", "可直按")).is_proven(&key, &mac));
    assert!(!read(&success(&key, b"{}")).is_proven(&key, &mac));
    // A block that was moved from another answer opens, but is not proven.
    let no = proven_success(&key, &mac, b"{\"checkStas\":\"0\"}");
    let block = |body: &str| body.split("encData\":\"").nth(1).expect("sealed")[..32].to_owned();
    let pasted = read(&no.replace(&block(&no), &block(&yes)));
    assert_eq!(pasted.open(&key).expect("opens").as_str(), "{\"checkStas\":\"1\"}");
    assert!(!pasted.is_proven(&key, &mac));
}
