//! An account of the applicant: its key, what it may do, and what was refused to it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_protocol::AccountId;

use super::request::{self, ApplicantRefusal, ApplicantRequest};
use crate::face::denials;
use crate::face::entry_state::EntryState;
use crate::face::table::named_table;
use crate::history::{Between, Filter};
use crate::percent::encoded;
use crate::registry::AccountRow;
use crate::site::Site;

/// Institutions on the page; the first ones by code.
const INSTITUTIONS: usize = 100;
/// How far back refusals are shown.
const SINCE: Duration = Duration::from_hours(1);

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// Whether an account is served.
pub(super) fn served(row: &AccountRow) -> EntryState {
    EntryState { on: row.enabled, stopped_until: row.stopped_until, closed_at: row.closed_at }
}

/// Since when the newest key is known to be in use.
pub(super) fn used(row: &AccountRow) -> Markup {
    html! {
        @match row.key_used_at {
            Some(at) => (at.shanghai_text()),
            None => "还没有",
        }
    }
}

async fn answer(page: &mut ApplicantRequest<'_>, _: Body) -> Result<Response, ApplicantRefusal> {
    if page.method != Method::GET {
        return Err(ApplicantRefusal::BadMethod);
    }
    let row = page.own_account("/a/accounts/", "").await?;
    let id = row.id;
    let offer = page.site.console.work(async |a| a.key_offer(&id).await).await?;
    let now = page.now;
    let between = Between { from: now.minus(SINCE), to: now.plus(Duration::from_secs(1)) };
    let filter = Filter { org: Some(id.as_str().to_owned()), between };
    let found = page.look(async |h| h.denied(&filter).await).await?;
    let middle = html! {
        div.box { dl {
            dt { "业务系统编码" } dd { (id.as_str()) }
            dt { "状态" } dd { (served(&row).words(now)) }
            dt { "密钥校验值" } dd { code { (row.newest.to_string()) }
                @if let Some(older) = &row.older { "、" code { (older.to_string()) } "（旧，轮换期间仍可用）" } }
            dt { "这把密钥用过" } dd { (used(&row)) }
            dt { "接口" } dd { @if row.interfaces.to_string().is_empty() { "没有开放" } @else { (row.interfaces) } }
            dt { "每秒上限" } dd { @match row.rate { Some(rate) => (rate), None => "默认" } }
            dt { "mac" } dd { (row.mac.name()) }
            dt { "来源网段" } dd { @if row.networks.to_string().is_empty() { "不限" } @else { (row.networks) } }
        } }
        @if offer.is_some() { p { a href={ "/a/accounts/" (encoded(id.as_str())) "/key" } { "密钥的领取与核对" } } }
        h2 { "最近一小时被拒绝的请求" }
        (denials::counted(&found))
        @if found.cut { p.said.bad { "太多，没有读完。" } }
        p.soft { "标“自称”的，是信封打不开、证明不了是谁发的：多半是密钥装错了，也可能是别处冒用这个编码。" }
        h2 { "定点机构" }
        (institutions(page, &id))
    };
    Ok(page.page(&row.name, &middle))
}

fn institutions(page: &ApplicantRequest<'_>, id: &AccountId) -> Markup {
    let snapshot = page.site.registry.snapshot();
    let all = snapshot.institutions_of(id);
    let rows: Vec<Markup> = all
        .iter()
        .take(INSTITUTIONS)
        .map(|(code, institution)| {
            html! {
                td.code { (code.as_str()) }
                td { (institution.name) }
                td { @if institution.active { "启用" } @else { span.off { "停用" } } }
            }
        })
        .collect();
    let more = all.len().saturating_sub(INSTITUTIONS);
    html! {
        (named_table("定点机构", &["机构代码", "名称", "状态"], &rows))
        @if more > 0 { p.soft { "另有 " (more) " 家没有列出。" } }
    }
}
