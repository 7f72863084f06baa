//! The site: everything built, in the order in which one part needs another.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use yanmi_protocol::{EcIndexNo, Region, Sm4Key, UnixMillis};
use yanmi_simulator::world::{Person, Urls};
use yanmi_simulator::{Simulator, World};
use yanmi_trial::load::spread;
use yanmi_trial::oracle::{Parties, Visit};

use super::books;
use super::center::{Center, Common, write_private};
use super::ground::{Ground, NODES, beside};
use super::node::Node;
use super::patroni::Patroni;
use super::process::{LOOK, Process, find, run};
use super::proxy::Proxy;
use super::traffic::{DEADLINE, PERSONS, Traffic};

/// Centers.
const CENTERS: u8 = 3;

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Site {
    // Dropped in this order: who asks first, who is asked last.
    traffic: Option<Traffic>,
    simulator: Option<Simulator>,
    pub(super) proxy: Proxy,
    pub(super) centers: Vec<Center>,
    pub(super) patroni: Patroni,
    pub(super) nodes: Vec<Node>,
    _etcd: Process,
    pub(super) ground: Ground,
    parties: Parties,
    calls: usize,
    visits: usize,
}

impl Site {
    /// Builds everything and has the traffic begin.
    pub(super) async fn build(mut ground: Ground, folder: &Path, release: bool) -> Result<Self, String> {
        // The database's user has to come through.
        let open = fs::Permissions::from_mode(0o711);
        fs::set_permissions(folder, open).map_err(|error| error.to_string())?;
        let built = Self::build_parts(&mut ground, folder, release).await;
        let parts = match built {
            Ok(parts) => parts,
            Err(error) => {
                super::process::print_tails(folder);
                return Err(error);
            }
        };
        let (etcd, nodes, centers, proxy, simulator) = parts;
        let parties = Parties::new(simulator.world(), Arc::new(now), DEADLINE);
        let traffic = Traffic::begin(parties.clone());
        let patroni = Patroni::of(&nodes);
        Ok(Self {
            traffic: Some(traffic),
            simulator: Some(simulator),
            proxy,
            centers,
            patroni,
            nodes,
            _etcd: etcd,
            ground,
            parties,
            calls: 0,
            visits: 0,
        })
    }

    async fn build_parts(
        ground: &mut Ground,
        folder: &Path,
        release: bool,
    ) -> Result<(Process, Vec<Node>, Vec<Center>, Proxy, Simulator), String> {
        let (etcd, etcd_at) = etcd(ground, folder)?;
        let mut nodes = Vec::new();
        for number in 1..=NODES {
            nodes.push(Node::prepare(ground, folder, number, etcd_at)?);
        }
        nodes.iter_mut().try_for_each(|node| node.start(ground))?;
        eprintln!("cluster: three PostgreSQL nodes under Patroni …");
        let patroni = Patroni::of(&nodes);
        let view = tokio::select! {
            whole = patroni.whole() => whole?,
            ended = one_ends(&mut nodes) => return Err(ended),
        };
        let primary = nodes.iter().find(|node| node.name == view.leader).ok_or("a primary without a name")?;
        books::create(primary.postgres).await.map_err(|error| error.to_string())?;

        let mut port = || ground.port(Ipv4Addr::LOCALHOST);
        let (front, mut listens) = ([port()?, port()?], Vec::new());
        for _ in 0..CENTERS {
            listens.push([port()?, port()?, port()?]);
        }
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
        let world = world(front, listener.local_addr().map_err(|error| error.to_string())?)?;
        let simulator = Simulator::start(world, listener, Arc::new(now), chance(2));
        let simulator = simulator.map_err(|error| error.to_string())?;
        let hosts: Vec<String> = nodes.iter().map(|node| node.postgres.to_string()).collect();
        let common = Common {
            world: simulator.world(),
            hosts: &hosts.join(","),
            database_password: books::PASSWORD,
            encryption_key: &key(3),
        };
        let program = program(release)?;
        let mut centers = Vec::new();
        for (number, listen) in (1..).zip(listens) {
            centers.push(Center::prepare(&common, folder, number, listen, &program)?);
        }
        eprintln!("cluster: three centers behind HAProxy …");
        register(&program, &centers[0].config, simulator.world(), folder)?;
        for center in &mut centers {
            center.start()?;
        }
        for center in &mut centers {
            center.ready().await?;
        }
        let mut proxy = Proxy::prepare(folder, front, &centers)?;
        proxy.start().await?;
        Ok((etcd, nodes, centers, proxy, simulator))
    }

    /// Ends the traffic and compares everything that was answered with everything that is stored.
    pub(super) async fn audit(&mut self) -> Result<Vec<String>, String> {
        eprintln!("cluster: the oracle …");
        let traffic = self.traffic.take().ok_or("no traffic")?;
        self.calls = traffic.calls().len();
        let told = traffic.end().await?;
        self.visits = told.visits.len();
        let view = self.patroni.whole().await?;
        let primary = self.node(&view.leader)?.postgres;
        let books = books::read(primary).await.map_err(|error| error.to_string())?;
        let mut found = [told.found, books.agree()].concat();
        let mut of_person: BTreeMap<usize, Vec<&Visit>> = BTreeMap::new();
        for visit in &told.visits {
            found.extend(books.tell_of(visit));
            of_person.entry(visit.person).or_default().push(visit);
        }
        for (person, visits) in of_person {
            let phone = self.parties.phone(person).await.map_err(|error| error.to_string())?;
            found.extend(books.tell_of_phone(visits, &phone));
        }
        let here = |token: &&String| !told.visits.iter().any(|visit| visit.token.as_str() == token.as_str());
        found.extend(
            books.verifications.keys().filter(here).map(|token| format!("{token}: nobody was there")),
        );
        let panicked = self.centers.iter().filter(|center| center.panicked());
        found.extend(panicked.map(|center| format!("{} panicked", center.name)));
        if let Some(simulator) = self.simulator.take() {
            simulator.stop().await;
        }
        Ok(found)
    }

