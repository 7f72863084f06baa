//! The person's page of password-free settlement in one app (V10, decision 25).
//!
//! The app asks for a link and opens it. Whoever opens it first has it, as with the page of a notice. Switching on and
//! changing limits need the credential password, whose tries are counted with all others; switching off needs nothing but
//! one tap, for whoever can do it can only make the person safer.

mod link;
mod page;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::BytesMut;
use http::{HeaderMap, Method, Request, StatusCode, header};
use yanmi_protocol::message::national::PasswordQuestion;
use yanmi_protocol::message::password_free::MAX_DAY_COUNT;
use yanmi_protocol::{Amount, ChannelId, Code, NoticeNo, PasswordDigest, UnixMillis, display};
use yanmi_verification::{Event, PasswordFree, PersonKey};
use zeroize::{Zeroize, Zeroizing};

use self::link::SettingsLink;
use self::page::{Hindrance, Line, Said, Shown};
use super::browser::{self, Badge};
use super::view::Closed;
use super::{MAX_FORM_BYTES, layout, view, visit};
use crate::face::request::{Noted, unless_it_panics};
use crate::http::{BodyError, Peer, Room, read_body};
use crate::journey::credential::Holder;
use crate::journey::password_check::{self, Checked};
use crate::ledger::{OpenSettings, PagePlace, PageVisit, Payment, Record, Settings, SwitchFree};
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
        (format!("{}{PREFIX}{BELOW}{}", self.origin, link.text(sealer)), link.until)
    }
}

/// What the browser gets.
enum Answer {
    /// The page, the door to it, or the way back to it.
    Shown(Response),
    /// A page without anybody's data.
    Closed(Closed),
}

