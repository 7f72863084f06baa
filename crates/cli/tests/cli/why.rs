//! 「为什么失败」: what an operator reads about what was refused and about a visit, beside a running center.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yanmi_center::ports::Clock;
use yanmi_protocol::{Sm4Key, envelope};

use crate::sandbox::after;
use crate::site::{ok, site};
use crate::yanmi::{Sandbox, http, run};

/// Longer than anything takes in a test that works.
const AMPLE: Duration = Duration::from_secs(20);
const STATUS: &str = "/cfc/api/tokenPwdStas";

struct Running {
    sandbox: Sandbox,
    config: String,
    world: Value,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let sandbox = Sandbox::start(folder);
        let text = std::fs::read_to_string(&sandbox.file).expect("sandbox.json");
        let world = serde_json::from_str(&text).expect("JSON");
        let config = folder.join("yanmi.toml").to_str().expect("a path").to_owned();
        Self { sandbox, config, world }
    }

    fn ask(&self, words: &[&str]) -> String {
        ok(&[words, &["--config", &self.config]].concat()).out
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.ask(&[words, &["--json"]].concat())).expect("JSON")
    }

    /// What `denied` finds, as soon as it finds so many kinds of this code.
    fn denied(&self, code: i64, kinds: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let found = self.json(&["denied", "--from", "1h"]);
            let groups = found["groups"].as_array().expect("a list");
            let of_code: Vec<Value> = groups.iter().filter(|group| group["code"] == code).cloned().collect();
            if of_code.len() >= kinds {
                return of_code;
            }
            assert!(begun.elapsed() < AMPLE, "{code} in {found}");
        }
    }

    fn post(&self, org_id: &str, digits: &str) -> i64 {
        let body = json!({
            "orgId": org_id, "encData": digits, "version": "1.0.0", "reqtType": "sys&350000",
            "timestamp": Clock::system().now().to_string(),
        });
        let answer = http(self.sandbox.port, "POST", STATUS, &body.to_string());
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["code"].as_i64().expect("a code")
    }

    /// The code that the first person shows, decoded.
    fn token(&self) -> String {
        let body = json!({
            "ecIndexNo": self.world["persons"][0]["ecIndexNo"], "chnlId": self.world["channels"][0]["chnlId"],
        });
        let shown = self.sandbox.ask(9, "POST", "/qr", &body.to_string());
        let code = shown["ecQrCode"].as_str().expect("a code");
        let decoded = ok(&["call", "decode", "--sandbox", &self.sandbox.file, "--qr", code]);
        after(&decoded.out, "令牌").to_owned()
    }

    fn phone(&self, path: &str, method: &str, body: &Value) -> Value {
        let person = self.world["persons"][0]["ecIndexNo"].as_str().expect("an index");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.sandbox.ask(9, method, &format!("/phones/{person}/{path}"), &body)
    }
}

/// A message filled up with zeros: what PKCS7 makes of it, without the block it adds.
fn padded_with_zeros(key: &Sm4Key) -> String {
    let mut text = json!({ "token": "T", "orgCodg": "H35010000001" }).to_string();
    text.extend(std::iter::repeat_n('\0', text.len().next_multiple_of(16) - text.len()));
    let sealed = envelope::seal(key, text.as_bytes());
    sealed[..sealed.len() - 32].to_owned()
}

#[test]
fn refusals_are_told_with_cause_guess_and_who_does_what() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Running::start(folder.path());
    let account = &running.world["accounts"][0];
    let org_id = account["orgId"].as_str().expect("an account");
    let key = Sm4Key::from_hex(account["key"].as_str().expect("a key")).expect("a key");
    assert_eq!(running.post(org_id, &padded_with_zeros(&key)), -4);
    assert_eq!(running.post(org_id, &envelope::seal(&Sm4Key::from_bytes(&[1; 16]), b"{}")), -4);
    assert_eq!(running.post("somebody-else", &envelope::seal(&key, b"{}")), -4);
    let of_denied = running.denied(-4, 3);
    let guesses: Vec<&Value> = of_denied.iter().map(|group| &group["guess"]).collect();
    for guess in ["zero-padding", "another-key"] {
        assert!(guesses.contains(&&json!(guess)), "{guess} in {of_denied:?}");
    }
    assert!(of_denied.iter().all(|group| group["claimed"] == true && group["count"] == 1), "{of_denied:?}");
    // An institution nobody registered; and -6, when too many did not open.
    let token = running.token();
    let unknown =
        ["call", "notify", "--sandbox", &running.sandbox.file, "--token", &token, "--org", "H00000000000"];
    let unknown = run(&[&unknown[..], &["--name", "无此医院"]].concat(), "");
    assert!(unknown.out.contains("{\"code\":500316,"), "{unknown:?}");
    assert_eq!(running.denied(500_316, 1)[0]["cause"], "该机构代码没有登记");
    let limited = (0..10_000).find(|_| running.post("somebody-else", &envelope::seal(&key, b"{}")) == -6);
    assert!(limited.is_some(), "there is a limit");
    assert_eq!(running.denied(-6, 1)[0]["orgId"], "somebody-else");

    let shown = running.ask(&["denied", "--from", "1h", "--each"]);
    for part in [
        "（自称）",
        "zero-padding",
        "填充用了零填充",
        "校验值",
        "500316",
        "该机构代码没有登记",
        "H00000000000",
        "业务系统编码不存在",
        "该来源地址的无法解密请求过多",
        "127.0.0.1",
        "谁去做什么",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    for secret in [account["key"].as_str().expect("a key"), token.as_str()] {
        assert!(!shown.contains(secret), "{secret} in\n{shown}");
    }
    let one = running.ask(&["denied", "--from", "1h", "--org", "somebody-else"]);
    assert!(one.contains("somebody-else（自称）") && !one.contains(org_id), "{one}");
    let none = running.ask(&["denied", "--from", "2021-01-01", "--to", "2021-01-02T12:00"]);
    assert_eq!(none, "2021-01-01 00:00:00 至 2021-01-02 12:00:00，拒绝 0 次\n");
    let traced = running.ask(&["trace", "--token", &token, "--from", "1h"]);
    for part in ["H00000000000（没有登记）", "发起通知，被拒绝", "500316", "停在　　机构发起并被受理"]
    {
        assert!(traced.contains(part), "{part} in\n{traced}");
    }
    running.sandbox.stop();
}

