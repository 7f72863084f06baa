//! What happened to a code: asked for by its number, told as a story, with the person masked until somebody has a reason.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Action;
use yanmi_protocol::{EcToken, UnixMillis, mask};

use super::list;
use super::place::place_of;
use super::redeliver;
use super::request::{self, ConsoleRefusal, OperatorRequest};
use super::story::{self, FullHolder};
use super::unmask;
use super::view::View;
use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::history::{Between, Outwards, Question, SearchProgress, Story, Trace, When, moment};
use crate::registry::{Act, Inspection};
use crate::site::Site;

pub(super) async fn ask(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, asked).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

async fn asked(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    if !page.may_anywhere(Action::TraceNumber) {
        return Err(ConsoleRefusal::Nowhere);
    }
    if page.method == Method::GET {
        let middle = html! {
            p { "令牌（ecToken）、流水号（resBizNo，27 位）、通知编号（notcNo，13 位）都可以。值班与审批还可以用机构代码查一段时间。" }
            p.soft { "七天之内的不必写时间。更早的写“大约何时”：从那一小时起向前、向后逐小时查，直到查到。" }
            (search(page))
        };
        return Ok(page.page("追踪", &middle));
    }
    let form = page.form(body).await?;
    page.check_token(&form)?;
    let view = View { number: form.text("number").to_owned(), when: when(&form, page.now)?, full: None };
    let question = view.question().ok_or_else(|| {
        ConsoleRefusal::Refused(
            "应为令牌（ecToken）、27 位流水号、13 位通知编号或 12 位机构代码；不能用证件号码或手机号查"
                .to_owned(),
        )
    })?;
    if let Question::Org(code) = question {
        page.institution = Some(code);
        page.may(Action::TraceInstitution, place_of(page, &code))?;
        if view.when.is_none() {
            return Err(ConsoleRefusal::Refused("按机构查时要写明大约何时，或从何时起".to_owned()));
        }
    }
    let actor = page.actor()?;
    let act = Act::new(&actor, "", page.now);
    let place = match question {
        Question::Org(code) => Some(place_of(page, &code)),
        _ => None,
    };
    let (console, about) = (&page.site.console, view.about());
    console.work(async |a| a.note_inspection(Inspection::Trace, (&about, place), act).await).await?;
    Ok(see_other(&address(page, &view)?))
}

/// The box for a number; also on the first page.
pub(super) fn search(page: &OperatorRequest<'_>) -> Markup {
    html! {
        form.find method="post" action="/o/trace" role="search" autocomplete="off" {
            (page.token_field("/o/trace"))
            input name="number" required maxlength="64" aria-label="令牌、流水号或通知编号" placeholder="令牌、流水号或通知编号";
            input name="about" maxlength="19" aria-label="大约何时" placeholder="大约何时，如 2h、2026-11-23T15:00（可不写）";
            button { "追踪" }
            details {
                summary { "只查一段时间" }
                input name="from" maxlength="19" aria-label="从何时起" placeholder="从何时起，写法相同";
                input name="to" maxlength="19" aria-label="到何时止" placeholder="到何时止（不写则到现在）";
            }
        }
    }
}

/// The time that is asked for, if one is.
fn when(form: &FormFields, now: UnixMillis) -> Result<Option<When>, ConsoleRefusal> {
    let refused = |why: &str| Err(ConsoleRefusal::Refused(why.to_owned()));
    let read = |name: &str, what: &str| match form.text(name) {
        "" => Ok(None),
        text => moment(text, now).map(Some).ok_or_else(|| {
            ConsoleRefusal::Refused(format!(
                "{what}应写作北京时间 2026-11-23、2026-11-23T15:00，或距现在多久，如 30m、2h、7d"
            ))
        }),
    };
    let about = read("about", "大约何时")?;
    match (about, read("from", "从何时起")?, read("to", "到何时止")?) {
        (None, None, None) => Ok(None),
        (Some(about), None, None) => Ok(Some(When::Around(Outwards::from(about.min(now))))),
        (Some(_), ..) => refused("写了大约何时，就不要再写从何时起、到何时止"),
        (None, None, Some(_)) => refused("写了到何时止，也要写从何时起"),
        (None, Some(from), to) => {
            let to = to.unwrap_or_else(|| now.plus(Duration::from_secs(1)));
            if from < to {
                Ok(Some(When::Between(Between { from, to })))
            } else {
                refused("从何时起应早于到何时止")
            }
        }
    }
}

