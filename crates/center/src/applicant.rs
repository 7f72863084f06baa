//! The pages of applicants (机构与厂商): where they take the key that the center made for them (1.4.2), see what is missing until
//! their systems can call, and why calls are refused.
//!
//! They have a listener of their own, on the network institutions are on, over TLS but for this machine. Whoever has the link of
//! an offer and the passcode that was told by telephone takes the key, without a login where the applicant has nobody who could
//! log in. `GET` shows a form and changes nothing, because machines open links too.
//!
//! # What keeps strangers out
//!
//! * **Login, session and forms** are those of the console, as one piece of code, in a realm of their own: other tables, another
//!   cookie, other hashes. An operator's session opens nothing here, and the reverse.
//! * **Rights** are simple: a person sees what is of his applicant. What he may do with its applications is said by the rules of
//!   `yanmi_onboarding::application`, as for operators. What is of another applicant is not there.
//! * **Bounds** are of this face alone: whatever comes from the network of institutions takes no page and no try of operators.

mod account;
mod applications;
mod feedback;
mod home;
mod key;
mod me;
mod request;
mod strayed;
mod task;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use crate::face::{invite, login};
use crate::registry::ApplicantSession;
use crate::site::Site;

/// The face's addresses.
pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", any(home::away))
        .route("/a", any(home::away))
        .route("/a/", any(home::handle))
        .route("/a/login", any(login::handle::<ApplicantSession>))
        .route("/a/logout", any(login::log_out::<ApplicantSession>))
        .route("/a/invite/{secret}", any(invite::handle::<ApplicantSession>))
        .route("/a/accounts/{id}", any(account::handle))
        .route("/a/accounts/{id}/key", any(key::of_account))
        .route("/a/applications", any(applications::begin))
        .route("/a/applications/{number}", any(applications::one))
        .route("/a/applications/{number}/attachments", any(applications::files))
        .route("/a/applications/{number}/attachments/{digest}", any(applications::file))
        .route("/a/applications/{number}/report", any(applications::report))
        .route("/a/applications/{number}/offer.json", any(applications::offer))
        .route("/a/applications/{number}/feedback.json", any(applications::feedback))
        .route("/a/me", any(me::handle))
        .route("/f/{code}", any(feedback::handle))
        .route("/k/{link}", any(key::by_link))
        .fallback(any(home::nowhere))
        .with_state(site)
}
