//! The operators' console: pages for those who register institutions, accounts and channels, and who watch over each other
//! (1.4.2).
//!
//! It has a listener of its own, on the management network, over TLS but for this machine. Everything works without a script:
//! a page is one answer, a form is answered by 303 to a page, and what was done can be loaded again without being done again.
//!
//! # What keeps strangers out
//!
//! * **Login** is password (argon2id) and a code of the operator's phone, together; whatever is wrong, the answer is the same and
//!   takes as long. Five in a row lock the operator, ten a minute turn the address away.
//!   Where there is a provider (统一认证), it may stand in for the password: `staff::oidc` says what is believed of it.
//! * **The session** is a cookie of 16 random bytes, of which the database has a keyed hash; 15 minutes without use or 8 hours
//!   end it, as does any change of the operator's password or grants.
//! * **Forms** carry a token bound to session and address; what comes from another site is refused. What is serious asks for
//!   the code again when it was last shown more than five minutes ago.
//! * **Rights** are asked of one pure function (`yanmi_onboarding::may`): each act has an action and a place. What is out of
//!   reach is answered like what is not there.
//! * **What somebody tries that is out of his reach** is written down, so many times of each session; the rest is summed.
//! * **A second person** agrees to what gives rights or cannot be undone; what stops somebody is done at once.
//! * **Every change** goes through `Administration`, as the command line's does, with actor, reason and event.

mod accounts;
mod alarms;
mod applicants;
mod applications;
mod attempt;
mod channel_test;
mod channels;
mod chart;
mod contact;
mod entry;
mod errors;
mod events;
mod feedback;
mod grants;
mod home;
mod imports;
mod institutions;
mod key_offer;
mod layout;
mod list;
mod me;
mod oidc;
mod operators;
mod pending;
mod place;
mod redeliver;
mod request;
mod session;
mod settings;
mod statistics;
mod story;
mod table_file;
mod trace;
mod unmask;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use crate::face::{invite, login};
use crate::registry::OperatorSession;
use crate::site::Site;

/// The face's addresses.
pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", any(home::away))
        .route("/o", any(home::away))
        .route("/o/", any(home::handle))
        .route("/o/login", any(login::handle::<OperatorSession>))
        .route("/o/logout", any(login::log_out::<OperatorSession>))
        .route("/o/invite/{secret}", any(invite::handle::<OperatorSession>))
        .route("/o/oidc/login", any(oidc::login))
        .route("/o/oidc/return", any(oidc::returned))
        .route("/o/institutions", any(institutions::list))
        .route("/o/institutions/{code}", any(institutions::one))
        .route("/o/institutions/{code}/contact", any(contact::handle))
        .route("/o/accounts", any(accounts::list))
        .route("/o/accounts/{id}", any(accounts::one))
        .route("/o/accounts/{id}/key", any(key_offer::handle))
        .route("/o/channels/{id}/test", any(channel_test::handle))
        .route("/o/channels", any(channels::list))
        .route("/o/channels/{id}", any(channels::one))
        .route("/o/applications", any(applications::list))
        .route("/o/applications/{number}", any(applications::one::handle))
        .route("/o/applications/{number}/attachments", any(applications::one::files))
        .route("/o/applications/{number}/attachments/{digest}", any(applications::one::file))
        .route("/o/applications/{number}/report", any(applications::one::report))
        .route("/o/applications/{number}/offer.json", any(applications::one::offer))
        .route("/o/feedback/{code}", any(feedback::print))
        .route("/o/feedback/{code}/feedback.json", any(feedback::file))
        .route("/o/feedback/{code}/client.toml", any(feedback::config))
        .route("/o/applicants", any(applicants::list))
        .route("/o/applicants/{number}", any(applicants::one))
        .route("/o/imports", any(imports::list))
        .route("/o/imports/template.csv", any(imports::files::empty))
        .route("/o/imports/template.xlsx", any(imports::files::empty))
        .route("/o/imports/template-accounts.csv", any(imports::files::empty))
        .route("/o/imports/template-accounts.xlsx", any(imports::files::empty))
        .route("/o/imports/{number}", any(imports::one::handle))
        .route("/o/imports/{number}/faults.csv", any(imports::files::faults_csv))
        .route("/o/imports/{number}/faults.xlsx", any(imports::files::faults_xlsx))
        .route("/o/alarms", any(alarms::list))
        .route("/o/alarms/{number}", any(alarms::one))
        .route("/o/me", any(me::handle))
        .route("/o/events", any(events::list))
        .route("/o/events/chain", any(events::chain))
        .route("/o/pending", any(pending::list))
        .route("/o/pending/{id}", any(pending::one))
        .route("/o/errors", any(errors::handle))
        .route("/o/statistics", any(statistics::handle))
        .route("/o/trace", any(trace::ask))
        .route("/o/trace/{view}", any(trace::one))
        .route("/o/operators", any(operators::list))
        .route("/o/operators/{login}", any(operators::one))
        .route("/o/grants", any(grants::handle))
        .route("/o/settings", any(settings::handle))
        .fallback(any(home::nowhere))
        .with_state(site)
}
