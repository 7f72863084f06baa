//! The acceptance suite for channels, tried by apps that are right and by apps that are wrong, over real HTTP.

mod simulated;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use yanmi_acceptance::{BaseUrl, Conclusion, End, Kind, Rulebook, Verdict};
use yanmi_channel_acceptance::sample::{Mistake, Pause, Sample};
use yanmi_channel_acceptance::transport::Received;
use yanmi_channel_acceptance::{
    ChannelSuite, Clock, Direct, Entropy, NoticeUrl, Rule, Settings, Situation, Transport,
};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, ChannelId, Region, UnixMillis};

const NOW: i64 = 1_700_000_000_000;

/// How long the apps wait for the center: long for this machine, short beside a call that is never answered.
const PATIENCE: Duration = Duration::from_secs(3);

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

async fn socket() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

fn settings(notice_url: NoticeUrl) -> Settings {
    let region = Region::new("350000").expect("a region");
    let channel = ChannelId::new("C0DE000000000000000000000000000A").expect("a channel");
    Settings::new(region, channel, notice_url)
}

/// Plays a sample app against a suite whose settings are changed so.
async fn played(mistake: Option<Mistake>, change: impl FnOnce(&mut Settings)) -> ChannelSuite {
    let (clock, pause) = time();
    let sample =
        Sample::start(socket().await, mistake, Arc::clone(&clock), pause, PATIENCE).expect("a sample");
    let mut settings = settings(sample.notice_url().expect("an address"));
    (settings.word, settings.switch) = (Amount::from_fen(20_000).ok(), true);
    settings.patience = PATIENCE;
    settings.choose_all();
    change(&mut settings);
    let suite = ChannelSuite::start(settings, socket().await, clock, &chance()).expect("a suite");
    sample.play(suite.brief()).await.expect("played");
    suite
}

