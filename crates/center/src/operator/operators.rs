//! Operators: inviting them, what they may do, ending it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::{Action, Area, Grant, Role};
use yanmi_protocol::UnixMillis;

use super::list;
use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use crate::face::form::FormFields;
use crate::registry::{GRANTED, Invitation, Login, NewOperator, OperatorRow};
use crate::site::Site;

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

fn state(row: &OperatorRow, now: UnixMillis) -> Markup {
    html! {
        @if row.closed_at.is_some() { span.off { "已注销" } }
        @else if row.locked_until.is_some_and(|until| now < until) { span.off { "锁定" } }
        @else if row.is_idle(now) { span.off { "90 天没有登录，已停用：请重新邀请" } }
        @else if row.password_at.is_some() { "可登录" }
        @else if row.invited_until.is_some_and(|until| now < until) { "已邀请" }
        @else { span.off { "邀请已过期" } }
    }
}

async fn listed(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::ViewOperators)?;
    if page.method == Method::POST {
        return invite(page, body).await;
    }
    let find = page.query.text("find");
    let mut rows = page.site.console.work(async |a| a.operators().await).await?;
    rows.retain(|row| row.login.as_str().contains(find) || row.name.contains(find));
    let (rows, last) = list::part(rows, page.query.text("after"), |row| row.login.as_str());
    let lines: Vec<Markup> = rows
        .iter()
        .map(|row| {
            html! {
                td.code { a href={ "/o/operators/" (row.login.as_str()) } { (row.login.as_str()) } }
                td { (row.name) }
                td { (row.unit) }
                td { @for grant in &row.grants { div { (grant.words()) } } }
                td { (row.last_login.map_or_else(|| "从未".to_owned(), UnixMillis::shanghai_text)) }
                td { (state(row, page.now)) }
            }
        })
        .collect();
    let middle = html! {
        @if page.may_in_province(Action::GrantRole).is_ok() { p { a href="/o/grants" { "授权的复核与续期" } } }
        (list::find_box(page, "登录名或姓名"))
        (list::table(&["登录名", "姓名", "单位", "权限", "最近登录", "状态"], &lines))
        (list::more(page, "after", last))
        @if page.may_in_province(Action::InviteOperator).is_ok() {
            h2 { "邀请操作员" }
            form.act.box method="post" action=(page.path) {
                label { "登录名" input name="login" required autocomplete="off" autocapitalize="none" maxlength="32"; }
                label { "姓名" input name="name" required maxlength="40"; }
                label { "单位" input name="unit" required maxlength="60"; }
                (page.act_fields())
                button { "邀请" }
            }
        }
    };
    Ok(page.page("操作员", &middle))
}

async fn invite(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let form = page.act(body).await?;
    page.may_in_province(Action::InviteOperator)?;
    let login = Login::new(form.text("login")).map_err(|error| ConsoleRefusal::Refused(error.to_string()))?;
    let new = NewOperator { login, name: form.text("name").to_owned(), unit: form.text("unit").to_owned() };
    let actor = page.actor()?;
    let act = act_of(&actor, &form, page.now)?;
    let invitation = page.site.console.work(async |a| a.invite(&new, act).await).await?;
    Ok(shown_once(page, &invitation))
}

/// The way to take an invitation up: shown once, as nothing else knows it.
fn shown_once(page: &OperatorRequest<'_>, invitation: &Invitation) -> Response {
    let middle = html! {
        p.said role="status" { "请把下面的地址交给 " (invitation.login.as_str()) "，只显示这一次。" }
        p.box { code { "/o/invite/" (invitation.secret.as_str()) } }
        p { "接在管理台的网址之后，" (invitation.until.shanghai_text()) " 之前有效。他用它设置密码和手机上的验证器。" }
        p { a href={ "/o/operators/" (invitation.login.as_str()) } { "返回" } }
    };
    page.page("邀请", &middle)
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::ViewOperators)?;
    let login = page
        .segment("/o/operators/")
        .and_then(|login| Login::new(&login).ok())
        .ok_or(ConsoleRefusal::Nowhere)?;
    let found = page.site.console.work(async |a| a.operator(&login).await).await?;
    let row = found.ok_or(ConsoleRefusal::Nowhere)?;
    if page.method == Method::POST {
        let form = page.act(body).await?;
        return change(page, login, &form).await;
    }
    let time = |at: Option<UnixMillis>| at.map_or_else(|| "从未".to_owned(), UnixMillis::shanghai_text);
    let middle = html! {
        (page.said())
        div.box { dl {
            dt { "登录名" } dd { (login.as_str()) }
            dt { "单位" } dd { (row.unit) }
            dt { "状态" } dd { (state(&row, page.now)) }
            dt { "设置密码" } dd { (time(row.password_at)) }
            dt { "最近登录" } dd { (time(row.last_login)) }
        } }
        (grants(page, &row))
        @if row.closed_at.is_none() { (endings(page, &row)) }
    };
    Ok(page.page(&row.name, &middle))
}

