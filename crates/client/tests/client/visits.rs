//! What is stored, what is not, and what a restart finds.

use std::sync::Arc;
use std::time::Duration;

use yanmi_client::config::VisitsSettings;
use yanmi_client::gate::{
    Ask, Medium, NoticeOutcome, OfflineOutcome, Reason, Rules, Settlement, Source, Verdict, VisitId, Way,
};
use yanmi_client::visits::NewVisit;
use yanmi_client::{Ambient, NoticeAnswer, StatusAnswer, Visits, VisitsError};
use yanmi_protocol::{EcToken, Sm4Key};

use crate::hands::Hands;
use crate::site::visits_in;

const SERIAL: &str = "161665488196720251123114400";

fn token(text: &str) -> EcToken {
    EcToken::new(text).expect("a token")
}

fn open(settings: &VisitsSettings, hands: &Hands) -> Visits {
    Visits::open(settings, Arc::new(hands.clone())).expect("opened")
}

fn hundred() -> Ask {
    Ask { kind: Settlement::Outpatient, amount: "100".parse().expect("an amount") }
}

#[test]
fn a_restart_finds_every_step_and_the_file_tells_nothing() {
    let (folder, hands) = (tempfile::tempdir().expect("a folder"), Hands::new());
    let settings = visits_in(folder.path());
    let visits = open(&settings, &hands);
    let secret = "630000ec7ioqup8p1o0761820a0000f1f8b13d";
    let new = NewVisit { reference: Some("MZ0042".to_owned()), ..NewVisit::scanned(token(secret)) };
    let id = visits.begin(&new).expect("begun").id();
    visits.begin_notice(id, Some("100".parse().expect("an amount"))).expect("stored");
    drop(visits);

    // Ended while the notice was under way: it may be out.
    let visits = open(&settings, &hands);
    let visit = visits.get(id).expect("kept");
    assert_eq!(visit.notice().expect("one").outcome, NoticeOutcome::Pending);
    assert_eq!(visit.token(), Some(token(secret)));
    let answer = Ok(NoticeAnswer::Notified {
        serial: SERIAL.to_owned(),
        check_number: None,
        asked_earlier: Duration::ZERO,
    });
    let visit = visits.end_notice(id, visit.epoch(), &answer).expect("stored");
    let confirmed =
        StatusAnswer::Checked { confirmed: true, serial: SERIAL.to_owned(), told: None, proven: false };
    let status = Some((visit.epoch(), Ok(confirmed)));
    let decided = visits.decide(id, status, hundred(), &Rules::default()).expect("stored");
    assert!(decided.decision().expect("one").verdict.settles());
    drop(visits);
    let visits = open(&settings, &hands);
    assert_eq!(visits.get(id).expect("kept"), decided);
    assert_eq!(visits.find("MZ0042").expect("listed"), [decided]);
    assert_eq!(visits.find("MZ0043").expect("listed"), []);
    assert_eq!(visits.since(hands.now()).expect("listed").len(), 1);
    drop(visits);

    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        for needle in [secret, "f1f8b13d", "MZ0042", SERIAL, "qrCode"] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle}");
        }
    }
}

#[test]
fn an_answer_that_was_another_visits_is_not_believed() {
    let (folder, hands) = (tempfile::tempdir().expect("a folder"), Hands::new());
    let visits = open(&visits_in(folder.path()), &hands);
    let answer = Ok(NoticeAnswer::Notified {
        serial: SERIAL.to_owned(),
        check_number: None,
        asked_earlier: Duration::ZERO,
    });
    let notify = |of: &str| {
        let id = visits.begin(&NewVisit::scanned(token(of))).expect("begun").id();
        let epoch = visits.begin_notice(id, None).expect("stored").epoch();
        let visit = visits.end_notice(id, epoch, &answer).expect("stored");
        // The same answer again is still this visit's.
        assert_eq!(visits.end_notice(id, epoch, &answer).expect("stored").notice(), visit.notice());
        let confirmed =
            StatusAnswer::Checked { confirmed: true, serial: SERIAL.to_owned(), told: None, proven: false };
        let status = Some((visit.epoch(), Ok(confirmed)));
        let decided = visits.decide(id, status, hundred(), &Rules::default()).expect("stored");
        decided.decision().expect("one").verdict.clone()
    };
    assert!(notify("T1").settles());
    let Verdict::Refuse(advice) = notify("T2") else { panic!("played back") };
    assert_eq!(advice.reason, Reason::Foreign);
    assert!(notify("T1").settles(), "the same token is the same verification");
}

