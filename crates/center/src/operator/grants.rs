//! Grants end after a year. Here a security administrator sees them by who has them, with how much they are used, and gives
//! those anew that are still needed: one tick a row, and an event each.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::{Action, Area, Grant, Role};
use yanmi_protocol::UnixMillis;

use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use crate::face::form::FormFields;
use crate::registry::{GRANTED, GrantRow, Login, OperatorRow};
use crate::site::Site;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::GrantRole)?;
    if page.method == Method::POST {
        let form = page.act(body).await?;
        attest(page, &form).await?;
        return Ok(page.done());
    }
    let (after, now) = (Login::new(page.query.text("after")).ok(), page.now);
    let console = &page.site.console;
    let mut rows = console.work(async |a| a.attestation(after, ROWS + 1, now).await).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(|row| row.operator.login.as_str().to_owned());
    let own = page.session()?.operator.login;
    let lines: Vec<Markup> = rows
        .iter()
        .flat_map(|row| row.operator.grants.iter().map(move |held| (row, held)))
        .map(|(row, held)| line(&row.operator, held, row.acts, own, now))
        .collect();
    let middle = html! {
        (page.said())
        p { "授权一年到期。逐行核对：人还在岗、角色与辖区还需要的，勾选续期一年；不需要的，到操作员的页面撤销。每行一条操作记录，他要重新登录。" }
        form method="post" action=(page.path) {
            (list::table(&["续期", "登录名", "姓名、单位", "角色", "辖区", "到期", "最近登录", "三个月内的操作"], &lines))
            (list::more(page, "after", last))
            div.act.box { (page.act_fields()) button { "续期一年" } }
        }
    };
    Ok(page.page("授权的复核与续期", &middle))
}

fn line(operator: &OperatorRow, held: &GrantRow, acts: u64, own: Login, now: UnixMillis) -> Markup {
    let (login, grant) = (operator.login.as_str(), held.grant);
    let value = format!("{login}|{}|{}", grant.role.word(), grant.area);
    let until = grant.until.map_or_else(|| "长期".to_owned(), UnixMillis::shanghai_text);
    let seen = operator.last_login.map_or_else(|| "从未".to_owned(), UnixMillis::shanghai_text);
    html! {
        td { @if operator.login != own {
            input.tick type="checkbox" name="grant" value=(value) aria-label={ "续期 " (login) " " (held.words()) };
        } }
        td.code { a href={ "/o/operators/" (login) } { (login) } }
        td { (operator.name) br; span.soft { (operator.unit) } }
        td { (grant.role.name()) }
        td { (grant.area) }
        td { @if grant.until.is_some_and(|until| until <= now) { span.off { (until) "，已到期" } } @else { (until) } }
        td { @if operator.is_idle(now) { span.off { (seen) "，已停用" } } @else { (seen) } }
        td { (acts) }
    }
}

/// Gives what was ticked anew, each as if it were given now.
async fn attest(page: &OperatorRequest<'_>, form: &FormFields) -> Result<(), ConsoleRefusal> {
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let giver = &page.session()?.operator;
    let ticked: Vec<&str> = form.text("grant").split(',').filter(|tick| !tick.is_empty()).collect();
    if ticked.is_empty() {
        return Err(ConsoleRefusal::Refused("没有勾选任何一行".to_owned()));
    }
    for tick in ticked {
        let (receiver, grant) = grant_of(tick, page.now).ok_or(ConsoleRefusal::BadForm)?;
        page.site.console.work(async |a| a.attest(giver, receiver, &grant, act).await).await?;
    }
    Ok(())
}

fn grant_of(tick: &str, now: UnixMillis) -> Option<(Login, Grant)> {
    let (login, rest) = tick.split_once('|')?;
    let (role, area) = rest.split_once('|')?;
    let (role, area) = (Role::of_word(role)?, Area::new(area).ok()?);
    Some((Login::new(login).ok()?, Grant { role, area, until: Some(now.plus(GRANTED)) }))
}
