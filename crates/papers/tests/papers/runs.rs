//! What a test center says about a run: written in one way, read with a reason for every refusal, tampered with.

use proptest::prelude::*;
use serde_json::Value;
use yanmi_papers::run_report::{
    DecisionCount, MAX_RUN_COUNT, MAX_RUN_INSTITUTIONS, NOTE, RunTally, TestCenter, TriedSystem,
};
use yanmi_papers::{Feedback, Forged, PaperError, RunConclusion, RunNo, RunReport, Signed, SuiteKind};
use yanmi_protocol::{AccountId, KeyCheckValue, OrgCode, Region, Sm4Key, UnixMillis, hex};

use crate::private_key;

/// The file in full, as it is printed in the documentation of the format: a change of it is a change for every reader.
const GOLDEN: &str = include_str!("run-report.json");

fn org_code(at: usize) -> OrgCode {
    OrgCode::new(&format!("H3501020{at:04}")).expect("a code")
}

pub(crate) fn run_report() -> RunReport {
    RunReport {
        number: RunNo::read("T350000-2026-000017").expect("a number"),
        suite: SuiteKind::Institution,
        test_center: TestCenter {
            region: Region::new("350000").expect("a region"),
            name: "示范省联调中心".to_owned(),
            space: Some("甲软件".to_owned()),
        },
        system: TriedSystem {
            org_id: AccountId::new("t-jia").expect("an account"),
            kcv: Sm4Key::from_bytes(&[5; 16]).kcv(),
            institutions: vec![org_code(1), org_code(2)],
            vendor: "甲软件公司".to_owned(),
            product: "门诊收费 3.2.1".to_owned(),
        },
        conclusion: RunConclusion::Passed,
        rules: RunTally { passed: 27, failed: 0, not_observed: 0 },
        advice: RunTally { passed: 3, failed: 1, not_observed: 0 },
        situations: RunTally { passed: 34, failed: 0, not_observed: 0 },
        decisions: DecisionCount { by_program: 48, by_page: 2 },
        started_at: UnixMillis::new(1_795_881_600_000),
        written_at: UnixMillis::new(1_795_883_400_000),
        report_sm3: [0xAB; 32],
        yanmi_version: "0.1.0".to_owned(),
        note: NOTE.to_owned(),
    }
}

fn signed(report: RunReport) -> Result<Signed<RunReport>, PaperError> {
    Signed::new(report, &private_key(1))
}

#[test]
fn a_run_is_written_in_one_way() {
    let paper = signed(run_report()).expect("signed");
    assert_eq!(paper.to_json(), GOLDEN);
    let read: Signed<RunReport> = Signed::read(GOLDEN.as_bytes()).expect("read");
    assert_eq!((&read, read.check(&private_key(1).public())), (&paper, Ok(())));
    assert!(matches!(read.check(&private_key(2).public()), Err(Forged::OtherKey { .. })));
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(GOLDEN).expect("JSON"));
    let read: Signed<RunReport> = Signed::read(pretty.expect("JSON").as_bytes()).expect("read");
    assert_eq!((&read, read.check(&private_key(1).public())), (&paper, Ok(())));
    // What a test center signs is no form of a province, and the reverse.
    assert!(Signed::<Feedback>::read(GOLDEN.as_bytes()).is_err());
    let channel = RunReport { suite: SuiteKind::Channel, ..run_report() };
    let channel = RunReport { system: TriedSystem { institutions: Vec::new(), ..channel.system }, ..channel };
    assert!(signed(channel).is_ok());
}

fn refusal(change: impl FnOnce(&mut RunReport)) -> String {
    let mut report = run_report();
    change(&mut report);
    signed(report).expect_err("it breaks a rule").to_string()
}

#[test]
fn nothing_is_signed_that_breaks_a_rule() {
    for (said, words) in [
        (refusal(|report| report.test_center.name.clear()), "testCenter.name 缺失"),
        (refusal(|report| report.test_center.name = "长".repeat(101)), "testCenter.name 长度超过 100"),
        (refusal(|report| report.system.vendor.clear()), "system.vendor 缺失"),
        (
            refusal(|report| report.system.product = "医\u{202E}保".to_owned()),
            "system.product 含有不允许显示",
        ),
        (refusal(|report| report.system.institutions.clear()), "system.institutions 至少须有一项"),
        (
            refusal(|report| report.system.institutions[1] = org_code(1)),
            "system.institutions 第 2 项重复出现",
        ),
        (
            refusal(|report| {
                report.system.institutions = (0..=MAX_RUN_INSTITUTIONS).map(org_code).collect();
            }),
            "institutions 有 201 项，至多 200 项",
        ),
        (refusal(|report| report.rules.failed = 1), "conclusion 是通过，却有"),
        (refusal(|report| report.situations.not_observed = 1), "conclusion 是通过，却有"),
        (refusal(|report| report.situations.failed = 1), "conclusion 是通过，却有"),
        (refusal(|report| report.decisions.by_page = MAX_RUN_COUNT + 1), "decisions.byPage 应在 0 至"),
        (refusal(|report| report.written_at = UnixMillis::new(1_795_881_599_999)), "writtenAt 早于开始时间"),
    ] {
        assert!(said.contains(words), "{said}: {words}");
    }
    for number in ["", "a b", "甲", "a_b", &"1".repeat(33)] {
        assert_eq!(RunNo::read(number), None, "{number:?}");
    }
}

