//! One request to the page: who comes with which link, and what becomes of it.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use yanmi_protocol::message::auth_result::Outcome as Done;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Code, PasswordDigest, UnixMillis};
use yanmi_verification::Event;
use zeroize::{Zeroize, Zeroizing};

use super::MAX_FORM_BYTES;
use super::browser::{self, Badge};
use super::layout;
use super::scene;
use super::view::{self, Closed, Form, Hint};
use super::watch;
use crate::face::request::{Ending, Noted, Sender, Standing, unless_it_panics};
use crate::http::{BodyError, Peer, Room, read_body};
use crate::journey::notice::offered_ways;
use crate::journey::report::{Report, Taken, Teller};
use crate::ledger::{Key, OpenPage, PagePlace, PageVisit, Record, Shown};
use crate::national::NationalError;
use crate::page_link::{NoticeLink, PREFIX, PageOrigin};
use crate::refusal::Refusal;
use crate::site::Site;
use crate::telemetry::Operation;

/// How long the page waits for another try of the same person to end before it says that it is being checked.
const CHECKING: Duration = Duration::from_secs(2);

/// What the browser gets.
pub(super) enum Answer {
    /// A page of the visit, or the door to it.
    Page(maud::Markup),
    /// Back to the page, perhaps with a word.
    Back(Option<Hint>),
    /// A page without anybody's data.
    Closed(Closed),
    /// How it stands, for the page's script.
    Stands(serde_json::Value),
    /// Nothing: a robot's look, a fetch ahead of time.
    Nothing(StatusCode),
}

/// A request being answered.
pub(super) struct Asking<'a> {
    pub(super) site: &'a Arc<Site>,
    place: &'a PageOrigin,
    headers: HeaderMap,
    peer: Option<Peer>,
    /// The page's own address.
    path: String,
    query: String,
    now: UnixMillis,
    noted: Noted,
    /// A badge to be handed out with the answer.
    given: Option<Badge>,
    /// Whether a link of this site was shown.
    proven: bool,
}

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    let started = Instant::now();
    let Some(place) = site.place.clone() else {
        return respond(Ok(Answer::Closed(Closed::Unknown)), None, "", false);
    };
    let (parts, body) = request.into_parts();
    let mut asking = Asking {
        site: &site,
        place: &place,
        headers: parts.headers,
        peer: parts.extensions.get::<Peer>().cloned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        now: site.clock.now(),
        noted: Noted::default(),
        given: None,
        proven: false,
    };
    let result = unless_it_panics(pin!(asking.answer(&parts.method, body))).await;
    let sender = (asking.proven, asking.peer.as_ref());
    let outcome = result.as_ref().map(|answer| match answer {
        Answer::Closed(closed) => Some(*closed),
        _ => None,
    });
    record(&site, sender, (started, asking.noted), outcome);
    let cookie = asking.given.and_then(|badge| badge.cookie(&place));
    respond(result, cookie, &asking.path, browser::is_script(&asking.headers))
}

/// Writes down what came of a request to a page: shown, closed, or refused. Whoever showed a link of this site is no stranger.
pub(super) fn record(
    site: &Site,
    (proven, peer): (bool, Option<&Peer>),
    (started, noted): (Instant, Noted),
    outcome: Result<Option<Closed>, &Refusal>,
) {
    let standing = if proven { Standing::Known } else { Standing::Stranger };
    let ending = Ending::of(Operation::Page, started, noted, outcome.err());
    // What the same would be called on the channel's face.
    let ending = match outcome {
        Ok(None) | Err(_) => ending,
        Ok(Some(Closed::TooMany(_))) => ending.with_code(Code::RateLimited),
        Ok(Some(Closed::TooLarge | Closed::BadForm | Closed::ForeignForm | Closed::BadMethod)) => {
            ending.with_code(Code::BadParameter)
        }
        Ok(Some(_)) => ending.with_code(Code::BadNoticeNo),
    };
    ending.record(site, Sender { standing, ..Sender::stranger(peer) });
}

