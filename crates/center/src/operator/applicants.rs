//! Applicants: who asks for access, and the persons who do it for them. Clerks add them and invite their persons.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::{Action, ApplicantKind, ApplicantRole, Area, CreditCode};
use yanmi_protocol::UnixMillis;

use super::list;
use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::percent::encoded;
use crate::registry::{
    ApplicantRow, ApplicantUserEdit, ApplicantUserRow, Invitation, Login, NewApplicant, NewApplicantUser,
};
use crate::site::Site;

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

fn state(row: &ApplicantRow) -> Markup {
    html! { @if let Some(at) = row.closed_at { span.off { "已注销（" (at.shanghai_text()) "）" } } @else { "在用" } }
}

fn user_state(row: &ApplicantUserRow, now: UnixMillis) -> Markup {
    html! {
        @if row.closed_at.is_some() { span.off { "已注销" } }
        @else if row.locked_until.is_some_and(|until| now < until) { span.off { "锁定" } }
        @else if row.password_at.is_some() && row.is_idle(now) { span.off { "90 天没有登录，已停用：请重新邀请" } }
        @else if row.password_at.is_some() { "可登录" }
        @else if row.invited_until.is_some_and(|until| now < until) { "已邀请" }
        @else { span.off { "邀请已过期" } }
    }
}

async fn listed(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewApplicants);
    if areas.is_empty() {
        return Err(ConsoleRefusal::Nowhere);
    }
    if page.method == Method::POST {
        return add(page, body).await;
    }
    let before = page.query.text("before").parse().unwrap_or(i64::MAX);
    let find = page.query.text("find");
    let console = &page.site.console;
    let mut rows =
        console.work(async |a| a.applicants_in(&areas, before, find, list::ROWS + 1).await).await?;
    let more = rows.len() > list::ROWS;
    rows.truncate(list::ROWS);
    let last = rows.last().filter(|_| more).map(|row| row.number.to_string());
    let lines: Vec<Markup> = rows
        .iter()
        .map(|row| {
            html! {
                td { a href={ "/o/applicants/" (row.number) } { (row.name) } }
                td.code { (row.credit_code.as_str()) }
                td { (row.kind.name()) }
                td { (row.region) }
                td { (state(row)) }
            }
        })
        .collect();
    let middle = html! {
        (list::find_box(page, "名称或统一社会信用代码"))
        (list::table(&["名称", "统一社会信用代码", "类型", "区划", "状态"], &lines))
        (list::more(page, "before", last))
        @if page.may_anywhere(Action::EditApplicant) { (add_form(page)) }
    };
    Ok(page.page("申请方", &middle))
}

fn add_form(page: &OperatorRequest<'_>) -> Markup {
    html! {
        h2 { "新增申请方" }
        form.act.box method="post" action=(page.path) {
            label { "类型" select name="kind" {
                @for kind in ApplicantKind::ALL { option value=(kind.word()) { (kind.name()) } }
            } }
            label { "名称" input name="name" required maxlength="60"; }
            label { "统一社会信用代码" input name="credit" required minlength="18" maxlength="18" autocomplete="off"; }
            label { "区划 " span.soft { "由哪里的经办照管：省 2 位、市 4 位、县 6 位" }
                input name="region" required inputmode="numeric" maxlength="6"; }
            (page.act_fields())
            button { "新增" }
        }
    }
}

