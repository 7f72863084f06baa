//! A test center of a test's own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use yanmi_center::ports::{Clock, Entropy, Network, Ports};
use yanmi_http::Socket;
use yanmi_protocol::UnixMillis;
use yanmi_protocol::message::{notify, status};
use yanmi_simulator::institution::Called;
use yanmi_simulator::outgoing::{Caller, Received};
use yanmi_simulator::{Institution, World};
use yanmi_testcenter::{Settings, TestCenter, TestCenterError};

/// How long anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// 2024-11-14 12:00:00, local time.
const NOON: i64 = 1_731_556_800_000;

/// A test center, its folder and its clock.
pub(crate) struct Ground {
    pub(crate) center: TestCenter,
    pub(crate) folder: TempDir,
    time: Arc<AtomicI64>,
    more: String,
}

impl Ground {
    /// One in which anybody may make spaces.
    pub(crate) async fn open() -> Self {
        Self::with("open = true\nchannel_networks = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n").await
    }

    /// One with these lines in its first table, and after them whatever other tables say.
    pub(crate) async fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let time = Arc::new(AtomicI64::new(NOON));
        let center = start(folder.path(), more, &time).await.expect("it starts");
        Self { center, folder, time, more: more.to_owned() }
    }

    /// Stops it and starts it again.
    pub(crate) async fn restart(self) -> Self {
        self.center.stop().await;
        let center = start(self.folder.path(), &self.more, &self.time).await.expect("it starts");
        Self { center, ..self }
    }

    /// Starts a second one on the same folder.
    pub(crate) async fn another(&self) -> Result<TestCenter, TestCenterError> {
        start(self.folder.path(), &self.more, &self.time).await
    }

    /// Lets time pass for everybody.
    pub(crate) fn pass(&self, span: Duration) {
        self.hands().pass(span);
    }

    /// What turns the clock.
    pub(crate) fn hands(&self) -> Hands {
        Hands(Arc::clone(&self.time))
    }

    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis::new(self.time.load(Ordering::Relaxed))
    }

    /// Makes a space as a vendor does.
    pub(crate) async fn space(&self, name: &str) -> Space {
        let form = format!("name={name}&contact=0591-00000000");
        let made = self.post("/spaces", &form).await;
        assert_eq!(made.status, 303, "{}", String::from_utf8_lossy(&made.body));
        self.enter(&made.location.expect("an address")).await
    }

    /// Goes into a space whose path is known, and takes what is there.
    pub(crate) async fn enter(&self, path: &str) -> Space {
        let base = format!("{}{}", self.center.public_url(), path.trim_end_matches('/'));
        let caller = Caller::new();
        let page = caller.get(&format!("{base}/"), PATIENCE).await.expect("an answer");
        assert_eq!(page.status, 200, "{}", String::from_utf8_lossy(&page.body));
        let file = caller.get(&format!("{base}/sandbox.json"), PATIENCE).await.expect("an answer");
        let text = String::from_utf8(file.body.to_vec()).expect("text");
        let world = World::from_json(&text).expect("a world");
        let time = Arc::clone(&self.time);
        Space { base, caller, world, time }
    }

    /// Posts a form to the front.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Received {
        let url = format!("{}{path}", self.center.public_url());
        Caller::new().post(&url, form.to_owned().into(), PATIENCE).await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Received {
        let url = format!("{}{path}", self.center.public_url());
        Caller::new().get(&url, PATIENCE).await.expect("an answer")
    }
}

/// Turns a test's clock.
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn pass(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_millis()).expect("not long"), Ordering::Relaxed);
    }
}

/// Where channel apps of vendors are, as far as a center can tell: on this machine, which a test's network knows.
pub(crate) const ELSEWHERE: &str = "10.9.9.9";

/// A network on which a machine elsewhere is this one.
fn network() -> Network {
    Network::system().dialing(|address: SocketAddr| async move {
        let elsewhere = address.ip().to_string() == ELSEWHERE;
        let reached = if elsewhere { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address };
        TcpStream::connect(reached).await.map(Socket::Tcp)
    })
}

/// How often a test center was started: chance is another each time.
static STARTS: AtomicI64 = AtomicI64::new(0);

async fn start(folder: &Path, more: &str, time: &Arc<AtomicI64>) -> Result<TestCenter, TestCenterError> {
    let text = format!(
        "[testcenter]\nname = \"示范省联调中心\"\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:0\"\n{more}\n\
         [operator]\nlisten = \"127.0.0.1:0\"\n"
    );
    let settings = Settings::from_toml(&text, folder).expect("a configuration");
    let time = Arc::clone(time);
    let clock = Clock::new(move || UnixMillis::new(time.load(Ordering::Relaxed)));
    let starts = STARTS.fetch_add(1, Ordering::Relaxed).unsigned_abs();
    let seed = folder.as_os_str().as_encoded_bytes();
    let seed =
        seed.iter().fold(7 + starts, |seed, byte| seed.wrapping_mul(131).wrapping_add(u64::from(*byte)));
    let ports = Ports { network: network(), ..Ports::system(clock, Entropy::seeded(seed)) };
    TestCenter::start(settings, ports).await
}

