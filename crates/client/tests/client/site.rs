//! A center with everybody around it, and a desk before it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use yanmi_center::Center;
use yanmi_center::config::{Config, Database, Essentials, Listen};
use yanmi_center::ports::{Clock, Entropy, Ports};
use yanmi_center::registry::{
    Act, Actor, Administration, Interfaces, MacRule, NewAccount, NewChannel, NewInstitution, SourceNetworks,
};
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_client::config::{Account, CenterSettings, ClientConfig, Institution, VisitsSettings};
use yanmi_client::{Ambient, Desk};
use yanmi_protocol::{EcToken, Region, Sm4Key};
use yanmi_simulator::world::{Channel, Record, Urls};
use yanmi_simulator::{Simulator, World};

use crate::hands::Hands;

/// Who registers.
static TEST: Actor = Actor::program("test");

/// Everybody but the desk.
pub(crate) struct Site {
    /// The clock of the center and the simulator.
    pub(crate) hands: Hands,
    pub(crate) folder: TempDir,
    simulator: Simulator,
    center: Center,
    // Last, so that it outlives what runs on it.
    _runtime: Runtime,
}

/// Settings that nobody has to write down.
pub(crate) fn settings(urls: Vec<String>) -> CenterSettings {
    let text = format!(
        "org_id = 'x'\nkey = '{}'\nregion = '350000'\norg_code = 'H35010000001'\norg_name = 'x'\n[center]\nurls = ['http://127.0.0.1']",
        "0".repeat(32)
    );
    let config = ClientConfig::from_toml(&text, Path::new(""), &|_| None).expect("good");
    CenterSettings { urls, ..config.center }
}

/// A configuration for these addresses.
pub(crate) fn config(urls: Vec<String>, key: Sm4Key, org_id: &str, folder: &Path) -> ClientConfig {
    ClientConfig {
        account: Account {
            org_id: yanmi_protocol::AccountId::new(org_id).expect("an id"),
            key,
            region: Region::new("350000").expect("a region"),
            prefix: "sys".to_owned(),
        },
        institution: Institution {
            org_code: yanmi_protocol::OrgCode::new("H35010000001").expect("a code"),
            org_name: "福州示范医院".to_owned(),
        },
        center: settings(urls),
        gate: yanmi_client::gate::Rules::default(),
        visits: Some(visits_in(folder)),
    }
}

pub(crate) fn visits_in(folder: &Path) -> VisitsSettings {
    VisitsSettings {
        file: folder.join("visits.sqlite"),
        key: Sm4Key::from_ascii("yanmi-visits-key").expect("a key"),
        retain: std::time::Duration::from_hours(168),
    }
}

impl Site {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// A site whose center's configuration `change` has changed.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let hands = Hands::new();
        let (center, simulator) = runtime.block_on(everybody(folder.path(), &hands, change));
        Self { hands, folder, simulator, center, _runtime: runtime }
    }

    pub(crate) fn institution_addr(&self) -> SocketAddr {
        self.center.institution_addr().expect("a listener")
    }

    /// How the first account calls this center.
    pub(crate) fn config(&self) -> ClientConfig {
        let account = &self.simulator.world().accounts[0];
        let url = format!("http://{}", self.institution_addr());
        config(vec![url], account.key.clone(), account.org_id.as_str(), self.folder.path())
    }

    pub(crate) fn desk(&self) -> Desk {
        Desk::open(&self.config(), Arc::new(self.hands.clone())).expect("a desk")
    }

    pub(crate) fn world(&self) -> &World {
        self.simulator.world()
    }

    /// The QR code the first person shows in a channel app.
    pub(crate) fn shown_code(&self, channel: usize) -> String {
        let (person, channel) = (&self.world().persons[0], &self.world().channels[channel]);
        let body = json!({ "ecIndexNo": person.ec_index_no.as_str(), "chnlId": channel.chnl_id.as_str() });
        self.control("/qr", &body)["ecQrCode"].as_str().expect("a QR code").to_owned()
    }

    /// The token that makes the center answer with this code.
    pub(crate) fn magic(&self, code: &str) -> EcToken {
        self.world().magic_tokens[code].0
    }

    /// The first person does something about the newest notice on the phone.
    pub(crate) fn act(&self, action: &str, way: &str) {
        let person = self.world().persons[0].ec_index_no;
        let notices = self.ask(&format!("/phones/{}/notices", person.as_str()), None);
        let number = &notices["notices"][0]["notcNo"];
        let body = json!({ "notcNo": number, "action": action, "way": way });
        self.control(&format!("/phones/{}/act", person.as_str()), &body);
    }

    /// Where the simulator is.
    pub(crate) fn simulator_url(&self) -> String {
        format!("http://{}", self.simulator.addr())
    }

    /// Posts to the control interface of the simulator.
    pub(crate) fn control(&self, path: &str, body: &Value) -> Value {
        self.ask(path, Some(body.to_string()))
    }

    fn ask(&self, path: &str, body: Option<String>) -> Value {
        let url = format!("{}{path}", self.simulator_url());
        let answer = match body {
            Some(body) => ureq::post(&url).send(body),
            None => ureq::get(&url).call(),
        };
        let text = answer.expect("an answer").body_mut().read_to_string().expect("a text");
        serde_json::from_str(&text).expect("JSON")
    }
}

