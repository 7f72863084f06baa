//! Who is who: accounts, institutions and channels.
//!
//! They are few and change seldom, so all of them are held in memory as one immutable snapshot. A request takes
//! the snapshot once and asks nobody else: no lock, no statement. Every change raises a version in the database; a
//! running center looks at it each second and swaps the snapshot when it has moved.
//!
//! Changing them is the business of [`Administration`], used by the command line and the sandbox.

pub(crate) mod account;
pub(crate) mod account_institutions;
mod add;
mod administration;
mod administration_error;
mod alarm;
pub(crate) mod alarms;
mod applicant_change;
mod applicant_session;
pub(crate) mod applicant_sessions;
pub(crate) mod applicant_users;
pub(crate) mod applicants;
mod application;
pub(crate) mod application_forms;
pub(crate) mod application_steps;
pub(crate) mod applications;
mod assignment;
mod attach;
pub(crate) mod attachment_parts;
pub(crate) mod attachments;
mod attempt;
mod attestation;
mod change;
pub(crate) mod channel;
mod credentials;
mod edit;
mod enrolment;
pub(crate) mod feedback_forms;
mod handover;
mod import;
pub(crate) mod import_rows;
pub(crate) mod imports;
mod inspection;
pub(crate) mod institution;
mod institution_contact;
mod invitation;
mod key_offer;
pub(crate) mod key_offers;
mod key_use;
pub(crate) mod key_uses;
mod keys;
mod known_applicant;
mod known_operator;
mod last_visit;
mod limiter;
mod login;
mod misses;
mod networks;
mod object;
mod oidc;
mod operator_change;
pub(crate) mod operator_grants;
pub(crate) mod operator_sessions;
pub(crate) mod operators;
mod password_change;
pub(crate) mod pending;
mod reach;
mod realm;
mod rotation;
mod second_person;
mod session;
mod sessions;
mod snapshot;
mod switch;
mod version;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

pub use account::{AccountRow, Interface, Interfaces, NewAccount};
pub use administration::Administration;
pub use administration_error::AdministrationError;
pub(crate) use alarms::{AlarmFilter, AlarmRow};
pub use applicant_change::{ApplicantUserEdit, NewApplicant, NewApplicantUser};
pub(crate) use applicant_session::ApplicantSession;
pub use applicant_users::ApplicantUserRow;
pub use applicants::ApplicantRow;
pub use application::ApplicationError;
pub use application::FeedbackTermsError;
pub use application::IssuedKeyOffer;
pub(crate) use application::{FeedbackTerms, TestCenters, application_no, round_of, signed_run};
pub(crate) use application_steps::ApplicationStep;
pub(crate) use applications::{ApplicationFilter, ApplicationRow, ListedApplication};
pub use attach::MAX_ACCOUNTS;
pub use channel::{ChannelRow, NewChannel};
pub use edit::{AccountEdit, ChannelEdit, InstitutionEdit};
pub(crate) use enrolment::Invited;
pub(crate) use feedback_forms::FeedbackRow;
pub use handover::{Handover, HandoverError};
pub use import::{
    BroughtTable, Comparison, ImportCursor, ImportDecision, ImportError, ImportFile, ImportStep, ImportTicks,
    RegisteredEntries, check_whole, compare, import_pause, read_table, template,
};
pub use import_rows::{CellFault, FaultyLine, ImportLine, LineKind, LineOutcome};
pub use imports::{ImportCounts, ImportRecord, ImportState};
pub(crate) use inspection::Inspection;
pub use institution::{InstitutionRow, NewInstitution};
pub use invitation::Invitation;
pub use key_offer::KeyOffer;
pub(crate) use key_offer::KeyTaker;
pub(crate) use key_offers::{KeyOfferRow, Void};
pub(crate) use key_uses::KeyUse;
pub(crate) use keys::Keys;
pub use known_applicant::KnownApplicantUser;
pub use known_operator::{KnownOperator, RandomPassword};
pub(crate) use last_visit::LastVisit;
pub use login::{Login, LoginError};
pub(crate) use misses::Misses;
pub use networks::SourceNetworks;
pub use object::Object;
pub(crate) use oidc::OidcTry;
pub use operator_change::{FirstOperators, GRANTED, NewOperator};
pub(crate) use operator_change::{RECOVERED, RECOVERY_SHOWN};
pub use operator_grants::GrantRow;
pub use operators::OperatorRow;
pub(crate) use pending::{Decision, PendingRow};
pub(crate) use realm::Realm;
pub use rotation::{KeyUses, Retirement};
pub(crate) use session::{LoginTry, OperatorSession};
pub(crate) use sessions::SessionRow;
pub(crate) use snapshot::{Account, Defaults, Institution, Snapshot};
pub use switch::Switch;

pub(crate) use crate::events::operator_events::EventScope;
pub use crate::events::{
    Act, Actor, Break, BrokenLink, ChainReport, MAX_ACTOR, MAX_REASON, OperatorEvent, Outcome, action_words,
    change_words, field_words,
};
pub(crate) use crate::events::{Intent, change_rows};
pub use crate::mac_rule::MacRule;
pub use crate::staff::{TotpSecret, TotpSecretError, WeakPassword};
pub use yanmi_sheet::MAX_FILE as MAX_IMPORT_FILE;

use crate::health::Health;
use crate::ports::Clock;
use crate::sealing::Sealer;
use crate::store::connection::{Connection, Statement};
use crate::store::link::{Link, Retry, on_link};
use crate::store::node::Node;
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// The snapshot in force, and how to renew it.
#[derive(Clone, Debug)]
pub(crate) struct Registry(Arc<RegistryState>);

