//! `yanmi sandbox`: every party on one machine, each speaking the real protocol over real sockets.
//!
//! The state is in one folder and survives restarts: `sandbox.json` says who exists (a contract that other programs
//! read), `center.sqlite` is the center's database, `center.key` its key-encryption key.
//!
//! On a database of its own choice (`--database`), several sandboxes are one site with as many centers. They have to
//! agree on who exists and on the keys without a folder in common, so both are derived from the database's name;
//! what is played with needs no secret. The first one has the simulator, the others find it through the registry.

mod guide;
mod lock;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;
use yanmi_center::config::{Config, Database, LogLevel, PostgresSettings};
use yanmi_sandbox::{
    Folder, Play, PlayParts, Registrar, Settings, applicants, applications, elsewhere, operators, others,
    register, write_world,
};
use yanmi_simulator::World;
use yanmi_simulator::world::Urls;

use crate::ambient;
use crate::command::serve::{runtime, stop_signal};
use crate::failure::Failure;
use crate::host;
use crate::log;

/// The channel face listens this far above the institution face.
const CHANNEL_OFFSET: u16 = 1;
/// The center's health and metrics are this far above the institution face.
const OPERATIONS_OFFSET: u16 = 2;
/// The operators' console is this far above the institution face.
const OPERATOR_OFFSET: u16 = 3;
/// The applicants' pages are this far above the institution face.
const APPLICANT_OFFSET: u16 = 4;
/// The simulator listens this far above the institution face.
const SIMULATOR_OFFSET: u16 = 9;
/// Requests a second of the first account, so that load can be tried; the others have few, so that being
/// limited (-6) can be tried as well.
const FIRST_ACCOUNT_RATE: NonZeroU32 = NonZeroU32::new(100_000).unwrap();

/// 在一台机器上运行各方：中心、渠道应用、国家电子凭证、参保人，无需任何配置
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// 存放沙箱状态的文件夹，重启后可继续使用
    #[arg(long, value_name = "文件夹", default_value = "./yanmi-sandbox")]
    dir: PathBuf,
    /// 机构监听口的端口；渠道监听口为其 +1，运维监听口为其 +2，管理台为其 +3，申请方页面为其 +4，模拟器为其 +9
    #[arg(long, value_name = "端口", default_value_t = 8350, value_parser = clap::value_parser!(u16).range(1..=65526))]
    port: u16,
    /// 中心使用的 PostgreSQL 数据库；不给则用文件夹中的 SQLite。同一数据库上再运行一个（换端口与文件夹），就是同一站点的第二个中心
    #[arg(long, value_name = "postgres://…")]
    database: Option<String>,
    /// 测试网络中本机的地址：机构监听口与渠道监听口在此地址上以明文 HTTP 监听，供其他机器上的程序连接；管理台、模拟器的控制接口与页面仍只在本机
    #[arg(long, value_name = "IP地址", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// 把这个渠道的通知发到您自己的渠道应用，记在 sandbox.json 中，可重复；写 渠道编码=simulator 则交还模拟器
    #[arg(long = "channel-url", value_name = "渠道编码=通知地址")]
    channel_urls: Vec<elsewhere::Elsewhere>,
    /// 日志级别：error、warn、info、debug
    #[arg(long, value_name = "级别", default_value = "warn")]
    log: String,
}

impl Sandbox {
    pub(crate) fn run(self) -> Result<(), Failure> {
        // Its keys are for playing, but on a test network others have programs that use them.
        host::keep_memory_private();
        let level = LogLevel::ALL.into_iter().find(|level| level.name() == self.log);
        let level = level.ok_or_else(|| Failure::new("--log 应为 error、warn、info、debug 之一"))?;
        let _log = log::to_stderr(level);
        runtime(0)?.block_on(self.play(level))
    }

