//! Handing an account's key over: the key keeper makes an offer, and sees neither the key nor, after this page, how to take it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Action;
use yanmi_protocol::{AccountId, KeyCheckValue, UnixMillis};

use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use crate::registry::{AccountRow, ApplicantUserRow, KeyOffer, KeyOfferRow, KeyUses, Object, Retirement};
use crate::site::Site;

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The way here from the page of an account.
pub(super) fn way(page: &OperatorRequest<'_>, row: &AccountRow) -> Markup {
    html! {
        @if row.closed_at.is_none() && page.may_in_province(Action::RotateKey).is_ok() {
            p { a href={ (page.path) "/key" } { "交付密钥" } }
        }
    }
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::RotateKey)?;
    let id = page
        .segment("/o/accounts/")
        .and_then(|rest| AccountId::new(rest.strip_suffix("/key")?).ok())
        .ok_or(ConsoleRefusal::Nowhere)?;
    let row = page.site.console.work(async |a| a.account(&id).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    if page.method == Method::POST {
        let form = page.act(body).await?;
        let actor = page.actor()?;
        let act = act_of(&actor, &form, page.now)?;
        let console = &page.site.console;
        return match form.text("do") {
            "offer" => {
                let offer = console.work(async |a| a.offer_key(id, act).await).await?;
                Ok(page.page("交付密钥", &shown_once(page, &offer)))
            }
            "void" => {
                console.work(async |a| a.void_key_offer(id, act).await).await?;
                Ok(page.done())
            }
            "retire" => {
                let forced = form.text("force") == "1";
                let how = if forced { Retirement::Forced } else { Retirement::WhenSilent };
                console.work(async |a| a.retire_account_key(id, how, act).await).await?;
                Ok(page.done())
            }
            _ => Err(ConsoleRefusal::BadForm),
        };
    }
    let offer = page.site.console.work(async |a| a.key_offer(&id).await).await?;
    let persons = match row.applicant {
        Some(number) => page.site.console.work(async |a| a.applicant_users(number).await).await?,
        None => Vec::new(),
    };
    let keys = (row.newest, row.older);
    let uses = page.site.console.work(async |a| a.key_uses(Object::Account(id), keys).await).await?;
    let open = offer.as_ref().is_some_and(|offer| offer.is_open(page.now));
    let middle = html! {
        (page.said())
        p { a href={ "/o/accounts/" (row.id.as_str()) } { (row.name) "（" (row.id.as_str()) "）" } }
        @match &offer { Some(offer) => (state(offer, page.now)), None => p.box { "还没有交付过密钥。" } }
        @if row.closed_at.is_none() {
            h2 { @if open { "另发一次" } @else { "发出密钥" } }
            p { "中心生成一把新密钥，您看不到它。得到一个链接和一个 8 位提取码：链接发给对方，提取码打登记的电话，由另一人告知。"
                "对方原来的密钥继续有效，直到停用旧密钥。" }
            (phones(&persons))
            form.act.box method="post" action=(page.path) {
                input type="hidden" name="do" value="offer";
                (page.act_fields())
                button { "发出" }
            }
        }
        @if open {
            h2 { "作废" }
            form.act.box method="post" action=(page.path) {
                input type="hidden" name="do" value="void";
                (page.act_fields())
                button.danger { "作废这个链接" }
            }
        }
        @if row.closed_at.is_none() && row.older.is_some() { (retire(page, &row, uses)) }
    };
    Ok(page.page("交付密钥", &middle))
}

/// A key and when it was last used.
pub(super) fn generation(kcv: KeyCheckValue, used: Option<UnixMillis>) -> Markup {
    html! {
        code { (kcv.to_string()) } " "
        span.soft { @match used {
            Some(at) => { "最近使用 " (at.shanghai_text()) }
            None => "没有使用记录",
        } }
    }
}

/// The end of a rotation.
fn retire(page: &OperatorRequest<'_>, row: &AccountRow, uses: KeyUses) -> Markup {
    html! {
        h2 { "停用旧密钥" }
        dl.box {
            dt { "新密钥" } dd { (generation(row.newest, uses.newest)) }
            @if let Some(older) = row.older { dt { "旧密钥" } dd { (generation(older, uses.older)) } }
        }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="retire";
            p { "旧密钥 24 小时内用过就不停用：对方还没有换完。使用时间每隔几分钟记一次。" }
            label { input type="checkbox" name="force" value="1"; "强制：仍在用也停用，用旧密钥的报文从此一律拒绝（-4）" }
            (page.act_fields())
            button.danger { "停用旧密钥" }
        }
    }
}

/// Where the passcode is told: the telephones of the applicant's persons.
fn phones(persons: &[ApplicantUserRow]) -> Markup {
    html! {
        @if persons.iter().any(|person| person.closed_at.is_none()) {
            div.box { h3 { "登记的电话" } ul {
                @for person in persons.iter().filter(|person| person.closed_at.is_none()) {
                    li { (person.name) "（" (person.role.name()) "）" strong { (person.phone) } }
                }
            } }
        }
    }
}

fn shown_once(page: &OperatorRequest<'_>, offer: &KeyOffer) -> Markup {
    html! {
        p.said role="status" { "只显示这一次。" }
        div.box { dl {
            dt { "链接" } dd { code { "/k/" (offer.link.as_str()) } " " span.soft { "接在领取密钥的网址（listen.applicant）之后" } }
            dt { "提取码" } dd { code.key { (offer.passcode.as_str()) } }
            dt { "有效至" } dd { (offer.until.shanghai_text()) }
        } }
        p { "链接与提取码分两路：链接可以发邮件或公文，提取码打登记的电话，由另一人告知。连续 5 次输错就作废。" }
        p { a href=(page.path) { "看领取情况" } }
    }
}

fn state(offer: &KeyOfferRow, now: UnixMillis) -> Markup {
    html! {
        div.box { dl {
            dt { "发出" } dd { (offer.made_by) "，" (offer.made_at.shanghai_text()) }
            dt { "密钥校验值" } dd { code { (offer.kcv) } }
            dt { "领取" } dd {
                @match &offer.taken {
                    Some((at, from)) => { (at.shanghai_text()) "，来自 " (from) }
                    None if offer.is_open(now) => { "还没有，" (offer.ends_at.shanghai_text()) " 之前有效" }
                    None => { span.off { "没有领取，已失效" } }
                }
            }
            @if let Some(at) = offer.checked_at { dt { "校验值" } dd { "对方已核对，" (at.shanghai_text()) } }
            @if let Some((at, why)) = &offer.void { dt { "作废" } dd { span.off { (why.name()) "，" (at.shanghai_text()) } } }
        } }
    }
}
