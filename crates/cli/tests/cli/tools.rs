//! The tools that need no center.

use crate::yanmi::run;

#[test]
fn keys_are_made_and_recognized() {
    for args in [&["key", "new"][..], &["key", "new", "--ascii"]] {
        let made = run(args, "");
        let mut lines = made.out.lines();
        let mut word =
            || lines.next().and_then(|line| line.split_whitespace().last()).expect("a word").to_owned();
        let (key, kcv) = (word(), word());
        assert_eq!(run(&["key", "kcv"], &key).out.trim(), kcv);
    }
    let bad = run(&["key", "kcv"], "0011");
    assert_eq!((bad.code, bad.err.trim()), (1, "密钥应为 32 位十六进制数字，实际为 4 位"));
}

#[test]
fn what_is_sealed_opens_whether_bare_or_in_a_message() {
    let key = ["--key", "00112233445566778899AABBCCDDEEFF"];
    let plain = "{\"checkStas\":\"1\"}";
    let sealed = run(&[&["seal"], &key[..]].concat(), plain).out;
    let sealed = sealed.trim();
    let answer = format!("{{\"code\":0,\"data\":{{\"encData\":\"{sealed}\"}}}}");
    for text in [sealed.to_owned(), format!("{{\"orgId\":\"x\",\"encData\":\"{sealed}\"}}"), answer] {
        assert_eq!(run(&[&["open"], &key[..]].concat(), &text).out.trim(), plain);
    }
    let dashes: Vec<String> =
        sealed.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect();
    let wrong = run(&[&["open"], &key[..]].concat(), &dashes.join("-"));
    assert!(wrong.code == 1 && wrong.out.is_empty(), "{wrong:?}");
    assert!(
        wrong.err.contains("分隔符") && wrong.err.contains(&format!("还原的明文：\n{plain}")),
        "{wrong:?}"
    );
    let wrong = run(&["open", "--key", "yanmi-test-key-1"], sealed);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("无法解密") && wrong.out.is_empty(), "{wrong:?}");
}

#[test]
fn help_and_mistakes_are_chinese() {
    let help = run(&["--help"], "");
    assert_eq!(help.code, 0);
    for word in ["用法：", "命令:", "选项:", "显示帮助", "sandbox"] {
        assert!(help.out.contains(word), "{word} in {}", help.out);
    }
    for (asked, same) in
        [(&["help"][..], &["--help"][..]), (&["help", "key", "new"], &["key", "new", "--help"])]
    {
        assert_eq!(run(asked, "").out, run(same, "").out);
    }
    let missing = run(&["key", "kcv", "--wrong"], "");
    assert!(missing.err.contains("yanmi key kcv --help"), "{missing:?}");
    let missing = run(&["open", "--key-file", "/no/such/file"], "");
    let folder = tempfile::tempdir().expect("a folder");
    let config = crate::site::site_on("sqlite:/no/such/center.sqlite", folder.path(), "");
    let nowhere = run(&["migrate", "--config", &config], "");
    assert!(
        nowhere.err.ends_with("（设置 database）：文件或文件夹不存在（系统错误 2）\n")
            && !nowhere.err.contains("error"),
        "{nowhere:?}"
    );
    for words in ["密钥文件 /no/such/file 不可用", "文件或文件夹不存在（系统错误 2）"] {
        assert!(missing.err.contains(words), "{missing:?}");
    }
    for (args, words) in [
        (&["nonsense"][..], "没有命令 nonsense\n运行 yanmi --help"),
        (&["serv"], "没有命令 serv，是不是 serve？"),
        (&["key", "neww"], "，是不是 new？\n运行 yanmi key --help"),
        (
            &["call", "status", "--tokne", "T"],
            "没有选项 --tokne，是不是 --token？\n运行 yanmi call status --help",
        ),
        (&["serve"], "缺少选项 --config"),
        (&["key", "new", "--wrong"], "没有选项 --wrong\n运行 yanmi key new --help"),
        (&["load", "--what", "x"], "可选：echo, status, notify"),
        (&["sandbox", "--port", "70000"], "的值 70000 不可用"),
    ] {
        let ran = run(args, "");
        assert!(ran.code == 2 && ran.err.contains(words), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_tap_is_with_the_counter_at_once() {
    let Some(report) = loaded("tap") else { return };
    // A query that was not woken would be answered when its 30 seconds are over.
    assert!(report["maxMicros"].as_u64().is_some_and(|longest| longest < 10_000_000), "{report}");
}

#[test]
fn an_agents_gate_is_measured() {
    let Some(report) = loaded("gate") else { return };
    assert_eq!(report["what"], "gate");
    assert!(report["answerBytes"].as_u64().is_some_and(|bytes| bytes > 100), "{report}");
}

#[test]
fn every_page_of_the_console_is_opened_and_timed() {
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        return;
    }
    let (out, err) = load("pages", &["--institutions", "500", "--accounts", "60"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out} {err}"));
    let pages = report["pages"].as_array().expect("pages");
    for wanted in ["/o/", "/o/institutions/H35010310002", "/o/trace（通知编号）", "/o/events", "/o/settings"]
    {
        assert!(pages.iter().any(|page| page["page"] == wanted), "{wanted} {report}");
    }
    for page in pages {
        let number = |name: &str| page[name].as_u64().expect("a number");
        assert!(number("times") > 0 && number("bytes") > 5_000, "{page}");
        assert!(number("p50Micros") <= number("p95Micros"), "{page}");
        assert!(number("p95Micros") <= number("maxMicros"), "{page}");
    }
}

/// A short measurement in which nothing fails; none where the server and the load cannot have a core each.
fn loaded(what: &str) -> Option<serde_json::Value> {
    loaded_with(what, &[])
}

/// The same with more options.
pub(crate) fn loaded_with(what: &str, options: &[&str]) -> Option<serde_json::Value> {
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        return None;
    }
    let (out, err) = load(what, options);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(report["errors"], serde_json::json!({}), "{report}");
    assert!(report["requests"].as_u64().is_some_and(|asked| asked > 0), "{report}");
    Some(report)
}

/// What a short measurement writes; its files are in a folder of its own.
pub(crate) fn load(what: &str, options: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = std::process::Command::new(crate::yanmi::PROGRAM)
        .args(["load", "--what", what, "--connections", "4", "--seconds", "1", "--json"])
        .args(options)
        .current_dir(folder.path())
        .output()
        .expect("the executable runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(ran.stdout), text(ran.stderr))
}
