//! `yanmi agent`: the institution's side as a service on the institution's own machine.

use std::path::PathBuf;
use std::sync::Arc;

use yanmi_agent::config::EXAMPLE;
use yanmi_agent::pool::THREADS;
use yanmi_agent::{AgentConfig, SESSION_LIFE, STOP_BOUND, link_of_a_running_agent};
use yanmi_center::config::LogLevel;
use yanmi_client::Machine;
use yanmi_client::config::environment;

use crate::command::serve::stop_signal;
use crate::failure::Failure;
use crate::host;
use crate::log;

/// 机构代理：HIS 以本机 HTTP 使用结算闸口，收费员用网页
#[derive(Debug, clap::Args)]
pub(crate) struct Agent {
    /// 配置文件（TOML；文件名以 .json 结尾则为 JSON）
    #[arg(long, value_name = "文件", required_unless_present = "print_config")]
    config: Option<PathBuf>,
    /// 打印一份带说明的配置后退出
    #[arg(long)]
    print_config: bool,
    /// 向正在运行的代理要一个收费员页面的一次性链接，打印后退出
    #[arg(long, conflicts_with = "print_config")]
    link: bool,
    /// 就绪后在标准输出只打印监听地址
    #[arg(long, hide = true)]
    announce: bool,
    /// 日志级别：error、warn、info、debug
    #[arg(long, value_name = "级别", default_value = "info")]
    log: String,
}

impl Agent {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Some(path) = self.config.as_ref().filter(|_| !self.print_config) else {
            print!("{EXAMPLE}");
            return Ok(());
        };
        host::keep_memory_private();
        let level = LogLevel::ALL.into_iter().find(|level| level.name() == self.log);
        let level = level.ok_or_else(|| Failure::new("--log 应为 error、warn、info、debug 之一"))?;
        let config = AgentConfig::load(path, &environment)
            .map_err(|error| Failure::new(format!("配置 {} 有误：\n{error}", path.display())))?;
        if self.link {
            let link = link_of_a_running_agent(&config);
            println!("{}", link.map_err(|error| Failure::new(error.to_string()))?);
            return Ok(());
        }
        let _log = log::to_stderr(level);
        host::raise_open_files();
        let runtime = runtime()?;
        let served = runtime.block_on(serve(&config, self.announce));
        // It has waited already for as long as it will: a terminal that hangs has a thread for longer than that.
        runtime.shutdown_background();
        served
    }
}

async fn serve(config: &AgentConfig, announce: bool) -> Result<(), Failure> {
    if config.allow_remote && !config.listen.ip().is_loopback() {
        tracing::warn!(address = %config.listen, "其他机器可以访问本代理；令牌与就诊信息以明文传输，请在前面加 TLS");
    }
    if let Some(warning) = config.client.center.warning() {
        tracing::warn!("{warning}");
    }
    let agent = yanmi_agent::Agent::start(config, Arc::new(Machine::new())).await;
    let agent = agent.map_err(|error| Failure::new(format!("代理未能启动：{error}")))?;
    let stop = stop_signal()?;
    if announce {
        println!("{}", agent.address());
    } else {
        println!("{}", guide(&agent, config));
        println!("ready: http://{}", agent.address());
    }
    stop.received().await;
    tracing::info!("收到停止信号，不再接受新请求");
    if agent.stop().await {
        tracing::info!("已停止");
    } else {
        tracing::warn!(seconds = STOP_BOUND.as_secs(), "仍有请求没有做完，已停止；就诊记录完好");
    }
    Ok(())
}

/// As many threads as there are cores, and for blocking calls as many as the agent ever has at once: a thread that was
/// just left may not yet be known to be free, and another would be started beside it.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::because("无法启动运行时", &error))
}

fn guide(agent: &yanmi_agent::Agent, config: &AgentConfig) -> String {
    format!(
        "机构代理已启动。\n\n  接口      http://{address}/visits （OpenAPI：http://{address}/openapi.json）\n  \
         令牌      {token}\n  收费页面  {link}\n            （只能打开一次，10 分钟内有效，打开后 {hours} 小时内不必再登录；\
         另要链接：yanmi agent --config 文件 --link）\n",
        address = agent.address(),
        token = config.token_file.display(),
        link = agent.link(),
        hours = SESSION_LIFE.as_secs() / 3_600,
    )
}