/// A request being answered.
struct Asking<'a> {
    site: &'a Arc<Site>,
    place: &'a PageOrigin,
    headers: HeaderMap,
    peer: Option<Peer>,
    path: String,
    query: String,
    now: UnixMillis,
    noted: Noted,
    given: Option<Badge>,
    /// Whether a link of this site was shown.
    proven: bool,
}

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    let started = Instant::now();
    let Some(place) = site.place.clone() else { return visit::refuse(Closed::Unknown) };
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
        Answer::Shown(_) => None,
    });
    visit::record(&site, sender, (started, asking.noted), outcome);
    let mut response = match result {
        Ok(Answer::Shown(response)) => response,
        Ok(Answer::Closed(closed)) => visit::refuse(closed),
        Err(_) => visit::refuse(Closed::Busy),
    };
    if let Some(cookie) = asking.given.and_then(|badge| badge.cookie(&place)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

impl Asking<'_> {
    async fn answer(&mut self, method: &Method, body: Body) -> Result<Answer, Refusal> {
        if !browser::is_for(&self.headers, self.place) {
            return Ok(Answer::Closed(Closed::OtherHost));
        }
        if !matches!(*method, Method::GET | Method::POST) || browser::is_ahead(&self.headers) {
            return Ok(Answer::Closed(Closed::BadMethod));
        }
        let text = self.path.strip_prefix(PREFIX).and_then(|path| path.strip_prefix(BELOW));
        let Some(link) = SettingsLink::read(text.unwrap_or_default(), &self.site.sealer) else {
            return self.unknown().await;
        };
        self.proven = true;
        self.peer.iter().for_each(Peer::prove);
        if self.now >= link.until {
            return Ok(Answer::Closed(Closed::SettingsExpired));
        }
        if *method == Method::POST { self.take(link, body).await } else { self.look(link).await }
    }

    /// A link this site did not make is counted against who came with it.
    async fn unknown(&self) -> Result<Answer, Refusal> {
        let counted = self.peer.as_ref().map_or(Ok(()), |peer| self.site.openings.failed(peer.ip()));
        if let Err(wait) = counted {
            return Ok(Answer::Closed(Closed::TooMany(wait)));
        }
        if self.site.recorded.take() {
            let command = Record { key: None, event: Event::LinkUnknown };
            self.site.ledger.decide(&self.site.strangers, command).await?;
        }
        Ok(Answer::Closed(Closed::Unknown))
    }

    async fn open(
        &mut self,
        link: SettingsLink,
        badge: Option<Badge>,
        may_claim: bool,
    ) -> Result<PagePlace, Refusal> {
        let browser = badge.map(|badge| badge.hash(&self.site.sealer, link.number));
        let visit = PageVisit { notice: link.number, sequence: 1, browser, may_claim };
        let command = OpenSettings { person: link.person, visit };
        let decided = self.site.ledger.decide(&self.site.persons, command).await?;
        self.noted.batch = decided.batch;
        Ok(decided.answer)
    }

    /// GET.
    async fn look(&mut self, link: SettingsLink) -> Result<Answer, Refusal> {
        let kept = Badge::shown(&self.headers, self.place);
        let goes = browser::is_navigation(&self.headers);
        let badge = kept.or_else(|| goes.then(|| Badge::fresh(&self.site.sealer)));
        match (self.open(link, badge, goes).await?, badge) {
            (PagePlace::Here, Some(badge)) => {
                self.given = Some(badge);
                let shown = self.shown(link, badge).await?;
                Ok(Answer::Shown(layout::answer(StatusCode::OK, page::shown(&shown))))
            }
            (PagePlace::Nowhere | PagePlace::Here, _) => {
                Ok(Answer::Shown(layout::answer(StatusCode::OK, page::door())))
            }
            (PagePlace::Elsewhere, _) if kept.is_none() && browser::is_from_elsewhere(&self.headers) => {
                Ok(Answer::Shown(layout::answer(StatusCode::OK, view::bounce(&self.path))))
            }
            (PagePlace::Elsewhere, _) => Ok(Answer::Closed(Closed::SettingsElsewhere)),
        }
    }

    async fn shown(&self, link: SettingsLink, badge: Badge) -> Result<Shown, Refusal> {
        let registry = self.site.registry.snapshot();
        let settings = self.site.ledger.settings(link.person, link.channel).await?;
        let tries = match &settings.known {
            Some(known) => {
                let holder = Holder::open(&self.site.sealer, known.token, &known.holder)?;
                self.site.ledger.tries(holder.identity_key(&self.site.sealer)).await?
            }
            None => yanmi_verification::PasswordTries::default(),
        };
        let entry = |payment: &Payment| {
            let registered = registry.institution(&payment.org_code).map(|i| i.name.as_str());
            let name = display::encode(registered.unwrap_or_default());
            let name = if name.is_empty() { payment.org_code.as_str() } else { &*name };
            let at = payment.at.shanghai_text().get(..16).unwrap_or_default().to_owned();
            Line { institution: name.to_owned(), amount: payment.amount, at }
        };
        let said = self.query.split('&').find_map(|pair| pair.strip_prefix("r=")).and_then(Said::read);
        let zero = Amount::from_fen(0).map_err(|_| Refusal::Broken("金额超出范围".to_owned()))?;
        let today = settings.free.filter(|free| free.day == self.now.shanghai_day());
        Ok(Shown {
            app: registry
                .channel(&link.channel)
                .map_or_else(String::new, |c| display::encode(&c.name).into_owned()),
            free: settings.free,
            today: today.map_or((zero, 0), |free: PasswordFree| (free.spent, free.used)),
            hindrance: self.hindrance(link, &settings, tries.locked_until.filter(|until| self.now < *until)),
            tries,
            left: tries.left(&self.site.policy),
            lines: settings.payments.iter().map(entry).collect(),
            token: badge.token(&self.site.sealer, link.number),
            path: self.path.clone(),
            said,
        })
    }

    fn hindrance(
        &self,
        link: SettingsLink,
        settings: &Settings,
        locked: Option<UnixMillis>,
    ) -> Option<Hindrance> {
        let facts = self.site.registry.snapshot().channel_facts(&link.channel).copied();
        let private = self.place.secure || self.peer.as_ref().is_some_and(|peer| peer.ip().is_loopback());
        match (settings.known.as_ref(), locked) {
            _ if !facts.is_some_and(|facts| facts.password_free) => Some(Hindrance::NotOffered),
            (None, _) => Some(Hindrance::Unknown),
            (Some(_), _) if !private => Some(Hindrance::InTheOpen),
            (Some(_), Some(until)) => Some(Hindrance::Locked(until)),
            (Some(_), None) => None,
        }
    }

    /// POST.
    async fn take(&mut self, link: SettingsLink, body: Body) -> Result<Answer, Refusal> {
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
            let opened = self.open(link, Some(badge), true).await?;
            self.given = (opened == PagePlace::Here).then_some(badge);
            return Ok(Answer::Shown(self.back(&self.path)));
        }
        let opened = self.open(link, kept, false).await?;
        let Some(badge) = kept.filter(|_| opened == PagePlace::Here) else {
            return Ok(Answer::Closed(Closed::SettingsElsewhere));
        };
        if !badge.made(&self.site.sealer, link.number, &form.token) {
            return Ok(Answer::Closed(Closed::ForeignForm));
        }
        let said = if form.act == Act::Off { self.off(link).await? } else { self.on(link, form).await? };
        let place = said.map_or_else(|| self.path.clone(), |said| format!("{}?r={}", self.path, said.word()));
        Ok(Answer::Shown(self.back(&place)))
    }

    /// Sends the browser to the page after a form, or has its script go there.
    fn back(&self, place: &str) -> Response {
        if browser::is_script(&self.headers) { layout::go_to(place) } else { layout::see_other(place) }
    }

    /// Limits stay as they are, for the next time.
    async fn off(&mut self, link: SettingsLink) -> Result<Option<Said>, Refusal> {
        let free = self.site.ledger.settings(link.person, link.channel).await?.free;
        let Some(free) = free.filter(|free| free.open) else { return Ok(None) };
        self.switch(link, false, [free.single_limit, free.day_limit], free.day_count).await?;
        Ok(Some(Said::Off))
    }

    async fn on(&mut self, link: SettingsLink, form: Filled) -> Result<Option<Said>, Refusal> {
        let settings = self.site.ledger.settings(link.person, link.channel).await?;
        if self.hindrance(link, &settings, None).is_some() {
            return Ok(None);
        }
        let (Some(limits), Some(known)) = (form.limits, settings.known) else {
            return Ok(Some(Said::Limits));
        };
        let Some(digest) = PasswordDigest::of(&form.password) else { return Ok(Some(Said::Digits)) };
        let holder = Holder::open(&self.site.sealer, known.token, &known.holder)?;
        let question = PasswordQuestion {
            id_type: holder.id_type,
            id_no: holder.id_no,
            user_name: holder.name,
            password: digest,
        };
        let (site, tries) = (Arc::clone(self.site), form.tries);
        // A try that was begun is also ended, whatever the browser does.
        let check =
            async move { password_check::check(&site, &site.persons, question, Some(tries), None).await };
        let checking = tokio::spawn(check);
        let checked =
            checking.await.map_err(|error| Refusal::Broken(format!("密码核验任务中断：{error}")))?;
        match checked {
            Ok(Checked::Right) => {
                self.switch(link, true, [limits.single, limits.day], limits.count).await?;
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
        &mut self,
        link: SettingsLink,
        open: bool,
        [single_limit, day_limit]: [Option<Amount>; 2],
        day_count: Option<u32>,
    ) -> Result<(), Refusal> {
        let (person, channel) = (link.person, link.channel);
        let command = SwitchFree { person, channel, open, single_limit, day_limit, day_count };
        // Switched on it follows a password that was checked.
        let decided = if open {
            self.site.ledger.follow(command).await?
        } else {
            self.site.ledger.decide(&self.site.persons, command).await?
        };
        self.noted.batch = decided.batch;
        Ok(())
    }
}

/// What a form asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Open,
    On,
    Off,
}

