//! An address nobody serves: an answer too (-5), which shows the path received (E15).

use std::sync::Arc;
use tokio::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::response::Response;

use super::envelope;
use super::request::{Noted, Sender};
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;
use yanmi_http::Peer;

/// Answers -5.
pub(crate) async fn answer(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    /// Characters of a path that an answer repeats (E15).
    const SHOWN: usize = 80;
    let started = Instant::now();
    let peer = request.extensions().get::<Peer>();
    // A path is ASCII: everything else stands in it escaped.
    let whole = request.uri().path();
    let path: String = whole.chars().take(SHOWN).collect();
    let path = if path.len() < whole.len() { format!("{path}…") } else { path };
    envelope::finish(
        &site,
        Operation::Unknown,
        started,
        Sender::stranger(peer),
        Noted::default(),
        None,
        Err(Refusal::NoSuchAddress(path)),
    )
}
