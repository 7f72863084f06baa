//! What was changed of who may call, from the command line.

use crate::site::{ok, site};
use crate::yanmi::run;

/// Every kind of change.
const CHANGES: &[&[&str]] = &[
    &["account", "add", "--org-id", "his", "--name", "某系统"],
    &["account", "edit", "--org-id", "his", "--mac", "required", "--reason", "改造完成"],
    &[
        "account",
        "edit",
        "--org-id",
        "his",
        "--name",
        "某业务系统",
        "--rate",
        "7",
        "--networks",
        "10.0.0.0/8",
    ],
    &["account", "disable", "--org-id", "his"],
    &["account", "enable", "--org-id", "his"],
    &["account", "rotate-key", "--org-id", "his"],
    &["account", "retire-key", "--org-id", "his"],
    &["institution", "add", "--org", "H35010000001", "--name", "某医院", "--account", "his"],
    &[
        "institution",
        "edit",
        "--org",
        "H35010000001",
        "--name",
        "某医院东院",
        "--contact",
        "王试",
        "--phone",
        "13900001234",
        "--note",
        "夜间打总机",
    ],
    &["account", "add", "--org-id", "other", "--name", "另一系统"],
    &["institution", "attach", "--org", "H35010000001", "--account", "other"],
    &["institution", "detach", "--org", "H35010000001", "--account", "his"],
    &["institution", "disable", "--org", "H35010000001", "--hours", "4"],
    &["institution", "enable", "--org", "H35010000001"],
    &["channel", "add", "--id", "app", "--name", "某应用", "--url", "http://127.0.0.1:1/n"],
    &["channel", "move", "--id", "app", "--url", "http://127.0.0.1:2/n"],
    &["channel", "handover", "--id", "app", "--none"],
    &["channel", "word", "--id", "app", "--limits", "200,500"],
    &["channel", "edit", "--id", "app", "--mac", "optional"],
    &["channel", "disable", "--id", "app"],
    &["channel", "enable", "--id", "app"],
    &["channel", "rotate-key", "--id", "app"],
    &["channel", "retire-key", "--id", "app"],
    &["channel", "edit", "--id", "app", "--settlement", "true", "--ways", "01,02", "--record", "disabled"],
    &["account", "close", "--org-id", "other"],
    &["institution", "close", "--org", "H35010000001"],
    &["channel", "close", "--id", "app"],
];

/// A site to which all of them were made; its folder and configuration.
fn changed() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    ok(&["migrate", "--config", &config]);
    for words in CHANGES {
        ok(&[words, &["--config", &config][..]].concat());
    }
    (folder, config)
}

#[test]
fn every_change_is_listed_in_words_with_who_made_it_and_why() {
    let (_folder, config) = changed();
    let on = |words: &[&str]| ok(&[words, &["--config", &config]].concat());
    let twice = run(&["account", "add", "--org-id", "his", "--name", "x", "--config", &config], "");
    assert_eq!(twice.code, 1);
    let events: serde_json::Value =
        serde_json::from_str(&on(&["audit", "list", "--json"]).out).expect("JSON");
    let events = events.as_array().expect("events");
    assert_eq!(events.len(), 28);
    assert!(events.iter().all(|event| event["actor"].as_str().is_some_and(|who| who.starts_with("host:"))));
    assert_eq!(events[1]["reason"], "改造完成");
    assert_eq!(events[1]["changes"], serde_json::json!([["mac", "optional", "required"]]));
    assert_eq!(
        (events[27]["outcome"].as_str(), events[26]["outcome"].as_str()),
        (Some("refused"), Some("done"))
    );
    // What a person reads has no code of a field or an action in it that there is a word for.
    let listed = on(&["audit", "list"]).out;
    let codes = events.iter().map(|event| event["action"].as_str().expect("an action").to_owned());
    let fields = events.iter().flat_map(|event| event["changes"].as_array().expect("changes").clone());
    let fields = fields.map(|change| change[0].as_str().expect("a field").to_owned());
    for code in codes.chain(fields.filter(|field| field != "mac")) {
        assert!(
            !listed.contains(&format!("{code}：")) && !listed.contains(&format!(" {code} ")),
            "{code}: {listed}"
        );
    }
    let of_app = on(&["audit", "list", "--object", "app", "--count", "2"]).out;
    assert_eq!(of_app.lines().count(), 3, "{of_app}");
    let verified = on(&["audit", "verify"]).out;
    let listed = on(&["institution", "list"]).out;
    assert!(
        listed.contains("某医院东院") && listed.contains("other") && listed.contains("已注销"),
        "{listed}"
    );
    assert!(verified.contains("共 28 条") && verified.contains("末尾摘要"), "{verified}");
}

