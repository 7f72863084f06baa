//! Applications (1.4.2): what waits at one's desk, what is on its way, and beginning one for somebody who came to the counter.

mod decide;
mod delay;
pub(super) mod one;
mod shown;
mod work;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::application::{Actor, Field, Form, Kind, PersonId};
use yanmi_onboarding::{Action, Area};

use self::delay::delay;
use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::page::see_other;
use crate::registry::{Act, ApplicationFilter, ListedApplication};
use crate::site::Site;

/// The lists, each with its name in the address and its title.
const LISTS: [(&str, &str); 3] = [("desk", "待我办理"), ("open", "办理中"), ("all", "全部")];

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

async fn listed(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::ViewApplications);
    if areas.is_empty() {
        return Err(ConsoleRefusal::Nowhere);
    }
    let may_file = page.may_anywhere(Action::FileApplication);
    if page.method == Method::POST {
        if !may_file {
            return Err(ConsoleRefusal::Nowhere);
        }
        let number = begin(page, body).await?;
        return Ok(see_other(&format!("/o/applications/{number}")));
    }
    let shown = page.query.text("list");
    let shown = LISTS.iter().map(|(name, _)| *name).find(|name| *name == shown).unwrap_or("desk");
    let (mut rows, paged) = rows(page, shown, &areas).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more && paged).map(|row| row.number);
    let lines: Vec<Markup> = rows.iter().map(|row| line(page, row)).collect();
    let heading = ["编号", "种类", "申请单位", "区划", "状态", "轮到", "期限"];
    let middle = html! {
        nav aria-label="列表" {
            @for (name, title) in LISTS {
                a href={ "/o/applications?list=" (name) } aria-current=[(name == shown).then_some("page")] { (title) }
            }
        }
        (list::table(&heading, &lines))
        @if let Some(last) = last {
            p.more { a href={ "/o/applications?list=" (shown) "&before=" (last) } { "下一页" } }
        }
        @if more && !paged { p.soft { "只列出期限最近的 " (ROWS) " 件；办完之后显示其余。" } }
        @if may_file { (form_to_begin(page)) }
    };
    Ok(page.page("接入申请", &middle))
}

/// The rows of a list, and whether there are pages of it.
async fn rows(
    page: &OperatorRequest<'_>,
    shown: &str,
    areas: &[Area],
) -> Result<(Vec<ListedApplication>, bool), ConsoleRefusal> {
    let (console, actor) = (&page.site.console, page.actor()?);
    let (own, now) = (actor.as_str(), page.now);
    if shown == "desk" {
        let grants: Vec<_> = page.rights().into_iter().filter(|grant| grant.holds(now)).collect();
        let read = console.work(async |a| a.applications_at_desk(&grants, own, ROWS + 1).await);
        return Ok((read.await?, false));
    }
    let filter = if shown == "open" { ApplicationFilter::UnderWay } else { ApplicationFilter::All };
    let before = page.query.text("before").parse().unwrap_or(i64::MAX);
    let read = console.work(async |a| a.applications_in(filter, (areas, own), before, ROWS + 1).await);
    Ok((read.await?, true))
}

/// How many wait at one's desk; more than a page is a page.
pub(super) async fn waiting(page: &OperatorRequest<'_>) -> Result<usize, ConsoleRefusal> {
    Ok(rows(page, "desk", &[]).await?.0.len().min(ROWS))
}

fn line(page: &OperatorRequest<'_>, row: &ListedApplication) -> Markup {
    let application = &row.application;
    html! {
        td.code { a href={ "/o/applications/" (row.number) } { (row.code()) } }
        td { (application.kind().name()) }
        td { (row.title) }
        td { (application.place()) }
        td { (application.state().name()) @if let Some(waits) = application.proposal() { "（" (waits.what.name()) "待复核）" } }
        td { (application.turn(page.now).words()) }
        td { (due(page, row)) }
    }
}

/// When it should be on, and whether that is soon or over.
fn due(page: &OperatorRequest<'_>, row: &ListedApplication) -> Markup {
    let at = row.due.or_else(|| row.application.lapses_at());
    html! {
        @if let Some(at) = at { (at.shanghai_date()) }
        (delay(page, &row.application))
    }
}

fn form_to_begin(page: &OperatorRequest<'_>) -> Markup {
    html! {
        h2 { "代申请方新建" }
        form.act.box method="post" action=(page.path) {
            label { "种类" select name="kind" {
                @for kind in Kind::ALL { option value=(kind.word()) { (kind.name()) } }
            } }
            label { "所属区划 " span.soft { "6 位，决定从哪一级受理" }
                input name="region" required inputmode="numeric" minlength="6" maxlength="6"; }
            label { "申请单位" input name="applicant" required maxlength="100"; }
            div.ticks { label { input type="checkbox" name="several" value="1"; "机构分属多个区划（由省级受理）" } }
            (page.proof_fields())
            button { "新建" }
        }
        p.soft { "先建草稿，得到申请编号；填写、提交之后由各级办理。您自己不能办理您提交的申请。" }
    }
}

async fn begin(page: &mut OperatorRequest<'_>, body: Body) -> Result<i64, ConsoleRefusal> {
    let typed = page.act(body).await?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == typed.text("kind"));
    let kind = kind.ok_or(ConsoleRefusal::BadForm)?;
    let mut form = Form::default();
    form.set(Field::Region, typed.text("region"));
    form.set(Field::Applicant, typed.text("applicant"));
    if let Some(fault) = form.faults().first() {
        return Err(ConsoleRefusal::Refused(format!("{}{}", fault.field.name(), fault.why)));
    }
    let place = Area::new(typed.text("region")).map_err(|_| ConsoleRefusal::BadForm)?;
    page.may(Action::FileApplication, place)?;
    let (actor, several) = (page.actor()?, typed.text("several") == "1");
    let (grants, id) = (page.rights(), person(page)?);
    let who = Actor::Operator { id, grants: &grants };
    let act = Act::new(&actor, "", page.now);
    let begun =
        page.site.console.work(async |a| a.begin_application((kind, &form, several), &who, act).await);
    Ok(begun.await?)
}

/// Whoever is logged in, as the rules know him.
fn person(page: &OperatorRequest<'_>) -> Result<PersonId, ConsoleRefusal> {
    PersonId::new(page.session()?.operator.login.as_str()).ok_or(ConsoleRefusal::LoggedOut)
}
