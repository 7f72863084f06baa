//! The vectors of the kit, made by this implementation and checked against the known answers another one made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use yanmi_protocol::envelope::{CipherText, seal};
use yanmi_protocol::mac::{AnswerParts, RequestParts};
use yanmi_protocol::{Code, PasswordDigest, Sm4Key};

use super::judgments;
use super::mistakes;

/// A named row: what is to be done, with what, and what comes of it. Everything is text, so that a language without a
/// library for JSON reads it with the few lines it has anyway.
pub(super) struct Vector {
    pub(super) name: String,
    pub(super) members: Vec<(&'static str, String)>,
}

impl Vector {
    pub(super) fn new(name: impl Into<String>, act: &str, members: &[(&'static str, &str)]) -> Self {
        let act = ("do", act.to_owned());
        let rest = members.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Self { name: name.into(), members: std::iter::once(act).chain(rest).collect() }
    }

    pub(super) fn get(&self, member: &str) -> &str {
        let found = self.members.iter().find(|(name, _)| *name == member);
        found.map_or("", |(_, value)| value)
    }
}

pub(super) const KEY: &str = "00112233445566778899AABBCCDDEEFF";
const ASCII_KEY: &str = "yanmi-test-key-1";

/// A key as it is written in the vectors and in the settings of the kit.
pub(super) fn key(text: &str) -> Sm4Key {
    if text.len() == 32 { Sm4Key::from_hex(text) } else { Sm4Key::from_ascii(text) }.expect("a key")
}

fn known(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors").join(name);
    serde_json::from_str(&std::fs::read_to_string(file).expect("known answers")).expect("JSON")
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// What opening gives: the message, or the code the center refuses with.
pub(super) fn opened(key: &Sm4Key, enc_data: &str) -> String {
    let number = |code: Code| code.number().to_string();
    match CipherText::from_hex(enc_data) {
        Err(_) => number(Code::BadParameter),
        Ok(sealed) => match sealed.open(key) {
            Err(_) => number(Code::Denied),
            Ok(plain) => plain.as_str().to_owned(),
        },
    }
}

fn every() -> Vec<Vector> {
    let mut out = Vec::new();
    sealed(&mut out);
    keys_and_digests(&mut out);
    macs(&mut out);
    out.extend(mistakes::all());
    out.extend(judgments::all());
    out
}

fn sealed(out: &mut Vec<Vector>) {
    let known = known("sm.json");
    for row in known["sealed"].as_array().expect("rows") {
        let (name, plain, expected) = (text(row, "name"), text(row, "plain"), text(row, "encData"));
        let written = row["key"]["hex"].as_str().or(row["key"]["ascii"].as_str()).expect("a key");
        assert_eq!(seal(&key(written), plain.as_bytes()), expected, "{name}");
        out.push(Vector::new(
            format!("seal: {name}"),
            "seal",
            &[("key", written), ("plain", plain), ("result", expected)],
        ));
        // One is no JSON, so that its text is exactly a block.
        let result = opened(&key(written), expected);
        assert!(result == plain || serde_json::from_str::<Value>(plain).is_err(), "{name}");
        out.push(Vector::new(
            format!("open: {name}"),
            "unseal",
            &[("key", written), ("encData", expected), ("result", &result)],
        ));
    }
    let whole = "{\"a\":\"bcdefghi\"}";
    assert_eq!(whole.len(), 16);
    let (sealed, lower) = (seal(&key(KEY), whole.as_bytes()), seal(&key(KEY), b"{}").to_lowercase());
    out.push(Vector::new(
        "open: one whole block of JSON, and a block of padding",
        "unseal",
        &[("key", KEY), ("encData", &sealed), ("result", whole)],
    ));
    out.push(Vector::new(
        "open: lower case",
        "unseal",
        &[("key", KEY), ("encData", &lower), ("result", "{}")],
    ));
    for row in known["refused"].as_array().expect("rows") {
        let (name, enc_data) = (text(row, "name"), text(row, "encData"));
        let result = opened(&key(KEY), enc_data);
        assert_eq!(result, row["code"].to_string(), "{name}");
        let members = [("key", KEY), ("encData", enc_data), ("why", text(row, "why")), ("result", &result)];
        out.push(Vector::new(format!("refused: {name}"), "unseal", &members));
    }
}

fn keys_and_digests(out: &mut Vec<Vector>) {
    for written in [KEY, "0123456789ABCDEFFEDCBA9876543210", "ffeeddccbbaa99887766554433221100", ASCII_KEY] {
        let result = key(written).kcv().to_string();
        out.push(Vector::new(format!("kcv: {written}"), "kcv", &[("key", written), ("result", &result)]));
    }
    let known = known("sm.json");
    let rows = known["sm3_standard"].as_array().expect("rows");
    for password in ["111111", "000000", "123456", "987654"] {
        let result = PasswordDigest::of(password).expect("six digits").to_hex();
        if let Some(row) = rows.iter().find(|row| text(row, "text") == password) {
            assert_eq!(*result, text(row, "digest"), "{password}");
        }
        out.push(Vector::new(
            format!("digest: {password}"),
            "digest",
            &[("password", password), ("result", &result)],
        ));
    }
}

fn macs(out: &mut Vec<Vector>) {
    let known = known("mac.json");
    let written = text(&known, "key");
    let mac_key = key(written);
    let (request, envelope) = (&known["request"], &known["request"]["envelope"]);
    let mut members = vec![("key", written), ("path", text(request, "path"))];
    members.extend(
        ["orgId", "version", "reqtType", "timestamp", "encData"].map(|name| (name, text(envelope, name))),
    );
    let parts = RequestParts {
        path: text(request, "path"),
        org_id: text(envelope, "orgId"),
        version: text(envelope, "version"),
        reqt_type: text(envelope, "reqtType"),
        timestamp: text(envelope, "timestamp"),
        enc_data: text(envelope, "encData"),
    };
    let proof = mac_key.mac().request(&parts);
    assert_eq!(proof, text(request, "mac"));
    members.push(("result", &proof));
    out.push(Vector::new("mac: request", "requestMac", &members));
    for row in known["answers"].as_array().expect("rows") {
        let code = row["code"].as_i64().expect("a code");
        let (message, enc_data) = (text(row, "message"), row["encData"].as_str());
        let parts = AnswerParts { request: &proof, code, message, enc_data };
        let result = mac_key.mac().answer(&parts);
        assert_eq!(result, text(row, "mac"), "{code}");
        let code = code.to_string();
        let mut members =
            vec![("key", written), ("request", &*proof), ("code", &*code), ("message", message)];
        members.extend(enc_data.map(|data| ("encData", data)));
        members.push(("result", &result));
        out.push(Vector::new(format!("mac: answer {code}"), "answerMac", &members));
    }
}

/// One object, a row a line.
fn json(vectors: &[Vector]) -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("a text");
    let rows: Vec<String> = vectors
        .iter()
        .map(|vector| {
            let members =
                vector.members.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value)));
            format!("{}:{{{}}}", quoted(&vector.name), members.collect::<Vec<_>>().join(","))
        })
        .collect();
    format!("{{\n{}\n}}\n", rows.join(",\n"))
}

