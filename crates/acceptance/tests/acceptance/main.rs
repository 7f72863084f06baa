//! The acceptance suite, tried by institutions that are right and by institutions that are wrong, over real HTTP.

mod front;
mod hosted;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use yanmi_acceptance::sample::{Mistake, Pause, Sample};
use yanmi_acceptance::{Clock, Conclusion, Entropy, Kind, Rule, Settings, Situation, Suite, Verdict};
use yanmi_protocol::{OrgCode, Region, UnixMillis};
use yanmi_simulator::outgoing::Caller;

const NOW: i64 = 1_700_000_000_000;

/// How long the institutions wait for an answer: long for this machine, short beside a call that is never answered.
const PATIENCE: Duration = Duration::from_secs(2);

/// A time that stands still but for a millisecond at each look, and for pauses.
fn time() -> (Clock, Pause) {
    let now = Arc::new(AtomicI64::new(NOW));
    let (look, wait) = (Arc::clone(&now), now);
    let clock: Clock = Arc::new(move || UnixMillis::new(look.fetch_add(1, Ordering::SeqCst)));
    let pause: Pause = Arc::new(move |span| {
        wait.fetch_add(i64::try_from(span.as_millis()).expect("short"), Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    });
    (clock, pause)
}

fn chance() -> Entropy {
    let drawn = AtomicU64::new(1);
    Arc::new(move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            let next = drawn.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&next.to_le_bytes()[..chunk.len()]);
        }
    })
}

fn region() -> Region {
    Region::new("350000").expect("a region")
}

fn settings() -> Settings {
    let org_code = OrgCode::new("H35010000001").expect("a code");
    let late = Duration::from_millis(50);
    Settings { late, ..Settings::new(region(), org_code) }
}

async fn played(settings: Settings, mistake: Option<Mistake>) -> Suite {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (clock, pause) = time();
    let suite = Suite::start(settings, listener, Arc::clone(&clock), &chance()).expect("a suite");
    let sample = Sample::new(suite.brief(), mistake, clock, pause, PATIENCE).expect("a sample");
    sample.play().await.expect("played");
    suite
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_correct_institution_passes_everything() {
    let suite = played(settings(), None).await;
    let judged = suite.judged();
    for (at, situation) in Situation::all().enumerate() {
        assert_eq!(judged.situation(at), Verdict::Passed, "{}", situation.id);
    }
    for rule in Rule::ALL {
        assert_eq!(judged.rule(rule), Verdict::Passed, "{}: {:?}", rule.id(), judged.reasons(rule));
    }
    assert_eq!(judged.conclusion(), Conclusion::Passed);
    suite.stop().await;
}

/// Which rules a mistake is one against.
const fn broken_by(mistake: Mistake) -> &'static [Rule] {
    match mistake {
        Mistake::TrustsCodeZero => &[Rule::StatusAsked, Rule::Flag],
        Mistake::IgnoresAmount => &[Rule::Amount],
        Mistake::FailsOpen => &[Rule::Flag, Rule::Code, Rule::Order, Rule::Network, Rule::Envelope],
        Mistake::OfflineAlways => &[Rule::Offline],
        Mistake::MediumFromSettlement => &[Rule::Medium],
        Mistake::BelievesAnything => &[Rule::Token, Rule::Replay],
        Mistake::KeepsStatus => &[Rule::Recheck],
        Mistake::IgnoresExempt => &[Rule::Exempt],
        Mistake::LowerCase => &[Rule::UpperCase],
        Mistake::OldTimestamp => &[Rule::FreshTimestamp],
        Mistake::ZeroPadding => &[Rule::Cipher],
        Mistake::NoAmount => &[Rule::NoticeAmount],
        Mistake::Silent => &[Rule::Reason],
        Mistake::Hasty => &[Rule::Wait],
    }
}

