//! A test delivery: whether a channel can be reached, and whether both sides hold the same key, without anybody's phone showing
//! anything.
//!
//! What is sent is the withdrawal of a notice that never was. A channel takes it like any other, and by the contract has nothing
//! to take away; a notice, even of a code that is nobody's, might be shown to somebody. It goes past the channel's lane, so a
//! channel that rests can be tried, and neither its failures nor its rest change by it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use tokio::time::Instant;
use yanmi_onboarding::Action;
use yanmi_protocol::message::channel_notice::{Kind, Notice};
use yanmi_protocol::{ChannelId, EcToken, NoticeNo, OrgCode};

use super::request::{self, ConsoleRefusal, OperatorRequest, act_of};
use crate::delivery::deliver::{DeliveryFailure, Endpoint, Reception};
use crate::delivery::lane::{Lane, LaneSettings};
use crate::percent::encoded;
use crate::registry::{ChannelRow, Inspection};
use crate::site::Site;

/// The way of a test: one call, and no rest after it.
const LANE: LaneSettings =
    LaneSettings { in_flight: 1, failures: u32::MAX, open_for: std::time::Duration::ZERO };

pub(super) async fn handle(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

/// The way here from the page of a channel.
pub(super) fn way(page: &OperatorRequest<'_>, row: &ChannelRow) -> Markup {
    html! {
        @if row.closed_at.is_none() && page.may_in_province(Action::TestChannel).is_ok() {
            p { a href={ (page.path) "/test" } { "试投" } }
        }
    }
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::TestChannel)?;
    let id = page
        .segment("/o/channels/")
        .and_then(|rest| ChannelId::new(rest.strip_suffix("/test")?).ok())
        .ok_or(ConsoleRefusal::Nowhere)?;
    let row = page.site.console.work(async |a| a.channel(&id).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    if page.method == Method::POST {
        return test(page, body, &row).await;
    }
    let middle = html! {
        p { a href=(one(&row)) { (row.name) "（" (row.id.as_str()) "）" } }
        @if row.closed_at.is_none() {
            form.act.box method="post" action=(page.path) {
                p { "向通知地址发一条撤回通知（所撤的通知并不存在，不会有人看到），看渠道应用通不通、密钥对不对。"
                    "渠道暂停期间也能试；结果不计入它的成败。" }
                (page.act_fields())
                button { "试投一次" }
            }
        }
    };
    Ok(page.page("试投", &middle))
}

/// The page of a channel.
fn one(row: &ChannelRow) -> String {
    format!("/o/channels/{}", encoded(row.id.as_str()))
}

/// Sends one, and says what came of it.
async fn test(
    page: &mut OperatorRequest<'_>,
    body: Body,
    row: &ChannelRow,
) -> Result<Response, ConsoleRefusal> {
    let form = page.act(body).await?;
    let actor = page.actor()?;
    let act = act_of(&actor, &form, page.now)?;
    let about = (row.id.as_str(), None);
    page.site.console.work(async |a| a.note_inspection(Inspection::TestDelivery, about, act).await).await?;
    let notice = notice(page, row)?;
    let registry = page.site.registry.snapshot();
    let gone = "渠道已不在登记之内，没有投出";
    let channel = registry.channel(&row.id).ok_or_else(|| ConsoleRefusal::Refused(gone.to_owned()))?;
    let endpoint = Endpoint { lane: Arc::new(Lane::new(LANE)), ..channel.endpoint.clone() };
    let began = Instant::now();
    let came = page.site.deliverer.deliver(&endpoint, &notice, page.site.settings.call).await;
    let took = began.elapsed().as_millis();
    let middle = html! {
        (result(&came))
        dl.box {
            dt { "渠道" } dd { a href=(one(row)) { (row.name) "（" (row.id.as_str()) "）" } }
            dt { "通知地址" } dd { (row.notice_url.host().unwrap_or_default()) }
            dt { "用时" } dd { (took) " 毫秒" }
            dt { "密钥校验值" } dd { code { (row.newest.to_string()) } }
        }
    };
    Ok(page.page("试投", &middle))
}

/// What a test comes to, in words.
fn result(came: &Result<Reception, DeliveryFailure>) -> Markup {
    html! {
        @match came {
            Ok(_) => p.said role="status" { "通：渠道应用收下了，地址、密钥都对。" },
            Err(failure @ DeliveryFailure::Refused { .. }) => p.said role="status" {
                "通：渠道应用能解开信封，答复不接收（" (failure.reason()) "）。撤回一条不存在的通知，应当照收（channel.md 第五节）：请渠道核对。"
            },
            Err(failure) => p.said.bad role="alert" {
                "不通：" (failure.reason()) "（" (failure.code()) "）。" (advice(failure))
            },
        }
    }
}

/// Who does what next.
const fn advice(failure: &DeliveryFailure) -> &'static str {
    match failure {
        DeliveryFailure::Unreachable => "看渠道的服务是否在运行、网络与防火墙是否放通、证书是否有效。",
        DeliveryFailure::TimedOut => "渠道收到之后没有在时限内应答：请渠道查它的服务。",
        DeliveryFailure::ServerError { .. } => "请渠道看它的服务日志。",
        DeliveryFailure::BadAnswer => {
            "与渠道核对密钥校验值与接口地址；它的应答不是本密钥封的，或不是这个接口的应答。"
        }
        DeliveryFailure::AddressRefused => "系统管理员核对 outbound.allow 是否包含这个地址。",
        DeliveryFailure::Busy | DeliveryFailure::Resting | DeliveryFailure::Refused { .. } => "",
    }
}

/// The withdrawal of a notice that never was, at an institution that cannot be.
fn notice(page: &OperatorRequest<'_>, row: &ChannelRow) -> Result<Notice, ConsoleRefusal> {
    let made_up = || ConsoleRefusal::Refused("未能拟出试投的通知".to_owned());
    let org_code = format!("H{:0<11}", page.site.region.as_str());
    Ok(Notice {
        kind: Kind::Withdrawal,
        number: NoticeNo::from_number(NoticeNo::LAST).ok_or_else(made_up)?,
        sequence: 1,
        channel: row.id,
        token: EcToken::new(&format!("TEST{}", page.now.get())).map_err(|_| made_up())?,
        index: None,
        masked_name: "*".to_owned(),
        org_code: OrgCode::new(&org_code).map_err(|_| made_up())?,
        org_name: "中心试投".to_owned(),
        amount: None,
        at: page.now,
        expires_at: page.now,
        ways: row.facts.ways.iter().collect(),
        url: None,
    })
}
