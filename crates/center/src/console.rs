//! What the pages of operators and applicants work with: one connection for all of them, and bounds on what a login costs.
//!
//! Those who log in are few, so their pages share a connection of their own, one after the other: what they read and change never
//! takes anything from requests. When it is lost, the next page has a new one.

use std::num::NonZeroU32;

use tokio::sync::{Mutex, MutexGuard, Notify, Semaphore, SemaphorePermit};
use yanmi_http::Bodies;
use yanmi_onboarding::application::Calendar;
use yanmi_protocol::UnixMillis;
use yanmi_sheet::MAX_FILE;
use zeroize::Zeroizing;

use crate::config::{Config, Line};
use crate::limits::{AttemptSum, Attempts, SourceLimiter};
use crate::registry::{Administration, AdministrationError, FeedbackTerms, FeedbackTermsError, TestCenters};
use crate::sealing::Sealer;
use crate::staff::{self, OpenIdProvider, PasswordHash};
use crate::store::connection::Connection;
use crate::store::{Replica, Store, StoreError};

/// Passwords that are hashed at the same time: each takes 46 MiB and a tenth of a second.
const HASHED_AT_ONCE: usize = 2;
/// Pages of one face that work or wait at the same time, logins among them; more are turned away. Each face has its own, so
/// that nobody on the network of institutions turns operators away.
const PAGES_AT_ONCE: usize = 32;
/// Bytes of all files that are being sent; one address may have half of it, so two of the largest.
const FILES_BYTES: usize = 4 * (MAX_FILE + 64 * 1024);
/// Logins, invitations, links and passcodes that one address may try in a minute at one face.
const TRIES_A_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// What bounds the pages of one face.
#[derive(Debug)]
pub(crate) struct Entrance {
    pages: Semaphore,
    /// What can be guessed and is tried, by address: logins, invitations, links and passcodes of keys.
    pub(crate) tries: SourceLimiter,
    /// Whether the pages come over TLS.
    pub(crate) secure: bool,
}

impl Entrance {
    fn new(secure: bool) -> Self {
        Self { pages: Semaphore::new(PAGES_AT_ONCE), tries: SourceLimiter::new(TRIES_A_MINUTE), secure }
    }

    /// A place for one page.
    pub(crate) fn enter(&self) -> Result<SemaphorePermit<'_>, ConsoleBusy> {
        self.pages.try_acquire().map_err(|_| ConsoleBusy)
    }
}

/// What all pages of operators and applicants share.
#[derive(Debug)]
pub(crate) struct Console {
    store: Store,
    sealer: Sealer,
    administration: Mutex<Option<Administration>>,
    /// What can only read: one question about what happened at a time, which may take seconds.
    reader: Mutex<Option<Connection>>,
    /// Where that one goes, if not to the database of the center.
    replica: Option<Replica>,
    hashing: Semaphore,
    /// Room for files that operators bring.
    pub(crate) files: Bodies,
    /// Tables that are read at the same time: each may be 64 MiB of XML.
    pub(crate) reading: Semaphore,
    /// Whoever does imports is told that there is one to be done.
    pub(crate) decided: Notify,
    /// What operators try that is out of their reach.
    pub(crate) attempts: Attempts,
    /// What bounds the operators' pages.
    pub(crate) operators: Entrance,
    /// The same of those for applicants.
    pub(crate) applicants: Entrance,
    /// The days that are worked on.
    pub(crate) calendar: Calendar,
    /// What feedback forms are made of, where they are issued.
    pub(crate) terms: Option<FeedbackTerms>,
    /// Whose reports of an acceptance count without a witness.
    pub(crate) test_centers: TestCenters,
    /// Whether accounts of joint debugging are registered here.
    trial_accounts: bool,
    /// Where applicants find their pages, for those who send them there.
    pub(crate) portal: Option<String>,
    /// Who else says who operators are, where there is somebody.
    pub(crate) oidc: Option<OpenIdProvider>,
    /// Whether somebody is told of alarms outside of the console.
    pub(crate) tells_alarms: bool,
    /// The effective settings, as `yanmi check` prints them.
    pub(crate) settings: Vec<Line>,
}

/// Why a page is not answered now.
#[derive(Debug)]
pub(crate) struct ConsoleBusy;

