//! What waits for a second person: who proposes a change does not agree to it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::{Action, may_decide};
use yanmi_protocol::{AccountId, ChannelId, OrgCode, UnixMillis};

use super::list::{self, ROWS};
use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use super::{accounts, channels, institutions};
use crate::face::form::FormFields;
use crate::face::page::see_other;
use crate::registry::{Act, Decision, Intent, PendingRow, action_words, change_rows};
use crate::site::Site;

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// What waits in his reach or was proposed by himself, the newest first; and what became of others.
async fn rows(
    page: &OperatorRequest<'_>,
    before: i64,
    count: usize,
) -> Result<Vec<PendingRow>, ConsoleRefusal> {
    let (areas, login) = (page.reach(Action::DecideChange), page.session()?.operator.login);
    let console = &page.site.console;
    Ok(console.work(async |a| a.pending_in(&areas, login.as_str(), before, count).await).await?)
}

/// How many of the newest wait for him.
pub(super) async fn waiting(page: &OperatorRequest<'_>) -> Result<usize, ConsoleRefusal> {
    let login = page.session()?.operator.login;
    let rows = rows(page, i64::MAX, ROWS).await?;
    Ok(rows.iter().filter(|row| row.is_open(page.now) && row.made_by != login.as_str()).count())
}

async fn listed(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    if !page.may_anywhere(Action::ViewPending) {
        return Err(ConsoleRefusal::Nowhere);
    }
    let before = page.query.text("before").parse().unwrap_or(i64::MAX);
    let mut rows = rows(page, before, ROWS + 1).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let lines: Vec<Markup> = rows.iter().map(|row| line(row, page.now)).collect();
    let middle = html! {
        p { "更改、增加或解除业务系统、注销，由一人提出，另一人复核之后才生效；三天没有复核就失效。停用与启用立即生效，不在这里。" }
        (list::table(&["序号", "操作", "对象", "提出", "理由", "状态"], &lines))
        (list::more(page, "before", last))
    };
    Ok(page.page("待复核", &middle))
}

fn line(row: &PendingRow, now: UnixMillis) -> Markup {
    html! {
        td { a href={ "/o/pending/" (row.id) } { (row.id) } }
        td { (action_words(&row.action)) }
        td.code { (row.object) }
        td { (row.made_by) br; span.soft { (row.made_at.shanghai_text()) } }
        td { (row.reason) }
        td { (state(row, now)) }
    }
}

