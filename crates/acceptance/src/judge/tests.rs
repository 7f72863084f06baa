//! The judge by tables: what was seen in one situation, and the rules that were broken by it.

use std::time::Duration;

use yanmi_protocol::{Amount, Code};

use super::*;
use crate::event::{Call, Decided, Fault, Role, Teller};
use crate::play::Play;

const START: i64 = 1_700_000_000_000;

/// One step: how many milliseconds after the one before, and what.
enum Step {
    Call(u64, Op, Role, Play),
    Told(u64, Outcome),
}

use Outcome::{Offline, Refused, Settled};
use Role::{First, Second};
use Step::{Call as C, Told as T};

fn notice(play: Play) -> Step {
    C(100, Op::Notice, First, play)
}

fn status(play: Play) -> Step {
    C(100, Op::Status, First, play)
}

/// The record of these steps in a situation; each call has a timestamp of its own and carries `fen`.
fn record(id: &str, steps: &[Step], fen: i64) -> (usize, Vec<Event>) {
    let at = Situation::named(id).expect("a situation");
    let amount = Situation::all().nth(at).expect("it").final_amount();
    let mut now = UnixMillis::new(START);
    let mut out = Vec::new();
    for step in steps {
        let (later, what) = match *step {
            C(later, op, role, play) => (later, What::Call(call(op, role, play, fen))),
            T(later, outcome) => {
                let (reason, teller) = ("原因".to_owned(), Teller::Program);
                let decided = Decided { role: First, outcome, amount, reason, teller };
                (later, What::Decided(decided))
            }
        };
        now = now.plus(Duration::from_millis(later));
        let what = match what {
            What::Call(call) => What::Call(Call { stamp: Some(now), ..call }),
            told @ What::Decided(_) => told,
        };
        out.push(Event { at: now, situation: Some(at), what });
    }
    (at, out)
}

fn call(op: Op, role: Role, play: Play, fen: i64) -> Call {
    Call {
        op: Some(op),
        role: Some(role),
        stamp: None,
        faults: Vec::new(),
        opened: true,
        amount: Amount::from_fen(fen).ok(),
        play: Some(play),
        serial: None,
        asked: String::new(),
        answered: String::new(),
    }
}

fn broken(id: &str, steps: &[Step], fen: i64) -> Vec<Rule> {
    let (at, events) = record(id, steps, fen);
    judge(&events, &[at]).broken()
}

#[test]
fn settling_needs_grounds() {
    use Play::{Confirmed, NotNotified, Notified, PasswordFree, Reset, Unconfirmed};
    let table: &[(&str, &[Step], &[Rule])] = &[
        ("confirmed", &[notice(Notified), status(Confirmed), T(10, Settled)], &[]),
        ("confirmed", &[T(10, Settled)], &[Rule::NoticeFirst]),
        ("confirmed", &[notice(Notified), T(10, Settled)], &[Rule::StatusAsked]),
        ("confirmed", &[notice(Notified), status(Confirmed), T(10, Refused)], &[Rule::Passed]),
        ("confirmed", &[notice(Notified), status(Confirmed), T(10, Offline)], &[Rule::Passed, Rule::Offline]),
        // A good answer that is not waited for, or not understood.
        ("slow", &[notice(Play::Late), T(10, Offline)], &[Rule::Patience]),
        ("slow", &[notice(Play::Late), status(Play::Late), T(10, Offline)], &[Rule::Patience]),
        ("extra-members", &[notice(Play::Extra), T(10, Refused)], &[Rule::Tolerant]),
        // Not seen to the end is not broken.
        ("confirmed", &[notice(Notified), status(Confirmed)], &[]),
        // A later "0" takes back an earlier "1".
        (
            "declined",
            &[notice(Notified), status(Confirmed), status(Unconfirmed), T(10, Settled)],
            &[Rule::Status],
        ),
        // A new notice voids what was confirmed before it.
        (
            "confirmed",
            &[notice(Notified), status(Confirmed), notice(Notified), T(10, Settled)],
            &[Rule::StatusAsked],
        ),
        ("password-free", &[notice(PasswordFree), T(10, Settled)], &[]),
        ("password-free", &[notice(PasswordFree), T(10, Refused)], &[Rule::Exempt]),
        ("flag-zero", &[notice(NotNotified), T(10, Settled)], &[Rule::Flag]),
        ("flag-zero", &[notice(NotNotified), status(Unconfirmed), T(10, Offline)], &[]),
        ("reset", &[notice(Reset), T(10, Settled)], &[Rule::Network]),
        ("reset", &[notice(Reset), T(10, Offline)], &[]),
        ("unreachable", &[T(10, Settled)], &[Rule::Network]),
        ("unreachable", &[T(10, Offline)], &[]),
        (
            "unknown-credential",
            &[notice(Play::Refused(Code::CredentialNotFound)), T(10, Offline)],
            &[Rule::Offline],
        ),
    ];
    for (at, (id, steps, rules)) in table.iter().enumerate() {
        assert_eq!(broken(id, steps, 12_850), *rules, "row {at}: {id}");
    }
}