async fn add(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let form = page.act(body).await?;
    let refused = |error: &dyn std::fmt::Display| ConsoleRefusal::Refused(error.to_string());
    let region = Area::new(form.text("region")).map_err(|error| refused(&error))?;
    if page.may(Action::EditApplicant, region).is_err() {
        return Err(refused(&"区划不在您的辖区之内"));
    }
    let new = NewApplicant {
        kind: ApplicantKind::of_word(form.text("kind")).ok_or(ConsoleRefusal::BadForm)?,
        name: form.text("name").to_owned(),
        credit_code: CreditCode::new(form.text("credit")).map_err(|error| refused(&error))?,
        region,
    };
    let actor = page.actor()?;
    let act = act_of(&actor, &form, page.now)?;
    let console = &page.site.console;
    console.work(async |a| a.add_applicant(&new, act).await).await?;
    let code = new.credit_code;
    let row = console.work(async |a| a.applicant(&code).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    Ok(see_other(&format!("/o/applicants/{}?done=1", row.number)))
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let number = page.segment("/o/applicants/").and_then(|number| number.parse().ok());
    let number: i64 = number.ok_or(ConsoleRefusal::Nowhere)?;
    let console = &page.site.console;
    let row = console.work(async |a| a.numbered_applicant(number).await).await?;
    let row = row.ok_or(ConsoleRefusal::Nowhere)?;
    page.may(Action::ViewApplicants, row.region)?;
    let users = console.work(async |a| a.applicant_users(number).await).await?;
    if page.method == Method::POST {
        let form = page.act(body).await?;
        return change(page, &row, &users, &form).await;
    }
    let after = page.query.text("after");
    let mut accounts =
        console.work(async |a| a.applicant_accounts(number, after, list::ROWS + 1).await).await?;
    let more = accounts.len() > list::ROWS;
    accounts.truncate(list::ROWS);
    let last = accounts.last().filter(|_| more).map(|row| row.id.as_str().to_owned());
    let may_edit = row.closed_at.is_none() && page.may(Action::EditApplicant, row.region).is_ok();
    let may_see = page.may_in_province(Action::ViewRegistry).is_ok();
    let accounts: Vec<Markup> = accounts
        .iter()
        .map(|account| {
            let id = account.id.as_str();
            html! {
                td.code { @if may_see { a href={ "/o/accounts/" (encoded(id)) } { (id) } } @else { (id) } }
                td { (account.name) }
            }
        })
        .collect();
    let middle = html! {
        (page.said())
        div.box { dl {
            dt { "统一社会信用代码" } dd { (row.credit_code.as_str()) }
            dt { "类型" } dd { (row.kind.name()) }
            dt { "区划" } dd { (row.region) "（" (row.region.level().name()) "）" }
            dt { "状态" } dd { (state(&row)) }
            dt { "新增" } dd { (row.made_at.shanghai_text()) }
        } }
        (persons(page, &users, may_edit))
        @if may_edit { (invite_form(page)) }
        h2 { "业务系统" }
        (list::named_table("业务系统", &["业务系统编码", "名称"], &accounts))
        (list::more(page, "after", last))
        p.soft { "业务系统归哪个申请方，在业务系统自己的页上登记。" }
        @if may_edit { (close_form(page)) }
    };
    Ok(page.page(&row.name, &middle))
}

fn persons(page: &OperatorRequest<'_>, users: &[ApplicantUserRow], may_edit: bool) -> Markup {
    let lines: Vec<Markup> = users
        .iter()
        .map(|user| {
            let login = user.login.as_str();
            html! {
                td.code { (login) }
                td { (user.name) }
                td { (user.role.name()) }
                td { @if may_edit { (user.phone) } @else { (user.masked_phone()) } }
                td { (user.last_login.map_or_else(|| "从未".to_owned(), UnixMillis::shanghai_text)) }
                td { (user_state(user, page.now)) }
                td {
                    @if may_edit && user.closed_at.is_none() {
                        (edit_form(page, user))
                        (person_form(page, login, "again", "重新邀请"))
                        (person_form(page, login, "close-person", "注销"))
                    }
                }
            }
        })
        .collect();
    html! {
        h2 { "人员" }
        (list::named_table("人员", &["登录名", "姓名", "角色", "电话", "最近登录", "状态", "办理"], &lines))
    }
}

fn edit_form(page: &OperatorRequest<'_>, user: &ApplicantUserRow) -> Markup {
    html! {
        details { summary { "更改" }
            form.act method="post" action=(page.path) autocomplete="off" {
                input type="hidden" name="do" value="edit-person";
                input type="hidden" name="login" value=(user.login.as_str());
                label { "姓名" input name="name" value=(user.name) required maxlength="40"; }
                label { "电话" input name="phone" value=(user.phone) required inputmode="tel" maxlength="20"; }
                (page.act_fields())
                button { "更改" }
            }
        }
    }
}

fn person_form(page: &OperatorRequest<'_>, login: &str, what: &str, title: &str) -> Markup {
    html! {
        details { summary { (title) }
            form.act method="post" action=(page.path) {
                input type="hidden" name="do" value=(what);
                input type="hidden" name="login" value=(login);
                (page.act_fields())
                button.danger[what == "close-person"] { (title) }
            }
        }
    }
}

fn invite_form(page: &OperatorRequest<'_>) -> Markup {
    html! {
        h2 { "邀请人员" }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="invite";
            label { "角色" select name="role" {
                @for role in ApplicantRole::ALL { option value=(role.word()) { (role.name()) } }
            } }
            label { "登录名" input name="login" required autocomplete="off" autocapitalize="none" maxlength="32"; }
            label { "姓名" input name="name" required maxlength="40"; }
            label { "电话 " span.soft { "登记的电话：提取码只往这里打" } input name="phone" required inputmode="tel" maxlength="20"; }
            (page.act_fields())
            button { "邀请" }
        }
    }
}

