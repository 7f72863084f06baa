//! A site's configuration and registry, from the command line.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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
    let good = ok(&["check", "--config", &site(folder.path(), "")]);
    assert!(good.out.contains("region") && good.out.contains("文件第 1 行"), "{}", good.out);
    assert!(!good.out.contains("00112233445566778899AABBCCDDEEFF"), "no key in {}", good.out);
    let bad = run(&["check", "--config", &site(folder.path(), "[policy]\nnotice_secnds = 5\n")], "");
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("notice_secnds") && bad.err.contains("12"), "{}", bad.err);
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
