//! The servers a measurement starts itself.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tokio::net::TcpListener;
use yanmi_center::config::{Database, PostgresSettings};
use yanmi_center::registry::{
    Act, Actor, Administration, AdministrationError, Interfaces, MacRule, NewAccount, SourceNetworks,
};
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_protocol::{AccountId, Region, Sm4Key};
use yanmi_sandbox::{Registrar, operators, register};
use yanmi_simulator::world::Urls;
use yanmi_simulator::{Simulator, World};
use yanmi_trial::load::{Noted, channel_router, noting_channel_router};

use super::fill::{Filling, KnownVerification, fill};
use super::options::{Kind, Load};
use crate::ambient;
use crate::failure::Failure;
use crate::host;
use crate::private_file;

/// Requests a second that no measurement reaches.
const NO_LIMIT: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// Which core is whose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cores {
    server: usize,
    load: usize,
}

/// The first core this process may use for the server, the second for everybody else; this thread, and every
/// thread it starts from now on, is bound to the second.
pub(super) fn bind_to_cores() -> Result<Cores, Failure> {
    let failed = |error: std::io::Error| Failure::because("无法绑定处理器核", &error);
    let mut cores = host::usable_cores().map_err(failed)?.into_iter();
    let (Some(server), Some(load)) = (cores.next(), cores.next()) else {
        return Err(Failure::new("自行启动中心的压测需要两个处理器核"));
    };
    bind(load)?;
    Ok(Cores { server, load })
}

impl Cores {
    /// Both where everybody else is.
    pub(super) const fn beside(self) -> Self {
        Self { server: self.load, load: self.load }
    }
}

fn bind(core: usize) -> Result<(), Failure> {
    host::bind_to_core(core).map_err(|error| Failure::because("无法绑定处理器核", &error))
}

/// A server in a process of its own, on its own core; ended when dropped.
#[derive(Debug)]
pub(super) struct Served {
    child: Child,
    pub(super) address: SocketAddr,
    idle_kib: u64,
}