    pub(super) fn node(&mut self, name: &str) -> Result<&mut Node, String> {
        self.nodes.iter_mut().find(|node| node.name == name).ok_or_else(|| format!("there is no {name}"))
    }

    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    pub(super) fn visits(&self) -> usize {
        self.visits
    }

    pub(super) fn traffic(&self) -> Result<&Traffic, String> {
        self.traffic.as_ref().ok_or_else(|| "no traffic".to_owned())
    }
}

/// Waits until a node ends by itself, which none should.
async fn one_ends(nodes: &mut [Node]) -> String {
    loop {
        if let Some(ended) = nodes.iter_mut().find_map(|node| node.check().err()) {
            return ended;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn etcd(ground: &mut Ground, folder: &Path) -> Result<(Process, SocketAddr), String> {
    let program = find("etcd").ok_or("etcd is not there")?;
    let (clients, peers) = (ground.port(ground.street())?, ground.port(ground.street())?);
    let (clients_url, peers_url) = (format!("http://{clients}"), format!("http://{peers}"));
    let mut command = beside(&program);
    command.args([
        "--name",
        "etcd1",
        "--listen-client-urls",
        &clients_url,
        "--advertise-client-urls",
        &clients_url,
    ]);
    command.args(["--listen-peer-urls", &peers_url, "--initial-advertise-peer-urls", &peers_url]);
    command.args(["--initial-cluster", &format!("etcd1={peers_url}"), "--data-dir"]).arg(folder.join("etcd"));
    Ok((Process::start("etcd", command, &folder.join("etcd.log"))?, clients))
}

/// The program that was built.
fn program(release: bool) -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = here.ancestors().nth(2).ok_or("a program without a folder")?;
    Ok(target.join(if release { "release" } else { "debug" }).join("yanmi"))
}

/// Everybody but the center, who speak to it where HAProxy listens.
fn world([institution, channel]: [SocketAddr; 2], simulator: SocketAddr) -> Result<World, String> {
    let url = |address: SocketAddr| format!("http://{address}");
    let urls = Urls { institution: url(institution), channel: url(channel), simulator: url(simulator) };
    let region = Region::new("350000").map_err(|error| error.to_string())?;
    let chance = chance(1);
    let mut world = World::generate(region, &urls, &mut |bytes| chance(bytes));
    let channels = vec![world.channels[0].chnl_id];
    let person = |number: usize| {
        Ok(Person {
            user_name: "陈晓丰".to_owned(),
            id_type: "01".to_owned(),
            id_no: format!("35010219780312{number:04}"),
            ec_index_no: EcIndexNo::new(&format!("EC{number:030}")).map_err(|error| error.to_string())?,
            password: Some(format!("{:06}", 100_000 + number)),
            channels: channels.clone(),
            password_free_in: Vec::new(),
        })
    };
    world.persons = (0..PERSONS).map(person).collect::<Result<_, String>>()?;
    Ok(world)
}

/// Makes the tables and registers everybody, with the commands operators use.
fn register(program: &Path, config: &Path, world: &World, folder: &Path) -> Result<(), String> {
    let (config, program) = (config.to_string_lossy(), program.to_string_lossy());
    run(&program, &["migrate", "--config", &config])?;
    let (account, channel) = (&world.accounts[0], &world.channels[0]);
    let (account_key, channel_key) = (folder.join("account.key"), folder.join("channel.key"));
    write_private(&account_key, &account.key.to_hex())?;
    write_private(&channel_key, &channel.key.to_hex())?;
    let (account_key, channel_key) = (account_key.to_string_lossy(), channel_key.to_string_lossy());
    let (id, config) = (account.org_id.as_str(), ["--config", &*config]);
    let words =
        ["account", "add", "--org-id", id, "--name", "某 HIS", "--interfaces", "notify,status,decode"];
    run(&program, &[&words[..], &["--key-file", &account_key], &config].concat())?;
    let member = &account.institutions[0];
    let words = [
        "institution",
        "add",
        "--org",
        member.org_codg.as_str(),
        "--name",
        &member.org_name,
        "--account",
        id,
    ];
    run(&program, &[&words[..], &config].concat())?;
    let words = ["channel", "add", "--id", channel.chnl_id.as_str(), "--name", &channel.name, "--settlement"];
    let more = ["--url", &*channel.notice_url, "--key-file", &channel_key];
    run(&program, &[&words[..], &more, &config].concat()).map(|_| ())
}

/// What takes the place of chance: the same in each run.
fn chance(seed: u64) -> yanmi_simulator::Entropy {
    let drawn = std::sync::atomic::AtomicU64::new(seed << 32);
    Arc::new(move |bytes| {
        for byte in bytes {
            let number = drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            *byte = spread(number, 256).to_le_bytes()[0];
        }
    })
}

fn key(seed: u64) -> Sm4Key {
    let mut bytes = [0; 16];
    chance(seed)(&mut bytes);
    Sm4Key::from_bytes(&bytes)
}

/// The system's clock.
#[expect(clippy::disallowed_methods, reason = "the harness is where time comes from")]
fn now() -> UnixMillis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMillis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
