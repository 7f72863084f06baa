//! The page as somebody uses it, and its program as it is.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use yanmi_browser::Browser;
use yanmi_doctor::Mistake;
use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::{Sender, proven_success, seal};
use yanmi_protocol::{Region, UnixMillis};

const KEY: &str = "00112233445566778899AABBCCDDEEFF";
const MESSAGE: &str = r#"{"token":"350000ec7ioqup8p1o0761820a0000f1f8b13d","orgCodg":"H35010000001"}"#;
const PATH: &str = "/cfc/api/tokenPwdStas";

fn key() -> Sm4Key {
    Sm4Key::from_hex(KEY).expect("a key")
}

/// Asks the program, built for this machine.
fn ask(question: &Value) -> Value {
    asked(question.to_string().as_bytes())
}

fn asked(question: &[u8]) -> Value {
    let mut program = Command::new(env!("CARGO_BIN_EXE_yanmi-doctor-page"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = program.stdin.take().expect("an input");
    // Of what is too long it reads only the beginning.
    let _ = input.write_all(question);
    drop(input);
    let ran = program.wait_with_output().expect("it ends");
    assert!(ran.status.success());
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

fn lines(answer: &Value, level: &str) -> String {
    let lines = answer["lines"].as_array().expect("lines");
    let texts = lines.iter().filter(|line| line["level"] == level);
    texts.map(|line| line["text"].as_str().expect("a text")).collect::<Vec<_>>().join("\n")
}

fn opened(text: &str) -> Value {
    ask(&json!({"action": "open", "key": KEY, "text": text, "path": PATH}))
}

#[test]
fn what_is_right_is_sealed_opened_and_digested_as_by_the_protocol() {
    let sealed = ask(&json!({"action": "seal", "key": KEY, "text": MESSAGE}));
    assert_eq!(sealed["made"], seal(&key(), MESSAGE.as_bytes()));
    assert_eq!(sealed["kcv"], key().kcv().to_string());
    let back = opened(sealed["made"].as_str().expect("digits"));
    assert_eq!((back["plain"].as_str(), lines(&back, "bad")), (Some(MESSAGE), String::new()));
    let ascii = ask(&json!({"action": "key", "key": " yanmi-test-key-1\n"}));
    assert!(ascii["kcv"] == "A0F4B9" && lines(&ascii, "good").contains("16 个 ASCII 字符"), "{ascii}");
    let digest = ask(&json!({"action": "digest", "text": "111111"}));
    assert_eq!(digest["made"], "C7F66BEEE198FB411C8623E53CBBC6EB1E0F078B5D68ED7F10D02FFB0AF46D44");
    let no_object = ask(&json!({"action": "seal", "key": KEY, "text": "[]"}));
    assert!(lines(&no_object, "bad").contains("-4"), "{no_object}");
}

#[test]
fn a_whole_request_or_answer_is_looked_at_outside_and_inside() {
    let region = Region::new("350000").expect("a region");
    let key = key();
    let sender = Sender { key: &key, org_id: "testOrgId", prefix: "sys", region };
    let at = UnixMillis::new(1_623_225_113_340);
    let request = sender.proven_request(PATH, at, MESSAGE.as_bytes());
    let told = opened(&request.body);
    assert_eq!(told["plain"], MESSAGE);
    assert!(lines(&told, "good").contains("mac 正确"), "{told}");
    let elsewhere = ask(&json!({"action": "open", "key": KEY, "text": request.body, "path": "/x"}));
    assert!(lines(&elsewhere, "bad").contains("mac 不对"), "{elsewhere}");
    let bare = opened(&sender.request(at, MESSAGE.as_bytes()));
    assert!(lines(&bare, "note").contains(&request.mac), "the mac it should have: {bare}");
    let old = opened(&request.body.replace("1.0.0", "2.0.0"));
    assert!(lines(&old, "bad").contains("version") && lines(&old, "bad").contains("-2"), "{old}");
    // An answer, with the mac of its request and with that of another.
    let answer = proven_success(&key, &request.mac, br#"{"checkStas":"1"}"#);
    let of = |mac: &str| {
        ask(&json!({"action": "open", "key": KEY, "text": answer, "path": PATH, "requestMac": mac}))
    };
    assert_eq!(of("")["plain"], r#"{"checkStas":"1"}"#);
    assert!(lines(&of(""), "note").contains("填上当时请求的 mac"));
    assert!(lines(&of(&request.mac), "good").contains("是这次请求的应答"));
    assert!(lines(&of(&"0".repeat(64)), "bad").contains("mac 不对"));
}

#[test]
fn nonsense_gets_a_sentence() {
    for key in ["", "00", "ZZ112233445566778899AABBCCDDEEFF", "密钥"] {
        let told = ask(&json!({"action": "open", "key": key, "text": MESSAGE}));
        assert!(!lines(&told, "bad").is_empty() && told.get("kcv").is_none(), "{key}: {told}");
    }
    for text in ["", "x", "{", "{}", "null", "\u{0}", "＂", r#"{"code":0}"#, r#"{"orgId":1}"#, "中文"] {
        let told = opened(text);
        assert!(!lines(&told, "bad").is_empty(), "{text}: {told}");
    }
    for length in [300_000, 1_000_000] {
        let told = opened(&"7B22".repeat(length / 4));
        assert!(lines(&told, "bad").contains("不是这个接口的报文"), "{told}");
    }
    for question in [&b""[..], b"{", b"7", b"\xFF\xFE", &vec![b' '; 5_000_000]] {
        assert!(lines(&asked(question), "bad").contains("粘贴一段"));
    }
}

/// The page, unless this machine cannot compile for browsers.
fn page(folder: &Path) -> Option<String> {
    let target = yanmi_doctor_page::TARGET;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
    let folder_of = String::from_utf8(told.expect("rustc").stdout).expect("a path");
    if !Path::new(folder_of.trim()).is_dir() {
        println!("left out: no {target} here (rustup target add {target})");
        return None;
    }
    let file = folder.join("doctor.html");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let made = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["xtask", "doctor-page"])
        .arg(&file)
        .status()
        .expect("cargo");
    assert!(made.success());
    Some(format!("file://{}", file.display()))
}

#[test]
fn the_page_does_the_same_without_a_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(url) = page(folder.path()) else { return };
    let browser = Browser::start(folder.path(), 1366, 768);
    browser.open(&url);
    browser.until("document.documentElement.dataset.ready === 'yes'");
    browser.take_offline(true);
    browser.fill("#key", KEY);
    browser.until("document.querySelector('#kcv').textContent === '72EBA3'");
    let said = |id: &str| {
        let value = browser.value(&format!("document.querySelector('#{id}-said').textContent"));
        value.as_str().expect("a text").to_owned()
    };
    let put = |id: &str, text: &str| {
        let text = serde_json::to_string(text).expect("a text");
        browser.run(&format!(
            "const place = document.querySelector('#{id}'); document.querySelector('#{id}-said').replaceChildren(); \
             place.value = {text}; place.dispatchEvent(new Event('input'))"
        ));
        browser.until(&format!("document.querySelector('#{id}-said').childElementCount > 0"));
    };
    put("text", MESSAGE);
    let made = browser.value("document.querySelector('#made').textContent");
    assert_eq!(made, seal(&key(), MESSAGE.as_bytes()));
    put("sealed", made.as_str().expect("digits"));
    assert_eq!(browser.value("document.querySelector('#plain').textContent"), MESSAGE);
    put("password", "111111");
    assert!(
        browser
            .value("document.querySelector('#digest').textContent")
            .as_str()
            .is_some_and(|text| text.starts_with("C7F6"))
    );
    browser.keep_picture("kit-doctor");
    let wrong = browser.violations();
    assert!(wrong.is_empty(), "{wrong:?}");
    // What other libraries make of it, as the vectors have it: the page says what the doctor says.
    let vectors = include_str!("../../../../kit/vectors.json");
    let vectors: serde_json::Map<String, Value> = serde_json::from_str(vectors).expect("vectors");
    let mut tried = 0;
    for (name, vector) in vectors.iter().filter(|(_, vector)| vector.get("says").is_some()) {
        browser.fill("#key", "");
        put("key", vector["key"].as_str().expect("a key"));
        put("sealed", vector["encData"].as_str().expect("a text"));
        let told = said("sealed");
        for line in vector["says"].as_str().expect("words").lines() {
            assert!(told.contains(line), "{name}: {told}");
        }
        tried += 1;
    }
    assert!(tried >= Mistake::NAMES.len(), "{tried}");
    put("key", KEY);
    // A megabyte of nonsense, and markup.
    browser.run(
        "document.querySelector('#sealed').value = '<img src=x onerror=alert(1)>'.repeat(40000); \
        document.querySelector('#sealed').dispatchEvent(new Event('input'))",
    );
    browser.until("document.querySelector('#sealed-said').textContent.includes('不是这个接口的报文')");
    put("sealed", "<img src=x onerror=alert(1)>");
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}
