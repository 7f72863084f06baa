//! An acceptance run in a space: the suite, and what is kept when it ends.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::Notify;
use yanmi_acceptance::{Conclusion, RunFacts, Suite};
use yanmi_center::ports::Ports;
use yanmi_channel_acceptance::ChannelSuite;
use yanmi_papers::RunReport;

use crate::record::RunKind;

/// The files of a run.
pub(crate) const REPORT_JSON: &str = "report.json";
pub(crate) const REPORT_HTML: &str = "report.html";
pub(crate) const REPORT_SIGNED: &str = "report.signed.json";

/// What a run is to be.
#[derive(Clone, Debug)]
pub(crate) enum RunSettings {
    Institution(Box<yanmi_acceptance::Settings>),
    Channel(Box<yanmi_channel_acceptance::Settings>),
}

/// A run that goes on.
pub(crate) struct Run {
    /// Its number in the space.
    pub(crate) number: u32,
    /// Where the suite is, on this machine.
    pub(crate) addr: SocketAddr,
    played: Mutex<Option<Arc<Played>>>,
    ended: Notify,
}

enum Played {
    Institution(Suite),
    Channel(ChannelSuite),
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("number", &self.number).finish_non_exhaustive()
    }
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) kind: RunKind,
    pub(crate) vendor: String,
    pub(crate) product: String,
    pub(crate) conclusion: Conclusion,
    /// The report as data, and as a page.
    pub(crate) json: String,
    pub(crate) html: String,
    /// What can be signed about it.
    pub(crate) statement: Option<RunReport>,
}

/// What a suite's run came to. Both suites have the same methods, and nothing else in common.
macro_rules! outcome {
    ($suite:ident, $kind:expr, $facts:ident) => {{
        let report = $suite.report();
        let json = json(&report);
        Outcome {
            kind: $kind,
            html: $suite.report_html(),
            statement: $facts.map(|facts| $suite.statement(&report, json.as_bytes(), facts)),
            conclusion: report.conclusion,
            vendor: report.vendor,
            product: report.product,
            json,
        }
    }};
}
impl Run {
    /// Begins one on a port of this machine.
    ///
    /// # Errors
    /// When there is no port.
    pub(crate) async fn begin(number: u32, settings: RunSettings, ports: &Ports) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (clock, entropy) = (ports.clock.clone(), ports.entropy.clone());
        let clock: yanmi_acceptance::Clock = Arc::new(move || clock.now());
        let entropy: yanmi_acceptance::Entropy = Arc::new(move |bytes: &mut [u8]| entropy.fill(bytes));
        let played = match settings {
            RunSettings::Institution(settings) => {
                Played::Institution(Suite::start(*settings, listener, clock, &entropy)?)
            }
            RunSettings::Channel(settings) => {
                Played::Channel(ChannelSuite::start(*settings, listener, clock, &entropy)?)
            }
        };
        Ok(Self { number, addr, played: Mutex::new(Some(Arc::new(played))), ended: Notify::new() })
    }

    /// Returns when it is at its end: everything was played, somebody asked, its time is over, or it was ended.
    pub(crate) async fn finished(&self) {
        let played = self.played.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(played) = played else { return };
        let over = async {
            match &*played {
                Played::Institution(suite) => suite.finished().await,
                Played::Channel(suite) => suite.finished().await,
            }
        };
        tokio::select! {
            _ = over => {}
            () = self.ended.notified() => {}
        }
    }

    /// Ends it: what was seen until now; nothing when it was ended before.
    pub(crate) async fn end(&self, facts: Option<RunFacts>) -> Option<Outcome> {
        let played = self.played.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // Whoever waits for its end holds it too, and lets go of it now; the last to do so ends it.
        self.ended.notify_one();
        let outcome = match &*played {
            Played::Institution(suite) => outcome!(suite, RunKind::Institution, facts),
            Played::Channel(suite) => outcome!(suite, RunKind::Channel, facts),
        };
        match Arc::try_unwrap(played) {
            Ok(Played::Institution(suite)) => suite.stop().await,
            Ok(Played::Channel(suite)) => suite.stop().await,
            Err(_) => {}
        }
        Some(outcome)
    }
}

fn json(report: &impl serde::Serialize) -> String {
    // Writing these types into memory cannot fail.
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

/// Keeps what came of a run.
///
/// # Errors
/// What the system says.
pub(crate) fn keep(dir: &Path, files: &[(&str, &str)]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (name, text) in files {
        fs::write(dir.join(name), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;
    use yanmi_center::ports::{Clock, Entropy, Ports};
    use yanmi_protocol::{OrgCode, Region, UnixMillis};

    use super::*;

    #[tokio::test]
    async fn a_run_that_was_ended_listens_no_more() {
        let clock = Clock::new(|| UnixMillis::new(1_700_000_000_000));
        let ports = Ports::system(clock, Entropy::seeded(1));
        let (region, code) = (Region::new("350000"), OrgCode::new("H35010000001"));
        let settings = yanmi_acceptance::Settings::new(region.expect("a region"), code.expect("a code"));
        let settings = RunSettings::Institution(Box::new(settings));
        let run = Arc::new(Run::begin(1, settings, &ports).await.expect("a port"));
        let waiting = Arc::clone(&run);
        let waiter = tokio::spawn(async move { waiting.finished().await });
        assert!(TcpStream::connect(run.addr).await.is_ok());
        assert!(run.end(None).await.is_some());
        waiter.await.expect("it returns");
        assert!(run.end(None).await.is_none(), "once");
        // The last who held it has let go; the listener goes with the task that had it.
        while TcpStream::connect(run.addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
