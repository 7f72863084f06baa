//! For those who asked for an account (机构与厂商): where they take the key that the center made for them (1.4.2).
//!
//! It has a listener of its own, on the network institutions are on, over TLS but for this machine. Nobody is logged in: what opens
//! a page is the link of an offer, and what hands the key out is the passcode that was told by telephone. `GET` shows a form
//! and changes nothing, because machines open links too.

mod key;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use crate::site::Site;

/// The face's addresses.
pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new().route("/k/{link}", any(key::handle)).fallback(any(key::nowhere)).with_state(site)
}
