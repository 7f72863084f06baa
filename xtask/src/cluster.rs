//! `cargo xtask cluster`: a center that is spread over machines, with everything that can happen to them.
//!
//! On this one machine run, from Debian's packages, what a site runs on many: etcd, three PostgreSQL nodes under Patroni
//! in synchronous mode, three centers on all of them, HAProxy before the centers; and the simulator as everybody else.
//! One etcd is enough here: its own failover is not what is tested, and the machine has only one disk to lose. The
//! configuration is what `docs/operating/files/` tells operators to install, with other addresses.
//!
//! While institutions and insured persons ask at a fixed rate (`traffic`), things are broken one after the other
//! (`faults`), the next when the cluster is whole again. For each is printed how long nobody was served, beside how long
//! Patroni took for its part. At the end the oracle compares everything that was answered with everything
//! that is stored (`books`).
//!
//! # Confinement
//!
//! Where it may, the harness runs in namespaces of its own (`confine`): no port of the machine is touched, each database
//! node has a network of its own that can be cut, and when the harness ends, however that comes about, the kernel ends
//! everything in them. Elsewhere everything is on loopback, on ports that were free, and no network is cut.

mod books;
mod center;
mod confine;
mod faults;
mod ground;
mod node;
mod patroni;
mod play;
mod process;
mod proxy;
mod site;
mod table;
mod template;
mod traffic;

use std::path::PathBuf;
use std::process::ExitCode;

use confine::Options;
pub(crate) use confine::USAGE;

/// Runs it, or, called by itself from within the namespaces, the part that is inside.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let done = Options::read(words).and_then(|options| match options.inside.clone() {
        None => confine::outside(&options),
        Some(folder) => inside(&options, folder),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cluster: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was found.
fn inside(options: &Options, folder: PathBuf) -> Result<bool, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        tokio::select! {
            done = play(options, folder) => done,
            _ = tokio::signal::ctrl_c() => Err("interrupted".to_owned()),
        }
    })
}

async fn play(options: &Options, folder: PathBuf) -> Result<bool, String> {
    let ground = ground::Ground::lay(options.no_network.clone())?;
    let mut site = site::Site::build(ground, &folder, options.release).await?;
    let played = site.play(options.short).await;
    if played.is_err() {
        process::print_tails(&folder);
    }
    let rows = played?;
    let found = site.audit().await?;
    table::print(&rows, &site.skipped(options.short));
    for sentence in &found {
        println!("found: {sentence}");
    }
    let late = rows.iter().filter(|row| !row.in_time()).count();
    println!(
        "oracle: {} calls, {} visits, {} findings; {late} of {} faults beyond the bound",
        site.calls(),
        site.visits(),
        found.len(),
        rows.len()
    );
    // A machine that runs tests may be slow for reasons of its own; what it must not do is lose anything.
    Ok(found.is_empty() && (options.short || late == 0))
}
