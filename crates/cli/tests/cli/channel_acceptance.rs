//! The acceptance suite for channels as a command: an app is tried, a report is written, the exit code says what it came to.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use yanmi_channel_acceptance::Brief;
use yanmi_channel_acceptance::sample::{Mistake, Sample};

use crate::suite_process::{SuiteProcess, clock, report};
use crate::yanmi::run;

/// Situations in which nobody waits for long.
const QUICK: &str =
    "delivered,repeated,withdrawn-first,two-institutions,lost,wrong-mac,stranger,password,cancelled";
const PATIENCE: Duration = Duration::from_secs(20);

/// Plays a sample app against a suite that is started so; what the suite printed at its end, and its exit code.
fn played(folder: &Path, mistake: Option<Mistake>, more: &[&str]) -> (String, i32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        // Nothing that is played here has to be waited for.
        let pause = |_| -> Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(std::future::ready(())) };
        let sample = Sample::start(listener, mistake, clock(), Arc::new(pause), PATIENCE).expect("a sample");
        let url = sample.notice_url().expect("an address");
        let words = ["--notice-url", url.as_str(), "--situations", QUICK, "--vendor", "乙银行"];
        let suite = SuiteProcess::<Brief>::start("channel-acceptance", folder, &[&words, more].concat());
        sample.play(suite.brief.clone()).await.expect("played");
        suite.end(false)
    })
}

#[test]
fn who_does_right_passes_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (said, code) = played(folder.path(), None, &["--strict", "--ways", "01,03", "--mac", "optional"]);
    assert!(said.contains("结论：通过"), "{said}");
    assert_eq!(code, 0);
    let (json, html) = report(folder.path());
    assert_eq!((&json["schema"], &json["conclusion"]), (&1.into(), &"passed".into()));
    assert_eq!((&json["strict"], &json["macRequired"]), (&true.into(), &false.into()));
    assert_eq!(json["situations"].as_array().expect("a list").len(), 9);
    assert!(html.contains("乙银行") && json["sights"]["byProgram"].as_u64() > Some(5), "{json}");
}

#[test]
fn who_does_wrong_fails_and_the_report_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let (said, code) = played(folder.path(), Some(Mistake::NoMessageCenter), &[]);
    assert!(said.contains("不通过 1.4.4(5)C") && said.contains("（lost）"), "{said}");
    assert_eq!(code, 1);
    let (json, _) = report(folder.path());
    let broken: Vec<_> =
        json["rules"].as_array().expect("a list").iter().filter(|rule| rule["verdict"] == "failed").collect();
    assert_eq!(broken.len(), 1);
    assert_eq!((&broken[0]["id"], &broken[0]["kind"]), (&"show.center".into(), &"required".into()));
}

/// What the specification does not print decides only where that was agreed.
#[test]
fn advice_decides_where_that_was_agreed() {
    for (more, expected) in [(&[][..], 0), (&["--strict"], 1)] {
        let folder = tempfile::tempdir().expect("a folder");
        let (said, code) = played(folder.path(), Some(Mistake::AlertsTwice), more);
        assert!(said.contains("未采纳 约定二、V3"), "{said}");
        assert_eq!(code, expected, "{said}");
    }
}

#[test]
fn a_test_center_signs_it_as_one_of_a_channel() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let (private, public) = (path("key.pem"), path("public.pem"));
    let pair = run(&["key", "pair", "--private", &private], "");
    std::fs::write(&public, pair.out.split_inclusive("-----END PUBLIC KEY-----\n").next().expect("a key"))
        .expect("written");
    let sign = ["--product", "手机银行 8.1", "--sign", &private, "--test-center", "示范省联调中心"];
    let (_, code) = played(folder.path(), None, &sign);
    assert_eq!(code, 0);
    let (signed, report) = (path("report.signed.json"), path("report.json"));
    let check = run(&["report", "check", &signed, "--issuer", &public, "--report", &report], "");
    assert!(check.code == 0 && check.out.contains("渠道应用"), "{check:?}");
}

#[test]
fn the_list_and_wrong_words() {
    let listed = run(&["channel-acceptance", "--list"], "");
    assert_eq!(listed.code, 0);
    assert!(listed.out.contains("withdrawn-first") && listed.out.lines().count() > 50, "{}", listed.out);
    let url = ["channel-acceptance", "--notice-url", "http://127.0.0.1:9/n"];
    let table: [(&[&str], &str); 6] = [
        (&["--situations", "nonsense"], "没有情形 nonsense"),
        (&["--ways", "01", "--situations", "face"], "情形 face 不适用"),
        (&["--ways", "04"], "--ways 没有方式 04"),
        (&["--limit", "x"], "--limit"),
        (&["--region", "3"], "--region"),
        (&["--sign", "key.pem"], "--test-center"),
    ];
    for (more, said) in table {
        let ran = run(&[&url, more].concat(), "");
        assert!(ran.code != 0 && ran.err.contains(said), "{more:?}: {ran:?}");
    }
    let ran = run(&["channel-acceptance", "--notice-url", "ftp://a/b"], "");
    assert!(ran.code == 1 && ran.err.contains("--notice-url 应为 http"), "{ran:?}");
    assert!(run(&["channel-acceptance"], "").err.contains("--notice-url"));
}
