//! `yanmi testcenter`: the sandbox for many vendors at once, on a network.

use std::path::PathBuf;

use yanmi_center::config::LogLevel;
use yanmi_testcenter::settings::EXAMPLE;
use yanmi_testcenter::{Settings, TestCenter};

use crate::ambient;
use crate::command::serve::{runtime, stop_signal};
use crate::failure::Failure;
use crate::host;
use crate::log;

/// Tells the allocator to take pages of the usual size and to give back at once what a thread has freed. Each space has several
/// threads for its database; with huge pages, and with what each keeps for later, hundreds of spaces take three times as much.
const ALLOCATOR: [(&str, &str); 2] = [("MIMALLOC_ALLOW_THP", "0"), ("MIMALLOC_PURGE_DELAY", "0")];

/// 联调中心：许多厂商共用的沙箱，每家一个互不可见的空间
#[derive(Debug, clap::Args)]
pub(crate) struct Testcenter {
    /// 配置文件（TOML；文件名以 .json 结尾则为 JSON）
    #[arg(long, value_name = "文件", required_unless_present = "print_config")]
    config: Option<PathBuf>,
    /// 打印一份带说明的配置后退出
    #[arg(long)]
    print_config: bool,
    /// 就绪后在标准输出只打印两行：厂商的网址，管理页面的地址
    #[arg(long, hide = true)]
    announce: bool,
    /// 日志级别：error、warn、info、debug
    #[arg(long, value_name = "级别", default_value = "info")]
    log: String,
}

impl Testcenter {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Some(path) = self.config.as_ref().filter(|_| !self.print_config) else {
            print!("{EXAMPLE}");
            return Ok(());
        };
        let level = LogLevel::ALL.into_iter().find(|level| level.name() == self.log);
        let level = level.ok_or_else(|| Failure::new("--log 应为 error、warn、info、debug 之一"))?;
        let settings = Settings::load(path)
            .map_err(|error| Failure::new(format!("配置 {} 有误：\n{error}", path.display())))?;
        // The allocator looks at its environment before anything else does, so the process begins once more.
        host::begin_again_with(&ALLOCATOR);
        host::keep_memory_private();
        let _log = log::to_stderr(level);
        host::raise_open_files();
        runtime(0)?.block_on(serve(settings, self.announce))
    }
}

async fn serve(settings: Settings, announce: bool) -> Result<(), Failure> {
    let (name, data, key) = (settings.name.clone(), settings.data.clone(), settings.operator_key.clone());
    let center = TestCenter::start(settings, ambient::ports())
        .await
        .map_err(|error| Failure::because("联调中心未能启动", &error))?;
    let stop = stop_signal()?;
    let (url, operator) = (center.public_url().to_owned(), center.operator_addr());
    if announce {
        // In one piece: whoever wants the first line only may be gone before the second.
        let lines = format!("{url}\nhttp://{operator}\n");
        print!("{lines}");
    } else {
        println!(
            "{name}已启动。\n\n  厂商      {url}/\n  管理页面  http://{operator}/ （登录口令在 {}）\n  数据      {}\n",
            key.display(),
            data.display()
        );
        println!("ready: {url}");
    }
    stop.received().await;
    tracing::info!("收到停止信号，正在停下全部空间");
    center.stop().await;
    tracing::info!("已停止");
    Ok(())
}
