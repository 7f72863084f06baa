//! The door: who is let in, and to which operation a request goes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;
use yanmi_client::gate::VisitId;

use crate::fault::Fault;
use crate::guard::Hosts;
use crate::office::Office;
use crate::operation::{self, LOGIN_PATH, Operation, Place};
use crate::pool::Pool;
use crate::shape::Members;
use crate::{openapi, page, shapes};

/// Bytes a request's body may have.
pub const MAX_BODY: usize = 16 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Said with its charset: clients of older frameworks take JSON without one for Latin-1.
const JSON: &str = "application/json;charset=UTF-8";

pub(crate) type Reply = Response<Full<Bytes>>;

/// What answers requests.
pub(crate) struct Door {
    pub(crate) office: Arc<Office>,
    pub(crate) pool: Pool,
    hosts: Hosts,
    operations: Vec<Operation>,
}

impl Door {
    pub(crate) fn new(office: Arc<Office>, hosts: Hosts) -> Self {
        Self { office, pool: Pool::new(), hosts, operations: operation::all() }
    }

    /// Answers whatever is asked.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let linked = matches!(head.uri.path(), "/" | LOGIN_PATH);
        if let Some(why) = self.hosts.refuse(&head.method, linked, &head.headers) {
            return refusal(&Fault::new(StatusCode::FORBIDDEN, "notFromHere", why));
        }
        match (&head.method, head.uri.path()) {
            (&Method::GET, "/healthz") => {
                let ok = shapes::Health { status: "ok".to_owned() };
                return operation::json(&ok).map_or_else(|fault| refusal(&fault), json);
            }
            (&Method::GET, "/openapi.json") => return json(openapi::text().into()),
            (_, path) if page::is_of_the_page(path) => return page::answer(&self, &head, body).await,
            _ => {}
        }
        match self.operate(&head, body).await {
            Ok(answer) => json(answer),
            Err(fault) => refusal(&fault),
        }
    }

    async fn operate(&self, head: &Parts, body: Incoming) -> Result<Bytes, Fault> {
        if !self.knows_token(head) {
            let why = "缺少令牌或令牌不符：请求头 Authorization: Bearer 后写 agent.token_file 中的令牌";
            return Err(Fault::new(StatusCode::UNAUTHORIZED, "noToken", why));
        }
        let (operation, id) = self.find(&head.method, head.uri.path())?;
        let text = match operation.place {
            Place::Query => Bytes::copy_from_slice(head.uri.query().unwrap_or_default().as_bytes()),
            Place::Body | Place::Nowhere => read_body(body).await?,
        };
        let members = match operation.place {
            Place::Query => Members::of_form(&text),
            Place::Body | Place::Nowhere => Members::of_body(&text)?,
        };
        let waits = (operation.held)(&members);
        let (office, run) = (Arc::clone(&self.office), operation.run);
        let call = move || run(&office, id, members);
        let answered = if waits { self.pool.hold(call).await } else { self.pool.run(call).await };
        if operation.changes {
            self.office.changed();
        }
        let visit = id.map(|id| id.to_string()).unwrap_or_default();
        match &answered {
            Ok(_) => tracing::info!(operation = operation.id, visit, "已处理"),
            Err(fault) => {
                let status = fault.status.as_u16();
                tracing::warn!(operation = operation.id, visit, status, code = fault.code, "未处理");
            }
        }
        answered
    }

    fn knows_token(&self, head: &Parts) -> bool {
        let offered = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = offered.and_then(|offered| {
            let (scheme, token) = offered.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        token.is_some_and(|token| self.office.keys.is_token(token))
    }

    fn find(&self, method: &Method, path: &str) -> Result<(&Operation, Option<VisitId>), Fault> {
        let mut elsewhere = Vec::new();
        for operation in &self.operations {
            let Some(Found { id }) = matched(operation.path, path) else { continue };
            if operation.method == *method {
                let id = id.map(|text| VisitId::parse(text).ok_or_else(Fault::no_visit));
                return Ok((operation, id.transpose()?));
            }
            elsewhere.push(operation.method.as_str());
        }
        if elsewhere.is_empty() {
            return Err(Fault::no_place());
        }
        let words = format!("此地址只接受 {}", elsewhere.join("、"));
        Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "wrongMethod", words))
    }
}

/// A path that is of a form.
#[derive(PartialEq, Eq, Debug)]
struct Found<'a> {
    /// What stands for `{id}`.
    id: Option<&'a str>,
}

/// Whether a path is of this form.
fn matched<'a>(form: &str, path: &'a str) -> Option<Found<'a>> {
    let mut id = None;
    let mut steps = path.split('/');
    for step in form.split('/') {
        let found = steps.next()?;
        if step == "{id}" {
            id = Some(found);
        } else if step != found {
            return None;
        }
    }
    steps.next().is_none().then_some(Found { id })
}

/// The body, when it is small and comes in time.
pub(crate) async fn read_body(body: Incoming) -> Result<Bytes, Fault> {
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

fn json(body: Bytes) -> Reply {
    reply(StatusCode::OK, JSON, body)
}

fn refusal(fault: &Fault) -> Reply {
    let mut reply = reply(fault.status, JSON, fault.json().to_string().into());
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

#[cfg(test)]
mod tests {
    use super::{Found, matched};

    #[test]
    fn paths_are_matched_whole() {
        assert_eq!(matched("/visits", "/visits"), Some(Found { id: None }));
        assert_eq!(matched("/visits/{id}/gate", "/visits/7/gate"), Some(Found { id: Some("7") }));
        for path in ["/visits/", "/visits/7", "/visits/7/gate/", "/visit/7/gate", "/"] {
            assert_eq!(matched("/visits/{id}/gate", path), None, "{path}");
        }
    }
}
