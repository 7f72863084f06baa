//! Reports that a test center signed: brought by the applicant or at the counter, they count without a witness.

use std::path::Path;
use std::time::Duration;

use yanmi_center::config::TestCenterKeys;
use yanmi_papers::run_report::{DecisionCount, NOTE, RunTally, TestCenter, TriedSystem};
use yanmi_papers::{PrivateKey, RunConclusion, RunNo, RunReport, Signed, SuiteKind};
use yanmi_protocol::{AccountId, OrgCode, Region, Sm4Key};

use super::by_applicant::{begun, ground, page, send};
use super::{Cast, FILLED_IN, begin, cast, done, key_of, stay, to_province, to_trial};
use crate::site::{self, HOSPITAL, Site};

/// What the test center that is known here signs with.
fn test_center() -> PrivateKey {
    key_of(77)
}

/// Writes the public half where a center of this folder looks for it.
pub(super) fn write_key(folder: &Path) {
    std::fs::write(folder.join("test-center.pem"), test_center().public().to_pem()).expect("written");
}

/// What a test center says about the system of the form, tried with institutions that it invented.
fn run_report(cast: &Cast) -> RunReport {
    let written_at = cast.site.hands.now().minus(Duration::from_mins(5));
    RunReport {
        number: RunNo::read("T350000-2026-000017").expect("a number"),
        suite: SuiteKind::Institution,
        test_center: TestCenter {
            region: Region::new("350000").expect("a region"),
            name: "某省联调中心".to_owned(),
            space: Some("甲软件".to_owned()),
        },
        system: TriedSystem {
            org_id: AccountId::new("t-his").expect("an account"),
            kcv: Sm4Key::from_bytes(&[3; 16]).kcv(),
            institutions: vec![OrgCode::new("H35999900001").expect("a code")],
            vendor: "某软件有限公司".to_owned(),
            product: "某 HIS 5.2.1".to_owned(),
        },
        conclusion: RunConclusion::Passed,
        rules: RunTally { passed: 27, failed: 0, not_observed: 0 },
        advice: RunTally::default(),
        situations: RunTally { passed: 34, failed: 0, not_observed: 0 },
        decisions: DecisionCount { by_program: 50, by_page: 0 },
        started_at: written_at.minus(Duration::from_mins(30)),
        written_at,
        report_sm3: [9; 32],
        yanmi_version: "0.1.0".to_owned(),
        note: NOTE.to_owned(),
    }
}

fn signed(report: RunReport, key: &PrivateKey) -> String {
    Signed::new(report, key).expect("signed").to_json()
}

