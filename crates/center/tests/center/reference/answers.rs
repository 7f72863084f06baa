//! What the center answers, for every call and every code.

use std::time::Duration;

use serde_json::json;
use yanmi_center::config::Config;
use yanmi_center::registry::{Interfaces, MacRule, NewAccount, SourceNetworks};
use yanmi_protocol::message::Call;
use yanmi_protocol::{AccountId, Code, OrgCode, envelope};
use yanmi_simulator::NationalMood;

use super::requests::{self, Asked};
use crate::order::{exhaust, good, refusals::is_shared, slowly, tables::rows};
use crate::plan::{self, Stage};
use crate::register::{NOW, act};
use crate::site::{HOSPITAL, Site};
use crate::wire::Wire;

/// An answer.
pub(crate) struct Answered {
    pub(crate) call: Call,
    /// The code, and what is special about it.
    pub(crate) name: String,
    pub(crate) code: Code,
    pub(crate) what: String,
    pub(crate) body: String,
    /// What was sealed in it.
    pub(crate) plain: Option<String>,
}

/// All of them.
pub(crate) async fn all() -> Vec<Answered> {
    let mut all = Box::pin(good_ones()).await;
    all.extend(Box::pin(refused()).await);
    all.extend(Box::pin(limited()).await);
    all.extend(Box::pin(silent()).await);
    all.extend(Box::pin(out_of_order()).await);
    all
}

fn answered(call: Call, what: &str, body: String) -> Answered {
    let answer = envelope::Answer::parse(body.as_bytes()).expect("an answer");
    let code = Code::from_number(answer.code).expect("a code");
    let sealed = answer.enc_data.is_some();
    let plain = sealed.then(|| answer.open(&requests::key()).expect("opens").as_str().to_owned());
    let what = if what.is_empty() { code.message().trim_end_matches("：") } else { what }.to_owned();
    Answered { call, name: code.to_string(), code, what, body, plain }
}

/// The calls of the plans that are of the protocol's table.
const PLANNED: [plan::Call; 5] = [
    plan::Call::Notify,
    plan::Call::Status,
    plan::Call::Password,
    plan::Call::Decode,
    plan::Call::AuthResult,
];

/// Each code once: for what is wrong with the message itself, if there is such a row, and else with the envelope.
async fn refused() -> Vec<Answered> {
    let stage = Stage::start().await;
    let mut all = Vec::new();
    for call in PLANNED {
        let rows = rows(call);
        for code in call.of_the_protocol().codes() {
            let of = || rows.iter().filter(|row| row.code == code);
            let Some(row) = of().find(|row| !is_shared(row)).or_else(|| of().next()) else { continue };
            let mut plan = good(&stage, call);
            (row.spoil)(&mut plan);
            all.push(answered(call.of_the_protocol(), "", stage.play(plan).await.body));
        }
    }
    all
}

async fn limited() -> Vec<Answered> {
    let stage = Stage::bare(slowly).await;
    let mut all = Vec::new();
    for call in PLANNED.into_iter().filter(|call| *call != plan::Call::AuthResult) {
        let body = exhaust(&stage, call, &[]).await.body;
        all.push(answered(
            call.of_the_protocol(),
            "",
            if call == plan::Call::Decode { in_six(&body) } else { body },
        ));
    }
    all
}

/// The answer as it is when no second has passed yet: a decode is free again after six, and the machine may be slow.
fn in_six(body: &str) -> String {
    let (before, rest) = body.split_once("请 ").expect("how long");
    let (_, after) = rest.split_once(" 秒").expect("how long");
    format!("{before}请 6 秒{after}")
}

/// The first good request of a call.
fn example(call: Call, name: &str) -> Asked {
    let mut all = requests::all().into_iter();
    all.find(|asked| asked.call == call && asked.name == name).expect("a request")
}

/// A site that knows the account of the examples.
async fn site(change: impl FnOnce(&mut Config)) -> Site {
    let site = Site::with(change).await;
    let account = AccountId::new(requests::ACCOUNT).expect("an account");
    let new = NewAccount {
        id: account,
        name: "示例".to_owned(),
        key: requests::key(),
        interfaces: Interfaces::ALL,
        rate: None,
        mac: MacRule::Optional,
        networks: SourceNetworks::default(),
    };
    site.change(async |administration| {
        administration.add_account(&new, act(NOW)).await.expect("a new account");
        let hospital = OrgCode::new(HOSPITAL).expect("a code");
        administration.attach(hospital, account, act(NOW)).await.expect("another account");
    })
    .await;
    site
}

