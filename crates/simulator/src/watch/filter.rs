//! Which requests at the center's institution face are shown: not those the counter recorded already, and no more than
//! anybody reads.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bodies of the counter that are remembered until they arrive: as many as it sends at once to be limited.
const MOST_OWN: usize = 1_024;
/// Requests shown in a second; more nobody reads, and a load test is no play.
const MOST_A_SECOND: u32 = 50;

/// What is remembered between requests.
#[derive(Default)]
pub(crate) struct Filter {
    own: Mutex<VecDeque<Vec<u8>>>,
    shown: Mutex<Option<(Instant, u32)>>,
}

impl Filter {
    /// The counter is about to send this.
    pub(crate) fn is_ours(&self, body: &[u8]) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.len() == MOST_OWN {
            own.pop_front();
        }
        own.push_back(body.to_vec());
    }

    pub(super) fn was_ours(&self, body: &[u8]) -> bool {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.iter().position(|known| known == body).map(|at| own.remove(at)).is_some()
    }

    /// Whether one more is shown in this second.
    pub(super) fn has_room(&self) -> bool {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *shown {
            Some((since, count)) if since.elapsed() < Duration::from_secs(1) => {
                *count += 1;
                *count <= MOST_A_SECOND
            }
            other => {
                *other = Some((Instant::now(), 1));
                true
            }
        }
    }
}
