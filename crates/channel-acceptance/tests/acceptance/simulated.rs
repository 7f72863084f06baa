//! The simulator's own channel app, tried like any other: by its notice address, its phone, and what somebody sees on that.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use yanmi_acceptance::{Kind, Rulebook};
use yanmi_channel_acceptance::sample::Pause;
use yanmi_channel_acceptance::{Brief, ChannelSuite, NoticeUrl, Rule, Scene};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{EcIndexNo, Region};
use yanmi_simulator::Simulator;
use yanmi_simulator::world::{Urls, World};

use crate::{PATIENCE, chance, post, settings, socket, time};

/// The world's first person, whose password is the brief's.
const PERSON: &str = "EC000000000000000000000000000001";

/// Somebody who holds the phone, and the control interface under which it is reached.
struct Phone {
    url: String,
    channel: String,
    pause: Pause,
    /// What the center said, which an app puts into words.
    said: Mutex<String>,
}

impl Phone {
    async fn ask(&self, path: &str, body: Value) -> Value {
        let received = post(&format!("{}/phones/{PERSON}/{path}", self.url), body.to_string()).await;
        serde_json::from_slice(&received.body).unwrap_or_default()
    }

    /// What the phone shows of a notice; looking asks the center for what is pending.
    async fn row(&self, number: &str) -> Value {
        let shown = self.ask("messageCenter", json!({ "chnlId": self.channel })).await;
        let rows = shown["notices"].as_array().cloned().unwrap_or_default();
        rows.into_iter().find(|row| row["notcNo"] == number).unwrap_or_default()
    }

    /// A button that is not there cannot be tapped.
    async fn act(&self, number: &str, action: &str, way: &str) {
        if self.row(number).await["state"] == "pending" {
            let said = self.ask("act", json!({ "notcNo": number, "action": action, "way": way })).await;
            self.said.lock().expect("nobody panicked").push_str(&said.to_string());
        }
    }

    async fn play(&self, brief: &Brief, scene: &Scene) {
        let mut now = scene.clone();
        self.said.lock().expect("nobody panicked").clear();
        for act in &scene.acts {
            let number = now.notices.first().map(|notice| notice.notc_no.clone()).unwrap_or_default();
            match act.split_once(' ').unwrap_or((act, "")) {
                ("begin", _) => now = begun(&brief.play_url, &scene.id).await,
                ("next", _) => now = begun(&brief.next_url, &scene.id).await,
                ("wait", seconds) => {
                    (self.pause)(Duration::from_secs(seconds.parse().expect("a number"))).await;
                }
                ("password", _) => self.act(&number, "confirm", "01").await,
                ("face", _) => self.act(&number, "confirm", "02").await,
                ("confirm" | "try" | "channelPassword", _) => self.act(&number, "confirm", "03").await,
                ("wrongPassword", _) => self.act(&number, "wrongPassword", "01").await,
                ("wrongChannelPassword", _) => self.act(&number, "wrongPassword", "03").await,
                ("cancel" | "notMe", _) => self.act(&number, act, "03").await,
                ("tell", _) => self.tell(brief, &now).await,
                // The phone asks whenever somebody looks at it; it is never restarted, and has no link to open.
                ("openCenter" | "restart" | "openLink", _) => {}
                (other, _) => panic!("no act: {other}"),
            }
        }
    }

    async fn tell(&self, brief: &Brief, scene: &Scene) {
        for notice in &scene.notices {
            let row = self.row(&notice.notc_no).await;
            let state = match row["state"].as_str() {
                Some("replaced") => "superseded",
                Some(state) => state,
                None => "none",
            };
            let told = json!({
                "situation": scene.id,
                "notcNo": notice.notc_no,
                "state": state,
                "alerts": row["alerts"].as_u64().unwrap_or_default(),
                "amount": row["totalAmount"].as_str().unwrap_or("金额未定"),
                "text": *self.said.lock().expect("nobody panicked"),
                "orgName": row["orgName"].as_str().unwrap_or_default(),
            });
            assert_eq!(post(&brief.shown_url, told.to_string()).await.status, 200, "{}", scene.id);
        }
    }
}

async fn begun(url: &str, id: &str) -> Scene {
    let received = post(url, json!({ "situation": id }).to_string()).await;
    serde_json::from_slice(&received.body).expect("a scene")
}

/// Nothing that the specification prints is broken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulators_app_keeps_what_the_specification_prints() {
    let (clock, pause) = time();
    let (app, center) = (socket().await, socket().await);
    let [url, center_url] =
        [&app, &center].map(|s| format!("http://{}", s.local_addr().expect("an address")));
    let urls = Urls { institution: center_url.clone(), channel: center_url, simulator: url.clone() };
    let entropy = chance();
    let region = Region::new("350000").expect("a region");
    let mut world = World::generate(region, &urls, &mut |bytes| entropy(bytes));
    let person = EcIndexNo::new(PERSON).expect("a person");
    assert_eq!(world.person(PERSON).and_then(|person| person.password.clone()).as_deref(), Some("111111"));
    let channel = world.channels.iter_mut().find(|channel| channel.auth_ways.len() == Way::ALL.len());
    let channel = channel.expect("a channel with every way");
    channel.mac = true;
    let (id, key, notice_url) = (channel.chnl_id, channel.key.clone(), channel.notice_url.clone());
    let simulator = Simulator::start(world, app, Arc::clone(&clock), chance()).expect("a simulator");
    let mut settings = settings(NoticeUrl::new(&notice_url).expect("an address"));
    (settings.channel, settings.key, settings.person) = (id, Some(key), Some(person));
    (settings.patience, settings.hang) = (PATIENCE, Duration::from_millis(100));
    settings.choose_all();
    let suite = ChannelSuite::start(settings, center, clock, &chance()).expect("a suite");
    let brief = suite.brief();
    let phone = Phone { url, channel: id.as_str().to_owned(), pause, said: Mutex::default() };
    for scene in &brief.situations {
        phone.play(&brief, scene).await;
    }
    let judged = suite.judged();
    let reasons = judged.broken().into_iter().map(|rule| (rule, judged.reasons(rule)));
    let required: Vec<_> = reasons.clone().filter(|(rule, _)| rule.kind() == Kind::Required).collect();
    assert!(required.is_empty(), "{required:#?}");
    assert_eq!(judged.broken(), LEFT_OUT, "{:#?}", reasons.collect::<Vec<_>>());
    suite.stop().await;
    simulator.stop().await;
}

/// The advice that the simulator's app does not follow: it takes notices for the persons of the load generator, has a wrong password of its
/// own, and repeats only when somebody taps again.
const LEFT_OUT: [Rule; 3] = [Rule::DenyStranger, Rule::ReportDigest, Rule::RepeatAgain];
