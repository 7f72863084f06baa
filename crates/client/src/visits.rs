//! Visits survive: what is known about each is in a file before anybody is told of it.
//!
//! A program that was ended at any moment finds on its next start where every visit stood: the medium that was read,
//! the way that was chosen, whether a notice may be out, what came back, what was decided. Every step is one durable
//! transaction (`synchronous=FULL`, write-ahead log) and is answered after its commit; threads that step at the same
//! time share a commit.
//!
//! The file holds no personal data in the clear: a record is sealed (SM4-GCM, bound to its visit), and found again by
//! the visit's number or by a keyed hash. Passwords and identities are in no record at all. A visit is deleted when
//! nothing has happened to it for the configured time.

mod error;
mod sealing;
mod store;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};
use yanmi_protocol::{Amount, EcToken, UnixMillis};

pub use self::error::{MAX_REFERENCE, VisitsError};
use self::sealing::Sealer;
use self::store::Store;
use crate::ambient::Ambient;
use crate::answer::{NoticeAnswer, StatusAnswer};
use crate::failure::Failure;
use crate::gate::{self, Ask, Decision, Medium, OfflineOutcome, Rules, Source, Visit, VisitId, Way};
use crate::settings::VisitsSettings;

/// Visits one listing answers.
pub const MAX_LISTED: u32 = 100;
/// Old visits deleted at the beginning of each new one, so that no single caller pays for all.
const SWEPT_AT_ONCE: u32 = 100;

/// A person who has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewVisit {
    /// What was read.
    pub medium: Medium,
    /// What decoding the QR code yielded; required when one was read.
    pub token: Option<EcToken>,
    /// Whether the patient is of another province; see [`gate::is_cross_province`].
    pub cross_province: bool,
    /// Of a face at the terminal: the number (serial or `authNo`) the terminal gave it, which is what shows it.
    pub evidence: Option<String>,
    /// The institution's own number for it, to find it again; at most [`MAX_REFERENCE`] characters.
    pub reference: Option<String>,
}

impl NewVisit {
    /// A visit whose QR code yielded this token.
    pub const fn scanned(token: EcToken) -> Self {
        Self {
            medium: Medium::QrCode,
            token: Some(token),
            cross_province: false,
            evidence: None,
            reference: None,
        }
    }

    /// A visit with another medium.
    pub const fn with(medium: Medium) -> Self {
        Self { medium, token: None, cross_province: false, evidence: None, reference: None }
    }
}

/// A center and account whose answers may have carried a mac.
#[derive(Debug)]
pub(crate) struct ProvenCenter {
    store: Arc<Store>,
    index: Vec<u8>,
    known: bool,
}

impl ProvenCenter {
    /// Whether that was kept.
    pub(crate) const fn is_known(&self) -> bool {
        self.known
    }

    /// Keeps it; tells whether that could be done.
    pub(crate) fn keep(&self) -> bool {
        let index = self.index.clone();
        let kept = self.store.write(move |connection| {
            connection.execute("INSERT OR IGNORE INTO proven_centers (center) VALUES (?1)", [index])
        });
        kept.is_ok()
    }
}

/// The visits in one file. Shared freely between threads; several processes may share the file.
#[derive(Debug)]
pub struct Visits {
    store: Arc<Store>,
    sealer: Arc<Sealer>,
    retain: Duration,
    ambient: Arc<dyn Ambient>,
}

impl Visits {
    /// Opens the file, makes it when it is not there, and deletes what has been kept long enough.
    ///
    /// # Errors
    /// [`VisitsError`]; a file that is not ours is left as it is.
    pub fn open(settings: &VisitsSettings, ambient: Arc<dyn Ambient>) -> Result<Self, VisitsError> {
        let sealer = Arc::new(Sealer::new(&settings.key));
        let store = Arc::new(Store::open(&settings.file, &sealer, &*ambient)?);
        let visits = Self { store, sealer, retain: settings.retain, ambient };
        while visits.sweep()? > 0 {}
        Ok(visits)
    }

    /// Where it is kept that answers of a center to an account carried a mac.
    pub(crate) fn center(&self, region: &str, org_id: &str) -> Result<ProvenCenter, VisitsError> {
        let index = self.sealer.index("center", &format!("{region}&{org_id}"));
        let key = index.clone();
        let known = self.store.read(move |connection| {
            connection
                .query_row("SELECT 1 FROM proven_centers WHERE center = ?1", [key], |_| Ok(()))
                .optional()
        })?;
        Ok(ProvenCenter { store: Arc::clone(&self.store), index, known: known.is_some() })
    }

