//! The first page: what is missing and who has to do it, and the applicant's accounts.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};

use super::account::{served, used};
use super::applications;
use super::request::{self, ApplicantRefusal, ApplicantRequest};
use super::task::{self, Task};
use crate::face::last_visit;
use crate::face::page::see_other;
use crate::face::table::named_table;
use crate::percent::encoded;
use crate::registry::{AccountRow, Realm};
use crate::site::Site;

/// Accounts of one page.
const ROWS: usize = 100;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The address people type.
pub(super) async fn away() -> Response {
    see_other("/a/")
}

pub(super) async fn nowhere(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, true, async |_, _| Err(ApplicantRefusal::Nowhere)).await
}

async fn answer(page: &mut ApplicantRequest<'_>, _: Body) -> Result<Response, ApplicantRefusal> {
    if page.method != Method::GET {
        return Err(ApplicantRefusal::BadMethod);
    }
    let (console, now) = (&page.site.console, page.now);
    let session = page.session()?;
    let number = session.applicant.number;
    let after = page.query.text("after");
    let users = console.work(async |a| a.applicant_users(number).await).await?;
    let offers = console.work(async |a| a.unsettled_offers(number).await).await?;
    let mut accounts = console.work(async |a| a.applicant_accounts(number, after, ROWS + 1).await).await?;
    let more = accounts.len() > ROWS;
    accounts.truncate(ROWS);
    let snapshot = page.site.registry.snapshot();
    let mut tasks = task::of_persons(&users, now);
    tasks.extend(task::of_offers(&offers, now));
    if accounts.is_empty() && after.is_empty() {
        tasks.push(Task::new("没有业务系统登记在贵单位名下", "当地医保经办", None));
    }
    for account in accounts.iter().filter(|account| account.closed_at.is_none()) {
        let institutions = snapshot.institutions_of(&account.id).len();
        tasks.extend(task::of_account(account, institutions, now));
    }
    let applications = applications::list(page).await?;
    let visit = console.work(async |a| a.last_visit(Realm::Applicants, &session.row).await).await?;
    let middle = html! {
        (last_visit::warning(&visit, "中心"))
        div.box { dl {
            dt { "单位" } dd { (session.applicant.name) "（" (session.applicant.credit_code.as_str()) "）" }
            dt { "您" } dd { (session.user.name) "，" (session.user.role.name()) }
            (last_visit::row(&visit))
        } }
        (applications)
        h2 { "还缺什么" }
        (task::list(&tasks))
        h2 { "业务系统" }
        (table(page, &accounts))
        @if let Some(last) = accounts.last().filter(|_| more) {
            p.more { a href={ "/a/?after=" (encoded(last.id.as_str())) } { "下一页" } }
            p.soft { "“还缺什么”里关于业务系统的，是这一页上的业务系统的。" }
        }
    };
    Ok(page.page("首页", &middle))
}

fn table(page: &ApplicantRequest<'_>, accounts: &[AccountRow]) -> Markup {
    let rows: Vec<Markup> = accounts
        .iter()
        .map(|row| {
            let id = row.id.as_str();
            html! {
                td.code { a href={ "/a/accounts/" (encoded(id)) } { (id) } }
                td { (row.name) }
                td.code { (row.newest.to_string()) }
                td { (used(row)) }
                td { (served(row).words(page.now)) }
            }
        })
        .collect();
    named_table("业务系统", &["业务系统编码", "名称", "密钥校验值", "密钥用过", "状态"], &rows)
}
