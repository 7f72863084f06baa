//! A disk that takes nothing more.

use crate::agent::shown_code;
use crate::sandbox::after;
use crate::yanmi::{Sandbox, http, run};

/// The token of a code that the first person shows.
fn a_token(sandbox: &Sandbox) -> String {
    let code = shown_code(sandbox, 0);
    let decoded = run(&["call", "decode", "--sandbox", &sandbox.file, "--qr", &code], "");
    after(&decoded.out, "令牌").to_owned()
}

#[test]
fn is_told_to_institutions_and_operators_and_forgotten_when_it_takes_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let token = a_token(&sandbox);
    let notify = || run(&["call", "notify", "--sandbox", &sandbox.file, "--token", &token], "");
    let ready = || http(sandbox.port + 2, "GET", "/readyz", "");
    assert_eq!(ready(), "ok\n");

    sandbox.may_write(false);
    let refused = notify();
    assert!(refused.code == 1 && refused.out.contains("{\"code\":-1,"), "{refused:?}");
    let why = ready();
    assert!(why.contains("数据库不可用") && why.contains("磁盘已满或不能写入（设置 database）"), "{why}");
    let again = ready();
    assert_eq!(why, again, "as long as it lasts");

    sandbox.may_write(true);
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while ready() != "ok\n" {
        assert!(std::time::Instant::now() < until, "it tries each second: {}", ready());
    }
    let notified = notify();
    assert!(notified.code == 0 && notified.out.contains("\"notcFlag\":\"1\""), "{notified:?}");
    sandbox.stop();
}

/// What a vendor has to see once: -1, and 500100.
#[test]
fn a_store_that_fails_and_an_account_without_rights_are_a_click_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let token = a_token(&sandbox);
    let notify = || run(&["call", "notify", "--sandbox", &sandbox.file, "--token", &token], "");
    let mood = |mood: &str| {
        let set = sandbox.ask(9, "POST", "/center/mood", &serde_json::json!({ "mood": mood }).to_string());
        assert_eq!(set["mood"], mood, "{set}");
    };
    mood("failing");
    let refused = notify();
    assert!(refused.code == 1 && refused.out.contains("{\"code\":-1,"), "{refused:?}");
    assert!(http(sandbox.port + 2, "GET", "/readyz", "").contains("沙箱把存储设为故障"));
    mood("ok");
    assert_eq!(notify().code, 0);

    let account = &sandbox.world()["extraAccounts"][0];
    let (id, key) = (account["orgId"].as_str().expect("an id"), account["key"].as_str().expect("a key"));
    crate::site::secret(folder.path(), "none.key", key);
    let file = folder.path().join("none.key");
    let file = file.to_str().expect("a path");
    let words = ["call", "status", "--sandbox", &sandbox.file, "--org-id", id, "--key-file", file];
    let refused = run(&[&words[..], &["--token", &token]].concat(), "");
    assert!(refused.code == 1 && refused.out.contains("{\"code\":500100,"), "{refused:?}");
    sandbox.stop();
}

/// What a running center's file was replaced by is not taken for it, nor made anew at the next start.
#[test]
fn a_database_that_was_taken_away_is_not_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let database = folder.path().join("center.sqlite");
    let away = folder.path().join("away.sqlite");
    std::fs::rename(&database, &away).expect("moved");
    let ready = || http(sandbox.port + 2, "GET", "/readyz", "");
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while ready() == "ok\n" {
        assert!(std::time::Instant::now() < until, "it is seen within a second or two");
    }
    assert!(ready().contains("被删除或替换"), "{}", ready());
    sandbox.stop();
    assert!(!database.exists());
    let dir = folder.path().to_str().expect("a path");
    let refused = run(&["sandbox", "--dir", dir, "--port", "8350"], "");
    assert!(refused.code == 1 && refused.err.contains("不见了") && refused.err.contains(dir), "{refused:?}");
    assert!(!database.exists());
}
