//! One request to a page of the insured person, whichever page it is: who comes, from where, with which badge; what
//! keeps strangers out of all of them; and what is written down of it.

use std::pin::pin;
use std::sync::Arc;
use tokio::time::Instant;

use axum::body::Body;
use axum::response::Response;
use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use yanmi_protocol::{Code, UnixMillis};
use yanmi_verification::Event;
use zeroize::Zeroize;

use super::browser::{self, Badge};
use super::view::Closed;
use super::{layout, view};
use crate::face::page::see_other;
use crate::face::request::{Ending, Noted, Sender, Trust, unless_it_panics};
use crate::ledger::{Key, Record};
use crate::page_link::{PREFIX, PageOrigin};
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;
use yanmi_http::{BodyError, Peer, read_body};

/// The largest form that is read, in bytes; a real one is a tenth of it.
const MAX_FORM_BYTES: usize = 2 * 1024;

/// What the browser gets.
pub(super) enum Answer {
    /// The page, the door to it, the way back to it, or how it stands.
    Shown(Response),
    /// A page without anybody's data.
    Closed(Closed),
}

impl Answer {
    /// A page.
    pub(super) fn page(page: maud::Markup) -> Self {
        Self::Shown(layout::answer(StatusCode::OK, page))
    }
}

/// A request being answered.
pub(super) struct PageRequest<'a> {
    pub(super) site: &'a Arc<Site>,
    pub(super) place: &'a PageOrigin,
    pub(super) headers: HeaderMap,
    pub(super) peer: Option<Peer>,
    /// The page's own address, as the browser has it.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) now: UnixMillis,
    pub(super) noted: Noted,
    /// A badge to be handed out with the answer.
    pub(super) given: Option<Badge>,
    /// Whether a link of this site was shown.
    proven: bool,
}

impl PageRequest<'_> {
    /// What of the address names the page: all behind the pages' common beginning.
    pub(super) fn link(&self) -> &str {
        let own = self.path.strip_prefix(self.place.path.as_str());
        own.and_then(|path| path.strip_prefix(PREFIX)).unwrap_or_default()
    }
}

