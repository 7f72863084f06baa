//! The visit at the counter, as every page sees it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::task::AbortHandle;

/// Where a visit stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    /// Nobody is there.
    #[default]
    Idle,
    /// The code was decoded: there is a token.
    Decoded,
    /// The notice is on its way.
    Asking,
    /// The person has been asked.
    Waiting,
    /// The person confirmed.
    Green,
    /// No password is needed (500320).
    Free,
    /// Refused, or the person did not confirm.
    Red,
    /// Settled.
    Settled,
}

/// A visit: the event `counter`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Visit {
    pub(super) number: u32,
    pub(super) stage: Stage,
    pub(super) org_codg: String,
    pub(super) org_name: String,
    pub(super) token: Option<String>,
    /// The person's masked name, as decoding told it.
    pub(super) who: Option<String>,
    pub(super) amount: Option<String>,
    pub(super) code: Option<i64>,
    /// What the clerk reads, and what to do next.
    pub(super) words: String,
    pub(super) advice: String,
    /// Two digits that the person sees too, while there is somebody to ask.
    pub(super) check_no: Option<String>,
    pub(super) way: Option<String>,
    pub(super) valid_until: Option<String>,
    /// From the person's tap to the answer of the held query, in microseconds.
    pub(super) tap_micros: Option<u64>,
}

/// The visit at the counter, and the query that is held for it.
#[derive(Default)]
pub(crate) struct Counter {
    visit: Mutex<Visit>,
    waiting: Mutex<Option<AbortHandle>>,
}

impl Counter {
    /// The visit as it stands.
    pub(crate) fn visit(&self) -> Visit {
        self.lock().clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Visit> {
        self.visit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the held query of the visit before, and remembers that of this one.
    pub(super) fn wait_in(&self, task: Option<AbortHandle>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *waiting, task) {
            old.abort();
        }
    }
}
