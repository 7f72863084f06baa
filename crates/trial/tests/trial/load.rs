//! The load generator against the servers it brings along.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use yanmi_protocol::message::channel_notice::{Kind, Notice, Way};
use yanmi_protocol::{AccountId, ChannelId, Code, EcToken, NoticeNo, OrgCode, Region, Sm4Key, UnixMillis};
use yanmi_protocol::{envelope, message::channel_notice};
use yanmi_simulator::world::Urls;
use yanmi_simulator::{Simulator, World};
use yanmi_trial::load::{self, LoadPlan, Sender, Until, What};

async fn serve(router: Router) -> std::net::SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    addr
}

fn region() -> Region {
    Region::new("350000").expect("a region")
}

fn plan(addr: std::net::SocketAddr, what: What) -> LoadPlan {
    LoadPlan {
        addrs: vec![addr],
        what,
        connections: 4,
        until: Until::Requests { warm_up: 50, measured: 500 },
        clock: Arc::new(|| UnixMillis::new(1_700_000_000_000)),
    }
}

fn status() -> What {
    let org = OrgCode::new("H35010000001").expect("a code");
    What::Status {
        sender: Sender {
            org_id: AccountId::new("testOrgId").expect("an account"),
            key: Sm4Key::from_bytes(&[3; 16]),
            region: region(),
            mac: false,
        },
        targets: Arc::new(move |n| (load::bench_token(load::spread(n, 1_000)), org)),
    }
}

#[tokio::test]
async fn the_echo_is_measured() {
    let addr = serve(load::echo_router()).await;
    let report = load::run(plan(addr, What::Echo)).await.expect("runs");
    assert_eq!((report.requests, report.errors.len()), (500, 0));
    assert_eq!((report.request_bytes, report.answer_bytes), (328, 328));
    assert!(report.requests_per_second > 0.0 && report.seconds > 0.0);
    assert!(report.p50_micros <= report.p99_micros && report.p99_micros <= report.max_micros);
    let text = serde_json::to_string(&report).expect("JSON");
    assert_eq!(serde_json::from_str::<load::Report>(&text).expect("the same").requests, 500);
}

#[tokio::test]
async fn a_run_bounded_by_time_ends_by_itself() {
    let addr = serve(load::echo_router()).await;
    let mut plan = plan(addr, What::Echo);
    let measured = Duration::from_millis(200);
    plan.until = Until::Time { warm_up: Duration::from_millis(10), measured };
    let report = load::run(plan).await.expect("runs");
    assert!(report.requests > 0 && report.errors.is_empty());
    assert!(report.seconds <= measured.as_secs_f64());
}

#[tokio::test]
async fn refusals_are_counted_by_code_and_statuses_by_status() {
    let refuse = || async { envelope::refusal(Code::TooFrequent, "请稍后再试") };
    let addr = serve(Router::new().fallback(refuse)).await;
    let report = load::run(plan(addr, status())).await.expect("runs");
    assert_eq!((report.requests, report.errors.get("500084")), (500, Some(&500)));
    assert!(report.requests_per_second < f64::EPSILON);
    let shed = || async { http::StatusCode::SERVICE_UNAVAILABLE };
    let addr = serve(Router::new().fallback(shed)).await;
    let report = load::run(plan(addr, status())).await.expect("runs");
    assert_eq!(report.errors.get("http 503"), Some(&500));
}

#[tokio::test]
async fn broken_connections_are_counted_and_opened_again() {
    use tokio::io::AsyncReadExt;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = [0; 1_024];
            // Reads something and drops the connection.
            let _ = stream.read(&mut bytes).await;
        }
    });
    let mut plan = plan(addr, What::Echo);
    plan.until = Until::Requests { warm_up: 0, measured: 40 };
    let report = load::run(plan).await.expect("runs");
    assert_eq!((report.requests, report.errors.get("io")), (40, Some(&40)));
    server.abort();
}

#[tokio::test]
async fn a_plan_that_cannot_start_is_refused() {
    let addr = serve(load::echo_router()).await;
    let mut none = plan(addr, What::Echo);
    none.connections = 0;
    assert!(load::run(none).await.is_err());
    assert!(load::run(plan(([127, 0, 0, 1], 1).into(), What::Echo)).await.is_err());
}

#[tokio::test]
async fn the_lean_channel_takes_what_opens() {
    let id = ChannelId::new("C0DE000000000000000000000000000A").expect("an id");
    let key = Sm4Key::from_bytes(&[9; 16]);
    let addr = serve(load::channel_router(region(), [(id, key.clone())])).await;
    let at = UnixMillis::new(1_700_000_000_000);
    let notice = Notice {
        sequence: 1,
        kind: Kind::Notice,
        number: NoticeNo::from_number(NoticeNo::FIRST).expect("13 digits"),
        channel: id,
        token: EcToken::new("t").expect("a token"),
        index: None,
        masked_name: "*试".to_owned(),
        org_code: OrgCode::new("H35010000001").expect("a code"),
        org_name: "医院".to_owned(),
        amount: None,
        at,
        expires_at: at,
        ways: vec![Way::Face],
        url: None,
    };
    let caller = yanmi_simulator::outgoing::Caller::new();
    let url = format!("http://{addr}/notice");
    let deadline = Duration::from_secs(20);
    let body = |sender: &str, message: &str| {
        bytes::Bytes::from(envelope::request(&key, sender, "cfc", region(), at, message.as_bytes()))
    };
    let received =
        caller.post(&url, body(id.as_str(), &notice.to_json()), deadline).await.expect("an answer");
    let (answer, plain) = received.open(&key).expect("opens");
    assert_eq!(answer.code, 0);
    assert_eq!(plain.expect("a message").as_str(), channel_notice::received_json());
    for (body, code) in [(body("X", &notice.to_json()), -4), (body(id.as_str(), "{}"), -2)] {
        let received = caller.post(&url, body, deadline).await.expect("an answer");
        assert_eq!(received.open(&key).expect("an answer").0.code, code);
    }
}

/// A simulator whose center is not there.
async fn simulator() -> Simulator {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let nobody = "http://127.0.0.1:1".to_owned();
    let here = format!("http://{}", listener.local_addr().expect("an address"));
    let urls = Urls { institution: nobody.clone(), channel: nobody, simulator: here };
    let mut next = 0_u8;
    let world = World::generate(region(), &urls, &mut |slice| {
        slice.fill_with(|| {
            next = next.wrapping_add(41);
            next
        });
    });
    let clock = Arc::new(|| UnixMillis::new(1_700_000_000_000));
    Simulator::start(world, listener, clock, Arc::new(|slice: &mut [u8]| slice.fill(7))).expect("starts")
}

#[tokio::test]
async fn event_streams_are_opened_and_an_event_reaches_them_all() {
    let simulator = simulator().await;
    let mut streams = load::Streams::open(simulator.addr(), 50).await.expect("opens");
    for _ in 0..2 {
        assert!(streams.time_one_event().await.expect("reaches them") > Duration::ZERO);
    }
    assert!(load::Streams::open(simulator.addr(), 0).await.is_err());
    assert!(load::Streams::open(simulator.addr(), yanmi_simulator::MOST_STREAMS + 1).await.is_err());
}
