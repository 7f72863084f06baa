//! The desk (收费窗口): one visit from the scanned code to the decision, everything recorded on the way.
//!
//! This is what a program uses that wants no more than to be told whether to settle. Every method stores what it did
//! before it answers, so a program may be ended between any two of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::message::decode::Decoded;
use yanmi_protocol::{Amount, EcToken};

use crate::ambient::Ambient;
use crate::center::CenterClient;
use crate::decode::DecodeRequest;
use crate::failure::{CallError, Failure, Report};
use crate::gate::{
    self, Advice, Ask, Decision, NoticeOutcome, OfflineOutcome, Rules, Source, Verdict, Visit, VisitId, Way,
};
use crate::http::SetupError;
use crate::offline::{self, CredentialPassword, DynamicLibrary, Subject, Terminal};
use crate::settings::ClientConfig;
use crate::status::StatusQuery;
use crate::visits::{NewVisit, Visits, VisitsError};

/// Why a desk cannot do what it was asked. `Display` is Chinese. Nothing of this ever means "settle".
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeskError {
    /// The configuration has no table `visits`.
    NoVisits,
    /// The client cannot be made.
    Setup(SetupError),
    /// The visits cannot be read or written.
    Visits(VisitsError),
    /// The code could not be decoded.
    Decode(CallError),
    /// No terminal or library was plugged in.
    NoPort(Way),
    /// The visit has no token to ask about.
    NoToken,
}

impl fmt::Display for DeskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVisits => f.write_str("配置缺少 [visits]：就诊记录保存在哪里"),
            Self::Setup(error) => write!(f, "{error}"),
            Self::Visits(error) => write!(f, "{error}"),
            Self::Decode(error) => write!(f, "解码失败：{error}"),
            Self::NoPort(way) => write!(f, "未接入{}", way.name()),
            Self::NoToken => f.write_str("本次就诊没有电子凭证令牌，无法查询线上核验状态"),
        }
    }
}

impl std::error::Error for DeskError {}

impl From<VisitsError> for DeskError {
    fn from(error: VisitsError) -> Self {
        Self::Visits(error)
    }
}

impl From<SetupError> for DeskError {
    fn from(error: SetupError) -> Self {
        Self::Setup(error)
    }
}

/// A notice and what to do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeResult {
    /// The visit, with the notice recorded.
    pub visit: Visit,
    /// What to do when it failed; nothing when the channel has it, or when no password is needed (500320).
    pub advice: Option<Verdict>,
    /// How the call went, with the clock's drift.
    pub report: Report,
}

/// A decision that is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredDecision {
    /// The visit, with the decision recorded.
    pub visit: Visit,
    /// The decision.
    pub decision: Decision,
    /// How the status query went, when one was needed.
    pub report: Option<Report>,
}

impl StoredDecision {
    /// Whether to settle.
    pub const fn settles(&self) -> bool {
        self.decision.verdict.settles()
    }

    /// Why not, and the next step; nothing when it settles.
    pub const fn advice(&self) -> Option<&Advice> {
        match &self.decision.verdict {
            Verdict::Settle(_) => None,
            Verdict::Refuse(advice) | Verdict::FallBack(advice) => Some(advice),
        }
    }
}

/// A desk. Shared freely between threads.
///
/// ```
/// use std::sync::Arc;
///
/// use yanmi_client::gate::{Ask, Medium, OfflineOutcome, Settlement, Way};
/// use yanmi_client::visits::NewVisit;
/// use yanmi_client::{ClientConfig, Desk, Machine};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let text = r#"
///     org_id = "his001"
///     key = "00112233445566778899AABBCCDDEEFF"
///     region = "350000"
///     org_code = "H35010000001"
///     org_name = "福州示范医院"
///     [center]
///     urls = ["http://127.0.0.1:8350"]
///     [visits]
///     file = "visits.sqlite"
///     key = "FFEEDDCCBBAA99887766554433221100"
/// "#;
/// let config = ClientConfig::from_toml(text, folder.path(), &|_| None)?;
/// let desk = Desk::open(&config, Arc::new(Machine::new()))?;
///
/// // A card was read, and its password has not been checked.
/// let visit = desk.begin(&NewVisit::with(Medium::SocialSecurityCard))?;
/// let ask = Ask { kind: Settlement::Outpatient, amount: "128.50".parse()? };
/// assert!(!desk.gate(visit.id(), ask)?.settles());
///
/// // The terminal has checked it, and gave the check a number.
/// let passed = OfflineOutcome::Passed { serial: Some("T20251123".to_owned()), token: None };
/// desk.record_offline(visit.id(), Way::TerminalPassword, passed)?;
/// assert!(desk.gate(visit.id(), ask)?.settles());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Desk {
    client: CenterClient,
    visits: Visits,
    rules: Rules,
    ambient: Arc<dyn Ambient>,
    notice_pause: Duration,
    terminal: Option<Arc<dyn Terminal>>,
    library: Option<Arc<dyn DynamicLibrary>>,
}

