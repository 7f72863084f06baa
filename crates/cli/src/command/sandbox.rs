//! `yanmi sandbox`: every party on one machine, each speaking the real protocol over real sockets.
//!
//! The state is in one folder and survives restarts: `sandbox.json` says who exists (a contract that other programs
//! read), `center.sqlite` is the center's database, `center.key` its key-encryption key.

mod guide;
pub(super) mod register;
mod state;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use yanmi_center::Center;
use yanmi_center::config::{Config, Essentials, Listen, LogLevel};
use yanmi_simulator::world::Urls;
use yanmi_simulator::{Simulator, World};

use crate::ambient;
use crate::command::serve::{runtime, stop_signal};
use crate::failure::Failure;
use crate::log;

/// The channel face listens this far above the institution face.
const CHANNEL_OFFSET: u16 = 1;
/// The simulator listens this far above the institution face.
const SIMULATOR_OFFSET: u16 = 9;
/// Requests a second of the first account, so that load can be tried; the others have the default, so that being
/// limited (-6) can be tried as well.
const FIRST_ACCOUNT_RATE: NonZeroU32 = NonZeroU32::new(100_000).unwrap();
/// Notices a person may get in an hour, so that nobody who plays runs out of them.
const PERSON_HOUR: u32 = 10_000;

/// 在一台机器上运行各方：中心、渠道应用、国家电子凭证、参保人，无需任何配置
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// 存放沙箱状态的文件夹，重启后可继续使用
    #[arg(long, value_name = "文件夹", default_value = "./yanmi-sandbox")]
    dir: PathBuf,
    /// 机构监听口的端口；渠道监听口为其 +1，模拟器为其 +9
    #[arg(long, value_name = "端口", default_value_t = 8350, value_parser = clap::value_parser!(u16).range(1..=65526))]
    port: u16,
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
        let state = state::State::open(&self.dir, &urls)?;
        let world = state.world;
        // The simulator's socket first: the center may be asked to call it from its first request on.
        let address = self.address(SIMULATOR_OFFSET);
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::because(&format!("模拟器无法监听 {address}（用 --port 换端口）"), &error)
        })?;
        register::register(&state.database, &state.key, &world, FIRST_ACCOUNT_RATE).await?;
        let config = self.config(&state.key, &world, level)?;
        let center = Center::start(config, ambient::clock(), ambient::entropy())
            .await
            .map_err(|error| Failure::because("中心未能启动", &error))?;
        let simulator = start_simulator(world.clone(), listener)?;
        simulator
            .switch_password_free()
            .await
            .map_err(|error| Failure::because("未能设置免密参保人", &error))?;
        println!("{}", guide::text(&world, &self.dir));
        println!("ready: {}", state.file.display());
        stop_signal().await?;
        println!("正在停止……");
        simulator.stop().await;
        center.stop().await;
        println!("已停止；状态保存在 {}，可再次运行。", self.dir.display());
        Ok(())
    }

    fn address(&self, offset: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port + offset))
    }

    fn urls(&self) -> Urls {
        let url = |offset| format!("http://{}", self.address(offset));
        Urls { institution: url(0), channel: url(CHANNEL_OFFSET), simulator: url(SIMULATOR_OFFSET) }
    }

    /// The default configuration, but for the person's hourly budget, decode, and the log.
    fn config(
        &self,
        key: &yanmi_protocol::Sm4Key,
        world: &World,
        level: LogLevel,
    ) -> Result<Config, Failure> {
        let url = world.national.url.parse();
        let essentials = Essentials {
            region: world.region,
            encryption_key: key.clone(),
            national_url: url.map_err(|error| Failure::because("模拟器地址有误", &error))?,
            national_org_id: world.national.org_id,
            national_key: world.national.key.clone(),
        };
        let mut config = Config::new(essentials, &self.dir);
        config.database = yanmi_center::config::Database::Sqlite(state::database(&self.dir));
        config.listen.institution = Listen::plain(self.address(0));
        config.listen.channel = Listen::plain(self.address(CHANNEL_OFFSET));
        config.policy.notices_per_person_hour = PERSON_HOUR;
        config.decode_enabled = true;
        config.log.level = level;
        Ok(config)
    }
}

fn start_simulator(world: World, listener: TcpListener) -> Result<Simulator, Failure> {
    let clock = ambient::clock();
    let clock: yanmi_simulator::Clock = Arc::new(move || clock.now());
    Simulator::start(world, listener, clock, Arc::new(ambient::fill))
        .map_err(|error| Failure::because("模拟器未能启动", &error))
}
