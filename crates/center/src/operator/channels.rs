//! Channels: the apps notices go to.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Method, Request};
use maud::{Markup, html};
use yanmi_onboarding::Action;
use yanmi_protocol::ChannelId;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_verification::{ChannelRecord, Ways};

use super::entry::{self, EntryState};
use super::request::{self, ConsoleRefusal, OperatorRequest};
use super::{channel_test, errors, key_offer, list};
use crate::face::form::FormFields;
use crate::percent::encoded;
use crate::registry::{Act, ChannelEdit, ChannelRow, Object};
use crate::site::Site;

/// The ways of confirming, with their names.
const WAYS: [(&str, &str); 3] = [("01", "凭证密码"), ("02", "人脸"), ("03", "渠道支付密码")];

pub(super) async fn list(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, listed).await
}

pub(super) async fn one(State(site): State<Arc<Site>>, request: Request<Body>) -> Response {
    request::serve(site, request, false, answer).await
}

fn served(row: &ChannelRow) -> EntryState {
    EntryState { on: row.enabled, stopped_until: row.stopped_until, closed_at: row.closed_at }
}

fn yes(on: bool) -> &'static str {
    if on { "是" } else { "否" }
}

async fn listed(page: &mut OperatorRequest<'_>, _: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::ViewRegistry)?;
    let find = page.query.text("find");
    let mut rows = page.site.console.work(async |a| a.channels().await).await?;
    rows.retain(|row| row.id.as_str().contains(find) || row.name.contains(find));
    let (rows, last) = list::part(rows, page.query.text("after"), |row| row.id.as_str());
    let lines: Vec<Markup> = rows
        .iter()
        .map(|row| {
            html! {
                td.code { a href={ "/o/channels/" (encoded(row.id.as_str())) } { (row.id.as_str()) } }
                td { (row.name) }
                td { (yes(row.facts.settlement)) }
                td { (ways(row)) }
                td { (served(row).words(page.now)) }
            }
        })
        .collect();
    let middle = html! {
        (list::find_box(page, "渠道编码或名称"))
        (list::table(&["渠道编码", "名称", "结算", "认证方式", "状态"], &lines))
        (list::more(page, "after", last))
    };
    Ok(page.page("渠道", &middle))
}

fn ways(row: &ChannelRow) -> String {
    let names = row.facts.ways.iter().filter_map(|way| WAYS.iter().find(|(code, _)| *code == way.code()));
    names.map(|(_, name)| *name).collect::<Vec<_>>().join("、")
}

async fn answer(page: &mut OperatorRequest<'_>, body: Body) -> Result<Response, ConsoleRefusal> {
    page.may_in_province(Action::ViewRegistry)?;
    let id = page
        .segment("/o/channels/")
        .and_then(|id| ChannelId::new(&id).ok())
        .ok_or(ConsoleRefusal::Nowhere)?;
    let row = page.site.console.work(async |a| a.channel(&id).await).await?.ok_or(ConsoleRefusal::Nowhere)?;
    if page.method == Method::POST {
        return entry::post(page, body, page.province()?, async |page, form, _, act| {
            apply(page, &row, form, act).await
        })
        .await;
    }
    let keys = (row.newest, row.older);
    let uses = page.site.console.work(async |a| a.key_uses(Object::Channel(id), keys).await).await?;
    let province = page.province()?;
    let may_edit = row.closed_at.is_none() && page.may_in_province(Action::EditEntry).is_ok();
    let middle = html! {
        (page.said())
        div.box { dl {
            dt { "渠道编码" } dd { (row.id.as_str()) }
            dt { "名称" } dd { (row.name) }
            dt { "通知地址" } dd { (row.notice_url) }
            dt { "跳转地址" } dd { (row.handover.as_ref().map_or("没有", |handover| handover.as_str())) }
            dt { "结算" } dd { (yes(row.facts.settlement)) }
            dt { "免密功能" } dd { (yes(row.facts.password_free)) }
            dt { "采信免密" } dd { (row.facts.word.map_or_else(|| "否".to_owned(), |word| word.to_string())) }
            dt { "认证方式" } dd { (ways(&row)) }
            dt { "认证记录" } dd { (row.facts.record.name()) }
            dt { "mac" } dd { (row.mac.name()) }
            dt { "密钥校验值" } dd { (key_offer::generation(row.newest, uses.newest)) }
            @if let Some(older) = row.older {
                dt { "旧密钥" } dd { (key_offer::generation(older, uses.older)) }
            }
            dt { "状态" } dd { (served(&row).words(page.now)) }
            dt { "最近更改" } dd { (row.changed_at.shanghai_text()) }
        } }
        (errors::way(page, row.id.as_str()))
        (channel_test::way(page, &row))
        @if may_edit { (edit(page, &row)) }
        (entry::switches(page, served(&row), province))
    };
    Ok(page.page(&row.name, &middle))
}

fn edit(page: &OperatorRequest<'_>, row: &ChannelRow) -> Markup {
    let has = |code: &str| row.facts.ways.iter().any(|way| way.code() == code);
    html! {
        h2 { "更改" }
        form.act.box method="post" action=(page.path) {
            input type="hidden" name="do" value="edit";
            label { "名称" input name="name" value=(row.name) required; }
            fieldset.ticks { legend { "认证方式" }
                @for (code, name) in WAYS {
                    label { input type="checkbox" name="way" value=(code) checked[has(code)]; (name) }
                }
            }
            fieldset.ticks { legend { "支持" }
                label { input type="checkbox" name="settlement" value="1" checked[row.facts.settlement]; "结算" }
                label { input type="checkbox" name="free" value="1" checked[row.facts.password_free]; "免密功能" }
            }
            label { "认证记录" select name="record" {
                @for record in ChannelRecord::ALL {
                    option value=(record.word()) selected[record == row.facts.record] { (record.name()) }
                }
            } }
            (page.act_fields())
            button { "提出更改" }
        }
        p.soft { "通知地址、跳转地址与密钥在中心所在的机器上更改（yanmi channel）：地址要与出站白名单一致。" }
    }
}

/// Does what a form says, as far as the act goes.
pub(super) async fn apply(
    page: &OperatorRequest<'_>,
    row: &ChannelRow,
    form: &FormFields,
    act: Act<'_>,
) -> Result<(), ConsoleRefusal> {
    if entry::switch(page, form, Object::Channel(row.id), act).await? {
        return Ok(());
    }
    if form.text("do") != "edit" {
        return Err(ConsoleRefusal::BadForm);
    }
    let codes = form.text("way").split(',').filter(|code| !code.is_empty());
    let ways = codes.map(Way::from_code).try_fold(Ways::NONE, |set, way| Some(set.with(way?)));
    let edit = ChannelEdit {
        name: Some(form.text("name").to_owned()),
        settlement: Some(form.text("settlement") == "1"),
        password_free: Some(form.text("free") == "1"),
        ways: Some(ways.ok_or(ConsoleRefusal::BadForm)?),
        record: Some(ChannelRecord::of_word(form.text("record")).ok_or(ConsoleRefusal::BadForm)?),
        ..ChannelEdit::default()
    };
    let id = row.id;
    Ok(page.site.console.work(async |a| a.edit_channel(id, &edit, act).await).await?)
}
