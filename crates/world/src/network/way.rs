//! What a connection's way is like: how long bytes are under way, and where it breaks.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::chance::Chance;

/// How a way between two places behaves at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Weather {
    /// How long bytes are under way, in milliseconds.
    pub(crate) delay_millis: (u64, u64),
    /// Of a thousand segments so many are lost and sent again, which takes a second or so.
    pub(crate) lost_permille: u64,
    /// Of a thousand connections so many break somewhere in what is said.
    pub(crate) broken_permille: u64,
    /// Of a thousand connections so many fall silent in one direction.
    pub(crate) silent_permille: u64,
    /// Of a thousand attempts to connect so many are refused.
    pub(crate) refused_permille: u64,
    /// Whether what is written arrives in small pieces.
    pub(crate) trickles: bool,
    /// Whether nothing passes at all.
    pub(crate) down: bool,
}

impl Weather {
    /// A line inside a province on a good day.
    pub(crate) const CALM: Self = Self {
        delay_millis: (1, 3),
        lost_permille: 0,
        broken_permille: 0,
        silent_permille: 0,
        refused_permille: 0,
        trickles: false,
        down: false,
    };
}

/// How long a segment that was lost takes longer, in milliseconds.
const RESENT_MILLIS: (u64, u64) = (200, 3_000);
/// A connection that breaks does so within so many bytes of what either side says.
const BREAKS_WITHIN: u64 = 1_500;
/// Pieces of a way that trickles, in bytes.
const PIECE: usize = 100;

/// How a line is now: all its connections have that in common, also those that are open. Clones are the same line's.
#[derive(Clone, Debug)]
pub(super) struct LineWeather(Arc<Mutex<Weather>>);

impl LineWeather {
    pub(super) fn calm() -> Self {
        Self(Arc::new(Mutex::new(Weather::CALM)))
    }

    pub(super) fn now(&self) -> Weather {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, weather: Weather) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = weather;
    }
}

/// The way of one connection, shared by its two ends.
#[derive(Debug)]
pub(super) struct Way {
    chance: Mutex<Chance>,
    weather: LineWeather,
    breaks_after: Option<u64>,
}

impl Way {
    pub(super) fn new(mut chance: Chance, weather: LineWeather) -> Self {
        let breaks = chance.permille(weather.now().broken_permille);
        let breaks_after = breaks.then(|| chance.below(BREAKS_WITHIN));
        Self { chance: Mutex::new(chance), weather, breaks_after }
    }

    /// How many of so many bytes go together, and when they arrive.
    pub(super) fn next(&self, bytes: usize) -> (usize, Instant) {
        let weather = self.weather.now();
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut delay = chance.millis(weather.delay_millis);
        if weather.lost_permille > 0 && chance.permille(weather.lost_permille) {
            delay += chance.millis(RESENT_MILLIS);
        }
        let count = if weather.trickles { bytes.min(PIECE) } else { bytes };
        (count, Instant::now() + delay)
    }

    pub(super) fn breaks_after(&self, passed: u64) -> bool {
        self.breaks_after.is_some_and(|after| passed > after)
    }
}
