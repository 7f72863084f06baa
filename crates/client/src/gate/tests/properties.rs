//! What holds for every life of a visit, every rule and every amount.

use proptest::prelude::*;

use super::*;

fn notice_answers() -> impl Strategy<Value = Result<NoticeAnswer, Failure>> {
    prop_oneof![
        Just(notified(SERIAL)),
        Just(notified(OTHER_SERIAL)),
        Just(Ok(NoticeAnswer::PasswordFree)),
        failing_notices(),
    ]
}

fn failing_notices() -> impl Strategy<Value = Result<NoticeAnswer, Failure>> {
    prop_oneof![Just(Ok(NoticeAnswer::NotNotified { serial: SERIAL.to_owned() })), failures().prop_map(Err),]
}

fn failures() -> impl Strategy<Value = Failure> {
    prop_oneof![
        Just(trouble(Trouble::TimedOut)),
        Just(trouble(Trouble::Unreachable)),
        Just(Failure::NotAnAnswer { status: 200, why: None }),
        Just(Failure::Foreign("旧应答")),
        prop::sample::select(vec![-6, -4, -3, -2, -1, 500_001, 500_042, 500_084, 500_319, 500_321, 7])
            .prop_map(code),
    ]
}

fn status_answers() -> impl Strategy<Value = Result<StatusAnswer, Failure>> {
    prop_oneof![
        Just(stas(true, SERIAL, None)),
        Just(stas(true, OTHER_SERIAL, None)),
        Just(stas(true, SERIAL, told(Some("100")))),
        Just(stas(true, SERIAL, told(None))),
        Just(Ok(StatusAnswer::PasswordFree)),
        failing_statuses(),
    ]
}

fn failing_statuses() -> impl Strategy<Value = Result<StatusAnswer, Failure>> {
    prop_oneof![Just(stas(false, SERIAL, None)), failures().prop_map(Err)]
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Choose(Way),
    Switch,
    Notice(Option<Amount>, Result<NoticeAnswer, Failure>, u64),
    Interrupted(Option<Amount>),
    Status(Result<StatusAnswer, Failure>, u64),
    Offline(Way, bool, u64),
}

fn steps() -> impl Strategy<Value = Step> {
    let amounts =
        || prop::option::of((1_i64..200).prop_map(|yuan| Amount::from_fen(yuan * 100).expect("small")));
    let ways = || prop::sample::select(Way::ALL.to_vec());
    let ages = || 0_u64..90;
    prop_oneof![
        ways().prop_map(Step::Choose),
        Just(Step::Switch),
        (amounts(), notice_answers(), ages()).prop_map(|(a, n, age)| Step::Notice(a, n, age)),
        amounts().prop_map(Step::Interrupted),
        (status_answers(), 0_u64..3).prop_map(|(s, age)| Step::Status(s, age)),
        (ways(), any::<bool>(), ages()).prop_map(|(w, passed, age)| Step::Offline(w, passed, age)),
    ]
}

fn take(visit: &mut Visit, step: &Step) {
    match step {
        // A step the medium does not allow is refused and changes nothing.
        Step::Choose(way) => {
            let _ = visit.choose(*way);
        }
        Step::Switch => {
            let _ = visit.switch_token(token("T2"));
        }
        Step::Interrupted(amount) => {
            let _ = visit.begin_notice(*amount, before(1));
        }
        Step::Notice(amount, answer, age) => {
            if let Ok(epoch) = visit.begin_notice(*amount, before(*age)) {
                visit.end_notice(epoch, answer.as_ref(), before(*age));
            }
        }
        Step::Status(answer, age) => visit.record_status(visit.epoch, answer.as_ref(), before(*age)),
        Step::Offline(way, passed, age) => {
            let outcome = if *passed {
                OfflineOutcome::Passed { serial: None, token: None }
            } else {
                OfflineOutcome::Failed { message: String::new() }
            };
            let source = if age % 2 == 0 { Source::Port } else { Source::Caller };
            let _ = visit.record_offline(*way, outcome, source, before(*age));
        }
    }
}

