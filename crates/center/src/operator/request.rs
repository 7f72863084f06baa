//! One request to a page of the console, whichever page it is: who comes, from where, what he may do; and what is written
//! down of it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use maud::{Markup, html};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use yanmi_http::{BodyError, NOBODY, Peer, read_body};
use yanmi_onboarding::{Action, Area, Denied, Grant, may, reach};
use yanmi_protocol::{Code, OrgCode, UnixMillis};
use yanmi_sheet::{MAX_FILE, SheetError};
use zeroize::Zeroizing;

use super::layout::{self, Visitor};
use super::multipart::{self, UploadedFile};
use crate::face::form::{FormFields, MAX_FORM_BYTES, decoded_path, is_own, read_form};
use crate::face::page::{cookie, see_other};
use crate::face::request::{Ending, Noted, Sender, Trust, unless_it_panics};
use crate::history::History;
use crate::percent::encoded;
use crate::refusal::Refusal;
use crate::registry::{Act, Actor, AdministrationError, OperatorSession};
use crate::site::Site;
use crate::store::StoreError;
use crate::telemetry::{Operation, chain};

/// How long a file may take to arrive: 8 MiB over two megabits a second.
const FILE_WITHIN: Duration = Duration::from_secs(40);

/// Characters of an object that is written down as it was asked for; codes are shorter.
const MOST_OBJECT: usize = 40;
/// What kind of thing the pages of an address are about, as events name it.
const KINDS: [(&str, &str); 10] = [
    ("institutions", "institution"),
    ("accounts", "account"),
    ("channels", "channel"),
    ("operators", "operator"),
    ("imports", "import"),
    ("applications", "application"),
    ("feedback", "feedback"),
    ("pending", "pending"),
    ("alarms", "alarm"),
    ("trace", "trace"),
];

/// Why a page is not shown, or an act is not done.
#[derive(Debug)]
pub(super) enum ConsoleRefusal {
    /// There is nothing here, or nothing for him.
    Nowhere,
    /// There is something, and it is not in his reach: answered as if there was nothing, and written down.
    OutOfReach,
    /// Nobody is logged in.
    LoggedOut,
    /// Neither GET nor POST, or not for this page.
    BadMethod,
    /// What was sent is no form of this console.
    BadForm,
    /// The form was made in another session, or by another site.
    ForeignForm,
    /// Too much at a time, or the database does not answer.
    Busy,
    /// Too many tries from this address.
    TooMany(Duration),
    /// A file that cannot be used, and whether it is merely too large.
    BadFile(String, bool),
    /// What was typed does not do, or the registry does not take it.
    Refused(String),
}

impl From<AdministrationError> for ConsoleRefusal {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Store(error) => {
                tracing::error!(cause = %chain(&error), "管理台未能使用数据库");
                Self::Busy
            }
            AdministrationError::NotLetIn => Self::LoggedOut,
            // Whoever denied it there has written it down.
            AdministrationError::Denied(Denied::NoRole | Denied::OutOfReach) => Self::Nowhere,
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<StoreError> for ConsoleRefusal {
    fn from(error: StoreError) -> Self {
        AdministrationError::Store(error).into()
    }
}

impl From<Denied> for ConsoleRefusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::OutOfReach => Self::OutOfReach,
            denied => AdministrationError::Denied(denied).into(),
        }
    }
}

/// A request being answered.
pub(super) struct OperatorRequest<'a> {
    pub(super) site: &'a Arc<Site>,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: FormFields,
    pub(super) now: UnixMillis,
    pub(super) peer: Option<Peer>,
    /// The institution that is asked about, where its code is not in the address.
    pub(super) institution: Option<OrgCode>,
    headers: HeaderMap,
    /// What the browser is known by.
    secret: Option<Zeroizing<String>>,
    session: Option<OperatorSession>,
}

