//! `yanmi streams`: a simulator by itself, for `yanmi load --what streams`.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;
use yanmi_protocol::Region;
use yanmi_simulator::world::Urls;
use yanmi_simulator::{Simulator, World};

use crate::ambient;
use crate::command::serve::{runtime, stop_signal};
use crate::failure::Failure;
use crate::host;

/// 压测用：只有模拟器，没有中心
#[derive(Debug, clap::Args)]
pub(crate) struct Streams {}

impl Streams {
    #[expect(clippy::unused_self, reason = "every command is run this way")]
    pub(crate) fn run(self) -> Result<(), Failure> {
        // Every stream is an open file.
        host::raise_open_files();
        runtime(0)?.block_on(serve())
    }
}

async fn serve() -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::because("模拟器未能启动", &error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let nobody = "http://127.0.0.1:1".to_owned();
    let urls = Urls { institution: nobody.clone(), channel: nobody, simulator: format!("http://{address}") };
    let region = Region::new("350000").map_err(|error| Failure::because("区划代码有误", &error))?;
    let world = World::generate(region, &urls, &mut ambient::fill);
    let clock = ambient::clock();
    let clock: yanmi_simulator::Clock = Arc::new(move || clock.now());
    let simulator = Simulator::start(world, listener, clock, Arc::new(ambient::fill)).map_err(failed)?;
    let stop = stop_signal()?;
    println!("{address}");
    stop.received().await;
    simulator.stop().await;
    Ok(())
}
