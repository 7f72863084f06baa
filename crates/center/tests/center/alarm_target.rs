//! Alarms are told to one address outside of the console: each once where it is well, again until it is, and not for ever.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;
use yanmi_center::config::{AlarmTarget, SyslogAddress};
use yanmi_onboarding::Role;

use crate::alarms::not_me;
use crate::console::{administrators, somebody};
use crate::site::{HOSPITAL, Site, anywhere};

/// What a webhook was told, and what it answers.
type Heard = Arc<Mutex<(u16, Vec<Value>)>>;

struct Webhook {
    heard: Heard,
    url: String,
    serving: JoinHandle<()>,
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Webhook {
    async fn start() -> Self {
        async fn hear(State(heard): State<Heard>, body: String) -> StatusCode {
            let mut heard = heard.lock().expect("nobody panicked");
            heard.1.push(serde_json::from_str(&body).expect("JSON"));
            StatusCode::from_u16(heard.0).expect("a status")
        }
        let heard = Heard::new(Mutex::new((204, Vec::new())));
        let router = Router::new().route("/alarms", post(hear)).with_state(Arc::clone(&heard));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/alarms", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        Self { heard, url, serving }
    }

    fn answers(&self, status: u16) {
        self.heard.lock().expect("nobody panicked").0 = status;
    }

    /// What it was told since it was asked last.
    fn told(&self) -> Vec<Value> {
        std::mem::take(&mut self.heard.lock().expect("nobody panicked").1)
    }
}

async fn with_target(target: AlarmTarget) -> Site {
    Site::with(|config| {
        config.listen.operator = anywhere();
        config.alarm_target = Some(Box::new(target));
    })
    .await
}

/// Looks when there is nothing new but that, on a database with a clock of its own, a test's is off.
async fn settle(site: &Site, webhook: &Webhook) {
    site.center.look_for_alarms().await;
    assert!(webhook.told().iter().all(|told| told["rule"] == "clock"));
}

fn syslog(text: &str) -> AlarmTarget {
    AlarmTarget::Syslog(SyslogAddress::new(text).expect("an address"))
}

#[tokio::test]
async fn a_webhook_is_told_each_alarm_once_and_not_again_by_whoever_comes_after() {
    let webhook = Webhook::start().await;
    let site = with_target(AlarmTarget::Webhook(webhook.url.parse().expect("a URL"))).await;
    settle(&site, &webhook).await;
    not_me(&site, 0..3).await;
    site.center.look_for_alarms().await;
    let told = webhook.told();
    assert_eq!(told.len(), 1, "{told:?}");
    let told = &told[0];
    for (member, value) in [
        ("center", "350000"),
        ("rule", "not_me"),
        ("name", "多人表示非本人"),
        ("objectKind", "institution"),
        ("object", HOSPITAL),
    ] {
        assert_eq!(told[member], value, "{told}");
    }
    assert_eq!(told["since"], site.hands.now().get());
    assert!(told["number"].as_i64().is_some_and(|number| number > 0), "{told}");
    let text = told["text"].as_str().expect("a text");
    assert!(text.contains("有 3 人") && text.contains("电话核实"), "{text}");
    // Nobody insured is in it.
    for person in &site.world().persons[..3] {
        let text = told.to_string();
        assert!(!text.contains(&person.user_name) && !text.contains(&person.id_no), "{text}");
    }
    assert_eq!(site.metric("yanmi_alarms_untold").await, 0);
    // Found once more it is the same; who comes after does not tell it again.
    site.center.look_for_alarms().await;
    let site = site.restart().await;
    site.hands.forward(Duration::from_mins(10));
    settle(&site, &webhook).await;
}

#[tokio::test]
async fn a_target_that_fails_is_tried_again_later_and_is_seen_to_fail() {
    let webhook = Webhook::start().await;
    let site = with_target(AlarmTarget::Webhook(webhook.url.parse().expect("a URL"))).await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 62)).await;
    let mut city = somebody(&site, &mut three, (Role::Duty, "3501", 63)).await;
    settle(&site, &webhook).await;
    webhook.answers(500);
    not_me(&site, 0..3).await;
    site.center.look_for_alarms().await;
    assert_eq!(webhook.told().len(), 1);
    assert_eq!(site.metric("yanmi_alarms_untold").await, 1);
    assert!(!approver.get("/o/alarms").await.body.contains("没能告知"), "it may be on its way");
    // Left alone for a minute, then for two, then for four.
    for (minutes, tries) in [(0, 0), (1, 1), (1, 0), (1, 1), (3, 0), (1, 1)] {
        site.hands.forward(Duration::from_mins(minutes));
        site.center.look_for_alarms().await;
        assert_eq!(webhook.told().len(), tries, "{minutes}");
    }
    let shown = approver.get("/o/alarms").await.body;
    assert!(shown.contains("有 1 条没有关闭的告警没能告知"), "{shown}");
    assert!(!city.get("/o/alarms").await.body.contains("没能告知"), "it is about the whole site");
    webhook.answers(200);
    site.hands.forward(Duration::from_mins(8));
    site.center.look_for_alarms().await;
    assert_eq!(webhook.told().len(), 1);
    assert_eq!(site.metric("yanmi_alarms_untold").await, 0);
    site.hands.forward(Duration::from_mins(40));
    site.center.look_for_alarms().await;
    assert_eq!(webhook.told(), Vec::<Value>::new(), "it was told");
}

