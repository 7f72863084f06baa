//! An acceptance run in a space, from its beginning to the signed report.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use yanmi_acceptance::Brief;
use yanmi_acceptance::sample::{Pause, Sample};
use yanmi_channel_acceptance::sample as channel;
use yanmi_papers::{PublicKey, RunConclusion, RunReport, Signed, SuiteKind};

use crate::ground::{ELSEWHERE, Ground, PATIENCE};

/// How long the sample app waits for an answer.
const CHANNEL_WAIT: Duration = Duration::from_secs(2);
/// How long the sample waits for an answer, where none comes: more than the center that answers late takes.
const WAIT: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_with_a_report_that_the_test_center_signed() {
    let ground = Ground::open().await;
    let space = ground.space("榕城软件").await;
    assert_eq!(space.form("runs", "vendor=&product=x").await.0, 400);
    let (status, page) = space.form("runs", "vendor=榕城软件&product=示范收费系统 5.2.1").await;
    assert_eq!(status, 200);
    assert!(page.contains("正在进行"), "{page}");
    assert_eq!(space.form("runs", "vendor=a&product=b").await.0, 400, "one at a time");
    let brief = ground.get(&format!("{}run/acceptance.json", space.path())).await;
    let brief: Brief = serde_json::from_slice(&brief.body).expect("a brief");
    let account = &space.world.accounts[0];
    assert_eq!((brief.org_id.as_str(), brief.kcv.as_str()), (account.org_id.as_str(), account.kcv.as_str()));
    assert_eq!(brief.center_url, format!("{}/run", space.base));
    let time = ground.hands();
    let pause: Pause = Arc::new(move |span| {
        time.pass(span);
        Box::pin(std::future::ready(()))
    });
    let sample = Sample::new(brief, None, space.clock(), pause, WAIT).expect("a sample");
    sample.play().await.expect("played");
    let (status, page) = space.form("run-end", "").await;
    assert_eq!(status, 200);
    assert!(page.contains("通过") && page.contains("示范收费系统 5.2.1"), "{page}");
    let base = format!("{}runs/1/", space.path());
    let report = ground.get(&format!("{base}report.json")).await;
    let signed = ground.get(&format!("{base}report.signed.json")).await;
    let html = ground.get(&format!("{base}report.html")).await;
    assert_eq!((report.status, signed.status, html.status), (200, 200, 200));
    let public =
        std::fs::read_to_string(ground.folder.path().join("testcenter/report.pub.pem")).expect("a key");
    let public = PublicKey::read(&public).expect("a key");
    let signed: Signed<RunReport> = Signed::read(&signed.body).expect("a paper");
    assert_eq!(signed.check(&public), Ok(()));
    let said = signed.paper();
    assert_eq!((said.conclusion, said.system.org_id), (RunConclusion::Passed, account.org_id));
    assert_eq!(said.test_center.name, "示范省联调中心");
    let ground = ground.restart().await;
    assert_eq!(ground.get(&format!("{base}report.signed.json")).await.status, 200, "it is kept");
    assert!(ground.enter(&space.path()).await.page().await.contains("示范收费系统 5.2.1"));
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_app_is_tried_from_the_other_side() {
    let more = "open = true\nchannel_networks = [\"10.9.9.9/32\"]\n[limits]\nrequests_per_second = 1000\n";
    let ground = Ground::with(more).await;
    let space = ground.space("渠道厂商").await;
    let time = ground.hands();
    let pause: yanmi_channel_acceptance::sample::Pause = Arc::new(move |span| {
        time.pass(span);
        Box::pin(std::future::ready(()))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let app = channel::Sample::start(listener, None, space.clock(), pause, CHANNEL_WAIT).expect("an app");
    let url = app.notice_url().expect("an address").as_str().to_owned();
    let run = |url: &str| format!("kind=channel&vendor=渠道厂商&product=示范应用 3.1&url={url}");
    assert_eq!(space.form("runs", &run("nowhere")).await.0, 400);
    assert_eq!(space.form("runs", &run(&url.replace("127.0.0.1", ELSEWHERE))).await.0, 200);
    let brief = ground.get(&format!("{}run/channel-acceptance.json", space.path())).await;
    let brief: yanmi_channel_acceptance::Brief = serde_json::from_slice(&brief.body).expect("a brief");
    assert_eq!(brief.chnl_id, space.world.channels[0].chnl_id.as_str());
    app.play(brief).await.expect("played");
    let (status, page) = space.form("run-end", "").await;
    assert_eq!(status, 200);
    assert!(page.contains("渠道接入") && page.contains("示范应用 3.1"), "{page}");
    let signed = ground.get(&format!("{}runs/1/report.signed.json", space.path())).await;
    let signed: Signed<RunReport> = Signed::read(&signed.body).expect("a paper");
    let said = signed.paper();
    assert_eq!((said.suite, said.conclusion), (SuiteKind::Channel, RunConclusion::Passed));
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acceptance_calls_nothing_of_this_machine() {
    let ground = Ground::open().await;
    let space = ground.space("甲").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let form = format!("kind=channel&vendor=v&product=p 1&url=http://{address}/notice");
    assert_eq!(space.form("runs", &form).await.0, 200);
    let brief = ground.get(&format!("{}run/channel-acceptance.json", space.path())).await;
    let brief: yanmi_channel_acceptance::Brief = serde_json::from_slice(&brief.body).expect("a brief");
    let play = serde_json::json!({ "situation": brief.situations[0].id });
    space.caller.post(&brief.play_url, play.to_string().into(), PATIENCE).await.expect("an answer");
    assert_eq!(space.form("run-end", "").await.0, 200);
    let called = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(called.is_err(), "nobody came");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_broken_off_has_a_report_all_the_same() {
    let ground = Ground::open().await;
    let space = ground.space("甲").await;
    assert_eq!(space.form("runs", "vendor=甲&product=收费 1").await.0, 200);
    let ground = ground.restart().await;
    let again = ground.enter(&space.path()).await;
    assert!(again.page().await.contains("未完成"));
    let gone = again.caller.get(&format!("{}/run/", again.base), PATIENCE).await.expect("an answer");
    assert_eq!(gone.status, 404);
    // The next has the next number.
    assert_eq!(again.form("runs", "vendor=甲&product=收费 1").await.0, 200);
    assert_eq!(again.form("run-end", "").await.0, 200);
    assert_eq!(ground.get(&format!("{}runs/2/report.json", space.path())).await.status, 200);
    ground.center.stop().await;
}