fn state(row: &PendingRow, now: UnixMillis) -> Markup {
    let word = match row.decision {
        Some(Decision::Done) => "已同意，已生效",
        Some(Decision::Refused) => "不同意",
        Some(Decision::Withdrawn) => "已撤回",
        None if row.is_open(now) => "待复核",
        None => "已失效",
    };
    html! {
        @if row.is_open(now) { strong { (word) } } @else { (word) }
        @if let Some((by, at)) = &row.decided { br; span.soft { (by) "，" (at.shanghai_text()) } }
    }
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    let id = page.segment("/o/pending/").and_then(|id| id.parse().ok()).ok_or(ConsoleRefusal::Nowhere)?;
    let row = page.site.console.work(async |a| a.pending(id).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    let is_maker = row.made_by == page.session()?.operator.login.as_str();
    if !is_maker {
        page.may(Action::DecideChange, row.region)?;
    }
    if page.method == Method::POST {
        let form = page.act(body).await?;
        let done = decide(page, &row, is_maker, &form).await?;
        return Ok(if done { page.done() } else { see_other(&page.path) });
    }
    let changes: Vec<Markup> = change_rows(&row.changes)
        .into_iter()
        .map(|change| html! {
            td { (change.name) } td { (change.before.unwrap_or_else(|| "无".to_owned())) } td { strong { (change.after) } }
        })
        .collect();
    let is_closing = row.action.rsplit('.').next() == Some("close");
    let middle = html! {
        (page.said())
        div.box { dl {
            dt { "操作" } dd { (action_words(&row.action)) }
            dt { "对象" } dd { (row.object) }
            dt { "辖区" } dd { (row.region) }
            dt { "提出" } dd { (row.made_by) "，" (row.made_at.shanghai_text()) }
            dt { "理由" } dd { (row.reason) }
            dt { "状态" } dd { (state(&row, page.now)) }
            @if row.is_open(page.now) { dt { "有效至" } dd { (row.ends_at.shanghai_text()) } }
        } }
        @if is_closing {
            p.said.bad { "注销之后不能恢复；密钥销毁，编码不再使用。" }
        } @else {
            (list::table(&["项目", "原来", "改为"], &changes))
        }
        @if row.is_open(page.now) { (forms(page, &row, is_maker)) }
    };
    Ok(page.page(&format!("第 {} 项更改", row.id), &middle))
}

fn forms(page: &OperatorRequest<'_>, row: &PendingRow, is_maker: bool) -> Markup {
    let may = may_decide(&page.rights(), is_maker, &row.region, page.now);
    html! {
        @if may.is_ok() {
            h2 { "复核" }
            form.act.box method="post" action=(page.path) {
                (page.act_fields())
                div {
                    button name="do" value="agree" { "同意并生效" } " "
                    button.danger name="do" value="refuse" { "不同意" }
                }
            }
        }
        @if is_maker {
            p { "由另一人复核；您可以撤回。" }
            form.act.box method="post" action=(page.path) {
                (page.act_fields())
                button.danger name="do" value="withdraw" { "撤回" }
            }
        }
    }
}

/// Whether it was done.
async fn decide(
    page: &OperatorRequest<'_>,
    row: &PendingRow,
    is_maker: bool,
    form: &FormFields,
) -> Result<bool, ConsoleRefusal> {
    let actor = page.actor()?;
    let act = act_of(&actor, form, page.now)?;
    let console = &page.site.console;
    let decision = match form.text("do") {
        "withdraw" if is_maker => Decision::Withdrawn,
        "refuse" | "agree" => {
            may_decide(&page.rights(), is_maker, &row.region, page.now)?;
            if form.text("do") == "agree" {
                // Both persons and both reasons stand in the event of the change.
                let reason = format!("{} 提出：{}；复核：{}", row.made_by, row.reason, act.reason);
                let act = Act::new(&actor, &reason, page.now).with(Intent::Decide(row.id));
                return agree(page, row, act).await.map(|()| true);
            }
            Decision::Refused
        }
        _ => return Err(ConsoleRefusal::BadForm),
    };
    console.work(async |a| a.close_pending(row, decision, act).await).await?;
    Ok(false)
}

/// Does what was proposed.
async fn agree(page: &OperatorRequest<'_>, row: &PendingRow, act: Act<'_>) -> Result<(), ConsoleRefusal> {
    let form = FormFields::of_stored(&row.form).ok_or(ConsoleRefusal::BadForm)?;
    let (console, object) = (&page.site.console, row.object.as_str());
    let asked = Action::DecideChange;
    match row.object_kind.as_str() {
        "institution" => {
            let code = OrgCode::new(object).map_err(|_| ConsoleRefusal::Nowhere)?;
            let found = console.work(async |a| a.institution(&code).await).await?;
            institutions::apply(page, &found.ok_or(ConsoleRefusal::Nowhere)?, &form, asked, act).await
        }
        "account" => {
            let id = AccountId::new(object).map_err(|_| ConsoleRefusal::Nowhere)?;
            let found = console.work(async |a| a.account(&id).await).await?;
            accounts::apply(page, &found.ok_or(ConsoleRefusal::Nowhere)?, &form, act).await
        }
        "channel" => {
            let id = ChannelId::new(object).map_err(|_| ConsoleRefusal::Nowhere)?;
            let found = console.work(async |a| a.channel(&id).await).await?;
            channels::apply(page, &found.ok_or(ConsoleRefusal::Nowhere)?, &form, act).await
        }
        _ => Err(ConsoleRefusal::Nowhere),
    }
}
