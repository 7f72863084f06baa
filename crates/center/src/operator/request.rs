//! What a request to a page of the console is besides what every such request is: what the operator may do, and what second
//! persons are told.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use maud::{Markup, html};
use yanmi_onboarding::{Action, Area, Grant, may, reach};

use crate::face::page::see_other;
use crate::face::page_refusal::PageRefusal;
use crate::face::page_request::{self, FaceRequest};
use crate::registry::OperatorSession;
use crate::site::Site;

pub(super) use crate::face::page_request::act_of;

/// Why a page of the console is not shown.
pub(super) type ConsoleRefusal = PageRefusal;

/// A request to a page of the console.
pub(super) type OperatorRequest<'a> = FaceRequest<'a, OperatorSession>;

/// Has a page of the console answer.
pub(super) async fn serve(
    site: Arc<Site>,
    request: Request<Body>,
    is_open: bool,
    answer: impl AsyncFnOnce(&mut OperatorRequest<'_>, Body) -> Result<Response, ConsoleRefusal>,
) -> Response {
    page_request::serve(site, request, is_open, answer).await
}

impl OperatorRequest<'_> {
    /// What he is called.
    pub(super) fn name(&self) -> &str {
        self.logged_in().map_or("", |session| session.operator.name.as_str())
    }

    /// What he may do, and where.
    pub(super) fn rights(&self) -> Vec<Grant> {
        self.logged_in().map_or_else(Vec::new, |session| session.operator.rights())
    }

    /// Whether he may do this at this place.
    pub(super) fn may(&self, action: Action, place: Area) -> Result<(), ConsoleRefusal> {
        Ok(may(&self.session()?.operator.rights(), action, &place, self.now)?)
    }

    /// Whether he may do this to what belongs to the whole province.
    pub(super) fn may_in_province(&self, action: Action) -> Result<(), ConsoleRefusal> {
        self.may(action, self.province()?)
    }

    /// The areas in which he may.
    pub(super) fn reach(&self, action: Action) -> Vec<Area> {
        self.logged_in().map_or_else(Vec::new, |s| reach(&s.operator.rights(), action, self.now))
    }

    pub(super) fn may_anywhere(&self, action: Action) -> bool {
        !self.reach(action).is_empty()
    }

    /// The site's province.
    pub(super) fn province(&self) -> Result<Area, ConsoleRefusal> {
        Area::new(self.site.region.as_str().get(..2).unwrap_or_default()).map_err(|_| ConsoleRefusal::Nowhere)
    }

    /// Sends the browser back to this page, with a word of what waits for a second person.
    pub(super) fn proposed(&self) -> Response {
        see_other(&format!("{}?done=2", self.path))
    }

    /// What a page says that was come back to.
    pub(super) fn said(&self) -> Markup {
        html! {
            @match self.query.text("done") {
                "1" => p.said role="status" { "已更改；运行中的中心一秒内生效。" },
                "2" => p.said role="status" { "已提出，等第二人复核：见 " a href="/o/pending" { "待复核" } "。" },
                _ => {}
            }
        }
    }
}
