//! A suite as one of many behind a front.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sm3::{Digest, Sm3};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use yanmi_acceptance::sample::Sample;
use yanmi_acceptance::{Account, BaseUrl, Conclusion, End, Rule, RunFacts, Settings, Suite, Verdict};
use yanmi_browser::Browser;
use yanmi_papers::run_report::TestCenter;
use yanmi_papers::{Chance, PrivateKey, RunConclusion, RunNo, RunReport, Signed};
use yanmi_protocol::{AccountId, Sm4Key};
use yanmi_simulator::outgoing::Caller;

use crate::front::Front;
use crate::{PATIENCE, chance, settings, time};

const PREFIX: &str = "/s/jia/acceptance-run";

struct Hosted {
    suite: Suite,
    front: Front,
    public: String,
    dead: SocketAddr,
    _socket: TcpSocket,
}

fn url(text: &str) -> BaseUrl {
    BaseUrl::new(text).expect("an address")
}

fn account() -> Account {
    Account { org_id: AccountId::new("jia-his").expect("an account"), key: Sm4Key::from_bytes(&[5; 16]) }
}

impl Hosted {
    async fn start(settings: Settings, clock: yanmi_acceptance::Clock) -> Self {
        let outside = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let public = format!("http://{}{PREFIX}", outside.local_addr().expect("an address"));
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let dead = socket.local_addr().expect("an address");
        let settings = Settings {
            account: Some(account()),
            vendor: "甲软件".to_owned(),
            product: "门诊收费 3.2.1".to_owned(),
            public_url: Some(url(&public)),
            dead_url: Some(url(&format!("http://{dead}"))),
            ..settings
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let suite = Suite::start(settings, listener, clock, &chance()).expect("a suite");
        let front = Front::start(outside, PREFIX, suite.addr());
        Self { suite, front, public, dead, _socket: socket }
    }

    async fn stop(self) {
        drop(self.front);
        self.suite.stop().await;
    }
}

/// Posts as a browser does, which says on behalf of whom, and gives the status.
async fn post_from(url: &str, origin: Option<&str>, body: &str) -> String {
    let (host, path) = url.trim_start_matches("http://").split_once('/').expect("a path");
    let origin = origin.map(|origin| format!("origin: {origin}\r\n")).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\n{origin}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.split(' ').nth(1).expect("a status").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_correct_institution_passes_behind_a_front_under_its_own_account() {
    let (clock, pause) = time();
    let hosted = Hosted::start(settings(), Arc::clone(&clock)).await;
    let brief = hosted.suite.brief();
    assert_eq!(brief.center_url, hosted.public);
    assert_eq!(brief.settle_url, format!("{}/acceptance/settle", hosted.public));
    assert_eq!(brief.finish_url, format!("{}/acceptance/finish", hosted.public));
    assert_eq!((brief.org_id.as_str(), &*brief.key), ("jia-his", "05".repeat(16).as_str()));
    let elsewhere: Vec<_> =
        brief.situations.iter().filter(|scene| scene.center_url != brief.center_url).collect();
    assert!(elsewhere.iter().all(|scene| scene.center_url == format!("http://{}", hosted.dead)));
    assert_eq!(elsewhere.len(), 1);
    let sample = Sample::new(brief, None, clock, pause, PATIENCE).expect("a sample");
    sample.play().await.expect("played");
    let judged = hosted.suite.judged();
    for rule in Rule::ALL {
        assert_eq!(judged.rule(rule), Verdict::Passed, "{}: {:?}", rule.id(), judged.reasons(rule));
    }
    assert_eq!(judged.conclusion(), Conclusion::Passed);
    says_what_the_report_says(&hosted.suite);
    hosted.stop().await;
}

/// What a test center signs about a run that passed.
fn says_what_the_report_says(suite: &Suite) {
    let report = suite.report();
    let file = serde_json::to_string(&report).expect("JSON");
    let test_center = TestCenter { region: crate::region(), name: "联调中心".to_owned(), space: None };
    let facts = RunFacts { number: RunNo::read("T-1").expect("a number"), test_center };
    let statement = suite.statement(&report, file.as_bytes(), facts);
    let chance = chance();
    let key = PrivateKey::generate(&mut Chance::new(&mut |bytes| chance(bytes)));
    let signed = Signed::new(statement, &key).expect("signed");
    let read: Signed<RunReport> = Signed::read(signed.to_json().as_bytes()).expect("read");
    assert_eq!(read.check(&key.public()), Ok(()));
    let said = read.paper();
    assert_eq!((said.system.org_id, said.system.kcv), (account().org_id, account().key.kcv()));
    assert_eq!(
        (said.conclusion, said.report_sm3),
        (RunConclusion::Passed, Sm3::digest(file.as_bytes()).into())
    );
    assert_eq!(said.situations.passed as usize, report.situations.len());
    assert_eq!(
        (said.decisions.by_program as usize, said.decisions.by_page),
        (report.decisions.by_program, 0)
    );
    assert!(said.decisions.by_program as usize >= report.situations.len());
    assert_eq!(said.written_at.shanghai_text(), report.written_at);
}

#[tokio::test]
async fn a_page_of_the_fronts_host_may_post_and_no_other() {
    let hosted = Hosted::start(settings(), time().0).await;
    let again = format!("{}/acceptance/again", hosted.public);
    let inside = format!("http://{}/acceptance/again", hosted.suite.addr());
    let body = r#"{"situation":"confirmed"}"#;
    let own = hosted.public.trim_end_matches(PREFIX);
    for (origin, url, status) in [
        (Some(own), &again, "200"),
        (None, &again, "200"),
        (Some("http://elsewhere.example"), &again, "403"),
        (Some("null"), &again, "403"),
        // What the suite was called by does not count behind a front.
        (Some(inside.trim_end_matches("/acceptance/again")), &inside, "403"),
    ] {
        let answer = post_from(url, origin, body).await;
        assert_eq!(answer, status, "{origin:?}");
    }
    hosted.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_works_behind_a_front() {
    let hosted = Hosted::start(settings(), time().0).await;
    let page = format!("{}/", hosted.public);
    let decided = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let browser = Browser::start(folder.path(), 1200, 900);
        browser.open(&page);
        browser.until("document.querySelectorAll('.situation').length > 25");
        browser.fill(".decide[data-situation=confirmed] input[name=reason]", "参保人没有确认");
        browser.click(".decide[data-situation=confirmed] button[value=refused]");
        // The page shows what was told once it has asked for the progress anew.
        browser.until("document.querySelector('.situation .events').textContent.includes('参保人没有确认')");
        browser.click("a[href='report.json']");
        browser.until("document.body.textContent.includes('ruleTotals')");
        browser.open(&page);
        browser.click("a[href='report.html']");
        browser.until("document.querySelector('h1').textContent === '接入验收报告'");
        browser.value("location.pathname")
    });
    assert_eq!(decided.await.expect("looked at"), format!("{PREFIX}/report.html"));
    let report = hosted.suite.report();
    assert_eq!(report.situations[0].decision, Some("refused"));
    assert_eq!((report.decisions.by_program, report.decisions.by_page), (0, 1));
    hosted.stop().await;
}

#[tokio::test]
async fn a_run_that_nobody_plays_ends() {
    let (clock, pause) = time();
    let settings = Settings { run_time: Duration::from_mins(20), ..settings() };
    let hosted = Hosted::start(settings, clock).await;
    pause(Duration::from_mins(20)).await;
    assert_eq!(hosted.suite.finished().await, End::Late);
    hosted.stop().await;
}

#[tokio::test]
async fn whoever_asks_for_the_end_gets_it() {
    let hosted = Hosted::start(settings(), time().0).await;
    let finish = hosted.suite.brief().finish_url;
    let received = Caller::new().post(&finish, "".into(), PATIENCE).await.expect("an answer");
    assert_eq!((received.status, hosted.suite.finished().await), (200, End::Asked));
    hosted.stop().await;
}
