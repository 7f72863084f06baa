//! The clerk's page: rendered here, kept alive by a held question, and whole without a script.
//!
//! Everything the page does is an operation a program could ask for as well; what the page adds is that the gate is asked
//! by itself as soon as there is something to decide, and that the answer is a sign nobody can misread.

mod face;
mod forms;
mod live;
mod markup;
mod sheet;

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE, X_FRAME_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::body::Incoming;
use markup::Trouble;
use maud::Markup;
use yanmi_client::gate::VisitId;

use crate::door::{Door, Reply, reply};
use crate::fault::Fault;
use crate::keys::SESSION_LIFE;
use crate::office::Office;
use crate::operation::LOGIN_PATH;
use crate::shape::Members;

const HTML: &str = "text/html; charset=utf-8";
const COOKIE_NAME: &str = "yanmi-agent";
/// Everything from here, nothing within the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
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
pub(crate) async fn answer(door: &Door, head: &Parts, body: Incoming) -> Reply {
    let path = head.uri.path();
    if let Some((_, kind, text)) = FILES.iter().find(|(known, ..)| *known == path) {
        return dressed(reply(StatusCode::OK, kind, Bytes::from_static(text.as_bytes())));
    }
    if path == LOGIN_PATH {
        return log_in(door, head);
    }
    if !has_session(&door.office, &head.headers) {
        return page(StatusCode::UNAUTHORIZED, &markup::outside(&door.office));
    }
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    match (&head.method, steps.as_slice()) {
        (&Method::GET, [""]) => whole(door, head).await,
        (&Method::GET, ["page", "live"]) => live::answer(door, head).await,
        (&Method::POST, ["page", "visits", rest @ ..]) => forms::answer(door, rest, body).await,
        _ => page(StatusCode::NOT_FOUND, &markup::outside(&door.office)),
    }
}

/// The page, with a visit when one is named that there is.
async fn whole(door: &Door, head: &Parts) -> Reply {
    let id = match visit_of(head) {
        Ok(id) => id,
        Err(fault) => return show(door, None, Some(fault.into())).await,
    };
    show(door, id, None).await
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, amount: None }
    }
}

/// The page about a visit, or about none; with what went wrong, when something did.
async fn show(door: &Door, id: Option<VisitId>, trouble: Option<Trouble>) -> Reply {
    let office = door.office.clone();
    let rendered = door.pool.run(move || match sheet::read(&office, id) {
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

/// The visit a page's address names.
fn visit_of(head: &Parts) -> Result<Option<VisitId>, Fault> {
    let query = head.uri.query().unwrap_or_default();
    let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "visit");
    found.map(|(_, id)| VisitId::parse(&id).ok_or_else(Fault::no_visit)).transpose()
}

/// A link's word becomes a session.
fn log_in(door: &Door, head: &Parts) -> Reply {
    let office = &door.office;
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

fn page(status: StatusCode, markup: &Markup) -> Reply {
    dressed(reply(status, HTML, Bytes::copy_from_slice(markup.0.as_bytes())))
}

fn moved(place: &str) -> Reply {
    let mut reply = dressed(reply(StatusCode::SEE_OTHER, HTML, Bytes::new()));
    reply.headers_mut().extend(HeaderValue::from_str(place).ok().map(|place| (LOCATION, place)));
    reply
}

/// What a browser is to know about every answer.
fn dressed(mut reply: Reply) -> Reply {
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
