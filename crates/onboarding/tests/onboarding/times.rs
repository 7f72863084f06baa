//! What time does, and who may not be one and the same.

use std::time::Duration;

use yanmi_onboarding::application::{
    Application, Calendar, Command, Delay, FormDigest, Ground, Kind, Origin, Passed, Person, PersonId,
    Refused, Report, ReportConclusion, SignedRun, State, TestRun, Withdrawal, checklist,
};
use yanmi_onboarding::{Level, Role};
use yanmi_protocol::{OrgCode, UnixMillis};

use crate::play::login;
use crate::play::{
    CITY_TO_PROVINCE, COUNTY_TO_CITY, DAY, Play, Someone, TO_COUNTY, account, area, at_province, full_form,
    in_trial, live, monday, on_condition, report, trial_account, way,
};

const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn the_way_up_begins_where_the_place_is() {
    for (place, several, kind, start) in [
        ("350102", false, Kind::System, Level::County),
        ("350100", false, Kind::System, Level::City),
        ("350199", false, Kind::Attach, Level::City),
        ("350000", false, Kind::System, Level::Province),
        ("359900", false, Kind::System, Level::City),
        ("350102", true, Kind::System, Level::Province),
        ("350102", false, Kind::Channel, Level::Province),
    ] {
        let draft =
            Application::draft(kind, area(place), several, Person::Applicant(login(1)), Vec::new(), monday());
        assert_eq!(draft.expect("six digits").start(), start, "{place}");
    }
    for place in ["35", "3501"] {
        assert_eq!(
            Application::draft(
                Kind::System,
                area(place),
                false,
                Person::Applicant(login(1)),
                Vec::new(),
                monday()
            ),
            None
        );
    }
}

#[test]
fn a_desk_warns_and_never_decides() {
    // New Year's Day is a Friday; the play begins on a Monday a month before.
    let calendar = Calendar::new([20_261_204]).expect("few");
    let play = way(&[&TO_COUNTY]);
    let delay = |days: u32| play.application.delay(&calendar, play.now.plus(days * DAY));
    // Monday; Thursday is the third working day after it, the Friday is a holiday, and Monday is the fourth.
    for (days, expected) in [
        (0, Delay::OnTime),
        (2, Delay::OnTime),
        (3, Delay::Yellow),
        (6, Delay::Yellow),
        (7, Delay::Yellow),
        (8, Delay::Red),
        (300, Delay::Red),
    ] {
        assert_eq!(delay(days), Some(expected), "{days}");
    }
    let due = play.application.due(&calendar).expect("at a desk");
    assert_eq!(due, UnixMillis::from_shanghai([2026, 12, 9, 0, 0, 0]).expect("a moment"));
    let mut late = play.later(300 * DAY);
    assert_eq!(late.command("lapse", &Someone::named("center")), Err(Refused::NotDue));
    assert!(late.command("claim", &Someone::named("county clerk")).is_ok());
    assert_eq!(live().application.delay(&calendar, monday()), None);
}

#[test]
fn what_is_written_lapses_to_the_millisecond() {
    let returned = way(&[&TO_COUNTY, &[("claim", "county clerk"), ("return", "county clerk")]]);
    let conditional = on_condition().played(&[("issue", "key keeper")]);
    let suspended = live().played(&[("suspend", "duty")]);
    let extended = in_trial().played(&[("extend", "approver")]);
    for (play, span, after) in [
        (Play::new(Kind::System), 30 * DAY, "withdrawn"),
        (returned, 30 * DAY, "withdrawn"),
        (in_trial(), 90 * DAY, "withdrawn"),
        (extended, 180 * DAY, "withdrawn"),
        (conditional, 10 * DAY, "suspended"),
        (suspended, Duration::from_hours(4), "live"),
    ] {
        let name = play.state_name();
        let center = Someone::named("center");
        let mut before = play.clone().later(span.saturating_sub(MOMENT));
        assert_eq!(before.command("lapse", &center), Err(Refused::NotDue), "{name}");
        let mut then = play.later(span);
        assert!(then.application.has_lapsed(then.now), "{name}");
        for command in ["save", "submit", "withdraw", "resume"] {
            let who = if command == "resume" { "approver" } else { "applicant" };
            assert_eq!(
                then.command(command, &Someone::named(who)),
                Err(Refused::Lapsed),
                "{name}: {command}"
            );
        }
        then.command("lapse", &center).expect(&name);
        assert_eq!(then.state_name(), after, "{name}");
    }
    let lapsed = Play::new(Kind::System).later(30 * DAY).played(&[("lapse", "center")]);
    assert!(matches!(lapsed.application.state(), State::Withdrawn { why: Withdrawal::Lapsed, .. }));
}

