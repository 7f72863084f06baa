//! The terminal and the dynamic library, plugged in as a real shared object before a sandbox: by the interface and by
//! the page.

use std::path::Path;

use serde_json::{Value, json};
use yanmi_agent::AgentConfig;
use yanmi_client::config::Document;
use yanmi_offline::ports::Ports;

use crate::door::Door;
use crate::page::{get, logged_in, post};
use crate::site::Site;

/// An agent whose person has a terminal and a keypad before them.
fn door() -> Door {
    Door::of(Site::start(), |site, config| config.ports = ports(site))
}

fn ports(site: &Site) -> Ports {
    // Cargo builds the simulated vendor's library beside the tests.
    let file = std::env::current_exe().expect("a path").with_file_name("libyanmi_vendor.so");
    let (file, url) = (file.display(), site.simulator_url());
    let text = format!(
        "[terminal]\nfile = '{file}'\nurl = '{url}'\npassword_operation = 'sandbox.terminal.password'\n\
         [library]\nfile = '{file}'\nurl = '{url}'\noperation = 'sandbox.library.password'\n"
    );
    let mut document = Document::of_toml(&text, Path::new("")).expect("TOML");
    Ports::take(&mut document).expect("settings")
}

fn begun(door: &Door) -> String {
    let begun = door.well("POST", "/visits", &json!({"ecQrCode": door.site.shown_code(0)}));
    begun["visit"]["id"].as_str().expect("an id").to_owned()
}

fn check(door: &Door, visit: &str, way: &str) -> Value {
    let checked = door.well("POST", &format!("/visits/{visit}/offline"), &json!({"way": way}));
    checked["visit"]["offline"]["message"].clone()
}

fn gate(door: &Door, visit: &str) -> Value {
    door.well("GET", &format!("/visits/{visit}/gate?amount=10"), &json!(null))
}

#[test]
fn the_terminal_looks_at_the_person_and_the_gate_believes_it() {
    let door = door();
    let visit = begun(&door);
    let other = door.site.world().persons[1].ec_index_no;
    let terminal = |state: &Value| door.site.control("/terminal", state);
    terminal(&json!({"mood": "wrong"}));
    assert_eq!(check(&door, &visit, "terminalFace"), "线下核验未通过：刷脸未通过（模拟）");
    assert_eq!(gate(&door, &visit)["decision"]["advice"]["reason"], "offlineFailed");
    terminal(&json!({"ecIndexNo": other.as_str()}));
    check(&door, &visit, "terminalFace");
    assert_eq!(gate(&door, &visit)["decision"]["advice"]["reason"], "anotherToken");
    terminal(&json!({"mood": "unreachable"}));
    check(&door, &visit, "terminalPassword");
    assert_eq!(gate(&door, &visit)["decision"]["advice"]["reason"], "offlineUnavailable");
    terminal(&json!({}));
    for way in ["terminalFace", "terminalPassword", "libraryPassword"] {
        check(&door, &visit, way);
        let settled = gate(&door, &visit);
        assert_eq!((&settled["settle"], &settled["decision"]["proof"]["way"]), (&json!(true), &json!(way)));
    }
}

#[test]
fn the_page_has_a_button_for_each_way_and_no_field_for_a_password() {
    let door = door();
    let visit = begun(&door);
    let cookie = logged_in(&door);
    let page = get(&door, &cookie, &format!("/?visit={visit}")).text;
    for way in ["医保终端刷脸认证", "医保终端密码核验认证", "动态库密码核验认证"] {
        assert!(page.contains(way), "{way}: {page}");
    }
    assert!(!page.contains("type=\"password\""), "{page}");
    assert_eq!(gate(&door, &visit)["settle"], false, "and now the page knows the amount");
    let path = format!("/page/visits/{visit}/offline");
    for (way, mood, sign) in [
        ("terminalPassword", "wrong", "sign denied"),
        ("terminalPassword", "ok", "sign allowed"),
        ("libraryPassword", "wrong", "sign denied"),
        ("terminalFace", "ok", "sign allowed"),
    ] {
        door.site.control("/terminal", &json!({"mood": mood}));
        door.site.hands.forward(std::time::Duration::from_secs(9));
        assert_eq!(post(&door, &cookie, &path, &format!("way={way}")).status, 303);
        let page = get(&door, &cookie, &format!("/?visit={visit}")).text;
        assert!(page.contains(sign), "{way} {mood}: {page}");
    }
    // What a device checks is not for the clerk to enter.
    let entered = post(&door, &cookie, &path, "way=libraryPassword&outcome=passed&serial=1");
    assert!(entered.text.contains("本机没有配置这种线下方式"), "{}", entered.text);
}

#[test]
fn what_is_not_plugged_in_names_its_setting() {
    let door = Door::with(|config: &mut AgentConfig| config.ports = Ports::default());
    let visit = begun(&door);
    for (way, setting) in [
        ("terminalFace", "[terminal] 的 face_operation"),
        ("terminalPassword", "[terminal] 的 password_operation"),
        ("libraryPassword", "[library]"),
    ] {
        let heard = door.ask("POST", &format!("/visits/{visit}/offline"), &format!("{{\"way\":\"{way}\"}}"));
        assert_eq!((heard.status, heard.json()["error"]["code"].clone()), (409, "wrongStep".into()));
        assert!(heard.text.contains(setting), "{}", heard.text);
    }
}