prop_compose! {
    fn lives()(
        medium in prop::sample::select(Medium::ALL.to_vec()),
        far in any::<bool>(),
        steps in prop::collection::vec(steps(), 0..8),
    ) -> (Visit, Vec<Step>) {
        let mut visit = came(medium);
        visit.cross_province = far;
        for step in &steps {
            take(&mut visit, step);
        }
        (visit, steps)
    }
}

prop_compose! {
    fn all_rules()(
        [pharmacy, outpatient, inpatient, cross_province, cards] in any::<[bool; 5]>(),
        any_serial in any::<bool>(),
    ) -> Rules {
        let status_serial = if any_serial { StatusSerial::Any } else { StatusSerial::OfNotice };
        Rules { pharmacy, outpatient, inpatient, cross_province, cards, status_serial, ..Rules::default() }
    }
}

fn asks() -> impl Strategy<Value = Ask> {
    let kinds =
        vec![Settlement::Pharmacy, Settlement::Outpatient, Settlement::Inpatient, Settlement::Reversal];
    (prop::sample::select(kinds), 1_i64..20_000)
        .prop_map(|(kind, fen)| Ask { kind, amount: Amount::from_fen(fen).expect("small") })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Where everything is gated, a settlement rests on a confirmation, on 500320, on a passed check or on a face.
    #[test]
    fn nothing_settles_without_proof((visit, steps) in lives(), ask in asks()) {
        let rules = Rules::default();
        let verdict = decide(&visit, &ask, &rules, NOW);
        if let Verdict::Settle(grounds) = &verdict {
            let Grounds::Proven(proof) = grounds else {
                prop_assert_eq!(ask.kind, Settlement::Reversal);
                return Ok(());
            };
            prop_assert!(proof.covers.is_none_or(|most| ask.amount <= most));
            let proven = visit.medium == Medium::TerminalFace || steps.iter().any(|step| match step {
                Step::Notice(_, answer, _) => matches!(answer, Ok(NoticeAnswer::PasswordFree)),
                Step::Status(answer, _) => {
                    matches!(answer, Ok(StatusAnswer::PasswordFree | StatusAnswer::Checked { confirmed: true, .. }))
                }
                Step::Offline(way, passed, _) => *passed && *way != Way::Online,
                _ => false,
            });
            prop_assert!(proven);
        }
    }

    /// The same record gives the same answer, and a bigger amount never settles where a smaller one did not.
    #[test]
    fn it_is_deterministic_and_monotonic_in_the_amount((visit, _) in lives(), ask in asks(), rules in all_rules()) {
        let verdict = decide(&visit, &ask, &rules, NOW);
        prop_assert_eq!(&verdict, &decide(&visit.clone(), &ask, &rules, NOW));
        let more = Ask { amount: ask.amount.checked_add(yuan("1")).expect("small"), ..ask };
        prop_assert!(verdict.settles() || !decide(&visit, &more, &rules, NOW).settles());
    }

    /// Whatever fails next, what did not settle does not settle for it.
    #[test]
    fn a_failure_never_turns_into_a_settlement(
        (visit, _) in lives(),
        notice in failing_notices(),
        status in failing_statuses(),
        ask in asks(),
        rules in all_rules(),
    ) {
        let settled = decide(&visit, &ask, &rules, NOW).settles();
        let mut failing = vec![Step::Status(status, 0), Step::Offline(Way::TerminalPassword, false, 0)];
        if visit.way == Some(Way::Online) {
            failing.push(Step::Notice(Some(ask.amount), notice, 0));
        }
        for step in failing {
            let mut worse = visit.clone();
            take(&mut worse, &step);
            prop_assert!(settled || !decide(&worse, &ask, &rules, NOW).settles(), "{:?}", step);
        }
    }

    /// Switching something off only ever lets more through; gating more never does.
    #[test]
    fn gating_more_never_settles_more((visit, _) in lives(), ask in asks(), rules in all_rules()) {
        let strict = Rules { status_serial: StatusSerial::OfNotice, ..Rules::default() };
        prop_assert!(!decide(&visit, &ask, &strict, NOW).settles() || decide(&visit, &ask, &rules, NOW).settles());
    }

    /// A record is the same after it was stored.
    #[test]
    fn a_visit_is_read_back_as_it_was((visit, _) in lives()) {
        let text = serde_json::to_string(&visit).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Visit>(&text).expect("a visit"), visit);
    }
}