#[test]
fn old_visits_are_deleted() {
    let (folder, hands) = (tempfile::tempdir().expect("a folder"), Hands::new());
    let settings = VisitsSettings { retain: Duration::from_hours(1), ..visits_in(folder.path()) };
    let visits = open(&settings, &hands);
    let begin = || visits.begin(&NewVisit::with(Medium::IdCard)).expect("begun").id();
    let (old, touched) = (begin(), begin());
    hands.forward(Duration::from_mins(50));
    visits.choose(touched, Way::TerminalFace).expect("stored");
    hands.forward(Duration::from_mins(11));
    let new = begin();
    assert_eq!(visits.get(old), Err(VisitsError::NotFound(old)));
    assert!(visits.get(touched).is_ok() && visits.get(new).is_ok());
    hands.forward(Duration::from_hours(2));
    assert_eq!(visits.sweep(), Ok(2));
    assert_eq!(visits.choose(touched, Way::TerminalFace), Err(VisitsError::NotFound(touched)));
}

#[test]
fn a_file_that_is_not_ours_or_has_another_key_is_left_alone() {
    let (folder, hands) = (tempfile::tempdir().expect("a folder"), Hands::new());
    let settings = visits_in(folder.path());
    drop(open(&settings, &hands));
    let failed =
        |settings: &VisitsSettings| Visits::open(settings, Arc::new(hands.clone())).expect_err("not ours");
    let other = Sm4Key::from_ascii("some-other-key-0").expect("a key");
    let error = failed(&VisitsSettings { key: other, ..settings.clone() });
    assert_eq!(error, VisitsError::AnotherKey(settings.file.clone()));
    let text = folder.path().join("text");
    std::fs::write(&text, "这不是数据库".repeat(200)).expect("written");
    let error = failed(&VisitsSettings { file: text.clone(), ..settings.clone() });
    assert_eq!(error, VisitsError::Foreign(text.clone()));
    assert_eq!(std::fs::read_to_string(&text).expect("a text"), "这不是数据库".repeat(200));
    let nowhere = VisitsSettings { file: folder.path().join("none/visits.sqlite"), ..settings };
    assert!(failed(&nowhere).to_string().contains("文件夹不存在"));
}

#[test]
fn threads_share_commits_and_lose_nothing() {
    const THREADS: usize = 8;
    const STEPS: usize = 25;
    let (folder, hands) = (tempfile::tempdir().expect("a folder"), Hands::new());
    let settings = visits_in(folder.path());
    let visits = open(&settings, &hands);
    let shared = visits.begin(&NewVisit::scanned(token("T0"))).expect("begun").id();
    let mine: Vec<Vec<VisitId>> = std::thread::scope(|scope| {
        let work = || {
            (0..STEPS)
                .map(|_| {
                    visits.begin_notice(shared, None).expect("stored");
                    let id = visits.begin(&NewVisit::with(Medium::IdCard)).expect("begun").id();
                    let passed = OfflineOutcome::Passed { serial: None, token: None };
                    visits.record_offline(id, Way::TerminalFace, passed, Source::Port).expect("stored");
                    // A step that is refused spoils nobody else's.
                    assert!(visits.choose(id, Way::Online).is_err());
                    id
                })
                .collect()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    drop(visits);
    let visits = open(&settings, &hands);
    let steps = u32::try_from(THREADS * STEPS).expect("few");
    assert_eq!(visits.get(shared).expect("kept").notices(), steps);
    for id in mine.into_iter().flatten() {
        assert!(visits.get(id).expect("kept").offline().is_some());
    }
}

#[test]
fn references_and_numbers() {
    let (folder, hands) = (tempfile::tempdir().expect("a folder"), Hands::new());
    let visits = open(&visits_in(folder.path()), &hands);
    for text in [String::new(), "x".repeat(65)] {
        let new = NewVisit { reference: Some(text), ..NewVisit::with(Medium::IdCard) };
        assert_eq!(visits.begin(&new), Err(VisitsError::Reference));
    }
    let id = visits.begin(&NewVisit::with(Medium::IdCard)).expect("begun").id();
    assert_eq!(VisitId::parse(&id.to_string()), Some(id));
    assert_eq!(
        VisitId::parse(&id.to_string().to_uppercase()).is_some(),
        !id.to_string().contains(char::is_alphabetic)
    );
    assert_eq!(VisitId::parse("1"), None);
}
