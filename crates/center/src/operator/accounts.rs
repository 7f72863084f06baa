//! Accounts: 业务系统编码. They belong to no county, so whoever sees them is of the province.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::{Action, CreditCode};
use yanmi_protocol::AccountId;

use super::entry::{self, EntryState};
use super::list;
use super::request::{self, ConsoleRefusal, OperatorRequest};
use super::{errors, key_offer};
use crate::face::form::FormFields;
use crate::percent::encoded;
use crate::registry::{
    AccountEdit, AccountRow, Act, ApplicantRow, Interface, Interfaces, MacRule, Object, SourceNetworks,
};
use crate::site::Site;

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

fn served(row: &AccountRow) -> EntryState {
    EntryState { on: row.enabled, stopped_until: row.stopped_until, closed_at: row.closed_at }
}

async fn listed(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::ViewRegistry)?;
    let find = page.query.text("find");
    let mut rows = page.site.console.work(async |a| a.accounts().await).await?;
    rows.retain(|row| row.id.as_str().contains(find) || row.name.contains(find));
    let (rows, last) = list::part(rows, page.query.text("after"), |row| row.id.as_str());
    let lines: Vec<Markup> = rows
        .iter()
        .map(|row| {
            html! {
                td.code { a href={ "/o/accounts/" (encoded(row.id.as_str())) } { (row.id.as_str()) } }
                td { (row.name) }
                td { (row.interfaces) }
                td { @match row.rate { Some(rate) => (rate), None => "默认" } }
                td { (served(row).words(page.now)) }
            }
        })
        .collect();
    let middle = html! {
        (list::find_box(page, "业务系统编码或名称"))
        (list::table(&["业务系统编码", "名称", "接口", "每秒上限", "状态"], &lines))
        (list::more(page, "after", last))
    };
    Ok(page.page("业务系统", &middle))
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::ViewRegistry)?;
    let id = page
        .segment("/o/accounts/")
        .and_then(|id| AccountId::new(&id).ok())
        .ok_or(ConsoleRefusal::Nowhere)?;
    let row = page.site.console.work(async |a| a.account(&id).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    if page.method == Method::POST {
        return entry::post(page, body, page.province()?, async |page, form, _, act| {
            apply(page, &row, form, act).await
        })
        .await;
    }
    let console = &page.site.console;
    let applicant = match row.applicant {
        Some(number) => console.work(async |a| a.numbered_applicant(number).await).await?,
        None => None,
    };
    let keys = (row.newest, row.older);
    let uses = console.work(async |a| a.key_uses(Object::Account(id), keys).await).await?;
    let province = page.province()?;
    let may_edit = row.closed_at.is_none() && page.may_in_province(Action::EditEntry).is_ok();
    let middle = html! {
        (page.said())
        div.box { dl {
            dt { "业务系统编码" } dd { (row.id.as_str()) }
            dt { "名称" } dd { (row.name) }
            dt { "申请方" } dd { @match &applicant {
                Some(applicant) => { (applicant.name) "（" (applicant.credit_code.as_str()) "）" }
                None => "没有登记",
            } }
            dt { "接口" } dd { (row.interfaces) }
            dt { "每秒上限" } dd { @match row.rate { Some(rate) => (rate), None => "默认" } }
            dt { "mac" } dd { (row.mac.name()) }
            dt { "来源网段" } dd { @if row.networks.to_string().is_empty() { "不限" } @else { (row.networks) } }
            dt { "密钥校验值" } dd { (key_offer::generation(row.newest, uses.newest)) }
            @if let Some(older) = row.older {
                dt { "旧密钥" } dd { (key_offer::generation(older, uses.older)) }
            }
            dt { "状态" } dd { (served(&row).words(page.now)) }
            dt { "最近更改" } dd { (row.changed_at.shanghai_text()) }
        } }
        (errors::way(page, row.id.as_str()))
        (key_offer::way(page, &row))
        @if may_edit { (edit(page, &row)) (assign(page, applicant.as_ref())) }
        (entry::switches(page, served(&row), province))
    };
    Ok(page.page(&row.name, &middle))
}

fn edit(page: &OperatorRequest<'_>, row: &AccountRow) -> Markup {
    html! {
        h2 { "更改" }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="edit";
            label { "名称" input name="name" value=(row.name) required; }
            fieldset.ticks { legend { "接口" }
                @for interface in Interface::ALL {
                    label { input type="checkbox" name="interface" value=(interface.word())
                        checked[row.interfaces.contains(interface)]; (interface.word()) }
                }
            }
            label { "每秒上限 " span.soft { "空着为默认" }
                input name="rate" type="number" min="1" value=[row.rate]; }
            label { "mac" select name="mac" {
                @for rule in MacRule::ALL {
                    option value=(rule.word()) selected[rule == row.mac] { (rule.name()) }
                }
            } }
            label { "来源网段 " span.soft { "逗号分开；空着为不限" } input name="networks" value=(row.networks); }
            (page.act_fields())
            button { "提出更改" }
        }
    }
}

fn assign(page: &OperatorRequest<'_>, applicant: Option<&ApplicantRow>) -> Markup {
    html! {
        h2 { "申请方" }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="applicant";
            label { "统一社会信用代码 " span.soft { "空着为没有；申请方的人员在申请方页面上看得到这个业务系统" }
                input name="credit" maxlength="18" autocomplete="off"
                    value=(applicant.map_or("", |applicant| applicant.credit_code.as_str())); }
            (page.act_fields())
            button { "提出更改" }
        }
    }
}

/// Does what a form says, as far as the act goes.
pub(super) async fn apply(
    page: &OperatorRequest<'_>,
    row: &AccountRow,
    form: &FormFields,
    act: Act<'_>,
) -> Result<(), ConsoleRefusal> {
    if entry::switch(page, form, Object::Account(row.id), act).await? {
        return Ok(());
    }
    if form.text("do") == "applicant" {
        let code = match form.text("credit") {
            "" => None,
            text => Some(CreditCode::new(text).map_err(|e| ConsoleRefusal::Refused(e.to_string()))?),
        };
        let id = row.id;
        return Ok(page.site.console.work(async |a| a.assign_account(id, code, act).await).await?);
    }
    if form.text("do") != "edit" {
        return Err(ConsoleRefusal::BadForm);
    }
    let refused = |what: &str| ConsoleRefusal::Refused(what.to_owned());
    let rate = match form.text("rate") {
        "" => None,
        text => Some(text.parse::<NonZeroU32>().map_err(|_| refused("每秒上限应为正整数"))?),
    };
    let networks =
        SourceNetworks::parse(form.text("networks")).map_err(|e| ConsoleRefusal::Refused(e.to_string()))?;
    let edit = AccountEdit {
        name: Some(form.text("name").to_owned()),
        interfaces: Some(Interfaces::parse(form.text("interface")).ok_or_else(|| refused("接口未知"))?),
        rate: Some(rate),
        mac: Some(MacRule::parse(form.text("mac")).ok_or_else(|| refused("mac 要求未知"))?),
        networks: Some(networks),
        applicant: None,
    };
    let id = row.id;
    Ok(page.site.console.work(async |a| a.edit_account(id, &edit, act).await).await?)
}
