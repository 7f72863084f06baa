//! Chance, as an argument: the composition root hands out the system's, tests a seeded one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// A source of unpredictable bytes.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

impl Entropy {
    /// A source that fills a slice by calling `fill`.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// A predictable source for tests and reproducible runs; never for keys that matter.
    pub fn seeded(seed: u64) -> Self {
        let state = Mutex::new(seed);
        Self::new(move |bytes| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            for chunk in bytes.chunks_mut(8) {
                let word = split_mix(&mut state).to_be_bytes();
                chunk.copy_from_slice(&word[..chunk.len()]);
            }
        })
    }

    /// Fills the slice.
    pub fn fill(&self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    /// A word nobody can guess.
    pub(crate) fn word(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// The next word of the `SplitMix64` sequence (Steele, Lea and Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_no_two_draws_are_alike() {
        let draw = |entropy: &Entropy| {
            let mut bytes = [0; 13];
            entropy.fill(&mut bytes);
            bytes
        };
        let (one, same, other) = (Entropy::seeded(1), Entropy::seeded(1), Entropy::seeded(2));
        let first = draw(&one);
        assert_eq!(first, draw(&same));
        assert_ne!(first, draw(&other));
        assert_ne!(first, draw(&one));
    }
}
