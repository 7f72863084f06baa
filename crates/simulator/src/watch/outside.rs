//! Requests of programs outside: whatever reaches the center's institution face and does not come from the page's own
//! counter, as the center saw it.
//!
//! The counter's requests are recorded where they are made; here they are known by their bytes and passed over. So are
//! those of the load generator, and what comes faster than anybody reads.

use std::sync::Arc;

use yanmi_protocol::envelope::{PlainText, RequestEnvelope};

use super::calls::Call;
use super::exchange::{Exchange, Lane, key_words, open};
use crate::bench::is_bench_token;
use crate::state::State;

/// A request as the center saw it; nothing when it is not to be shown.
pub(crate) fn begin(state: &Arc<State>, path: &str, body: &[u8]) -> Option<Exchange> {
    let filter = &state.watch.filter;
    if filter.was_ours(body) || !filter.has_room() {
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
