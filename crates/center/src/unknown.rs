//! Tokens of which the national center has just said that it knows none.
//!
//! Whoever asks for one again is told the same without the national center being asked: a queue at a counter that polls for
//! a mistyped token, or somebody who sends junk, costs one question and not one a second. It holds for seconds only, for a
//! token may become known; and only here, for what another center or a decode has learned is found in the database before
//! anybody looks here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use yanmi_protocol::{EcToken, UnixMillis};

/// Tokens of one generation, and there are two: some 1.5 MB together.
const GENERATION: usize = 8_192;

/// The tokens, each with when it was found unknown. A lock is taken only when a token is not held.
#[derive(Debug)]
pub(crate) struct Unknown {
    life: Duration,
    tokens: Mutex<UnknownGenerations>,
}

/// When the newer one is full it becomes the older one, and what was the older one is forgotten.
#[derive(Debug, Default)]
struct UnknownGenerations {
    newer: HashMap<EcToken, UnixMillis>,
    older: HashMap<EcToken, UnixMillis>,
}

impl Unknown {
    /// Remembers for so long; nothing at all when that is no time.
    pub(crate) fn new(life: Duration) -> Self {
        Self { life, tokens: Mutex::default() }
    }

    /// Whether this token was found unknown just now. A clock that was set does not make it last longer.
    pub(crate) fn is_one(&self, token: &EcToken, now: UnixMillis) -> bool {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let since = tokens.newer.get(token).or_else(|| tokens.older.get(token));
        since.is_some_and(|since| now.distance(*since) < self.life)
    }

    /// The national center has just said that it does not know this token.
    pub(crate) fn remember(&self, token: EcToken, now: UnixMillis) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.newer.len() >= GENERATION {
            tokens.older = std::mem::take(&mut tokens.newer);
        }
        tokens.newer.insert(token, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(5);

    fn token(number: usize) -> EcToken {
        EcToken::new(&format!("T{number}")).expect("a token")
    }

    #[test]
    fn a_token_is_unknown_for_seconds_and_not_longer_whatever_the_clock_does() {
        let unknown = Unknown::new(LIFE);
        let at = UnixMillis::new(1_763_869_440_000);
        unknown.remember(token(1), at);
        assert!(unknown.is_one(&token(1), at) && !unknown.is_one(&token(2), at));
        assert!(unknown.is_one(&token(1), at.plus(Duration::from_millis(4_999))));
        assert!(!unknown.is_one(&token(1), at.plus(LIFE)));
        assert!(!unknown.is_one(&token(1), at.minus(Duration::from_hours(1))), "the clock was set back");
        let off = Unknown::new(Duration::ZERO);
        off.remember(token(1), at);
        assert!(!off.is_one(&token(1), at));
    }

    #[test]
    fn any_number_of_them_takes_bounded_room_and_the_newest_stay() {
        let unknown = Unknown::new(LIFE);
        let at = UnixMillis::new(1_763_869_440_000);
        for number in 0..3 * GENERATION {
            unknown.remember(token(number), at);
        }
        let tokens = unknown.tokens.lock().expect("not poisoned");
        assert!(tokens.newer.len() + tokens.older.len() <= 2 * GENERATION);
        drop(tokens);
        assert!(unknown.is_one(&token(3 * GENERATION - 1), at) && unknown.is_one(&token(2 * GENERATION), at));
        assert!(!unknown.is_one(&token(0), at));
    }
}
