//! One request to a page that people log in to, of operators or of applicants: who comes, from where, with which form; and what
//! is written down of it.
//!
//! What the two faces have in common is here, and what is different about them is told by a [`FaceSession`]: whose sessions
//! they are, where its pages begin, what its cookie is called. A session of one face opens nothing at the other, because it is
//! looked for in another table, under another hash.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use maud::{Markup, html};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use yanmi_http::{NOBODY, Peer};
use yanmi_protocol::{OrgCode, UnixMillis};
use zeroize::Zeroizing;

use super::form::{FormFields, decoded_path, is_own, read_form};
use super::frame;
use super::page::{cookie, see_other};
use super::page_refusal::PageRefusal;
use super::request::{Ending, Noted, Sender, Trust, unless_it_panics};
use crate::console::{Console, Entrance};
use crate::history::History;
use crate::percent::encoded;
use crate::refusal::Refusal;
use crate::registry::{Act, Actor, Administration, AdministrationError, Realm, SessionRow};
use crate::site::Site;
use crate::store::StoreError;
use crate::telemetry::Operation;

/// Somebody logged in at a face, and what is particular to that face.
pub(crate) trait FaceSession: Sized {
    /// Whose sessions they are.
    const REALM: Realm;
    /// What the addresses of its pages begin with: `/o/`.
    const ROOT: &'static str;
    /// What stands in the head of every page.
    const BRAND: &'static str;
    /// What its cookie is called, behind `__Host-` over TLS.
    const COOKIE: &'static str;
    /// As what its requests are counted.
    const OPERATION: Operation;
    /// What to do who has lost his password or his phone.
    const FORGOTTEN: &'static str;

    /// What bounds its pages and tries.
    fn entrance(console: &Console) -> &Entrance;

    /// Who is logged in with this.
    async fn find(
        administration: &mut Administration,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Option<Self>, AdministrationError>;

    /// The session as it is stored.
    fn row(&self) -> &SessionRow;

    /// Writes down that what was asked for is out of his reach, where there is reach.
    async fn note_attempt(&self, _: &FaceRequest<'_, Self>) -> Result<(), PageRefusal> {
        Ok(())
    }

    /// Another way in than by password, if there is one, to this page.
    fn other_way(_: &Console, _next: &str) -> Markup {
        html! {}
    }

    /// The way to the pages he may see, in the head of every page.
    fn way(&self, request: &FaceRequest<'_, Self>) -> Markup;
}

/// A request being answered.
pub(crate) struct FaceRequest<'a, S> {
    pub(crate) site: &'a Arc<Site>,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: FormFields,
    pub(crate) now: UnixMillis,
    pub(crate) peer: Option<Peer>,
    /// The institution that is asked about, where its code is not in the address.
    pub(crate) institution: Option<OrgCode>,
    pub(crate) headers: HeaderMap,
    /// What the browser is known by.
    secret: Option<Zeroizing<String>>,
    session: Option<S>,
}

/// Has a page answer, and writes down what came of it. Pages but for those of nobody in particular want somebody logged in.
pub(crate) async fn serve<S: FaceSession>(
    site: Arc<Site>,
    request: Request<Body>,
    is_open: bool,
    answer: impl AsyncFnOnce(&mut FaceRequest<'_, S>, Body) -> Result<Response, PageRefusal>,
) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let secret = cookie(&parts.headers, &full_name::<S>(&site.console, S::COOKIE));
    let mut request = FaceRequest::<S> {
        site: &site,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: FormFields::read(parts.uri.query().unwrap_or_default()).unwrap_or_default(),
        now: site.clock.now(),
        peer: parts.extensions.get::<Peer>().cloned(),
        secret: secret.map(|secret| Zeroizing::new(secret.to_owned())),
        institution: None,
        headers: parts.headers,
        session: None,
    };
    // A panic is told like anything of ours that is broken; what a page refuses is an answer.
    let guarded = async { Ok::<_, Refusal>(request.answer(is_open, body, answer).await) };
    let result = unless_it_panics(pin!(guarded)).await;
    let standing = if request.session.is_some() { Trust::Known } else { Trust::Stranger };
    let ending = Ending::of(S::OPERATION, started, Noted::default(), result.as_ref().err());
    let ending = match &result {
        Ok(Err(refusal)) => ending.with_code(refusal.code()),
        _ => ending,
    };
    ending.record(&site, Sender { standing, ..Sender::stranger(request.peer.as_ref()) });
    match result {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => request.close(&refusal),
        Err(_) => request.close(&PageRefusal::Busy),
    }
}

impl<S: FaceSession> FaceRequest<'_, S> {
    async fn answer(
        &mut self,
        is_open: bool,
        body: Body,
        answer: impl AsyncFnOnce(&mut Self, Body) -> Result<Response, PageRefusal>,
    ) -> Result<Response, PageRefusal> {
        if !matches!(self.method, Method::GET | Method::POST) {
            return Err(PageRefusal::BadMethod);
        }
        let site = Arc::clone(self.site);
        let _place = S::entrance(&site.console).enter().map_err(|_| PageRefusal::Busy)?;
        if let Some(secret) = self.secret.clone() {
            let now = self.now;
            self.session = site.console.work(async |a| S::find(a, &secret, now).await).await?;
        }
        if self.session.is_some() {
            self.peer.iter().for_each(Peer::prove);
        } else if !is_open {
            return Err(PageRefusal::LoggedOut);
        }
        let answered = answer(self, body).await;
        if let (Err(PageRefusal::OutOfReach), Some(session)) = (&answered, &self.session) {
            session.note_attempt(self).await?;
        }
        answered
    }