    /// A person has come: records what was read.
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn begin(&self, new: &NewVisit) -> Result<Visit, VisitsError> {
        let fits = |text: &String| (1..=MAX_REFERENCE).contains(&text.chars().count());
        if !new.reference.as_ref().is_none_or(fits) {
            return Err(VisitsError::Reference);
        }
        let now = self.ambient.now();
        let mut bytes = [0; 16];
        self.ambient.fill(&mut bytes);
        let mut visit = Visit::begin(VisitId::from_bytes(bytes), new.medium, new.token, now)?;
        visit.cross_province = new.cross_province;
        visit.evidence = new.evidence.clone().filter(|serial| !serial.trim().is_empty());
        visit.reference.clone_from(&new.reference);
        let row = self.row(&visit);
        let reference = new.reference.as_deref().map(|text| self.sealer.index("reference", text));
        let before = now.minus(self.retain);
        self.store.write(move |connection| {
            sweep(connection, before)?;
            connection
                .prepare_cached(
                    "INSERT INTO visits (id, reference, begun_at, changed_at, record) VALUES (?1, ?2, ?3, ?3, ?4)",
                )?
                .execute(params![row.id, reference, now.get(), row.record])?;
            Ok(())
        })?;
        Ok(visit)
    }

    /// The visit of this number.
    ///
    /// # Errors
    /// [`VisitsError::NotFound`] among others.
    pub fn get(&self, id: VisitId) -> Result<Visit, VisitsError> {
        self.store.read(|connection| load(connection, &self.sealer, id))?
    }

    /// The visits with the institution's own number, the newest first.
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn find(&self, reference: &str) -> Result<Vec<Visit>, VisitsError> {
        let index = self.sealer.index("reference", reference);
        self.list("SELECT id, record FROM visits WHERE reference = ?1 ORDER BY begun_at DESC LIMIT ?2", index)
    }

    /// The visits something happened to since, the latest first, at most [`MAX_LISTED`]: where a restarted program was.
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn since(&self, moment: UnixMillis) -> Result<Vec<Visit>, VisitsError> {
        let query = "SELECT id, record FROM visits WHERE changed_at >= ?1 ORDER BY changed_at DESC LIMIT ?2";
        self.list(query, moment.get())
    }

    /// A way was chosen (1.6.2(4)).
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn choose(&self, id: VisitId, way: Way) -> Result<Visit, VisitsError> {
        self.step(id, move |visit, _, _| Ok(visit.choose(way)?))
    }

    /// Another code was scanned (1.4.4(5)E).
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn switch_token(&self, id: VisitId, token: EcToken) -> Result<Visit, VisitsError> {
        self.step(id, move |visit, _, _| Ok(visit.switch_token(token)?))
    }

    /// A notice is about to be sent. The visit's [`Visit::epoch`] goes into [`Visits::end_notice`].
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn begin_notice(&self, id: VisitId, amount: Option<Amount>) -> Result<Visit, VisitsError> {
        self.step(id, move |visit, _, now| Ok(visit.begin_notice(amount, now).map(drop)?))
    }

    /// What came of the notice. An answer whose serial a visit of another token has had is not believed; two visits with one
    /// token are one verification to the center.
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn end_notice(
        &self,
        id: VisitId,
        epoch: u32,
        answer: &Result<NoticeAnswer, Failure>,
    ) -> Result<Visit, VisitsError> {
        let answer = answer.clone();
        let serial = match &answer {
            Ok(NoticeAnswer::Notified { serial, .. }) => Some(self.sealer.index("serial", serial)),
            _ => None,
        };
        let sealer = Arc::clone(&self.sealer);
        self.step(id, move |visit, connection, now| {
            let ours = match serial {
                Some(serial) => {
                    let owner = claim(connection, &serial, visit.id)?;
                    let token = |owner| load(connection, &sealer, owner).ok()?.ok()?.token;
                    owner == visit.id || token(owner).is_some_and(|token| Some(token) == visit.token)
                }
                None => true,
            };
            if ours {
                visit.end_notice(epoch, answer.as_ref(), now);
            } else {
                let foreign = Failure::Foreign("通知应答的流水号属于另一个令牌的就诊");
                visit.end_notice(epoch, Err(&foreign), now);
            }
            Ok(())
        })
    }

    /// What the center answered to a status query asked in this epoch.
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn record_status(
        &self,
        id: VisitId,
        epoch: u32,
        answer: &Result<StatusAnswer, Failure>,
    ) -> Result<Visit, VisitsError> {
        let answer = answer.clone();
        self.step(id, move |visit, _, now| {
            visit.record_status(epoch, answer.as_ref(), now);
            Ok(())
        })
    }

    /// What came of an offline check (1.5.3.2(4)).
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn record_offline(
        &self,
        id: VisitId,
        way: Way,
        outcome: OfflineOutcome,
        source: Source,
    ) -> Result<Visit, VisitsError> {
        self.step(id, move |visit, _, now| Ok(visit.record_offline(way, outcome, source, now)?))
    }

