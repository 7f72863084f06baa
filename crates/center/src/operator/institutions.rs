//! Institutions: those in reach, and one of them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::{Action, Area, ContactEdit};
use yanmi_protocol::{AccountId, OrgCode};

use super::contact;
use super::entry::{self, EntryState};
use super::errors;
use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::form::FormFields;
use crate::registry::{Act, InstitutionEdit, InstitutionRow, Object};
use crate::site::Site;

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

fn served(row: &InstitutionRow) -> EntryState {
    EntryState { on: row.active, stopped_until: row.stopped_until, closed_at: row.closed_at }
}

async fn listed(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewRegistry);
    if areas.is_empty() {
        return Err(ConsoleRefusal::Nowhere);
    }
    let (find, after) = (page.query.text("find").to_owned(), page.query.text("after").to_owned());
    let console = &page.site.console;
    // One more, to know whether there is a next page.
    let mut rows = console.work(async |a| a.institutions_in(&areas, &after, &find, ROWS + 1).await).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(|row| row.org_code.as_str().to_owned());
    let lines: Vec<Markup> = rows
        .iter()
        .map(|row| {
            let code = row.org_code.as_str();
            html! {
                td.code { a href={ "/o/institutions/" (code) } { (code) } }
                td { (row.name) }
                td { (row.region) }
                td { (accounts(row)) }
                td { (served(row).words(page.now)) }
            }
        })
        .collect();
    let middle = html! {
        (list::find_box(page, "机构代码或名称"))
        (list::table(&["机构代码", "名称", "区划", "业务系统", "状态"], &lines))
        (list::more(page, "after", last))
    };
    Ok(page.page("机构", &middle))
}

fn accounts(row: &InstitutionRow) -> String {
    row.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join("、")
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let code = page.path.strip_prefix("/o/institutions/").unwrap_or_default();
    let code = OrgCode::new(code).map_err(|_| ConsoleRefusal::Nowhere)?;
    let row =
        page.site.console.work(async |a| a.institution(&code).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    page.may(Action::ViewRegistry, row.region)?;
    if page.method == Method::POST {
        return entry::post(page, body, row.region, async |page, form, action, act| {
            apply(page, &row, form, action, act).await
        })
        .await;
    }
    let may_edit = row.closed_at.is_none() && page.may(Action::EditEntry, row.region).is_ok();
    let may_call = page.may(Action::EditContact, row.region).is_ok();
    let contact = page.site.console.work(async |a| a.institution_contact(&code).await).await?;
    let middle = html! {
        (page.said())
        div.box { dl {
            dt { "机构代码" } dd { (code.as_str()) }
            dt { "名称" } dd { (row.name) }
            dt { "区划" } dd { (row.region) }
            dt { "业务系统" } dd { @if row.accounts.is_empty() { "没有" } @else { (accounts(&row)) } }
            dt { "状态" } dd { (served(&row).words(page.now)) }
            (contact::rows(&contact, may_call))
            dt { "最近更改" } dd { (row.changed_at.shanghai_text()) }
        } }
        (errors::way(page, code.as_str()))
        (contact::way(page, &row, &contact))
        @if may_edit { (edits(page, &row)) }
        @if may_call && row.closed_at.is_none() { (contact::form(page, &contact)) }
        (entry::switches(page, served(&row), row.region))
    };
    Ok(page.page(&row.name, &middle))
}

fn edits(page: &OperatorRequest<'_>, row: &InstitutionRow) -> Markup {
    html! {
        h2 { "更改" }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="edit";
            label { "名称 " span.soft { "参保人看到的就是它" } input name="name" value=(row.name) required; }
            label { "区划" input name="region" value=(row.region) required inputmode="numeric" maxlength="6"; }
            (page.act_fields())
            button { "提出更改" }
        }
        h2 { "增加业务系统" }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="attach";
            label { "业务系统编码" input name="account" required maxlength="40" autocomplete="off"; }
            (page.act_fields())
            button { "提出增加" }
        }
        @if !row.accounts.is_empty() {
            h2 { "解除业务系统" }
            form.act.box method="post" action=(page.path) {
                input type="hidden" name="do" value="detach";
                label { "业务系统编码" select name="account" {
                    @for account in &row.accounts { option { (account.as_str()) } }
                } }
                (page.act_fields())
                button.danger { "提出解除" }
            }
        }
    }
}

/// Does what a form says, as far as the act goes.
pub(super) async fn apply(
    page: &OperatorRequest<'_>,
    row: &InstitutionRow,
    form: &FormFields,
    asked: Action,
    act: Act<'_>,
) -> Result<(), ConsoleRefusal> {
    let code = row.org_code;
    if entry::switch(page, form, Object::Institution(code), act).await? {
        return Ok(());
    }
    let account = || {
        AccountId::new(form.text("account"))
            .map_err(|error| ConsoleRefusal::Refused(format!("业务系统编码{error}")))
    };
    let console = &page.site.console;
    match form.text("do") {
        "edit" => {
            let region =
                Area::new(form.text("region")).map_err(|error| ConsoleRefusal::Refused(error.to_string()))?;
            // Nobody moves an institution out of his own reach.
            page.may(asked, region)?;
            let name = form.text("name");
            let edit = InstitutionEdit {
                name: (name != row.name).then(|| name.to_owned()),
                region: (region != row.region).then_some(region),
                contact: ContactEdit::default(),
            };
            console.work(async |a| a.edit_institution(code, &edit, act).await).await?;
        }
        "contact" => {
            let contact = contact::edit(form);
            let edit = InstitutionEdit { contact, ..InstitutionEdit::default() };
            console.work(async |a| a.edit_institution(code, &edit, act).await).await?;
        }
        "attach" => {
            let account = account()?;
            console.work(async |a| a.attach(code, account, act).await).await?;
        }
        "detach" => {
            let account = account()?;
            console.work(async |a| a.detach(code, account, act).await).await?;
        }
        _ => return Err(ConsoleRefusal::BadForm),
    }
    Ok(())
}
