//! An acceptance run in a space: the suite, and what is kept when it ends.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
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
        Ok(Self { number, addr, played: Mutex::new(Some(Arc::new(played))) })
    }

    /// Returns when it is at its end: everything was played, somebody asked, its time is over, or it was ended.
    pub(crate) async fn finished(&self) {
        let played = self.played.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match played.as_deref() {
            Some(Played::Institution(suite)) => _ = suite.finished().await,
            Some(Played::Channel(suite)) => _ = suite.finished().await,
            None => {}
        }
    }

    /// Ends it: what was seen until now; nothing when it was ended before.
    pub(crate) async fn end(&self, facts: Option<RunFacts>) -> Option<Outcome> {
        let played = self.played.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let outcome = match &*played {
            Played::Institution(suite) => {
                let report = suite.report();
                let json = json(&report);
                Outcome {
                    kind: RunKind::Institution,
                    html: suite.report_html(),
                    statement: facts.map(|facts| suite.statement(&report, json.as_bytes(), facts)),
                    conclusion: report.conclusion,
                    vendor: report.vendor,
                    product: report.product,
                    json,
                }
            }
            Played::Channel(suite) => {
                let report = suite.report();
                let json = json(&report);
                Outcome {
                    kind: RunKind::Channel,
                    html: suite.report_html(),
                    statement: facts.map(|facts| suite.statement(&report, json.as_bytes(), facts)),
                    conclusion: report.conclusion,
                    vendor: report.vendor,
                    product: report.product,
                    json,
                }
            }
        };
        // Whoever waits for its end still holds it: it is dropped then, and dropping ends it.
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