    async fn play(self, level: LogLevel) -> Result<(), Failure> {
        if self.host.is_unspecified() {
            return Err(Failure::new("--host 应为本机在测试网络中的地址，不能是 0.0.0.0 或 ::"));
        }
        let urls = self.urls();
        let shared = self.shared()?;
        // What is taken already is found out before anything is written: a second start harms nothing.
        let _lock = lock::Lock::take(&self.dir)?;
        let free = self.free_ports().await?;
        let name = shared.as_ref().map(|shared| shared.name.as_str());
        let folder = Folder::open(&self.dir, &urls, name, &ambient::entropy())?;
        let (file, mut world) = (folder.file, folder.world);
        world.operator_url = format!("http://{}", self.address(OPERATOR_OFFSET));
        world.applicant_url = format!("http://{}", self.address(APPLICANT_OFFSET));
        let elsewhere = elsewhere::place(&mut world, &self.channel_urls)?;
        let database = shared.map_or_else(|| (&folder.database).into(), Database::Postgres);
        is_there(&database, folder.fresh, &self.dir)?;
        let registrar = Registrar { database, key: folder.key, ports: ambient::ports() };
        registrar.migrate().await?;
        // The simulator's socket first: the center may be asked to call it from its first request on.
        let listener = match self.other(&registrar, &world).await? {
            // Another center of this site is there already, with its simulator.
            Some(simulator) => {
                world.relocate(&Urls { simulator, ..urls });
                None
            }
            None => Some(free),
        };
        write_world(&file, &world)?;
        register::register(&registrar, &world, FIRST_ACCOUNT_RATE).await?;
        register::neighbors(&registrar, &world).await?;
        operators::register(&registrar, &world).await?;
        applicants::register(&registrar, &world).await?;
        applications::play(&registrar, &world).await?;
        let config = self.config(&registrar, &world, &elsewhere, level)?;
        let guide = guide::text(&world, &self.dir);
        let play = Play::start(PlayParts { config, registrar, world, listener }).await?;
        play.switch_password_free().await?;
        let stop = stop_signal()?;
        self.warn();
        println!("{guide}");
        println!("ready: {}", file.display());
        stop.received().await;
        println!("正在停止……");
        play.stop().await;
        println!("已停止；状态保存在 {}，可再次运行。", self.dir.display());
        Ok(())
    }

    /// The simulator of another center of this site, if one runs.
    async fn other(&self, registrar: &Registrar, world: &World) -> Result<Option<String>, Failure> {
        let channel = world.channels.first().map(|channel| channel.chnl_id);
        match &registrar.database {
            Database::Postgres(_) => Ok(others::simulator(registrar, channel).await?),
            _ => Ok(None),
        }
    }

    /// Says what it means to be reached from elsewhere.
    fn warn(&self) {
        if !self.host.is_loopback() {
            println!(
                "警告：机构监听口与渠道监听口在 {} 上以明文 HTTP 开放，同一网络里谁都连得上、看得到；只用于测试网络。\n\
                 管理台、模拟器的页面与控制接口仍只在本机。\n",
                self.host
            );
        }
    }

    /// The database of `--database`.
    fn shared(&self) -> Result<Option<PostgresSettings>, Failure> {
        let Some(text) = &self.database else { return Ok(None) };
        let mut settings =
            PostgresSettings::parse(text).map_err(|error| Failure::new(format!("--database {error}")))?;
        if settings.password.is_none() {
            settings.password = ambient::database_password();
        }
        Ok(Some(settings))
    }

    /// The simulator's socket, after the center's have proved to be free.
    async fn free_ports(&self) -> Result<TcpListener, Failure> {
        lock::listen("机构监听口", self.address(0)).await?;
        lock::listen("渠道监听口", self.address(CHANNEL_OFFSET)).await?;
        lock::listen("运维监听口", self.address(OPERATIONS_OFFSET)).await?;
        lock::listen("管理台", self.address(OPERATOR_OFFSET)).await?;
        lock::listen("申请方页面", self.address(APPLICANT_OFFSET)).await?;
        lock::listen("模拟器", self.address(SIMULATOR_OFFSET)).await
    }

    /// The faces of institutions and channels are where `--host` says; the console and the applicants' pages, which are served in the
    /// open here, and the simulator, whose control is for everybody who reaches it, are reached from this machine only.
    fn address(&self, offset: u16) -> SocketAddr {
        let faces = [0, CHANNEL_OFFSET].contains(&offset);
        let host = if faces { self.host } else { Ipv4Addr::LOCALHOST.into() };
        SocketAddr::new(host, self.port + offset)
    }

    fn urls(&self) -> Urls {
        let url = |offset| format!("http://{}", self.address(offset));
        Urls { institution: url(0), channel: url(CHANNEL_OFFSET), simulator: url(SIMULATOR_OFFSET) }
    }

    /// The configuration, as it stands in `yanmi.toml`, but for the log.
    fn config(
        &self,
        registrar: &Registrar,
        world: &World,
        elsewhere: &[IpAddr],
        level: LogLevel,
    ) -> Result<Config, Failure> {
        let settings = Settings {
            dir: &self.dir,
            world,
            database: self.database.as_deref(),
            institution: self.address(0),
            channel: self.address(CHANNEL_OFFSET),
            operations: self.address(OPERATIONS_OFFSET),
            operator: self.address(OPERATOR_OFFSET),
            applicant: self.address(APPLICANT_OFFSET),
            elsewhere,
        };
        let mut config = settings.write(registrar.database.clone(), &registrar.ports.entropy)?;
        config.log.level = level;
        Ok(config)
    }
}

/// A folder that was used before has its database: a new one would be empty.
fn is_there(database: &Database, fresh: bool, dir: &Path) -> Result<(), Failure> {
    match database {
        Database::Sqlite(path) if !fresh && !path.exists() => Err(Failure::new(format!(
            "沙箱的数据库 {} 不见了，没有新建；若要从头开始，请删除整个文件夹 {}",
            path.display(),
            dir.display()
        ))),
        _ => Ok(()),
    }
}
