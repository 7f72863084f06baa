//! What every operation works with: the desk, the site's settings, and what is only remembered while the agent runs.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use yanmi_client::gate::{Settlement, VisitId, Way};
use yanmi_client::{Ambient, Desk};
use yanmi_protocol::{Amount, UnixMillis};

use crate::config::{AgentConfig, AgentConfigError, Clerk};
use crate::failure::StartError;
use crate::keys::Keys;

/// Visits about which something is remembered for the screen; the oldest is forgotten first.
const MOST_NOTES: usize = 512;
/// Asia/Shanghai, which has no summer time, in milliseconds ahead of UTC.
const SHANGHAI_AHEAD: i64 = 8 * 3_600_000;
const DAY: i64 = 86_400_000;

/// What the clerk's screen shows of a visit beside its record. It is in no file.
#[derive(Clone, Default, Debug)]
pub(crate) struct Note {
    /// The person's name, masked.
    pub(crate) name: Option<String>,
    /// What is to be settled, as it was entered last.
    pub(crate) amount: Option<Amount>,
    pub(crate) kind: Option<Settlement>,
}

/// The office.
#[derive(Debug)]
pub(crate) struct Office {
    pub(crate) desk: Desk,
    pub(crate) ambient: Arc<dyn Ambient>,
    pub(crate) keys: Keys,
    url: OnceLock<String>,
    pub(crate) org_name: String,
    pub(crate) region: String,
    pub(crate) kind: Option<Settlement>,
    pub(crate) clerk: Clerk,
    /// The ways whose outcome the clerk may enter on the page.
    pub(crate) entered: Vec<Way>,
    /// The ways the desk has checked by what is plugged in.
    pub(crate) plugged: Vec<Way>,
    /// One after the other, so that a number that is sent twice at once makes one visit.
    pub(crate) beginning: Mutex<()>,
    changes: watch::Sender<u64>,
    stopping: AtomicBool,
    notes: Mutex<VecDeque<(VisitId, Note)>>,
}

impl Office {
    pub(crate) fn open(config: &AgentConfig, ambient: Arc<dyn Ambient>) -> Result<Self, StartError> {
        let client = &config.client;
        let desk = Desk::open(client, Arc::clone(&ambient)).map_err(StartError::Desk)?;
        let desk = config.ports.plug(desk, client.institution.org_code);
        let desk = desk.map_err(|fault| StartError::Config(AgentConfigError::from(fault)))?;
        let keys = Keys::open(&config.token_file, &*ambient).map_err(StartError::Token)?;
        Ok(Self::over(config, desk, keys, ambient))
    }

    /// One over this desk.
    pub(crate) fn over(config: &AgentConfig, desk: Desk, keys: Keys, ambient: Arc<dyn Ambient>) -> Self {
        let client = &config.client;
        Self {
            plugged: desk.plugged(),
            desk,
            ambient,
            keys,
            url: OnceLock::new(),
            org_name: client.institution.org_name.clone(),
            region: client.account.region.as_str().to_owned(),
            kind: config.kind,
            clerk: config.clerk.clone(),
            entered: config.page_offline.clone(),
            beginning: Mutex::default(),
            changes: watch::Sender::new(0),
            stopping: AtomicBool::new(false),
            notes: Mutex::default(),
        }
    }

    /// Says where it is reached, once that is known.
    pub(crate) fn reached_at(&self, address: SocketAddr) {
        // It listens once.
        let _ = self.url.set(format!("http://{address}"));
    }

    /// Where it is reached.
    pub(crate) fn url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }

    /// Wakes every screen that waits.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Lets go whoever waits: the agent is about to stop.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.changed();
    }

    /// Whether the agent is about to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// To wait for the next change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Remembers something about a visit.
    pub(crate) fn note(&self, id: VisitId, change: impl FnOnce(&mut Note)) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, note)) = notes.iter_mut().find(|(known, _)| *known == id) {
            return change(note);
        }
        if notes.len() >= MOST_NOTES {
            notes.pop_front();
        }
        let mut note = Note::default();
        change(&mut note);
        notes.push_back((id, note));
    }

    /// What is remembered about a visit.
    pub(crate) fn noted(&self, id: VisitId) -> Note {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().find(|(known, _)| *known == id).map(|(_, note)| note.clone()).unwrap_or_default()
    }

    /// When today began in Asia/Shanghai.
    pub(crate) fn midnight(&self) -> UnixMillis {
        midnight(self.ambient.now())
    }

    /// The clock's drift, in words, while there is one.
    pub(crate) fn clock(&self) -> Option<String> {
        self.desk.client().drift().map(|drift| drift.to_string())
    }
}

fn midnight(now: UnixMillis) -> UnixMillis {
    let since = (now.get() + SHANGHAI_AHEAD).rem_euclid(DAY);
    now.minus(Duration::from_millis(since.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_in_shanghai() {
        for millis in [1_763_869_440_000, 1_763_913_600_000, 1_763_913_599_999] {
            let now = UnixMillis::new(millis);
            let begun = midnight(now);
            assert!(begun.shanghai_text().ends_with(" 00:00:00"), "{}", begun.shanghai_text());
            assert_eq!(begun.shanghai_day(), now.shanghai_day());
        }
    }
}
