//! What is below a space's path: who answers it there.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::header::{CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri};
use tower::ServiceExt;
use yanmi_protocol::{Code, envelope};

use super::form::{body, is_own, source_of};
use super::{desk, reply};
use crate::hall::Hall;
use crate::page::frame::notice;
use crate::pass::broken;
use crate::space::Space;

/// Seconds after which somebody who asked too much may ask again.
const PAUSE_SECONDS: u16 = 1;
/// Below which channel apps call.
const CHANNEL: &str = "cfc/api/chnl/";

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// Everybody.
    Outside,
    /// The simulators of this process, who are neither counted nor limited.
    Inside,
}

/// Answers what is below a space's path; `rest` is that, without the slash before it.
pub(super) async fn answer(
    hall: Arc<Hall>,
    (space, side): (Arc<Space>, Side),
    rest: Option<String>,
    request: Request,
) -> Response {
    let Some(rest) = rest else { return reply::see(&format!("/s/{}/", space.id.as_str())) };
    let sealed = rest.starts_with("cfc/") || rest.starts_with("localcfc/");
    if side == Side::Outside && space.rate.check().is_err() {
        return too_much(sealed);
    }
    let visitor = space.enter();
    match rest.split('/').next().unwrap_or_default() {
        "cfc" | "localcfc" => {
            if side == Side::Outside {
                space.note_call(hall.now());
            }
            center(&hall, &space, &rest, request).await
        }
        "p" => center(&hall, &space, &rest, request).await,
        "play" => match rest.strip_prefix("play/") {
            Some(path) if !is_of_the_center(path) => {
                let stage = match hall.stage(&space).await {
                    Ok(stage) => stage,
                    Err(error) => return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
                };
                let (mut head, sent) = request.into_parts();
                if !may(&hall, &head, path) {
                    return strange();
                }
                // It knows itself under an address of this machine only, and the front has looked already.
                head.headers.remove(ORIGIN);
                head.headers.remove("sec-fetch-site");
                let request = Request::from_parts(head, sent);
                pass(&hall, stage.simulator, path, request, visitor).await
            }
            Some(_) => reply::refusal(StatusCode::NOT_FOUND, "没有这个地址"),
            None => reply::see("play/"),
        },
        "run" => match (rest.strip_prefix("run/"), space.run()) {
            // The suite knows its address, and wants to know whether a person told it a decision on its page.
            (Some(path), Some(run)) => pass(&hall, run.addr, path, request, visitor).await,
            (Some(_), None) => reply::page(
                StatusCode::NOT_FOUND,
                notice(&hall.settings.name, "没有正在进行的验收", "验收已结束或尚未开始，请回到空间的页面。"),
            ),
            (None, _) => reply::see("run/"),
        },
        "dead" => Response::new(broken()),
        _ => desk::answer(&hall, &space, &rest, request).await,
    }
}

/// What only the center may ask a simulator: notices, and what a national center is asked.
fn is_of_the_center(path: &str) -> bool {
    path.starts_with("cfc/") || path.ends_with("/notice")
}

/// Has the space's center answer, as if nothing stood before its paths.
async fn center(hall: &Arc<Hall>, space: &Arc<Space>, rest: &str, request: Request) -> Response {
    let stage = match hall.stage(space).await {
        Ok(stage) => stage,
        Err(error) => return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    let (mut head, body) = request.into_parts();
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(uri) = format!("/{rest}{query}").parse::<Uri>() else {
        return reply::refusal(StatusCode::BAD_REQUEST, "地址有误");
    };
    head.uri = uri;
    let channels = rest.starts_with(CHANNEL) || rest.starts_with("p/");
    let router = if channels { stage.channel.clone() } else { stage.institution.clone() };
    drop(stage);
    let answered = router.oneshot(Request::from_parts(head, body)).await;
    answered.unwrap_or_else(|never| match never {})
}

/// Whether a request can come from our page. It may be opened by a link from anywhere; what it asks for then comes from itself.
fn may(hall: &Hall, head: &Parts, path: &str) -> bool {
    (head.method == Method::GET && path.is_empty())
        || is_own(&head.headers, |given| given == hall.settings.public_url)
}

fn strange() -> Response {
    reply::refusal(StatusCode::FORBIDDEN, "不接受其他网页发来的请求")
}

/// Passes a request on to what listens on this machine.
async fn pass(
    hall: &Hall,
    addr: std::net::SocketAddr,
    path: &str,
    request: Request,
    visitor: crate::space::Visitor,
) -> Response {
    let source = source_of(&request);
    let (head, sent) = request.into_parts();
    let bytes = match body(&hall.bodies, source, sent).await {
        Ok(bytes) => bytes,
        Err((status, sentence)) => return reply::refusal(status, sentence),
    };
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let asked = hall.passage.ask(addr, &format!("/{path}{query}"), &head, bytes, visitor).await;
    asked.unwrap_or_else(|| Response::new(broken()))
}

/// A space is asked too much: said in the specification's way to whoever seals.
fn too_much(sealed: bool) -> Response {
    let mut reply = if sealed {
        let words = "本空间的请求过于频繁，请稍后再试";
        let mut reply = Response::new(envelope::refusal(Code::RateLimited, words).into());
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        reply
    } else {
        reply::refusal(StatusCode::TOO_MANY_REQUESTS, "本空间的请求过于频繁，请稍后再试")
    };
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(PAUSE_SECONDS));
    reply
}
