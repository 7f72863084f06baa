//! The steps of a visit, and the questions beside the decision.

use super::*;

#[test]
fn settlements_by_number() {
    for (number, kind) in [
        ("2102", Some(Settlement::Pharmacy)),
        ("2207", Some(Settlement::Outpatient)),
        ("2207A", Some(Settlement::Outpatient)),
        ("2304", Some(Settlement::Inpatient)),
        ("2305", Some(Settlement::Reversal)),
        ("2201", Some(Settlement::Registration)),
        ("2202", Some(Settlement::Reversal)),
        ("2208", Some(Settlement::Reversal)),
        ("2103", Some(Settlement::Reversal)),
        ("2206", None),
        ("", None),
        ("2207a", None),
    ] {
        assert_eq!(Settlement::of(number), kind, "{number}");
    }
    assert!(is_cross_province("110000", "350000"));
    assert!(!is_cross_province("350199", "350000"));
    assert!(!is_cross_province("", "350000"), "not known is not exempt");
}

#[test]
fn the_center_is_asked_only_when_it_matters() {
    let rules = Rules::default();
    let needs = |visit: &Visit| needs_status(visit, &hundred(), &rules);
    assert!(needs(&scanned().noticed(None, notified(SERIAL))));
    assert!(needs(&scanned().noticed(None, Err(trouble(Trouble::TimedOut)))));
    assert!(!needs(&scanned().noticed(None, Ok(NoticeAnswer::PasswordFree))));
    assert!(!needs(&scanned().chose(Way::Online)));
    assert!(!needs(&scanned().checked(Way::TerminalFace, true)));
    let off = Rules { outpatient: false, ..rules };
    assert!(!needs_status(&scanned().noticed(None, notified(SERIAL)), &hundred(), &off));
}

#[test]
fn a_step_that_makes_no_sense_is_refused() {
    assert_eq!(
        Visit::begin(VisitId::from_bytes([0; 16]), Medium::QrCode, None, NOW),
        Err(StepError::NoToken)
    );
    let mut card = came(Medium::SocialSecurityCard);
    assert_eq!(card.choose(Way::Online), Err(StepError::NotOnline));
    assert_eq!(card.begin_notice(None, NOW), Err(StepError::NotOnline));
    assert_eq!(card.switch_token(token("T2")), Err(StepError::NotOnline));
    let passed = OfflineOutcome::Passed { serial: None, token: None };
    assert_eq!(card.record_offline(Way::Online, passed, Source::Port, NOW), Err(StepError::NotOffline));
}

#[test]
fn an_answer_to_an_older_question_changes_nothing() {
    let mut visit = scanned();
    let first = visit.begin_notice(Some(yuan("500")), before(3)).expect("a QR code");
    visit.switch_token(token("T2")).expect("a QR code");
    visit.end_notice(first, Ok(&NoticeAnswer::PasswordFree), NOW);
    assert_eq!(visit.notice(), None);
    let second = visit.begin_notice(Some(yuan("10")), before(2)).expect("a QR code");
    visit.end_notice(first, Ok(&NoticeAnswer::PasswordFree), NOW);
    assert_eq!(visit.notice().expect("one").outcome, NoticeOutcome::Pending);
    visit.end_notice(second, notified(SERIAL).as_ref(), NOW);
    assert_eq!(visit.notice().expect("one").outcome, NoticeOutcome::Notified);
    visit.record_status(second.wrapping_sub(1), stas(true, SERIAL, None).as_ref(), NOW);
    let verdict = decide(&visit, &ask(Settlement::Outpatient, "10"), &Rules::default(), NOW);
    assert_eq!(Expected::of(&verdict), Refuse(Reason::StatusMissing));
}
