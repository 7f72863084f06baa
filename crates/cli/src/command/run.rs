//! A run of an acceptance suite: where it listens and writes, how it is waited for, and what is left behind.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tokio::net::TcpListener;
use yanmi_acceptance::{Clock, End, Entropy, RunFacts, Suite};
use yanmi_channel_acceptance::ChannelSuite;
use yanmi_papers::RunReport;

use crate::command::outcome::{json, write};
use crate::command::serve::stop_signal;
use crate::command::signature::{self, Signatory};
use crate::failure::Failure;
use crate::{ambient, private_file};

/// What both suites can do.
pub(super) trait AcceptanceSuite {
    /// What the vendor needs to know.
    type Brief: Serialize;
    /// What came of it.
    type Report: Serialize;

    fn brief(&self) -> Self::Brief;
    fn report(&self) -> Self::Report;
    fn report_html(&self) -> String;
    fn statement(&self, report: &Self::Report, file: &[u8], facts: RunFacts) -> RunReport;
    async fn finished(&self) -> End;
    async fn stop(self);
}

macro_rules! acceptance_suite {
    ($suite:ty, $part:ident) => {
        impl AcceptanceSuite for $suite {
            type Brief = $part::Brief;
            type Report = $part::Report;

            fn brief(&self) -> Self::Brief {
                self.brief()
            }

            fn report(&self) -> Self::Report {
                self.report()
            }

            fn report_html(&self) -> String {
                self.report_html()
            }

            fn statement(&self, report: &Self::Report, file: &[u8], facts: RunFacts) -> RunReport {
                self.statement(report, file, facts)
            }

            async fn finished(&self) -> End {
                self.finished().await
            }

            async fn stop(self) {
                self.stop().await;
            }
        }
    };
}

acceptance_suite!(Suite, yanmi_acceptance);
acceptance_suite!(ChannelSuite, yanmi_channel_acceptance);

/// Time and chance of the real world, as the suites take them.
pub(super) fn ambience() -> (Clock, Entropy) {
    let clock = ambient::clock();
    (Arc::new(move || clock.now()), Arc::new(ambient::fill))
}

/// What a run needs before it begins.
pub(super) struct Bench {
    pub(super) listener: TcpListener,
    pub(super) place: Place,
}

/// Where a run is.
pub(super) struct Place {
    address: SocketAddr,
    folder: PathBuf,
    /// What the brief is called.
    brief: &'static str,
}

impl Bench {
    /// Listens, and makes the folder.
    pub(super) async fn set_up(
        host: IpAddr,
        port: u16,
        folder: &Path,
        brief: &'static str,
    ) -> Result<Self, Failure> {
        let place = Place { address: SocketAddr::new(host, port), folder: folder.to_owned(), brief };
        let listener = TcpListener::bind(place.address).await.map_err(place.failed())?;
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::because(&format!("无法建立文件夹 {}", folder.display()), &error))?;
        Ok(Self { listener, place })
    }
}

impl Place {
    /// What is said when nothing can be listened to there.
    pub(super) fn failed(&self) -> impl Fn(io::Error) -> Failure {
        let address = self.address;
        move |error| Failure::because(&format!("无法监听 {address}（用 --port 换端口）"), &error)
    }

    /// Says how to play, waits for the end, and writes what came of it.
    pub(super) async fn preside<S: AcceptanceSuite>(
        &self,
        suite: S,
        signatory: Option<&Signatory>,
        guide: impl Fn(&S::Brief) -> String,
    ) -> Result<S::Report, Failure> {
        if let Some(signatory) = signatory {
            // What cannot be signed is said now, and not after two hours.
            signatory.signed(|facts| suite.statement(&suite.report(), b"", facts))?;
        }
        let brief = suite.brief();
        let file = self.folder.join(self.brief);
        private_file::write(&file, &json(&brief)?)?;
        let stop = stop_signal()?;
        println!("{}", guide(&brief));
        println!("ready: {}", file.display());
        tokio::select! {
            () = stop.received() => {}
            end = suite.finished() => if end == End::Late {
                println!("时间已到（--seconds）。");
            },
        }
        let report = suite.report();
        let text = json(&report)?;
        write(&self.folder.join("report.json"), &text)?;
        if let Some(signatory) = signatory {
            let signed = signatory.signed(|facts| suite.statement(&report, text.as_bytes(), facts))?;
            write(&self.folder.join(signature::FILE), &signed)?;
        }
        write(&self.folder.join("report.html"), &suite.report_html())?;
        suite.stop().await;
        Ok(report)
    }
}
