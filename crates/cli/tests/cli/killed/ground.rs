//! The ground the test stands on: everybody but the center, alive through all kills, and the center's folder.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use yanmi_center::ports::{Clock, Entropy};
use yanmi_center::registry::{
    Act, Actor, Administration, Interfaces, MacRule, NewAccount, NewChannel, NewInstitution, SourceNetworks,
};
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_protocol::{EcIndexNo, Region, Sm4Key};
use yanmi_simulator::world::{Person, Urls};
use yanmi_simulator::{Simulator, World};
use yanmi_trial::oracle::Parties;
use yanmi_verification::{ChannelFacts, ChannelRecord, Ways};

use crate::yanmi::PROGRAM;

/// Who registers.
static TEST: Actor = Actor::program("test");

/// SIGKILL.
const KILLED: i32 = 9;
/// How long an answer may take: longer than anything the center allows itself.
const DEADLINE: Duration = Duration::from_mins(2);

pub(crate) struct Ground {
    folder: TempDir,
    config: String,
    simulator: Simulator,
    institution: Port,
    _channel: Port,
}

/// A port that is this test's for as long as it runs, whoever else looks for one: a socket is bound to it and never
/// listens. The center, which binds with `SO_REUSEADDR` as this does, can listen on it beside that socket; nobody
/// who asks for any free port is given it.
struct Port {
    addr: SocketAddr,
    _bound: TcpSocket,
}

impl Port {
    fn take() -> Self {
        let bound = TcpSocket::new_v4().expect("a socket");
        bound.set_reuseaddr(true).expect("an option");
        bound.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        Self { addr: bound.local_addr().expect("an address"), _bound: bound }
    }

    fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Ground {
    /// A world with so many persons who all use the first channel app, registered at a center that does not run yet.
    pub(crate) async fn lay(persons: usize) -> Self {
        Self::lay_under(&Sm4Key::from_bytes(&[7; 16]), persons).await
    }

    /// The same with this key-encryption key.
    pub(crate) async fn lay_under(key: &Sm4Key, persons: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (institution, channel) = (Port::take(), Port::take());
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let simulator = format!("http://{}", socket.local_addr().expect("an address"));
        let urls = Urls { institution: institution.url(), channel: channel.url(), simulator };
        let chance = Entropy::seeded(11);
        let region = Region::new("350000").expect("a region");
        let mut world = World::generate(region, &urls, &mut |bytes| chance.fill(bytes));
        world.persons = (0..persons).map(|number| person(&world, number)).collect();
        register(&folder.path().join("center.sqlite"), key, &world).await;
        let config = write_config(folder.path(), &world, key, [&institution, &channel]);
        let clock = Clock::system();
        let simulator = Simulator::start(
            world,
            socket,
            Arc::new(move || clock.now()),
            Arc::new(move |bytes: &mut [u8]| chance.fill(bytes)),
        )
        .expect("a simulator");
        Self { folder, config, simulator, institution, _channel: channel }
    }

    /// Who exists, with which keys and passwords.
    pub(crate) fn world(&self) -> &World {
        self.simulator.world()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("center.sqlite")
    }

    /// The institution and the channel app, with connections of their own.
    pub(crate) fn parties(&self) -> Arc<Parties> {
        let clock = Clock::system();
        Arc::new(Parties::new(self.simulator.world(), Arc::new(move || clock.now()), DEADLINE))
    }

    /// Starts the center and waits until it is ready.
    pub(crate) async fn start(&self) -> Running {
        let mut child = self.spawn();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let (read, line) =
            tokio::task::spawn_blocking(move || (out.read_line(&mut line), line)).await.expect("a line");
        read.expect("a line");
        assert_eq!(line.trim(), self.institution.addr.to_string(), "{}", self.log());
        Running(child)
    }

    /// Starts the center and kills it when it has taken its port and goes on to read what it knows.
    pub(crate) async fn kill_while_starting(&self) {
        let mut running = Running(self.spawn());
        while TcpStream::connect(self.institution.addr).await.is_err() {
            assert!(running.0.try_wait().expect("a child").is_none(), "it ended by itself: {}", self.log());
            tokio::task::yield_now().await;
        }
        running.kill();
    }

    fn spawn(&self) -> Child {
        let path = self.folder.path().join("center.log");
        let log = File::options().create(true).append(true).open(path).expect("a log");
        Command::new(PROGRAM)
            .args(["serve", "--config", &self.config, "--announce"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the executable starts")
    }

    /// What the centers have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("center.log")).expect("a log")
    }
}

/// A center that runs; killed when dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(crate) fn kill(mut self) {
        self.0.kill().expect("killed");
        self.ended();
    }