async fn ask(site: &Site, asked: &Asked) -> String {
    let body = asked.body(site.hands.now());
    Wire::to(site.institution_addr()).await.post(asked.call.path(), body).await.body
}

/// What takes a table away that the call cannot do without, and what brings it back.
const OUT_OF_ORDER: [(Call, &str, &str); 4] = [
    (Call::Notify, "ALTER TABLE verifications RENAME TO away", "ALTER TABLE away RENAME TO verifications"),
    (Call::Status, "ALTER TABLE tokens RENAME TO away", "ALTER TABLE away RENAME TO tokens"),
    (
        Call::Password,
        "ALTER TABLE password_tries RENAME TO away",
        "ALTER TABLE away RENAME TO password_tries",
    ),
    (Call::Decode, "ALTER TABLE tokens RENAME TO away", "ALTER TABLE away RENAME TO tokens"),
];

/// The answers while the national center says nothing.
async fn silent() -> Vec<Answered> {
    let site = site(|config| config.national.timeout = Duration::from_millis(50)).await;
    let mut all = Vec::new();
    site.simulator.set_national_mood(NationalMood::Timeout);
    for call in Call::OF_INSTITUTIONS {
        all.push(answered(call, "", ask(&site, &example(call, "0")).await));
    }
    all
}

/// The answers while the database takes nothing.
async fn out_of_order() -> Vec<Answered> {
    let site = site(|_| {}).await;
    let mut all = Vec::new();
    for (call, away, back) in OUT_OF_ORDER {
        let mut asked = example(call, if call == Call::Status { "0-ext" } else { "0" });
        if call == Call::Decode {
            asked.plain = shown(&site, &asked.plain).await;
        }
        site.execute(away).await;
        all.push(answered(call, "", ask(&site, &asked).await));
        site.execute(back).await;
    }
    all
}

/// The body with the code that the phone of the first person shows.
async fn shown(site: &Site, body: &str) -> String {
    let code = site.shown_code(&site.channel().clone()).await;
    body.replace(requests::SHOWN, &code)
}

/// The answers to requests with which all is well.
async fn good_ones() -> Vec<Answered> {
    let site = site(|_| {}).await;
    let mut all = Vec::new();
    let mut show = |asked: &Asked, name: &str, what: &str, body: String| {
        all.push(Answered { name: name.to_owned(), ..answered(asked.call, what, body) });
    };
    let notify = [example(Call::Notify, "0"), example(Call::Notify, "0-ext")];
    show(&notify[0], "0", "通知已送达渠道应用", ask(&site, &notify[0]).await);
    show(&notify[1], "0-ext", "同上，另有核对号（请求有 ext，站点开放认证页）", ask(&site, &notify[1]).await);
    let status = [example(Call::Status, "0"), example(Call::Status, "0-ext")];
    show(&status[0], "0", "还不能结算", ask(&site, &status[0]).await);
    show(&status[1], "0-ext", "还不能结算，等参保人确认（请求有 ext）", ask(&site, &status[1]).await);
    let person = site.world().person("EC000000000000000000000000000E01").expect("a person").clone();
    let path = format!("/phones/{}/messageCenter", person.ec_index_no.as_str());
    let phone = site.control(&path, &json!({"chnlId": site.channel().chnl_id.as_str()})).await;
    let number = phone["notices"][0]["notcNo"].as_str().expect("a number");
    let done = site.act_as(&person, number, "confirm", "01").await;
    assert_eq!(done["data"]["acptFlag"], "1", "{done}");
    let mut plain = example(Call::Status, "0");
    plain.plain = status[1].plain.replace(",\"ext\":\"1\"", "");
    show(&status[0], "0-confirmed", "参保人已确认，可以结算", ask(&site, &plain).await);
    show(&status[1], "0-confirmed-ext", "参保人已确认，可以结算（请求有 ext）", ask(&site, &status[1]).await);
    let password = [example(Call::Password, "0-wrong"), example(Call::Password, "0")];
    show(&password[0], "0-wrong", "密码不对", ask(&site, &password[0]).await);
    show(&password[1], "0", "密码正确", ask(&site, &password[1]).await);
    let mut decode = example(Call::Decode, "0");
    decode.plain = shown(&site, &decode.plain).await;
    show(&decode, "0", "令牌是 ecToken", ask(&site, &decode).await);
    all
}
