//! Who registers a world at its center.

use yanmi_center::config::Database;
use yanmi_center::ports::Ports;
use yanmi_center::registry::{Administration, AdministrationError};
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_protocol::{Sm4Key, UnixMillis};

use crate::sandbox_error::SandboxError;

/// A way into the registry of a center: its database, its key-encryption key, and the time and chance it is registered by.
#[derive(Clone, Debug)]
pub struct Registrar {
    /// The center's database.
    pub database: Database,
    /// The center's key-encryption key.
    pub key: Sm4Key,
    /// Time and chance.
    pub ports: Ports,
}

impl Registrar {
    /// Opens the registry; whoever opened it closes it.
    ///
    /// # Errors
    /// When the database cannot be had, or belongs to another key.
    pub async fn open(&self) -> Result<Administration, AdministrationError> {
        let opened = Administration::open(&self.database, &self.key, self.ports.entropy.clone()).await?;
        // Everything here is for trying, and may say so in its name.
        Ok(opened.with_trial_accounts(true))
    }

    /// Brings the database up to date, and makes it when it is not there: a sandbox has no other command that would.
    ///
    /// # Errors
    /// When it cannot be brought up to date; it is as it was then.
    pub async fn migrate(&self) -> Result<(), SandboxError> {
        let entropy = self.ports.entropy.clone();
        let migrated = migrate(&self.database, &self.key, entropy, &Schema::current(), false).await;
        migrated.map(drop).map_err(|error| SandboxError::because("数据库没有升级", &error))
    }

    /// What time it is.
    pub(crate) fn now(&self) -> UnixMillis {
        self.ports.clock.now()
    }
}