fn respond(
    result: Result<Answer, Refusal>,
    cookie: Option<HeaderValue>,
    path: &str,
    script: bool,
) -> Response {
    let back = if script { layout::go_to } else { layout::see_other };
    let mut response = match result.unwrap_or(Answer::Closed(Closed::Busy)) {
        Answer::Page(page) => layout::answer(StatusCode::OK, page),
        Answer::Back(None) => back(path),
        Answer::Back(Some(hint)) => back(&format!("{path}?r={}", hint.word())),
        Answer::Stands(value) => layout::said(&value),
        Answer::Closed(closed) => refuse(closed),
        Answer::Nothing(status) => {
            let mut response = layout::see_other("");
            *response.status_mut() = status;
            response.headers_mut().remove(header::LOCATION);
            response
        }
    };
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) fn refuse(closed: Closed) -> Response {
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

/// Why a link that was made by this site is about a notice that is not the latest any more.
pub(super) fn gone(link: NoticeLink, now: UnixMillis) -> Closed {
    if now < link.until { Closed::Replaced } else { Closed::Expired }
}

impl Asking<'_> {
    async fn answer(&mut self, method: &Method, body: Body) -> Result<Answer, Refusal> {
        if !browser::is_for(&self.headers, self.place) {
            return Ok(Answer::Closed(Closed::OtherHost));
        }
        match *method {
            // What looks before anybody asks learns nothing, and changes nothing.
            Method::HEAD => Ok(Answer::Nothing(StatusCode::OK)),
            Method::GET if browser::is_ahead(&self.headers) => {
                Ok(Answer::Nothing(StatusCode::SERVICE_UNAVAILABLE))
            }
            Method::GET | Method::POST => {
                let link = match self.link().await? {
                    Ok(link) => link,
                    Err(closed) => return Ok(Answer::Closed(closed)),
                };
                let Some(shown) = self.site.ledger.by_notice(link.notice).await? else {
                    return Ok(Answer::Closed(gone(link, self.now)));
                };
                self.noted.token = Some(shown.key.token);
                if *method == Method::POST {
                    self.take(link, shown, body).await
                } else {
                    self.look(link, &shown).await
                }
            }
            _ => Ok(Answer::Closed(Closed::BadMethod)),
        }
    }

    /// The link, if this site made it. One that it did not make is counted against who came with it.
    async fn link(&mut self) -> Result<Result<NoticeLink, Closed>, Refusal> {
        let text = self.path.strip_prefix(PREFIX).unwrap_or_default();
        if let Some(link) = NoticeLink::read(text, &self.site.sealer) {
            self.proven = true;
            self.peer.iter().for_each(Peer::prove);
            return Ok(Ok(link));
        }
        let counted = self.peer.as_ref().map_or(Ok(()), |peer| self.site.openings.failed(peer.ip()));
        match counted {
            Ok(()) => {
                self.record(None, Event::LinkUnknown).await?;
                Ok(Err(Closed::Unknown))
            }
            Err(wait) => Ok(Err(Closed::TooMany(wait))),
        }
    }

    /// Leaves an event about a link that is not served; not of every one, when there are many.
    async fn record(&self, key: Option<Key>, event: Event) -> Result<(), Refusal> {
        if self.site.recorded.take() {
            self.site.ledger.decide(&self.site.strangers, Record { key, event }).await?;
        }
        Ok(())
    }

    /// Where the page is open, after this browser had its chance to take it.
    async fn open(
        &mut self,
        link: NoticeLink,
        key: Key,
        badge: Option<Badge>,
        may_claim: bool,
    ) -> Result<PagePlace, Refusal> {
        let visit = PageVisit {
            notice: link.notice,
            sequence: link.sequence,
            browser: badge.map(|badge| badge.hash(&self.site.sealer, link.notice)),
            may_claim: may_claim && self.now < link.until,
        };
        let decided = self.site.ledger.decide(&self.site.persons, OpenPage { key, visit }).await?;
        self.noted.batch = decided.batch;
        Ok(decided.answer)
    }

    /// GET.
    async fn look(&mut self, link: NoticeLink, shown: &Shown) -> Result<Answer, Refusal> {
        let kept = Badge::shown(&self.headers, self.place);
        let goes = browser::is_navigation(&self.headers);
        let badge = kept.or_else(|| goes.then(|| Badge::fresh(&self.site.sealer)));
        let opened = self.open(link, shown.key, badge, goes).await?;
        match (opened, badge) {
            (PagePlace::Here, Some(badge)) => {
                if let Some(word) = self.query.strip_prefix(watch::QUERY) {
                    return self.watch(link, shown, word).await;
                }
                self.given = Some(badge);
                self.show(link, shown, badge).await
            }
            _ if self.now >= link.until => {
                self.record(Some(shown.key), Event::LinkExpired).await?;
                Ok(Answer::Closed(Closed::Expired))
            }
            (PagePlace::Nowhere | PagePlace::Here, _) => Ok(Answer::Page(view::door())),
            // A strict cookie stays at home when another site sends the browser.
            (PagePlace::Elsewhere, _) if kept.is_none() && browser::is_from_elsewhere(&self.headers) => {
                Ok(Answer::Page(view::bounce(&self.path)))
            }
            (PagePlace::Elsewhere, _) => {
                self.record(Some(shown.key), Event::LinkShared).await?;
                Ok(Answer::Closed(Closed::Elsewhere))
            }
        }
    }

    async fn show(&self, link: NoticeLink, shown: &Shown, badge: Badge) -> Result<Answer, Refusal> {
        let registry = self.site.registry.snapshot();
        let visit = scene::visit(self.site, &registry, shown)?;
        let scene =
            scene::look(self.site, &registry, shown, (self.now, link.until), self.is_private()).await?;
        let form = Form { token: badge.token(&self.site.sealer, link.notice), path: self.path.clone() };
        let asked = self.query.split('&').find_map(|pair| pair.split_once('='));
        Ok(Answer::Page(match (scene, asked) {
            (scene::Scene::Open(_), Some(("a", "notme"))) => view::really_not_me(&visit, scene, &form),
            (_, Some(("r", word))) => view::shown(&visit, scene, &form, Hint::read(word), self.now),
            _ => view::shown(&visit, scene, &form, None, self.now),
        }))
    }

    /// Whether a password may leave the browser: over TLS, or not out of this machine.
    pub(super) fn is_private(&self) -> bool {
        self.place.secure || self.peer.as_ref().is_some_and(|peer| peer.ip().is_loopback())
    }

    /// POST.
    async fn take(&mut self, link: NoticeLink, shown: Shown, body: Body) -> Result<Answer, Refusal> {
        let room = self.site.room(self.peer.as_ref());
        let form = match read_form(body, self.site.settings.body, room).await {
            Ok(form) => form,
            Err(closed) => return Ok(Answer::Closed(closed)),
        };
        if !browser::is_own_form(&self.headers, self.place) {
            return Ok(Answer::Closed(Closed::ForeignForm));
        }
        let kept = Badge::shown(&self.headers, self.place);
        if form.act == Act::Open {
            let badge = kept.unwrap_or_else(|| Badge::fresh(&self.site.sealer));
            let opened = self.open(link, shown.key, Some(badge), true).await?;
            self.given = (opened == PagePlace::Here).then_some(badge);
            return Ok(Answer::Back(None));
        }
        let opened = self.open(link, shown.key, kept, false).await?;
        let Some(badge) = kept.filter(|_| opened == PagePlace::Here) else {
            self.record(Some(shown.key), Event::LinkShared).await?;
            return Ok(Answer::Closed(Closed::Elsewhere));
        };
        if !badge.made(&self.site.sealer, link.notice, &form.token) {
            return Ok(Answer::Closed(Closed::ForeignForm));
        }
        let done = match form.act {
            Act::Cancel => Done::Cancelled,
            Act::NotMe => Done::NotMe,
            Act::Open | Act::Password => {
                if !self.is_private() {
                    return Ok(Answer::Closed(Closed::InTheOpen));
                }
                if !offered_ways(&self.site.registry.snapshot(), &shown).contains(Way::CredentialPassword) {
                    return Ok(Answer::Back(None));
                }
                let Some(digest) = PasswordDigest::of(&form.password) else {
                    return Ok(Answer::Back(Some(Hint::Digits)));
                };
                Done::ConfirmedByPassword(digest)
            }
        };
        self.report(shown, done, form.tries).await
    }

    async fn report(&mut self, shown: Shown, done: Done, tries: u32) -> Result<Answer, Refusal> {
        let (key, notice) = (shown.key, shown.verification.notice);
        let (site, share) = (Arc::clone(self.site), Arc::clone(&self.site.persons));
        let report = Report { site, share, shown, done, teller: Teller::Page { tries } };
        let (batch, taken) = report.finish().await?;
        self.noted.batch = batch;
        match taken {
            // What stands in the way, the page shows: expired, finished, locked.
            Ok(Taken::Accepted | Taken::WrongPassword { left: 0 }) | Err(Refusal::Rule(_)) => {
                Ok(Answer::Back(None))
            }
            Ok(Taken::WrongPassword { .. }) => Ok(Answer::Back(Some(Hint::Wrong))),
            Err(Refusal::OtherTries) => {
                self.wait_for_another(key, notice).await?;
                Ok(Answer::Back(Some(Hint::Checking)))
            }
            Err(Refusal::National(NationalError::Refused(Code::PasswordNotSet))) => {
                Ok(Answer::Back(Some(Hint::Unset)))
            }
            Err(Refusal::National(_)) => Ok(Answer::Back(Some(Hint::Again))),
            Err(refusal) => Err(refusal),
        }
    }

    /// A second tap finds the first one being checked: it waits a little for what comes of it.
    async fn wait_for_another(&self, key: Key, notice: yanmi_protocol::NoticeNo) -> Result<(), Refusal> {
        let watch = self.site.ledger.watch(key);
        let changed = watch.changed();
        let found = self.site.ledger.by_notice(notice).await?;
        if found.is_some_and(|shown| shown.verification.is_open(self.site.clock.now())) {
            // Either way the browser is sent to the page, which shows what there is.
            let _ = tokio::time::timeout(CHECKING, changed).await;
        }
        Ok(())
    }
}