fn close_form(page: &OperatorRequest<'_>) -> Markup {
    html! {
        h2 { "注销申请方" }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="close";
            p.soft { "它的人员随即都不能登录，不能恢复。它的业务系统照常，另行停用或注销。" }
            (page.act_fields())
            button.danger { "注销申请方" }
        }
    }
}

async fn change(
    page: &OperatorRequest<'_>,
    row: &ApplicantRow,
    users: &[ApplicantUserRow],
    form: &FormFields,
) -> Result<Response, ConsoleRefusal> {
    page.may(Action::EditApplicant, row.region)?;
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let console = &page.site.console;
    let login = || Login::new(form.text("login")).map_err(|error| ConsoleRefusal::Refused(error.to_string()));
    // Of this applicant: what is said of another's person is said of nobody.
    let known = || {
        let login = login()?;
        users.iter().find(|user| user.login == login).map(|user| user.login).ok_or(ConsoleRefusal::Nowhere)
    };
    match form.text("do") {
        "invite" => {
            let new = NewApplicantUser {
                login: login()?,
                applicant: row.credit_code,
                name: form.text("name").to_owned(),
                phone: form.text("phone").to_owned(),
                role: ApplicantRole::of_word(form.text("role")).ok_or(ConsoleRefusal::BadForm)?,
            };
            let invitation = console.work(async |a| a.invite_applicant_user(&new, act).await).await?;
            return Ok(shown_once(page, &invitation));
        }
        "again" => {
            let login = known()?;
            let invitation = console.work(async |a| a.invite_applicant_user_again(login, act).await).await?;
            return Ok(shown_once(page, &invitation));
        }
        "edit-person" => {
            let login = known()?;
            let text = |name: &str| Some(form.text(name).to_owned());
            let edit = ApplicantUserEdit { name: text("name"), phone: text("phone") };
            console.work(async |a| a.edit_applicant_user(login, &edit, act).await).await?;
        }
        "close-person" => {
            let login = known()?;
            console.work(async |a| a.close_applicant_user(login, act).await).await?;
        }
        "close" => {
            let code = row.credit_code;
            console.work(async |a| a.close_applicant(code, act).await).await?;
        }
        _ => return Err(ConsoleRefusal::BadForm),
    }
    Ok(page.done())
}

/// The way to take an invitation up: shown once, as nothing else knows it.
fn shown_once(page: &OperatorRequest<'_>, invitation: &Invitation) -> Response {
    let middle = html! {
        p.said role="status" { "请把下面的地址交给 " (invitation.login.as_str()) " 本人，只显示这一次。" }
        p.box { code { "/a/invite/" (invitation.secret.as_str()) } }
        p { "接在申请方页面的网址（listen.applicant）之后，" (invitation.until.shanghai_text()) " 之前有效。他用它设置密码和手机上的验证器。" }
        p { a href=(page.path) { "返回" } }
    };
    page.page("邀请", &middle)
}