/// Has a page answer, and writes down what came of it. Pages but for those of nobody in particular want somebody logged in.
pub(super) async fn serve(
    site: Arc<Site>,
    request: Request<Body>,
    is_open: bool,
    answer: impl AsyncFnOnce(&mut OperatorRequest<'_>, Body) -> Result<Response, ConsoleRefusal>,
) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let mut request = OperatorRequest {
        site: &site,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: FormFields::read(parts.uri.query().unwrap_or_default()).unwrap_or_default(),
        now: site.clock.now(),
        peer: parts.extensions.get::<Peer>().cloned(),
        secret: cookie(&parts.headers, cookie_name(site.console.secure))
            .map(|secret| Zeroizing::new(secret.to_owned())),
        institution: None,
        headers: parts.headers,
        session: None,
    };
    // A panic is told like anything of ours that is broken; what a page refuses is an answer.
    let guarded = async { Ok::<_, Refusal>(request.answer(is_open, body, answer).await) };
    let result = unless_it_panics(pin!(guarded)).await;
    let code = match &result {
        // Whoever was logged out is sent to log in: nothing is amiss.
        Ok(Ok(_) | Err(ConsoleRefusal::LoggedOut)) => Code::Success,
        Ok(Err(ConsoleRefusal::TooMany(_))) => Code::RateLimited,
        Ok(Err(ConsoleRefusal::Nowhere | ConsoleRefusal::OutOfReach)) => Code::NoSuchAddress,
        Ok(Err(ConsoleRefusal::Busy)) | Err(_) => Code::Unknown,
        Ok(Err(_)) => Code::BadParameter,
    };
    let standing = if request.session.is_some() { Trust::Known } else { Trust::Stranger };
    let ending = Ending::of(Operation::Console, started, Noted::default(), result.as_ref().err());
    ending.with_code(code).record(&site, Sender { standing, ..Sender::stranger(request.peer.as_ref()) });
    match result {
        Ok(Ok(response)) => response,
        Ok(Err(closed)) => request.close(&closed),
        Err(_) => request.close(&ConsoleRefusal::Busy),
    }
}

