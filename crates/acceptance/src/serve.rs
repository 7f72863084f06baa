//! The suite's server: the playing center, the settlement sink and the page on one socket.

use std::sync::Arc;

use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::answer::{Answer, Delivery};
use crate::base_url::Urls;
use crate::listen::{self, Cut, Reply, html, is_from_elsewhere, json, reply, teller, text};
use crate::session::Session;
use crate::{brief, page, report};

/// Serves until told to stop.
pub(crate) async fn accept(
    session: Arc<Session>,
    listener: TcpListener,
    urls: Arc<Urls>,
    stopping: watch::Receiver<bool>,
) {
    let handler = move |request| handle(Arc::clone(&session), Arc::clone(&urls), request);
    listen::accept(listener, stopping, handler).await;
}

async fn handle(session: Arc<Session>, urls: Arc<Urls>, request: Request<Incoming>) -> Result<Reply, Cut> {
    let (head, body) = request.into_parts();
    let body = match listen::body(body).await {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal),
    };
    if head.uri.path().starts_with("/cfc/") {
        let delivery = session.receive(head.uri.path(), &body);
        return deliver(&session, delivery).await;
    }
    Ok(desk(&session, &urls, &head, &body))
}

async fn deliver(session: &Session, delivery: Delivery) -> Result<Reply, Cut> {
    match delivery {
        Delivery::Whole(answer) => Ok(whole(answer)),
        Delivery::Late(answer) => {
            tokio::time::sleep(session.settings.late).await;
            Ok(whole(answer))
        }
        Delivery::Half(answer) => Ok(listen::half(&answer.body)),
        Delivery::Reset => Err(Cut),
        Delivery::Hang => {
            tokio::time::sleep(session.settings.hang).await;
            Err(Cut)
        }
    }
}

fn whole(answer: Answer) -> Reply {
    let kind = if answer.html { "text/html; charset=utf-8" } else { "application/json" };
    let mut reply = reply(answer.status, kind, answer.body);
    if let Some(seconds) = answer.retry_after {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

/// What is not the center's: the page, the sink, the reports.
fn desk(session: &Session, urls: &Urls, head: &Parts, body: &[u8]) -> Reply {
    if head.method == Method::POST && is_from_elsewhere(&head.headers, session.settings.public_url.as_ref()) {
        return text(StatusCode::FORBIDDEN, "只接受本页面或程序的请求");
    }
    let brief = || brief::of(session, urls);
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/") => html(page::live(&brief(), &report::write(session))),
        (&Method::GET, "/acceptance/page.js") => {
            reply(StatusCode::OK, "text/javascript; charset=utf-8", page::SCRIPT)
        }
        (&Method::GET, "/acceptance/progress") => html(page::progress(&brief(), &report::write(session))),
        (&Method::GET, "/acceptance.json") => json(&brief()),
        (&Method::GET, "/report.json") => json(&report::write(session)),
        (&Method::GET, "/report.html") => html(page::report(&report::write(session))),
        (&Method::POST, "/acceptance/settle") => said(session.settle(body, teller(&head.headers))),
        (&Method::POST, "/acceptance/again") => said(session.again(body)),
        (&Method::POST, "/acceptance/finish") => {
            session.finish.send_replace(true);
            said(Ok(()))
        }
        _ => text(StatusCode::NOT_FOUND, "没有这个地址或方法不对"),
    }
}

fn said(done: Result<(), String>) -> Reply {
    match done {
        Ok(()) => json(&serde_json::json!({ "received": true })),
        Err(why) => text(StatusCode::BAD_REQUEST, &why),
    }
}
