//! The judge by tables: what was seen in one situation, and the rules that were broken by it.

use std::time::Duration;

use yanmi_acceptance::event::Teller;
use yanmi_acceptance::{Conclusion, Rulebook, Verdict};
use yanmi_protocol::message::channel_notice::{Received, Way};
use yanmi_protocol::{Amount, ChannelId, Code, Region};

use super::*;
use crate::event::{AppAnswer, Call, Deed, Delivery, MacSeal, Op, Proof, Sight, State, Status, Visit};
use crate::notice_url::NoticeUrl;
use crate::play::Play;
use crate::post::{Post, Wanted, Which, notice};

const START: UnixMillis = UnixMillis::new(1_700_000_000_000);

fn settings() -> Settings {
    let url = NoticeUrl::new("http://127.0.0.1:9/n").expect("an address");
    let region = Region::new("350000").expect("a region");
    let mut settings = Settings::new(region, ChannelId::new("app").expect("a channel"), url);
    settings.ways = vec![Way::CredentialPassword, Way::Face];
    settings.situations = (0..Situation::all().count()).collect();
    settings
}

fn read(code: i64, message: &str, flag: Option<Received>) -> AppAnswer {
    AppAnswer::Read { code, message: message.to_owned(), seal: MacSeal::Right, flag: flag.map(Ok) }
}

fn taken() -> AppAnswer {
    read(0, "成功", Some(Received::Taken))
}

fn delivery(post: Post, answer: AppAnswer) -> What {
    What::Delivery(Delivery {
        post,
        proven: true,
        expires_at: START.plus(post.life),
        took: Duration::from_millis(10),
        answer: Some(answer),
        said: String::new(),
        answered: String::new(),
    })
}

fn report(status: Status, way: Way, proof: Proof, play: Play) -> What {
    let deed = Deed { which: Which::First, status, way: Some(way), at: Some(START), proof };
    What::Call(Call {
        op: Some(Op::Report),
        stamp: None,
        faults: Vec::new(),
        opened: true,
        proven: true,
        deed: Some(deed),
        switch: None,
        play: Some(play),
        asked: String::new(),
        answered: String::new(),
    })
}

fn confirmed(play: Play) -> What {
    report(Status::Confirmed, Way::CredentialPassword, Proof::Right, play)
}

fn told(state: State, alerts: u32) -> What {
    let (amount, org_name, text) = (String::new(), String::new(), "提示".to_owned());
    let teller = Teller::Program;
    What::Sight(Sight { which: Which::First, alerts, state, amount, org_name, text, teller })
}

fn events(id: &str, whats: Vec<What>) -> (usize, Vec<Event>) {
    let at = Situation::named(id).expect("a situation");
    let second = |n: usize| START.plus(Duration::from_secs(u64::try_from(n).expect("few")));
    let event = |(n, what)| Event { at: second(n), situation: Some(at), what };
    (at, whats.into_iter().enumerate().map(event).collect())
}

fn broken(id: &str, whats: Vec<What>) -> Vec<Rule> {
    judge(&events(id, whats).1, &settings()).broken()
}

