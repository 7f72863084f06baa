//! The channel face: what the person did comes in, one operation a file. Notices go out by [`crate::delivery`]
//! (section 5 of the reading).

mod auth_result;
mod caller;
mod password_free;
mod password_free_page;
mod pending;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use yanmi_protocol::message;

use crate::config::PathPrefix;
use crate::face::unknown_address;
use crate::site::Site;

/// The face's addresses, with and without what may stand before them (E15).
pub(crate) fn router(site: Arc<Site>, prefix: Option<&PathPrefix>) -> Router {
    let mut router = Router::new();
    for before in std::iter::once("").chain(prefix.map(PathPrefix::as_str)) {
        let at = |path: &str| format!("{before}{path}");
        router = router
            .route(&at(message::auth_result::PATH), any(auth_result::handle))
            .route(&at(message::pending::PATH), any(pending::handle))
            .route(&at(message::password_free::PATH), any(password_free::handle))
            .route(&at(message::password_free_page::PATH), any(password_free_page::handle));
    }
    router.fallback(unknown_address::answer).with_state(site)
}