#[test]
fn a_condition_that_is_not_met_stops_until_it_is() {
    let (approver, center) = (Someone::named("approver"), Someone::named("center"));
    let mut play =
        on_condition().played(&[("issue", "key keeper")]).later(10 * DAY).played(&[("lapse", "center")]);
    assert!(matches!(
        play.application.state(),
        State::Suspended { ground: Ground::Conformance, by: None, .. }
    ));
    assert!(matches!(play.command("resume", &approver), Err(Refused::Time(_))));
    play.command("fulfil", &approver).expect("met");
    play.command("resume", &approver).expect("resumed");
    assert_eq!(play.command("fulfil", &approver), Err(Refused::NotNow));
    // Stopped by those on duty while the condition's time runs out: the end of the stop does not let it call.
    let almost = on_condition().played(&[("issue", "key keeper")]).later((10 * DAY).saturating_sub(MOMENT));
    let mut stopped = almost.played(&[("suspend", "duty")]).later(DAY);
    stopped.command("lapse", &center).expect("lapsed");
    assert!(matches!(
        stopped.application.state(),
        State::Suspended { ground: Ground::Conformance, until: None, .. }
    ));
    let mut late = on_condition().later(10 * DAY);
    assert!(matches!(late.command("issue", &Someone::named("key keeper")), Err(Refused::Time(_))));
}

#[test]
fn a_level_at_which_nobody_works_is_passed_over_upward_only() {
    let center = Someone::named("center");
    let mut play = way(&[&TO_COUNTY]).later(2 * DAY);
    assert_eq!(play.command("skip", &center), Err(Refused::NotDue), "somebody works there");
    play.staffed = false;
    let mut early = way(&[&TO_COUNTY]).later(DAY);
    early.staffed = false;
    assert_eq!(early.command("skip", &center), Err(Refused::NotDue), "one working day");
    play.command("skip", &center).expect("passed over");
    let State::InReview(review) = play.application.state() else { panic!("in review") };
    assert!(matches!(review.passed[..], [Passed::Skipped { level: Level::County, .. }]));
    play = play.later(7 * DAY).played(&[("skip", "center")]).later(30 * DAY);
    assert_eq!(play.command("skip", &center), Err(Refused::NotNow), "nobody decides for the province");
}

#[test]
fn nobody_acts_on_what_is_his_own() {
    for (filer, contacts) in [
        (Person::Operator(login(11)), vec![]),
        (Person::Applicant(login(1)), vec![Person::Operator(login(11))]),
    ] {
        let draft = Application::draft(Kind::System, area("350102"), false, filer, contacts, monday());
        let mut play = Play { application: draft.expect("a county"), ..Play::new(Kind::System) };
        let clerk = Someone::named("county clerk");
        let submitter = if filer == clerk.person() { &clerk } else { &Someone::named("applicant") };
        play.command("submit", submitter).expect("whoever filed may submit");
        assert_eq!(play.command("claim", &clerk), Err(Refused::Own));
        assert!(play.command("claim", &Someone::colleague("county clerk")).is_ok());
    }
    let mut play = Play::new(Kind::System);
    assert_eq!(play.command("submit", &Someone::named("county clerk")), Err(Refused::NotHis(None)));
}