#[test]
fn a_visit_is_told_from_its_token_its_serial_its_notice_and_its_institution() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Running::start(folder.path());
    let token = running.token();
    let notified =
        ok(&["call", "notify", "--sandbox", &running.sandbox.file, "--token", &token, "--amount", "128.50"]);
    let plain: Value = serde_json::from_str(after(&notified.out, "应答明文")).expect("JSON");
    let serial = plain["resBizNo"].as_str().expect("a serial").to_owned();
    let waiting = running.ask(&["trace", "--token", &token]);
    for part in ["等参保人确认", "停在　　参保人确认", "下一步　参保人：", "128.50 元", "示范渠道甲"]
    {
        assert!(waiting.contains(part), "{part} in\n{waiting}");
    }
    let notice = running.phone("notices", "GET", &Value::Null)["notices"][0]["notcNo"].clone();
    let notice_text = notice.as_str().expect("a number").to_owned();
    running.phone("act", "POST", &json!({ "notcNo": notice, "action": "confirm", "way": "01" }));

    let told = running.ask(&["trace", "--token", &token]);
    for part in
        ["医保电子凭证密码", "有效至", "停在　　没有", "checkStas 为 1", "福州示范医院（H35010000001）"]
    {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    let person = &running.world["persons"][0];
    for personal in [&person["userName"], &person["idNo"], &json!(token)] {
        let personal = personal.as_str().expect("a text");
        assert!(!told.contains(personal), "{personal} in\n{told}");
    }
    let last: String = person["userName"].as_str().expect("a name").chars().next_back().into_iter().collect();
    assert!(told.contains(&format!("*{last}（")) && told.contains(&token[token.len() - 8..]), "{told}");
    let whole = running.json(&["trace", "--token", &token]);
    assert_eq!(whole["stories"][0]["missing"], Value::Null);
    for other in [
        &["trace", "--serial", &serial][..],
        &["trace", "--notice", &notice_text],
        &["trace", "--org", "H35010000001", "--from", "1h"],
    ] {
        let found = running.json(other);
        assert_eq!(found["stories"][0]["happened"], whole["stories"][0]["happened"], "{other:?}: {found}");
    }
    let nothing = running.ask(&["trace", "--notice", "9999999999999"]);
    assert!(nothing.contains("没有查到") && nothing.contains("--from"), "{nothing}");
    running.sandbox.stop();
}

#[test]
fn what_is_asked_wrongly_is_told_in_chinese() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    ok(&["migrate", "--config", &config]);
    for (words, part) in [
        (&["trace"][..], "缺少选项"),
        (&["trace", "--token", "a-b"], "--token 应为"),
        (&["trace", "--serial", "12"], "--serial 应为 27 位数字"),
        (&["trace", "--notice", "12"], "--notice 应为13 位数字"),
        (&["trace", "--org", "H35010000001"], "要给 --from 或 --around"),
        (&["trace", "--token", "a", "--around", "昨天"], "选项 --around 的值 昨天 不是时间"),
        (&["trace", "--token", "a", "--around", "1h", "--from", "1h"], "不能同时使用"),
        (&["trace", "--org", "H1", "--from", "1h"], "--org 应为"),
        (&["trace", "--token", "a", "--org", "H35010000001"], "不能同时使用"),
        (&["denied", "--from", "昨天"], "选项 --from 的值 昨天 不是时间"),
        (&["denied", "--from", "1h", "--to", "2h"], "须早于"),
    ] {
        let refused = run(&[words, &["--config", &config]].concat(), "");
        assert!(refused.code != 0 && refused.err.contains(part), "{words:?}: {refused:?}");
    }
    let empty = ok(&["denied", "--config", &config]).out;
    assert!(empty.ends_with("拒绝 0 次\n"), "{empty}");
    std::fs::remove_file(folder.path().join("center.sqlite")).expect("removed");
    let gone = run(&["denied", "--config", &config], "");
    assert!(gone.code == 1 && gone.err.contains("yanmi migrate"), "{gone:?}");
    assert!(!folder.path().join("center.sqlite").exists(), "nothing is made");
}
