//! The first page, and the form on it that makes a space.

use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;

use super::form::{Form, body, is_own, source_of};
use super::reply;
use crate::hall::{Hall, HallError};
use crate::page::landing::{Sent, page};
use crate::record::MAX_NAME;

pub(super) fn show(hall: &Hall) -> Response {
    reply::page(StatusCode::OK, markup(hall, Sent::default()))
}

fn markup(hall: &Hall, sent: Sent<'_>) -> maud::Markup {
    let days = hall.settings.limits.life.as_secs() / (24 * 60 * 60);
    page(&hall.settings.name, hall.settings.open, days, sent)
}

pub(super) async fn make(hall: &Hall, request: Request) -> Response {
    let source = source_of(&request);
    let (head, body_) = request.into_parts();
    if !is_own(&head.headers, |given| given == hall.settings.public_url) {
        return reply::refusal(StatusCode::FORBIDDEN, "不接受其他网页发来的请求");
    }
    let form = match body(&hall.bodies, source, body_).await {
        Ok(bytes) => Form::read(&bytes),
        Err((status, sentence)) => return reply::refusal(status, sentence),
    };
    let made = || -> Result<_, (StatusCode, String)> {
        let bad = |why| (StatusCode::BAD_REQUEST, why);
        let name = form.line("name", "空间名称", MAX_NAME).map_err(bad)?;
        let contact = form.line("contact", "联系人与电话", MAX_NAME).map_err(bad)?;
        // Counted before the code is looked at, so that codes are not tried out.
        if !hall.may_make(source) {
            return Err((StatusCode::TOO_MANY_REQUESTS, HallError::TooManyHere.to_string()));
        }
        if !hall.settings.open {
            let busy = |_| (StatusCode::SERVICE_UNAVAILABLE, "空间码暂时无法核对，请稍后再试".to_owned());
            if !hall.codes.take(form.text("code"), hall.now()).map_err(busy)? {
                return Err(bad("空间码不对、已用过或已过期，请向联调中心的管理人员索取".to_owned()));
            }
        }
        hall.make(name, contact).map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))
    };
    match made() {
        Ok(space) => reply::see(&format!("/s/{}/", space.id.as_str())),
        Err((status, why)) => {
            let sent = Sent { why: Some(&why), name: form.text("name"), contact: form.text("contact") };
            reply::page(status, markup(hall, sent))
        }
    }
}
