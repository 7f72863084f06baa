//! What those ask who run the center: is it alive, is it ready, how does it fare.
//!
//! They are on a listener of their own, `[listen.operations]`, which neither institutions nor channels reach. `/healthz`
//! and `/readyz` answer whoever gets there, from what is known: nothing is asked of the database and nothing is written.
//! `/metrics` answers hosts of the networks in `metrics.from`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, Request, StatusCode, header};
use ipnet::IpNet;

use crate::config::Face;
use crate::site::Site;
use yanmi_http::{Counters, Peer};

#[derive(Clone, Debug)]
struct Operator {
    site: Arc<Site>,
    metrics_from: Arc<[IpNet]>,
    listeners: Arc<[(Face, Arc<Counters>)]>,
}

/// The operator's addresses.
pub(crate) fn router(
    site: Arc<Site>,
    metrics_from: Arc<[IpNet]>,
    listeners: Arc<[(Face, Arc<Counters>)]>,
) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(elsewhere)
        .with_state(Operator { site, metrics_from, listeners })
}

/// The process runs and answers.
async fn healthz() -> Response {
    text(StatusCode::OK, "ok\n".to_owned())
}

/// The process can do its work: the database takes changes, and it is not stopping.
async fn readyz(State(operator): State<Operator>) -> Response {
    if operator.site.stopping.is_told() {
        return text(StatusCode::SERVICE_UNAVAILABLE, "正在停止\n".to_owned());
    }
    if !operator.site.ledger.runs() {
        return text(StatusCode::SERVICE_UNAVAILABLE, "账本已停止，须重新启动\n".to_owned());
    }
    match operator.site.registry.health().trouble() {
        None => text(StatusCode::OK, "ok\n".to_owned()),
        Some(trouble) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{trouble}\n")),
    }
}

/// Anything else: this listener has nothing to do with the interface, and says where it is.
async fn elsewhere() -> Response {
    text(StatusCode::NOT_FOUND, "运维监听口只有 /healthz、/readyz、/metrics\n".to_owned())
}

async fn metrics(State(operator): State<Operator>, request: Request<Body>) -> Response {
    let is_inside = |peer: &&Peer| operator.metrics_from.iter().any(|net| net.contains(&peer.ip()));
    let Some(peer) = request.extensions().get::<Peer>().filter(is_inside) else {
        return text(StatusCode::FORBIDDEN, "该来源地址不在 metrics.from 之内\n".to_owned());
    };
    peer.prove();
    let site = &operator.site;
    for (face, counters) in operator.listeners.iter() {
        site.telemetry.traffic(face.name(), &counters.traffic());
    }
    let page = site.telemetry.render(site.ledger.waiting(), site.ledger.resident(), site.held.taken());
    let mut response = text(StatusCode::OK, page);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