#[tokio::test]
async fn an_applicant_brings_what_a_test_center_signed_and_nobody_has_to_watch() {
    let (mut cast, [mut admin, mut technician, _]) = ground().await;
    let (path, there) = begun(&mut admin).await;
    assert_eq!(send(&mut admin, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await.status, 303);
    to_province(&mut cast, &there).await;
    to_trial(&mut cast, &there).await;
    let file = signed(run_report(&cast), &test_center());
    let at = format!("{path}/report");
    page(&mut technician, &at).await;
    let brought = technician.upload(&at, "report.signed.json", file.as_bytes()).await;
    assert_eq!(brought.status, 303, "{}", brought.body);
    let shown = page(&mut admin, &path).await.body;
    assert!(shown.contains("某省联调中心，编号 T350000-2026-000017"), "{shown}");

    stay(&mut cast.approver).await;
    let desk = cast.approver.get(&there).await.body;
    for words in
        ["联调环境验收", "某省联调中心", "T350000-2026-000017", "t-his", "某软件有限公司", "验收通过"]
    {
        assert!(desk.contains(words), "{words}: {desk}");
    }
    assert!(!desk.contains("须旁证"), "{desk}");
    // A report of one's own does not take its place.
    page(&mut technician, &at).await;
    let own = technician.upload(&at, "report.json", &super::report(&cast, "passed")).await;
    assert!(own.status == 409 && own.body.contains("不用自测报告代替"), "{}", own.body);
    done(&mut cast.approver, &there, &[("do", "accept"), ("opinion", "通过")]).await;
    stay(&mut cast.keeper).await;
    assert!(cast.keeper.get(&there).await.body.contains("某省联调中心"));
}

#[tokio::test]
async fn what_is_forged_or_of_another_system_is_refused_and_says_why() {
    let mut cast = cast().await;
    let path = begin(&mut cast.counter, "system").await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;
    to_province(&mut cast, &path).await;
    to_trial(&mut cast, &path).await;
    let at = format!("{path}/report");
    let good = run_report(&cast);
    let file = signed(good.clone(), &test_center());
    let of = |change: &dyn Fn(&mut RunReport)| {
        let mut report = good.clone();
        change(&mut report);
        signed(report, &test_center())
    };
    let stranger = key_of(78);
    let unknown = format!("公钥标识 {}", stranger.public().id());
    let table = [
        (file.replace("5.2.1", "5.2.2"), "签名与内容不符"),
        (file.replace("\"note\"", "\"more\":1,\"note\""), "more 不是已知的成员"),
        (signed(good.clone(), &stranger), unknown.as_str()),
        (of(&|report| report.system.product = "某 HIS 5.2.2".to_owned()), "产品或版本与申请表不同"),
        (of(&|report| report.system.org_id = AccountId::new("t-yi").expect("it")), "不是批准的联调编码"),
        (of(&|report| report.suite = SuiteKind::Channel), "不是申请的那一类"),
    ];
    for (file, words) in table {
        stay(&mut cast.counter).await;
        let refused = cast.counter.upload(&at, "report.signed.json", file.as_bytes()).await;
        assert!(refused.status == 422 && refused.body.contains(words), "{words}: {}", refused.body);
    }
    let desk = cast.counter.get(&path).await.body;
    assert!(!desk.contains("联调环境验收"), "{desk}");
    // The same system under an account for everybody, with an institution of the form.
    let own = of(&|report| {
        report.system.org_id = AccountId::new("acceptance").expect("it");
        report.system.institutions = vec![OrgCode::new(HOSPITAL).expect("a code")];
        report.conclusion = RunConclusion::Incomplete;
    });
    let brought = cast.counter.upload(&at, "report.signed.json", own.as_bytes()).await;
    assert_eq!(brought.status, 303, "{}", brought.body);
    // Another one takes its place, and an old one is no ground any more.
    let old = of(&|report| {
        let days = Duration::from_hours(91 * 24);
        (report.started_at, report.written_at) =
            (report.started_at.minus(days), report.written_at.minus(days));
    });
    assert!(cast.counter.get(&path).await.body.contains("提交验收报告"));
    assert_eq!(cast.counter.upload(&at, "report.signed.json", old.as_bytes()).await.status, 303);
    let late = super::step(&mut cast.approver, &path, &[("do", "accept"), ("opinion", "通过")]).await;
    assert!(late.status == 409 && late.body.contains("九十日"), "{}", late.body);
}

#[tokio::test]
async fn a_file_without_a_public_key_stops_the_start_and_names_the_setting() {
    let stopped = Site::start().await.stop().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = stopped.config.clone();
    config.onboarding.test_centers = TestCenterKeys::new(folder.path(), "test-center.pem").ok();
    let private = test_center().to_pem().to_string();
    for (text, words) in
        [(None, "test-center.pem"), (Some("<html>"), "公钥"), (Some(private.as_str()), "公钥")]
    {
        if let Some(text) = text {
            std::fs::write(folder.path().join("test-center.pem"), text).expect("written");
        }
        let error = site::start(&config, &stopped.hands).await.expect_err("no public key").to_string();
        assert!(error.contains("onboarding.test_centers") && error.contains(words), "{error}");
        assert!(!error.contains("PRIVATE"), "{error}");
    }
}
