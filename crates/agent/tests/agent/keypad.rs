//! The dynamic library, which asks the person at its own keyboard: by the interface and by the page.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use yanmi_capi::library::LibrarySettings;

use crate::door::Door;
use crate::page::{get, logged_in, post};

fn settings(folder: &Path) -> LibrarySettings {
    let file = folder.join("libkeypad.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent/keypad.c");
    let done = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&file).arg(source).output();
    let done = done.expect("a C compiler: Debian package gcc");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let table = json!({"file": file, "url": "http://vendor.invalid", "operation": "cn.vendor.pwd"});
    LibrarySettings::read(table).expect("settings")
}

#[test]
fn the_library_asks_the_person_and_the_gate_believes_its_answer() {
    let vendor = tempfile::tempdir().expect("a folder");
    let door = Door::with(|config| {
        config.library = Some((settings(vendor.path()), vendor.path().to_owned()));
    });
    let begun = door.well("POST", "/visits", &json!({"medium": "socialSecurityCard"}));
    let visit = begun["visit"]["id"].as_str().expect("an id");
    let checked = door.well("POST", &format!("/visits/{visit}/offline"), &json!({"way": "libraryPassword"}));
    assert_eq!(checked["visit"]["offline"]["message"], "线下核验未通过：密码错误");
    let gate = format!("/visits/{visit}/gate?amount=10");
    assert_eq!(door.well("GET", &gate, &json!(null))["decision"]["advice"]["reason"], "offlineFailed");

    let cookie = logged_in(&door);
    let page = get(&door, &cookie, &format!("/?visit={visit}"));
    assert!(
        page.text.contains("动态库密码核验") && !page.text.contains("type=\"password\""),
        "{}",
        page.text
    );
    door.site.hands.forward(std::time::Duration::from_secs(9));
    let path = format!("/page/visits/{visit}/offline");
    assert_eq!(post(&door, &cookie, &path, "way=libraryPassword").status, 303);
    assert!(get(&door, &cookie, &format!("/?visit={visit}")).text.contains("sign allowed"));
    let settled = door.well("GET", &gate, &json!(null));
    assert_eq!((&settled["settle"], &settled["decision"]["proof"]["resBizNo"]), (&json!(true), &json!("K2")));
}
