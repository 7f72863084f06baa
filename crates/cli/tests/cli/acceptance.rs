//! The acceptance suite as a command: an institution is tried, a report is written, the exit code says what it came to.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use yanmi_acceptance::Brief;
use yanmi_acceptance::sample::{Mistake, Sample};

use crate::suite_process::{SuiteProcess, clock, report};
use crate::yanmi::run;

/// Situations in which nobody waits for long.
const QUICK: &str = "confirmed,password-free,declined,html,new-token,unreachable";
const PATIENCE: Duration = Duration::from_secs(20);

type Suite = SuiteProcess<Brief>;

fn start(folder: &Path, situations: &str) -> Suite {
    start_with(folder, situations, &[])
}

fn start_with(folder: &Path, situations: &str, more: &[&str]) -> Suite {
    let words = ["--situations", situations, "--vendor", "甲公司", "--product", "门诊收费 3.2"];
    Suite::start("acceptance", folder, &[&words, more].concat())
}

fn play(suite: &Suite, mistake: Option<Mistake>) {
    // Nothing that is played here has to be waited for.
    let pause = |_| -> Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(std::future::ready(())) };
    let sample = Sample::new(suite.brief.clone(), mistake, clock(), Arc::new(pause), PATIENCE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(sample.expect("a sample").play()).expect("played");
}

#[test]
fn who_does_right_passes_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = start(folder.path(), QUICK);
    play(&suite, None);
    let (said, code) = suite.end(false);
    assert!(said.contains("结论：通过"), "{said}");
    assert_eq!(code, 0);
    let (json, html) = report(folder.path());
    assert_eq!((&json["schema"], &json["conclusion"]), (&2.into(), &"passed".into()));
    assert_eq!(json["situations"].as_array().expect("a list").len(), 6);
    assert!(html.contains("甲公司") && html.contains("门诊收费 3.2"));
}

#[test]
fn who_does_wrong_fails_and_the_report_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = start(folder.path(), QUICK);
    play(&suite, Some(Mistake::BelievesAnything));
    let (said, code) = suite.end(false);
    assert!(said.contains("（new-token）：按旧令牌的认证结算"), "{said}");
    assert_eq!(code, 1);
    let (json, _) = report(folder.path());
    let broken: Vec<_> =
        json["rules"].as_array().expect("a list").iter().filter(|rule| rule["verdict"] == "failed").collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0]["id"], "judge.token");
    assert_eq!(broken[0]["evidence"][0]["situation"], "new-token");
}

#[test]
fn interrupted_it_reports_what_was_seen_so_far() {
    let folder = tempfile::tempdir().expect("a folder");
    let (said, code) = start(folder.path(), "confirmed").end(true);
    assert!(said.contains("结论：未完成"), "{said}");
    assert_eq!((code, &report(folder.path()).0["conclusion"]), (1, &"incomplete".into()));
}

#[test]
fn the_list_and_wrong_names() {
    let listed = run(&["acceptance", "--list"], "");
    assert_eq!(listed.code, 0);
    assert!(listed.out.contains("clock-drift") && listed.out.lines().count() > 25, "{}", listed.out);
    let wrong = run(&["acceptance", "--situations", "confirmed,nonsense"], "");
    assert!(wrong.code == 1 && wrong.err.contains("没有情形 nonsense"), "{wrong:?}");
    let wrong = run(&["acceptance", "--org-code", "35010000001"], "");
    assert!(wrong.code == 1 && wrong.err.contains("--org-code"), "{wrong:?}");
}

#[test]
fn a_test_center_signs_what_a_run_came_to_and_openssl_agrees() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let pair = run(&["key", "pair", "--private", &path("center-key.pem")], "");
    let public = pair.out.split_inclusive("-----END PUBLIC KEY-----\n").next().expect("a key");
    std::fs::write(path("center.pem"), public).expect("written");
    let sign = ["--sign", &path("center-key.pem"), "--test-center", "示范省联调中心", "--run-no", "T-17"];
    let suite = start_with(folder.path(), "confirmed", &sign);
    play(&suite, None);
    assert_eq!(suite.end(false).1, 0);
    let (signed, report) = (path("report.signed.json"), path("report.json"));
    let check = ["report", "check", &signed, "--issuer", &path("center.pem"), "--report", &report];
    let checked = run(&check, "");
    assert_eq!(checked.code, 0, "{}", checked.err);
    for words in
        ["T-17", "示范省联调中心", "甲公司", "门诊收费 3.2", "结论  通过", "页面点击 0 次", "发现不了"]
    {
        assert!(checked.out.contains(words), "{words}: {}", checked.out);
    }
    assert!(checked.out.ends_with("签名正确\n"));
    // As the guide says it can be done without this program.
    let shell = "sed 's/,\"signature\".*/}/' report.signed.json | tr -d '\\n' > content
        grep -o '\"sm2\":\"[^\"]*' report.signed.json | tail -n 1 | cut -d '\"' -f 4 | openssl base64 -d -A > signature
        openssl pkeyutl -verify -rawin -digest sm3 -pkeyopt distid:yanmi-run-report \
            -pubin -inkey center.pem -in content -sigfile signature";
    let verified =
        Command::new("bash").args(["-euc", shell]).current_dir(folder.path()).output().expect("bash");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));

    let text = std::fs::read_to_string(&signed).expect("signed");
    std::fs::write(&signed, text.replace("甲公司", "乙公司")).expect("written");
    let forged = run(&check, "");
    assert!(forged.code == 1 && forged.err.contains("签名与内容不符"), "{forged:?}");
    std::fs::write(&signed, text).expect("written");
    std::fs::write(&report, "{}").expect("written");
    let other = run(&check, "");
    assert!(other.code == 1 && other.err.contains("摘要不同"), "{other:?}");
}

#[test]
fn what_cannot_be_signed_is_said_before_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, key) = (folder.path().to_str().expect("a path"), folder.path().join("key.pem"));
    let key = key.to_str().expect("a path");
    assert_eq!(run(&["key", "pair", "--private", key], "").code, 0);
    let start = ["acceptance", "--port", "0", "--report", path, "--sign", key];
    let long = "长".repeat(101);
    for (more, words) in [
        (&["--test-center", "甲"][..], "--vendor 与 --product"),
        (
            &["--test-center", "甲", "--vendor", "乙", "--product", "丙 1", "--run-no", "甲"][..],
            "--run-no 应为",
        ),
        (&["--test-center", &long, "--vendor", "乙", "--product", "丙 1"][..], "testCenter.name"),
        (&["--vendor", "乙", "--product", "丙 1"][..], "--test-center"),
    ] {
        let said = run(&[&start[..], more].concat(), "");
        assert!(said.code != 0 && said.err.contains(words), "{words}: {said:?}");
    }
}