impl Served {
    /// Starts this program with these arguments; its first line of output is the address it serves.
    fn start(cores: Cores, args: &[&str], log: Stdio) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::because("无法启动被测服务", &error);
        let program = std::env::current_exe().map_err(failed)?;
        // A child inherits the cores of the thread that starts it.
        bind(cores.server)?;
        let child =
            Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
        bind(cores.load)?;
        Self::announced(child.map_err(failed)?)
    }

    /// A child that says where it serves.
    fn announced(mut child: Child) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::because("无法启动被测服务", &error);
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).map_err(failed)?;
        }
        let Ok(address) = line.trim().trim_start_matches("http://").parse() else {
            let _ = child.kill();
            return Err(Failure::new("被测服务未能启动"));
        };
        let mut served = Self { child, address, idle_kib: 0 };
        served.idle_kib = served.resident_kib()?;
        Ok(served)
    }

    /// The same on whatever cores there are; the first line may have `http://` before the address.
    pub(super) fn start_anywhere(args: &[&str], log: Stdio) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::because("无法启动被测服务", &error);
        let program = std::env::current_exe().map_err(failed)?;
        let mut command = Command::new(program);
        let child = command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
        Self::announced(child.map_err(failed)?)
    }

    /// Memory of the process, in KiB: when it was ready, and now.
    pub(super) fn memory(&self) -> Result<(u64, u64), Failure> {
        Ok((self.idle_kib, self.resident_kib()?))
    }

    fn resident_kib(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = fs::read_to_string(path).map_err(|error| Failure::because("无法读取服务内存", &error))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
        number.ok_or_else(|| Failure::new("无法读取服务内存"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A simulator by itself, whose event streams are counted.
pub(super) fn simulator(cores: &Cores) -> Result<Served, Failure> {
    Served::start(*cores, &["streams"], Stdio::inherit())
}

/// The baseline: a server that echoes.
pub(super) fn echo(cores: &Cores) -> Result<Served, Failure> {
    Served::start(*cores, &["echo"], Stdio::inherit())
}

/// An agent with this configuration.
pub(super) fn agent(cores: &Cores, config: &Path) -> Result<Served, Failure> {
    let args = ["agent", "--announce", "--log", "error", "--config", &config.to_string_lossy()];
    Served::start(*cores, &args, Stdio::inherit())
}

/// A center in a process of its own, or several on one database, and beside it in this process a national center and a channel app.
#[derive(Debug)]
pub(super) struct Arena {
    pub(super) world: World,
    servers: Vec<Served>,
    /// The center's channel face, and what the channel noted, where taps are measured.
    pub(super) taps: Option<(SocketAddr, Arc<Noted>)>,
    /// The center's console, where its pages are measured.
    pub(super) operators: Option<SocketAddr>,
    /// A verification among what was filled in.
    pub(super) known: Option<KnownVerification>,
    pub(super) folder: Folder,
    _simulator: Simulator,
}

impl Arena {
    /// What the options ask for.
    pub(super) async fn start(cores: &Cores, load: &Load) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::because("无法准备压测环境", &error);
        let folder = Folder::new().map_err(failed)?;
        let national = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let channel = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let world = world(&national, &channel).map_err(failed)?;
        let key = Sm4Key::from_bytes(&[7; 16]);
        let (database, address) = match load.database.as_deref() {
            Some(address) => {
                let settings = PostgresSettings::parse(address)
                    .map_err(|error| Failure::new(format!("--database {error}")))?;
                (Database::Postgres(settings), address)
            }
            None => ((&folder.0.join("center.sqlite")).into(), "sqlite:center.sqlite"),
        };
        migrate(&database, &key, ambient::entropy(), &Schema::current(), false)
            .await
            .map_err(|error| Failure::because("无法准备压测环境", &error))?;
        let registrar = Registrar { database: database.clone(), key: key.clone(), ports: ambient::ports() };
        register::register(&registrar, &world, NO_LIMIT).await?;
        register::neighbors(&registrar, &world).await?;
        let pages = load.what == Kind::Pages;
        if pages {
            accounts(&database, &key, load.accounts).await?;
            operators::register(&registrar, &world).await?;
        }
        let known =
            if load.audit > 0 || load.institutions > 0 { Some(filled(&database, load).await?) } else { None };
        let operators = pages.then(free_address).transpose().map_err(failed)?;
        let taps = (load.what == Kind::Tap)
            .then(|| free_address().map(|face| (face, Arc::default())))
            .transpose()
            .map_err(failed)?;
        let faces = Faces { channel: taps.as_ref().map(|(face, _)| *face), operator: operators };
        let config = write_config(&folder.0, &world, &key, address, faces)?;
        let log = fs::File::create(folder.0.join("center.log")).map_err(failed)?;
        let args = ["serve", "--config", &config.to_string_lossy(), "--announce"];
        let servers: Vec<_> = (0..load.centers)
            .map(|_| Served::start(*cores, &args, Stdio::from(log.try_clone().map_err(failed)?)))
            .collect::<Result<_, _>>()?;
        let keys: Vec<_> =
            world.all_channels().map(|channel| (channel.chnl_id, channel.key.clone())).collect();
        let router = match &taps {
            Some((_, noted)) => noting_channel_router(world.region, keys, Arc::clone(noted)),
            None => channel_router(world.region, keys),
        };
        tokio::spawn(async move { axum::serve(channel, router).await });
        let clock = ambient::clock();
        let clock: yanmi_simulator::Clock = Arc::new(move || clock.now());
        let simulator =
            Simulator::start(world.clone(), national, clock, Arc::new(ambient::fill)).map_err(failed)?;
        Ok(Self { world, servers, taps, operators, known, folder, _simulator: simulator })
    }

    /// Where the centers are asked.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    /// The first of the centers.
    pub(super) fn first(&self) -> Result<&Served, Failure> {
        self.servers.first().ok_or_else(|| Failure::new("没有启动中心"))
    }
}

/// Fills a database, whose audit must be empty: what is no database for measurements is not to be filled by mistake.
async fn filled(database: &Database, load: &Load) -> Result<KnownVerification, Failure> {
    let filling = Filling {
        audit: load.audit,
        institutions: load.institutions,
        accounts: load.accounts,
        now: ambient::clock().now(),
    };
    let known =
        fill(database, filling).await.map_err(|error| Failure::because("未能写入压测数据", &error))?;
    known
        .ok_or_else(|| Failure::new("审计表不是空的，没有写入：--audit、--institutions 只用于专供压测的空库"))
}

/// Registers the accounts that institutions are spread over.
async fn accounts(database: &Database, key: &Sm4Key, count: u32) -> Result<(), Failure> {
    let failed = |error: AdministrationError| Failure::because("未能登记压测的业务系统", &error);
    let actor = Actor::program("load");
    let act = Act::new(&actor, "", ambient::clock().now());
    let mut administration = Administration::open(database, key, ambient::entropy()).await.map_err(failed)?;
    for n in 0..count.max(1) {
        let id = AccountId::new(&format!("bench-{n}"))
            .map_err(|error| Failure::because("未能登记压测的业务系统", &error))?;
        let mut bytes = [0; 16];
        ambient::fill(&mut bytes);
        let new = NewAccount {
            id,
            name: format!("示范系统{n}"),
            key: Sm4Key::from_bytes(&bytes),
            interfaces: Interfaces::default(),
            rate: None,
            mac: MacRule::Optional,
            networks: SourceNetworks::default(),
        };
        administration.add_account(&new, act).await.map_err(failed)?;
    }
    administration.close().await.map_err(failed)
}

/// An address that was free a moment ago; the center announces only that of its institution face.
fn free_address() -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The faces a measurement needs beside the institutions'.
#[derive(Clone, Copy)]
struct Faces {
    channel: Option<SocketAddr>,
    operator: Option<SocketAddr>,
}

/// A world whose channels all listen at the lean channel.
fn world(national: &TcpListener, channel: &TcpListener) -> std::io::Result<World> {
    let urls = Urls {
        institution: String::new(),
        channel: String::new(),
        simulator: format!("http://{}", national.local_addr()?),
    };
    let region = Region::new("350000").map_err(std::io::Error::other)?;
    let mut world = World::generate(region, &urls, &mut ambient::fill);
    let notice_url = format!("http://{}/notice", channel.local_addr()?);
    for channel in &mut world.channels {
        // It answers with one text, sealed once.
        channel.mac = false;
        channel.notice_url.clone_from(&notice_url);
    }
    Ok(world)
}

/// The default configuration, with every limit out of the way that would refuse the load itself.
fn write_config(
    folder: &Path,
    world: &World,
    key: &Sm4Key,
    database: &str,
    faces: Faces,
) -> Result<PathBuf, Failure> {
    private_file::write(&folder.join("center.key"), &key.to_hex())?;
    private_file::write(&folder.join("national.key"), &world.national.key.to_hex())?;
    let face = |name: &str, face: Option<SocketAddr>| {
        face.map(|face| format!("[listen.{name}]\naddress = \"{face}\"\n")).unwrap_or_default()
    };
    let faces = face("channel", faces.channel) + &face("operator", faces.operator);
    let text = format!(
        "region = \"{region}\"\ndatabase = {database:?}\n\
         [keys]\nencryption_key_file = \"center.key\"\n\
         [listen.institution]\naddress = \"127.0.0.1:0\"\n{faces}\
         [listen.operations]\naddress = \"127.0.0.1:0\"\n\
         [national]\nurl = \"{url}\"\norg_id = \"{org_id}\"\nkey_file = \"national.key\"\n\
         [limits]\nrequests_per_second = 1000000\nburst = 1000000\n\
         [policy]\nnotices_per_person_hour = 10000000\n",
        region = world.region.as_str(),
        url = world.national.url,
        org_id = world.national.org_id.as_str(),
    );
    let path = folder.join("center.toml");
    private_file::write(&path, &text)?;
    Ok(path)
}

/// A folder of its own, removed when dropped.
#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> std::io::Result<Self> {
        let mut bytes = [0; 8];
        ambient::fill(&mut bytes);
        let name = format!("yanmi-load-{:016x}", u64::from_be_bytes(bytes));
        // Beside the working folder rather than in /tmp, which may be memory and would make a flush cost nothing.
        let path = std::env::current_dir()?.join("target").join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays; it holds nothing anybody needs.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The address in an `http://` URL.
pub(super) fn address_of(url: &str) -> Result<SocketAddr, Failure> {
    let address = url.strip_prefix("http://").and_then(|address| address.parse().ok());
    address.ok_or_else(|| Failure::new(format!("{url} 不是 http://地址:端口")))
}
