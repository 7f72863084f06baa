//! The acceptance suite (接入验收): a center that plays situations against a vendor's HIS and says, rule by rule, whether
//! the HIS did right.
//!
//! The persons of the play:
//!
//! * the **vendor's HIS** is pointed at the suite as at any center. It scans tokens the suite gave out, makes its calls
//!   of section 1.7, and tells its decision to the *settlement sink*, from its settlement code or by somebody who
//!   clicks on the suite's page. It is tried whole, with its gate; nothing of it is replaced.
//! * the **playing center** ([`Suite`]) speaks the real envelope. What it answers is scripted by the situation the
//!   token belongs to ([`situation`]): a pure function of what went before in that situation.
//! * the **record** ([`event`]) is all that was seen and told, and nothing else.
//! * the **judge** ([`judge`](mod@judge)) is a pure function over the record. It knows the [`rule`]s, each with its
//!   section of the specification.
//! * the **sample institutions** ([`sample`]) are a correct one and several with one honest mistake each. They try the
//!   suite itself: the correct one must pass, each other must fail for its own mistake and for nothing else.
//!
//! What is not claimed: an HIS that tells the sink something else than it does is not found out. And what the suite
//! does not see (whether a password is stored, who types it) it does not judge.
//!
//! Everything has an end: a call that is not answered is let go after [`settings::HANG`], a situation after
//! [`situation::SITUATION_TIME`], a run after [`settings::RUN_TIME`], and the record holds [`session::MAX_EVENTS`] events.
//!
//! A suite can be one of many behind a front ([`Settings::public_url`]): the front takes away what stands before the
//! suite's paths and passes on everything else as it is. That includes how a connection ends, because answers that break off are
//! part of the play.

pub mod base_url;
pub mod brief;
pub mod end;
pub mod event;
pub mod judge;
pub mod listen;
pub mod opening;
pub mod page;
pub mod play;
pub mod report;
pub mod rule;
pub mod sample;
pub mod session;
pub mod settings;
pub mod situation;
pub mod statement;

mod ambient;
mod answer;
mod seen;
mod serve;
mod situations;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use yanmi_papers::RunReport;

pub use ambient::{Clock, Entropy};
pub use base_url::{BaseUrl, BaseUrlError};
pub use brief::{Brief, Scene};
pub use end::{End, QUIET};
pub use judge::{Conclusion, Judged, Verdict, judge};
pub use report::Report;
pub use rule::{Kind, Rule, Rulebook};
pub use settings::{Account, Settings};
pub use situation::Situation;
pub use statement::RunFacts;

use base_url::Urls;
use session::Session;

/// A running suite.
pub struct Suite {
    session: Arc<Session>,
    addr: SocketAddr,
    urls: Arc<Urls>,
    _dead: Option<DeadAddress>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite").field("addr", &self.addr).finish_non_exhaustive()
    }
}

/// A port that is taken so that nobody else listens there, and where nobody answers.
struct DeadAddress {
    addr: SocketAddr,
    _socket: TcpSocket,
}

impl DeadAddress {
    fn beside(addr: SocketAddr) -> io::Result<Self> {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(addr.ip(), 0))?;
        Ok(Self { addr: socket.local_addr()?, _socket: socket })
    }
}

impl Suite {
    /// Plays on this listener until [`Suite::stop`], or until it is dropped.
    ///
    /// # Errors
    /// When the listener has no local address, or no second port is to be had.
    pub fn start(
        settings: Settings,
        listener: TcpListener,
        clock: Clock,
        entropy: &Entropy,
    ) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let dead = match settings.dead_url {
            Some(_) => None,
            None => Some(DeadAddress::beside(addr)?),
        };
        let given = |url: &Option<BaseUrl>| url.as_ref().map(|url| url.as_str().to_owned());
        let center = given(&settings.public_url).unwrap_or_else(|| url(addr));
        let nobody = given(&settings.dead_url).or_else(|| dead.as_ref().map(|dead| url(dead.addr)));
        let urls = Arc::new(Urls { center, nobody: nobody.unwrap_or_default() });
        let session = Session::new(settings, clock, entropy);
        let session = Arc::new(session.ok_or_else(|| io::Error::other("tokens could not be made"))?);
        let (stop, stopping) = watch::channel(false);
        let server = tokio::spawn(serve::accept(Arc::clone(&session), listener, Arc::clone(&urls), stopping));
        Ok(Self { session, addr, urls, _dead: dead, stop, server })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the vendor needs to know.
    pub fn brief(&self) -> Brief {
        brief::of(&self.session, &self.urls)
    }

    /// What has been found so far.
    pub fn judged(&self) -> Judged {
        self.session.judged()
    }

    /// The report of what has been seen so far.
    pub fn report(&self) -> Report {
        report::write(&self.session)
    }

    /// What a test center can sign about a report of this run, of which `file` is what was written (`report.json`).
    pub fn statement(&self, report: &Report, file: &[u8], facts: RunFacts) -> RunReport {
        statement::of(&self.session, report, file, facts)
    }

    /// The report as one self-contained page.
    pub fn report_html(&self) -> String {
        page::report(&self.report())
    }

    /// Returns when every situation is over and it has been quiet for a while, when somebody asked for the end, or when the
    /// time of the run is over ([`Settings::run_time`]). Whatever it is, the suite goes on playing until it is stopped.
    pub async fn finished(&self) -> End {
        let session = &self.session;
        end::wait(&session.changed, &session.finish, || {
            end::of(session.is_over(), session.now(), session.is_late())
        })
        .await
    }

    /// Stops accepting and drops what is held.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // An error would mean that the server panicked, and then there is nothing left to stop.
        let _ = self.server.await;
    }
}

fn url(addr: SocketAddr) -> String {
    format!("http://{addr}")
}
