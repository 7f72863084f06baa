//! A site's configuration and registry, from the command line.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::serving::Serving;
use crate::yanmi::{Ran, run};

pub(crate) fn secret(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("private");
}

/// A configuration in this folder, with these lines added.
pub(crate) fn site(folder: &Path, more: &str) -> String {
    site_on("sqlite:center.sqlite", folder, more)
}

/// The same, with its database elsewhere.
pub(crate) fn site_on(database: &str, folder: &Path, more: &str) -> String {
    secret(folder, "center.key", "00112233445566778899AABBCCDDEEFF");
    secret(folder, "national.key", "FFEEDDCCBBAA99887766554433221100");
    let text = format!(
        "region = \"350000\"\ndatabase = \"{database}\"\n\
         [keys]\nencryption_key_file = \"center.key\"\n\
         [listen.institution]\naddress = \"127.0.0.1:0\"\n\
         [listen.operations]\naddress = \"127.0.0.1:0\"\n\
         [national]\nurl = \"http://127.0.0.1:9\"\norg_id = \"center\"\nkey_file = \"national.key\"\n{more}"
    );
    let path = folder.join("yanmi.toml");
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("a path").to_owned()
}

pub(crate) fn ok(args: &[&str]) -> Ran {
    let ran = run(args, "");
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    ran
}

#[test]
fn a_configuration_is_explained_and_its_mistakes_are_named_with_their_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    ok(&["migrate", "--config", &config]);
    let good = ok(&["check", "--config", &config]);
    assert!(good.out.contains("region") && good.out.contains("文件第 1 行"), "{}", good.out);
    assert!(!good.out.contains("00112233445566778899AABBCCDDEEFF"), "no key in {}", good.out);
    let bad = run(&["check", "--config", &site(folder.path(), "[policy]\nnotice_secnds = 5\n")], "");
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("notice_secnds") && bad.err.contains("14"), "{}", bad.err);
}

#[test]
fn the_registry_is_changed_and_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    let on =
        |words: &[&str]| [words, &["--config", &config]].concat().iter().map(ToString::to_string).collect();
    let ok = |words: &[&str]| -> Ran {
        let args: Vec<String> = on(words);
        ok(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    ok(&["migrate"]);
    let added = ok(&["account", "add", "--org-id", "his", "--name", "某 HIS"]);
    let kcv =
        added.out.lines().find_map(|line| line.strip_prefix("校验值")).expect("a value").trim().to_owned();
    assert!(ok(&["account", "list"]).out.contains(&kcv));
    ok(&["account", "rotate-key", "--org-id", "his"]);
    assert!(ok(&["account", "list"]).out.contains(&format!("{kcv}（旧）")));
    ok(&["account", "retire-key", "--org-id", "his"]);
    assert!(!ok(&["account", "list"]).out.contains(&kcv));
    ok(&["institution", "add", "--org", "H35010000001", "--name", "医院", "--account", "his"]);
    ok(&["institution", "disable", "--org", "H35010000001"]);
    assert!(ok(&["institution", "list"]).out.contains("否"));
    ok(&["channel", "add", "--id", "app", "--name", "应用", "--url", "http://127.0.0.1:1/n", "--settlement"]);
    assert!(ok(&["channel", "list"]).out.contains("app"));
    let template = "bankapp://confirm?no={notcNo}&way={way}";
    ok(&["channel", "handover", "--id", "app", "--url", template]);
    assert!(ok(&["channel", "list"]).out.contains(template));
    ok(&["channel", "handover", "--id", "app", "--none"]);
    assert!(!ok(&["channel", "list"]).out.contains("bankapp"));
    // Macs are demanded unless said otherwise, and a channel's word is taken only where limits are registered.
    let listed = || {
        let rows: serde_json::Value =
            serde_json::from_str(&ok(&["channel", "list", "--json"]).out).expect("JSON");
        let row = |id: &str| {
            let rows = rows.as_array().expect("rows");
            rows.iter().find(|row| row["chnlId"] == id).expect(id).clone()
        };
        let [app, slow] = [row("app"), row("slow")];
        [app["mac"].clone(), slow["mac"].clone(), app["wordLimits"].clone()]
    };
    let slow = ["channel", "add", "--id", "slow", "--name", "慢", "--url", "http://127.0.0.1:1/n"];
    ok(&[&slow[..], &["--mac", "optional"]].concat());
    assert_eq!(listed(), ["required".into(), "optional".into(), serde_json::Value::Null]);
    ok(&["channel", "edit", "--id", "slow", "--mac", "required"]);
    ok(&["channel", "word", "--id", "app", "--limits", "200,500"]);
    assert_eq!(listed(), ["required", "required", "200.00,500.00"]);
    ok(&["channel", "word", "--id", "app", "--none"]);
    assert_eq!(listed()[2], serde_json::Value::Null);
    let script: Vec<String> =
        on(&["channel", "handover", "--id", "app", "--url", "javascript://%0a{notcNo}"]);
    let script = run(&script.iter().map(String::as_str).collect::<Vec<_>>(), "");
    assert!(script.code != 0 && script.err.contains("https://"), "{script:?}");
    let twice: Vec<String> = on(&["account", "add", "--org-id", "his", "--name", "x"]);
    let twice = run(&twice.iter().map(String::as_str).collect::<Vec<_>>(), "");
    assert!(twice.code == 1 && twice.err.contains("业务系统编码 his 已存在"), "{twice:?}");
    assert_eq!(twice.out, "", "no key that was not stored");
    let away: Vec<String> = on(&["channel", "move", "--id", "app", "--url", "http://192.0.2.1/"]);
    let away = run(&away.iter().map(String::as_str).collect::<Vec<_>>(), "");
    assert!(away.code == 1 && away.err.contains("outbound.allow"), "{away:?}");
}

#[test]
fn only_migrate_makes_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    for words in [&["serve"][..], &["account", "list"], &["institution", "list"], &["channel", "list"]] {
        let refused = run(&[words, &["--config", &config]].concat(), "");
        assert!(refused.code == 1 && refused.err.contains("yanmi migrate"), "{words:?} {refused:?}");
        assert!(!folder.path().join("center.sqlite").exists(), "{words:?}");
    }
    ok(&["migrate", "--config", &config]);
    ok(&["account", "list", "--config", &config]);
}