    /// Waits until it is dead, and makes sure that it was killed and did not end by itself.
    pub(crate) fn ended(mut self) {
        assert_eq!(self.0.wait().expect("it ended").signal(), Some(KILLED));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn person(world: &World, number: usize) -> Person {
    Person {
        user_name: "陈晓丰".to_owned(),
        id_type: "01".to_owned(),
        id_no: format!("35010219780312{number:04}"),
        ec_index_no: EcIndexNo::new(&format!("EC{number:030}")).expect("an index"),
        password: Some(format!("{:06}", 100_000 + number)),
        channels: vec![world.channels[0].chnl_id],
        password_free_in: Vec::new(),
    }
}

async fn register(database: &Path, key: &Sm4Key, world: &World) {
    let now = Clock::system().now();
    let made = migrate(&database.into(), key, Entropy::seeded(11), &Schema::current(), false).await;
    made.expect("a database");
    let act = Act::new(&TEST, "", now);
    let mut administration =
        Administration::open(database, key, Entropy::seeded(12)).await.expect("a database");
    let account = &world.accounts[0];
    let new = NewAccount {
        id: account.org_id,
        name: "某 HIS".to_owned(),
        key: account.key.clone(),
        interfaces: Interfaces::ALL,
        rate: None,
        mac: MacRule::Optional,
        networks: SourceNetworks::default(),
    };
    administration.add_account(&new, act).await.expect("a new account");
    let member = &account.institutions[0];
    let new =
        NewInstitution { org_code: member.org_codg, name: member.org_name.clone(), account: account.org_id };
    administration.add_institution(&new, act).await.expect("a new institution");
    let channel = &world.channels[0];
    let new = NewChannel {
        id: channel.chnl_id,
        name: channel.name.clone(),
        notice_url: channel.notice_url.parse().expect("a URL"),
        facts: ChannelFacts {
            record: ChannelRecord::Active,
            settlement: true,
            password_free: false,
            ways: Ways::ALL,
            word: None,
        },
        handover: None,
        mac: MacRule::Required,
        key: channel.key.clone(),
    };
    administration.add_channel(&new, act).await.expect("a new channel");
    administration.close().await.expect("closed");
}

/// Limits that would refuse the load are out of the way, and times that a busy machine could exceed are long.
fn write_config(folder: &Path, world: &World, key: &Sm4Key, ports: [&Port; 2]) -> String {
    write_private(&folder.join("center.key"), &key.to_hex());
    write_private(&folder.join("national.key"), &world.national.key.to_hex());
    let [institution, channel] = ports.map(|port| port.addr);
    let text = format!(
        "region = \"{region}\"\ndatabase = \"sqlite:center.sqlite\"\n\
         [keys]\nencryption_key_file = \"center.key\"\n\
         [listen.institution]\naddress = \"{institution}\"\n\
         [listen.channel]\naddress = \"{channel}\"\n\
         [listen.operations]\naddress = \"127.0.0.1:0\"\n\
         [national]\nurl = \"{url}\"\norg_id = \"{org_id}\"\nkey_file = \"national.key\"\n\
         timeout_milliseconds = 30000\n\
         [delivery]\ncall_milliseconds = 60000\n\
         [decode]\nenabled = true\n\
         [limits]\nrequests_per_second = 1000000\nburst = 1000000\n\
         decodes_per_source_minute = 1000000\ndecodes_per_institution_minute = 1000000\nstop_seconds = 60\n\
         [policy]\nnotice_interval_seconds = 0\nnotices_per_verification = 1000\n\
         notices_per_person_hour = 1000000\npassword_tries = 20\nnotice_seconds = 3600\n",
        region = world.region.as_str(),
        url = world.national.url,
        org_id = world.national.org_id.as_str(),
    );
    let path = folder.join("center.toml");
    fs::write(&path, text).expect("written");
    path.to_str().expect("a path").to_owned()
}

fn write_private(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = File::options().create_new(true).write(true).mode(0o600).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
}
