//! A feedback form (反馈表): as it is printed, as the signed file, and as the configuration made from it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use maud::{Markup, html};
use yanmi_onboarding::Action;
use yanmi_papers::feedback::{CenterUrl, Limits};
use yanmi_papers::{Feedback, Signed};
use yanmi_protocol::{OrgCode, hex};

use super::request::{self, ConsoleRefusal, OperatorRequest};
use crate::face::attachment::attachment;
use crate::face::qr;
use crate::percent::encoded;
use crate::registry::FeedbackRow;
use crate::site::Site;

/// Institutions that are printed; more are in the file.
const PRINTED: usize = 20;

pub(super) async fn print(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, printed).await
}

pub(super) async fn file(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| {
        let (row, _) = seen(page, "/feedback.json").await?;
        Ok(attachment("application/json", "feedback.json", row.paper.to_json().into_bytes()))
    })
    .await
}

pub(super) async fn config(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, async |page, _| {
        let (row, _) = seen(page, "/client.toml").await?;
        let paper = row.paper.paper();
        let listed = match page.query.text("org") {
            "" => paper.institutions.first(),
            code => OrgCode::new(code).ok().and_then(|code| paper.institution(&code)),
        };
        let text = paper.client_toml(listed.ok_or(ConsoleRefusal::Nowhere)?);
        Ok(attachment("application/toml", "client.toml", text.into_bytes()))
    })
    .await
}

/// The form of the address, which ends so behind its number, if he may see its application; and what superseded it.
async fn seen(
    page: &OperatorRequest<'_>,
    tail: &str,
) -> Result<(FeedbackRow, Option<String>), ConsoleRefusal> {
    let rest = page.segment("/o/feedback/").ok_or(ConsoleRefusal::Nowhere)?;
    let code = rest.strip_suffix(tail).ok_or(ConsoleRefusal::Nowhere)?;
    let found = page
        .site
        .console
        .work(async |a| {
            let Some((row, later)) = a.feedback(code).await? else { return Ok(None) };
            let application = a.application(row.application).await?;
            Ok(Some((row, later, *application.application.place())))
        })
        .await?;
    let (row, later, place) = found.ok_or(ConsoleRefusal::Nowhere)?;
    page.may(Action::ViewApplications, place)?;
    Ok((row, later))
}

async fn printed(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    let (row, later) = seen(page, "").await?;
    let paper = row.paper.paper();
    let middle = html! {
        div.screen {
            @if let Some(later) = &later { p.said.bad { "已由 " a href={ "/o/feedback/" (later) } { (later) } " 取代" } }
            p {
                a href={ "/o/applications/" (row.application) } { "申请" } "、"
                a href={ (page.path) "/feedback.json" } { "feedback.json" } "、"
                a href={ (page.path) "/client.toml" } { "client.toml" }
                @if paper.institutions.len() > 1 { "（" (paper.institutions[0].org_code.as_str()) " 的；其余机构在地址后加 ?org=机构代码）" }
                " " span.soft { "用浏览器的打印得到 A4 表" }
            }
        }
        (sheet(&row.paper, page.site.console.portal.as_deref()))
    };
    Ok(page.page(&paper.title, &middle))
}

/// The sheet.
fn sheet(signed: &Signed<Feedback>, portal: Option<&str>) -> Markup {
    let (form, digits) = (signed.paper(), signed.short_digest());
    let code = form.number.to_string();
    let link = match portal {
        Some(portal) => format!("{}/f/{code}?d={}", portal.trim_end_matches('/'), encoded(&digits)),
        None => format!("{code} {digits}"),
    };
    html! {
        div.paper {
            p { "编号 " strong { (code) } "，" (form.stage.name()) "，" (form.issued_at.shanghai_date()) " 出具"
                @if let Some(until) = form.valid_until { "，有效至 " (until.shanghai_date()) }
                @if let Some(before) = &form.supersedes { "，取代 " (before) } }
            div.two { (parties(form)) (access(form)) (key(form)) (limits(&form.limits)) (rest(form)) }
            (institutions(form))
            div.foot {
                p { (form.issuer.name) br; "（盖章）" br; (form.issuer.approved_by) "，" (form.issuer.approved_at.shanghai_date()) " 审批" }
                div { (qr::svg(&link, &format!("反馈表 {code} 的二维码"))) p.soft { (code) br; (digits) } }
            }
        }
    }
}

