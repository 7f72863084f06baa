//! What everybody meets: one listener, on which each space is below a path of its own.
//!
//! | path | who answers |
//! |---|---|
//! | `/`, `POST /spaces` | [`landing`] |
//! | `/s/{space}/cfc/…`, `/s/{space}/localcfc/…` | the space's center: institutions, and channels below `/cfc/api/chnl/` |
//! | `/s/{space}/p/…` | the space's pages for insured persons |
//! | `/s/{space}/play/…` | the space's simulator: the page with counter and phones, and its control interface |
//! | `/s/{space}/run/…` | the acceptance run that goes on |
//! | `/s/{space}/dead/…` | nobody: connections end without an answer |
//! | `/s/{space}/…` | [`desk`]: the space's own page and its forms |
//!
//! A space that is unknown and one that is misspelled are answered alike, so that guessing tells nothing.

mod desk;
pub(crate) mod form;
mod landing;
pub(crate) mod operator;
pub(crate) mod reply;
mod space;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{Method, StatusCode};

use crate::hall::Hall;
use crate::page::frame::{file, notice};
use crate::space_id::SpaceId;

pub(crate) use self::space::Side;

/// What stands before a space's paths.
const SPACES: &str = "/s/";

/// The front's paths.
pub(crate) fn router(hall: Arc<Hall>, side: Side) -> Router {
    Router::new().fallback(answer).with_state((hall, side))
}

async fn answer(State((hall, side)): State<(Arc<Hall>, Side)>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix(SPACES) {
        let (id, rest) = rest.split_once('/').map_or((rest, None), |(id, rest)| (id, Some(rest.to_owned())));
        let Some(space) = SpaceId::read(id).and_then(|id| hall.find(id)) else {
            return unknown(&hall, request.method(), rest.as_deref());
        };
        return space::answer(hall, (space, side), rest, request).await;
    }
    match (request.method().clone(), path) {
        (Method::GET, "/") => landing::show(&hall),
        (Method::POST, "/spaces") => landing::make(&hall, request).await,
        (Method::GET, "/healthz") => reply::text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n"),
        (Method::GET, path) if let Some((kind, text)) = file(path) => reply::text(StatusCode::OK, kind, text),
        _ => reply::page(
            StatusCode::NOT_FOUND,
            notice(&hall.settings.name, "没有这个地址", "请检查网址是否完整。"),
        ),
    }
}

/// There is no such space: said to a program in its way, and to a person in his.
fn unknown(hall: &Hall, method: &Method, rest: Option<&str>) -> Response {
    let sentence = "没有这个空间：网址不完整，或空间已经结束。";
    let program = *method != Method::GET || rest.is_some_and(|rest| rest.starts_with("cfc/"));
    if program {
        return reply::refusal(StatusCode::NOT_FOUND, sentence);
    }
    reply::page(StatusCode::NOT_FOUND, notice(&hall.settings.name, "没有这个空间", sentence))
}