#[test]
fn two_persons_are_two() {
    // One person with all roles there are is still one.
    let all = |number| Both {
        id: login(number),
        grants: Role::ALL.map(|role| yanmi_onboarding::Grant { role, area: area("35"), until: None }),
    };
    let (one, other) = (all(900), all(901));
    let mut play = at_province();
    one.give(&mut play, "approve").expect("proposed");
    assert_eq!(one.give(&mut play, "confirm"), Err(Refused::SamePerson));
    other.give(&mut play, "confirm").expect("confirmed");
    play.command("report", &Someone::named("center")).expect("taken");
    one.give(&mut play, "accept").expect("accepted");
    for who in [&one, &other] {
        assert_eq!(
            who.give(&mut play, "issue"),
            Err(Refused::SamePerson),
            "whoever approved makes out no key"
        );
    }
    all(902).give(&mut play, "issue").expect("a third");
    one.give(&mut play, "close").expect("proposed");
    assert_eq!(one.give(&mut play, "confirm"), Err(Refused::SamePerson));
    let mut late = play.clone().later(3 * DAY);
    assert_eq!(other.give(&mut late, "confirm"), Err(Refused::NoProposal), "it waited too long");
    other.give(&mut play, "confirm").expect("confirmed");
    let mut trial = in_trial().played(&[("own report", "applicant")]);
    one.give(&mut trial, "witness").expect("watched");
    assert_eq!(one.give(&mut trial, "accept"), Err(Refused::SamePerson));
    other.give(&mut trial, "accept").expect("another one looked at it");
}

#[test]
fn whoever_makes_the_key_out_decides_nothing_about_it() {
    let all = |number| Both {
        id: login(number),
        grants: Role::ALL.map(|role| yanmi_onboarding::Grant { role, area: area("35"), until: None }),
    };
    let (acceptor, issuer) = (all(900), all(901));
    let mut play = in_trial().played(&[("report", "center")]);
    acceptor.give(&mut play, "accept").expect("accepted by somebody who did not approve");
    assert_eq!(acceptor.give(&mut play, "issue"), Err(Refused::SamePerson));
    let mut conditional = on_condition();
    issuer.give(&mut conditional, "issue").expect("a key");
    assert_eq!(issuer.give(&mut conditional, "fulfil"), Err(Refused::SamePerson));
    acceptor.give(&mut conditional, "fulfil").expect("met");
    assert_eq!(conditional.application.lapses_at(), None);
}

#[test]
fn an_approval_says_what_was_looked_at_and_which_account_it_is() {
    let approver = Someone::named("approver");
    let mut play = at_province();
    let (form, opinion) = (play.form(), "");
    let checked = checklist(Level::Province, Kind::System);
    let approve = |checked, account| Command::Approve { form, checked, account, opinion };
    assert_eq!(play.give(&approve(&checked[1..], Some(account())), &approver), Err(Refused::Checklist));
    assert_eq!(play.give(&approve(checked, None), &approver), Err(Refused::Account));
    let real = play.give(&approve(checked, Some(account())), &approver);
    assert!(matches!(real, Err(Refused::Code(_))), "{real:?}");
    play.give(&approve(checked, Some(trial_account())), &approver).expect("proposed");
    let attach = [&TO_COUNTY[..], &COUNTY_TO_CITY, &CITY_TO_PROVINCE];
    let mut attach = crate::play::way_of(Kind::Attach, &attach);
    let (form, checked) = (attach.form(), checklist(Level::Province, Kind::Attach));
    let with_account = Command::Approve { form, checked, account: Some(account()), opinion };
    assert_eq!(attach.give(&with_account, &approver), Err(Refused::Account));
    for opinion in ["", "  ", &"长".repeat(501)] {
        let refuse = Command::Refuse { form, ground: Ground::Other, opinion };
        assert_eq!(attach.give(&refuse, &approver), Err(Refused::Opinion), "{opinion}");
    }
}

#[test]
fn a_code_for_trials_is_no_account_of_real_settlements() {
    let mut accepted = in_trial().played(&[("report", "center"), ("accept", "approver")]);
    let kcv = yanmi_protocol::KeyCheckValue::read("A1B2C3").expect("a value");
    let keeper = Someone::named("key keeper");
    let refused = accepted.give(&Command::Issue { account: trial_account(), kcv }, &keeper);
    assert!(matches!(refused, Err(Refused::Code(_))), "{refused:?}");
    accepted.give(&Command::Issue { account: account(), kcv }, &keeper).expect("issued");
}

/// Somebody with several roles.
struct Both {
    id: PersonId,
    grants: [yanmi_onboarding::Grant; 9],
}

impl Both {
    fn give(&self, play: &mut Play, name: &str) -> Result<(), Refused> {
        play.command_of(
            name,
            &yanmi_onboarding::application::Actor::Operator { id: self.id, grants: &self.grants },
        )
        .map(|_| ())
    }
}

