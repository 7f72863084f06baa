//! The channel apps in every mood, over real sockets.

use std::time::Duration;

use crate::stage::{Stage, read};
use serde_json::json;
use yanmi_protocol::message::channel_notice::Kind;
use yanmi_simulator::ChannelMood;

fn path(stage: &Stage, what: &str) -> String {
    format!("/channels/{}/{what}", stage.channel().chnl_id.as_str())
}

async fn mood(stage: &Stage, mood: serde_json::Value) {
    let (status, answer) = stage.control(&path(stage, "mood"), mood.clone()).await;
    assert_eq!((status, &answer["mood"]), (200, &mood["mood"]));
}

#[tokio::test]
async fn a_notice_is_taken_shown_and_withdrawn() {
    let stage = Stage::set().await;
    let mut notice = stage.notice(1, stage.channel());
    stage.push(&notice).await;
    stage.push(&notice).await;
    assert_eq!(stage.phone().await, ["1000000000001 pending"]);
    notice.kind = Kind::Withdrawal;
    stage.push(&notice).await;
    assert_eq!(stage.phone().await, ["1000000000001 withdrawn"]);
}

#[tokio::test]
async fn refuse_and_http500_answer_and_keep_nothing() {
    let stage = Stage::set().await;
    let body = stage.sealed(&stage.notice(1, stage.channel()));
    mood(&stage, json!({"mood":"refuse"})).await;
    let received = stage.post(&path(&stage, "notice"), body.clone()).await;
    let (answer, plain) = received.open(&stage.channel().key).expect("an answer");
    assert_eq!((answer.message.as_str(), plain.is_none()), ("渠道应用暂停服务（模拟）", true));
    assert_ne!(answer.code, 0);
    mood(&stage, json!({"mood":"http500"})).await;
    assert_eq!(stage.post(&path(&stage, "notice"), body.clone()).await.status, 500);
    assert!(stage.phone().await.is_empty());
    mood(&stage, json!({"mood":"ok"})).await;
    assert_eq!(stage.post(&path(&stage, "notice"), body).await.status, 200);
    assert_eq!(stage.phone().await.len(), 1);
}

#[tokio::test]
async fn reset_ends_the_connection_without_an_answer() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stage = Stage::set().await;
    mood(&stage, json!({"mood":"reset"})).await;
    let body = stage.sealed(&stage.notice(1, stage.channel()));
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        path(&stage, "notice"),
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(stage.simulator.addr()).await.expect("connects");
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).await.expect_err("a reset");
    assert_eq!((error.kind(), answer.len()), (std::io::ErrorKind::ConnectionReset, 0));
    let why = stage.post_in_vain(&path(&stage, "notice"), body).await;
    assert!(why.starts_with("无法连接或连接中断"), "{why}");
    assert!(stage.phone().await.is_empty());
}

#[tokio::test]
async fn hang_answers_nobody() {
    let stage = Stage::set().await;
    mood(&stage, json!({"mood":"hang"})).await;
    let body = stage.sealed(&stage.notice(1, stage.channel()));
    let waiting = stage.post_and_leave(&path(&stage, "notice"), body).await;
    assert!(stage.phone().await.is_empty(), "it has not been taken either");
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn slow_shows_at_once_and_answers_late() {
    let stage = Stage::set().await;
    mood(&stage, json!({"mood":"slow","ms":60_000})).await;
    let body = stage.sealed(&stage.notice(1, stage.channel()));
    let waiting = stage.post_and_leave(&path(&stage, "notice"), body).await;
    assert_eq!(stage.phone().await, ["1000000000001 pending"]);
    assert!(!waiting.is_finished());
    waiting.abort();
    mood(&stage, json!({"mood":"slow","ms":20})).await;
    let started = std::time::Instant::now();
    stage.push(&stage.notice(2, stage.channel())).await;
    assert!(started.elapsed() >= Duration::from_millis(20));
}

#[tokio::test]
async fn only_the_centers_envelopes_are_opened() {
    let stage = Stage::set().await;
    let other = &stage.world().channels[3];
    let body = stage.sealed(&stage.notice(1, other));
    for (body, code) in [(body.as_str(), -4), ("nonsense", -2)] {
        let received = stage.post(&path(&stage, "notice"), body.to_owned()).await;
        assert_eq!(read(&received).1["code"], code);
    }
    assert!(stage.phone().await.is_empty());
}

#[tokio::test]
async fn unknown_channels_moods_and_addresses() {
    let stage = Stage::set().await;
    let (status, error) = stage.control(&path(&stage, "mood"), json!({"mood":"sad"})).await;
    assert_eq!((status, error["error"].is_string()), (400, true));
    let (status, _) = stage.control("/channels/X/mood", json!({"mood":"ok"})).await;
    assert_eq!(status, 404);
    assert_eq!(stage.post("/channels/X/notice", "").await.status, 404);
    assert_eq!(stage.post("/nowhere", "").await.status, 404);
    assert_eq!(stage.post("/qr", "x".repeat(70_000)).await.status, 413);
    let nobody = yanmi_protocol::ChannelId::new("X").expect("an id");
    assert!(!stage.simulator.set_channel_mood(nobody, ChannelMood::Reset));
}
