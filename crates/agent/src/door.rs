//! The door: who is let in, and to which operation a request goes.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use yanmi_client::gate::VisitId;

use crate::fault::Fault;
use crate::guard::Hosts;
use crate::operation::{self, LOGIN_PATH, Operation, Place};
use crate::reply::{Reply, json, read_body, refusal};
use crate::service::Service;
use crate::shape::Members;
use crate::{openapi, page, shapes};

/// What answers requests.
pub(crate) struct Door {
    service: Service,
    hosts: Hosts,
    operations: Vec<Operation>,
}

impl Door {
    pub(crate) fn new(service: Service, hosts: Hosts) -> Self {
        Self { service, hosts, operations: operation::all() }
    }

    /// Answers whatever is asked.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Body>) -> Reply {
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
            (_, path) if page::is_of_the_page(path) => return page::answer(&self.service, &head, body).await,
            _ => {}
        }
        match self.operate(&head, body).await {
            Ok(answer) => json(answer),
            Err(fault) => refusal(&fault),
        }
    }

    async fn operate(&self, head: &Parts, body: Body) -> Result<Bytes, Fault> {
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
        let (office, run) = (Arc::clone(&self.service.office), operation.run);
        let call = move || run(&office, id, members);
        let answered =
            if waits { self.service.pool.hold(call).await } else { self.service.pool.run(call).await };
        if operation.changes {
            self.service.office.changed();
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
        token.is_some_and(|token| self.service.office.keys.is_token(token))
    }

    fn find(&self, method: &Method, path: &str) -> Result<(&Operation, Option<VisitId>), Fault> {
        let mut elsewhere = Vec::new();
        for operation in &self.operations {
            let Some(PathMatch { id }) = matched(operation.path, path) else { continue };
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
struct PathMatch<'a> {
    /// What stands for `{id}`.
    id: Option<&'a str>,
}

/// Whether a path is of this form.
fn matched<'a>(form: &str, path: &'a str) -> Option<PathMatch<'a>> {
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
    steps.next().is_none().then_some(PathMatch { id })
}

#[cfg(test)]
mod tests {
    use super::{PathMatch, matched};

    #[test]
    fn paths_are_matched_whole() {
        assert_eq!(matched("/visits", "/visits"), Some(PathMatch { id: None }));
        assert_eq!(matched("/visits/{id}/gate", "/visits/7/gate"), Some(PathMatch { id: Some("7") }));
        for path in ["/visits/", "/visits/7", "/visits/7/gate/", "/visit/7/gate", "/"] {
            assert_eq!(matched("/visits/{id}/gate", path), None, "{path}");
        }
    }
}
