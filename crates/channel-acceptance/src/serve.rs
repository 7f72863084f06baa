//! The suite's server: the channel face of the playing center, the sink and the page on one socket.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;
use yanmi_acceptance::listen::{self, Cut, Reply, html, is_from_elsewhere, json, reply, teller, text};

use crate::answer::Outgoing;
use crate::session::Session;
use crate::{brief, director, page, report, sink};

/// Serves until told to stop.
pub(crate) async fn accept(session: Arc<Session>, listener: TcpListener, stopping: watch::Receiver<bool>) {
    let handler = move |request| handle(Arc::clone(&session), request);
    listen::accept(listener, stopping, handler).await;
}

async fn handle(session: Arc<Session>, request: Request<Incoming>) -> Result<Reply, Cut> {
    let (head, body) = request.into_parts();
    let body = match listen::body(body).await {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal),
    };
    let path = head.uri.path();
    if path.starts_with("/cfc/") {
        return match session.receive(path, &body) {
            Outgoing::Body(body) => Ok(reply(StatusCode::OK, "application/json", body)),
            Outgoing::Reset => Err(Cut),
            Outgoing::Hang => {
                tokio::time::sleep(session.settings.hang).await;
                Err(Cut)
            }
        };
    }
    if head.method == Method::POST && is_from_elsewhere(&head.headers, session.settings.public_url.as_ref()) {
        return Ok(text(StatusCode::FORBIDDEN, "只接受本页面或程序的请求"));
    }
    Ok(match (&head.method, path) {
        (&Method::POST, "/acceptance/play") => play(&session, &body, 1).await,
        (&Method::POST, "/acceptance/next") => play(&session, &body, 2).await,
        (&Method::POST, "/acceptance/alone") => said(play_alone(&session).await),
        _ => desk(&session, &head, &body),
    })
}

async fn play(session: &Session, body: &[u8], part: usize) -> Reply {
    let played = match sink::named(session, body) {
        Ok(at) => director::play(session, at, part).await.map(|()| at),
        Err(why) => Err(why),
    };
    match played {
        Ok(at) => json(&brief::of(session).situations.into_iter().find(|scene| is_of(at, &scene.id))),
        Err(why) => said(Err(why)),
    }
}

fn is_of(at: usize, id: &str) -> bool {
    crate::Situation::named(id) == Some(at)
}

async fn play_alone(session: &Session) -> Result<(), String> {
    for at in sink::alone(session) {
        director::play(session, at, 1).await?;
    }
    Ok(())
}

/// What is not the center's: the page, the sink, the reports.
fn desk(session: &Session, head: &Parts, body: &[u8]) -> Reply {
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/") => html(page::live(&brief::of(session), &report::write(session))),
        (&Method::GET, "/acceptance/page.js") => {
            reply(StatusCode::OK, "text/javascript; charset=utf-8", page::SCRIPT)
        }
        (&Method::GET, "/acceptance/progress") => {
            html(page::progress(&brief::of(session), &report::write(session)))
        }
        (&Method::GET, "/channel-acceptance.json") => json(&brief::of(session)),
        (&Method::GET, "/report.json") => json(&report::write(session)),
        (&Method::GET, "/report.html") => html(page::report(&report::write(session))),
        (&Method::POST, "/acceptance/shown") => said(sink::shown(session, body, teller(&head.headers))),
        (&Method::POST, "/acceptance/finish") => {
            session.finish.send_replace(true);
            said(Ok(()))
        }
        (method, path) if session.visit(path, head.uri.query(), method.as_str()) => html(page::link()),
        _ => text(StatusCode::NOT_FOUND, "没有这个地址或方法不对"),
    }
}

fn said(done: Result<(), String>) -> Reply {
    match done {
        Ok(()) => json(&serde_json::json!({ "received": true })),
        Err(why) => text(StatusCode::BAD_REQUEST, &why),
    }
}