/// Runs `serve`, which is to end by itself; what it said last.
fn refused_by_serve(config: &str) -> String {
    let ran = run(&["serve", "--config", config], "");
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.err.lines().next_back().expect("a reason").to_owned()
}

#[test]
fn check_refuses_what_serve_would_in_the_same_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    let refused = |words: &str| {
        let told = run(&["check", "--config", &config], "");
        let last = told.err.lines().next_back().expect("a reason").to_owned();
        assert_eq!((told.code, last.as_str()), (1, refused_by_serve(&config).as_str()));
        assert!(last.contains(words), "{words} in {last}");
    };
    refused("yanmi migrate");
    ok(&["check", "--config", &config, "--config-only"]);
    ok(&["migrate", "--config", &config]);
    let before = std::fs::read_dir(folder.path()).expect("a folder").count();
    ok(&["check", "--config", &config]);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), before, "nothing is left behind");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let put = |text: &str| std::fs::write(&config, text).expect("written");
    put(&text.replacen("127.0.0.1:0", &address, 1));
    refused("无法监听");
    ok(&["check", "--config", &config, "--beside"]);
    put(&format!("{text}[outbound]\nroots = \"none.pem\"\n"));
    refused("none.pem");
    put(&text.replace("sqlite:center.sqlite", "sqlite:none/center.sqlite"));
    refused("不存在");
    put(&text);
    secret(folder.path(), "center.key", "FF112233445566778899AABBCCDDEEFF");
    refused("密钥加密密钥与数据库不符");
    std::fs::write(folder.path().join("center.sqlite"), "not a database\n".repeat(500)).expect("written");
    refused("数据库");
}

/// The block of the guide that is a whole configuration, with the addresses of this machine.
pub(crate) fn example_of_the_guide(folder: &Path, data: &Path) -> String {
    let page = include_str!("../../../../docs/operating/install.md");
    let block = page.split("```toml\n").find(|block| block.starts_with("region")).expect("a configuration");
    let text = block.split("```").next().expect("its end");
    assert!(text.contains("[listen.operations]"), "{text}");
    let database = format!("sqlite:{}", data.join("center.sqlite").display());
    let text = text.replace("sqlite:/var/lib/yanmi/center.sqlite", &database);
    let text = text.replace("10.20.0.5:8350", "127.0.0.1:0").replace("172.16.8.5:8351", "127.0.0.1:0");
    let text = text.replace("10.20.0.5:8352", "127.0.0.1:0").replace("由国家中心分配", "yanmi-350000");
    let path = folder.join("yanmi.toml");
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("a path").to_owned()
}

