//! What app, phone and tester share.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use yanmi_channel::App;
use yanmi_protocol::EcIndexNo;

use super::line::Line;
use super::mistake::Mistake;
use super::phone::Phone;
use crate::ambient::Clock;
use crate::brief::Brief;

/// What app and phone share.
pub(super) struct Handset {
    pub(super) mistake: Option<Mistake>,
    pub(super) clock: Clock,
    /// How long the app waits for the center.
    pub(super) patience: Duration,
    /// What the center registered; nothing before that is known.
    pub(super) registration: OnceLock<Registration>,
    pub(super) phone: Mutex<Phone>,
}

/// What the brief says, read.
pub(super) struct Registration {
    pub(super) app: App<Line>,
    pub(super) person: EcIndexNo,
    pub(super) brief: Brief,
}

impl Handset {
    pub(super) fn errs(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// The phone stays whole when somebody panics: what it shows is only replaced.
    pub(super) fn phone(&self) -> MutexGuard<'_, Phone> {
        self.phone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn registration(&self) -> Result<&Registration, String> {
        self.registration.get().ok_or_else(|| "not registered".to_owned())
    }
}
