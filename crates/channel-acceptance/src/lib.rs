//! The acceptance suite for channel apps (渠道接入验收): a center that plays situations against an app and says, rule by
//! rule, whether the app did right. It is the other half of `yanmi-acceptance`, which tries institutions.
//!
//! The persons of the play:
//!
//! * the **channel app** is pointed at the suite as at any center. It takes what is posted to its notice address, shows it,
//!   and reports what the insured person did. It is tried whole; nothing of it is replaced.
//! * the **tester** is the insured person: begins a situation on the suite's page, does on the app what the steps say, and
//!   tells what the app shows. A program may do the same ([`brief`], the *sink*).
//! * the **playing center** ([`ChannelSuite`]) speaks the real envelope. What it posts and answers is scripted by the
//!   situation ([`situation`]).
//! * the **record** ([`event`]) is all that was seen and told, and nothing else.
//! * the **judge** ([`judge`](mod@judge)) is a pure function over the record. It knows the [`rule`]s, each with where it is
//!   written.
//! * the **sample apps** ([`sample`]) are a correct one, made of `yanmi-channel`, and many with one honest mistake each. They try the
//!   suite itself. Judge and playing center use nothing an app is made of: an error in it would excuse itself.
//!
//! What is not claimed: whether the screen shows what is told. An app, or a tester, that tells something else is not found out.
//!
//! Everything has an end: an answer of the app has [`settings::PATIENCE`], a report that is not answered is let go after
//! [`settings::HANG`], a situation after [`situation::SITUATION_TIME`], a run after its own time, and the record holds [`session::MAX_EVENTS`] events.
//! The only address that is called is the notice address that was given.

pub mod act;
pub mod brief;
pub mod cast;
pub mod event;
pub mod judge;
pub mod notice_url;
pub mod play;
pub mod post;
pub mod report;
pub mod rule;
pub mod sample;
pub mod session;
pub mod settings;
pub mod sink;
pub mod situation;
pub mod transport;

mod ambient;
mod answer;
mod director;
mod page;
mod round;
mod seen;
mod serve;
mod situations;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use yanmi_acceptance::{End, RunFacts, end};
use yanmi_papers::RunReport;

pub use ambient::{Clock, Entropy};
pub use brief::{Brief, Scene};
pub use judge::{Judged, judge};
pub use notice_url::NoticeUrl;
pub use report::Report;
pub use rule::Rule;
pub use settings::Settings;
pub use situation::Situation;
pub use transport::{Direct, Transport};

use session::Session;

/// A running suite.
pub struct ChannelSuite {
    session: Arc<Session>,
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl std::fmt::Debug for ChannelSuite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelSuite").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl ChannelSuite {
    /// Plays on this listener until [`ChannelSuite::stop`], or until it is dropped.
    ///
    /// # Errors
    /// When the listener has no local address, or what is invented for the play could not be made.
    pub fn start(
        settings: Settings,
        listener: TcpListener,
        clock: Clock,
        entropy: &Entropy,
    ) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let public = settings.public_url.as_ref().map(|url| url.as_str().to_owned());
        let base = public.unwrap_or_else(|| format!("http://{addr}"));
        let session = Session::new(settings, base, clock, entropy).map_err(io::Error::other)?;
        let session = Arc::new(session);
        let (stop, stopping) = watch::channel(false);
        let server = tokio::spawn(serve::accept(Arc::clone(&session), listener, stopping));
        Ok(Self { session, addr, stop, server })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the vendor needs to know. Playing a situation again changes its token and numbers.
    pub fn brief(&self) -> Brief {
        brief::of(&self.session)
    }

    /// What has been found so far.
    pub fn judged(&self) -> Judged {
        self.session.judged()
    }

    /// The report of what has been seen so far.
    pub fn report(&self) -> Report {
        report::write(&self.session)
    }

    /// The report as one self-contained page.
    pub fn report_html(&self) -> String {
        page::report(&self.report())
    }

    /// What a test center says about a run with this report, of which `file` is what was written.
    pub fn statement(&self, report: &Report, file: &[u8], facts: RunFacts) -> RunReport {
        report::statement(&self.session, report, file, facts)
    }

    /// Returns when every situation is over and it has been quiet for a while, when somebody asked for the end, or when the
    /// time of the run is over ([`Settings::run_time`]). Whatever it is, the suite goes on playing until it is stopped.
    pub async fn finished(&self) -> End {
        let session = &self.session;
        let look = || end::of(session.is_over(), session.now(), session.is_late());
        end::wait(&session.changed, &session.finish, look).await
    }

    /// Stops accepting and drops what is held.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // An error would mean that the server panicked, and then there is nothing left to stop.
        let _ = self.server.await;
    }
}