fn grants(page: &OperatorRequest<'_>, row: &OperatorRow) -> Markup {
    let may = |action| row.closed_at.is_none() && page.may_in_province(action).is_ok();
    let lines: Vec<Markup> = row
        .grants
        .iter()
        .map(|held| {
            let until = held.grant.until.map_or_else(|| "长期".to_owned(), UnixMillis::shanghai_text);
            html! {
                td { (held.grant.role.name()) }
                td { (held.grant.area) "（" (held.grant.area.level().name()) "）" }
                td { (until) }
                td { (held.granted_by) "，" (held.granted_at.shanghai_text()) }
                td {
                    @if may(Action::RevokeRole) {
                        details { summary { "撤销" }
                            form.act method="post" action=(page.path) {
                                input type="hidden" name="do" value="revoke";
                                input type="hidden" name="role" value=(held.grant.role.word());
                                input type="hidden" name="area" value=(held.grant.area);
                                (page.act_fields())
                                button.danger { "撤销" }
                            }
                        }
                    }
                }
            }
        })
        .collect();
    html! {
        h2 { "权限" }
        (list::table(&["角色", "辖区", "到期", "授予", ""], &lines))
        @if may(Action::GrantRole) {
            h2 { "授权" }
            form.act.box method="post" action=(page.path) {
                input type="hidden" name="do" value="grant";
                label { "角色" select name="role" {
                    @for role in Role::ALL { option value=(role.word()) { (role.name()) } }
                } }
                label { "辖区 " span.soft { "省 2 位、市 4 位、县 6 位" }
                    input name="area" required inputmode="numeric" maxlength="6"; }
                (page.act_fields())
                button { "授权" }
            }
            p.soft { "授权一年有效，到期再授。系统管理员、安全管理员、审计员互不兼任，也不兼任其他角色。" }
        }
    }
}

fn endings(page: &OperatorRequest<'_>, row: &OperatorRow) -> Markup {
    let form = |what: &str, title: &str, is_danger: bool| {
        html! {
            h2 { (title) }
            form.act.box method="post" action=(page.path) {
                input type="hidden" name="do" value=(what);
                (page.act_fields())
                @if is_danger { button.danger { (title) } } @else { button { (title) } }
            }
        }
    };
    html! {
        @if page.may_in_province(Action::UnlockOperator).is_ok() && row.locked_until.is_some_and(|until| page.now < until) {
            (form("unlock", "解除锁定", false))
        }
        @if page.may_in_province(Action::InviteOperator).is_ok() { (form("again", "重新邀请", false)) }
        @if page.may_in_province(Action::CloseOperator).is_ok() { (form("close", "注销操作员", true)) }
    }
}

async fn change(
    page: &OperatorRequest<'_>,
    login: Login,
    form: &FormFields,
) -> Result<Response, ConsoleRefusal> {
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let console = &page.site.console;
    let giver = &page.session()?.operator;
    let named = || {
        let role = Role::of_word(form.text("role")).ok_or(ConsoleRefusal::BadForm)?;
        let area =
            Area::new(form.text("area")).map_err(|error| ConsoleRefusal::Refused(error.to_string()))?;
        Ok::<_, ConsoleRefusal>((role, area))
    };
    match form.text("do") {
        "grant" => {
            page.may_in_province(Action::GrantRole)?;
            let (role, area) = named()?;
            let grant = Grant { role, area, until: Some(page.now.plus(GRANTED)) };
            console.work(async |a| a.grant(giver, login, &grant, act).await).await?;
        }
        "revoke" => {
            page.may_in_province(Action::RevokeRole)?;
            let (role, area) = named()?;
            console.work(async |a| a.revoke(giver, login, role, area, act).await).await?;
        }
        "unlock" => {
            page.may_in_province(Action::UnlockOperator)?;
            console.work(async |a| a.unlock(login, act).await).await?;
        }
        "close" => {
            page.may_in_province(Action::CloseOperator)?;
            console.work(async |a| a.close_operator(login, act).await).await?;
        }
        "again" => {
            page.may_in_province(Action::InviteOperator)?;
            let invitation = console.work(async |a| a.invite_again(login, act).await).await?;
            return Ok(shown_once(page, &invitation));
        }
        _ => return Err(ConsoleRefusal::BadForm),
    }
    Ok(page.done())
}