#[test]
fn whom_to_call_is_shown_at_the_machine_and_in_no_event() {
    let (_folder, config) = changed();
    let on = |words: &[&str]| ok(&[words, &["--config", &config]].concat()).out;
    let shown = on(&["institution", "show", "--org", "H35010000001"]);
    for words in ["联系人：王试", "联系电话：13900001234", "备注：夜间打总机"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let json = on(&["institution", "show", "--org", "H35010000001", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (json["contact"]["phone"].as_str(), json["enabled"].as_bool()),
        (Some("13900001234"), Some(false))
    );
    let new = ["institution", "add", "--org", "H35010000002", "--name", "某院", "--account", "his"];
    on(&[&new[..], &["--contact", "李试", "--phone", "0591-87654321"]].concat());
    on(&["institution", "edit", "--org", "H35010000002", "--contact", ""]);
    let shown = on(&["institution", "show", "--org", "H35010000002"]);
    assert!(shown.contains("联系人：没有") && shown.contains("联系电话：0591-87654321"), "{shown}");
    let listed =
        [on(&["audit", "list"]), on(&["institution", "list"]), on(&["institution", "list", "--json"])];
    assert!(listed[0].contains("联系人：*试，联系电话：*******1234，备注：5 字"), "{}", listed[0]);
    for words in ["王试", "李试", "1390000", "8765", "夜间"] {
        assert!(listed.iter().all(|list| !list.contains(words)), "{words}: {listed:?}");
    }
    let missing = run(&["institution", "show", "--org", "H35010000009", "--config", &config], "");
    assert!(missing.code == 1 && missing.err.contains("H35010000009 不存在"), "{missing:?}");
}

#[test]
fn what_cannot_be_changed_says_why() {
    let (_folder, config) = changed();
    for (words, why) in [
        (&["account", "enable", "--org-id", "other"][..], "已注销，不能再更改或启用"),
        (
            &["institution", "attach", "--org", "H35010000001", "--account", "nobody"],
            "业务系统编码 nobody 不存在",
        ),
        (&["account", "edit", "--org-id", "his", "--networks", "10.1.2.3/8"], "--networks 不可用"),
        (&["account", "edit", "--org-id", "his"], "--name"),
        (&["account", "edit", "--org-id", "his", "--applicant", "91350100M000100Y34"], "--applicant 不可用"),
        (&["account", "edit", "--org-id", "his", "--applicant", "91350100M000100Y43"], "申请方"),
        (
            &["account", "add", "--org-id", "new", "--name", "某", "--applicant", "91350100M000100Y43"],
            "申请方",
        ),
        (&["institution", "edit", "--org", "H35010000001"], "--phone"),
        (&["institution", "edit", "--org", "H35010000001", "--phone", "1390000"], "联系电话应为"),
        (&["account", "disable", "--org-id", "his", "--hours", "721"], "--hours"),
    ] {
        let refused = run(&[words, &["--config", &config]].concat(), "");
        assert!(refused.code != 0 && refused.err.contains(why), "{words:?}: {refused:?}");
    }
}

#[test]
fn a_reason_has_a_bound_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    ok(&["migrate", "--config", &config]);
    let long = "长".repeat(201);
    let add = ["account", "add", "--org-id", "his", "--name", "x", "--config", &config, "--reason", &long];
    let refused = run(&add, "");
    assert!(refused.code == 1 && refused.err.contains("--reason 不能超过 200 个字符"), "{refused:?}");
    assert!(ok(&["audit", "verify", "--config", &config]).out.contains("共 0 条"));
}

#[test]
fn an_account_of_joint_debugging_is_registered_at_a_test_center_only() {
    let add = ["account", "add", "--org-id", "t-his", "--name", "某系统", "--config"];
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    ok(&["migrate", "--config", &config]);
    let refused = run(&[&add[..], &[&config]].concat(), "");
    assert!(refused.code == 1 && refused.err.contains("只在联调中心登记"), "{refused:?}");
    let listed = ok(&["account", "list", "--config", &config]).out;
    assert!(!listed.contains("t-his"), "{listed}");
    let told = ok(&["audit", "list", "--json", "--config", &config]).out;
    assert!(told.contains("\"refused\"") && told.contains("t-his"), "{told}");

    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "[onboarding]\ntrial_accounts = true\n");
    ok(&["migrate", "--config", &config]);
    ok(&[&add[..], &[&config]].concat());
    assert!(ok(&["account", "list", "--config", &config]).out.contains("t-his"));
}