fn assert_whole(suite: &ChannelSuite, rules: impl Fn(Rule) -> bool) {
    let (judged, report) = (suite.judged(), suite.report());
    for row in &report.situations {
        let events: Vec<_> = row.events.iter().map(|line| format!("{line:?}")).collect();
        assert_eq!(row.verdict, Verdict::Passed, "{}: {events:#?}", row.id);
    }
    for rule in Rule::ALL.iter().filter(|rule| rules(**rule)) {
        assert_eq!(judged.rule(*rule), Verdict::Passed, "{}: {:?}", rule.id(), judged.reasons(*rule));
    }
    assert_eq!(judged.broken(), []);
    assert_eq!(judged.conclusion(), Conclusion::Passed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_correct_app_passes_everything() {
    let suite = played(None, |_| {}).await;
    assert_eq!(suite.report().situations.len(), Situation::all().count());
    assert_whole(&suite, |_| true);
    suite.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_with_one_way_and_no_mac_passes_what_fits_it() {
    for way in Way::ALL {
        let suite = played(None, |settings| {
            (settings.ways, settings.mac, settings.word) = (vec![way], false, None);
            (settings.switch, settings.strict) = (false, true);
            settings.choose_all();
        })
        .await;
        assert!(suite.report().situations.len() < Situation::all().count());
        assert_whole(&suite, |rule| rule.id().starts_with("alert") || rule.id().starts_with("order"));
        suite.stop().await;
    }
}

/// Which rules a mistake is one against.
const fn broken_by(mistake: Mistake) -> &'static [Rule] {
    match mistake {
        Mistake::AlertsTwice => &[Rule::AlertOnce],
        Mistake::AlertsNoMore => &[Rule::AlertAnew],
        Mistake::BelievesLate => &[Rule::OrderLate],
        Mistake::IgnoresWithdrawal => &[Rule::OrderWithdrawn],
        Mistake::KeepsReplaced => &[Rule::OrderReplaced],
        Mistake::MixesInstitutions => &[Rule::OrderApart],
        Mistake::ConfirmsAfterEnd => &[Rule::OrderExpired],
        Mistake::KeepsFirstEnd => &[Rule::OrderExtended],
        Mistake::AnyMac => &[Rule::DenyMac],
        Mistake::ExplainsDenial => &[Rule::DenyAlike],
        Mistake::TakesStrangers => &[Rule::DenyStranger],
        Mistake::StackTrace => &[Rule::DenyWords],
        Mistake::TakesOtherChannels => &[Rule::DenyChannel],
        Mistake::NoAnswerMac => &[Rule::AnswerMac],
        Mistake::FreeWithoutAmount => &[Rule::FreeLimits],
        Mistake::NeverSwitchesOff => &[Rule::FreeSwitch],
        Mistake::AnswersLate => &[Rule::AnswerInTime],
        Mistake::PlainAnswer => &[Rule::AnswerEnvelope],
        Mistake::ZeroAmount => &[Rule::ShowAmount],
        Mistake::ReadsMarkup => &[Rule::ShowPlain],
        Mistake::NoMessageCenter => &[Rule::ShowCenter],
        Mistake::Forgets => &[Rule::ShowKept],
        Mistake::OtherDigest | Mistake::PlainPassword => &[Rule::ReportDigest],
        Mistake::OneFace => &[Rule::ReportFace],
        Mistake::LiesAboutPassword => &[Rule::ReportHonest],
        Mistake::CancelIsNotMe => &[Rule::ReportCancel],
        Mistake::NotMeIsCancel => &[Rule::ReportNotMe],
        Mistake::GivesUp => &[Rule::RepeatAgain],
        Mistake::NewTime => &[Rule::RepeatSame],
        Mistake::ShowsFailure => &[Rule::RepeatNoFailure],
        Mistake::BelievesAnyMac => &[Rule::CenterMac],
        Mistake::BelievesUnopened => &[Rule::CenterEnvelope],
        Mistake::IgnoresCode => &[Rule::CenterCode, Rule::CenterOther, Rule::RepeatAgain],
        Mistake::HidesTries => &[Rule::CenterTries],
        Mistake::TriesLocked => &[Rule::CenterLocked],
        Mistake::KeepsVoid => &[Rule::CenterClosed],
        Mistake::MistakesSuccess => &[Rule::CenterSuccess],
        Mistake::AsksAnew => &[Rule::OrderFinal],
        Mistake::OldTimestamp => &[Rule::FreshTimestamp],
        Mistake::LowerCase => &[Rule::UpperCase],
        Mistake::OpensLinkTwice => &[Rule::LinkOnce],
    }
}

/// Beside each other, because much of the time of each is waiting for answers that never come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mistake_breaks_the_rules_it_is_one_against_and_no_others() {
    let mut plays = tokio::task::JoinSet::new();
    for mistake in Mistake::ALL {
        plays.spawn(async move { (mistake, played(Some(mistake), |_| {}).await) });
    }
    let mut others = Vec::new();
    while let Some(done) = plays.join_next().await {
        let (mistake, suite) = done.expect("played");
        let judged = suite.judged();
        if judged.broken() != broken_by(mistake) {
            let reasons =
                judged.broken().into_iter().map(|rule| format!("{rule:?}: {:?}", judged.reasons(rule)));
            others.push((mistake, reasons.collect::<Vec<_>>()));
            continue;
        }
        let decides = broken_by(mistake).iter().any(|rule| rule.kind() == Kind::Required);
        assert_eq!(judged.conclusion() == Conclusion::Failed, decides, "{mistake:?}");
        let report = suite.report();
        assert_eq!(report.rule_totals.failed > 0, decides, "{mistake:?}");
        let advised = broken_by(mistake).iter().filter(|rule| rule.kind() == Kind::Advised).count();
        assert_eq!(report.advice_totals.failed, advised, "{mistake:?}");
        suite.stop().await;
    }
    assert!(others.is_empty(), "{others:#?}");
}

/// A suite whose app is not there.
async fn alone(change: impl FnOnce(&mut Settings)) -> (ChannelSuite, TcpSocket) {
    // A port that is taken so that nobody else listens there.
    let taken = TcpSocket::new_v4().expect("a socket");
    taken.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let nobody = taken.local_addr().expect("an address");
    let mut settings = settings(NoticeUrl::new(&format!("http://{nobody}/notice")).expect("an address"));
    change(&mut settings);
    (ChannelSuite::start(settings, socket().await, time().0, &chance()).expect("a suite"), taken)
}

async fn post(url: &str, body: String) -> Received {
    Direct::to_any().post(url, body.into(), PATIENCE).await.expect("an answer")
}

/// What is answered to the head of a request.
async fn get(suite: &ChannelSuite, head: &str) -> String {
    send(suite, format!("{head}\r\nHost: {}\r\nConnection: close\r\n\r\n", suite.addr())).await
}

#[tokio::test]
async fn the_sink_takes_only_what_it_should() {
    let (suite, _nobody) = alone(|_| {}).await;
    let brief = suite.brief();
    let shown = |body: &'static str| post(&brief.shown_url, body.to_owned());
    for (body, said) in [
        ("{}", "situation 缺失或为空"),
        ("[]", "请求体不是 JSON 对象"),
        (r#"{"situation":"none","state":"pending","alerts":1}"#, "没有这个情形"),
        (r#"{"situation":"delivered","state":"pending","alerts":1}"#, "还没有开始"),
    ] {
        let received = shown(body).await;
        assert_eq!(received.status, 400, "{body}");
        assert!(String::from_utf8_lossy(&received.body).contains(said), "{said}: {received:?}");
    }
    let next = post(&brief.next_url, r#"{"situation":"withdrawn-open"}"#.to_owned()).await;
    assert_eq!(next.status, 400, "first things first");
    let begun = post(&brief.play_url, r#"{"situation":"delivered"}"#.to_owned()).await;
    assert_eq!(begun.status, 200);
    for (body, said) in [
        (r#"{"situation":"delivered","state":"seen","alerts":1}"#, "state 应为 pending"),
        (r#"{"situation":"delivered","state":"pending"}"#, "alerts 缺失或为空"),
        (r#"{"situation":"delivered","state":"pending","alerts":-1}"#, "alerts 应在 0 至 1000 之间"),
        (r#"{"situation":"delivered","notcNo":"1000000000000","state":"pending","alerts":1}"#, "notcNo 不是"),
    ] {
        let received = shown(body).await;
        assert_eq!(received.status, 400, "{body}");
        assert!(String::from_utf8_lossy(&received.body).contains(said), "{said}: {received:?}");
    }
    assert_eq!(shown(r#"{"situation":"delivered","state":"none","alerts":0}"#).await.status, 200);
    // Nobody answered, and that is what the report says.
    assert_eq!(suite.judged().broken(), [Rule::AnswerInTime]);
    // Played again it is another notice, and what was told is forgotten.
    let before = &brief.situations[0].token;
    assert_eq!(post(&brief.play_url, r#"{"situation":"delivered"}"#.to_owned()).await.status, 200);
    assert_ne!(&suite.brief().situations[0].token, before);
    assert!(!suite.report().situations[0].events.iter().any(|line| line.what == "应用显示"));
    let done = tokio::spawn({
        let url = brief.finish_url.clone();
        async move { post(&url, String::new()).await.status }
    });
    assert_eq!(suite.finished().await, End::Asked);
    assert_eq!(done.await.expect("asked"), 200);
    suite.stop().await;
}

#[tokio::test]
async fn the_pages_are_there_and_only_for_who_may() {
    let (suite, _nobody) = alone(|_| {}).await;
    for path in [
        "/",
        "/acceptance/page.js",
        "/acceptance/progress",
        "/report.html",
        "/report.json",
        "/channel-acceptance.json",
    ] {
        assert!(get(&suite, &format!("GET {path} HTTP/1.1")).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    assert!(get(&suite, "GET /nothing HTTP/1.1").await.starts_with("HTTP/1.1 404"));
    assert!(get(&suite, "GET /page/0000000000000000 HTTP/1.1").await.starts_with("HTTP/1.1 404"));
    let foreign = "POST /acceptance/finish HTTP/1.1\r\nContent-Length: 0\r\nOrigin: https://evil.example";
    assert!(get(&suite, foreign).await.starts_with("HTTP/1.1 403"));
    let alone = "POST /acceptance/alone HTTP/1.1\r\nContent-Length: 0";
    assert!(get(&suite, alone).await.starts_with("HTTP/1.1 200"));
    let begun = suite.report().situations.iter().filter(|row| !row.events.is_empty()).count();
    assert!(begun > 10 && begun < Situation::all().count(), "{begun}");
    suite.stop().await;
}

#[tokio::test]
async fn behind_a_front_it_names_the_front_and_calls_nobody_it_may_not() {
    let (suite, _nobody) = alone(|settings| {
        settings.public_url = BaseUrl::new("https://tests.example/run/7").ok();
        settings.transport = Arc::new(Direct::only(|address| !address.is_loopback()));
    })
    .await;
    let brief = suite.brief();
    assert_eq!(brief.shown_url, "https://tests.example/run/7/acceptance/shown");
    assert_eq!(brief.center_url, "https://tests.example/run/7");
    let play = |origin: &str| {
        let body = r#"{"situation":"delivered"}"#;
        format!(
            "POST /acceptance/play HTTP/1.1\r\nOrigin: {origin}\r\nContent-Length: {}\r\nHost: inner\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let local = format!("http://{}", suite.addr());
    assert!(send(&suite, play(&local)).await.starts_with("HTTP/1.1 403"));
    assert!(send(&suite, play("https://tests.example")).await.starts_with("HTTP/1.1 200"));
    let report = suite.report();
    let line = report.situations[0].events.first().expect("a line");
    assert!(line.answered.contains("不允许调用这个地址"), "{line:?}");
    suite.stop().await;
}

async fn send(suite: &ChannelSuite, request: String) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(suite.addr()).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    text
}

#[tokio::test]
async fn nothing_secret_is_written_down() {
    let suite = played(None, |settings| {
        let chosen = ["password", "face", "link"].into_iter().filter_map(Situation::named);
        (settings.situations, settings.vendor) = (chosen.collect(), "甲".to_owned());
    })
    .await;
    let (report, html, brief) = (suite.report(), suite.report_html(), suite.brief());
    let json = serde_json::to_string(&report).expect("JSON");
    assert!(html.contains("甲") && json.contains("认证成功"));
    let digest = "C7F66BEEE198FB411C8623E53CBBC6EB1E0F078B5D68ED7F10D02FFB0AF46D44";
    for secret in [&brief.key, &brief.situations[0].token, digest, "/page/", "ano0"] {
        assert!(!html.contains(secret) && !json.contains(secret), "{secret}");
    }
    assert!(!format!("{brief:?} {suite:?}").contains(&brief.key));
    suite.stop().await;
}