/// What a form asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Open,
    Password,
    Cancel,
    NotMe,
}

/// A form of the page.
struct Filled {
    act: Act,
    token: String,
    /// Password tries that were counted when it was made.
    tries: u32,
    password: Zeroizing<String>,
}

async fn read_form(body: Body, within: Duration, mut room: Room) -> Result<Filled, Closed> {
    let read = read_body(body, MAX_FORM_BYTES, within, &mut room).await.map_err(|error| match error {
        BodyError::TooLarge(_) => Closed::TooLarge,
        BodyError::TimedOut(_) | BodyError::Broken => Closed::BadForm,
        BodyError::NoRoom => Closed::Busy,
    })?;
    // Wiped where it arrived, when nothing else has it.
    let mut bytes = read.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    let filled = std::str::from_utf8(&bytes).ok().and_then(fill);
    bytes.as_mut().zeroize();
    filled.ok_or(Closed::BadForm)
}

/// What this page's forms hold is digits and letters: nothing in them is ever written with a percent sign.
fn fill(text: &str) -> Option<Filled> {
    let value = |name: &str| {
        let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let act = match value("do")? {
        "open" => Act::Open,
        "password" => Act::Password,
        "cancel" => Act::Cancel,
        "notme" => Act::NotMe,
        _ => return None,
    };
    Some(Filled {
        act,
        token: value("t").unwrap_or_default().to_owned(),
        tries: value("n").map_or(Some(0), |count| count.parse().ok())?,
        password: Zeroizing::new(value("p").unwrap_or_default().to_owned()),
    })
}