    /// A page without anything of anybody.
    fn close(&self, refusal: &PageRefusal) -> Response {
        let login = format!("{}login", S::ROOT);
        if matches!(refusal, PageRefusal::LoggedOut) && self.method == Method::GET && self.path != login {
            return see_other(&format!("{login}?next={}", encoded(&self.path)));
        }
        let (status, title, text) = refusal.page();
        let back = if self.session.is_some() { self.path.as_str() } else { &login };
        let middle = html! {
            p.said.bad role="alert" { (text) }
            @if self.path.starts_with(S::ROOT) { p { a href=(back) { "返回" } } }
        };
        let mut response = self.shown(status, title, &middle);
        if let PageRefusal::TooMany(wait) = refusal {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        response
    }

    /// The page with this in its middle.
    pub(crate) fn page(&self, title: &str, middle: &Markup) -> Response {
        self.shown(StatusCode::OK, title, middle)
    }

    /// The same with a status of its own.
    pub(crate) fn shown(&self, status: StatusCode, title: &str, middle: &Markup) -> Response {
        let way = self.session.as_ref().map_or_else(|| html! {}, |session| session.way(self));
        frame::answer(status, frame::page(S::BRAND, title, &way, middle))
    }

    /// The form that leaves, with what somebody is called.
    pub(crate) fn leaving(&self, name: &str) -> Markup {
        let path = format!("{}logout", S::ROOT);
        html! {
            form.out method="post" action=(path) {
                (self.token_field(&path))
                span.who { (name) }
                button.link { "退出" }
            }
        }
    }

    /// Who is logged in, if anybody is.
    pub(crate) const fn logged_in(&self) -> Option<&S> {
        self.session.as_ref()
    }

    pub(crate) fn session(&self) -> Result<&S, PageRefusal> {
        self.session.as_ref().ok_or(PageRefusal::LoggedOut)
    }

    /// Where the browser is, as far as that is known.
    pub(crate) fn source(&self) -> IpAddr {
        self.peer.as_ref().map_or(NOBODY, Peer::ip)
    }

    /// One more try of what can be guessed; each address has a few a minute.
    pub(crate) fn count_try(&self) -> Result<(), PageRefusal> {
        S::entrance(&self.site.console).tries.count(self.source()).map_err(PageRefusal::TooMany)
    }

    /// The form that was sent; it is one of this face's.
    pub(crate) async fn form(&self, body: Body) -> Result<FormFields, PageRefusal> {
        let form = read_form(self.site, self.peer.as_ref(), body).await.ok_or(PageRefusal::BadForm)?;
        if self.is_own_form() { Ok(form) } else { Err(PageRefusal::ForeignForm) }
    }

    /// The same of somebody logged in: it carries the session's token for this page. Where the second factor was not shown
    /// lately, the form has to.
    pub(crate) async fn act(&mut self, body: Body) -> Result<FormFields, PageRefusal> {
        let form = self.form(body).await?;
        self.check_act(&form).await?;
        Ok(form)
    }

    pub(crate) async fn check_act(&self, form: &FormFields) -> Result<(), PageRefusal> {
        self.check_token(form)?;
        if !self.session()?.row().is_strong(self.now) {
            self.strengthen(form.text("code")).await?;
        }
        Ok(())
    }

    /// Takes a code of the second factor.
    pub(crate) async fn strengthen(&self, code: &str) -> Result<(), PageRefusal> {
        let (login, now) = (self.session()?.row().login, self.now);
        let secret = self.secret.clone().unwrap_or_default();
        let console = &self.site.console;
        Ok(console.work(async |a| a.strengthen(S::REALM, login, &secret, code, now).await).await?)
    }

    /// Looks at what happened, one question after the other, on a connection that can change nothing.
    pub(crate) async fn look<T>(
        &self,
        look: impl AsyncFnOnce(&mut History) -> Result<T, StoreError>,
    ) -> Result<T, PageRefusal> {
        let mut held = self.site.console.reader().await;
        let connection = match held.take() {
            Some(connection) => connection,
            None => self.site.console.connect_to_read().await?,
        };
        let mut history = History::over(connection, self.site.sealer.clone());
        let found = look(&mut history).await;
        if found.is_ok() {
            *held = Some(history.into_connection());
        }
        Ok(found?)
    }

    /// The token of a form is this session's.
    pub(crate) fn check_token(&self, form: &FormFields) -> Result<(), PageRefusal> {
        let token = self.token(&self.path).ok_or(PageRefusal::LoggedOut)?;
        if bool::from(token.as_bytes().ct_eq(form.text("t").as_bytes())) {
            Ok(())
        } else {
            Err(PageRefusal::ForeignForm)
        }
    }

    /// The last part of the address, behind this one.
    pub(crate) fn segment(&self, before: &str) -> Option<String> {
        decoded_path(self.path.strip_prefix(before)?)
    }

    /// Whoever acts.
    pub(crate) fn actor(&self) -> Result<Actor, PageRefusal> {
        Ok(S::REALM.actor(&self.session()?.row().login))
    }

    fn token(&self, path: &str) -> Option<String> {
        let secret = self.secret.as_ref()?;
        let parts = [secret.as_bytes(), path.as_bytes()];
        Some(BASE64.encode(self.site.sealer.proof(S::REALM.form(), &parts)))
    }

    /// The token as a form for this address has it.
    pub(crate) fn token_field(&self, path: &str) -> Markup {
        html! { input type="hidden" name="t" value=(self.token(path).unwrap_or_default()); }
    }

    /// What every form of an act has: token, reason, and the code where it has to be shown again.
    pub(crate) fn act_fields(&self) -> Markup {
        html! {
            label { "理由 " span.soft { "记入操作记录" } input name="reason" required maxlength="200"; }
            (self.proof_fields())
        }
    }

    /// The same where no reason is asked for.
    pub(crate) fn proof_fields(&self) -> Markup {
        let strong = self.session.as_ref().is_some_and(|session| session.row().is_strong(self.now));
        html! {
            (self.token_field(&self.path))
            @if !strong {
                label { "验证码 " span.soft { "手机上最新的 6 位" }
                    input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6"; }
            }
        }
    }

    /// Sends the browser back to this page, with a word of what was done.
    pub(crate) fn done(&self) -> Response {
        see_other(&format!("{}?done=1", self.path))
    }

    pub(crate) fn is_own_form(&self) -> bool {
        is_own(&self.headers, S::entrance(&self.site.console).secure)
    }

    /// Hands a session to the browser, or takes it away.
    pub(crate) fn hand(&self, response: &mut Response, secret: Option<&str>) {
        let end = if secret.is_none() { "; Max-Age=0" } else { "" };
        self.set_cookie(response, S::COOKIE, secret.unwrap_or_default(), &format!("SameSite=Strict{end}"));
    }

    /// What a browser carries under this name.
    pub(crate) fn carried(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, &full_name::<S>(&self.site.console, name))
    }

    /// Has the browser carry something, for this face alone.
    pub(crate) fn set_cookie(&self, response: &mut Response, name: &str, value: &str, how: &str) {
        let flag = if S::entrance(&self.site.console).secure { "; Secure" } else { "" };
        let name = full_name::<S>(&self.site.console, name);
        if let Ok(value) = HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; {how}{flag}")) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// The reason of a form's act.
pub(crate) fn act_of<'a>(
    actor: &'a Actor,
    form: &'a FormFields,
    at: UnixMillis,
) -> Result<Act<'a>, PageRefusal> {
    let reason = form.text("reason");
    if reason.is_empty() || reason.chars().count() > crate::registry::MAX_REASON {
        return Err(PageRefusal::Refused("请写明理由（至多 200 个字符）".to_owned()));
    }
    Ok(Act::new(actor, reason, at))
}

fn full_name<S: FaceSession>(console: &Console, name: &str) -> String {
    let before = if S::entrance(console).secure { "__Host-" } else { "" };
    format!("{before}{name}")
}