#[test]
fn a_decision_is_about_the_form_that_lies_there() {
    let mut play = way(&[&TO_COUNTY, &[("claim", "county clerk")]]);
    let clerk = Someone::named("county clerk");
    let checked = checklist(Level::County, Kind::System);
    let seen = play.form();
    play = play.played(&[("return", "county clerk")]);
    let mut mended = full_form(Kind::System);
    mended.set(yanmi_onboarding::application::Field::Version, "5.3");
    play.give(&Command::Submit(&mended), &Someone::named("applicant")).expect("submitted anew");
    play = play.played(&[("claim", "county clerk")]);
    let old = Command::Pass { form: seen, checked, opinion: "" };
    assert_eq!(play.give(&old, &clerk), Err(Refused::Stale));
    for short in [&checked[1..], &[]] {
        let form = play.form();
        assert_eq!(
            play.give(&Command::Pass { form, checked: short, opinion: "" }, &clerk),
            Err(Refused::Checklist)
        );
    }
    play = play.played(&[("pass", "county clerk")]);
    let confirm = Command::Confirm { form: Some(FormDigest::new([1; 32])) };
    assert_eq!(play.give(&confirm, &Someone::named("county reviewer")), Err(Refused::Stale));
    let State::InReview(review) = play.application.state() else { panic!("in review") };
    assert_eq!((review.round, review.passed.len()), (2, 0));
}

#[test]
fn a_report_that_has_become_old_is_said_and_ends_nothing() {
    let play = live();
    let until = play.now.plus(365 * DAY);
    assert_eq!(play.application.report_good_until(), Some(until));
    assert_eq!(in_trial().application.report_good_until(), None);
    assert_eq!(play.clone().played(&[("suspend", "duty")]).application.report_good_until(), Some(until));
    let mut old = play.later(400 * DAY);
    assert_eq!(old.command("lapse", &Someone::named("center")), Err(Refused::NotDue));
    assert!(old.command("see", &Someone::named("center")).is_ok());
}

#[test]
fn a_claim_keeps_others_away_for_half_an_hour() {
    let mut play = way(&[&TO_COUNTY, &[("claim", "county clerk")]]);
    let colleague = Someone::colleague("county clerk");
    for command in ["claim", "pass", "return", "release"] {
        assert_eq!(play.command(command, &colleague), Err(Refused::Claimed), "{command}");
    }
    play = play.later(Duration::from_mins(30));
    assert_eq!(play.command("pass", &Someone::named("county clerk")), Err(Refused::NotClaimed));
    assert!(play.command("claim", &colleague).is_ok());
}

#[test]
fn a_report_has_to_be_of_this_system_new_and_good() {
    let now = in_trial().now;
    let good = report(Origin::RunHere, now);
    let of = |change: &dyn Fn(&mut Report)| {
        let mut report = good.clone();
        change(&mut report);
        report
    };
    for (report, words) in [
        (of(&|report| report.origin = Origin::Own), "自测报告须有人旁证"),
        (of(&|report| report.conclusion = ReportConclusion::Failed), "结论是不通过"),
        (of(&|report| report.conclusion = ReportConclusion::Conditional), "三十日之内的整改期限"),
        (of(&|report| report.product.version = "5.2.0".to_owned()), "产品或版本与申请表不同"),
        (of(&|report| report.at = now.minus(90 * DAY + MOMENT)), "不是九十日之内的"),
        (of(&|report| report.at = now.plus(MOMENT)), "不是九十日之内的"),
    ] {
        let mut play = in_trial();
        let who = if report.origin == Origin::Own { "applicant" } else { "center" };
        play.give(&Command::Report(&report), &Someone::named(who)).expect("taken");
        let refused = play.command("accept", &Someone::named("approver")).expect_err(words);
        assert!(refused.to_string().contains(words), "{words}: {refused}");
    }
    let mut play = in_trial();
    let forged = of(&|report| report.origin = Origin::Witnessed(Person::Operator(login(11))));
    assert!(play.give(&Command::Report(&forged), &Someone::named("applicant")).is_err());
    assert!(
        play.give(&Command::Report(&good), &Someone::named("applicant")).is_err(),
        "only the center ran it"
    );
    assert!(matches!(play.command("accept", &Someone::named("approver")), Err(Refused::Report(_))));
}