async fn everybody(folder: &Path, hands: &Hands, adapt: impl FnOnce(&mut Config)) -> (Center, Simulator) {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let socket = tokio::net::TcpListener::bind(anywhere).await.expect("a port");
    let simulator_url = format!("http://{}", socket.local_addr().expect("an address"));
    let urls = Urls { institution: String::new(), channel: String::new(), simulator: simulator_url };
    let region = Region::new("350000").expect("a region");
    let chance = Entropy::seeded(1);
    let mut world = World::generate(region, &urls, &mut |bytes| chance.fill(bytes));
    let essentials = Essentials {
        region,
        encryption_key: Sm4Key::from_ascii("yanmi-test-kek-1").expect("a key"),
        national_url: world.national.url.parse().expect("a URL"),
        national_org_id: world.national.org_id,
        national_key: world.national.key.clone(),
    };
    let mut config = Config::new(essentials, folder);
    config.listen.institution = Listen::plain(anywhere);
    config.listen.channel = Listen::plain(anywhere);
    config.decode_enabled = true;
    config.database = Database::Sqlite(folder.join("center.sqlite"));
    adapt(&mut config);
    register(&config, &world, hands).await;
    let clock = hands.clone();
    let center =
        Center::start(config, Ports::system(Clock::new(move || clock.now()), Entropy::seeded(2))).await;
    let center = center.expect("a center");
    let url = |address: Option<SocketAddr>| format!("http://{}", address.expect("a listener"));
    let urls = Urls {
        institution: url(center.institution_addr()),
        channel: url(center.channel_addr()),
        simulator: world.simulator_url.clone(),
    };
    world.relocate(&urls);
    let (clock, chance) = (hands.clone(), Entropy::seeded(3));
    let simulator = Simulator::start(
        world,
        socket,
        Arc::new(move || clock.now()),
        Arc::new(move |bytes: &mut [u8]| chance.fill(bytes)),
    )
    .expect("a simulator");
    simulator.switch_password_free().await.expect("password-free persons");
    (center, simulator)
}

async fn register(config: &Config, world: &World, hands: &Hands) {
    let (database, key) = (&config.database, &config.encryption_key);
    migrate(database, key, Entropy::seeded(4), &Schema::current(), false).await.expect("a database");
    let opened = Administration::open(&config.database, &config.encryption_key, Entropy::seeded(5)).await;
    let (mut administration, now) = (opened.expect("a database"), hands.now());
    let act = Act::new(&TEST, "", now);
    for account in &world.accounts {
        let new = NewAccount {
            id: account.org_id,
            name: "测试账号".to_owned(),
            key: account.key.clone(),
            interfaces: Interfaces::ALL,
            rate: None,
            mac: MacRule::Optional,
            networks: SourceNetworks::default(),
        };
        administration.add_account(&new, act).await.expect("a new account");
        for member in &account.institutions {
            let (org_code, name) = (member.org_codg, member.org_name.clone());
            let new = NewInstitution { org_code, name, account: account.org_id };
            administration.add_institution(&new, act).await.expect("a new institution");
        }
    }
    for channel in world.all_channels() {
        administration.add_channel(&new_channel(channel), act).await.expect("a new channel");
    }
    administration.close().await.expect("closed");
}

fn new_channel(channel: &Channel) -> NewChannel {
    use yanmi_verification::{ChannelFacts, ChannelRecord, Ways};
    NewChannel {
        id: channel.chnl_id,
        name: channel.name.clone(),
        notice_url: channel.notice_url.parse().expect("a URL"),
        facts: ChannelFacts {
            record: match channel.record {
                Record::Active => ChannelRecord::Active,
                Record::Disabled => ChannelRecord::Disabled,
                Record::Missing => ChannelRecord::Missing,
            },
            settlement: channel.settlement,
            password_free: channel.password_free,
            ways: channel.auth_ways.iter().fold(Ways::NONE, |set, way| set.with(*way)),
            word: None,
        },
        handover: None,
        mac: if channel.mac { MacRule::Required } else { MacRule::Optional },
        key: channel.key.clone(),
    }
}
