//! Everything that is drawn, from one seed.

use std::time::Duration;

/// A sequence of draws. Sequences that were forked by different names do not depend on each other: one more draw in one of them
/// leaves all others as they were.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    state: u64,
    seed: u64,
}

/// The next word of the `SplitMix64` sequence (Steele, Lea and Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// The seed a text stands for: the number it is, or one of its own.
pub fn seed_of(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| {
        text.bytes().fold(0, |mut seed: u64, byte| {
            let word = split_mix(&mut seed);
            word ^ u64::from(byte)
        })
    })
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, seed }
    }

    /// The sequence of this name and number.
    pub(crate) fn fork(&self, name: &str, number: u64) -> Self {
        let mut mixed = self.seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        for byte in name.bytes() {
            mixed = split_mix(&mut mixed) ^ u64::from(byte);
        }
        Self::new(split_mix(&mut mixed))
    }

    pub(crate) fn word(&mut self) -> u64 {
        split_mix(&mut self.state)
    }

    /// Sixteen bytes, as many as a key has.
    pub(crate) fn block(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for half in bytes.chunks_exact_mut(8) {
            half.copy_from_slice(&self.word().to_be_bytes());
        }
        bytes
    }

    /// A number below this one, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    /// The place of something in a list that is not empty.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// Whether it is one of so many in a thousand.
    pub(crate) fn permille(&mut self, of_thousand: u64) -> bool {
        self.below(1_000) < of_thousand
    }

    /// Milliseconds between these, both included.
    pub(crate) fn millis(&mut self, (least, most): (u64, u64)) -> Duration {
        Duration::from_millis(least + self.below(most.saturating_sub(least) + 1))
    }

    /// A time until the next of many that come independently, this far apart on the average, in milliseconds.
    pub(crate) fn gap(&mut self, mean_millis: u64) -> Duration {
        // The minimum of a geometric draw in steps of a sixteenth: whole numbers only, so that every machine draws alike.
        let step = (mean_millis / 16).max(1);
        let mut steps = 1;
        while steps < 160 && self.below(16) != 0 {
            steps += 1;
        }
        Duration::from_millis(step * steps - self.below(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_of_other_names_are_others_and_the_same_ones_are_repeated() {
        let root = Chance::new(7);
        let draw = |name: &str, number| root.fork(name, number).word();
        assert_eq!(draw("visit", 1), draw("visit", 1));
        let all: std::collections::BTreeSet<u64> =
            (0..500).flat_map(|number| ["visit", "tisiv", "link"].map(|name| draw(name, number))).collect();
        assert_eq!(all.len(), 1_500);
    }

    #[test]
    fn gaps_are_as_long_as_they_should_be_on_the_average() {
        let mut chance = Chance::new(3);
        let total: Duration = (0..10_000).map(|_| chance.gap(60_000)).sum();
        let mean = total.as_millis() / 10_000;
        assert!((55_000..65_000).contains(&mean), "{mean}");
    }
}