/// A space, as its vendor has it.
pub(crate) struct Space {
    pub(crate) base: String,
    pub(crate) caller: Caller,
    pub(crate) world: World,
    time: Arc<AtomicI64>,
}

impl Space {
    /// The path of its page on the front.
    pub(crate) fn path(&self) -> String {
        let (_, rest) = self.base.split_once("://").expect("an address");
        format!("/{}/", rest.split_once('/').expect("a path").1)
    }

    /// A clock that is this space's owner's, not the space's.
    pub(crate) fn clock(&self) -> yanmi_simulator::Clock {
        let time = Arc::clone(&self.time);
        Arc::new(move || UnixMillis::new(time.load(Ordering::Relaxed)))
    }

    /// The vendor's program, calling under this space's own account.
    pub(crate) fn institution(&self) -> Institution {
        let account = &self.world.accounts[0];
        let (id, key) = (account.org_id.as_str(), account.key.clone());
        Institution::new(&self.base, id, key, self.world.region, self.clock()).with_deadline(PATIENCE)
    }

    /// Has a code shown and decoded: its token.
    pub(crate) async fn token(&self) -> String {
        let (person, channel) = (&self.world.persons[0], &self.world.channels[0]);
        let shown = self
            .control(
                "/qr",
                &serde_json::json!({ "ecIndexNo": person.ec_index_no.as_str(), "chnlId": channel.chnl_id.as_str() }),
            )
            .await;
        let code = shown["ecQrCode"].as_str().expect("a code");
        let org = self.world.accounts[0].institutions[0].org_codg;
        let decoded = self.institution().decode(org.as_str(), "01301", code).await.expect("an answer");
        decoded.token.expect("a token").as_str().to_owned()
    }

    /// Sends a notice (1.7.1).
    pub(crate) async fn notify(&self, token: &str) -> Called {
        let member = &self.world.accounts[0].institutions[0];
        let draft = notify::Draft {
            token,
            org_code: member.org_codg.as_str(),
            org_name: &member.org_name,
            amount: Some("128.50"),
        };
        self.institution().notify_extended(&draft).await.expect("an answer")
    }

    /// Asks for the status (1.7.2): `checkStas`, or the code of a refusal.
    pub(crate) async fn status(&self, token: &str) -> String {
        let member = &self.world.accounts[0].institutions[0];
        let org_code = member.org_codg.as_str();
        let draft = status::Draft { token, org_code, extended: None, wait_seconds: None };
        let called = self.institution().status(&draft).await.expect("an answer");
        called.member("checkStas").unwrap_or_else(|| called.answer.code.to_string())
    }

    /// Sends a notice that goes out, and looks at the phone: its number there, and the link to the page about it.
    pub(crate) async fn notified(&self, token: &str) -> (String, String) {
        let called = self.notify(token).await;
        assert_eq!(called.answer.code, 0, "{}", called.answer.message);
        self.pending().await
    }

    /// The notice that waits on the phone: its number, and the link to the page about it.
    pub(crate) async fn pending(&self) -> (String, String) {
        let index = self.world.persons[0].ec_index_no;
        let url = format!("{}/play/phones/{}/notices", self.base, index.as_str());
        let answer = self.caller.get(&url, PATIENCE).await.expect("an answer");
        let list: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        let rows = list["notices"].as_array().expect("notices");
        let row = rows.iter().find(|row| row["state"] == "pending").expect("one that waits");
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (text("notcNo"), text("authUrl"))
    }

    /// The person confirms with the password.
    pub(crate) async fn confirm(&self, notice: &str) {
        let index = self.world.persons[0].ec_index_no;
        let act = serde_json::json!({ "notcNo": notice, "action": "confirm", "way": "01" });
        self.control(&format!("/phones/{}/act", index.as_str()), &act).await;
    }

    /// Asks the space's control interface.
    pub(crate) async fn control(&self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        let url = format!("{}/play{path}", self.base);
        let answer = self.caller.post(&url, body.to_string().into(), PATIENCE).await.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    /// Sends one of the page's forms; the status and the page.
    pub(crate) async fn form(&self, what: &str, form: &str) -> (u16, String) {
        let url = format!("{}/{what}", self.base);
        let answer = self.caller.post(&url, form.to_owned().into(), PATIENCE).await.expect("an answer");
        (answer.status, String::from_utf8(answer.body.to_vec()).expect("text"))
    }

    pub(crate) async fn page(&self) -> String {
        let answer = self.caller.get(&format!("{}/", self.base), PATIENCE).await.expect("an answer");
        String::from_utf8(answer.body.to_vec()).expect("text")
    }
}

/// Sends bytes as they are, and takes what comes until the other side ends.
pub(crate) async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // A connection that is cut ends with an error; what came before counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