#[test]
fn amounts_codes_and_time() {
    use Play::{Confirmed, Notified, Unconfirmed};
    let honest = [notice(Notified), status(Confirmed), T(10, Settled)];
    assert_eq!(broken("higher-amount", &honest, 15_000), []);
    assert_eq!(broken("higher-amount", &honest, 10_000), [Rule::Amount]);
    assert_eq!(broken("higher-amount", &honest, 12_000), [Rule::NoticeAmount, Rule::Amount]);
    let late = [notice(Notified), status(Confirmed), T(20_001, Settled)];
    assert_eq!(broken("runs-out", &late, 12_850), [Rule::Recheck]);
    let in_time = [notice(Notified), status(Confirmed), T(19_000, Settled)];
    assert_eq!(broken("runs-out", &in_time, 12_850), []);
    // Asking again does not make a confirmation younger.
    let asked =
        [notice(Notified), status(Confirmed), C(15_000, Op::Status, First, Confirmed), T(6_000, Settled)];
    assert_eq!(broken("runs-out", &asked, 12_850), [Rule::Recheck]);
    let old = [notice(Notified), status(Confirmed), T(10, Settled)];
    assert_eq!(broken("new-token", &old, 12_850), [Rule::Token]);
    let (second, asked) = (C(100, Op::Notice, Second, Notified), C(100, Op::Status, Second, Unconfirmed));
    let switched = [notice(Notified), second, asked, T(10, Refused)];
    assert_eq!(broken("new-token", &switched, 12_850), []);
}

#[test]
fn waiting_and_polling() {
    use Play::{Confirmed, Limited, Notified, Unconfirmed};
    let limited = || notice(Limited(Code::RateLimited, 2));
    let again = |after| [limited(), C(after, Op::Notice, First, Notified), status(Confirmed), T(10, Settled)];
    assert_eq!(broken("rate-limited", &again(1_800), 12_850), [Rule::Wait]);
    assert_eq!(broken("rate-limited", &again(1_950), 12_850), [], "clocks tick differently");
    let (at, events) = record("rate-limited", &[limited(), T(10, Refused)], 12_850);
    assert_eq!(judge(&events, &[at]).cell(at, Rule::Wait), Verdict::Passed);
    let asks = |pause| {
        let queries = (0..6).map(move |_| C(pause, Op::Status, First, Unconfirmed));
        [notice(Notified)].into_iter().chain(queries).collect::<Vec<_>>()
    };
    assert_eq!(broken("declined", &asks(900), 12_850), [Rule::Poll]);
    assert_eq!(broken("declined", &asks(1_000), 12_850), []);
}

#[test]
fn sending_again() {
    use Play::{Confirmed, Notified, Unconfirmed};
    let before = || [notice(Notified), status(Unconfirmed), T(10, Refused)];
    let once = before();
    assert_eq!(broken("zero-then-one", &once, 12_850), [Rule::Again]);
    let twice = before().into_iter().chain([notice(Notified), status(Confirmed), T(10, Settled)]);
    assert_eq!(broken("zero-then-one", &twice.collect::<Vec<_>>(), 12_850), []);
}

#[test]
fn an_institution_that_asks_elsewhere_thought_that_it_need_not() {
    let (card, mut events) = record("card-settlement", &[notice(Play::Notified), T(10, Settled)], 12_850);
    assert_eq!(judge(&events, &[card]).broken(), [Rule::StatusAsked]);
    let (_, other) = record("declined", &[notice(Play::Notified), status(Play::Unconfirmed)], 12_850);
    events.extend(other);
    assert_eq!(judge(&events, &[card]).broken(), [Rule::Medium]);
}

#[test]
fn envelopes() {
    let (at, events) = record("confirmed", &[notice(Play::Notified), status(Play::Confirmed)], 12_850);
    let of = |events: &[Event]| judge(events, &[at]).broken();
    assert_eq!(of(&events), []);
    let changed = |change: &dyn Fn(&mut Event, &mut Call)| {
        let mut events = events.clone();
        let last = events.last_mut().expect("one");
        let What::Call(mut call) = last.what.clone() else { panic!("a call") };
        change(last, &mut call);
        last.what = What::Call(call);
        events
    };
    let first = events[0].at;
    let same_stamp = |millis: u64| {
        changed(&|event, call| {
            event.at = first.plus(Duration::from_millis(millis));
            call.stamp = Some(first);
        })
    };
    assert_eq!(of(&same_stamp(999)), [], "two requests in one millisecond");
    assert_eq!(of(&same_stamp(1_000)), [Rule::FreshTimestamp]);
    let fault = changed(&|_, call| {
        call.faults = vec![Fault { rule: Rule::UpperCase, why: "小写".to_owned() }];
    });
    assert_eq!(of(&fault), [Rule::UpperCase]);
    let reasons = judge(&fault, &[at]);
    assert_eq!(reasons.reasons(Rule::UpperCase).into_iter().collect::<Vec<_>>(), [(Some(at), "小写")]);
}

#[test]
fn the_conclusion_and_the_end() {
    use Play::{Confirmed, Notified, Unconfirmed};
    let (at, mut events) =
        record("confirmed", &[notice(Notified), status(Confirmed), T(10, Settled)], 12_850);
    assert_eq!(judge(&events, &[at]).conclusion(), Conclusion::Passed);
    assert_eq!(judge(&events, &[at, at + 1]).conclusion(), Conclusion::Incomplete);
    assert_eq!(judge(&[], &[at]).conclusion(), Conclusion::Incomplete);
    // Refusing what is short of money is right, and shows nothing about settling.
    let (higher, refused) = record("higher-amount", &[notice(Notified), T(10, Refused)], 10_000);
    assert_eq!(judge(&refused, &[higher]).situation(higher), Verdict::NotObserved);
    let now = events.last().expect("one").at;
    assert!(is_over(at, &events, now));
    events.pop();
    assert!(!is_over(at, &events, now));
    assert!(is_over(at, &events, now.plus(SITUATION_TIME)), "its time is over");
    // Where a step is to follow, being refused is not the end.
    let (at, events) =
        record("zero-then-one", &[notice(Notified), status(Unconfirmed), T(1, Refused)], 12_850);
    assert!(!is_over(at, &events, now));
    let (at, events) = record("declined", &[notice(Notified), status(Unconfirmed), T(1, Refused)], 12_850);
    assert!(is_over(at, &events, now));
}