impl OperatorRequest<'_> {
    async fn answer(
        &mut self,
        is_open: bool,
        body: Body,
        answer: impl AsyncFnOnce(&mut Self, Body) -> Result<Response, ConsoleRefusal>,
    ) -> Result<Response, ConsoleRefusal> {
        if !matches!(self.method, Method::GET | Method::POST) {
            return Err(ConsoleRefusal::BadMethod);
        }
        let site = Arc::clone(self.site);
        let _place = site.console.enter().map_err(|_| ConsoleRefusal::Busy)?;
        if let Some(secret) = self.secret.clone() {
            let now = self.now;
            self.session = site.console.work(async |a| a.session(&secret, now).await).await?;
        }
        if self.session.is_some() {
            self.peer.iter().for_each(Peer::prove);
        } else if !is_open {
            return Err(ConsoleRefusal::LoggedOut);
        }
        let answered = answer(self, body).await;
        if matches!(answered, Err(ConsoleRefusal::OutOfReach)) {
            self.note_attempt().await?;
        }
        answered
    }

    /// Writes down that what was asked for is out of reach.
    async fn note_attempt(&self) -> Result<(), ConsoleRefusal> {
        let (session, console) = (self.session()?, &self.site.console);
        let login = session.operator.login;
        let Some((kind, object)) = self.object() else { return Ok(()) };
        if console.attempts.admit(login.as_str(), session.row.started_at, self.now) {
            let (actor, reason) = (self.actor()?, format!("来自 {}", self.source()));
            let (act, changing) = (Act::new(&actor, &reason, self.now), self.method == Method::POST);
            console.work(async |a| a.note_attempt((kind, &object), changing, act).await).await?;
        }
        Ok(console.write_attempts(console.attempts.due(self.now), self.now).await?)
    }

    /// What kind of thing was asked for, and which, as it was asked for; nothing where no thing was, but a list or a page.
    fn object(&self) -> Option<(&'static str, String)> {
        if let Some(code) = self.institution {
            return Some(("institution", code.as_str().to_owned()));
        }
        let mut parts = self.path.split('/').skip(2);
        let (page, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (_, kind) = KINDS.into_iter().find(|(known, _)| *known == page)?;
        let id: String = id.chars().filter(|c| !c.is_control()).take(MOST_OBJECT).collect();
        (!id.is_empty()).then_some((kind, id))
    }

    /// A page without anything of anybody.
    fn close(&self, closed: &ConsoleRefusal) -> Response {
        let (status, title, text) = match closed {
            ConsoleRefusal::LoggedOut if self.method == Method::GET && self.path != "/o/login" => {
                return see_other(&format!("/o/login?next={}", encoded(&self.path)));
            }
            ConsoleRefusal::LoggedOut => {
                (StatusCode::FORBIDDEN, "请重新登录", "会话已结束，刚才的操作没有做。".to_owned())
            }
            ConsoleRefusal::Nowhere | ConsoleRefusal::OutOfReach => {
                (StatusCode::NOT_FOUND, "没有这一页", "地址不对，或者不在您的权限与辖区之内。".to_owned())
            }
            ConsoleRefusal::BadMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, "不支持", "请从页面上操作。".to_owned())
            }
            ConsoleRefusal::BadForm => {
                (StatusCode::BAD_REQUEST, "表单有误", "收到的内容不是本页的表单，没有做任何更改。".to_owned())
            }
            ConsoleRefusal::ForeignForm => (
                StatusCode::FORBIDDEN,
                "表单已失效",
                "这个表单不是本次登录打开的，没有做任何更改。请回到页面重新打开。".to_owned(),
            ),
            ConsoleRefusal::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, "暂时不可用", "数据库或管理台正忙，请稍后再试。".to_owned())
            }
            ConsoleRefusal::TooMany(wait) => (
                StatusCode::TOO_MANY_REQUESTS,
                "尝试过多",
                format!("这个地址尝试得太多，请 {} 秒之后再试。", wait.as_secs() + 1),
            ),
            ConsoleRefusal::BadFile(why, is_large) => (
                if *is_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::UNPROCESSABLE_ENTITY },
                "文件没有收下",
                why.clone(),
            ),
            ConsoleRefusal::Refused(why) => (StatusCode::CONFLICT, "没有更改", why.clone()),
        };
        let middle = html! {
            p.said.bad role="alert" { (text) }
            p { a href=(if self.session.is_some() { self.path.as_str() } else { "/o/login" }) { "返回" } }
        };
        let page =
            if self.session.is_some() { self.framed(title, &middle) } else { layout::bare(title, &middle) };
        let mut response = layout::answer(status, page);
        if let ConsoleRefusal::TooMany(wait) = closed {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        response
    }

    /// The page with this in its middle.
    pub(super) fn page(&self, title: &str, middle: &Markup) -> Response {
        layout::answer(StatusCode::OK, self.framed(title, middle))
    }

    fn framed(&self, title: &str, middle: &Markup) -> Markup {
        let leaving = self.token_field("/o/logout");
        let visitor = Visitor { name: self.name(), path: &self.path, leaving };
        let may = |path: &str, action| {
            let everywhere = layout::OF_PROVINCE.contains(&path);
            self.may_anywhere(action) && (!everywhere || self.may_in_province(action).is_ok())
        };
        layout::page(&visitor, may, title, middle)
    }

    pub(super) fn session(&self) -> Result<&OperatorSession, ConsoleRefusal> {
        self.session.as_ref().ok_or(ConsoleRefusal::LoggedOut)
    }

    /// What he is called.
    pub(super) fn name(&self) -> &str {
        self.session.as_ref().map_or("", |session| session.operator.name.as_str())
    }

    /// What he may do, and where.
    pub(super) fn rights(&self) -> Vec<Grant> {
        self.session.as_ref().map_or_else(Vec::new, |session| session.operator.rights())
    }

    /// Whether he may do this at this place.
    pub(super) fn may(&self, action: Action, place: Area) -> Result<(), ConsoleRefusal> {
        Ok(may(&self.session()?.operator.rights(), action, &place, self.now)?)
    }

    /// Whether he may do this to what belongs to the whole province.
    pub(super) fn may_in_province(&self, action: Action) -> Result<(), ConsoleRefusal> {
        self.may(action, self.province()?)
    }

    /// The areas in which he may.
    pub(super) fn reach(&self, action: Action) -> Vec<Area> {
        self.session.as_ref().map_or_else(Vec::new, |s| reach(&s.operator.rights(), action, self.now))
    }

    pub(super) fn may_anywhere(&self, action: Action) -> bool {
        !self.reach(action).is_empty()
    }

    /// The site's province.
    pub(super) fn province(&self) -> Result<Area, ConsoleRefusal> {
        Area::new(self.site.region.as_str().get(..2).unwrap_or_default()).map_err(|_| ConsoleRefusal::Nowhere)
    }

    /// Where the browser is, as far as that is known.
    pub(super) fn source(&self) -> std::net::IpAddr {
        self.peer.as_ref().map_or(NOBODY, Peer::ip)
    }

    /// The form that was sent; it is one of this console's.
    pub(super) async fn form(&self, body: Body) -> Result<FormFields, ConsoleRefusal> {
        let form = read_form(self.site, self.peer.as_ref(), body).await.ok_or(ConsoleRefusal::BadForm)?;
        if self.is_own_form() { Ok(form) } else { Err(ConsoleRefusal::ForeignForm) }
    }

    /// The same of somebody logged in: it carries the session's token for this page. Where the second factor was not shown
    /// lately, the form has to.
    pub(super) async fn act(&mut self, body: Body) -> Result<FormFields, ConsoleRefusal> {
        let form = self.form(body).await?;
        self.check_act(&form).await?;
        Ok(form)
    }

    /// The same of a form with a file. Files are large, so they have room of their own, and time.
    pub(super) async fn act_with_file(
        &mut self,
        body: Body,
    ) -> Result<(FormFields, Option<UploadedFile>), ConsoleRefusal> {
        if !self.is_own_form() {
            return Err(ConsoleRefusal::ForeignForm);
        }
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.filter(|kind| multipart::boundary(kind).is_some()).ok_or(ConsoleRefusal::BadForm)?;
        let mut room = self.site.console.files.room(self.source());
        let read = read_body(body, MAX_FILE + MAX_FORM_BYTES, FILE_WITHIN, &mut room).await;
        let bytes = read.map_err(|error| match error {
            BodyError::TooLarge(_) => ConsoleRefusal::BadFile(SheetError::TooLarge.to_string(), true),
            BodyError::NoRoom => ConsoleRefusal::Busy,
            BodyError::TimedOut(_) | BodyError::Broken => ConsoleRefusal::BadForm,
        })?;
        let (form, file) = multipart::read(kind, &bytes).ok_or(ConsoleRefusal::BadForm)?;
        self.check_act(&form).await?;
        Ok((form, file))
    }

    async fn check_act(&mut self, form: &FormFields) -> Result<(), ConsoleRefusal> {
        self.check_token(form)?;
        if !self.session()?.row.is_strong(self.now) {
            self.strengthen(form.text("code")).await?;
        }
        Ok(())
    }

    /// Takes a code of the second factor.
    pub(super) async fn strengthen(&self, code: &str) -> Result<(), ConsoleRefusal> {
        let (login, now) = (self.session()?.operator.login, self.now);
        let secret = self.secret.clone().unwrap_or_default();
        let console = &self.site.console;
        Ok(console.work(async |a| a.strengthen(login, &secret, code, now).await).await?)
    }

    /// Looks at what happened, one question after the other, on a connection that can change nothing.
    pub(super) async fn look<T>(
        &self,
        look: impl AsyncFnOnce(&mut History) -> Result<T, StoreError>,
    ) -> Result<T, ConsoleRefusal> {
        let mut held = self.site.console.reader().await;
        let connection = match held.take() {
            Some(connection) => connection,
            None => self.site.store.connect_to_read().await?,
        };
        let mut history = History::over(connection, self.site.sealer.clone());
        let found = look(&mut history).await;
        if found.is_ok() {
            *held = Some(history.into_connection());
        }
        Ok(found?)
    }

    /// The token of a form is this session's.
    pub(super) fn check_token(&self, form: &FormFields) -> Result<(), ConsoleRefusal> {
        let token = self.token(&self.path).ok_or(ConsoleRefusal::LoggedOut)?;
        if bool::from(token.as_bytes().ct_eq(form.text("t").as_bytes())) {
            Ok(())
        } else {
            Err(ConsoleRefusal::ForeignForm)
        }
    }

    /// The last part of the address, behind this one.
    pub(super) fn segment(&self, before: &str) -> Option<String> {
        decoded_path(self.path.strip_prefix(before)?)
    }

    /// Whoever acts.
    pub(super) fn actor(&self) -> Result<Actor, ConsoleRefusal> {
        Ok(Actor::operator(self.session()?.operator.login.as_str()))
    }

    fn token(&self, path: &str) -> Option<String> {
        let secret = self.secret.as_ref()?;
        Some(BASE64.encode(self.site.sealer.proof("operator form", &[secret.as_bytes(), path.as_bytes()])))
    }

    /// The token as a form for this address has it.
    pub(super) fn token_field(&self, path: &str) -> Markup {
        html! { input type="hidden" name="t" value=(self.token(path).unwrap_or_default()); }
    }

    /// What every form of an act has: token, reason, and the code where it has to be shown again.
    pub(super) fn act_fields(&self) -> Markup {
        html! {
            label { "理由 " span.soft { "记入操作记录" } input name="reason" required maxlength="200"; }
            (self.proof_fields())
        }
    }

    /// The same where no reason is asked for.
    pub(super) fn proof_fields(&self) -> Markup {
        let strong = self.session.as_ref().is_some_and(|session| session.row.is_strong(self.now));
        html! {
            (self.token_field(&self.path))
            @if !strong {
                label { "验证码 " span.soft { "手机上最新的 6 位" }
                    input name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="6"; }
            }
        }
    }

    /// Sends the browser back to this page, with a word of what was done.
    pub(super) fn done(&self) -> Response {
        see_other(&format!("{}?done=1", self.path))
    }

    /// The same of what waits for a second person.
    pub(super) fn proposed(&self) -> Response {
        see_other(&format!("{}?done=2", self.path))
    }

    /// What a page says that was come back to.
    pub(super) fn said(&self) -> Markup {
        html! {
            @match self.query.text("done") {
                "1" => p.said role="status" { "已更改；运行中的中心一秒内生效。" },
                "2" => p.said role="status" { "已提出，等第二人复核：见 " a href="/o/pending" { "待复核" } "。" },
                _ => {}
            }
        }
    }

    fn is_own_form(&self) -> bool {
        is_own(&self.headers, self.site.console.secure)
    }

    /// The header that hands a session to the browser, or takes it away.
    pub(super) fn cookie(&self, secret: Option<&str>) -> Option<HeaderValue> {
        let secure = self.site.console.secure;
        let end = if secret.is_none() { "; Max-Age=0" } else { "" };
        let flag = if secure { "; Secure" } else { "" };
        let (name, value) = (cookie_name(secure), secret.unwrap_or_default());
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{flag}{end}")).ok()
    }
}

/// The reason of a form's act.
pub(super) fn act_of<'a>(
    actor: &'a Actor,
    form: &'a FormFields,
    at: UnixMillis,
) -> Result<Act<'a>, ConsoleRefusal> {
    let reason = form.text("reason");
    if reason.is_empty() || reason.chars().count() > crate::registry::MAX_REASON {
        return Err(ConsoleRefusal::Refused("请写明理由（至多 200 个字符）".to_owned()));
    }
    Ok(Act::new(actor, reason, at))
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-yanmi-o" } else { "yanmi-o" }
}