/// Has a page answer, and writes down what came of it.
pub(super) async fn serve(
    site: Arc<Site>,
    request: Request<Body>,
    answer: impl AsyncFnOnce(&mut PageRequest<'_>, &Method, Body) -> Result<Answer, Refusal>,
) -> Response {
    let started = Instant::now();
    let Some(place) = site.place.clone() else { return refuse(Closed::Unknown) };
    let (parts, body) = request.into_parts();
    let mut request = PageRequest {
        site: &site,
        place: &place,
        headers: parts.headers,
        peer: parts.extensions.get::<Peer>().cloned(),
        path: format!("{}{}", place.path, parts.uri.path()),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        now: site.clock.now(),
        noted: Noted::default(),
        given: None,
        proven: false,
    };
    let result = if browser::is_for(&request.headers, &place) {
        unless_it_panics(pin!(answer(&mut request, &parts.method, body))).await
    } else {
        Ok(Answer::Closed(Closed::OtherHost))
    };
    request.record(started, &result);
    let mut response = match result {
        Ok(Answer::Shown(response)) => response,
        Ok(Answer::Closed(closed)) => refuse(closed),
        Err(_) => refuse(Closed::Busy),
    };
    if let Some(cookie) = request.given.and_then(|badge| badge.cookie(&place)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A page without anybody's data.
fn refuse(closed: Closed) -> Response {
    let status = match closed {
        Closed::Unknown => StatusCode::NOT_FOUND,
        Closed::Elsewhere | Closed::SettingsElsewhere | Closed::ForeignForm | Closed::InTheOpen => {
            StatusCode::FORBIDDEN
        }
        Closed::Expired | Closed::SettingsExpired | Closed::Replaced => StatusCode::GONE,
        Closed::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Closed::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Closed::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Closed::BadForm => StatusCode::BAD_REQUEST,
        Closed::OtherHost => StatusCode::MISDIRECTED_REQUEST,
        Closed::BadMethod => StatusCode::METHOD_NOT_ALLOWED,
    };
    let mut response = layout::answer(status, view::closed(closed));
    let wait = match closed {
        Closed::TooMany(wait) => Some(wait.as_secs() + 1),
        Closed::Busy => Some(1),
        _ => None,
    };
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

impl PageRequest<'_> {
    /// Writes down what came of it: shown, closed, or refused. Whoever showed a link of this site is no stranger.
    fn record(&self, started: Instant, result: &Result<Answer, Refusal>) {
        let standing = if self.proven { Trust::Known } else { Trust::Stranger };
        let ending = Ending::of(Operation::Page, started, self.noted, result.as_ref().err());
        // What the same would be called on the channel's face.
        let ending = match result {
            Ok(Answer::Shown(_)) | Err(_) => ending,
            Ok(Answer::Closed(Closed::TooMany(_))) => ending.with_code(Code::RateLimited),
            Ok(Answer::Closed(
                Closed::TooLarge | Closed::BadForm | Closed::ForeignForm | Closed::BadMethod,
            )) => ending.with_code(Code::BadParameter),
            Ok(Answer::Closed(_)) => ending.with_code(Code::BadNoticeNo),
        };
        ending.record(self.site, Sender { standing, ..Sender::stranger(self.peer.as_ref()) });
    }

    /// The link is one this site made.
    pub(super) fn prove(&mut self) {
        self.proven = true;
        self.peer.iter().for_each(Peer::prove);
    }

    /// A link this site did not make is counted against who came with it.
    pub(super) async fn unknown_link(&self) -> Result<Closed, Refusal> {
        let counted = self.peer.as_ref().map_or(Ok(()), |peer| self.site.openings.count(peer.ip()));
        if let Err(wait) = counted {
            return Ok(Closed::TooMany(wait));
        }
        self.leave_event(None, Event::LinkUnknown).await?;
        Ok(Closed::Unknown)
    }

    /// Leaves an event about a link that is not served; not of every one, when there are many.
    pub(super) async fn leave_event(&self, key: Option<Key>, event: Event) -> Result<(), Refusal> {
        if self.site.recorded.take() {
            self.site.ledger.decide(&self.site.strangers, Record { key, event }).await?;
        }
        Ok(())
    }

    /// Whether a password may leave the browser: over TLS, or not out of this machine.
    pub(super) fn is_private(&self) -> bool {
        self.place.secure || self.peer.as_ref().is_some_and(|peer| peer.ip().is_loopback())
    }

    /// Sends the browser to a page after a form, or has its script go there.
    pub(super) fn back(&self, place: &str) -> Answer {
        let go = if browser::is_script(&self.headers) { layout::go_to } else { see_other };
        Answer::Shown(go(place))
    }

    /// The form that was sent, as `fill` reads its text; it is one of this site's pages.
    pub(super) async fn form<F>(
        &self,
        body: Body,
        fill: impl FnOnce(&str) -> Option<F>,
    ) -> Result<F, Closed> {
        let (within, mut room) = (self.site.settings.body, self.site.room(self.peer.as_ref()));
        let read = read_body(body, MAX_FORM_BYTES, within, &mut room).await.map_err(|error| match error {
            BodyError::TooLarge(_) => Closed::TooLarge,
            BodyError::TimedOut(_) | BodyError::Broken => Closed::BadForm,
            BodyError::NoRoom => Closed::Busy,
        })?;
        // Wiped where it arrived, when nothing else has it.
        let mut bytes = read.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        let filled = std::str::from_utf8(&bytes).ok().and_then(fill);
        bytes.as_mut().zeroize();
        let filled = filled.ok_or(Closed::BadForm)?;
        if browser::is_own_form(&self.headers, self.place) { Ok(filled) } else { Err(Closed::ForeignForm) }
    }
}

/// The value of a name in a form. What the forms of these pages hold is digits, letters and points: nothing in them is ever
/// written with a percent sign.
pub(super) fn value<'f>(form: &'f str, name: &str) -> Option<&'f str> {
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
