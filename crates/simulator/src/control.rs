//! The control interface: plain JSON over HTTP, for people and tests that play the insured persons.
//!
//! | operation | file |
//! |---|---|
//! | `POST /qr` | [`qr`] |
//! | `GET /phones/{ecIndexNo}/notices` | [`notices`] |
//! | `POST /phones/{ecIndexNo}/act` | [`act`] |
//! | `POST /phones/{ecIndexNo}/passwordFree` | [`switch`] |
//! | `POST /phones/{ecIndexNo}/passwordFreePage` | [`free_page`] |
//! | `POST /phones/{ecIndexNo}/messageCenter` | [`notices`] |
//! | `POST /counter/*` | [`counter`] |
//! | `POST /counter/send`, `POST /channels/{chnlId}/send` | [`send`] |
//! | `POST /channels/{chnlId}/mood`, `POST /national/mood` | [`moods`] |
//! | `POST /terminal` | [`terminal`] |
//! | `POST /vendor` | [`vendor`] |
//! | `POST /onboard` | [`onboard`] |
//!
//! What cannot be done is HTTP 400 (the request is wrong), 404 (no such person, channel, notice or address), 409
//! (not now) or 502 (the center did not answer), with `{"error": "…"}` in Chinese.

mod act;
mod counter;
mod free_page;
mod moods;
mod notices;
mod onboard;
mod qr;
mod request;
mod send;
mod switch;
mod terminal;
mod vendor;

use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use crate::reply::Reply;
use crate::state::State;
use request::Refusal;

/// Carries out one control request.
pub(crate) async fn answer(state: &Arc<State>, method: &Method, steps: &[&str], body: &Bytes) -> Reply {
    let done = match (method, steps) {
        (&Method::POST, ["qr"]) => qr::show(state, body),
        (&Method::GET, ["phones", index, "notices"]) => notices::list(state, index).await,
        (&Method::POST, ["phones", index, "messageCenter"]) => {
            notices::message_center(state, index, body).await
        }
        (&Method::POST, ["counter", "send"]) => send::institution(state, body).await,
        (&Method::POST, ["channels", id, "send"]) => send::channel(state, id, body).await,
        (&Method::POST, ["counter", what]) => counter::act(state, what, body).await,
        (&Method::POST, ["phones", index, "act"]) => act::act(state, index, body).await,
        (&Method::POST, ["phones", index, "passwordFree"]) => switch::switch(state, index, body).await,
        (&Method::POST, ["phones", index, "passwordFreePage"]) => free_page::link(state, index, body).await,
        (&Method::POST, ["channels", id, "mood"]) => moods::channel(state, id, body),
        (&Method::POST, ["national", "mood"]) => moods::national(state, body),
        (&Method::POST, ["center", "mood"]) => moods::center(state, body),
        (&Method::POST, ["terminal"]) => terminal::set(state, body),
        (&Method::POST, ["onboard"]) => onboard::play(state).await,
        (&Method::POST, ["vendor"]) => vendor::answer(state, body).await,
        _ => Err(Refusal::NoAddress),
    };
    done.unwrap_or_else(Reply::from)
}
