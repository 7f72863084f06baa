//! The clerk's page: rendered here, kept alive by a held question, and whole without a script.
//!
//! Everything the page does is an operation a program could ask for as well; what the page adds is that the gate is asked
//! by itself as soon as there is something to decide, and that the answer is a sign nobody can misread.

mod face;
mod forms;
mod frame;
mod live;
mod markup;
mod sheet;

use axum::body::Body;
use bytes::Bytes;
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use yanmi_client::gate::VisitId;

use self::frame::{dressed, moved, page, show};
use crate::fault::Fault;
use crate::keys::SESSION_LIFE;
use crate::office::Office;
use crate::operation::LOGIN_PATH;
use crate::reply::{Reply, reply};
use crate::service::Service;
use crate::shape::Members;

const COOKIE_NAME: &str = "yanmi-agent";
const FILES: [(&str, &str, &str); 3] = [
    ("/page/agent.css", "text/css; charset=utf-8", include_str!("page/agent.css")),
    ("/page/agent.js", "text/javascript; charset=utf-8", include_str!("page/agent.js")),
    ("/page/icon.svg", "image/svg+xml; charset=utf-8", include_str!("page/icon.svg")),
];

/// Whether a path belongs to the page rather than to the interface.
pub(crate) fn is_of_the_page(path: &str) -> bool {
    path == "/" || path == LOGIN_PATH || path.starts_with("/page/")
}

/// Answers a browser.
pub(crate) async fn answer(service: &Service, head: &Parts, body: Body) -> Reply {
    let path = head.uri.path();
    if let Some((_, kind, text)) = FILES.iter().find(|(known, ..)| *known == path) {
        return dressed(reply(StatusCode::OK, kind, Bytes::from_static(text.as_bytes())));
    }
    if path == LOGIN_PATH {
        return log_in(service, head);
    }
    if !has_session(&service.office, &head.headers) {
        return page(StatusCode::UNAUTHORIZED, &markup::outside(&service.office));
    }
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    match (&head.method, steps.as_slice()) {
        (&Method::GET, [""]) => whole(service, head).await,
        (&Method::GET, ["page", "live"]) => live::answer(service, head).await,
        (&Method::POST, ["page", "visits", rest @ ..]) => forms::answer(service, rest, body).await,
        _ => page(StatusCode::NOT_FOUND, &markup::outside(&service.office)),
    }
}

/// The page, with a visit when one is named that there is.
async fn whole(service: &Service, head: &Parts) -> Reply {
    let id = match visit_of(head) {
        Ok(id) => id,
        Err(fault) => return show(service, None, Some(fault.into())).await,
    };
    show(service, id, None).await
}

/// The visit a page's address names.
fn visit_of(head: &Parts) -> Result<Option<VisitId>, Fault> {
    let query = head.uri.query().unwrap_or_default();
    let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "visit");
    found.map(|(_, id)| VisitId::parse(&id).ok_or_else(Fault::no_visit)).transpose()
}

/// A link's word becomes a session.
fn log_in(service: &Service, head: &Parts) -> Reply {
    let office = &service.office;
    let mut members = Members::of_form(head.uri.query().unwrap_or_default().as_bytes());
    let word = members.take::<String>("link").unwrap_or_default();
    let session = Some(word).filter(|_| head.method == Method::GET);
    let Some(session) = session.and_then(|word| office.keys.open_link(&word, &*office.ambient)) else {
        // Whoever is in already and opens an old link again stays in.
        return if has_session(office, &head.headers) {
            moved("/")
        } else {
            page(StatusCode::UNAUTHORIZED, &markup::outside(office))
        };
    };
    let cookie = format!(
        "{COOKIE_NAME}={session}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict",
        SESSION_LIFE.as_secs()
    );
    let mut reply = moved("/");
    reply.headers_mut().extend(HeaderValue::from_str(&cookie).ok().map(|cookie| (SET_COOKIE, cookie)));
    reply
}

fn has_session(office: &Office, headers: &HeaderMap) -> bool {
    let now = office.ambient.now();
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, value)| name == COOKIE_NAME && office.keys.is_session(value, now))
}