#[derive(Clone, Copy)]
struct Limits {
    single: Option<Amount>,
    day: Option<Amount>,
    count: Option<u32>,
}

/// A form of the page.
struct Filled {
    act: Act,
    token: String,
    /// Password tries that were counted when it was made.
    tries: u32,
    /// Nothing when they are not written as limits are.
    limits: Option<Limits>,
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

/// What this page's forms hold is digits, letters and points: whatever is written with a percent sign is no limit.
fn fill(text: &str) -> Option<Filled> {
    let value = |name: &str| {
        let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    };
    let act = match value("do") {
        "open" => Act::Open,
        "on" => Act::On,
        "off" => Act::Off,
        _ => return None,
    };
    Some(Filled {
        act,
        token: value("t").to_owned(),
        tries: value("n").parse().unwrap_or_default(),
        limits: limits(value("single"), value("day"), value("count")),
        password: Zeroizing::new(value("p").to_owned()),
    })
}

fn limits(single: &str, day: &str, count: &str) -> Option<Limits> {
    let amount = |text: &str| match text.trim_matches('+') {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let count = match count.trim_matches('+') {
        "" => None,
        text => Some(text.parse().ok().filter(|count| (1..=MAX_DAY_COUNT).contains(&i64::from(*count)))?),
    };
    Some(Limits { single: amount(single)?, day: amount(day)?, count })
}
