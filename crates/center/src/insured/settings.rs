//! The person's page of password-free settlement in one app (V10, decision 25).
//!
//! The app asks for a link and opens it. Whoever opens it first has it, as with the page of a notice. Switching on and
//! changing limits need the credential password, whose tries are counted with all others; switching off needs nothing but
//! one tap, for whoever can do it can only make the person safer.

pub(super) mod link;
mod page;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use yanmi_protocol::message::national::PasswordQuestion;
use yanmi_protocol::message::password_free::MAX_DAY_COUNT;
use yanmi_protocol::{Amount, ChannelId, Code, NoticeNo, PasswordDigest, UnixMillis, display};
use yanmi_verification::{PasswordFree, PersonKey};
use zeroize::Zeroizing;

use self::link::SettingsLink;
use self::page::{self as view_of, Hindrance, PaymentLine, Said, SettingsView};
use super::browser::{self, Badge};
use super::request::{self, Answer, PageRequest};
use super::view::{self, Closed};
use crate::journey::credential::Holder;
use crate::journey::password_check::{self, Checked};
use crate::ledger::{OpenSettings, PagePlace, PageVisit, Payment, Settings, SwitchFree};
use crate::national::NationalError;
use crate::page_link::{PREFIX, PageOrigin};
use crate::refusal::Refusal;
use crate::sealing::Sealer;
use crate::site::Site;

/// How long a link and the page behind it can be used: long enough to read the list and to type slowly.
const LIFE: Duration = Duration::from_mins(30);
/// Below the pages' addresses.
const BELOW: &str = "free/";

impl PageOrigin {
    /// The address of a person's page in an app, and until when it can be used.
    pub(crate) fn settings_url(
        &self,
        sealer: &Sealer,
        number: NoticeNo,
        person: PersonKey,
        channel: ChannelId,
        now: UnixMillis,
    ) -> (String, UnixMillis) {
        let link = SettingsLink { number, until: now.plus(LIFE), person, channel };
        (format!("{}{}{PREFIX}{BELOW}{}", self.origin, self.path, link.text(sealer)), link.until)
    }
}

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, answer).await
}

async fn answer(page: &mut PageRequest<'_>, method: &Method, body: Body) -> Result<Answer, Refusal> {
    if !matches!(*method, Method::GET | Method::POST) || browser::is_ahead(&page.headers) {
        return Ok(Answer::Closed(Closed::BadMethod));
    }
    let text = page.link().strip_prefix(BELOW);
    let Some(link) = SettingsLink::read(text.unwrap_or_default(), &page.site.sealer) else {
        return page.unknown_link().await.map(Answer::Closed);
    };
    page.prove();
    if page.now >= link.until {
        return Ok(Answer::Closed(Closed::SettingsExpired));
    }
    if *method == Method::POST { take(page, link, body).await } else { look(page, link).await }
}

async fn open(
    page: &mut PageRequest<'_>,
    link: SettingsLink,
    badge: Option<Badge>,
    may_claim: bool,
) -> Result<PagePlace, Refusal> {
    let browser = badge.map(|badge| badge.hash(&page.site.sealer, link.number));
    let visit = PageVisit { notice: link.number, sequence: 1, browser, may_claim };
    let command = OpenSettings { person: link.person, visit };
    let decided = page.site.ledger.decide(&page.site.persons, command).await?;
    page.noted.batch = decided.batch;
    Ok(decided.answer)
}

/// GET.
async fn look(page: &mut PageRequest<'_>, link: SettingsLink) -> Result<Answer, Refusal> {
    let kept = Badge::shown(&page.headers, page.place);
    let goes = browser::is_navigation(&page.headers);
    let badge = kept.or_else(|| goes.then(|| Badge::fresh(&page.site.sealer)));
    match (open(page, link, badge, goes).await?, badge) {
        (PagePlace::Here, Some(badge)) => {
            page.given = Some(badge);
            let shown = shown(page, link, badge).await?;
            Ok(Answer::page(view_of::shown(&shown)))
        }
        (PagePlace::Nowhere | PagePlace::Here, _) => Ok(Answer::page(view_of::door())),
        (PagePlace::Elsewhere, _) if kept.is_none() && browser::is_from_elsewhere(&page.headers) => {
            Ok(Answer::page(view::bounce(&page.path)))
        }
        (PagePlace::Elsewhere, _) => Ok(Answer::Closed(Closed::SettingsElsewhere)),
    }
}

