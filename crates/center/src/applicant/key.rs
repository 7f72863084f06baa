//! Taking a key: the link, or the page of one's own account, opens a form, the passcode hands the key out, once; then the check
//! value is told back.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Area;
use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

use super::request::{self, ApplicantRefusal, ApplicantRequest};
use crate::face::form::FormFields;
use crate::percent::encoded;
use crate::registry::KeyOfferRow;
use crate::site::Site;

/// What a link opens.
pub(super) async fn by_link(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, true, linked).await
}

/// The same of who is logged in for the applicant whose account it is.
pub(super) async fn of_account(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, owned).await
}

async fn linked(request: &mut ApplicantRequest<'_>, body: Body) -> Result<Response, ApplicantRefusal> {
    request.count_try()?;
    let link = request.segment("/k/").unwrap_or_default();
    let console = &request.site.console;
    let row = console.work(async |a| a.offered(&link).await).await?;
    if row.taken.is_some() {
        let (from, when) =
            (request.source().to_string(), (Area::of_province(request.site.region), request.now));
        console.work(async |a| a.note_opening(&row, &from, when).await).await?;
    }
    // Where the applicant has persons, the link alone is not enough: one of them is to take it, who then is known.
    let wanted = console.work(async |a| a.who_takes(&row.account).await).await?;
    if let Some(applicant) = wanted
        && request.logged_in().is_none_or(|session| session.applicant.number != applicant)
    {
        return Ok(request.page("领取密钥", &log_in_first(&row)));
    }
    if request.method == Method::GET {
        return shown(request, &row, &html! {});
    }
    let form = request.form(body).await?;
    told(request, &row, &form).await
}

async fn owned(request: &mut ApplicantRequest<'_>, body: Body) -> Result<Response, ApplicantRefusal> {
    let account = request.own_account("/a/accounts/", "/key").await?;
    let row = request.site.console.work(async |a| a.key_offer(&account.id).await).await?;
    let row = row.ok_or(ApplicantRefusal::Nowhere)?;
    if request.method == Method::GET {
        return shown(request, &row, &request.proof_fields());
    }
    request.count_try()?;
    let form = request.act(body).await?;
    told(request, &row, &form).await
}

/// Does what a form about an offer asks for.
async fn told(
    request: &ApplicantRequest<'_>,
    row: &KeyOfferRow,
    form: &FormFields,
) -> Result<Response, ApplicantRefusal> {
    let (console, taker) = (&request.site.console, request.taker());
    if form.text("do") != "check" {
        let passcode = form.secret("passcode");
        let key = console.work(async |a| a.take_offered(row, passcode.trim(), &taker).await).await?;
        let proofs = if request.path.starts_with("/a/") {
            request.proof_fields()
        } else {
            html! {}
        };
        return Ok(request.page("密钥", &taken(&request.path, row, &key, &proofs)));
    }
    let kcv = form.text("kcv").to_owned();
    if kcv.len() != 6 || !kcv.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(ApplicantRefusal::Refused("校验值应为 6 位十六进制".to_owned()));
    }
    let is_equal = console.work(async |a| a.check_key(row, &kcv, &taker).await).await?;
    if is_equal {
        return Ok(
            request.page("密钥", &html! { p.said role="status" { "校验值一致，已核对。可以开始联调。" } })
        );
    }
    Err(ApplicantRefusal::Refused(format!(
        "校验值不一致：中心的是 {}。请核对密钥是否抄写完整、是否当作 16 进制读入；再不一致，这把密钥就作废。",
        row.kcv
    )))
}

fn log_in_first(row: &KeyOfferRow) -> Markup {
    let place = format!("/a/accounts/{}/key", encoded(row.account.as_str()));
    html! {
        p.said { "业务系统 " (row.account.as_str()) " 的密钥由贵单位的人员登录之后领取。" }
        p { a href={ "/a/login?next=" (encoded(&place)) } { "登录，去领取" } }
    }
}

/// The page of an offer: a form, with what proves who sends it, or what became of the offer.
fn shown(
    request: &ApplicantRequest<'_>,
    row: &KeyOfferRow,
    proofs: &Markup,
) -> Result<Response, ApplicantRefusal> {
    let middle = if row.is_open(request.now) {
        html! {
            p { "业务系统编码 " strong { (row.account.as_str()) } " 的密钥，" (row.ends_at.shanghai_text()) " 之前可以领取一次。" }
            form.act.box method="post" action=(request.path) autocomplete="off" {
                input type="hidden" name="do" value="take";
                label { "提取码 " span.soft { "8 位数字，由经办人员电话告知" }
                    input name="passcode" required inputmode="numeric" minlength="8" maxlength="8" autocomplete="off"; }
                (proofs)
                button { "领取密钥" }
            }
            p.soft { "领取之后只显示这一次：请在要使用它的机器旁领取，准备好保存的地方。" }
        }
    } else if let (Some((at, from)), None) = (&row.taken, row.void) {
        html! {
            p.said.bad role="alert" { "这把密钥已于 " (at.shanghai_text()) " 由 " (network(from)) " 领取。不是您领取的，请立即电话联系密钥管理员作废。" }
            @if row.checked_at.is_none() { (check_form(&request.path, proofs)) } @else { p { "校验值已核对。" } }
        }
    } else {
        return Err(crate::registry::AdministrationError::NoOffer.into());
    };
    Ok(request.page("领取密钥", &middle))
}

/// The network somebody is in, without saying which machine.
fn network(address: &str) -> String {
    match address.rsplit_once(['.', ':']) {
        Some((network, _)) => format!("{network} 网段"),
        None => "未知的地址".to_owned(),
    }
}

fn taken(path: &str, row: &KeyOfferRow, key: &Sm4Key, proofs: &Markup) -> Markup {
    let text = Zeroizing::new(key.to_hex());
    let file = Zeroizing::new(format!("{}\n", text.as_str()));
    let data = Zeroizing::new(format!(
        "data:application/octet-stream;base64,{}",
        BASE64_STANDARD.encode(file.as_bytes())
    ));
    html! {
        p.said role="status" { "只显示这一次。离开这一页之后，谁都看不到它了。" }
        div.box { dl {
            dt { "业务系统编码" } dd { (row.account.as_str()) }
            dt { "密钥（32 位十六进制）" } dd { code.key { (text.as_str()) } }
            dt { "密钥校验值" } dd { code { (row.kcv) } }
        } }
        p { a href=(data.as_str()) download="account.key" { "保存为 account.key" } "（只许运行程序的用户读：chmod 600）" }
        (check_form(path, proofs))
    }
}

fn check_form(path: &str, proofs: &Markup) -> Markup {
    html! {
        h2 { "核对校验值" }
        p { "把密钥装进系统之后，填入系统显示的校验值（yanmi key kcv 也能算）：一致，说明两边是同一把。" }
        form.act.box method="post" action=(path) autocomplete="off" {
            input type="hidden" name="do" value="check";
            label { "校验值" input name="kcv" required maxlength="6" autocomplete="off"; }
            (proofs)
            button { "核对" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_network_is_told_and_not_the_machine() {
        assert_eq!(network("10.9.8.7"), "10.9.8 网段");
        assert_eq!(network("fe80::1:2"), "fe80::1 网段");
        assert_eq!(network("somewhere"), "未知的地址");
    }
}
