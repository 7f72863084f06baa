//! One request to a page for applicants, and what is written down of it.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use maud::{Markup, html};
use tokio::time::Instant;
use yanmi_http::{NOBODY, Peer};
use yanmi_protocol::{Code, UnixMillis};

use crate::face::form::{FormFields, is_own, read_form};
use crate::face::frame;
use crate::face::request::{Ending, Noted, Sender, unless_it_panics};
use crate::refusal::Refusal;
use crate::registry::AdministrationError;
use crate::site::Site;
use crate::telemetry::{Operation, chain};

/// What stands in the head of every page.
const BRAND: &str = "验密 · 领取密钥";

/// Why a page is not shown.
#[derive(Debug)]
pub(super) enum ApplicantRefusal {
    /// There is nothing here.
    Nowhere,
    /// The link opens nothing any more, or never did.
    Gone(String),
    /// Neither GET nor POST.
    BadMethod,
    /// What was sent is no form of this page.
    BadForm,
    /// What was typed does not fit.
    Refused(String),
    /// Too many tries from this address.
    TooMany(Duration),
    /// The database does not answer, or too many pages are open.
    Busy,
}

impl From<AdministrationError> for ApplicantRefusal {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Store(error) => {
                tracing::error!(cause = %chain(&error), "领取密钥的页面未能使用数据库");
                Self::Busy
            }
            AdministrationError::NoOffer => Self::Gone(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// A request being answered.
pub(super) struct ApplicantRequest<'a> {
    pub(super) site: &'a Arc<Site>,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) now: UnixMillis,
    peer: Option<Peer>,
    headers: HeaderMap,
}

/// Has a page answer, and writes down what came of it.
pub(super) async fn serve(
    site: Arc<Site>,
    request: Request<Body>,
    answer: impl AsyncFnOnce(&ApplicantRequest<'_>, Body) -> Result<Response, ApplicantRefusal>,
) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let request = ApplicantRequest {
        site: &site,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        now: site.clock.now(),
        peer: parts.extensions.get::<Peer>().cloned(),
        headers: parts.headers,
    };
    // A panic is told like anything of ours that is broken; what a page refuses is an answer.
    let guarded = async { Ok::<_, Refusal>(request.answer(body, answer).await) };
    let result = unless_it_panics(pin!(guarded)).await;
    let code = match &result {
        Ok(Ok(_)) => Code::Success,
        Ok(Err(ApplicantRefusal::TooMany(_))) => Code::RateLimited,
        Ok(Err(ApplicantRefusal::Nowhere | ApplicantRefusal::Gone(_))) => Code::NoSuchAddress,
        Ok(Err(ApplicantRefusal::Busy)) | Err(_) => Code::Unknown,
        Ok(Err(_)) => Code::BadParameter,
    };
    let ending = Ending::of(Operation::Applicant, started, Noted::default(), result.as_ref().err());
    ending.with_code(code).record(&site, Sender::stranger(request.peer.as_ref()));
    match result {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => close(&refusal),
        Err(_) => close(&ApplicantRefusal::Busy),
    }
}

impl ApplicantRequest<'_> {
    async fn answer(
        &self,
        body: Body,
        answer: impl AsyncFnOnce(&Self, Body) -> Result<Response, ApplicantRefusal>,
    ) -> Result<Response, ApplicantRefusal> {
        if !matches!(self.method, Method::GET | Method::POST) {
            return Err(ApplicantRefusal::BadMethod);
        }
        self.site.console.applicants.tries.count(self.source()).map_err(ApplicantRefusal::TooMany)?;
        let _place = self.site.console.applicants.enter().map_err(|_| ApplicantRefusal::Busy)?;
        answer(self, body).await
    }

    /// Where the browser is, as far as that is known.
    pub(super) fn source(&self) -> IpAddr {
        self.peer.as_ref().map_or(NOBODY, Peer::ip)
    }

    /// The form that was sent, by a page of ours.
    pub(super) async fn form(&self, body: Body) -> Result<FormFields, ApplicantRefusal> {
        let form = read_form(self.site, self.peer.as_ref(), body).await.ok_or(ApplicantRefusal::BadForm)?;
        if is_own(&self.headers, self.site.console.applicants.secure) {
            Ok(form)
        } else {
            Err(ApplicantRefusal::BadForm)
        }
    }
}

/// The answer with a page.
pub(super) fn page(title: &str, middle: &Markup) -> Response {
    frame::answer(StatusCode::OK, frame::page(BRAND, title, &html! {}, middle))
}

fn close(refusal: &ApplicantRefusal) -> Response {
    let (status, title, text) = match refusal {
        ApplicantRefusal::Nowhere => (StatusCode::NOT_FOUND, "没有这一页", "地址不对。".to_owned()),
        ApplicantRefusal::Gone(why) => (StatusCode::GONE, "不能领取", why.clone()),
        ApplicantRefusal::BadMethod => {
            (StatusCode::METHOD_NOT_ALLOWED, "不支持", "请从页面上操作。".to_owned())
        }
        ApplicantRefusal::BadForm => {
            (StatusCode::BAD_REQUEST, "表单有误", "收到的内容不是本页的表单，什么都没有做。".to_owned())
        }
        ApplicantRefusal::Refused(why) => (StatusCode::FORBIDDEN, "没有成功", why.clone()),
        ApplicantRefusal::TooMany(wait) => (
            StatusCode::TOO_MANY_REQUESTS,
            "尝试过多",
            format!("这个地址尝试得太多，请 {} 秒之后再试。", wait.as_secs() + 1),
        ),
        ApplicantRefusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "暂时不可用", "请稍后再试。".to_owned()),
    };
    let middle = html! { p.said.bad role="alert" { (text) } };
    let mut response = frame::answer(status, frame::page(BRAND, title, &html! {}, &middle));
    if let ApplicantRefusal::TooMany(wait) = refusal {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    }
    response
}