async fn shown(page: &PageRequest<'_>, link: SettingsLink, badge: Badge) -> Result<SettingsView, Refusal> {
    let registry = page.site.registry.snapshot();
    let settings = page.site.ledger.settings(link.person, link.channel).await?;
    let tries = match &settings.known {
        Some(known) => {
            let holder = Holder::open(&page.site.sealer, known.token, &known.holder)?;
            page.site.ledger.tries(holder.identity_key(&page.site.sealer)).await?
        }
        None => yanmi_verification::PasswordTries::default(),
    };
    let entry = |payment: &Payment| {
        let registered = registry.institution(&payment.org_code).map(|i| i.name.as_str());
        let name = display::encode(registered.unwrap_or_default());
        let name = if name.is_empty() { payment.org_code.as_str() } else { &*name };
        let at = payment.at.shanghai_text().get(..16).unwrap_or_default().to_owned();
        PaymentLine { institution: name.to_owned(), amount: payment.amount, at }
    };
    let said = page.query.split('&').find_map(|pair| pair.strip_prefix("r=")).and_then(Said::read);
    let zero = Amount::from_fen(0).map_err(|_| Refusal::Broken("金额超出范围".to_owned()))?;
    let today = settings.free.filter(|free| free.day == page.now.shanghai_day());
    Ok(SettingsView {
        app: registry
            .channel(&link.channel)
            .map_or_else(String::new, |c| display::encode(&c.name).into_owned()),
        free: settings.free,
        today: today.map_or((zero, 0), |free: PasswordFree| (free.spent, free.used)),
        hindrance: hindrance(page, link, &settings, tries.locked_until.filter(|until| page.now < *until)),
        tries,
        left: tries.left(&page.site.policy),
        lines: settings.payments.iter().map(entry).collect(),
        token: badge.token(&page.site.sealer, link.number),
        path: page.path.clone(),
        said,
    })
}

fn hindrance(
    page: &PageRequest<'_>,
    link: SettingsLink,
    settings: &Settings,
    locked: Option<UnixMillis>,
) -> Option<Hindrance> {
    let facts = page.site.registry.snapshot().channel_facts(&link.channel).copied();
    match (settings.known.as_ref(), locked) {
        _ if !facts.is_some_and(|facts| facts.password_free) => Some(Hindrance::NotOffered),
        (None, _) => Some(Hindrance::Unknown),
        (Some(_), _) if !page.is_private() => Some(Hindrance::InTheOpen),
        (Some(_), Some(until)) => Some(Hindrance::Locked(until)),
        (Some(_), None) => None,
    }
}

/// POST.
async fn take(page: &mut PageRequest<'_>, link: SettingsLink, body: Body) -> Result<Answer, Refusal> {
    let form = match page.form(body, fill).await {
        Ok(form) => form,
        Err(closed) => return Ok(Answer::Closed(closed)),
    };
    let kept = Badge::shown(&page.headers, page.place);
    if form.act == SettingsAct::Open {
        let badge = kept.unwrap_or_else(|| Badge::fresh(&page.site.sealer));
        let opened = open(page, link, Some(badge), true).await?;
        page.given = (opened == PagePlace::Here).then_some(badge);
        return Ok(page.back(&page.path));
    }
    let opened = open(page, link, kept, false).await?;
    let Some(badge) = kept.filter(|_| opened == PagePlace::Here) else {
        return Ok(Answer::Closed(Closed::SettingsElsewhere));
    };
    if !badge.made(&page.site.sealer, link.number, &form.token) {
        return Ok(Answer::Closed(Closed::ForeignForm));
    }
    let said =
        if form.act == SettingsAct::Off { off(page, link).await? } else { on(page, link, form).await? };
    let place = said.map_or_else(|| page.path.clone(), |said| format!("{}?r={}", page.path, said.word()));
    Ok(page.back(&place))
}

/// Limits stay as they are, for the next time.
async fn off(page: &mut PageRequest<'_>, link: SettingsLink) -> Result<Option<Said>, Refusal> {
    let free = page.site.ledger.settings(link.person, link.channel).await?.free;
    let Some(free) = free.filter(|free| free.open) else { return Ok(None) };
    switch(page, link, false, [free.single_limit, free.day_limit], free.day_count).await?;
    Ok(Some(Said::Off))
}