/// What a test center signed about the system of the form.
fn signed(now: UnixMillis, institutions: &[OrgCode]) -> SignedRun<'_> {
    let run = TestRun {
        center: "示范省联调中心".to_owned(),
        number: "T-17".to_owned(),
        account: trial_account(),
        vendor: "示范软件".to_owned(),
    };
    let (digest, conclusion) = ([9; 32], ReportConclusion::Passed);
    SignedRun {
        digest, conclusion, at: now, is_channel: false, product: "示范 HIS 5.2.1", institutions, run
    }
}

#[test]
fn what_a_test_center_signed_is_brought_by_the_applicant_and_needs_no_witness() {
    let mut play = in_trial();
    let (now, form) = (play.now, full_form(Kind::System));
    let of = |signed, play: &Play| Report::of_test_center(signed, &play.application, &form);
    let report = of(signed(now, &[]), &play).expect("it fits");
    assert_eq!((report.origin, report.at, &report.product), (Origin::RunHere, now, &form.product()));
    // One account for all who try at a test center: then the institution has to be one of the form.
    let [own, other] = ["H35010200001", "H35010209999"].map(|code| OrgCode::new(code).expect("a code"));
    let another = |institutions| {
        let signed = signed(now, institutions);
        SignedRun { run: TestRun { account: account(), ..signed.run.clone() }, ..signed }
    };
    let (both, strange) = ([other, own], [other]);
    assert!(of(another(&both), &play).is_ok());
    for (wrong, words) in [
        (another(&strange), "不是批准的联调编码"),
        (SignedRun { product: "示范 HIS 5.2.0", ..signed(now, &[]) }, "产品或版本与申请表不同"),
        (SignedRun { is_channel: true, ..signed(now, &[]) }, "不是申请的那一类"),
    ] {
        let refused = of(wrong, &play).expect_err(words);
        assert!(refused.to_string().contains(words), "{words}: {refused}");
    }
    assert_eq!(of(signed(now, &[]), &live()), Err(Refused::NotNow));

    for stranger in ["center", "county clerk", "approver"] {
        let given = play.give(&Command::Report(&report), &Someone::named(stranger));
        assert!(matches!(given, Err(Refused::NotHis(_))), "{stranger}: {given:?}");
    }
    let claimed = Report { origin: Origin::Own, ..report.clone() };
    let refused = play.give(&Command::Report(&claimed), &Someone::named("applicant"));
    assert!(refused.expect_err("refused").to_string().contains("只有联调中心"));
    play.give(&Command::Report(&report), &Someone::named("applicant")).expect("taken");
    assert!(matches!(play.command("own report", &Someone::named("applicant")), Err(Refused::Report(_))));
    play.command("accept", &Someone::named("approver")).expect("accepted");
    let text = play.application.to_json();
    assert!(text.contains("示范省联调中心"));
    assert_eq!(Application::from_json(&text).as_ref(), Some(&play.application));
    // A row that was written by hand does not make a report of one's own into one of a test center.
    let forged = text.replace("\"origin\":\"runHere\"", "\"origin\":\"own\"");
    assert!(forged != text && Application::from_json(&forged).is_none());
}

#[test]
fn those_on_duty_stop_for_four_hours_at_most() {
    let duty = Someone::named("duty");
    let suspend = |until| Command::Suspend { ground: Ground::Security, opinion: "异常", until };
    let (hours, mut play) = (Duration::from_hours(4), live());
    let now = play.now;
    for until in [None, Some(now.plus(hours + MOMENT)), Some(now)] {
        assert!(matches!(play.give(&suspend(until), &duty), Err(Refused::Time(_))), "{until:?}");
    }
    play.give(&suspend(Some(now.plus(hours))), &duty).expect("stopped");
    assert_eq!(play.give(&suspend(Some(now.plus(hours))), &duty), Err(Refused::NotNow), "not once more");
    play.give(&suspend(None), &Someone::named("approver")).expect("made to last");
    assert_eq!(play.application.lapses_at(), None);
    assert_eq!(account().as_str(), "his001");
}

#[test]
fn an_application_is_not_submitted_for_ever() {
    let mut play = Play::new(Kind::System);
    let again = [("submit", "applicant"), ("claim", "county clerk"), ("return", "county clerk")];
    for _ in 0..20 {
        play = play.played(&again);
    }
    assert_eq!(play.command("submit", &Someone::named("applicant")), Err(Refused::Rounds));
    let whole = way(&[&TO_COUNTY, &COUNTY_TO_CITY, &CITY_TO_PROVINCE]);
    assert_eq!(whole.level(), Level::Province);
}
