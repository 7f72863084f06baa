//! How things stand: who exists (which does not change), and what is on the counter and the phones now.

use std::collections::BTreeMap;

use serde::Serialize;
use yanmi_channel::Entry;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Code, mask};

use super::calls::{Call, Words};
use super::feed::Showing;
use super::visit::Visit;
use crate::phone;
use crate::state::State;

/// Notices of one person that a page gets.
const MOST_NOTICES: usize = 6;

/// Who exists, and the words of the page: the body of `/watch/world`.
pub(crate) fn world(state: &State) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Cast<'a> {
        region: &'a str,
        /// What time it is here, which need not be the browser's.
        now: i64,
        institution_url: &'a str,
        channel_url: &'a str,
        simulator_url: &'a str,
        institutions: Vec<serde_json::Value>,
        account_without_rights: Option<&'a str>,
        keys: Vec<serde_json::Value>,
        persons: Vec<serde_json::Value>,
        channels: Vec<serde_json::Value>,
        codes: Vec<serde_json::Value>,
        calls: Vec<Words>,
    }
    let (world, shown) = (&state.world, state.shown());
    let persons = world.all_persons().map(|person| {
        serde_json::json!({
            "ecIndexNo": person.ec_index_no.as_str(),
            "name": mask::name(&person.user_name),
            "channels": person.channels.iter().map(yanmi_protocol::ChannelId::as_str).collect::<Vec<_>>(),
            "forPeople": world.persons.iter().any(|p| p.ec_index_no == person.ec_index_no),
        })
    });
    let channels = world.all_channels().map(|channel| {
        serde_json::json!({
            "chnlId": channel.chnl_id.as_str(),
            "name": channel.name,
            "passwordFree": channel.password_free,
            "ways": channel.auth_ways.iter().map(|way| way.code()).collect::<Vec<_>>(),
        })
    });
    let institutions = world.accounts.iter().flat_map(|account| {
        let org_id = account.org_id;
        account.institutions.iter().map(move |member| {
            serde_json::json!({
                "orgId": org_id.as_str(), "orgCodg": member.org_codg.as_str(), "orgName": member.org_name,
            })
        })
    });
    let codes = Code::ALL.iter().map(|code| {
        let number = code.to_string();
        serde_json::json!({
            "code": number,
            "message": code.message(),
            "advice": code.advice(),
            "token": world.magic_tokens.get(&number).map(|token| token.0.as_str().to_owned()),
            "how": world.how.get(&number),
        })
    });
    write(&Cast {
        region: world.region.as_str(),
        now: state.now().get(),
        institution_url: &shown.institution,
        channel_url: &shown.channel,
        simulator_url: &shown.simulator,
        institutions: institutions.collect(),
        account_without_rights: world.extra_accounts.first().map(|account| account.org_id.as_str()),
        keys: keys(world),
        persons: persons.collect(),
        channels: channels.collect(),
        codes: codes.collect(),
        calls: Call::ALL.iter().map(|call| call.words()).collect(),
    })
}

/// Everybody's key, to be copied: they are made for play, and the page is for this machine only.
fn keys(world: &crate::world::World) -> Vec<serde_json::Value> {
    let row = |whose: &str, id: &str, key: &yanmi_protocol::Sm4Key| serde_json::json!({ "whose": whose, "id": id, "key": *key.to_hex(), "kcv": key.kcv().to_string() });
    let accounts = world.all_accounts().map(|account| row("账号", account.org_id.as_str(), &account.key));
    let channels =
        world.channels.iter().map(|channel| row(&channel.name, channel.chnl_id.as_str(), &channel.key));
    accounts.chain(channels).collect()
}

fn write(value: &impl Serialize) -> String {
    // Writing these types into memory cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// A notice on a phone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    notc_no: String,
    notc_seq: u32,
    chnl_id: String,
    user_name: String,
    org_name: String,
    total_amount: Option<String>,
    exp_time: i64,
    ways: Vec<&'static str>,
    auth_url: Option<String>,
    alerts: u32,
    state: &'static str,
}

impl Row {
    fn of(entry: &Entry, state: &State) -> Self {
        let notice = &entry.notice;
        Self {
            notc_no: notice.number.to_string(),
            notc_seq: notice.sequence,
            chnl_id: notice.channel.as_str().to_owned(),
            user_name: notice.masked_name.clone(),
            org_name: notice.org_name.clone(),
            total_amount: notice.amount.map(|amount| amount.to_string()),
            exp_time: notice.expires_at.get(),
            ways: notice.ways.iter().copied().map(Way::code).collect(),
            auth_url: notice.url.clone(),
            alerts: entry.alerts,
            state: phone::word(entry, state.now()),
        }
    }
}

/// One person's phone: the event `phone`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Phone {
    ec_index_no: String,
    notices: Vec<Row>,
}

/// What is on the phone of this person.
pub(crate) fn phone(state: &State, person: yanmi_protocol::EcIndexNo) -> Phone {
    let rows =
        state.phones().of(person).iter().take(MOST_NOTICES).map(|entry| Row::of(entry, state)).collect();
    Phone { ec_index_no: person.as_str().to_owned(), notices: rows }
}

/// Everybody's mood: the event `moods`.
#[derive(Serialize)]
pub(crate) struct Moods {
    national: &'static str,
    channels: BTreeMap<String, &'static str>,
}

/// Everybody's mood now.
pub(crate) fn moods(state: &State) -> Moods {
    let channels = state.world.all_channels().map(|channel| channel.chnl_id);
    Moods {
        national: state.national_mood().name(),
        channels: channels.map(|id| (id.as_str().to_owned(), state.channel_mood(id).name())).collect(),
    }
}

/// The event `scene`.
#[derive(Serialize)]
pub(super) struct Scene {
    counter: Visit,
    showing: Option<Showing>,
    phones: Vec<Phone>,
    moods: Moods,
}

/// How things stand now.
pub(super) fn now(state: &State) -> Scene {
    let persons = state.world.all_persons().map(|person| person.ec_index_no);
    Scene {
        counter: state.watch.counter.visit(),
        showing: state.watch.showing(),
        phones: persons.map(|index| phone(state, index)).filter(|phone| !phone.notices.is_empty()).collect(),
        moods: moods(state),
    }
}