impl Desk {
    /// A desk as configured, over the real network.
    ///
    /// # Errors
    /// [`DeskError`]; nothing is called yet.
    pub fn open(config: &ClientConfig, ambient: Arc<dyn Ambient>) -> Result<Self, DeskError> {
        let client = CenterClient::new(config, Arc::clone(&ambient))?;
        let settings = config.visits.as_ref().ok_or(DeskError::NoVisits)?;
        let visits = Visits::open(settings, Arc::clone(&ambient))?;
        client.keep_in(&visits)?;
        Ok(Self::of(client, visits, config, ambient))
    }

    /// A desk of parts.
    pub fn of(
        client: CenterClient,
        visits: Visits,
        config: &ClientConfig,
        ambient: Arc<dyn Ambient>,
    ) -> Self {
        let rules = Rules { status_serial: config.center.status_serial, ..config.gate };
        let notice_pause = config.center.notice_pause;
        Self { client, visits, rules, ambient, notice_pause, terminal: None, library: None }
    }

    /// The same with a terminal.
    #[must_use]
    pub fn with_terminal(self, terminal: Arc<dyn Terminal>) -> Self {
        Self { terminal: Some(terminal), ..self }
    }

    /// The same with a dynamic library.
    #[must_use]
    pub fn with_library(self, library: Arc<dyn DynamicLibrary>) -> Self {
        Self { library: Some(library), ..self }
    }

    /// The offline ways this desk can have checked by itself.
    pub fn plugged(&self) -> Vec<Way> {
        Way::ALL.into_iter().filter(|way| self.has_port(*way)).collect()
    }

    fn has_port(&self, way: Way) -> bool {
        match way {
            Way::Online => false,
            Way::TerminalFace | Way::TerminalPassword => {
                self.terminal.as_ref().is_some_and(|terminal| terminal.offers(way))
            }
            Way::LibraryPassword => self.library.is_some(),
        }
    }

    /// The calls.
    pub const fn client(&self) -> &CenterClient {
        &self.client
    }

    /// The records.
    pub const fn visits(&self) -> &Visits {
        &self.visits
    }

