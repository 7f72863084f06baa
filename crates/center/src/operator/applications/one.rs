//! One application: what was filled in, where it stands, what whoever looks at it can do, and what was done.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Action;
use yanmi_onboarding::application::{Actor, Form, State};

use super::shown::{self, Surroundings};
use super::{decide, person, work};
use crate::face::application_files::FILES;
use crate::face::application_form as form;
use crate::face::attachment::attachment;
use crate::face::page::see_other;
use crate::operator::request::{self, ConsoleRefusal, OperatorRequest};
use crate::registry::{Act, ApplicationRow, application_no, round_of};
use crate::site::Site;

pub(crate) async fn handle(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The key, made out to the public key of the form.
pub(crate) async fn offer(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| {
        let row = seen(page, "/offer.json").await?;
        let file = page.site.console.work(async |a| a.application_offer(row.number).await).await?;
        let file = file.ok_or(ConsoleRefusal::Nowhere)?;
        Ok(attachment("application/json", "offer.json", file.into_bytes()))
    })
    .await
}

/// Bringing an acceptance report.
pub(crate) async fn report(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, reporting).await
}

/// The papers of an application.
pub(crate) async fn files(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, body| {
        let row = seen(page, FILES).await?;
        let (grants, id) = (page.rights(), person(page)?);
        page.files(&row, &Actor::Operator { id, grants: &grants }, body).await
    })
    .await
}

/// One of them.
pub(crate) async fn file(Shared(site): Shared<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| {
        let digest = page.path.rsplit('/').next().unwrap_or_default();
        let row = seen(page, &format!("{FILES}/{digest}")).await?;
        page.file(&row).await
    })
    .await
}

/// The application of the address, which ends so behind its number, if he may see it.
async fn seen(page: &OperatorRequest<'_>, tail: &str) -> Result<ApplicationRow, ConsoleRefusal> {
    let rest = page.segment("/o/applications/").ok_or(ConsoleRefusal::Nowhere)?;
    let number = rest.strip_suffix(tail).and_then(|text| text.parse().ok()).ok_or(ConsoleRefusal::Nowhere)?;
    let read = page.site.console.work(async |a| a.application(number).await).await;
    let row = read.map_err(|error| match ConsoleRefusal::from(error) {
        ConsoleRefusal::Refused(_) => ConsoleRefusal::Nowhere,
        other => other,
    })?;
    // Whoever filed it sees it wherever he is now.
    let own = row.made_by == page.actor()?.as_str();
    if !own || !page.may_anywhere(Action::ViewApplications) {
        page.may(Action::ViewApplications, *row.application.place())?;
    }
    Ok(row)
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let row = seen(page, "").await?;
    if page.method == Method::POST {
        return decide::decide(page, &row, body).await;
    }
    let number = row.number;
    let around = page
        .site
        .console
        .work(async |a| {
            Ok(Surroundings {
                steps: a.application_steps(number).await?,
                feedback: a.newest_feedback(number).await?,
                has_offer: a.application_offer(number).await?.is_some(),
            })
        })
        .await?;
    let middle = html! {
        (page.said())
        (shown::summary(page, &row, &around))
        @if let State::Returned { faults, by, .. } = row.application.state() {
            (form::faults(faults))
            @if !by.opinion.is_empty() { p { "意见：" (by.opinion) } }
        }
        @if around.has_offer { p { a href={ (page.path) "/offer.json" } { "下载密钥文件 offer.json" } " " span.soft { "只有申请表上公钥的持有人能打开，可以邮寄" } } }
        (filled_in(page, &row).await?)
        (page.file_list(&row, &Actor::Operator { id: person(page)?, grants: &page.rights() }).await?)
        (work::forms(page, &row)?)
        (shown::history(&around.steps))
    };
    Ok(page.page(&format!("申请 {}", row.code()), &middle))
}

/// The form: to be filled in by who filed it, to be read by everybody else.
async fn filled_in(page: &OperatorRequest<'_>, row: &ApplicationRow) -> Result<Markup, ConsoleRefusal> {
    let (kind, state) = (row.application.kind(), row.application.state());
    let own = row.application.filer() == yanmi_onboarding::application::Person::Operator(person(page)?);
    let is_open = matches!(state, State::Draft { .. } | State::Returned { .. });
    if own && is_open {
        let number = application_no(&row.application, row.number, row.made_at);
        let console = &page.site.console;
        let mut faults = row.form.faults();
        faults.extend(console.work(async |a| a.form_faults(kind, &row.form, number).await).await?);
        return Ok(form::open(&page.path, kind, &row.form, (&faults, &page.proof_fields())));
    }
    let before: Option<Form> = match round_of(state) {
        Some(round) if round > 1 => {
            page.site.console.work(async |a| a.application_form(row.number, round - 1).await).await?
        }
        _ => None,
    };
    Ok(html! { h2 { "申请表" } (form::table(kind, &row.form, before.as_ref())) })
}

async fn reporting(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let row = seen(page, "/report").await?;
    let back = format!("/o/applications/{}", row.number);
    if page.method != Method::POST {
        let middle = html! {
            p { "联调通过之后验收。在联调中心验收的，得到签署的 report.signed.json，直接作为验收依据；申请方用 yanmi acceptance 在自己机器上写出的 report.json，须有人旁证抽样，才能作为验收依据。" }
            form.act.box method="post" action=(page.path) enctype="multipart/form-data" {
                label { "report.signed.json 或 report.json" input type="file" name="file" required accept=".json"; }
                (page.proof_fields())
                button { "提交报告" }
            }
            p { a href=(back) { "返回申请" } }
        };
        return Ok(page.page("提交验收报告", &middle));
    }
    let report = page.act_with_report(body, &row).await?;
    let (actor, grants, id) = (page.actor()?, page.rights(), person(page)?);
    let who = Actor::Operator { id, grants: &grants };
    let command = yanmi_onboarding::application::Command::Report(&report);
    let act = Act::new(&actor, "", page.now);
    let console = &page.site.console;
    console
        .work(async |a| a.step_application(row.number, &command, &who, &console.calendar, act).await)
        .await?;
    Ok(see_other(&format!("{back}?done=1")))
}