#[tokio::test]
async fn after_a_day_an_alarm_is_at_the_console_alone_and_a_closed_one_is_not_told() {
    let webhook = Webhook::start().await;
    let site = with_target(AlarmTarget::Webhook(webhook.url.parse().expect("a URL"))).await;
    settle(&site, &webhook).await;
    webhook.answers(500);
    not_me(&site, 0..3).await;
    site.center.look_for_alarms().await;
    assert_eq!(webhook.told().len(), 1);
    webhook.answers(200);
    site.hands.forward(Duration::from_hours(24));
    site.center.look_for_alarms().await;
    assert!(webhook.told().iter().all(|told| told["rule"] != "not_me"));
    assert!(site.metric("yanmi_alarms_untold").await >= 1, "that is seen");
    site.execute(
        "UPDATE alarms SET since = since + 86400000, closed_at = 1, closed_by = 'x', close_reason = 'x'",
    )
    .await;
    site.center.look_for_alarms().await;
    assert!(webhook.told().iter().all(|told| told["rule"] != "not_me"));
    assert_eq!(site.metric("yanmi_alarms_untold").await, 0);
}

#[tokio::test]
async fn a_syslog_server_gets_one_message_each_by_datagram_or_by_stream() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let site = with_target(syslog(&format!("udp://{}", socket.local_addr().expect("an address")))).await;
    not_me(&site, 0..3).await;
    site.center.look_for_alarms().await;
    let mut bytes = vec![0; 4_096];
    let message = loop {
        let length = socket.recv(&mut bytes).await.expect("a datagram");
        let message = String::from_utf8(bytes[..length].to_vec()).expect("UTF-8");
        if !message.contains(" clock [") {
            break message;
        }
    };
    let expected = format!("object=\"{HOSPITAL}\" region=\"350100\"] \u{FEFF}多人表示非本人");
    assert!(message.starts_with("<132>1 2025-11-23T") && message.contains(&expected), "{message}");
    assert!(message.contains(" - yanmi - not_me [yanmi@32473 center=\"350000\" number=\""), "{message}");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let site = with_target(syslog(&format!("tcp://{}", listener.local_addr().expect("an address")))).await;
    not_me(&site, 0..3).await;
    let taken = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut text = String::new();
            stream.read_to_string(&mut text).await.expect("UTF-8");
            if !text.contains(" clock [") {
                return text;
            }
        }
    });
    site.center.look_for_alarms().await;
    let text = taken.await.expect("no panic");
    let (length, message) = text.split_once(' ').expect("a length");
    assert_eq!(length.parse::<usize>().expect("a number"), message.len(), "{text}");
    assert!(message.contains(&expected), "{message}");
    let told = site.number("SELECT count(*) FROM alarms WHERE told_at IS NOT NULL AND rule = 'not_me'").await;
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_target_off_the_list_is_no_target() {
    let target = AlarmTarget::Webhook("http://10.9.0.9/alarms".parse().expect("a URL"));
    let site = Site::start().await;
    let mut stopped = site.stop().await;
    stopped.config.alarm_target = Some(Box::new(target));
    let error = crate::site::start(&stopped.config, &stopped.hands).await.expect_err("off the list");
    assert_eq!(error.to_string(), "告警告知的地址不可用（设置 alarms.target）");
}
