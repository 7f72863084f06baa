//! `yanmi sandbox`: every party on one machine, each speaking the real protocol over real sockets.
//!
//! The state is in one folder and survives restarts: `sandbox.json` says who exists (a contract that other programs
//! read), `center.sqlite` is the center's database, `center.key` its key-encryption key.
//!
//! On a database of its own choice (`--database`), several sandboxes are one site with as many centers. They have to
//! agree on who exists and on the keys without a folder in common, so both are derived from the database's name;
//! what is played with needs no secret. The first one has the simulator, the others find it through the registry.

mod guide;
mod others;
pub(super) mod register;
mod state;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use yanmi_center::Center;
use yanmi_center::config::{Config, Database, Essentials, Listen, LogLevel, PostgresSettings};
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_simulator::world::Urls;
use yanmi_simulator::{Simulator, World};

use crate::ambient;
use crate::command::serve::{StopSignal, runtime};
use crate::failure::Failure;
use crate::log;

/// The channel face listens this far above the institution face.
const CHANNEL_OFFSET: u16 = 1;
/// The center's health and metrics are this far above the institution face.
const OPERATIONS_OFFSET: u16 = 2;
/// The simulator listens this far above the institution face.
const SIMULATOR_OFFSET: u16 = 9;
/// Requests a second of the first account, so that load can be tried; the others have the default, so that being
/// limited (-6) can be tried as well.
const FIRST_ACCOUNT_RATE: NonZeroU32 = NonZeroU32::new(100_000).unwrap();
/// Notices a person may get in an hour, so that nobody who plays runs out of them.
const PERSON_HOUR: u32 = 10_000;
/// After "not me" nobody who plays waits for a quarter of an hour to go on.
const QUIET: Duration = Duration::from_secs(30);

/// 在一台机器上运行各方：中心、渠道应用、国家电子凭证、参保人，无需任何配置
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// 存放沙箱状态的文件夹，重启后可继续使用
    #[arg(long, value_name = "文件夹", default_value = "./yanmi-sandbox")]
    dir: PathBuf,
    /// 机构监听口的端口；渠道监听口为其 +1，运维监听口为其 +2，模拟器为其 +9
    #[arg(long, value_name = "端口", default_value_t = 8350, value_parser = clap::value_parser!(u16).range(1..=65526))]
    port: u16,
    /// 中心使用的 PostgreSQL 数据库；不给则用文件夹中的 SQLite。同一数据库上再运行一个（换端口与文件夹），就是同一站点的第二个中心
    #[arg(long, value_name = "postgres://…")]
    database: Option<String>,
    /// 日志级别：error、warn、info、debug
    #[arg(long, value_name = "级别", default_value = "warn")]
    log: String,
}