#[test]
fn what_the_app_answers() {
    let first = notice(Which::First, 1);
    let wants = |wanted| Post { wanted, ..first };
    let denied = i64::from(Code::Denied.number());
    let nothing = || AppAnswer::Nothing("无法连接".to_owned());
    let table: Vec<(Post, AppAnswer, &[Rule])> = vec![
        (first, taken(), &[]),
        (first, nothing(), &[Rule::AnswerInTime]),
        (first, AppAnswer::Malformed("不是 JSON".to_owned(), 502), &[Rule::AnswerEnvelope]),
        (first, read(0, "", Some(Received::Refused)), &[Rule::AnswerTaken]),
        (first, read(1, "请换一个应用", None), &[Rule::AnswerTaken]),
        (first, read(1, "", None), &[Rule::AnswerTaken, Rule::DenyWords]),
        (first, read(0, "", Some(Received::PasswordFree)), &[Rule::FreeLimits]),
        (wants(Wanted::DeniedMac), read(denied, "拒绝", None), &[]),
        (wants(Wanted::DeniedMac), taken(), &[Rule::DenyMac]),
        (wants(Wanted::DeniedSealed), read(-2, "拒绝", None), &[Rule::DenySealed]),
        (wants(Wanted::DeniedSealed), nothing(), &[Rule::AnswerInTime]),
        (wants(Wanted::Stranger), read(500_001, "没有这个参保人", None), &[]),
        (wants(Wanted::Stranger), taken(), &[Rule::DenyStranger]),
        (wants(Wanted::OtherChannel), taken(), &[Rule::DenyChannel]),
        (wants(Wanted::TooLarge), nothing(), &[]),
        (wants(Wanted::TooLarge), AppAnswer::Malformed(String::new(), 413), &[]),
        (wants(Wanted::TooLarge), taken(), &[Rule::DenyLarge]),
    ];
    for (row, (post, answer, rules)) in table.into_iter().enumerate() {
        assert_eq!(broken("delivered", vec![delivery(post, answer)]), rules, "row {row}");
    }
    // Whoever answers nothing at all has shown nothing.
    let large = || delivery(wants(Wanted::TooLarge), nothing());
    let shown = |whats| judge(&events("too-large", whats).1, &settings()).rule(Rule::DenyLarge);
    assert_eq!(shown(vec![large()]), Verdict::NotObserved);
    assert_eq!(shown(vec![delivery(first, taken()), large()]), Verdict::Passed);
    for words in ["", " ", "java.lang.Exception: x", "a\nb", &"长".repeat(101)] {
        let answer = read(1, words, None);
        assert!(broken("stranger", vec![delivery(wants(Wanted::Stranger), answer)]) == [Rule::DenyWords]);
    }
    let unproven = AppAnswer::Read {
        code: 0,
        message: String::new(),
        seal: MacSeal::Absent,
        flag: Some(Ok(Received::Taken)),
    };
    assert_eq!(broken("delivered", vec![delivery(first, unproven)]), [Rule::AnswerMac]);
}

#[test]
fn denials_are_all_the_same() {
    let denial = |wanted, words| delivery(Post { wanted, ..notice(Which::First, 1) }, read(-4, words, None));
    let two = |second| vec![denial(Wanted::DeniedMac, "拒绝"), denial(Wanted::DeniedSealed, second)];
    assert_eq!(broken("wrong-mac", two("拒绝")), []);
    assert_eq!(broken("wrong-mac", two("密钥不对")), [Rule::DenyAlike]);
}

#[test]
fn without_a_password_only_within_what_is_registered() {
    let post = |fen, wanted| Post { fen, wanted, ..notice(Which::First, 1) };
    let free = |post| vec![delivery(post, read(0, "", Some(Received::PasswordFree)))];
    let within = |limit: Option<i64>, post| {
        let settings = Settings { word: limit.and_then(|fen| Amount::from_fen(fen).ok()), ..settings() };
        judge(&events("free", free(post)).1, &settings).broken()
    };
    assert_eq!(within(Some(100), post(Some(100), Wanted::Free)), []);
    assert_eq!(within(None, post(Some(100), Wanted::Free)), [Rule::FreeLimits]);
    assert_eq!(within(Some(99), post(Some(100), Wanted::Free)), [Rule::FreeLimits]);
    assert_eq!(within(Some(100), post(None, Wanted::Free)), [Rule::FreeLimits]);
    assert_eq!(within(Some(100), post(Some(100), Wanted::Taken)), [Rule::FreeLimits]);
}

