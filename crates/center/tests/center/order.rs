//! The order of checks (section 2 of the reading), for every call: each row of a table is wrong in one way, and a
//! request that is wrong in several is refused for the one whose row comes first.

pub(crate) mod refusals;
pub(crate) mod tables;

use std::collections::BTreeSet;
use std::time::Duration;

use yanmi_center::config::Config;
use yanmi_protocol::Code;

use self::tables::{ACCOUNT, ARRIVAL, DECODE, ENVELOPE, NOTIFY_MEMBERS, PENDING, Row, rows};
use crate::plan::{Call, Plan, Stage};
use crate::site::Site;
use crate::wire::Answer;

/// A plan of this call; that of the password-free switch is made through a channel that offers it.
pub(crate) fn good(stage: &Stage, call: Call) -> Plan {
    let mut plan = stage.plan(call);
    plan.channel.free = call == Call::PasswordFree;
    plan
}

/// Plays a request that is wrong in all these ways, which are given in the order of the checks.
async fn play(stage: &Stage, call: Call, wrong: &[&Row]) -> i64 {
    assert!(
        wrong.iter().all(|row| call.of_the_protocol().may_answer(row.code)),
        "{call:?} {:?}",
        wrong[0].what
    );
    let mut plan = good(stage, call);
    // What is checked later is spoiled first: where two ways exclude each other, the earlier is left.
    for row in wrong.iter().rev() {
        (row.spoil)(&mut plan);
    }
    let answer = stage.play(plan).await;
    let first = wrong.first();
    let what: Vec<&str> = wrong.iter().map(|row| row.what).collect();
    let (code, says) = first.map_or((Code::Success, ""), |row| (row.code, row.says));
    assert_eq!(answer.status, 200, "{call:?} {what:?} {answer:?}");
    assert_eq!(answer.code(), i64::from(code.number()), "{call:?} {what:?} {answer:?}");
    let words = answer.message();
    assert!(words.starts_with(code.message()) && words.contains(says), "{call:?} {what:?} {answer:?}");
    if code == Code::Denied {
        assert_eq!(words, code.message(), "a refusal that tells an attacker nothing");
    }
    answer.code()
}

/// Every check alone, any two of them, and all of them from each on.
async fn the_first_check_wins(call: Call) {
    let stage = Box::pin(Stage::start()).await;
    let rows = rows(call);
    for (at, first) in rows.iter().enumerate() {
        play(&stage, call, &[first]).await;
        for second in &rows[at + 1..] {
            play(&stage, call, &[first, second]).await;
        }
        play(&stage, call, &rows[at..]).await;
    }
    play(&stage, call, &[]).await;
}

#[tokio::test]
async fn a_notice() {
    the_first_check_wins(Call::Notify).await;
}

#[tokio::test]
async fn a_status_query() {
    the_first_check_wins(Call::Status).await;
}

#[tokio::test]
async fn a_password_check() {
    the_first_check_wins(Call::Password).await;
}

#[tokio::test]
async fn a_decode() {
    the_first_check_wins(Call::Decode).await;
}

#[tokio::test]
async fn a_channels_result() {
    the_first_check_wins(Call::AuthResult).await;
}

#[tokio::test]
async fn a_channels_pending_notices() {
    the_first_check_wins(Call::Pending).await;
}

#[tokio::test]
async fn a_channels_password_free_switch() {
    the_first_check_wins(Call::PasswordFree).await;
}

const CALLS: [Call; 7] = [
    Call::Notify,
    Call::Status,
    Call::Password,
    Call::Decode,
    Call::AuthResult,
    Call::Pending,
    Call::PasswordFree,
];

#[tokio::test]
async fn all_thirty_codes_are_answered_over_http() {
    let stage = Box::pin(Stage::start()).await;
    let mut seen = BTreeSet::from([broken(&stage).await, silent().await, limited().await.code()]);
    for call in CALLS {
        seen.insert(play(&stage, call, &[]).await);
        for row in rows(call) {
            seen.insert(play(&stage, call, &[row]).await);
        }
    }
    let all: BTreeSet<i64> = Code::ALL.iter().map(|code| i64::from(code.number())).collect();
    assert_eq!(seen, all);
}

/// The answer while the ledger cannot write. Afterwards the same request succeeds.
async fn broken(stage: &Stage) -> i64 {
    let plan = stage.plan(Call::Notify);
    stage.site.execute("ALTER TABLE verifications RENAME TO elsewhere").await;
    let answer = stage.play(plan.clone()).await;
    stage.site.execute("ALTER TABLE elsewhere RENAME TO verifications").await;
    assert_eq!(answer.message(), Code::Unknown.message(), "not a word about what is broken");
    assert_eq!(stage.play(plan).await.code(), 0);
    answer.code()
}

/// The answer when the national center says nothing.
async fn silent() -> i64 {
    let brief = |config: &mut Config| config.national.timeout = Duration::from_millis(50);
    let site = Site::with(brief).await;
    let token = site.world().magic_tokens["-3"].0;
    assert_eq!(site.status(token).await.code(), -3);
    site.notify(token, None).await.code()
}

/// One request a second, and none to spare.
pub(crate) fn slowly(config: &mut Config) {
    config.limits.requests_per_second = 1;
    config.limits.burst = 1;
    config.limits.decodes_per_institution_minute = 10;
}

/// Asks until it is too often.
pub(crate) async fn exhaust(stage: &Stage, call: Call, wrong: &[&Row]) -> Answer {
    // A machine would have to take a second for each of them.
    for _ in 0..50 {
        let mut plan = stage.plan(call);
        for row in wrong {
            (row.spoil)(&mut plan);
        }
        let answer = stage.play(plan).await;
        if answer.code() == -6 {
            return answer;
        }
        let code = wrong.first().map_or(Code::Success, |row| row.code);
        assert_eq!(answer.code(), i64::from(code.number()), "{answer:?}");
    }
    panic!("a request a second, and fifty were answered");
}

async fn limited() -> Answer {
    exhaust(&Stage::bare(slowly).await, Call::Status, &[]).await
}

#[tokio::test]
async fn the_rate_is_checked_after_the_clock_and_before_the_right() {
    let stage = Stage::bare(slowly).await;
    for call in [Call::Notify, Call::Status, Call::Password] {
        let refused = exhaust(&stage, call, &[]).await;
        assert!(refused.message().ends_with("请 1 秒后再试"), "{refused:?}");
        assert_eq!((refused.status, refused.header("retry-after")), (200, Some("1")));
        let before = ARRIVAL.iter().chain(&ENVELOPE).chain(&ACCOUNT[..2]);
        for row in before {
            play(&stage, call, &[row]).await;
        }
        for row in [&ACCOUNT[2], &NOTIFY_MEMBERS[0]] {
            if call != Call::Password || row.code == Code::NoInterfaceRight {
                exhaust(&stage, call, &[row]).await;
            }
        }
    }
    exhaust(&stage, Call::Pending, &[]).await;
    exhaust(&stage, Call::Pending, &[&PENDING[0]]).await;
    exhaust(&stage, Call::Decode, &[]).await;
    play(&stage, Call::Decode, &[&DECODE[9]]).await;
    exhaust(&stage, Call::Decode, &[&DECODE[12]]).await;
}