async fn on(
    page: &mut PageRequest<'_>,
    link: SettingsLink,
    form: SettingsForm,
) -> Result<Option<Said>, Refusal> {
    let settings = page.site.ledger.settings(link.person, link.channel).await?;
    if hindrance(page, link, &settings, None).is_some() {
        return Ok(None);
    }
    let (Some(limits), Some(known)) = (form.limits, settings.known) else {
        return Ok(Some(Said::Limits));
    };
    let Some(digest) = PasswordDigest::of(&form.password) else { return Ok(Some(Said::Digits)) };
    let holder = Holder::open(&page.site.sealer, known.token, &known.holder)?;
    let question = PasswordQuestion {
        id_type: holder.id_type,
        id_no: holder.id_no,
        user_name: holder.name,
        password: digest,
    };
    let (site, tries) = (Arc::clone(page.site), form.tries);
    // A try that was begun is also ended, whatever the browser does.
    let check = async move { password_check::check(&site, &site.persons, question, Some(tries), None).await };
    let checking = tokio::spawn(check);
    let checked = checking.await.map_err(|error| Refusal::Broken(format!("密码核验任务中断：{error}")))?;
    match checked {
        Ok(Checked::Right) => {
            switch(page, link, true, [limits.single, limits.day], limits.count).await?;
            Ok(Some(Said::On))
        }
        Ok(Checked::Wrong { .. }) => Ok(Some(Said::Wrong)),
        // A second tap, or a lock: the page shows what there is.
        Err(Refusal::OtherTries | Refusal::Rule(_)) => Ok(None),
        Err(Refusal::National(NationalError::Refused(Code::PasswordNotSet))) => Ok(Some(Said::Unset)),
        Err(Refusal::National(_)) => Ok(Some(Said::Again)),
        Err(refusal) => Err(refusal),
    }
}

async fn switch(
    page: &mut PageRequest<'_>,
    link: SettingsLink,
    open: bool,
    [single_limit, day_limit]: [Option<Amount>; 2],
    day_count: Option<u32>,
) -> Result<(), Refusal> {
    let (person, channel) = (link.person, link.channel);
    let command = SwitchFree { person, channel, open, single_limit, day_limit, day_count };
    // Switched on it follows a password that was checked.
    let decided = if open {
        page.site.ledger.follow(command).await?
    } else {
        page.site.ledger.decide(&page.site.persons, command).await?
    };
    page.noted.batch = decided.batch;
    Ok(())
}

/// What a form asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SettingsAct {
    Open,
    On,
    Off,
}

#[derive(Clone, Copy)]
struct FreeLimits {
    single: Option<Amount>,
    day: Option<Amount>,
    count: Option<u32>,
}

/// A form of the page.
pub(super) struct SettingsForm {
    act: SettingsAct,
    token: String,
    /// Password tries that were counted when it was made.
    tries: u32,
    /// Nothing when they are not written as limits are.
    limits: Option<FreeLimits>,
    password: Zeroizing<String>,
}

/// Whatever is written with a percent sign is no limit.
pub(super) fn fill(text: &str) -> Option<SettingsForm> {
    let value = |name| request::value(text, name).unwrap_or_default();
    let act = match value("do") {
        "open" => SettingsAct::Open,
        "on" => SettingsAct::On,
        "off" => SettingsAct::Off,
        _ => return None,
    };
    Some(SettingsForm {
        act,
        token: value("t").to_owned(),
        tries: value("n").parse().unwrap_or_default(),
        limits: limits(value("single"), value("day"), value("count")),
        password: Zeroizing::new(value("p").to_owned()),
    })
}

fn limits(single: &str, day: &str, count: &str) -> Option<FreeLimits> {
    let amount = |text: &str| match text.trim_matches('+') {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let count = match count.trim_matches('+') {
        "" => None,
        text => Some(text.parse().ok().filter(|count| (1..=MAX_DAY_COUNT).contains(&i64::from(*count)))?),
    };
    Some(FreeLimits { single: amount(single)?, day: amount(day)?, count })
}
