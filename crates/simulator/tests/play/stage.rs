//! The stage of these tests: a simulator on its own port, with its own clock and countable chance, and a center
//! that writes down what it is told and answers what it is told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use yanmi_protocol::envelope::{self, RequestEnvelope, Sender};
use yanmi_protocol::message::channel_notice::{Kind, Notice, Way};
use yanmi_protocol::{EcToken, NoticeNo, OrgCode, Region, UnixMillis};
use yanmi_simulator::outgoing::{CallError, Caller, Received};
use yanmi_simulator::world::{Channel, Person, Urls};
use yanmi_simulator::{Clock, Entropy, Simulator, World};

pub(crate) const NOW: i64 = 1_700_000_000_000;
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A question to the center: path, orgId, opened message.
pub(crate) type Heard = (String, String, Value);

/// What the center does with the next question.
pub(crate) enum Saying {
    /// A success with this message.
    Yes(String),
    /// This body, as it is.
    Body(String),
}

#[derive(Default)]
pub(crate) struct Script {
    pub(crate) heard: Vec<Heard>,
    pub(crate) say: VecDeque<Saying>,
}

pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) script: Arc<Mutex<Script>>,
    pub(crate) time: Arc<AtomicI64>,
    caller: Caller,
}

#[derive(Clone)]
struct Center {
    script: Arc<Mutex<Script>>,
    world: Arc<Mutex<Option<World>>>,
}

pub(crate) fn region() -> Region {
    Region::new("350000").expect("a region")
}

/// A clock that stands still until it is set.
pub(crate) fn clock(time: &Arc<AtomicI64>) -> Clock {
    let time = Arc::clone(time);
    Arc::new(move || UnixMillis::new(time.load(Ordering::Relaxed)))
}

