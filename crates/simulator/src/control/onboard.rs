//! `POST /onboard` → `{"steps","orgId","orgCodg","kcv","checkStas"}`: a system is brought in, from the draft of its application to
//! the first "1" under its own account and key.
//!
//! The center beside does what operators do at its console; what follows is the ordinary way of a visit, over HTTP. Nothing
//! is skipped: a system that is not let in, or a person who is not asked, is an answer of 502 that says where it ended.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use yanmi_protocol::message::{notify, status};

use super::act;
use super::request::{Refusal, reply};
use crate::institution::Institution;
use crate::onboarding::OnboardedSystem;
use crate::reply::Reply;
use crate::state::State;
use crate::watch::{Actor, Showing};
use crate::world::{Channel, Person};

/// What is asked for at the counter of the new system.
const AMOUNT: &str = "66.60";
/// The business a code is decoded for: registration at a clinic.
const BUSINESS: &str = "01101";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Onboarded<'a> {
    steps: &'a [String],
    org_id: &'a str,
    org_codg: &'a str,
    kcv: String,
    check_stas: String,
}

pub(super) async fn play(state: &Arc<State>) -> Result<Reply, Refusal> {
    let onboarding = state.onboard().ok_or(Refusal::Now("这个沙箱里没有可以演示接入的中心"))?;
    let system = onboarding.await.map_err(Refusal::Onboarding)?;
    for step in &system.steps {
        state.watch.step(Actor::Director, step);
    }
    await_registry(state, &system.org_id).await?;
    let check_stas = first_visit(state, &system).await?;
    Ok(reply(&Onboarded {
        steps: &system.steps,
        org_id: &system.org_id,
        org_codg: &system.org_code,
        kcv: system.key.kcv().to_string(),
        check_stas,
    }))
}

/// Waits until the center has taken the new account over, which it looks for each second.
async fn await_registry(state: &State, org_id: &str) -> Result<(), Refusal> {
    /// Looks, a twentieth of a second apart: five seconds.
    const LOOKS: u32 = 100;
    for _ in 0..LOOKS {
        if !state.keys_of(org_id).is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Refusal::Onboarding("中心在五秒之内没有读到新的账户".to_owned()))
}

fn ended(at: &str, code: i64, message: &str) -> Refusal {
    Refusal::Onboarding(format!("{at}：{code} {message}"))
}

/// The first person with an app, and the app.
fn somebody(state: &State) -> Option<(&Person, &Channel)> {
    state.world.persons.iter().find_map(|person| {
        // Whoever goes without a password is not asked.
        let id = person.channels.iter().find(|id| !person.password_free_in.contains(id))?;
        Some((person, state.world.channel(id.as_str())?))
    })
}

/// A visit under the new account; what its last status query is answered.
async fn first_visit(state: &Arc<State>, system: &OnboardedSystem) -> Result<String, Refusal> {
    let world = &state.world;
    let (person, channel) = somebody(state).ok_or(Refusal::NoPerson)?;
    let (url, key) = (&world.institution_url, system.key.clone());
    let institution = Institution::new(url, &system.org_id, key, world.region, state.clock());
    let code = state.qr_code(person, channel).ok_or(Refusal::NoPerson)?;
    state.watch.step(Actor::Person, &format!("参保人在「{}」展示医保电子凭证二维码", channel.name));
    state.watch.show(Some(Showing {
        ec_index_no: person.ec_index_no.as_str().to_owned(),
        chnl_id: channel.chnl_id.as_str().to_owned(),
        ec_qr_code: code.as_str().to_owned(),
    }));
    let decoded = institution.decode(&system.org_code, BUSINESS, code.as_str()).await;
    let decoded = decoded.map_err(Refusal::Center)?;
    let token = decoded.token.ok_or_else(|| ended("解码", decoded.code, &decoded.message))?;
    state.watch.step(Actor::Clerk, "新接入的系统扫码，并发起核验通知（1.7.1）");
    let member = world.all_accounts().flat_map(|account| &account.institutions);
    let member = member.into_iter().find(|member| member.org_codg.as_str() == system.org_code);
    let org_name = member.map_or("", |member| member.org_name.as_str());
    let (token, org_code, amount) = (token.as_str(), system.org_code.as_str(), Some(AMOUNT));
    let asked = institution.notify(&notify::Draft { token, org_code, org_name, amount }).await;
    let asked = asked.map_err(Refusal::Center)?;
    if asked.code() != 0 {
        return Err(ended("发起通知", asked.code(), &asked.answer.message));
    }
    let newest = state.phones().of(person.ec_index_no).first().map(|entry| entry.notice.number.to_string());
    let number = newest.ok_or(Refusal::NoNotice)?;
    let body = serde_json::json!({ "notcNo": number, "action": "confirm", "way": "01" });
    act::act(state, person.ec_index_no.as_str(), &Bytes::from(body.to_string())).await?;
    state.watch.step(Actor::Clerk, "新接入的系统查询核验状态（1.7.2），结算");
    let draft = status::Draft { token, org_code, extended: None, wait_seconds: None };
    let told = institution.status(&draft).await.map_err(Refusal::Center)?;
    told.member("checkStas").ok_or_else(|| ended("查询状态", told.code(), &told.answer.message))
}