/// What stands above the tables; the rest is generated.
const HEAD: &str = "# 向量：自己的程序对不对，逐条核对

每一条都由本项目的实现产生，并与另一个实现（OpenSSL）事先算好的已知答案核对过；[`vectors.json`](vectors.json) 是同样的内容，
一行一条，全部是文本，`do` 说做什么，`result` 是应得的结果。各语言的文件都能逐条核对：`vectors vectors.json`。

没有特别写明的，密钥是 `00112233445566778899AABBCCDDEEFF`（校验值 `72EBA3`）。密钥都是测试用的。本页由测试生成，勿手工修改。
";

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', "<br>")
}

/// Text as code, or nothing.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", cell(text)) }
}

fn table(vectors: &[Vector]) -> String {
    let mut out = HEAD.to_owned();
    let of = |prefix: &'static str| {
        vectors.iter().filter_map(move |row| row.name.strip_prefix(prefix).map(|name| (name.to_owned(), row)))
    };
    out.push_str("\n## 加密\n\n| 明文 | 密钥 | encData |\n|---|---|---|\n");
    for (_, row) in of("seal: ") {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            code(row.get("plain")),
            code(row.get("key")),
            code(row.get("result"))
        );
    }
    out.push_str("\n## 解不开的，与中心的返回码\n\n| encData | 返回码 | 原因 |\n|---|---|---|\n");
    for (_, row) in of("refused: ") {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            code(row.get("encData")),
            row.get("result"),
            cell(row.get("why"))
        );
    }
    out.push_str("\n## 密钥校验值\n\n| 密钥 | 校验值 |\n|---|---|\n");
    for (_, row) in of("kcv: ") {
        let _ = writeln!(out, "| {} | {} |", code(row.get("key")), code(row.get("result")));
    }
    out.push_str("\n## 密码摘要（userPwd）\n\n| 密码 | SM3 |\n|---|---|\n");
    for (_, row) in of("digest: ") {
        let _ = writeln!(out, "| {} | {} |", code(row.get("password")), code(row.get("result")));
    }
    out.push_str("\n## mac\n\n| 对什么 | 各部分 | mac |\n|---|---|---|\n");
    for (name, row) in of("mac: ") {
        let parts = row.members.iter().filter(|(member, _)| !["do", "key", "result"].contains(member));
        let parts: Vec<String> = parts.map(|(member, value)| format!("{member}={}", code(value))).collect();
        let _ = writeln!(out, "| {name} | {} | {} |", parts.join("<br>"), code(row.get("result")));
    }
    out.push_str("\n## 每一种错误，与诊断的话\n\n`yanmi open` 认得的全部错误。返回码 -4 不说原因；诊断要有密钥才说得出来。\n\n| 名称 | encData | 中心 | 诊断 |\n|---|---|---|---|\n");
    for (name, row) in of("mistake: ") {
        let answered = if row.get("result").starts_with('{') { "-2" } else { row.get("result") };
        let (sealed, says) = (code(row.get("encData")), cell(row.get("says")));
        let _ = writeln!(out, "| `{name}` | {sealed} | {answered} | {says} |");
    }
    out.push_str("\n## 应答怎样判断\n\n与机构一侧的库（`crates/client`）逐条相同。结论：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。\n\n| 应答 | 结论 | 等几秒 | 经办人员的下一步 |\n|---|---|---|---|\n");
    for (name, row) in of("judge: ") {
        let mut told = row.get("result").splitn(4, '|');
        let mut next = || told.next().unwrap_or_default().to_owned();
        let (decision, _, seconds, step) = (next(), next(), next(), next());
        let seconds = if seconds == "0" { "" } else { &seconds };
        let _ = writeln!(out, "| {name} | {decision} | {seconds} | {} |", cell(&step));
    }
    out
}

pub(super) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kit").join(name)
}

/// Both files are these; with `UPDATE_REFERENCE=1` they are written anew.
#[test]
fn the_vectors_of_the_kit_are_a_reference() {
    let vectors = every();
    let names: std::collections::BTreeSet<_> = vectors.iter().map(|vector| &vector.name).collect();
    assert_eq!(names.len(), vectors.len(), "a name twice");
    for (name, made) in [("vectors.json", json(&vectors)), ("vectors.md", table(&vectors))] {
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(file(name), made).expect("written");
        } else {
            let found = std::fs::read_to_string(file(name)).expect("the vectors");
            assert!(found == made, "kit/{name} is out of date: cargo xtask references");
        }
    }
}
