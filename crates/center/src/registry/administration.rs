//! Changing the registry: what the command line and the sandbox do.
//!
//! Each change is one transaction: the row, the event that says who did it and why, and the version, so that every running
//! center takes it over. A change of something that is not there, or is there already, is refused, which is an event too;
//! what cannot be stored at all (a name nobody may be shown) is told to who typed it, and is none.

use yanmi_onboarding::{Area, Contact};
use yanmi_protocol::{AccountId, ChannelId, OrgCode, Sm4Key};

use super::account::{self, AccountRow};
use super::administration_error::AdministrationError;
use super::channel::{self, ChannelRow};
use super::institution::{self, InstitutionRow};
use super::institution_contact;
use crate::config::Database;
use crate::events::OperatorEvent;
use crate::events::operator_events::EventScope;
use crate::events::{self, ChainReport, operator_events};
use crate::ports::{Disk, Entropy};
use crate::sealing::Sealer;
use crate::store::Store;
use crate::store::connection::Connection;

/// Lists and changes accounts, institutions and channels.
#[derive(Debug)]
pub struct Administration {
    pub(super) connection: Connection,
    pub(super) sealer: Sealer,
    pub(super) takes_trial: bool,
}

impl Administration {
    /// Opens a database, which is created if it is empty. One of an older version is left as it is.
    ///
    /// # Errors
    /// When it cannot be opened or does not belong to the key.
    pub async fn open(
        database: impl Into<Database>,
        key: &Sm4Key,
        entropy: Entropy,
    ) -> Result<Self, AdministrationError> {
        Self::open_given(database, key, (Disk::system(), entropy)).await
    }

    /// The same with an embedded database on this disk.
    ///
    /// # Errors
    /// The same.
    pub async fn open_given(
        database: impl Into<Database>,
        key: &Sm4Key,
        (disk, entropy): (Disk, Entropy),
    ) -> Result<Self, AdministrationError> {
        let sealer = Sealer::new(key, entropy);
        let store = Store::open(&database.into(), &disk, &sealer).await?;
        Ok(Self { connection: store.connect().await?, sealer, takes_trial: false })
    }

    /// The same for who has a store open already.
    pub(crate) async fn within(store: &Store, sealer: &Sealer) -> Result<Self, AdministrationError> {
        Ok(Self { connection: store.connect().await?, sealer: sealer.clone(), takes_trial: false })
    }

    /// The same for a test center, where accounts of joint debugging (`t-`) are registered; elsewhere they are refused.
    #[must_use]
    pub const fn with_trial_accounts(mut self, takes: bool) -> Self {
        self.takes_trial = takes;
        self
    }

    /// All accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&mut self) -> Result<Vec<AccountRow>, AdministrationError> {
        let stored = account::all(&mut self.connection, &self.sealer).await?;
        Ok(stored.into_iter().map(AccountRow::from).collect())
    }

    /// All institutions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn institutions(&mut self) -> Result<Vec<InstitutionRow>, AdministrationError> {
        Ok(institution::all(&mut self.connection).await?)
    }

    /// All channels.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels(&mut self) -> Result<Vec<ChannelRow>, AdministrationError> {
        let stored = channel::all(&mut self.connection, &self.sealer).await?;
        Ok(stored.into_iter().map(ChannelRow::from).collect())
    }

    /// One account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account(&mut self, id: &AccountId) -> Result<Option<AccountRow>, AdministrationError> {
        Ok(account::one(&mut self.connection, &self.sealer, id).await?)
    }

    /// One institution.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn institution(
        &mut self,
        code: &OrgCode,
    ) -> Result<Option<InstitutionRow>, AdministrationError> {
        Ok(institution::one(&mut self.connection, code).await?)
    }

    /// Whom to call about an institution; nothing where there is none.
    ///
    /// # Errors
    /// When the database fails, or what is stored does not open.
    pub async fn institution_contact(&mut self, code: &OrgCode) -> Result<Contact, AdministrationError> {
        Ok(institution_contact::one(&mut self.connection, &self.sealer, code).await?)
    }

    /// One channel.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channel(&mut self, id: &ChannelId) -> Result<Option<ChannelRow>, AdministrationError> {
        Ok(channel::one(&mut self.connection, &self.sealer, id).await?)
    }

    /// So many institutions of these areas after a code, of which code or name contain a text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn institutions_in(
        &mut self,
        areas: &[Area],
        after: &str,
        find: &str,
        count: usize,
    ) -> Result<Vec<InstitutionRow>, AdministrationError> {
        Ok(institution::page(&mut self.connection, areas, after, find, count).await?)
    }

    /// So many events before a number that somebody may see, the newest first, of which actor or object contain a text.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn events_before(
        &mut self,
        scope: &EventScope,
        before: i64,
        find: &str,
        count: usize,
    ) -> Result<Vec<OperatorEvent>, AdministrationError> {
        Ok(operator_events::before(&mut self.connection, scope, before, find, count).await?)
    }

    /// The events after a number, the oldest first, a page of them; none when there is none further.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&mut self, after: i64) -> Result<Vec<OperatorEvent>, AdministrationError> {
        let page = operator_events::page(&mut self.connection, after).await?;
        Ok(page.into_iter().map(|link| link.event).collect())
    }

    /// Looks whether the chain of events is whole.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_events(&mut self) -> Result<ChainReport, AdministrationError> {
        Ok(events::verify(&mut self.connection).await?)
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(self) -> Result<(), AdministrationError> {
        Ok(self.connection.close().await?)
    }
}