#[test]
fn whatever_is_changed_breaks_the_signature() {
    let public = private_key(1).public();
    let whole: Value = serde_json::from_str(GOLDEN).expect("JSON");
    for (member, value) in [
        ("/number", "T350000-2026-000018".into()),
        ("/suite", "channel".into()),
        ("/testCenter/name", "别处".into()),
        ("/testCenter/space", Value::Null),
        ("/system/orgId", "t-yi".into()),
        ("/system/kcv", "000000".into()),
        ("/system/institutions/0", "H35010209999".into()),
        ("/system/vendor", "乙软件公司".into()),
        ("/system/product", "门诊收费 3.2.2".into()),
        ("/conclusion", "incomplete".into()),
        ("/rules/passed", 28.into()),
        ("/advice/failed", 0.into()),
        ("/situations/passed", 35.into()),
        ("/decisions/byProgram", 50.into()),
        ("/startedAt", 1_795_881_600_001_i64.into()),
        ("/writtenAt", 1_795_883_400_001_i64.into()),
        ("/reportSm3", "CD".repeat(32).into()),
        ("/yanmiVersion", "0.1.1".into()),
        ("/note", "都好".into()),
    ] {
        let mut changed = whole.clone();
        *changed.pointer_mut(member).expect(member) = value;
        let read: Signed<RunReport> = Signed::read(changed.to_string().as_bytes()).expect(member);
        assert_eq!(read.check(&public), Err(Forged::Changed), "{member}");
    }
    let mut more = whole;
    more["remark"] = "x".into();
    let more = Signed::<RunReport>::read(more.to_string().as_bytes());
    assert_eq!(more, Err(PaperError::Unknown("remark".to_owned())));
}

prop_compose! {
    fn any_run()(
        names in proptest::collection::vec("[a-zA-Z0-9\\\\\"'&<>“药店é]{1,30}", 4),
        number in "[a-zA-Z0-9-]{1,32}",
        space in any::<bool>(),
        institutions in 1_usize..=MAX_RUN_INSTITUTIONS,
        conclusion in proptest::sample::select(RunConclusion::ALL),
        counts in proptest::collection::vec(0..=MAX_RUN_COUNT, 11),
        times in (0_i64..100_000_000, 0_i64..100_000_000),
        digest in any::<[u8; 32]>(),
        kcv in any::<[u8; 3]>(),
    ) -> RunReport {
        let passed = conclusion == RunConclusion::Passed;
        let tally = |at: usize, decides: bool| RunTally {
            passed: counts[at],
            failed: if passed && decides { 0 } else { counts[at + 1] },
            not_observed: if passed && decides { 0 } else { counts[at + 2] },
        };
        let [center, vendor, product, version] = names.try_into().expect("four");
        let run = run_report();
        RunReport {
            number: RunNo::read(&number).expect("a number"),
            test_center: TestCenter { name: center.clone(), space: space.then_some(center), ..run.test_center },
            system: TriedSystem {
                kcv: KeyCheckValue::read(&hex::encode(&kcv)).expect("a value"),
                institutions: (0..institutions).map(org_code).collect(),
                vendor,
                product: format!("{product} {version}"),
                ..run.system
            },
            conclusion,
            rules: tally(0, true),
            advice: tally(3, false),
            situations: tally(6, true),
            decisions: DecisionCount { by_program: counts[9], by_page: counts[10] },
            started_at: UnixMillis::new(run.started_at.get() + times.0),
            written_at: UnixMillis::new(run.started_at.get() + times.0 + times.1),
            report_sm3: digest,
            ..run
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_run_reads_back_as_it_was_signed(report in any_run()) {
        let paper = Signed::new(report, &private_key(1)).expect("signed");
        let read: Signed<RunReport> = Signed::read(paper.to_json().as_bytes()).expect("read");
        prop_assert_eq!(read.check(&private_key(1).public()), Ok(()));
        prop_assert_eq!(read, paper);
    }

    #[test]
    fn nothing_that_is_read_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..GOLDEN.len(), to in any::<u8>()) {
        let _ = Signed::<RunReport>::read(&bytes);
        let mut changed = GOLDEN.as_bytes().to_vec();
        changed[at] = to;
        if let Ok(paper) = Signed::<RunReport>::read(&changed) {
            let same = paper == Signed::read(GOLDEN.as_bytes()).expect("read");
            prop_assert_eq!(paper.check(&private_key(1).public()).is_ok(), same);
        }
    }
}
