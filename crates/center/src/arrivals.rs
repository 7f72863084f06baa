//! Which envelopes with a mac were acted upon already (E13).
//!
//! The mac proves who sealed an envelope and when, not that it comes for the first time: whoever is on the line can play
//! it again as long as its timestamp is taken. So what an envelope with a mac has done is done once. Its mac is
//! remembered before anything that lasts is begun, as long as the envelope could be taken again; when it comes again,
//! the operation says what stands, and changes nothing.
//!
//! Each account and channel has a memory of its own, so that nobody's calls make another's be forgotten or wait, and it
//! is asked only where something is about to change: a status query that counts nothing costs nothing here. It is a
//! memory of the process. What must hold beyond it, across restarts and several centers, is held by the stored state
//! (decision 28).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hashbrown::HashSet;
use tokio::time::Instant;

/// Envelopes one account may have remembered: about fifty megabytes. Beyond it the account is told to come later,
/// because forgetting would let the forgotten ones be played again.
pub(crate) const MAX_ARRIVALS: usize = 1 << 20;
/// Parts that are locked apart.
const PARTS: usize = 8;

/// The envelopes one account or channel had acted upon.
#[derive(Debug, Default)]
pub(crate) struct Arrivals([Mutex<ArrivalGenerations>; PARTS]);

/// What arrived is kept by the time it came: a generation is as long as an envelope is to be remembered, and two of
/// them always hold whatever came within one length.
#[derive(Debug, Default)]
struct ArrivalGenerations {
    begun: Option<Instant>,
    current: HashSet<u128>,
    before: HashSet<u128>,
}

/// Whether an envelope comes for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    /// It does.
    First,
    /// It was acted upon before: nothing may change.
    Again,
}

/// [`MAX_ARRIVALS`] are remembered already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ArrivalsFull;

impl Arrivals {
    /// Remembers an envelope by its mac for at least `keep`, and tells whether it was remembered before.
    pub(crate) fn note(&self, mac: u128, now: Instant, keep: Duration) -> Result<Arrival, ArrivalsFull> {
        let part = usize::try_from(mac % PARTS as u128).unwrap_or(0);
        let mut part = self.0[part].lock().unwrap_or_else(PoisonError::into_inner);
        part.turn(now, keep);
        if part.current.contains(&mac) || part.before.contains(&mac) {
            return Ok(Arrival::Again);
        }
        if part.current.len() + part.before.len() >= MAX_ARRIVALS / PARTS {
            return Err(ArrivalsFull);
        }
        part.current.insert(mac);
        Ok(Arrival::First)
    }
}

impl ArrivalGenerations {
    fn turn(&mut self, now: Instant, keep: Duration) {
        let age = now.saturating_duration_since(*self.begun.get_or_insert(now));
        if age < keep {
            return;
        }
        self.before = std::mem::take(&mut self.current);
        if age >= 2 * keep {
            self.before = HashSet::new();
        }
        self.begun = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_mins(20);

    #[test]
    fn an_envelope_is_new_once_until_it_cannot_come_again() {
        let (arrivals, start) = (Arrivals::default(), Instant::now());
        let note = |mac, after| arrivals.note(mac, start + after, KEEP);
        assert_eq!(note(8, Duration::ZERO), Ok(Arrival::First));
        for minutes in [0, 1, 19, 20] {
            assert_eq!(note(8, Duration::from_mins(minutes)), Ok(Arrival::Again), "{minutes}");
        }
        // Noted in the first generation, and forgotten with it.
        assert_eq!(note(16, Duration::from_mins(39)), Ok(Arrival::First));
        assert_eq!(note(8, Duration::from_mins(41)), Ok(Arrival::First));
        assert_eq!(note(16, Duration::from_mins(59)), Ok(Arrival::Again));
        // After a silence nothing is kept.
        assert_eq!(note(16, Duration::from_hours(3)), Ok(Arrival::First));
    }

    #[test]
    fn what_is_full_forgets_nothing() {
        let (arrivals, start) = (Arrivals::default(), Instant::now());
        let most = (MAX_ARRIVALS / PARTS) as u128;
        for number in 0..most {
            assert_eq!(arrivals.note(number * PARTS as u128, start, KEEP), Ok(Arrival::First));
        }
        assert_eq!(arrivals.note(most * PARTS as u128, start, KEEP), Err(ArrivalsFull));
        assert_eq!(arrivals.note(0, start, KEEP), Ok(Arrival::Again));
        // Another part has room.
        assert_eq!(arrivals.note(1, start, KEEP), Ok(Arrival::First));
    }
}
