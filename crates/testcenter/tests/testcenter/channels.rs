//! Channel apps of vendors in a space.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use tokio::net::TcpListener;
use yanmi_channel::App;

use crate::ground::{ELSEWHERE, Ground, PATIENCE, Space};

type Seen = Arc<Mutex<Vec<String>>>;

/// A vendor's app that takes every notice of the space's first channel.
async fn app(space: &Space) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/notice", listener.local_addr().expect("an address"));
    let seen = Seen::default();
    let channel = &space.world.channels[0];
    let app = Arc::new(App {
        id: channel.chnl_id,
        key: channel.key.clone(),
        mac: channel.mac,
        region: space.world.region,
        center_url: space.base.clone(),
        transport: (),
        clock: space.clock(),
        deadline: PATIENCE,
    });
    let take = move |State(seen): State<Seen>, body: String| async move {
        let posted = app.open("/notice", body.as_bytes());
        let answer = posted.map_or_else(|refused| refused.body().to_owned(), |posted| app.received(&posted));
        seen.lock().expect("whole").push(body);
        answer
    };
    let router = Router::new().route("/notice", post(take)).with_state(Arc::clone(&seen));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

async fn change(space: &Space, url: &str) -> (u16, String) {
    let channel = space.world.channels[0].chnl_id;
    space.form("channel", &format!("channel={}&url={url}", channel.as_str())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendors_app_gets_the_notices_of_its_channel() {
    let ground = Ground::open().await;
    let space = ground.space("渠道厂商").await;
    let (url, seen) = app(&space).await;
    let url = url.replace("127.0.0.1", ELSEWHERE);
    let (status, page) = change(&space, &url).await;
    assert_eq!(status, 200);
    assert!(page.contains(&url), "{page}");
    let token = space.token().await;
    let called = space.notify(&token).await;
    assert_eq!(called.answer.code, 0);
    assert_eq!(seen.lock().expect("whole").len(), 1);
    // What the app then reports, with its key, counts.
    let (notice, _) = space.pending().await;
    space.confirm(&notice).await;
    assert_eq!(space.status(&token).await, "1");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_machine_is_not_called_from_a_space() {
    let ground = Ground::open().await;
    let (space, other) = (ground.space("甲").await, ground.space("乙").await);
    let (url, seen) = app(&space).await;
    let operator = format!("http://{}/close", ground.center.operator_addr());
    let simulator = format!("{}/play/qr", other.base);
    for target in
        [url.as_str(), &operator, &simulator, "http://localhost:1/", "http://[::1]:1/", "http://0.0.0.0:1/"]
    {
        assert_eq!(
            change(&space, target).await.0,
            200,
            "it is registered, as an address that is not there yet would be"
        );
        let token = space.token().await;
        let called = space.notify(&token).await;
        assert_ne!(called.answer.code, 0, "{target}");
    }
    assert!(seen.lock().expect("whole").is_empty(), "nobody on this machine was called");
    assert_eq!(change(&space, "").await.0, 200);
    let token = space.token().await;
    assert_eq!(space.notify(&token).await.answer.code, 0, "the simulated app again");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_address_is_refused() {
    let ground = Ground::open().await;
    let space = ground.space("甲").await;
    for wrong in ["x", "ftp://10.0.0.1/", "javascript:alert(1)", "/notice", "http://"] {
        let (status, page) = change(&space, wrong).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(page.contains("通知地址应为"), "{wrong}");
    }
    assert_eq!(space.form("channel", "channel=none&url=http://10.0.0.1/").await.0, 400);
    ground.center.stop().await;
}
