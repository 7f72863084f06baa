//! The center as an institution sees it: the calls of section 1.7, the password check and the decode.

use std::sync::Arc;

use yanmi_protocol::{KeyCheckValue, UnixMillis};

use crate::addresses::Addresses;
use crate::ambient::Ambient;
use crate::drift::{Clockwork, Drift};
use crate::http::{Network, SetupError};
use crate::proof::Proofs;
use crate::settings::{Account, CenterSettings, ClientConfig, Institution};
use crate::transport::Transport;
use crate::visits::{Visits, VisitsError};

/// One account at one center, called at one or several addresses. Shared freely between threads.
#[derive(Debug)]
pub struct CenterClient {
    pub(crate) account: Account,
    pub(crate) institution: Institution,
    pub(crate) settings: CenterSettings,
    pub(crate) addresses: Addresses,
    pub(crate) clockwork: Clockwork,
    pub(crate) proofs: Proofs,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) ambient: Arc<dyn Ambient>,
}

impl CenterClient {
    /// A client over the real network.
    ///
    /// # Errors
    /// [`SetupError`] when the root certificates cannot be used. Nothing is called yet.
    pub fn new(config: &ClientConfig, ambient: Arc<dyn Ambient>) -> Result<Self, SetupError> {
        let network = Network::new(config.center.roots.as_deref())?;
        Ok(Self::over(config, ambient, Arc::new(network)))
    }

    /// A client over another network.
    pub fn over(config: &ClientConfig, ambient: Arc<dyn Ambient>, transport: Arc<dyn Transport>) -> Self {
        let settings = config.center.clone();
        Self {
            account: config.account.clone(),
            institution: config.institution.clone(),
            addresses: Addresses::new(settings.urls.clone(), settings.order, settings.skip),
            proofs: Proofs::new(settings.mac),
            settings,
            clockwork: Clockwork::default(),
            transport,
            ambient,
        }
    }

    /// The check value of the account's key, to be compared with the one the center shows.
    pub fn key_check_value(&self) -> KeyCheckValue {
        self.account.key.kcv()
    }

    /// Keeps beside the visits whether the center's answers carry a mac, and goes by what was kept.
    ///
    /// # Errors
    /// [`VisitsError`] when the file cannot be read.
    pub fn keep_in(&self, visits: &Visits) -> Result<(), VisitsError> {
        let account = &self.account;
        self.proofs.keep_in(visits.center(account.region.as_str(), account.org_id.as_str())?);
        Ok(())
    }

    /// How far the machine's clock is off, as far as it is known.
    pub fn drift(&self) -> Option<Drift> {
        self.clockwork.drift()
    }

    /// What time the center takes it to be.
    pub(crate) fn center_now(&self) -> UnixMillis {
        let now = self.ambient.now();
        match self.clockwork.drift() {
            Some(drift) if drift.compensated => drift.correct(now),
            _ => now,
        }
    }
}
