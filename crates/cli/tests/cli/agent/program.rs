//! A program of the HIS, and an agent that is killed under it.

use serde_json::{Value, json};

use super::{Agent, Site, act, shown_code};
use crate::site::secret;
use crate::yanmi::{Sandbox, run};

fn gate(agent: &Agent, visit: &str) -> Value {
    agent.well("GET", &format!("/visits/{visit}/gate?amount=128.50"), &Value::Null)
}

#[test]
fn killed_anywhere_it_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(&folder.path().join("sandbox"));
    let site = Site::of(&sandbox, folder.path(), "");
    let mut agent = site.start("127.0.0.1:0");
    let code = shown_code(&sandbox, 0);
    let begun = agent.well("POST", "/visits", &json!({"ecQrCode": code, "reference": "MZ1"}));
    let visit = begun["visit"]["id"].as_str().expect("an id").to_owned();
    agent.kill();
    assert_eq!(agent.ask("GET", "/visits", &Value::Null), None);

    let mut agent = site.start("127.0.0.1:0");
    let found = agent.well("GET", "/visits?reference=MZ1", &Value::Null);
    assert_eq!(found["visits"][0]["id"], json!(visit));
    let sent = agent.well("POST", &format!("/visits/{visit}/notice"), &json!({"amount": "128.50"}));
    assert_eq!(sent["sent"], true);
    agent.kill();

    act(&sandbox, 0, "confirm");
    let mut agent = site.start("127.0.0.1:0");
    let settled = gate(&agent, &visit);
    assert_eq!(settled["settle"], true, "{settled}");
    agent.kill();

    // What was decided is still there, and so is what it rests on.
    let agent = site.start("127.0.0.1:0");
    let kept = agent.well("GET", &format!("/visits/{visit}"), &Value::Null);
    assert_eq!(kept["visit"]["decision"]["proof"], settled["decision"]["proof"]);
    assert_eq!(gate(&agent, &visit)["settle"], true);
    agent.stop();
    sandbox.stop();
}

#[test]
fn a_notice_that_was_on_its_way_is_not_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let center = format!("http://{}", silent.local_addr().expect("an address"));
    let site = Site::at(&center, "his001", &"0".repeat(32), "H35010000001", folder.path());
    let mut agent = site.start("127.0.0.1:0");
    let begun = agent.well("POST", "/visits", &json!({"ecToken": "350000ec7ioqup8p1o0761820a0000f1f8b13d"}));
    let visit = begun["visit"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/visits/{visit}/notice");
    let door = agent.door();
    let waiting = std::thread::spawn(move || door.ask("POST", &path, &json!({"amount": "1"})));
    // The center has the request, and never answers it: now the power goes.
    let called = silent.accept().expect("called");
    agent.kill();
    assert_eq!(waiting.join().expect("no panic"), None);
    drop(called);
    let agent = site.start("127.0.0.1:0");
    let stand = agent.well("GET", &format!("/visits/{visit}"), &Value::Null);
    assert_eq!((&stand["visit"]["notices"], &stand["visit"]["way"]), (&json!(1), &json!("online")));
    drop(silent);
    let gated = gate(&agent, &visit);
    assert_eq!((&gated["settle"], &gated["decision"]["verdict"]), (&json!(false), &json!("fallBack")));
}

#[test]
fn its_command_explains_itself() {
    let printed = run(&["agent", "--print-config"], "");
    assert_eq!(printed.code, 0);
    assert!(printed.out.contains("[agent]") && printed.out.contains("token_file"), "{}", printed.out);
    let none = run(&["agent"], "");
    assert_eq!(none.code, 2, "{none:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let key = "0".repeat(31);
    let path = folder.path().join("agent.toml");
    secret(folder.path(), "agent.toml", &printed.out.replace("00112233445566778899AABBCCDDEEFF", &key));
    let bad = run(&["agent", "--config", path.to_str().expect("a path")], "");
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("key：") && !bad.err.contains(&key), "{bad:?}");
    let nobody = std::fs::read_to_string(&path).expect("written").replace(&key, &"0".repeat(32));
    std::fs::write(&path, nobody).expect("written");
    let nobody = run(&["agent", "--config", path.to_str().expect("a path"), "--link"], "");
    assert!(nobody.code == 1 && nobody.err.contains("令牌文件"), "{nobody:?}");
}
