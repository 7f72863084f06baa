//! Requests of programs outside: whatever reaches the center's institution face and does not come from the page's own
//! counter, as the center saw it.
//!
//! The counter's requests are recorded where they are made; here they are known by their bytes and passed over. So are
//! those of the load generator, and what comes faster than anybody reads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use yanmi_protocol::envelope::{PlainText, RequestEnvelope};

use super::calls::Call;
use super::exchange::{Exchange, Lane, key_words, open};
use crate::bench::is_bench_token;
use crate::state::State;

/// Bodies of the counter that are remembered until they arrive: as many as it sends at once to be limited.
const MOST_OWN: usize = 1_024;
/// Requests shown in a second; more nobody reads, and a load test is no play.
const MOST_A_SECOND: u32 = 50;

/// What is remembered between requests.
#[derive(Default)]
pub(crate) struct Outside {
    own: Mutex<VecDeque<Vec<u8>>>,
    shown: Mutex<Option<(Instant, u32)>>,
}

impl Outside {
    /// The counter is about to send this.
    pub(crate) fn is_ours(&self, body: &[u8]) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.len() == MOST_OWN {
            own.pop_front();
        }
        own.push_back(body.to_vec());
    }

    fn was_ours(&self, body: &[u8]) -> bool {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.iter().position(|known| known == body).map(|at| own.remove(at)).is_some()
    }

    /// Whether one more is shown in this second.
    fn has_room(&self) -> bool {
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

/// A request as the center saw it; nothing when it is not to be shown.
pub(crate) fn begin(state: &Arc<State>, path: &str, body: &[u8]) -> Option<Exchange> {
    let outside = &state.watch.outside;
    if outside.was_ours(body) || !outside.has_room() {
        return None;
    }
    let call = Call::of_institution_path(path);
    let text = std::str::from_utf8(body).ok();
    if call == Call::Decode {
        let lane = Lane::outside(call, "外部程序".to_owned(), None, path);
        return Some(Exchange::begin(&state.watch, lane, body, text));
    }
    let world = &state.world;
    let Ok(envelope) = RequestEnvelope::parse(body, world.region) else {
        // No envelope of ours: what was sent is all there is to see.
        let words = "密封；这不是一个完整的信封".to_owned();
        let lane = Lane::outside(call, "外部程序".to_owned(), Some((None, words)), path);
        return Some(Exchange::begin(&state.watch, lane, body, None));
    };
    let name = format!("外部程序（{}）", envelope.org_id);
    let keys = state.keys_of(&envelope.org_id);
    // The one that opens it, or else the newest: a wrong key is seen beside the right one's check value.
    let fitting = keys.iter().find(|key| envelope.sealed.open(key).is_ok());
    let Some(key) = fitting.or(keys.first()) else {
        let words = "未登记账号的密钥，打不开".to_owned();
        let lane = Lane::outside(call, name, Some((None, words)), path);
        return Some(Exchange::begin(&state.watch, lane, body, None));
    };
    let opened = open(body, world.region, key);
    let token = opened.as_ref().and_then(|opened| {
        opened
            .members()
            .ok()?
            .optional_identifier("token", yanmi_protocol::EcToken::MAX_LENGTH, yanmi_protocol::EcToken::new)
            .ok()?
    });
    if token.as_ref().is_some_and(is_bench_token) {
        return None;
    }
    let words = key_words(&format!("账号 {} ", envelope.org_id), key);
    let lane = Lane::outside(call, name, Some((Some(key.clone()), words)), path);
    Some(Exchange::begin(&state.watch, lane, body, opened.as_ref().map(PlainText::as_str)))
}
