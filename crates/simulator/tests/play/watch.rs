//! The page one can watch, over HTTP: its files, its event stream, and who may use it.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::{DEADLINE, Saying, Stage};

/// Sends a request as it stands here and reads until these words have come.
async fn raw(stage: &Stage, request: &str, until: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(stage.simulator.addr()).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let text = read_to(&mut stream, until).await;
    (stream, text)
}

async fn read_to(stream: &mut TcpStream, until: &str) -> String {
    let mut seen = Vec::new();
    let reading = async {
        loop {
            let mut bytes = vec![0; 16 * 1_024];
            let count = stream.read(&mut bytes).await.expect("a read");
            seen.extend_from_slice(&bytes[..count]);
            let text = String::from_utf8_lossy(&seen);
            if text.contains(until) || count == 0 {
                assert!(text.contains(until), "ended without {until}: {text}");
                return text.into_owned();
            }
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.expect("in time")
}

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:8359\r\n{more}\r\n")
}

/// The `id` of the last event in a text.
fn last_id(text: &str) -> u64 {
    let line = text.lines().rev().find_map(|line| line.strip_prefix("id: ")).expect("an id");
    line.parse().expect("a number")
}

#[tokio::test]
async fn the_page_comes_whole_from_here_and_says_so() {
    let stage = Stage::set().await;
    let (_, page) = raw(&stage, &get("/", ""), "</html>").await;
    let head = page.split("\r\n\r\n").next().expect("a head");
    for words in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "no-store", "nosniff"]
    {
        assert!(head.contains(words), "{words}: {head}");
    }
    let mut paths: Vec<&str> = page.split('"').filter(|part| part.starts_with("watch/")).collect();
    paths.push("watch/flow.js");
    paths.push("watch/stage.js");
    assert!(paths.len() >= 4);
    for path in paths {
        let (_, file) = raw(&stage, &get(&format!("/{path}"), "connection: close\r\n"), "\r\n\r\n").await;
        assert!(file.starts_with("HTTP/1.1 200"), "{path}: {file}");
        assert!(file.contains("content-security-policy"), "{path}");
    }
    let (_, none) = raw(&stage, &get("/watch/none", ""), "}").await;
    assert!(none.starts_with("HTTP/1.1 404"));
    let (_, world) = raw(&stage, &get("/watch/world", ""), "\"calls\":").await;
    assert!(world.contains("\"name\":\"*试\"") && !world.contains("测试\"") && !world.contains("111111"));
    // The sandbox's keys are made up, and there to be copied, each with its check value.
    let channel = stage.channel();
    assert!(world.contains(&*channel.key.to_hex()) && world.contains(&channel.kcv), "keys to copy");
}

#[tokio::test]
async fn what_happens_is_told_and_told_again_from_where_one_left_off() {
    let stage = Stage::set().await;
    let (mut stream, text) = raw(&stage, &get("/events", ""), "event: scene").await;
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    let code =
        json!({"ecIndexNo":stage.person().ec_index_no.as_str(),"chnlId":stage.channel().chnl_id.as_str()});
    stage.control("/qr", code).await;
    let first = read_to(&mut stream, "event: showing").await;
    stage.push(&stage.notice(1, stage.channel())).await;
    let second = read_to(&mut stream, "\"part\":\"answer\"").await;
    for words in [
        "\"call\":\"notice\"",
        "\"part\":\"request\"",
        "\\\"encData\\\"",
        "event: phone",
        "\"state\":\"pending\"",
    ] {
        assert!(second.contains(words), "{words}: {second}");
    }
    // The connection breaks; the browser comes back and has missed only the second part.
    drop(stream);
    let after = format!("last-event-id: {}\r\n", last_id(&first));
    let (_, again) = raw(&stage, &get("/events", &after), "\"part\":\"answer\"").await;
    assert!(!again.contains("event: begin") && !again.contains("event: showing"), "{again}");
}

#[tokio::test]
async fn what_the_center_answers_and_what_it_does_not_is_told() {
    let stage = Stage::set().await;
    let (mut stream, _) = raw(&stage, &get("/events", ""), "event: scene").await;
    stage.push(&stage.notice(1, stage.channel())).await;
    read_to(&mut stream, "\"part\":\"answer\"").await;
    let act = format!("/phones/{}/act", stage.person().ec_index_no.as_str());
    stage.says(Saying::Yes("{\"acptFlag\":\"1\"}".to_owned()));
    stage.control(&act, json!({"notcNo":"1000000000001","action":"confirm"})).await;
    let text = read_to(&mut stream, "\"state\":\"confirmed\"").await;
    assert!(text.contains("\"call\":\"result\"") && text.contains("不显示"), "{text}");
    let digest = yanmi_protocol::PasswordDigest::of("111111").expect("six digits").to_hex();
    assert!(!text.contains(&*digest), "the digest is not shown");
    stage
        .control(&format!("/channels/{}/mood", stage.channel().chnl_id.as_str()), json!({"mood":"reset"}))
        .await;
    let body = stage.sealed(&stage.notice(2, stage.channel()));
    stage.post_in_vain(&format!("/channels/{}/notice", stage.channel().chnl_id.as_str()), body).await;
    let text = read_to(&mut stream, "\"part\":\"silence\"").await;
    assert!(text.contains("断开连接") && text.contains("没有应答"), "{text}");
}

#[tokio::test]
async fn load_is_not_recorded() {
    let stage = Stage::set().await;
    let (mut stream, _) = raw(&stage, &get("/events", ""), "event: scene").await;
    let mut stranger = stage.notice(1, stage.channel());
    stranger.index = None;
    stage.push(&stranger).await;
    stage.push(&stage.notice(2, stage.channel())).await;
    let text = read_to(&mut stream, "\"part\":\"answer\"").await;
    assert!(text.contains("1000000000002") && !text.contains("1000000000001"), "{text}");
}

#[tokio::test]
async fn pages_of_others_and_other_names_are_refused() {
    let stage = Stage::set().await;
    let body = json!({"mood":"error"}).to_string();
    let post = |headers: &str| {
        let length = body.len();
        format!("POST /national/mood HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}")
    };
    let host = "host: 127.0.0.1:8359\r\n";
    for (headers, status) in [
        (host.to_owned(), 200),
        (format!("{host}origin: http://127.0.0.1:8359\r\nsec-fetch-site: same-origin\r\n"), 200),
        (format!("{host}origin: http://elsewhere.example\r\n"), 403),
        (format!("{host}sec-fetch-site: cross-site\r\n"), 403),
        ("host: elsewhere.example\r\norigin: http://elsewhere.example\r\n".to_owned(), 403),
    ] {
        let (_, answer) = raw(&stage, &post(&headers), "}").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{headers}: {answer}");
    }
    let (_, events) = raw(&stage, &get("/events", "origin: http://elsewhere.example\r\n"), "}").await;
    assert!(events.starts_with("HTTP/1.1 403"), "{events}");
}

#[tokio::test]
async fn the_counter_refuses_what_is_out_of_order() {
    let stage = Stage::set().await;
    for (path, body, status) in [
        ("/counter/notify", json!({"totalAmount":"1"}), 409),
        ("/counter/status", json!({}), 409),
        ("/counter/settle", json!({}), 409),
        ("/counter/scan", json!({"orgCodg":"H99999999999","ecQrCode":"4"}), 400),
        ("/counter/token", json!({"orgCodg":"H35010000001","token":"%"}), 400),
        ("/counter/dance", json!({}), 404),
        ("/counter/leave", json!({}), 200),
    ] {
        assert_eq!(stage.control(path, body).await.0, status, "{path}");
    }
}
