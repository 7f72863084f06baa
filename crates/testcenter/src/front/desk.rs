//! A space's own page: what is in it, and the forms with which its owner changes it.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::{Method, StatusCode};

use super::form::{Form, body, is_own, source_of};
use super::reply;
use crate::deeds::{self, RunWanted, Undone};
use crate::hall::Hall;
use crate::page::frame::notice;
use crate::page::space::{SPANS, SpacePage};
use crate::record::MAX_NAME;
use crate::run::{REPORT_HTML, REPORT_JSON, REPORT_SIGNED};
use crate::space::Space;

/// What the owner types who wants to begin anew.
const SURE: &str = "从头开始";

pub(super) async fn answer(hall: &Arc<Hall>, space: &Arc<Space>, rest: &str, request: Request) -> Response {
    let steps: Vec<&str> = rest.split('/').collect();
    match (request.method().clone(), steps.as_slice()) {
        (Method::GET, [""]) => show(hall, space, None).await,
        (Method::GET, ["sandbox.json"]) => match deeds::shown_world(hall, space) {
            Ok(world) => reply::file("sandbox.json", "application/json", world.to_json()),
            Err(Undone(why)) => reply::refusal(StatusCode::SERVICE_UNAVAILABLE, &why),
        },
        (Method::GET, ["client.toml"]) => client(hall, space),
        (Method::GET, ["runs", number, name]) => report(hall, space, number, name),
        (Method::POST, [what]) => {
            let source = source_of(&request);
            let (head, sent) = request.into_parts();
            if !is_own(&head.headers, |given| given == hall.settings.public_url) {
                return reply::refusal(StatusCode::FORBIDDEN, "不接受其他网页发来的请求");
            }
            let form = match body(&hall.bodies, source, sent).await {
                Ok(bytes) => Form::read(&bytes),
                Err((status, sentence)) => return reply::refusal(status, sentence),
            };
            match act(hall, space, what, &form).await {
                Some(Ok(said)) => show(hall, space, Some((true, said))).await,
                Some(Err(Undone(why))) => show(hall, space, Some((false, why))).await,
                None => nowhere(hall),
            }
        }
        _ => nowhere(hall),
    }
}

fn nowhere(hall: &Hall) -> Response {
    reply::page(
        StatusCode::NOT_FOUND,
        notice(&hall.settings.name, "没有这个地址", "空间里没有这个地址，请检查网址。"),
    )
}

/// Does what a form asks for; nothing where there is no such form.
async fn act(
    hall: &Arc<Hall>,
    space: &Arc<Space>,
    what: &str,
    form: &Form,
) -> Option<Result<String, Undone>> {
    let said = |done: Result<(), Undone>, sentence: &str| Some(done.map(|()| sentence.to_owned()));
    match what {
        "clock" => Some(pass_time(space, form.text("span"))),
        "key" => {
            let done = deeds::change_key(hall, space, form.text("key")).await;
            said(done, "密钥已更换，请把程序改用新的密钥。旧密钥在下次更换之前仍可使用。")
        }
        "institution" => Some(institution(hall, space, form).await),
        "channel" => {
            let (channel, url) = (form.text("channel"), form.text("url"));
            let done = deeds::change_channel(hall, space, channel, url).await;
            said(done, "已登记，这个渠道的下一条通知送到新的地址。")
        }
        "runs" => Some(begin(hall, space, form).await),
        "run-end" => match space.run() {
            Some(run) => said(deeds::end_run(hall, space, run.number).await, "验收已结束，报告在下面。"),
            None => Some(Err(Undone("没有正在进行的验收".to_owned()))),
        },
        "restart" if form.text("sure") != SURE => Some(Err(Undone(format!("请输入“{SURE}”以确认")))),
        "restart" => said(deeds::begin_anew(hall, space).await, "空间已从头开始，账号与密钥都是新的。"),
        _ => None,
    }
}

async fn institution(hall: &Hall, space: &Space, form: &Form) -> Result<String, Undone> {
    let name = form.line("name", "机构名称", MAX_NAME).map_err(Undone)?;
    deeds::change_institution(hall, space, form.text("code"), name).await?;
    Ok("已登记，账号现在以这家机构调用；原来的示范机构仍然可用。".to_owned())
}

async fn begin(hall: &Arc<Hall>, space: &Arc<Space>, form: &Form) -> Result<String, Undone> {
    let vendor = form.line("vendor", "厂商", MAX_NAME).map_err(Undone)?;
    let product = form.line("product", "产品与版本", MAX_NAME).map_err(Undone)?;
    let notice_url = match form.text("kind") {
        "" | "institution" => None,
        "channel" => Some(form.text("url")),
        _ => return Err(Undone("没有这种验收".to_owned())),
    };
    deeds::begin_run(hall, space, RunWanted { vendor, product, notice_url }).await?;
    Ok("验收已开始，请打开验收页。".to_owned())
}

fn pass_time(space: &Space, span: &str) -> Result<String, Undone> {
    let known = SPANS.iter().find(|(name, ..)| *name == span);
    let (_, title, span) = known.ok_or_else(|| Undone("没有这个时长".to_owned()))?;
    if !space.clock.pass(*span) {
        return Err(Undone("空间的时钟至多比真实时间快一年；可以“从头开始”".to_owned()));
    }
    space.keep().map_err(|_| Undone("时钟已拨，但没有写下：联调中心的磁盘可能已满".to_owned()))?;
    Ok(format!("{title}过去了。"))
}

async fn show(hall: &Arc<Hall>, space: &Arc<Space>, said: Option<(bool, String)>) -> Response {
    // Running, it has everything that its page names.
    if let Err(error) = hall.stage(space).await {
        let page = notice(&hall.settings.name, "空间暂时打不开", &error.to_string());
        return reply::page(StatusCode::SERVICE_UNAVAILABLE, page);
    }
    let world = match yanmi_sandbox::read_world(&space.world_file()) {
        Ok(world) => world,
        Err(error) => {
            let page = notice(&hall.settings.name, "空间暂时打不开", &error.to_string());
            return reply::page(StatusCode::SERVICE_UNAVAILABLE, page);
        }
    };
    let status =
        if said.as_ref().is_some_and(|(good, _)| !good) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let (record, urls) = (space.record(), hall.urls(space));
    let page = SpacePage {
        center: &hall.settings.name,
        record: &record,
        world: &world,
        urls: &urls,
        now: space.clock.on(&hall.ports.clock).now(),
        running: space.run().map(|run| run.number),
        channels_reachable: !hall.settings.channel_networks.is_empty(),
        said: said.as_ref().map(|(good, said)| (*good, said.as_str())),
    };
    reply::page(status, page.markup())
}

fn client(hall: &Hall, space: &Space) -> Response {
    let text = deeds::shown_world(hall, space).ok().and_then(|world| deeds::client_toml(hall, space, &world));
    match text {
        Some(text) => reply::file("yanmi.toml", "application/toml", text),
        None => reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "空间的文件无法读取"),
    }
}

fn report(hall: &Hall, space: &Space, number: &str, name: &str) -> Response {
    let known = [REPORT_HTML, REPORT_JSON, REPORT_SIGNED].into_iter().find(|known| *known == name);
    let kept = number.parse().ok().zip(known).and_then(|(number, name)| deeds::run_file(space, number, name));
    match (known, kept) {
        (Some(REPORT_HTML), Some(text)) => reply::report(text),
        (Some(name), Some(text)) => reply::file(name, "application/json", text),
        _ => nowhere(hall),
    }
}