impl Sandbox {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let level = LogLevel::ALL.into_iter().find(|level| level.name() == self.log);
        let level = level.ok_or_else(|| Failure::new("--log 应为 error、warn、info、debug 之一"))?;
        let _log = log::to_stderr(level);
        runtime(0)?.block_on(self.play(level))
    }

    async fn play(self, level: LogLevel) -> Result<(), Failure> {
        let urls = self.urls();
        let shared = self.shared()?;
        let state = state::State::open(&self.dir, &urls, shared.as_ref().map(|shared| shared.name.as_str()))?;
        let mut world = state.world;
        let database = shared.map_or_else(|| (&state.database).into(), Database::Postgres);
        if let (Database::Sqlite(path), false) = (&database, state.fresh)
            && !path.exists()
        {
            return Err(Failure::new(format!(
                "沙箱的数据库 {} 不见了，没有新建；若要从头开始，请删除整个文件夹 {}",
                path.display(),
                self.dir.display()
            )));
        }
        // A sandbox has no other command that would bring its database up to date.
        migrate(&database, &state.key, ambient::entropy(), &Schema::current(), false)
            .await
            .map_err(|error| Failure::because("数据库没有升级", &error))?;
        let others = match &database {
            Database::Postgres(_) => {
                let channel = world.channels.first().map(|channel| channel.chnl_id);
                others::simulator(&database, &state.key, channel).await?
            }
            _ => None,
        };
        // The simulator's socket first: the center may be asked to call it from its first request on.
        let listener = match others {
            // Another center of this site is there already, with its simulator.
            Some(simulator) => {
                world.relocate(&Urls { simulator, ..urls });
                state::write(&state.file, &world)?;
                None
            }
            None => Some(self.listener().await?),
        };
        register::register(&database, &state.key, &world, FIRST_ACCOUNT_RATE).await?;
        let config = self.config(database, &state.key, &world, level)?;
        let center = Center::start(config, ambient::clock(), ambient::entropy())
            .await
            .map_err(|error| Failure::because("中心未能启动", &error))?;
        let simulator = match listener {
            Some(listener) => Some(play_others(world.clone(), listener).await?),
            None => None,
        };
        if let Some(simulator) = &simulator {
            simulator.with_center(center.store_switch());
        }
        let stop = StopSignal::listen()?;
        println!("{}", guide::text(&world, &self.dir));
        println!("ready: {}", state.file.display());
        stop.received().await;
        println!("正在停止……");
        if let Some(simulator) = simulator {
            simulator.stop().await;
        }
        center.stop().await;
        println!("已停止；状态保存在 {}，可再次运行。", self.dir.display());
        Ok(())
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

    async fn listener(&self) -> Result<TcpListener, Failure> {
        let address = self.address(SIMULATOR_OFFSET);
        TcpListener::bind(address).await.map_err(|error| {
            Failure::because(&format!("模拟器无法监听 {address}（用 --port 换端口）"), &error)
        })
    }

    fn address(&self, offset: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port + offset))
    }

    fn urls(&self) -> Urls {
        let url = |offset| format!("http://{}", self.address(offset));
        Urls { institution: url(0), channel: url(CHANNEL_OFFSET), simulator: url(SIMULATOR_OFFSET) }
    }

    /// The default configuration, but for the person's hourly budget, the quiet after "not me", the person's page, decode,
    /// and the log.
    fn config(
        &self,
        database: Database,
        key: &yanmi_protocol::Sm4Key,
        world: &World,
        level: LogLevel,
    ) -> Result<Config, Failure> {
        let wrong = |error| Failure::because("沙箱地址有误", &error);
        let channel: http::Uri = world.channel_url.parse().map_err(wrong)?;
        let url = world.national.url.parse();
        let essentials = Essentials {
            region: world.region,
            encryption_key: key.clone(),
            national_url: url.map_err(|error| Failure::because("模拟器地址有误", &error))?,
            national_org_id: world.national.org_id,
            national_key: world.national.key.clone(),
        };
        let mut config = Config::new(essentials, &self.dir);
        config.database = database;
        config.listen.institution = Listen::plain(self.address(0));
        config.listen.channel = Listen::plain(self.address(CHANNEL_OFFSET));
        config.listen.operations = Listen::plain(self.address(OPERATIONS_OFFSET));
        config.policy.notices_per_person_hour = PERSON_HOUR;
        config.policy.quiet = QUIET;
        config.decode_enabled = true;
        config.insured.public_url = Some(channel);
        config.log.level = level;
        Ok(config)
    }
}

/// Starts everybody else.
async fn play_others(world: World, listener: TcpListener) -> Result<Simulator, Failure> {
    let simulator = start_simulator(world, listener)?;
    simulator.switch_password_free().await.map_err(|error| Failure::because("未能设置免密参保人", &error))?;
    Ok(simulator)
}

fn start_simulator(world: World, listener: TcpListener) -> Result<Simulator, Failure> {
    let clock = ambient::clock();
    let clock: yanmi_simulator::Clock = Arc::new(move || clock.now());
    Simulator::start(world, listener, clock, Arc::new(ambient::fill))
        .map_err(|error| Failure::because("模拟器未能启动", &error))
}
