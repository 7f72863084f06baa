//! What a request to a page for applicants is besides what every such request is.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use maud::{Markup, html};
use yanmi_protocol::{AccountId, UnixMillis};

use crate::console::{Console, Entrance};
use crate::face::page_refusal::PageRefusal;
use crate::face::page_request::{self, FaceRequest, FaceSession};
use crate::registry::{
    AccountRow, Administration, AdministrationError, ApplicantSession, KeyTaker, Realm, SessionRow,
};
use crate::site::Site;
use crate::telemetry::Operation;

/// Why a page for applicants is not shown.
pub(super) type ApplicantRefusal = PageRefusal;

/// A request to a page for applicants.
pub(super) type ApplicantRequest<'a> = FaceRequest<'a, ApplicantSession>;

impl FaceSession for ApplicantSession {
    const REALM: Realm = Realm::Applicants;
    const ROOT: &'static str = "/a/";
    const BRAND: &'static str = "验密 · 申请方";
    const COOKIE: &'static str = "yanmi-a";
    const OPERATION: Operation = Operation::Applicant;
    const FORGOTTEN: &'static str = "忘记密码或换了手机：请当地医保经办重新发一个邀请。";

    fn entrance(console: &Console) -> &Entrance {
        &console.applicants
    }

    async fn find(
        administration: &mut Administration,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Option<Self>, AdministrationError> {
        administration.applicant_session(secret, now).await
    }

    fn row(&self) -> &SessionRow {
        &self.row
    }

    fn way(&self, request: &ApplicantRequest<'_>) -> Markup {
        let at = request.path.as_str();
        let here = |path: &str| (at == path).then_some("page");
        html! {
            nav aria-label="申请方" {
                a href="/a/" aria-current=[here("/a/")] { "首页" }
                a href="/a/me" aria-current=[here("/a/me")] { "我" }
                (request.leaving(&self.user.name))
            }
        }
    }
}

/// Has a page for applicants answer.
pub(super) async fn serve(
    site: Arc<Site>,
    request: Request<Body>,
    is_open: bool,
    answer: impl AsyncFnOnce(&mut ApplicantRequest<'_>, Body) -> Result<Response, ApplicantRefusal>,
) -> Response {
    page_request::serve(site, request, is_open, answer).await
}

impl ApplicantRequest<'_> {
    /// The account behind this address and before that one; another applicant's is not there.
    pub(super) async fn own_account(
        &self,
        before: &str,
        behind: &str,
    ) -> Result<AccountRow, ApplicantRefusal> {
        let id = self.segment(before).and_then(|rest| AccountId::new(rest.strip_suffix(behind)?).ok());
        let id = id.ok_or(ApplicantRefusal::Nowhere)?;
        let found = self.site.console.work(async |a| a.account(&id).await).await?;
        let number = self.session()?.applicant.number;
        found.filter(|row| row.applicant == Some(number)).ok_or(ApplicantRefusal::Nowhere)
    }

    /// Whoever takes a key by this request.
    pub(super) fn taker(&self) -> KeyTaker {
        let who = self.logged_in().map(|session| session.user.login);
        KeyTaker { who, from: self.source(), at: self.now }
    }
}
