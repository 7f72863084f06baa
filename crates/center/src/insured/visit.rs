//! One request to the page: who comes with which link, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request, StatusCode, header};
use yanmi_protocol::message::auth_result::Outcome as Done;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Code, NoticeNo, PasswordDigest};
use yanmi_verification::Event;
use zeroize::Zeroizing;

use super::browser::{self, Badge};
use super::request::{self, Answer, PageRequest};
use super::view::{self, Closed, FormAddress, Hint};
use super::{scene, watch};
use crate::face::page::see_other;
use crate::journey::notice::offered_ways;
use crate::journey::report::{Report, ReportOutcome, Teller};
use crate::ledger::{Key, OpenPage, PagePlace, PageVisit, Shown};
use crate::national::NationalError;
use crate::page_link::NoticeLink;
use crate::refusal::Refusal;
use crate::site::Site;

/// How long the page waits for another try of the same person to end before it says that it is being checked.
const CHECKING: Duration = Duration::from_secs(2);

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, answer).await
}

async fn answer(page: &mut PageRequest<'_>, method: &Method, body: Body) -> Result<Answer, Refusal> {
    match *method {
        // What looks before anybody asks learns nothing, and changes nothing.
        Method::HEAD => Ok(nothing(StatusCode::OK)),
        Method::GET if browser::is_ahead(&page.headers) => Ok(nothing(StatusCode::SERVICE_UNAVAILABLE)),
        Method::GET | Method::POST => {
            let Some(link) = NoticeLink::read(page.link(), &page.site.sealer) else {
                return page.unknown_link().await.map(Answer::Closed);
            };
            page.prove();
            let Some(shown) = page.site.ledger.by_notice(link.notice).await? else {
                return Ok(Answer::Closed(watch::gone(link, page.now)));
            };
            page.noted.token = Some(shown.key.token);
            if *method == Method::POST {
                take(page, link, shown, body).await
            } else {
                look(page, link, &shown).await
            }
        }
        _ => Ok(Answer::Closed(Closed::BadMethod)),
    }
}

/// Where the page is open, after this browser had its chance to take it.
async fn open(
    page: &mut PageRequest<'_>,
    link: NoticeLink,
    key: Key,
    badge: Option<Badge>,
    may_claim: bool,
) -> Result<PagePlace, Refusal> {
    let visit = PageVisit {
        notice: link.notice,
        sequence: link.sequence,
        browser: badge.map(|badge| badge.hash(&page.site.sealer, link.notice)),
        may_claim: may_claim && page.now < link.until,
    };
    let decided = page.site.ledger.decide(&page.site.persons, OpenPage { key, visit }).await?;
    page.noted.batch = decided.batch;
    Ok(decided.answer)
}

/// GET.
async fn look(page: &mut PageRequest<'_>, link: NoticeLink, shown: &Shown) -> Result<Answer, Refusal> {
    let kept = Badge::shown(&page.headers, page.place);
    let goes = browser::is_navigation(&page.headers);
    let badge = kept.or_else(|| goes.then(|| Badge::fresh(&page.site.sealer)));
    let opened = open(page, link, shown.key, badge, goes).await?;
    match (opened, badge) {
        (PagePlace::Here, Some(badge)) => {
            if let Some(word) = page.query.strip_prefix(watch::QUERY) {
                return watch::watch(page, link, shown, word).await;
            }
            page.given = Some(badge);
            show(page, link, shown, badge).await
        }
        _ if page.now >= link.until => {
            page.leave_event(Some(shown.key), Event::LinkExpired).await?;
            Ok(Answer::Closed(Closed::Expired))
        }
        (PagePlace::Nowhere | PagePlace::Here, _) => Ok(Answer::page(view::door())),
        // A strict cookie stays at home when another site sends the browser.
        (PagePlace::Elsewhere, _) if kept.is_none() && browser::is_from_elsewhere(&page.headers) => {
            Ok(Answer::page(view::bounce(&page.path)))
        }
        (PagePlace::Elsewhere, _) => {
            page.leave_event(Some(shown.key), Event::LinkShared).await?;
            Ok(Answer::Closed(Closed::Elsewhere))
        }
    }
}

async fn show(
    page: &PageRequest<'_>,
    link: NoticeLink,
    shown: &Shown,
    badge: Badge,
) -> Result<Answer, Refusal> {
    let registry = page.site.registry.snapshot();
    let visit = scene::visit(page.site, &registry, shown)?;
    let scene = scene::look(page.site, &registry, shown, (page.now, link.until), page.is_private()).await?;
    let form = FormAddress { token: badge.token(&page.site.sealer, link.notice), path: page.path.clone() };
    let asked = page.query.split('&').find_map(|pair| pair.split_once('='));
    Ok(Answer::page(match (scene, asked) {
        (scene::Scene::Open(_), Some(("a", "notme"))) => view::really_not_me(&visit, scene, &form),
        (_, Some(("r", word))) => view::shown(&visit, scene, &form, Hint::read(word), page.now),
        _ => view::shown(&visit, scene, &form, None, page.now),
    }))
}

