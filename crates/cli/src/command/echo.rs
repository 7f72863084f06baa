//! `yanmi echo`: the baseline of the benchmarks, a server that answers every request with its own body.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use yanmi_trial::load::echo_router;

use crate::command::serve::runtime;
use crate::failure::Failure;

/// 压测基线：原样返回请求的服务
#[derive(Debug, clap::Args)]
pub(crate) struct Echo {
    /// 端口，0 为任意空闲端口
    #[arg(long, value_name = "端口", default_value_t = 0)]
    port: u16,
}

impl Echo {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::because("基线服务未能运行", &error);
        runtime(0)?.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.map_err(failed)?;
            println!("{}", listener.local_addr().map_err(failed)?);
            axum::serve(listener, echo_router()).await.map_err(failed)
        })
    }
}