/// Chance that counts.
pub(crate) fn entropy() -> Entropy {
    let next = AtomicU8::new(1);
    Arc::new(move |slice: &mut [u8]| {
        for byte in slice {
            *byte = next.fetch_add(41, Ordering::Relaxed);
        }
    })
}

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    (listener, addr)
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let place = Arc::new(Mutex::new(None));
        let center = Center { script: Arc::clone(&script), world: Arc::clone(&place) };
        let (center_listener, center_addr) = listen().await;
        let router = Router::new().fallback(hear).with_state(center);
        tokio::spawn(async move { axum::serve(center_listener, router).await });
        let (listener, addr) = listen().await;
        let urls = Urls {
            institution: format!("http://{center_addr}"),
            channel: format!("http://{center_addr}"),
            simulator: format!("http://{addr}"),
        };
        let chance = entropy();
        let world = World::generate(region(), &urls, &mut |slice| chance(slice));
        *place.lock().expect("no panic") = Some(world.clone());
        let time = Arc::new(AtomicI64::new(NOW));
        let simulator = Simulator::start(world, listener, clock(&time), chance).expect("starts");
        Self { simulator, script, time, caller: Caller::new() }
    }

    /// Another simulator, on another port, of the world as this one stored it.
    pub(crate) async fn restarted(&self) -> Self {
        let mut world = World::from_json(&self.world().to_json()).expect("what was written");
        let (listener, addr) = listen().await;
        world.relocate(&Urls {
            institution: world.institution_url.clone(),
            channel: world.channel_url.clone(),
            simulator: format!("http://{addr}"),
        });
        let (script, time) = (Arc::clone(&self.script), Arc::clone(&self.time));
        let simulator = Simulator::start(world, listener, clock(&time), entropy()).expect("starts");
        Self { simulator, script, time, caller: Caller::new() }
    }

    pub(crate) fn world(&self) -> &World {
        self.simulator.world()
    }

    pub(crate) fn person(&self) -> &Person {
        &self.world().persons[0]
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.world().channels[0]
    }

    pub(crate) fn says(&self, saying: Saying) {
        self.script.lock().expect("no panic").say.push_back(saying);
    }

    /// What the center has heard since the last time.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.script.lock().expect("no panic").heard)
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Received {
        let url = format!("http://{}{path}", self.simulator.addr());
        self.caller.post(&url, body.into(), DEADLINE).await.expect("an answer")
    }

    /// Posts and expects no answer; why there was none.
    pub(crate) async fn post_in_vain(&self, path: &str, body: impl Into<Bytes>) -> String {
        let url = format!("http://{}{path}", self.simulator.addr());
        self.caller.post(&url, body.into(), DEADLINE).await.expect_err("no answer").to_string()
    }

    /// Posts without waiting for the answer; returns when the simulator holds the request.
    pub(crate) async fn post_and_leave(
        &self,
        path: &str,
        body: String,
    ) -> JoinHandle<Result<Received, CallError>> {
        let url = format!("http://{}{path}", self.simulator.addr());
        let caller = self.caller.clone();
        let waiting = tokio::spawn(async move { caller.post(&url, body.into(), DEADLINE).await });
        let held = async {
            while self.simulator.held() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, held).await.expect("held");
        waiting
    }

    /// Posts JSON and reads JSON.
    pub(crate) async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        read(&self.post(path, body.to_string()).await)
    }

    /// The rows the phone shows, each `notcNo state`.
    pub(crate) async fn phone(&self) -> Vec<String> {
        let index = self.person().ec_index_no;
        let url = format!("http://{}/phones/{}/notices", self.simulator.addr(), index.as_str());
        let (status, value) = read(&self.caller.get(&url, DEADLINE).await.expect("an answer"));
        assert_eq!(status, 200);
        let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
        let rows = value["notices"].as_array().expect("a list").iter();
        rows.map(|row| format!("{} {}", text(row, "notcNo"), text(row, "state"))).collect()
    }

    /// A notice to the first person through a channel.
    pub(crate) fn notice(&self, number: u64, channel: &Channel) -> Notice {
        let now = UnixMillis::new(self.time.load(Ordering::Relaxed));
        Notice {
            kind: Kind::Notice,
            sequence: u32::try_from(number).expect("small"),
            number: NoticeNo::from_number(NoticeNo::FIRST + number).expect("13 digits"),
            channel: channel.chnl_id,
            token: EcToken::new("350000token").expect("a token"),
            index: Some(self.person().ec_index_no),
            masked_name: "*试".to_owned(),
            org_code: OrgCode::new("H35010000001").expect("a code"),
            org_name: "福州示范医院".to_owned(),
            amount: Some("128.5".parse().expect("an amount")),
            at: now,
            expires_at: now.plus(Duration::from_mins(5)),
            ways: Way::ALL.to_vec(),
            url: None,
        }
    }

    /// The body with which the center sends a notice.
    pub(crate) fn sealed(&self, notice: &Notice) -> String {
        let channel = self.world().channel(notice.channel.as_str()).expect("a channel");
        let now = UnixMillis::new(NOW);
        let message = notice.to_json();
        let (key, org_id) = (&channel.key, channel.chnl_id.as_str());
        let sender = Sender { key, org_id, prefix: "cfc", region: region() };
        sender.proven_request(&format!("/channels/{org_id}/notice"), now, message.as_bytes()).body
    }

    /// Pushes a notice to its channel and expects it to be taken.
    pub(crate) async fn push(&self, notice: &Notice) {
        let id = notice.channel;
        let received = self.post(&format!("/channels/{}/notice", id.as_str()), self.sealed(notice)).await;
        let key = &self.world().channel(id.as_str()).expect("a channel").key;
        let (answer, plain) = received.open(key).expect("an answer");
        assert_eq!(answer.code, 0, "{}", answer.message);
        assert_eq!(plain.expect("a message").as_str(), "{\"rcvFlag\":\"1\"}");
    }
}

pub(crate) fn read(received: &Received) -> (u16, Value) {
    (received.status, serde_json::from_slice(&received.body).expect("JSON"))
}

/// The center: opens the question with the channel's key, notes it, and says what comes next in the script. With
/// an empty script it knows of nothing pending and refuses the rest.
async fn hear(State(center): State<Center>, uri: Uri, body: Bytes) -> Bytes {
    let place = center.world.lock().expect("no panic");
    let world = place.as_ref().expect("the world is made before anybody asks");
    let request = RequestEnvelope::parse(&body, region()).expect("an envelope");
    let key = &world.channel(&request.org_id).expect("a channel").key;
    let plain = request.sealed.open(key).expect("opens");
    let value: Value = serde_json::from_str(plain.as_str()).expect("JSON");
    let mut script = center.script.lock().expect("no panic");
    script.heard.push((uri.path().to_owned(), request.org_id.clone().into_owned(), value));
    let idle = uri.path().ends_with("pendNotc");
    let answer = match script.say.pop_front() {
        Some(Saying::Yes(message)) => envelope::success(key, message.as_bytes()),
        Some(Saying::Body(body)) => body,
        None if idle => envelope::success(key, b"{\"notcs\":[]}"),
        None => envelope::refusal(yanmi_protocol::Code::BadNoticeNo, "没有台词"),
    };
    // A channel that sends macs wants them back.
    let proven = request.mac.as_deref().and_then(|mac| envelope::prove(key, mac, &answer));
    proven.unwrap_or(answer).into()
}