/// POST.
async fn take(
    page: &mut PageRequest<'_>,
    link: NoticeLink,
    shown: Shown,
    body: Body,
) -> Result<Answer, Refusal> {
    let form = match page.form(body, fill).await {
        Ok(form) => form,
        Err(closed) => return Ok(Answer::Closed(closed)),
    };
    let kept = Badge::shown(&page.headers, page.place);
    if form.act == NoticeAct::Open {
        let badge = kept.unwrap_or_else(|| Badge::fresh(&page.site.sealer));
        let opened = open(page, link, shown.key, Some(badge), true).await?;
        page.given = (opened == PagePlace::Here).then_some(badge);
        return Ok(page.back(&page.path));
    }
    let opened = open(page, link, shown.key, kept, false).await?;
    let Some(badge) = kept.filter(|_| opened == PagePlace::Here) else {
        page.leave_event(Some(shown.key), Event::LinkShared).await?;
        return Ok(Answer::Closed(Closed::Elsewhere));
    };
    if !badge.made(&page.site.sealer, link.notice, &form.token) {
        return Ok(Answer::Closed(Closed::ForeignForm));
    }
    let done = match form.act {
        NoticeAct::Cancel => Done::Cancelled,
        NoticeAct::NotMe => Done::NotMe,
        NoticeAct::Open | NoticeAct::Password => {
            if !page.is_private() {
                return Ok(Answer::Closed(Closed::InTheOpen));
            }
            if !offered_ways(&page.site.registry.snapshot(), &shown).contains(Way::CredentialPassword) {
                return Ok(page.back(&page.path));
            }
            let Some(digest) = PasswordDigest::of(&form.password) else {
                return Ok(back_with(page, Hint::Digits));
            };
            Done::ConfirmedByPassword(digest)
        }
    };
    report(page, shown, done, form.tries).await
}

async fn report(page: &mut PageRequest<'_>, shown: Shown, done: Done, tries: u32) -> Result<Answer, Refusal> {
    let (key, notice) = (shown.key, shown.verification.notice);
    let (site, share) = (Arc::clone(page.site), Arc::clone(&page.site.persons));
    let report = Report { site, share, shown, done, teller: Teller::Page { tries } };
    let (batch, taken) = report.finish().await?;
    page.noted.batch = batch;
    match taken {
        // What stands in the way, the page shows: expired, finished, locked.
        Ok(ReportOutcome::Accepted | ReportOutcome::WrongPassword { left: 0 }) | Err(Refusal::Rule(_)) => {
            Ok(page.back(&page.path))
        }
        Ok(ReportOutcome::WrongPassword { .. }) => Ok(back_with(page, Hint::Wrong)),
        Err(Refusal::OtherTries) => {
            wait_for_another(page, key, notice).await?;
            Ok(back_with(page, Hint::Checking))
        }
        Err(Refusal::National(NationalError::Refused(Code::PasswordNotSet))) => {
            Ok(back_with(page, Hint::Unset))
        }
        Err(Refusal::National(_)) => Ok(back_with(page, Hint::Again)),
        Err(refusal) => Err(refusal),
    }
}

/// A second tap finds the first one being checked: it waits a little for what comes of it.
async fn wait_for_another(page: &PageRequest<'_>, key: Key, notice: NoticeNo) -> Result<(), Refusal> {
    let watch = page.site.ledger.watch(key);
    let changed = watch.changed();
    let found = page.site.ledger.by_notice(notice).await?;
    if found.is_some_and(|shown| shown.verification.is_open(page.site.clock.now())) {
        // Either way the browser is sent to the page, which shows what there is.
        let _ = tokio::time::timeout(CHECKING, changed).await;
    }
    Ok(())
}

/// Back to the page, with a word.
fn back_with(page: &PageRequest<'_>, hint: Hint) -> Answer {
    page.back(&format!("{}?r={}", page.path, hint.word()))
}

/// For a robot's look, and a fetch ahead of time.
fn nothing(status: StatusCode) -> Answer {
    let mut response = see_other("");
    *response.status_mut() = status;
    response.headers_mut().remove(header::LOCATION);
    Answer::Shown(response)
}

/// What a form asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NoticeAct {
    Open,
    Password,
    Cancel,
    NotMe,
}

/// A form of the page.
pub(super) struct NoticeForm {
    act: NoticeAct,
    token: String,
    /// Password tries that were counted when it was made.
    tries: u32,
    password: Zeroizing<String>,
}

pub(super) fn fill(text: &str) -> Option<NoticeForm> {
    let value = |name| request::value(text, name);
    let act = match value("do")? {
        "open" => NoticeAct::Open,
        "password" => NoticeAct::Password,
        "cancel" => NoticeAct::Cancel,
        "notme" => NoticeAct::NotMe,
        _ => return None,
    };
    Some(NoticeForm {
        act,
        token: value("t").unwrap_or_default().to_owned(),
        tries: value("n").map_or(Some(0), |count| count.parse().ok())?,
        password: Zeroizing::new(value("p").unwrap_or_default().to_owned()),
    })
}
