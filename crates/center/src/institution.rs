//! The institution face: what 定点医药机构 ask (section 1.7), one operation a file.

mod caller;
mod decode;
mod notify;
mod password;
mod status;

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
            .route(&at(message::notify::PATH), any(notify::handle))
            .route(&at(message::status::PATH), any(status::handle))
            .route(&at(message::password::PATH), any(password::handle));
        if site.settings.decode {
            router = router.route(&at(message::decode::PATH), any(decode::handle));
        }
    }
    router.fallback(unknown_address::answer).with_state(site)
}