#[test]
fn what_is_told_is_held_against_what_is_expected() {
    let first = || delivery(notice(Which::First, 1), taken());
    let table: Vec<(&str, Vec<What>, &[Rule])> = vec![
        ("delivered", vec![first(), told(State::Pending, 1)], &[]),
        ("delivered", vec![first(), told(State::Absent, 1)], &[Rule::ShowNotice]),
        ("delivered", vec![first(), told(State::Pending, 0)], &[Rule::AlertOnce]),
        // What was told before everything was posted does not count, and the last word does.
        ("delivered", vec![told(State::Absent, 0), first()], &[]),
        ("delivered", vec![first(), told(State::Absent, 0), told(State::Pending, 1)], &[]),
        // An app that refused a notice need not show it.
        (
            "delivered",
            vec![delivery(notice(Which::First, 1), read(1, "忙", None)), told(State::Absent, 0)],
            &[Rule::AnswerTaken],
        ),
        ("expired", vec![first(), told(State::Expired, 1)], &[]),
        ("link", vec![first(), visit(true), told(State::Pending, 1)], &[]),
        ("link", vec![first(), visit(false), told(State::Pending, 1)], &[Rule::LinkOnce]),
        ("link", vec![first(), visit(true), visit(true), told(State::Pending, 1)], &[Rule::LinkOnce]),
    ];
    for (row, (id, whats, rules)) in table.into_iter().enumerate() {
        assert_eq!(broken(id, whats), rules, "row {row}: {id}");
    }
    let late = |state| {
        let short = Post { life: Duration::from_secs(1), ..notice(Which::First, 1) };
        let report = confirmed(Play::Refused(Code::BadNoticeNo));
        vec![delivery(short, taken()), report, told(state, 1)]
    };
    assert_eq!(broken("expired", late(State::Expired)), [Rule::OrderExpired]);
    assert_eq!(broken("expired", late(State::Confirmed)), [Rule::OrderExpired, Rule::CenterCode]);
}

fn visit(whole: bool) -> What {
    What::Visit(Visit { whole, method: "GET".to_owned() })
}

#[test]
fn what_the_person_did_and_what_the_center_said() {
    let first = || delivery(notice(Which::First, 1), taken());
    let cancelled = |status| report(status, Way::Face, Proof::Nothing, Play::Accepted);
    let face = |mark, play| report(Status::Confirmed, Way::Face, Proof::Face(mark), play);
    let wrong =
        |left| report(Status::Confirmed, Way::CredentialPassword, Proof::Wrong, Play::WrongPassword(left));
    let unknown = || confirmed(Play::Refused(Code::Unknown));
    let table: Vec<(&str, Vec<What>, &[Rule])> = vec![
        ("password", vec![first(), confirmed(Play::Accepted), told(State::Confirmed, 1)], &[]),
        ("password", vec![first(), told(State::Pending, 1)], &[Rule::ReportConfirmed]),
        (
            "password",
            vec![first(), confirmed(Play::Accepted), told(State::Failed, 1)],
            &[Rule::CenterSuccess],
        ),
        ("password", vec![first()], &[]),
        ("cancelled", vec![first(), cancelled(Status::NotMe), told(State::NotMe, 1)], &[Rule::ReportCancel]),
        (
            "not-me",
            vec![first(), cancelled(Status::Cancelled), told(State::Cancelled, 1)],
            &[Rule::ReportNotMe],
        ),
        ("locked", vec![first(), wrong(1), wrong(0), told(State::Locked, 1)], &[]),
        (
            "locked",
            vec![first(), wrong(1), wrong(0), wrong(0), told(State::Locked, 1)],
            &[Rule::CenterLocked],
        ),
        ("void", vec![first(), confirmed(Play::Refused(Code::BadNoticeNo)), told(State::Closed, 1)], &[]),
        (
            "void",
            vec![first(), confirmed(Play::Refused(Code::BadNoticeNo)), told(State::Pending, 1)],
            &[Rule::CenterClosed],
        ),
        (
            "void",
            vec![first(), confirmed(Play::Refused(Code::BadNoticeNo)), told(State::Confirmed, 1)],
            &[Rule::CenterCode],
        ),
        (
            "unknown-error",
            vec![first(), unknown(), confirmed(Play::Accepted), told(State::Confirmed, 1)],
            &[],
        ),
        ("unknown-error", vec![first(), unknown(), told(State::Pending, 1)], &[Rule::RepeatAgain]),
        (
            "unknown-error",
            vec![first(), unknown(), unknown(), told(State::Failed, 1)],
            &[Rule::RepeatNoFailure],
        ),
        (
            "reset",
            vec![first(), confirmed(Play::Reset), face(1, Play::Accepted), told(State::Confirmed, 1)],
            &[Rule::RepeatSame],
        ),
        ("answer-wrong-mac", vec![first(), confirmed(Play::WrongMac), told(State::Pending, 1)], &[]),
        (
            "answer-wrong-mac",
            vec![first(), confirmed(Play::WrongMac), told(State::Confirmed, 1)],
            &[Rule::CenterMac],
        ),
        (
            "answer-wrong-key",
            vec![first(), confirmed(Play::WrongKey), told(State::Confirmed, 1)],
            &[Rule::CenterEnvelope],
        ),
    ];
    for (row, (id, whats, rules)) in table.into_iter().enumerate() {
        assert_eq!(broken(id, whats), rules, "row {row}: {id}");
    }
}

