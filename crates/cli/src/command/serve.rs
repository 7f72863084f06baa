//! `yanmi serve`: the center of a site.

use std::io::Write;
use std::path::PathBuf;

use yanmi_center::Center;
use yanmi_center::config::Config;

use crate::ambient;
use crate::failure::Failure;
use crate::host::{self, StopSignal};
use crate::log;

/// 运行中心
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// 配置文件
    #[arg(long, value_name = "文件")]
    config: PathBuf,
    /// 就绪后在标准输出打印机构监听口与运维监听口的地址，各一行
    #[arg(long, hide = true)]
    announce: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        host::keep_memory_private();
        let config = load(&self.config)?;
        let _log = log::to_stderr(config.log.level);
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        warn_of_few_files(&config);
        let runtime = runtime(config.limits.workers)?;
        runtime.block_on(serve(config, self.announce))
    }
}

/// Files beside connections: the database, the log, calls to channels and to the national center.
const OTHER_FILES: u64 = 512;

/// Every connection is an open file; systems often allow a process a thousand unless asked.
fn warn_of_few_files(config: &Config) {
    let connections = u64::try_from(config.limits.connections).unwrap_or(u64::MAX);
    let listeners = u64::try_from(config.listen.opened().len()).unwrap_or(1);
    let wanted = connections.saturating_mul(listeners).saturating_add(OTHER_FILES);
    if let Some(allowed) = host::raise_open_files().filter(|allowed| *allowed < wanted) {
        tracing::warn!(
            allowed,
            wanted,
            "系统允许本进程打开的文件数不足以达到 limits.connections，请提高（LimitNOFILE）"
        );
    }
}

/// What is said before the reason of a refusal, by `serve` and by `check`.
pub(crate) const NOT_STARTED: &str = "中心未能启动";

async fn serve(config: Config, announce: bool) -> Result<(), Failure> {
    let center = Center::start(config, ambient::ports())
        .await
        .map_err(|error| Failure::because(NOT_STARTED, &error))?;
    let faces = [
        ("机构", center.institution_addr()),
        ("渠道", center.channel_addr()),
        ("运维", center.operations_addr()),
    ];
    for (face, address) in faces {
        if let Some(address) = address {
            tracing::info!(%address, "{face}监听口已开放");
        }
    }
    let stop = stop_signal()?;
    if announce {
        let addresses = [center.institution_addr(), center.operations_addr()].into_iter().flatten();
        let lines: Vec<String> = addresses.map(|address| format!("{address}\n")).collect();
        // At once, and whoever wanted the first line only may have gone.
        let _ = std::io::stdout().write_all(lines.concat().as_bytes());
    }
    stop.received().await;
    tracing::info!("收到停止信号，不再接受新请求");
    let farewell = center.stop().await;
    tracing::info!(finished = farewell.finished, cut = farewell.cut, "已停止");
    Ok(())
}

/// Reads the configuration with the process's environment.
pub(crate) fn load(path: &std::path::Path) -> Result<Config, Failure> {
    Config::load(path, &|name| std::env::var(name).ok()).map_err(|error| Failure::new(error.to_string()))
}

/// A runtime of so many workers; 0 for as many as there are cores.
pub(crate) fn runtime(workers: usize) -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if workers > 0 {
        builder.worker_threads(workers);
    }
    builder.enable_all().build().map_err(|error| Failure::because("无法启动运行时", &error))
}

/// Begins to listen for being told to stop.
pub(crate) fn stop_signal() -> Result<StopSignal, Failure> {
    StopSignal::listen().map_err(|error| Failure::because("无法等待停止信号", &error))
}