#[test]
fn the_example_of_the_guide_is_checked_and_served() {
    let folder = tempfile::tempdir().expect("a folder");
    for face in ["institution", "channel"] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(folder.path().join(format!("{face}.pem")), made.cert.pem()).expect("written");
        secret(folder.path(), &format!("{face}.key.pem"), &made.signing_key.serialize_pem());
    }
    secret(folder.path(), "encryption.key", "00112233445566778899AABBCCDDEEFF");
    secret(folder.path(), "national.key", "FFEEDDCCBBAA99887766554433221100");
    let config = example_of_the_guide(folder.path(), folder.path());
    ok(&["migrate", "--config", &config]);
    ok(&["check", "--config", &config]);
    let center = Serving::start(&config);
    let beside = run(&["check", "--config", &config], "");
    ok(&["check", "--beside", "--config", &config]);
    assert_ne!(center.port, center.operations);
    drop(center);
    assert!(beside.code == 1 && beside.err.contains("正被另一个验密中心使用"), "{beside:?}");
}

#[test]
fn lists_are_filtered_and_read_by_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    let on = |words: &[&str]| ok(&[words, &["--config", &config]].concat()).out;
    on(&["migrate"]);
    for (id, name) in [("his", "某 HIS"), ("kiosk", "自助机")] {
        on(&["account", "add", "--org-id", id, "--name", name]);
    }
    for (code, account) in [("H35010000001", "his"), ("P35010000002", "kiosk")] {
        on(&["institution", "add", "--org", code, "--name", "机构", "--account", account]);
    }
    on(&["account", "disable", "--org-id", "kiosk"]);
    on(&["channel", "add", "--id", "app", "--name", "应用", "--url", "http://127.0.0.1:1/n", "--settlement"]);
    let json = |words: &[&str]| -> serde_json::Value {
        serde_json::from_str(&on(&[words, &["--json"]].concat())).expect("JSON")
    };
    let accounts = json(&["account", "list"]);
    assert_eq!(accounts.as_array().map(Vec::len), Some(2));
    assert_eq!(json(&["account", "list", "--enabled"])[0]["orgId"], "his");
    assert_eq!(json(&["account", "list", "--disabled"])[0]["name"], "自助机");
    assert_eq!(json(&["account", "list", "--find", "自助"])[0]["enabled"], false);
    assert_eq!(json(&["account", "list", "--find", "nobody"]).as_array().map(Vec::len), Some(0));
    let of_his = json(&["institution", "list", "--account", "his"]);
    assert_eq!((of_his.as_array().map(Vec::len), &of_his[0]["orgCodg"]), (Some(1), &"H35010000001".into()));
    assert!(!on(&["institution", "list", "--find", "P3501"]).contains("H35010000001"));
    let channel = &json(&["channel", "list"])[0];
    assert_eq!((&channel["url"], &channel["settlement"]), (&"http://127.0.0.1:1/n".into(), &true.into()));
    assert!(on(&["channel", "list"]).contains("http://127.0.0.1:1/n"), "the address is shown");
}

#[test]
fn keys_in_files_that_others_may_read_are_refused_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = site(folder.path(), "");
    let agent = folder.path().join("agent.toml");
    std::fs::write(&agent, "key_file = \"center.key\"\n").expect("written");
    let inline = folder.path().join("inline.toml");
    std::fs::write(&inline, "key = \"00112233445566778899AABBCCDDEEFF\"\n").expect("written");
    let inline = inline.to_str().expect("a path");
    let refused = run(&["agent", "--config", inline], "");
    let said = format!("key：文件 {inline} 对同组或其他用户开放：请先执行 chmod 600 {inline}");
    assert!(refused.code == 1 && refused.err.contains(&said), "{refused:?}");
    let (key, agent) = (folder.path().join("center.key"), agent.to_str().expect("a path"));
    let path = key.to_str().expect("a path");
    let commands: [&[&str]; 5] = [
        &["check", "--config", &config],
        &["serve", "--config", &config],
        &["seal", "--key-file", path],
        &["account", "add", "--org-id", "his", "--name", "某 HIS", "--key-file", path, "--config", &config],
        &["agent", "--config", agent],
    ];
    for mode in [0o640, 0o604, 0o666] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("set");
        for command in commands {
            let refused = run(command, "{}");
            assert!(refused.code == 1, "{mode:o} {command:?} {refused:?}");
            let said = format!("对同组或其他用户开放：请先执行 chmod 600 {path}");
            assert!(refused.err.contains(&said), "{mode:o} {command:?} {refused:?}");
        }
    }
}