impl Console {
    /// # Errors
    /// When the key of feedback forms or one of a test center cannot be used.
    pub(crate) fn new(
        store: &Store,
        sealer: &Sealer,
        config: &Config,
        oidc: Option<OpenIdProvider>,
    ) -> Result<Self, FeedbackTermsError> {
        Ok(Self {
            store: store.clone(),
            sealer: sealer.clone(),
            administration: Mutex::default(),
            reader: Mutex::default(),
            replica: config.console_database.as_ref().map(Replica::new),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            // Who sends is logged in, so it does not matter that they know who shares with whom.
            files: Bodies::new(FILES_BYTES, 0),
            reading: Semaphore::new(1),
            decided: Notify::new(),
            attempts: Attempts::default(),
            operators: Entrance::new(config.listen.operator.tls_key.is_some()),
            applicants: Entrance::new(config.listen.applicant.tls_key.is_some()),
            calendar: config.onboarding.calendar(),
            terms: FeedbackTerms::load(config)?,
            test_centers: TestCenters::load(config)?,
            trial_accounts: config.onboarding.trial_accounts,
            portal: config.onboarding.portal.as_ref().map(|text| text.as_str().to_owned()),
            oidc,
            tells_alarms: config.alarm_target.is_some(),
            settings: config.explain(),
        })
    }

    /// Somebody who changes the registry of this center.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn hands(&self) -> Result<Administration, AdministrationError> {
        let hands = Administration::within(&self.store, &self.sealer).await?;
        Ok(hands.with_trial_accounts(self.trial_accounts))
    }

    /// Works on the registry, one after the other.
    pub(crate) async fn work<T>(
        &self,
        work: impl AsyncFnOnce(&mut Administration) -> Result<T, AdministrationError>,
    ) -> Result<T, AdministrationError> {
        let mut held = self.administration.lock().await;
        let mut administration = match held.take() {
            Some(administration) => administration,
            None => self.hands().await?,
        };
        let done = work(&mut administration).await;
        // A connection on which something went wrong is not used again.
        if !matches!(done, Err(AdministrationError::Store(_))) {
            *held = Some(administration);
        }
        done
    }

    /// Writes down what operators tried more often than is written down one by one.
    pub(crate) async fn write_attempts(
        &self,
        sums: Vec<AttemptSum>,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let mut written = Ok(());
        for sum in sums {
            let noted = self.work(async |a| a.note_attempts(&sum, now).await).await;
            if noted.is_err() {
                self.attempts.take_back(sum, now);
                written = noted;
            }
        }
        written
    }

    /// The connection that can change nothing, for one question after the other; nothing where there is none yet.
    pub(crate) async fn reader(&self) -> MutexGuard<'_, Option<Connection>> {
        self.reader.lock().await
    }

    /// A new one of it.
    pub(crate) async fn connect_to_read(&self) -> Result<Connection, StoreError> {
        match &self.replica {
            Some(replica) => replica.connect(&self.sealer).await,
            None => self.store.connect_to_read().await,
        }
    }

    /// Whether what it reads may be some seconds old.
    pub(crate) const fn reads_a_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// Whether this is the password; the same work is done when there is none to compare with.
    pub(crate) async fn fits(&self, stored: Option<PasswordHash>, password: Zeroizing<String>) -> bool {
        let Ok(_place) = self.hashing.acquire().await else { return false };
        let compare = move || {
            let Some(stored) = stored else {
                staff::spend(&password);
                return false;
            };
            stored.fits(&password)
        };
        tokio::task::spawn_blocking(compare).await.unwrap_or(false)
    }

    /// What is stored of a password.
    pub(crate) async fn hash(
        &self,
        password: Zeroizing<String>,
    ) -> Result<PasswordHash, AdministrationError> {
        let _place = self.hashing.acquire().await.map_err(|_| AdministrationError::PasswordHash)?;
        let salt = self.sealer.fresh();
        let made = tokio::task::spawn_blocking(move || PasswordHash::make(&password, &salt)).await;
        made.ok().and_then(Result::ok).ok_or(AdministrationError::PasswordHash)
    }

    /// Closes the connection, at a stop, when what was summed is written down.
    pub(crate) async fn close(&self, now: UnixMillis) {
        if let Err(error) = self.write_attempts(self.attempts.rest(), now).await {
            tracing::warn!(cause = %crate::telemetry::chain(&error), "越出辖区的访问次数没有写下");
        }
        if let Some(administration) = self.administration.lock().await.take()
            && let Err(error) = administration.close().await
        {
            tracing::warn!(cause = %crate::telemetry::chain(&error), "关闭管理台的数据库连接失败");
        }
        if let Some(reader) = self.reader.lock().await.take()
            && let Err(error) = reader.close().await
        {
            tracing::warn!(cause = %crate::telemetry::chain(&error), "关闭管理台只读的数据库连接失败");
        }
    }
}