/// Beside each other, because most of the time of each is waiting for answers that never come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mistake_breaks_the_rules_it_is_one_against_and_no_others() {
    let mut plays = tokio::task::JoinSet::new();
    for mistake in Mistake::ALL {
        plays.spawn(async move { (mistake, played(settings(), Some(mistake)).await) });
    }
    while let Some(done) = plays.join_next().await {
        let (mistake, suite) = done.expect("played");
        let judged = suite.judged();
        let reasons: Vec<_> = judged.broken().iter().map(|rule| judged.reasons(*rule)).collect();
        assert_eq!(judged.broken(), broken_by(mistake), "{mistake:?}: {reasons:#?}");
        let decides = broken_by(mistake).iter().any(|rule| rule.kind() == Kind::Required);
        let expected = if decides { Conclusion::Failed } else { Conclusion::Passed };
        assert_eq!(judged.conclusion(), expected, "{mistake:?}");
        let report = suite.report();
        assert_eq!(report.rule_totals.failed > 0, decides, "{mistake:?}");
        let advised = broken_by(mistake).iter().filter(|rule| rule.kind() == Kind::Advised).count();
        assert_eq!(report.advice_totals.failed, advised, "{mistake:?}");
        suite.stop().await;
    }
}

#[tokio::test]
async fn the_sink_and_the_page_take_only_what_they_should() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let suite = Suite::start(settings(), listener, time().0, &chance()).expect("a suite");
    let brief = suite.brief();
    let caller = Caller::new();
    let settle = |body: String| caller.post(&brief.settle_url, body.into(), PATIENCE);
    let token = &brief.situations[0].tokens[0];
    for (body, said) in [
        ("{}".to_owned(), "token 缺失或为空"),
        ("[]".to_owned(), "请求体不是 JSON 对象"),
        (r#"{"token":"abc","decision":"settled"}"#.to_owned(), "token 不是本次验收的令牌"),
        (format!(r#"{{"token":"{token}","decision":"paid"}}"#), "decision 应为 settled"),
        (format!(r#"{{"token":"{token}","decision":"settled","amount":"x"}}"#), "amount 不是十进制数"),
    ] {
        let received = settle(body).await.expect("an answer");
        assert_eq!(received.status, 400);
        assert!(String::from_utf8_lossy(&received.body).contains(said), "{said}: {received:?}");
    }
    let received = settle(format!(r#"{{"token":"{token}","decision":"settled"}}"#)).await.expect("an answer");
    assert_eq!(received.status, 200);
    assert_eq!(suite.judged().broken(), [Rule::NoticeFirst]);
    let again = format!("{}/acceptance/again", brief.center_url);
    let received =
        caller.post(&again, r#"{"situation":"confirmed"}"#.into(), PATIENCE).await.expect("an answer");
    assert_eq!((received.status, suite.judged().broken()), (200, Vec::new()));
    for path in [
        "/",
        "/acceptance/page.js",
        "/acceptance/progress",
        "/report.html",
        "/report.json",
        "/acceptance.json",
    ] {
        let received = caller.get(&format!("{}{path}", brief.center_url), PATIENCE).await.expect("an answer");
        assert_eq!(received.status, 200, "{path}");
    }
    let unknown = caller.get(&format!("{}/nothing", brief.center_url), PATIENCE).await.expect("an answer");
    assert_eq!(unknown.status, 404);
    suite.stop().await;
}

#[tokio::test]
async fn what_does_not_open_is_shown_and_nothing_secret_is() {
    let suite = played(
        Settings { situations: vec![0], vendor: "甲".to_owned(), ..settings() },
        Some(Mistake::ZeroPadding),
    )
    .await;
    let (report, html, brief) = (suite.report(), suite.report_html(), suite.brief());
    assert!(report.others.iter().any(|line| line.said.contains("PKCS7")), "{:?}", report.others);
    assert!(html.contains("不属于任何情形的请求"));
    let json = serde_json::to_string(&report).expect("JSON");
    for secret in [&brief.key, &brief.situations[0].tokens[0]] {
        assert!(!html.contains(secret.as_str()) && !json.contains(secret.as_str()));
    }
    assert!(!format!("{brief:?} {suite:?}").contains(&brief.key));
    suite.stop().await;
}