#[test]
fn ways_are_those_that_are_registered_and_a_face_proves_one_notice() {
    let face = |mark, play| report(Status::Confirmed, Way::Face, Proof::Face(mark), play);
    let other = report(Status::Confirmed, Way::ChannelPassword, Proof::Nothing, Play::Accepted);
    assert_eq!(broken("delivered", vec![other]), [Rule::ReportWay]);
    let (_, mut both) = events("face", vec![face(1, Play::Accepted)]);
    both.extend(events("face-again", vec![face(2, Play::Accepted), face(2, Play::Accepted)]).1);
    assert_eq!(judge(&both, &settings()).broken(), []);
    both.extend(events("face-again", vec![face(1, Play::Accepted)]).1);
    assert_eq!(judge(&both, &settings()).broken(), [Rule::ReportFace]);
}

#[test]
fn the_conclusion_and_the_end() {
    let (at, seen) =
        events("delivered", vec![delivery(notice(Which::First, 1), taken()), told(State::Pending, 1)]);
    let of = |events: &[Event], strict| {
        let settings = Settings { situations: vec![at], strict, ..settings() };
        judge(events, &settings).conclusion()
    };
    assert_eq!(of(&seen, false), Conclusion::Passed);
    assert_eq!(of(&seen[..1], false), Conclusion::Incomplete);
    assert_eq!(of(&[], false), Conclusion::Incomplete);
    // Advice decides only where that was agreed.
    let (_, twice) =
        events("delivered", vec![delivery(notice(Which::First, 1), taken()), told(State::Pending, 2)]);
    assert_eq!((of(&twice, false), of(&twice, true)), (Conclusion::Passed, Conclusion::Failed));
    // Whose situation is about advice has shown what he does.
    let repeated = Situation::named("repeated").expect("it");
    let notices = || delivery(notice(Which::First, 1), taken());
    let (_, rings) = events("repeated", vec![notices(), notices(), told(State::Pending, 2)]);
    assert_eq!(judge(&rings, &settings()).situation(repeated), Verdict::Passed);
    let strict = Settings { strict: true, ..settings() };
    assert_eq!(judge(&rings, &strict).situation(repeated), Verdict::Failed);
    let now = START.plus(Duration::from_secs(5));
    assert!(is_over(at, &seen, now) && !is_over(at, &seen[..1], now) && !is_over(at, &[], now));
    assert!(is_over(at, &seen[..1], now.plus(SITUATION_TIME)), "its time is over");
    // Nobody has to look, so it is over once it was posted.
    let (alone, posted) =
        events("wrong-mac", vec![delivery(notice(Which::First, 1), read(-4, "拒绝", None))]);
    assert!(is_over(alone, &posted, now));
    assert_eq!(
        Rule::ALL.len(),
        Rule::ALL.iter().map(|rule| rule.title()).collect::<std::collections::BTreeSet<_>>().len()
    );
}