#[derive(Debug)]
struct RegistryState {
    current: ArcSwap<Snapshot>,
    link: Mutex<Link>,
    /// What [`Store::changes`] said before the newest look, or [`UNKNOWN`].
    changes: AtomicU64,
    sealer: Sealer,
    defaults: Defaults,
    clock: Clock,
    /// Where others may run too.
    node: Option<Node>,
    health: Health,
}

/// Where changes are not counted.
const UNKNOWN: u64 = u64::MAX;

impl Registry {
    /// Reads the first snapshot.
    pub(crate) async fn open(
        store: &Store,
        sealer: Sealer,
        defaults: Defaults,
        clock: Clock,
        node: Option<Node>,
        health: Health,
    ) -> Result<Self, StoreError> {
        let mut link = Link::open(store).await?;
        let first = Snapshot::load(link.connection().await?, &sealer, &defaults, clock.now(), None).await?;
        link.ease().await;
        Ok(Self(Arc::new(RegistryState {
            current: ArcSwap::from_pointee(first),
            link: Mutex::new(link),
            changes: AtomicU64::new(UNKNOWN),
            sealer,
            defaults,
            clock,
            node,
            health,
        })))
    }

    /// The snapshot in force.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.0.current.load_full()
    }

    /// Reads a new snapshot if the version in the database has moved or a stop has lapsed; tells whether it has. Tells others that this
    /// center runs, and keeps what it found of the database.
    pub(crate) async fn refresh(&self) -> Result<bool, StoreError> {
        let mut link = self.0.link.lock().await;
        let changes = link.store().changes().unwrap_or(UNKNOWN);
        let refreshed = match link.store().check_place() {
            Ok(()) if self.is_current(changes) => Ok(false),
            Ok(()) => on_link!(&mut link, Retry::once(), |connection| self.refresh_once(connection)),
            Err(error) => Err(error),
        };
        self.0.changes.store(if refreshed.is_ok() { changes } else { UNKNOWN }, Ordering::Relaxed);
        let refreshed = match refreshed {
            Ok(moved) => self.settle(&mut link).await.map(|()| moved),
            Err(error) => Err(error),
        };
        self.0.health.looked(refreshed.as_ref().map(drop));
        refreshed
    }

    /// A batch failed, and the database can be read again: whether it takes changes is tried.
    async fn settle(&self, link: &mut Link) -> Result<(), StoreError> {
        let Some(trouble) = self.0.health.unsettled() else { return Ok(()) };
        link.store().try_room().await?;
        on_link!(link, Retry::once(), |connection| try_writing(connection))?;
        self.0.health.settled(&trouble);
        Ok(())
    }

    /// Whether a look would find what the newest one found.
    fn is_current(&self, changes: u64) -> bool {
        changes != UNKNOWN
            && changes == self.0.changes.load(Ordering::Relaxed)
            && !self.snapshot().is_lapsed(self.0.clock.now())
    }

    async fn refresh_once(&self, connection: &mut Connection) -> Result<bool, StoreError> {
        let current = self.snapshot();
        let now = self.0.clock.now();
        let moved = version::read(connection).await? != current.version() || current.is_lapsed(now);
        if moved {
            let next =
                Snapshot::load(connection, &self.0.sealer, &self.0.defaults, now, Some(&current)).await?;
            self.0.current.store(Arc::new(next));
        }
        if let Some(node) = self.0.node {
            // Which is also what tells whether changes are taken.
            node.beat(connection).await?;
        }
        Ok(moved)
    }

    /// What is known of the database's health.
    pub(crate) fn health(&self) -> &Health {
        &self.0.health
    }

    /// Ends the connection of one that was opened only to see whether it can be, so that nothing is left beside the file.
    pub(crate) async fn close(self) {
        if let Some(inside) = Arc::into_inner(self.0) {
            inside.link.into_inner().close().await;
        }
    }

    /// Tells others that this center has stopped.
    pub(crate) async fn leave(&self) {
        let Some(node) = self.0.node else { return };
        let mut link = self.0.link.lock().await;
        if let Ok(connection) = link.connection().await
            && let Err(error) = node.leave(connection).await
        {
            tracing::warn!(cause = %chain(&error), "未能注销本节点，半分钟之内它仍被视为在运行");
        }
    }
}

/// Tries whether changes are taken by writing what is gone again after the commit.
async fn try_writing(connection: &mut Connection) -> Result<(), StoreError> {
    /// Some pages of a table: on a full disk a server still changes what it has room for.
    const ROOM: &str = "CREATE TEMPORARY TABLE _yanmi_room ON COMMIT DROP AS SELECT generate_series(1, 8192)";
    if let Connection::Postgres(_) = connection {
        return connection.run(Statement::new(ROOM)).await.map(drop);
    }
    connection.begin().await?;
    let written = change_and_undo(connection).await;
    connection.settle(written).await
}

/// A value replaced by itself would not be written by `SQLite`.
async fn change_and_undo(connection: &mut Connection) -> Result<(), StoreError> {
    const CHANGE: &str = "UPDATE site SET next_number = next_number + 1 WHERE id = 1";
    const UNDO: &str = "UPDATE site SET next_number = next_number - 1 WHERE id = 1";
    connection.run(Statement::new(CHANGE)).await?;
    connection.run(Statement::new(UNDO)).await.map(drop)
}