    /// What is gated here.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A person has come, and what was read is known.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn begin(&self, new: &NewVisit) -> Result<Visit, DeskError> {
        Ok(self.visits.begin(new)?)
    }

    /// A code was scanned: has the center decode it and begins a visit. `reference` is the institution's own number.
    ///
    /// # Errors
    /// [`DeskError::Decode`] when the center does not decode; no visit is begun then.
    pub fn scan(
        &self,
        request: &DecodeRequest<'_>,
        reference: Option<&str>,
    ) -> Result<(Visit, Decoded), DeskError> {
        let decoded = self.client.decode(request).map_err(DeskError::Decode)?.answer;
        let token = decoded.ec_token.as_deref().and_then(|token| EcToken::new(token).ok());
        let token = token.ok_or(DeskError::NoToken)?;
        let place = decoded.insu_org.as_deref().unwrap_or_default();
        let new = NewVisit {
            cross_province: gate::is_cross_province(place, self.client.account.region.as_str()),
            reference: reference.map(str::to_owned),
            ..NewVisit::scanned(token)
        };
        Ok((self.visits.begin(&new)?, decoded))
    }

    /// Another code was scanned in the same visit (1.4.4(5)E); send a new notice after it.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn switch_token(&self, id: VisitId, token: EcToken) -> Result<Visit, DeskError> {
        Ok(self.visits.switch_token(id, token)?)
    }

    /// A way was chosen. Sending a notice and recording an offline check choose theirs by themselves.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn choose(&self, id: VisitId, way: Way) -> Result<Visit, DeskError> {
        Ok(self.visits.choose(id, way)?)
    }

    /// 1.7.1: has the person asked. May be called as often as the clerk likes (1.4.4(5)A); one that comes too soon after the
    /// one before waits for the rest of `center.notice_pause_milliseconds`, because the center would refuse it (500084).
    ///
    /// # Errors
    /// [`DeskError`] about the records only: a notice that failed is a result.
    pub fn notify(&self, id: VisitId, amount: Option<Amount>) -> Result<NoticeResult, DeskError> {
        let next = self.visits.get(id)?.notice().and_then(|notice| notice.next_at(self.notice_pause));
        if let Some(next) = next {
            // A clock that was set back makes nobody wait longer.
            self.ambient.pause(next.since(self.ambient.now()).min(self.notice_pause));
        }
        let visit = self.visits.begin_notice(id, amount)?;
        let token = visit.token().ok_or(DeskError::NoToken)?;
        let (answer, report) =
            parted(self.client.notify(token, amount).map(|called| (called.answer, called.report)));
        let visit = self.visits.end_notice(id, visit.epoch(), &answer)?;
        let good = visit.notice().is_some_and(|notice| {
            matches!(notice.outcome, NoticeOutcome::Notified | NoticeOutcome::PasswordFree)
        });
        let advice = if good { None } else { gate::after_notice(&visit, &self.rules) };
        Ok(NoticeResult { visit, advice, report })
    }

    /// 1.7.2 without a decision: where the verification stands, held up to `wait` until it changes. For a screen that
    /// shows it; [`Desk::gate`] asks by itself.
    ///
    /// # Errors
    /// [`DeskError`] about the records only: a query that failed is recorded in the visit.
    pub fn status(&self, id: VisitId, wait: Option<Duration>) -> Result<(Visit, Report), DeskError> {
        let visit = self.visits.get(id)?;
        let token = visit.token().ok_or(DeskError::NoToken)?;
        let (answer, report) = self.ask(token, wait);
        Ok((self.visits.record_status(id, visit.epoch(), &answer)?, report))
    }

    /// An offline check through the port of its way. The password is for the dynamic library only, typed by the
    /// insured person; it is wiped when this returns, and never stored.
    ///
    /// # Errors
    /// [`DeskError`]; a check that failed is a result.
    pub fn verify_offline(
        &self,
        id: VisitId,
        way: Way,
        password: Option<CredentialPassword>,
    ) -> Result<Visit, DeskError> {
        let no_port = DeskError::NoPort(way);
        // Looked at first: a way nobody can go is not to take the place of the one that was chosen.
        if !self.has_port(way) {
            return Err(no_port);
        }
        let visit = self.visits.choose(id, way)?;
        let subject = Subject { visit: id, medium: visit.medium(), token: visit.token() };
        let answer = match (way, &self.terminal, &self.library) {
            (Way::TerminalFace, Some(terminal), _) => terminal.face(&subject),
            (Way::TerminalPassword, Some(terminal), _) => terminal.password(&subject),
            (Way::LibraryPassword, _, Some(library)) => library.password(&subject, password.as_ref()),
            _ => return Err(no_port),
        };
        drop(password);
        Ok(self.visits.record_offline(id, way, offline::outcome(answer), Source::Port)?)
    }

    /// An offline check the institution's program made itself. Passed without a serial it is a mere claim, which the gate
    /// believes only where the site says so.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn record_offline(&self, id: VisitId, way: Way, outcome: OfflineOutcome) -> Result<Visit, DeskError> {
        Ok(self.visits.record_offline(id, way, outcome, Source::Caller)?)
    }

    /// May this be settled? Asks the center when that is needed; the decision is stored before it is returned.
    ///
    /// # Errors
    /// [`DeskError`]: nothing was decided, so do not settle.
    pub fn gate(&self, id: VisitId, ask: Ask) -> Result<StoredDecision, DeskError> {
        let visit = self.visits.get(id)?;
        let (status, report) = match visit.token().filter(|_| gate::needs_status(&visit, &ask, &self.rules)) {
            Some(token) => {
                let (answer, report) = self.ask(token, None);
                (Some((visit.epoch(), answer)), Some(report))
            }
            None => (None, None),
        };
        let visit = self.visits.decide(id, status, ask, &self.rules)?;
        let decision = visit.decision().cloned().ok_or(VisitsError::Interrupted)?;
        Ok(StoredDecision { visit, decision, report })
    }

    fn ask(&self, token: EcToken, wait: Option<Duration>) -> (Result<crate::StatusAnswer, Failure>, Report) {
        let called = self.client.status(StatusQuery { token, wait });
        parted(called.map(|called| (called.answer, called.report)))
    }
}

/// Programs call from any thread.
const fn is_shared<T: Send + Sync>() {}
const _: () = is_shared::<Desk>();

/// An answer or a failure, and how the call went in either case.
fn parted<T>(called: Result<(T, Report), CallError>) -> (Result<T, Failure>, Report) {
    match called {
        Ok((answer, report)) => (Ok(answer), report),
        Err(error) => (Err(error.failure), error.report),
    }
}
