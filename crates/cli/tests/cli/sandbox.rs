//! The sandbox, used as its printed guide says.

use crate::yanmi::{Sandbox, run};

/// The word after `label` in what a command printed.
pub(crate) fn after<'a>(text: &'a str, label: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    line.unwrap_or_else(|| panic!("no {label} in {text}")).trim()
}

#[test]
fn from_the_code_on_the_phone_to_the_settlement_and_on_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let text = std::fs::read_to_string(&sandbox.file).expect("sandbox.json");
    let world: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let (person, channel) = (&world["persons"][0]["ecIndexNo"], &world["channels"][0]["chnlId"]);
    let person = person.as_str().expect("an index");
    let shown =
        sandbox.ask(9, "POST", "/qr", &format!("{{\"ecIndexNo\":\"{person}\",\"chnlId\":{channel}}}"));
    let code = shown["ecQrCode"].as_str().expect("a code");
    let decoded = run(&["call", "decode", "--sandbox", &sandbox.file, "--qr", code], "");
    assert_eq!(decoded.code, 0, "{decoded:?}");
    let token = after(&decoded.out, "令牌").to_owned();
    let call = |file: &str, args: &[&str]| {
        let ran = run(&[&["call", args[0], "--sandbox", file, "--token", &token], &args[1..]].concat(), "");
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    };
    let notified = call(&sandbox.file, &["notify", "--amount", "128.50"]);
    assert!(after(&notified, "应答明文").ends_with("\"notcFlag\":\"1\"}"), "{notified}");
    let file = sandbox.file.clone();
    let rest = sandbox.stop();
    assert!(rest.contains("已停止"), "{rest}");
    // Everybody forgets what they held in memory, and nobody what counts.
    let sandbox = Sandbox::start(folder.path());
    assert_eq!(sandbox.file, file);
    let phone = sandbox.ask(9, "GET", &format!("/phones/{person}/notices"), "");
    assert_eq!(phone["notices"][0]["totalAmount"], "128.50");
    let act = serde_json::json!({"notcNo": phone["notices"][0]["notcNo"], "action": "confirm", "way": "01"});
    let done = sandbox.ask(9, "POST", &format!("/phones/{person}/act"), &act.to_string());
    assert_eq!(done["data"]["acptFlag"], "1", "{done}");
    let status = call(&file, &["status"]);
    assert!(after(&status, "应答明文").starts_with("{\"checkStas\":\"1\""), "{status}");
    sandbox.stop();
}

#[test]
fn every_magic_token_gives_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let text = std::fs::read_to_string(&sandbox.file).expect("sandbox.json");
    let world: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let tokens = world["magicTokens"].as_object().expect("tokens");
    assert!(tokens.len() >= 16);
    for (code, token) in tokens {
        let token = token.as_str().expect("a token");
        let ran = run(&["call", "notify", "--sandbox", &sandbox.file, "--token", token], "");
        assert!(ran.out.contains(&format!("{{\"code\":{code},")), "{code}: {ran:?}");
        assert_eq!(ran.code, i32::from(code != "500320"), "{code}");
    }
    let known: std::collections::BTreeSet<String> =
        yanmi_protocol::Code::ALL.iter().map(ToString::to_string).collect();
    let how = world["how"].as_object().expect("sentences");
    let listed: std::collections::BTreeSet<String> = tokens.keys().chain(how.keys()).cloned().collect();
    assert_eq!(listed, known, "every code of 1.9 has a token or a sentence");
}
