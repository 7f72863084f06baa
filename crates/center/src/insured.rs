//! The insured face: the page behind `authUrl`, for channels without a page of their own (decision 19).
//!
//! It is served on the channel face's listener, because persons' phones are in the internet, below `/p/`. What it shows
//! and takes goes the way everything of channels goes: the same reads, the same `report`, the same ledger.
//!
//! # What keeps strangers out
//!
//! * **The link** says which notice, until when, and that the site made it: `page_link`. Nobody can guess one, and one that
//!   was guessed wrong is counted against its source address like an envelope that does not open.
//! * **The browser.** Whoever opens a link first has it: the browser gets a cookie, and its keyed hash is stored with the
//!   notice, durably, by a command of the ledger. Everybody else is shown that it is open elsewhere, and nothing about
//!   the person or the visit. Robots that look at links before people do get no claim: only a browser that navigates, and
//!   says so (`Sec-Fetch-Mode`), claims at once; anything else gets a page with a button. A link that was sent later for
//!   the same notice may be claimed anew, so that a page that was lost on its way is no dead end.
//! * **The form** carries a token bound to cookie and notice, and the cookie is `SameSite=Strict`; a request that says it
//!   comes from another site is refused.
//! * **The password** is typed only where it leaves over TLS or stays on this machine, is held in memory that is wiped,
//!   and its tries are counted for the person, whatever link or address they come from. A form is good for one try: the
//!   count it was made at travels with it, so that a double tap is one wrong password and not two.
//!
//! # What the browser does
//!
//! Everything works without JavaScript. After each form the browser is sent back to the page (303), so reload, back and a
//! second tap show the state and change nothing. The page is one answer: style and script stand in it, known to the
//! Content-Security-Policy by their hashes, and nothing else is fetched.
//!
//! With JavaScript an open page asks whether what it shows still holds ([`watch`]); that question is held until it does
//! not. A form is then sent without leaving the page, so that where the network is gone there is no error page of the
//! browser behind which what was typed waits to be sent again: it is forgotten, and the page says so.

mod browser;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub(crate) mod layout;
mod request;
mod scene;
mod settings;
mod view;
mod visit;
mod watch;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

pub(crate) use watch::MOST_WATCHED;

use crate::site::Site;

/// The face's addresses.
pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/p/{link}", any(visit::handle))
        .route("/p/free/{link}", any(settings::handle))
        .with_state(site)
}
