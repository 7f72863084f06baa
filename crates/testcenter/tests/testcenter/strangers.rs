//! What somebody tries who wants into a space that is not his, or wants to harm one.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use yanmi_channel::CenterAnswer;
use yanmi_protocol::envelope::Sender;
use yanmi_protocol::message::auth_result;
use yanmi_protocol::{Code, UnixMillis};
use yanmi_simulator::Institution;

use crate::ground::{Ground, PATIENCE, Space, raw};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_a_space_tells_nothing() {
    let ground = Ground::open().await;
    let space = ground.space("甲").await;
    let id = space.path().trim_matches('/').rsplit('/').next().expect("an id").to_owned();
    let mut near = id.clone();
    near.replace_range(25..26, if id.ends_with('a') { "b" } else { "a" });
    let unknown = ground.get(&format!("/s/{near}/")).await;
    for guess in [
        "aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "..",
        "%2e%2e",
        "x",
        "",
        &id[..25],
        &id.to_ascii_uppercase(),
        "%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        let answer = ground.get(&format!("/s/{guess}/")).await;
        assert_eq!((answer.status, answer.body), (404, unknown.body.clone()), "{guess}");
    }
    for path in ["sandbox.json", "client.toml", "play/watch/world", "runs/1/report.json"] {
        assert_eq!(ground.get(&format!("/s/{near}/{path}")).await.status, 404, "{path}");
        assert_eq!(ground.post(&format!("/s/{near}/{path}"), "").await.status, 404, "{path}");
    }
    // Below a space one does not come out of it.
    for path in [
        "../",
        "..%2f..%2foperator.key",
        "runs/../space.json",
        "runs/1/..%2f..%2fspace.json",
        "space.json",
        "center.key",
    ] {
        let answer = raw(
            ground.center.addr(),
            &format!("GET {}{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", space.path()),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    // Nor does its simulator tell anybody what only its center may ask it.
    for path in ["play/cfc/api/natl/x", "play/channels/x/notice"] {
        assert_eq!(ground.post(&format!("{}{path}", space.path()), "{}").await.status, 404, "{path}");
    }
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_with_markup_are_only_text() {
    let ground = Ground::open().await;
    let space = ground.space("%3Cscript%3Ealert(1)%3C/script%3E%22%27").await;
    let page = space.page().await;
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
    let made = ground.post("/spaces", "name=%3Cb%3E&contact=").await;
    assert_eq!(made.status, 400);
    let page = String::from_utf8(made.body.to_vec()).expect("text");
    assert!(page.contains("请填写联系人与电话") && !page.contains("<b>"), "{page}");
    let long = "名".repeat(41);
    assert_eq!(ground.post("/spaces", &format!("name={long}&contact=x")).await.status, 400);
    assert_eq!(ground.post("/spaces", "name=a%00b&contact=x").await.status, 400);
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_one_space_is_nobody_in_another() {
    let ground = Ground::open().await;
    let (one, other) = (ground.space("甲").await, ground.space("乙").await);
    let (own, theirs) = (&one.world.accounts[0], &other.world.accounts[0]);
    assert_ne!((own.org_id, &own.kcv), (theirs.org_id, &theirs.kcv));
    for (id, key) in [(own.org_id, own.key.clone()), (theirs.org_id, own.key.clone())] {
        let stranger = Institution::new(&other.base, id.as_str(), key, one.world.region, one.clock());
        let token = other.token().await;
        let message = serde_json::json!({ "token": token, "orgCodg": "H35010000001" }).to_string();
        let called = stranger.call("/cfc/api/tokenPwdStas", message).await.expect("an answer");
        assert_eq!(called.answer.code, i64::from(Code::Denied.number()));
    }
    // A token of one space is unknown in the other.
    let token = one.token().await;
    assert_eq!(other.notify(&token).await.answer.code, i64::from(Code::CredentialNotFound.number()));
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_of_one_space_reports_nothing_for_another() {
    let ground = Ground::open().await;
    let (one, other) = (ground.space("甲").await, ground.space("乙").await);
    let token = other.token().await;
    let (notice, _) = other.notified(&token).await;
    for named in [&one, &other] {
        let said =
            report(&one, &other, named.world.channels[0].chnl_id.as_str(), &notice, ground.now()).await;
        assert_eq!(said, i64::from(Code::Denied.number()));
    }
    assert_eq!(other.status(&token).await, "0", "nobody confirmed anything");
    // Its own reports are taken.
    other.confirm(&notice).await;
    assert_eq!(other.status(&token).await, "1");
    ground.center.stop().await;
}

/// Has a channel of `whose` report to `place` that the person said yes: the code of the answer.
async fn report(whose: &Space, place: &Space, channel: &str, notice: &str, now: UnixMillis) -> i64 {
    let key = &whose.world.channels[0].key;
    let message = auth_result::Draft {
        notc_no: notice,
        auth_way: Some("03"),
        auth_stas: "1",
        auth_time: now.to_string(),
        user_pwd: None,
        auth_no: None,
        cfm_name: None,
    };
    let sender = Sender { org_id: channel, prefix: "sys", region: whose.world.region, key };
    let sealed = sender.proven_request(auth_result::PATH, now, message.to_json().to_string().as_bytes());
    let url = format!("{}{}", place.base, auth_result::PATH);
    let answer = place.caller.post(&url, sealed.body.into(), PATIENCE).await.expect("an answer");
    let said = CenterAnswer::read(answer.status, &answer.body, key, None).expect("an answer of the protocol");
    said.answer.code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_in_one_space_is_stopped_there() {
    let ground = Ground::with("open = true\n[limits]\nrequests_per_second = 10\n").await;
    let (flooded, other) = (ground.space("甲").await, ground.space("乙").await);
    let mut refused = 0;
    for _ in 0..120 {
        let said = flooded.institution().raw("/cfc/api/tokenPwdStas", "{}").await.expect("an answer");
        let text = String::from_utf8_lossy(&said.body).into_owned();
        if text.contains("-6") {
            assert!(said.retry_after.is_some(), "{text}");
            refused += 1;
        }
    }
    assert!(refused >= 60, "{refused}");
    let token = other.token().await;
    assert_eq!(other.notify(&token).await.answer.code, 0, "the neighbor does not notice");
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_are_refused_before_they_are_read() {
    let ground = Ground::open().await;
    let space = ground.space("甲").await;
    for path in ["cfc/api/tokenPwdCheckNotc", "cfc/api/chnl/authRslt", "play/qr", "clock"] {
        let head = format!(
            "POST {}{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10485760\r\nconnection: close\r\n\r\n",
            space.path()
        );
        let mut stream = TcpStream::connect(ground.center.addr()).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut start = [0; 64];
        let read = stream.read(&mut start).await.expect("an answer before the body");
        let start = String::from_utf8_lossy(&start[..read]).into_owned();
        assert!(start.starts_with("HTTP/1.1 413") || start.starts_with("HTTP/1.1 200"), "{path}: {start}");
    }
    // Ten megabytes of nonsense where a form is expected, and a form without an end.
    let answer = raw(
        ground.center.addr(),
        "POST /spaces HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nFFFFFF\r\nxxxx",
    );
    drop(tokio::time::timeout(std::time::Duration::from_millis(50), answer).await);
    assert_eq!(ground.get("/").await.status, 200);
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_others_do_nothing_here() {
    let ground = Ground::open().await;
    let space = ground.space("甲").await;
    let address = ground.center.addr();
    for (path, body) in [("clock", "span=31m"), ("restart", "sure=x"), ("play/national/mood", "{}")] {
        for header in ["origin: https://evil.example", "sec-fetch-site: cross-site"] {
            let request = format!(
                "POST {}{path} HTTP/1.1\r\nhost: {address}\r\n{header}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                space.path(),
                body.len()
            );
            let answer = raw(address, &request).await;
            assert!(answer.starts_with("HTTP/1.1 403"), "{path} {header}: {answer}");
        }
    }
    assert!(!space.page().await.contains("比真实时间快"));
    ground.center.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_so_many_spaces_are_made() {
    let ground = Ground::with("open = true\n[limits]\nspaces = 2\n").await;
    ground.space("甲").await;
    ground.space("乙").await;
    let third = ground.post("/spaces", "name=丙&contact=x").await;
    assert_eq!(third.status, 503);
    assert!(String::from_utf8_lossy(&third.body).contains("空间已满"));
    ground.center.stop().await;
    let ground = Ground::with("open = true\n[limits]\nspaces_per_source_hour = 1\n").await;
    ground.space("甲").await;
    let second = ground.post("/spaces", "name=乙&contact=x").await;
    assert_eq!(second.status, 429);
    ground.center.stop().await;
}
