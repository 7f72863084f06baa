//! What the browser is sent: the page about a visit, and what it is to know about every answer.

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::Markup;
use yanmi_client::gate::VisitId;

use super::markup::Trouble;
use super::{markup, sheet};
use crate::reply::{Reply, reply};
use crate::service::Service;

pub(super) const HTML: &str = "text/html; charset=utf-8";
/// Everything from here, nothing within the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page about a visit, or about none; with what went wrong, when something did.
pub(super) async fn show(service: &Service, id: Option<VisitId>, trouble: Option<Trouble>) -> Reply {
    let office = service.office.clone();
    let rendered = service.pool.run(move || match sheet::read(&office, id) {
        Ok(sheet) => {
            let status = trouble.as_ref().map_or(StatusCode::OK, |trouble| trouble.fault.status);
            Ok((status, markup::page(&office, &sheet, trouble.as_ref())))
        }
        // The visit is gone; the rest of the page is not.
        Err(gone) => {
            let sheet = sheet::read(&office, None)?;
            Ok((gone.status, markup::page(&office, &sheet, Some(&gone.into()))))
        }
    });
    match rendered.await {
        Ok((status, markup)) => page(status, &markup),
        Err(fault) => page(fault.status, &markup::trouble(&fault)),
    }
}

/// An answer with markup.
pub(super) fn page(status: StatusCode, markup: &Markup) -> Reply {
    dressed(reply(status, HTML, Bytes::copy_from_slice(markup.0.as_bytes())))
}

/// Leads the browser elsewhere.
pub(super) fn moved(place: &str) -> Reply {
    let mut reply = dressed(reply(StatusCode::SEE_OTHER, HTML, Bytes::new()));
    reply.headers_mut().extend(HeaderValue::from_str(place).ok().map(|place| (LOCATION, place)));
    reply
}

/// What a browser is to know about every answer.
pub(super) fn dressed(mut reply: Reply) -> Reply {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}