fn address(page: &OperatorRequest<'_>, view: &View) -> Result<String, ConsoleRefusal> {
    let login = page.session()?.operator.login;
    Ok(format!("/o/trace/{}", view.address(&page.site.sealer, login.as_str(), page.now)))
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let areas = page.reach(Action::TraceNumber);
    let login = page.session()?.operator.login;
    let sealed = page.path.strip_prefix("/o/trace/").unwrap_or_default();
    let view = View::open(&page.site.sealer, login.as_str(), sealed, page.now).filter(|_| !areas.is_empty());
    let view = view.ok_or(ConsoleRefusal::Nowhere)?;
    let question = view.question().ok_or(ConsoleRefusal::Nowhere)?;
    let now = page.now;
    let mut trace = page.look(async |h| h.trace(question, view.when, now).await).await?;
    // Who has the whole province also sees what no institution is known of.
    let province = page.may_in_province(Action::TraceNumber).is_ok();
    trace.stories.retain(|story| {
        story.org_code.map_or(province, |code| areas.iter().any(|area| area.covers(&place_of(page, &code))))
    });
    if page.method == Method::POST {
        let form = page.form(body).await?;
        let story = form.text("story").parse::<usize>().ok().and_then(|at| trace.stories.get(at));
        let story = story.ok_or(ConsoleRefusal::BadForm)?;
        return match form.text("do") {
            redeliver::WORD => redeliver::again(page, &form, story).await,
            _ => full_holder(page, &form, &view, story).await,
        };
    }
    let full = match view.full {
        Some(token) => page.look(async |h| h.holder(&token).await).await?,
        None => None,
    };
    let full = full.map(|(name, id_type, id_no)| FullHolder { name, id_type, id_no });
    let stories = trace.stories.iter().enumerate().map(|(at, one)| {
        let shown = full.as_ref().filter(|_| view.full.is_some() && one.token == view.full);
        let forms = html! { (unmask_form(page, at, one, shown.is_some())) (redeliver::form(page, at, one)) };
        story::story(one, &trace, shown, &forms)
    });
    let further = match trace.search.and_then(|search| search.next) {
        Some(next) => Some(address(page, &View { when: Some(When::Around(next)), ..view.clone() })?),
        None => None,
    };
    let middle = html! {
        (search(page)) (redeliver::said(page)) @for story in stories { (story) } (rest(&trace)) (searched(&trace, further)) (list::age(page))
    };
    Ok(page.page("追踪", &middle))
}

/// How far was searched around the moment that was told, and the way further.
fn searched(trace: &Trace, further: Option<String>) -> Markup {
    let searched = trace.search.and_then(|SearchProgress { searched, .. }| searched);
    html! {
        @if let Some(Between { from, to }) = searched {
            p.soft { "已查 " (from.shanghai_text()) " 至 " (to.shanghai_text()) "。" }
        }
        @if let Some(further) = further { p.more { a href=(further) { "没有查到，再往外查" } } }
    }
}

/// What is missing, and why nothing was found.
fn rest(trace: &Trace) -> Markup {
    html! {
        @if trace.stories.is_empty() { p.box { "没有查到，或者不在您的辖区之内。" } }
        @if trace.read.is_none() {
            p.soft { "这个令牌或通知的状态已清理或从未有过，不知道该查哪一段时间：请写明大约何时（流水号不必）。" }
        }
        @if trace.summed > 0 { p.soft { "另有 " (trace.summed) " 条未逐条记下（同一业务系统一分钟内同一返回码的拒绝过多）。" } }
        @if trace.lost > 0 { p.soft { "另有 " (trace.lost) " 条未记：当时来得太多，或数据库写不进去。" } }
        @if trace.cut { p.said.bad { "太多，没有读完（至多 10 秒、5000 条）：请缩短所查的时间。" } }
    }
}

fn unmask_form(page: &OperatorRequest<'_>, at: usize, story: &Story, shown: bool) -> Markup {
    let may = may_unmask(page, story).is_ok();
    html! {
        @if may && !shown {
            details {
                summary { "查看完整的姓名与证件" }
                form.act method="post" action=(page.path) autocomplete="off" {
                    (page.token_field(&page.path))
                    input type="hidden" name="story" value=(at);
                    (unmask::fields())
                }
            }
        }
    }
}

/// Somebody may see a person in full of a story that has one, at an institution in his reach.
fn may_unmask(page: &OperatorRequest<'_>, story: &Story) -> Result<EcToken, ConsoleRefusal> {
    let (Some(token), Some(code), Some(_)) = (story.token, story.org_code, &story.holder) else {
        return Err(ConsoleRefusal::Nowhere);
    };
    page.may(Action::Unmask, place_of(page, &code))?;
    Ok(token)
}

async fn full_holder(
    page: &mut OperatorRequest<'_>,
    form: &FormFields,
    view: &View,
    story: &Story,
) -> Result<Response, ConsoleRefusal> {
    page.check_token(form)?;
    let token = may_unmask(page, story)?;
    let reason = unmask::reason(page, form).await?;
    let actor = page.actor()?;
    let act = Act::new(&actor, &reason, page.now);
    let about = mask::token(token.as_str());
    let (console, place) = (&page.site.console, story.org_code.map(|code| place_of(page, &code)));
    console.work(async |a| a.note_inspection(Inspection::Unmask, (&about, place), act).await).await?;
    Ok(see_other(&address(page, &View { full: Some(token), ..view.clone() })?))
}
