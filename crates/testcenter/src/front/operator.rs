//! The operator's listener: who has a space, how it goes, codes for new ones.
//!
//! Whoever has the key of a file on this machine is the operator. The browser then shows a session of this process, which
//! ends with it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota};
use http::header::{COOKIE, HOST, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use subtle::ConstantTimeEq;

use super::form::{Form, body, is_own, source_of};
use super::reply;
use crate::codes::MAX_FOR_WHOM;
use crate::hall::Hall;
use crate::page::frame::{file, notice};
use crate::page::operator::{OperatorPage, SpaceRow, login};
use crate::record::MAX_NAME;
use crate::space::Space;
use crate::space_id::{SpaceId, letters};

/// By how much the life of a space is prolonged.
const LONGER: Duration = Duration::from_hours(30 * 24);
/// Keys tried from one address, a minute.
const TRIES: std::num::NonZeroU32 = std::num::NonZeroU32::new(10).unwrap();
const COOKIE_NAME: &str = "yanmi-testcenter";

/// What the operator's pages have beside the hall.
struct Office {
    hall: Arc<Hall>,
    key: String,
    session: String,
    tries: DefaultKeyedRateLimiter<IpAddr>,
    secure: bool,
}

/// The operator's paths.
pub(crate) fn router(hall: Arc<Hall>, key: String) -> Router {
    let session: [u8; 32] = letters(&hall.ports.entropy);
    let office = Office {
        session: session.iter().map(|letter| char::from(*letter)).collect(),
        key,
        tries: DefaultKeyedRateLimiter::keyed(Quota::per_minute(TRIES)),
        secure: hall.settings.operator.tls.is_some(),
        hall,
    };
    Router::new().fallback(answer).with_state(Arc::new(office))
}

async fn answer(State(office): State<Arc<Office>>, request: Request) -> Response {
    let hall = &office.hall;
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if let Some((kind, text)) = file(&path) {
        return reply::text(StatusCode::OK, kind, text);
    }
    if method == Method::POST && !is_from_here(request.headers()) {
        return reply::refusal(StatusCode::FORBIDDEN, "不接受其他网页发来的请求");
    }
    let known = office.knows(request.headers());
    match (method, path.as_str()) {
        (Method::POST, "/login") => log_in(&office, request).await,
        _ if !known => reply::page(StatusCode::UNAUTHORIZED, login(&hall.settings.name, false)),
        (Method::GET, "/") => show(hall, None),
        (Method::POST, what) => {
            let source = source_of(&request);
            let form = match body(&hall.bodies, source, request.into_body()).await {
                Ok(bytes) => Form::read(&bytes),
                Err((status, sentence)) => return reply::refusal(status, sentence),
            };
            match act(hall, what, &form).await {
                Some(Ok(said)) => show(hall, Some(&(true, said))),
                Some(Err(why)) => show(hall, Some(&(false, why))),
                None => nowhere(hall),
            }
        }
        _ => nowhere(hall),
    }
}

fn nowhere(hall: &Hall) -> Response {
    reply::page(StatusCode::NOT_FOUND, notice(&hall.settings.name, "没有这个地址", "请检查网址。"))
}

impl Office {
    fn knows(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let shown = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        let mut shown = shown.filter(|(name, _)| *name == COOKIE_NAME);
        shown.any(|(_, value)| value.as_bytes().ct_eq(self.session.as_bytes()).into())
    }
}

/// Whether a form can come from this page: it is where it was asked for, for the listener has no name of its own.
fn is_from_here(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    is_own(headers, |given| given.split_once("://").map(|(_, rest)| rest) == host)
}

async fn log_in(office: &Office, request: Request) -> Response {
    let (hall, source) = (&office.hall, source_of(&request));
    if office.tries.check_key(&source).is_err() {
        return reply::page(
            StatusCode::TOO_MANY_REQUESTS,
            notice(&hall.settings.name, "试得太多", "一分钟后再试。"),
        );
    }
    let form = match body(&hall.bodies, source, request.into_body()).await {
        Ok(bytes) => Form::read(&bytes),
        Err((status, sentence)) => return reply::refusal(status, sentence),
    };
    let right: bool = form.text("key").as_bytes().ct_eq(office.key.as_bytes()).into();
    if !right {
        return reply::page(StatusCode::FORBIDDEN, login(&hall.settings.name, true));
    }
    let mut reply = reply::see("/");
    let secure = if office.secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict{secure}", office.session);
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        reply.headers_mut().insert(SET_COOKIE, value);
    }
    reply
}

/// Does what a form asks for; nothing where there is no such form.
async fn act(hall: &Arc<Hall>, what: &str, form: &Form) -> Option<Result<String, String>> {
    let of_form = || SpaceId::read(form.text("space")).and_then(|id| hall.find(id));
    match what {
        "/codes" => Some(make_code(hall, form)),
        "/spaces" => Some(make_space(hall, form)),
        "/prolong" => Some(of_form().ok_or_else(gone).and_then(|space| prolong(&space))),
        "/close" => match of_form() {
            Some(space) => Some(close(hall, &space, form.text("sure")).await),
            None => Some(Err(gone())),
        },
        _ => None,
    }
}

fn gone() -> String {
    "没有这个空间".to_owned()
}

fn make_code(hall: &Hall, form: &Form) -> Result<String, String> {
    let for_whom = form.line("for", "给谁", MAX_FOR_WHOM)?;
    let made = hall.codes.make(for_whom, hall.now(), &hall.ports.entropy);
    let code = made.map_err(|_| "空间码没有写下".to_owned())?;
    let code = code.ok_or("等着使用的空间码太多，请等它们被使用或过期")?;
    Ok(format!("给“{for_whom}”的空间码是 {code}，30 天内使用一次。"))
}

fn make_space(hall: &Hall, form: &Form) -> Result<String, String> {
    let name = form.line("name", "空间名称", MAX_NAME)?;
    let contact = form.line("contact", "联系人与电话", MAX_NAME)?;
    let space = hall.make(name, contact).map_err(|error| error.to_string())?;
    Ok(format!("已新建，网址是 {}/ 。", hall.urls(&space).institution))
}

fn prolong(space: &Space) -> Result<String, String> {
    let done = space.change(|record| record.ends_at = record.ends_at.plus(LONGER));
    done.map(|()| "已延长 30 天。".to_owned()).map_err(|_| "没有写下".to_owned())
}

async fn close(hall: &Hall, space: &Arc<Space>, sure: &str) -> Result<String, String> {
    if space.record().name != sure {
        return Err("请输入空间的名称以确认结束".to_owned());
    }
    let closed = hall.close(space).await;
    closed.map(|()| "空间已结束。".to_owned()).map_err(|_| "空间已结束，但文件没有删除干净".to_owned())
}

fn show(hall: &Arc<Hall>, said: Option<&(bool, String)>) -> Response {
    let row = |space: &Arc<Space>| SpaceRow {
        url: format!("{}/", hall.urls(space).institution),
        id: space.id.as_str().to_owned(),
        record: space.record(),
        runs: space.stage().is_some(),
    };
    let mut rows: Vec<SpaceRow> = hall.all().iter().map(row).collect();
    // The newest first.
    rows.sort_by_key(|row| std::cmp::Reverse(row.record.made_at));
    let status = if said.is_some_and(|(good, _)| !good) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = OperatorPage {
        center: &hall.settings.name,
        room: hall.settings.limits.spaces.saturating_sub(rows.len()),
        codes: &hall.codes.waiting(hall.now()),
        said: said.map(|(good, said)| (*good, said.as_str())),
        rows: &rows,
    };
    reply::page(status, page.markup())
}