    /// Decides by the record, with the status answer that was just asked for, and stores both before it answers.
    ///
    /// # Errors
    /// [`VisitsError`]: nothing was decided, so do not settle.
    pub fn decide(
        &self,
        id: VisitId,
        status: Option<(u32, Result<StatusAnswer, Failure>)>,
        ask: Ask,
        rules: &Rules,
    ) -> Result<Visit, VisitsError> {
        let rules = *rules;
        self.step(id, move |visit, _, now| {
            if let Some((epoch, answer)) = &status {
                visit.record_status(*epoch, answer.as_ref(), now);
            }
            let verdict = gate::decide(visit, &ask, &rules, now);
            visit.decision = Some(Decision { verdict, kind: ask.kind, amount: ask.amount, at: now });
            Ok(())
        })
    }

    /// Deletes some of the visits that have been kept long enough; answers how many. Each new visit does so too.
    ///
    /// # Errors
    /// [`VisitsError`].
    pub fn sweep(&self) -> Result<usize, VisitsError> {
        let before = self.ambient.now().minus(self.retain);
        self.store.write(move |connection| sweep(connection, before))
    }

    /// Loads a visit, has it changed, stores it; one transaction.
    fn step(
        &self,
        id: VisitId,
        change: impl FnOnce(&mut Visit, &Connection, UnixMillis) -> Result<(), VisitsError> + Send + 'static,
    ) -> Result<Visit, VisitsError> {
        let (sealer, ambient) = (Arc::clone(&self.sealer), Arc::clone(&self.ambient));
        self.store.write(move |connection| {
            let mut visit = match load(connection, &sealer, id)? {
                Ok(visit) => visit,
                Err(error) => return Ok(Err(error)),
            };
            let now = ambient.now();
            if let Err(error) = change(&mut visit, connection, now) {
                return Ok(Err(error));
            }
            let row = VisitRow::of(&visit, &sealer, &*ambient);
            connection
                .prepare_cached("UPDATE visits SET changed_at = ?2, record = ?3 WHERE id = ?1")?
                .execute(params![row.id, now.get(), row.record])?;
            Ok(Ok(visit))
        })?
    }

    fn row(&self, visit: &Visit) -> VisitRow {
        VisitRow::of(visit, &self.sealer, &*self.ambient)
    }

    fn list(&self, query: &str, key: impl rusqlite::ToSql) -> Result<Vec<Visit>, VisitsError> {
        let rows = self.store.read(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query_map(params![key, MAX_LISTED], id_and_record)?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        rows.into_iter().map(|(id, record)| self.sealer.open(id, &record)).collect()
    }
}

/// A visit as its row.
struct VisitRow {
    id: [u8; 16],
    record: Vec<u8>,
}

impl VisitRow {
    fn of(visit: &Visit, sealer: &Sealer, ambient: &dyn Ambient) -> Self {
        Self { id: visit.id.bytes(), record: sealer.seal(visit, ambient) }
    }
}

fn id_and_record(row: &Row<'_>) -> rusqlite::Result<(VisitId, Vec<u8>)> {
    Ok((VisitId::from_bytes(row.get(0)?), row.get(1)?))
}

/// The visit, or why there is none; the outer error is the database's.
fn load(
    connection: &Connection,
    sealer: &Sealer,
    id: VisitId,
) -> rusqlite::Result<Result<Visit, VisitsError>> {
    let mut statement = connection.prepare_cached("SELECT id, record FROM visits WHERE id = ?1")?;
    let found = statement.query_row([id.bytes()], id_and_record).optional()?;
    Ok(match found {
        Some((id, record)) => sealer.open(id, &record),
        None => Err(VisitsError::NotFound(id)),
    })
}

/// Notes that a serial belongs to a visit, unless it is another's already; answers whose it is.
fn claim(connection: &Connection, serial: &[u8], visit: VisitId) -> Result<VisitId, VisitsError> {
    let noted = connection
        .prepare_cached("INSERT INTO serials (serial, visit) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .and_then(|mut statement| statement.execute(params![serial, visit.bytes()]))
        .and_then(|_| {
            let mut statement = connection.prepare_cached("SELECT visit FROM serials WHERE serial = ?1")?;
            statement.query_row([serial], |row| row.get::<_, [u8; 16]>(0))
        });
    // A failing statement is found again, and told, by the update that follows.
    noted.map(VisitId::from_bytes).map_err(|_| VisitsError::Interrupted)
}

fn sweep(connection: &Connection, before: UnixMillis) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM visits WHERE id IN (SELECT id FROM visits WHERE changed_at < ?1 LIMIT ?2)",
        )?
        .execute(params![before.get(), SWEPT_AT_ONCE])
}