fn parties(form: &Feedback) -> Markup {
    let system = &form.system;
    html! {
        h2 { "信息系统" }
        dl {
            dt { "业务系统编码 orgId" } dd { code { (system.org_id.as_str()) } }
            dt { "名称" } dd { (system.name) }
            dt { "开发商" } dd { (system.vendor) }
            dt { "产品与版本" } dd { (system.product) " " (system.version) }
            dt { "reqtType" } dd { code { (form.reqt_type.prefix) "&" (form.reqt_type.region.as_str()) } }
            dt { "申请编号" } dd { (form.issuer.application) }
        }
    }
}

fn access(form: &Feedback) -> Markup {
    let center = &form.center;
    html! {
        h2 { "接入" }
        dl {
            dt { "接口地址 localUrl" } dd { @for url in &center.urls { (CenterUrl::as_str(url)) br; } }
            @for root in &center.tls_roots {
                dt { "根证书 SHA-256" } dd { code { (hex::encode(&root.sha256)) } "，" (root.not_after.shanghai_date()) " 到期" }
            }
            @if let Some(clock) = &center.time_source { dt { "校时" } dd { (clock) } }
            dt { "接口" } dd { @for interface in &form.interfaces { (interface.word()) " " (interface.name()) br; } }
            dt { "每秒次数" } dd { (form.rate) "（瞬时 " (form.burst) "）" }
            dt { "来源网段" } dd { @if form.source_networks.is_empty() { "不限" } @for network in &form.source_networks { (network) br; } }
        }
    }
}

fn key(form: &Feedback) -> Markup {
    let key = &form.key;
    html! {
        h2 { "密钥" }
        dl {
            dt { "校验值" } dd { code { (key.kcv) } }
            dt { "形式" } dd { (key.form.name()) }
            dt { "生成" } dd { (key.made_at.shanghai_date()) "，第 " (key.generation) " 把" }
            @if let Some(by) = key.rotate_by { dt { "轮换期限" } dd { (by.shanghai_date()) } }
            dt { "交付方式" } dd { (key.handed_over.name()) }
        }
    }
}

fn limits(limits: &Limits) -> Markup {
    html! {
        h2 { "期限（秒）" }
        dl {
            dt { "报文时间允许偏差" } dd { (limits.timestamp_window_seconds) }
            dt { "通知有效" } dd { (limits.notice_seconds) }
            dt { "认证有效" } dd { (limits.confirmation_seconds) }
            dt { "令牌有效" } dd { (limits.token_seconds) }
            dt { "两次通知间隔" } dd { (limits.notice_interval_seconds) }
            dt { "每次核验通知次数" } dd { (limits.notices_per_verification) }
        }
    }
}

fn rest(form: &Feedback) -> Markup {
    html! {
        h2 { "联系与验收" }
        dl {
            dt { "联调电话" } dd { (form.contacts.debugging_phone) }
            dt { "值班电话" } dd { (form.contacts.duty_phone) }
            @if let Some(portal) = &form.contacts.portal { dt { "申请方页面" } dd { (portal) } }
            @if let Some(acceptance) = &form.acceptance {
                dt { "验收" } dd { (acceptance.conclusion.name()) "，" (acceptance.product) " " (acceptance.version) "，" (acceptance.at.shanghai_date()) }
            }
        }
    }
}

fn institutions(form: &Feedback) -> Markup {
    let more = form.institutions.len().saturating_sub(PRINTED);
    html! {
        h2 { "定点医药机构（" (form.institutions.len()) " 个）" }
        div.scroll tabindex="0" role="region" aria-label="定点医药机构" {
            table {
                thead { tr { th scope="col" { "代码" } th scope="col" { "名称" } th scope="col" { "区划" } } }
                tbody { @for one in form.institutions.iter().take(PRINTED) {
                    tr { td.code { (one.org_code.as_str()) } td { (one.name) } td { (one.region.as_str()) } }
                } }
            }
        }
        @if more > 0 { p { "另有 " (more) " 个，见 feedback.json。" } }
    }
}
