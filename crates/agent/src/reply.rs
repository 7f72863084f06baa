//! What goes over a connection: a body that is read, and answers that are kept nowhere.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use tokio::time::timeout;

use crate::fault::Fault;
use crate::shapes::Problem;

/// Bytes a request's body may have.
pub const MAX_BODY: usize = 16 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Said with its charset: clients of older frameworks take JSON without one for Latin-1.
const JSON: &str = "application/json;charset=UTF-8";

/// An answer.
pub(crate) type Reply = Response<Full<Bytes>>;

/// The body, when it is small and comes in time.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, Fault> {
    let late = || Fault::new(StatusCode::REQUEST_TIMEOUT, "tooSlow", "请求体没有及时传完");
    match timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let words = format!("请求体超过 {MAX_BODY} 字节");
            Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "tooLarge", words))
        }
        Ok(Err(_)) => Err(Fault::body("请求体不完整")),
        Err(_) => Err(late()),
    }
}

/// An answer of the interface.
pub(crate) fn json(body: Bytes) -> Reply {
    reply(StatusCode::OK, JSON, body)
}

/// Why nothing was done, as the interface says it.
pub(crate) fn refusal(fault: &Fault) -> Reply {
    let problem = Problem {
        code: fault.code.to_owned(),
        member: fault.member.map(str::to_owned),
        message: fault.message.clone(),
    };
    let text = serde_json::json!({ "error": problem }).to_string();
    let mut reply = reply(fault.status, JSON, text.into());
    let more = match fault.status {
        StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "Bearer")),
        StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, "1")),
        StatusCode::METHOD_NOT_ALLOWED => Some((ALLOW, "GET, POST")),
        _ => None,
    };
    reply.headers_mut().extend(more.map(|(name, value)| (name, HeaderValue::from_static(value))));
    reply
}

/// An answer that is kept nowhere.
pub(crate) fn reply(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in headers {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}
