//! One site for one test: a center with its own database and clock, and a simulator beside it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use yanmi_center::config::{Config, Essentials, Listen};
use yanmi_center::ports::{Clock, Entropy, Ports};
use yanmi_center::{Center, Farewell, StartError};
use yanmi_protocol::message::{notify, status};
use yanmi_protocol::{EcToken, Region, Sm4Key, UnixMillis};
use yanmi_simulator::institution::Called;
use yanmi_simulator::world::{Channel, Person, Urls};
use yanmi_simulator::{Institution, Simulator, World};

use crate::party::National;
use crate::plan::KEY;
use crate::register;
use crate::wire::Wire;

/// When every test begins.
pub(crate) const START: i64 = 1_763_869_440_000;
/// The first institution of the first account.
pub(crate) const HOSPITAL: &str = "H35010000001";
pub(crate) const HOSPITAL_NAME: &str = "福州示范医院";

/// Longer than anything takes in a test that works.
pub(crate) const AMPLE: Duration = Duration::from_secs(20);

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis::new(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn forward(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).expect("a short time");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

pub(crate) struct Site {
    pub(crate) center: Center,
    pub(crate) simulator: Simulator,
    pub(crate) hands: Hands,
    pub(crate) config: Config,
    pub(crate) folder: TempDir,
}

/// A runtime of its own for a center that is to be killed.
pub(crate) struct Mortal(Option<Runtime>);

impl Drop for Mortal {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A site whose center does not run.
pub(crate) struct Stopped {
    simulator: Simulator,
    pub(crate) hands: Hands,
    pub(crate) config: Config,
    pub(crate) folder: TempDir,
}

impl Stopped {
    /// Starts the center on the state it left.
    pub(crate) async fn start(self) -> Site {
        let Self { simulator, hands, config, folder } = self;
        let center = start(&config, &hands).await.expect("a center");
        Site { center, simulator, hands, config, folder }
    }

    /// The same, the center in a runtime of its own.
    pub(crate) async fn start_mortal(self) -> (Site, Mortal) {
        let Self { simulator, hands, config, folder } = self;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (its_config, its_hands) = (config.clone(), hands.clone());
        let starting = runtime.spawn(async move { start(&its_config, &its_hands).await.expect("a center") });
        let center = starting.await.expect("no panic");
        (Site { center, simulator, hands, config, folder }, Mortal(Some(runtime)))
    }
}

/// Starts a center.
pub(crate) async fn start(config: &Config, hands: &Hands) -> Result<Center, StartError> {
    let hands = hands.clone();
    let clock = Clock::new(move || hands.now());
    // On its own, so that whatever awaits it stays small.
    Box::pin(Center::start(config.clone(), Ports::system(clock, Entropy::seeded(2)))).await
}

/// Any free port of this machine.
pub(crate) fn anywhere() -> Listen {
    Listen::plain(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A site whose national center says what it is told to say and counts what it was asked.
    pub(crate) async fn with_national(change: impl FnOnce(&mut Config)) -> (Self, National) {
        let key = Sm4Key::from_bytes(&KEY);
        let national = National::start(key.clone()).await;
        let url = national.url().parse().expect("a URL");
        let site = Self::with(|config| {
            config.national.url = url;
            config.national.key = key;
            change(config);
        })
        .await;
        (site, national)
    }

    /// A site whose configuration `change` has changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let hands = Hands(Arc::new(AtomicI64::new(START)));
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let simulator_url = format!("http://{}", socket.local_addr().expect("an address"));
        let urls = Urls { institution: String::new(), channel: String::new(), simulator: simulator_url };
        let keys = Entropy::seeded(1);
        let region = Region::new("350000").expect("a region");
        let mut world = World::generate(region, &urls, &mut |bytes| keys.fill(bytes));
        // The clock stands still here, so two equal calls are one envelope: tests that are about macs ask for them.
        world.channels.iter_mut().chain(&mut world.extra_channels).for_each(|channel| channel.mac = false);
        let essentials = Essentials {
            region,
            encryption_key: Sm4Key::from_ascii("yanmi-test-kek-1").expect("a key"),
            national_url: world.national.url.parse().expect("a URL"),
            national_org_id: world.national.org_id,
            national_key: world.national.key.clone(),
        };
        let mut config = Config::new(essentials, folder.path());
        config.listen.institution = anywhere();
        config.listen.channel = anywhere();
        config.listen.operations = anywhere();
        config.decode_enabled = true;
        config.database = crate::database(folder.path()).await;
        change(&mut config);
        register::everybody(&config, &world).await;
        let center = start(&config, &hands).await.expect("a center");
        let url = |address: Option<SocketAddr>| format!("http://{}", address.expect("a listener"));
        let urls = Urls {
            institution: url(center.institution_addr()),
            channel: url(center.channel_addr()),
            simulator: world.simulator_url.clone(),
        };
        world.relocate(&urls);
        // From now on the center keeps its ports, so that the simulator finds it again after a restart.
        config.listen.institution.address = center.institution_addr();
        config.listen.channel.address = center.channel_addr();
        let time = hands.clone();
        let entropy = Entropy::seeded(3);
        let simulator = Simulator::start(
            world,
            socket,
            Arc::new(move || time.now()),
            Arc::new(move |bytes: &mut [u8]| entropy.fill(bytes)),
        )
        .expect("a simulator");
        // Simulated channels speak no TLS.
        if config.listen.channel.tls_key.is_none() {
            simulator.switch_password_free().await.expect("password-free persons");
        }
        Self { center, simulator, hands, config, folder }
    }

    /// Stops the center, and leaves everything else as it is.
    pub(crate) async fn stop(self) -> Stopped {
        let Self { center, simulator, hands, config, folder } = self;
        center.stop().await;
        Stopped { simulator, hands, config, folder }
    }

    /// Begins to stop the center, in a task of its own.
    pub(crate) fn stopping(self) -> (JoinHandle<Farewell>, Stopped) {
        let Self { center, simulator, hands, config, folder } = self;
        (tokio::spawn(center.stop()), Stopped { simulator, hands, config, folder })
    }

    /// Kills the center: whatever it was doing ends where it stands.
    pub(crate) async fn kill(self, mut mortal: Mortal) -> Stopped {
        let Self { center, simulator, hands, config, folder } = self;
        let runtime = mortal.0.take().expect("not yet killed");
        let killed = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(AMPLE);
            drop(center);
        });
        killed.await.expect("no panic");
        Stopped { simulator, hands, config, folder }
    }

    /// Stops the center and starts it again on the same state.
    pub(crate) async fn restart(self) -> Self {
        self.stop().await.start().await
    }

    /// Where the institution face listens.
    pub(crate) fn institution_addr(&self) -> SocketAddr {
        self.center.institution_addr().expect("a listener")
    }

    /// Where the channel face listens.
    pub(crate) fn channel_addr(&self) -> SocketAddr {
        self.center.channel_addr().expect("a listener")
    }

    /// Where those who run the center ask.
    pub(crate) fn operator_addr(&self) -> SocketAddr {
        self.center.operator_addr().expect("a listener")
    }

    pub(crate) fn applicant_addr(&self) -> SocketAddr {
        self.center.applicant_addr().expect("it hands keys out")
    }

    pub(crate) fn operations_addr(&self) -> SocketAddr {
        self.center.operations_addr().expect("a listener")
    }

    /// `/readyz` after a look at the database: status and text.
    pub(crate) async fn ready(&self) -> (u16, String) {
        // What it finds is what is asked for.
        let _ = self.center.refresh().await;
        let answer = Wire::to(self.operations_addr()).await.ask("GET", "/readyz", "").await;
        (answer.status, answer.body)
    }

    pub(crate) fn world(&self) -> &World {
        self.simulator.world()
    }

    pub(crate) fn person(&self) -> &Person {
        &self.world().persons[0]
    }

    /// The channel app that works.
    pub(crate) fn channel(&self) -> &Channel {
        &self.world().channels[0]
    }

    /// The first account's system.
    pub(crate) fn institution(&self) -> Institution {
        self.institution_of(0)
    }

    pub(crate) fn institution_of(&self, at: usize) -> Institution {
        let world = self.world();
        let account = &world.accounts[at];
        let hands = self.hands.clone();
        Institution::new(
            &world.institution_url,
            account.org_id.as_str(),
            account.key.clone(),
            world.region,
            Arc::new(move || hands.now()),
        )
    }

    /// The system of a channel app, which makes the calls of the channel face.
    pub(crate) fn app_of(&self, channel: &Channel) -> Institution {
        let (world, hands) = (self.world(), self.hands.clone());
        let now = Arc::new(move || hands.now());
        let (id, key) = (channel.chnl_id.as_str(), channel.key.clone());
        Institution::new(&world.channel_url, id, key, world.region, now)
    }

    /// The first person shows a code in a channel app, and the hospital decodes it.
    pub(crate) async fn token_in(&self, channel: &Channel) -> EcToken {
        self.token_of(self.person(), channel).await
    }

    /// The same with any person.
    pub(crate) async fn token_of(&self, person: &Person, channel: &Channel) -> EcToken {
        let code = self.code_of(person, channel).await;
        let decoded = self.institution().decode(HOSPITAL, "01101", &code).await.expect("an answer");
        decoded.token.expect("a token")
    }

    /// The QR code the first person shows in a channel app.
    pub(crate) async fn shown_code(&self, channel: &Channel) -> String {
        self.code_of(self.person(), channel).await
    }

    async fn code_of(&self, person: &Person, channel: &Channel) -> String {
        let index = person.ec_index_no;
        let body = serde_json::json!({ "ecIndexNo": index.as_str(), "chnlId": channel.chnl_id.as_str() });
        let shown = self.control("/qr", &body).await;
        shown["ecQrCode"].as_str().expect("a QR code").to_owned()
    }

    pub(crate) async fn token(&self) -> EcToken {
        self.token_in(&self.channel().clone()).await
    }

    /// The hospital asks for a notice.
    pub(crate) async fn notify(&self, token: EcToken, amount: Option<&str>) -> Called {
        let draft =
            notify::Draft { token: token.as_str(), org_code: HOSPITAL, org_name: HOSPITAL_NAME, amount };
        self.institution().notify(&draft).await.expect("an answer")
    }

    /// The hospital's system asks for a notice in the name of this institution.
    pub(crate) async fn notify_at(&self, org_code: &str, token: EcToken) -> Called {
        let (token, org_name) = (token.as_str(), HOSPITAL_NAME);
        let draft = notify::Draft { token, org_code, org_name, amount: None };
        self.institution().notify(&draft).await.expect("an answer")
    }

    /// The hospital asks for a notice in a task of its own.
    pub(crate) fn asking(&self, token: EcToken, amount: Option<&'static str>) -> JoinHandle<Called> {
        let institution = self.institution();
        tokio::spawn(async move {
            let (token, org_name) = (token.as_str(), HOSPITAL_NAME);
            let draft = notify::Draft { token, org_code: HOSPITAL, org_name, amount };
            institution.notify(&draft).await.expect("an answer")
        })
    }

    /// The hospital asks for the status.
    pub(crate) async fn status(&self, token: EcToken) -> Called {
        let draft =
            status::Draft { token: token.as_str(), org_code: HOSPITAL, extended: None, wait_seconds: None };
        self.institution().status(&draft).await.expect("an answer")
    }

    /// The same under another key of the first account.
    pub(crate) async fn status_with(&self, token: EcToken, key: Sm4Key) -> Called {
        self.status_by(self.world().accounts[0].org_id.as_str(), token, key).await
    }

    /// The same of any account.
    pub(crate) async fn status_by(&self, org_id: &str, token: EcToken, key: Sm4Key) -> Called {
        let (world, hands) = (self.world(), self.hands.clone());
        let clock = Arc::new(move || hands.now());
        let institution = Institution::new(&world.institution_url, org_id, key, world.region, clock);
        let draft =
            status::Draft { token: token.as_str(), org_code: HOSPITAL, extended: None, wait_seconds: None };
        institution.status(&draft).await.expect("an answer")
    }

    /// `checkStas`.
    pub(crate) async fn check_stas(&self, token: EcToken) -> String {
        self.status(token).await.member("checkStas").expect("a status")
    }

    /// What a metric, named with its labels, stands at; 0 while there is none.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let page = Wire::to(self.operations_addr()).await.ask("GET", "/metrics", "").await;
        let mut values = page.body.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values.next().map_or(0, |value| value.parse().expect("a whole number"))
    }

    /// The notices on the first person's phone, the newest first.
    pub(crate) async fn phone(&self) -> Vec<serde_json::Value> {
        let path = format!("/phones/{}/notices", self.person().ec_index_no.as_str());
        let answer = self.ask_simulator("GET", &path, "").await;
        answer["notices"].as_array().expect("a list").clone()
    }

    /// The first person does something about a notice; the center's answer to the channel.
    pub(crate) async fn act(&self, notice: &str, action: &str, way: &str) -> serde_json::Value {
        self.act_as(self.person(), notice, action, way).await
    }

    /// The same with any person.
    pub(crate) async fn act_as(
        &self,
        person: &Person,
        notice: &str,
        action: &str,
        way: &str,
    ) -> serde_json::Value {
        let path = format!("/phones/{}/act", person.ec_index_no.as_str());
        self.control(&path, &serde_json::json!({ "notcNo": notice, "action": action, "way": way })).await
    }

    /// The number of the newest notice on the phone.
    pub(crate) async fn newest_notice(&self) -> String {
        self.phone().await[0]["notcNo"].as_str().expect("a number").to_owned()
    }

    pub(crate) async fn mood(&self, channel: &Channel, mood: &str, millis: u64) {
        let path = format!("/channels/{}/mood", channel.chnl_id.as_str());
        self.control(&path, &serde_json::json!({ "mood": mood, "ms": millis })).await;
    }

    /// Posts to the simulator's control interface.
    pub(crate) async fn control(&self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        self.ask_simulator("POST", path, &body.to_string()).await
    }

    async fn ask_simulator(&self, method: &str, path: &str, body: &str) -> serde_json::Value {
        let (status, text) = http(self.simulator.addr(), method, path, body).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// One plain HTTP request; status and body.
pub(crate) async fn http(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// No limit on how often anybody may call or err.
pub(crate) fn unlimited(config: &mut Config) {
    config.limits.requests_per_second = 1_000_000;
    config.limits.burst = 1_000_000;
    config.limits.failed_openings_per_minute = 1_000_000;
    config.limits.unproven = Duration::from_hours(1);
    config.limits.decodes_per_source_minute = 1_000_000;
    config.limits.decodes_per_institution_minute = 1_000_000;
}

/// Returns when `check` holds, looking again and again.
pub(crate) async fn eventually(check: impl AsyncFn() -> bool) {
    let waiting = async {
        while !check().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(AMPLE, waiting).await.expect("within an ample time");
}
