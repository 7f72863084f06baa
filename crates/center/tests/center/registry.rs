//! Accounts, institutions and channels change while the center runs: keys, rights, limits, and who is switched off.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::json;
use yanmi_center::registry::{
    Administration, ChannelEdit, Interface, Interfaces, MacRule, NewAccount, NewInstitution, Object,
    Retirement, SourceNetworks, Switch,
};
use yanmi_protocol::message::{notify, password, pending, status};
use yanmi_protocol::{AccountId, ChannelId, EcToken, OrgCode, Sm4Key, UnixMillis, envelope};
use yanmi_simulator::Institution;

use crate::party::App;
use crate::register::{self, NOW, act, act_because};
use crate::site::{HOSPITAL, HOSPITAL_NAME, Site, eventually, unlimited};
use crate::wire::{Answer, Wire};

fn account() -> AccountId {
    AccountId::new("testOrgId").expect("an account")
}

fn key(number: u8) -> Sm4Key {
    Sm4Key::from_bytes(&[number; 16])
}

/// The first account's system, with another key.
fn institution_with(site: &Site, key: &Sm4Key) -> Institution {
    let (world, hands) = (site.world(), site.hands.clone());
    let now = std::sync::Arc::new(move || hands.now());
    Institution::new(&world.institution_url, "testOrgId", key.clone(), world.region, now)
}

fn status_message(token: EcToken) -> String {
    json!({ "token": token.as_str(), "orgCodg": HOSPITAL }).to_string()
}

/// The code of a status query sealed with this key. A success opens with the same key (E9).
async fn status_with(site: &Site, key: &Sm4Key, token: EcToken) -> i64 {
    let called = institution_with(site, key).call(status::PATH, status_message(token)).await;
    let called = called.expect("an answer that opens with the key of its request");
    assert_eq!(called.code() == 0, called.plain.is_some());
    called.code()
}

#[tokio::test]
async fn during_a_rotation_both_keys_open_and_after_it_the_new_one() {
    let site = Site::start().await;
    let token = site.token().await;
    let first = site.world().accounts[0].key.clone();
    let codes = async |expected: [i64; 3]| {
        let mut codes = [0; 3];
        for (code, key) in codes.iter_mut().zip([&first, &key(1), &key(2)]) {
            *code = status_with(&site, key, token).await;
        }
        assert_eq!(codes, expected);
    };
    codes([0, -4, -4]).await;
    site.change(async |a| a.rotate_account_key(account(), &key(1), act(NOW)).await.expect("rotated")).await;
    codes([0, 0, -4]).await;
    // A second rotation ends the first.
    site.change(async |a| a.rotate_account_key(account(), &key(2), act(NOW)).await.expect("rotated")).await;
    codes([-4, 0, 0]).await;
    site.change(async |a| {
        a.retire_account_key(account(), Retirement::Forced, act_because(NOW, "换完了"))
            .await
            .expect("retired");
    })
    .await;
    codes([-4, -4, 0]).await;
    let site = site.restart().await;
    assert_eq!(status_with(&site, &key(2), token).await, 0);
    assert_eq!(status_with(&site, &key(1), token).await, -4);
}

/// Asks for pending notices as the channel that works, with this key.
async fn pending_with(site: &Site, key: &Sm4Key) -> i64 {
    let mut channel = site.channel().clone();
    channel.key = key.clone();
    let index = site.person().ec_index_no;
    let message = json!({ "ecIndexNo": index.as_str() }).to_string();
    site.app_of(&channel).call(pending::PATH, message).await.expect("an answer").code()
}

#[tokio::test]
async fn a_channels_new_key_is_the_one_its_notices_are_sealed_with() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let (id, new) = (channel.chnl_id, key(1));
    assert_eq!([pending_with(&site, &channel.key).await, pending_with(&site, &new).await], [0, -4]);
    let app = App::start(new.clone()).await;
    site.relocate(&channel, &app.url()).await;
    site.change(async |a| a.rotate_channel_key(id, &new, act(NOW)).await.expect("rotated")).await;
    assert_eq!([pending_with(&site, &channel.key).await, pending_with(&site, &new).await], [0, 0]);
    assert_eq!(site.notify(site.token().await, None).await.code(), 0);
    assert_eq!(app.notices().len(), 1, "opened with the new key");
    site.change(async |a| {
        a.retire_channel_key(id, Retirement::Forced, act_because(NOW, "换完了")).await.expect("retired");
    })
    .await;
    assert_eq!([pending_with(&site, &channel.key).await, pending_with(&site, &new).await], [-4, 0]);
}

#[tokio::test]
async fn where_a_channel_is_handed_over_to_is_kept_and_nothing_else_ever_gets_there() {
    let site = Site::start().await;
    let id = site.channel().chnl_id;
    let listed = async |a: &mut Administration| {
        let rows = a.channels().await.expect("channels");
        let row = rows.into_iter().find(|row| row.id == id).expect("the channel");
        row.handover.map(|handover| handover.as_str().to_owned())
    };
    let other = "bankapp://confirm/{notcNo}/{way}";
    site.change(async |a| {
        assert!(listed(a).await.is_some_and(|first| first.starts_with("http://127.0.0.1:")));
        let away = |handover| ChannelEdit { handover: Some(handover), ..ChannelEdit::default() };
        let edit = away(Some(other.parse().expect("an address")));
        a.edit_channel(id, &edit, act(NOW)).await.expect("changed");
        assert_eq!(listed(a).await.as_deref(), Some(other));
        a.edit_channel(id, &away(None), act(NOW)).await.expect("taken away");
        assert_eq!(listed(a).await, None);
        let nobody = ChannelId::new("nobody").expect("a channel");
        assert!(a.edit_channel(nobody, &away(None), act(NOW)).await.is_err());
    })
    .await;
    // Written by somebody else, it is an error, and what was in force stays.
    site.execute("UPDATE channels SET handover_url = 'javascript://%0aalert(1)//{notcNo}'").await;
    let mut administration = register::administration(&site.config).await;
    let error = administration.channels().await.expect_err("no such address").to_string();
    assert!(!error.contains("alert"), "{error}");
    assert_eq!(site.notify(site.token().await, None).await.code(), 0);
}

/// What the hospital is told now: status, notice of a fresh token; and the channel about pending notices.
async fn told(site: &Site, token: EcToken, fresh: EcToken) -> [i64; 3] {
    [
        site.status(token).await.code(),
        site.notify(fresh, None).await.code(),
        pending_with(site, &site.channel().key).await,
    ]
}

#[tokio::test]
async fn who_is_switched_off_is_refused_without_a_restart_and_comes_back() {
    let site = Site::start().await;
    let token = site.token().await;
    let hospital = OrgCode::new(HOSPITAL).expect("a code");
    let channel = site.channel().chnl_id;
    let switch = async |which: &str, on: bool| {
        site.change(async |a| {
            let object = match which {
                "account" => Object::Account(account()),
                "institution" => Object::Institution(hospital),
                _ => Object::Channel(channel),
            };
            let switch = if on { Switch::On } else { Switch::Off };
            a.switch(object, switch, act(NOW)).await.expect("switched");
        })
        .await;
    };
    for (which, refused) in [
        ("account", [-4, -4, 0]),
        ("institution", [500_316, 500_316, 0]),
        ("channel", [500_012, 500_012, -4]),
    ] {
        let fresh = [site.token().await, site.token().await];
        assert_eq!(told(&site, token, fresh[0]).await, [0, 0, 0], "{which}");
        switch(which, false).await;
        assert_eq!(told(&site, token, fresh[1]).await, refused, "{which}");
        switch(which, true).await;
        assert_eq!(told(&site, token, fresh[1]).await, [0, 0, 0], "{which}");
    }
}

#[tokio::test]
async fn a_running_center_takes_changes_over_by_itself() {
    let site = Site::with(unlimited).await;
    let token = site.token().await;
    assert_eq!(site.status(token).await.code(), 0);
    // As the command line does it, without a word to the center.
    let mut administration = register::administration(&site.config).await;
    let object = Object::Account(account());
    administration.switch(object, Switch::Off, act(NOW)).await.expect("disabled");
    eventually(async || site.status(token).await.code() == -4).await;
    administration.switch(object, Switch::On, act(NOW)).await.expect("enabled");
    eventually(async || site.status(token).await.code() == 0).await;
}

#[tokio::test]
async fn an_account_makes_the_calls_it_has_the_right_to() {
    let site = Site::start().await;
    let token = site.token().await;
    let shown = site.shown_code(&site.channel().clone()).await;
    for (number, right) in (1..).zip(Interface::ALL) {
        let id = AccountId::new(&format!("only-{}", right.word())).expect("an account");
        let code = format!("H3501000002{number}");
        site.change(async |a| {
            let interfaces = Interfaces::parse(right.word()).expect("a word");
            let new = NewAccount {
                id,
                name: "测试".to_owned(),
                key: key(number),
                interfaces,
                rate: None,
                mac: MacRule::Optional,
                networks: SourceNetworks::default(),
            };
            a.add_account(&new, act(NOW)).await.expect("a new account");
            let org_code = OrgCode::new(&code).expect("a code");
            let new = NewInstitution { org_code, name: HOSPITAL_NAME.to_owned(), account: id };
            a.add_institution(&new, act(NOW)).await.expect("a new institution");
        })
        .await;
        let (world, hands) = (site.world(), site.hands.clone());
        let now = std::sync::Arc::new(move || hands.now());
        let caller = Institution::new(&world.institution_url, id.as_str(), key(number), world.region, now);
        let asked = json!({ "token": token.as_str(), "orgCodg": code, "orgName": HOSPITAL_NAME }).to_string();
        for (call, path) in [
            (Interface::Notify, notify::PATH),
            (Interface::Status, status::PATH),
            (Interface::Password, password::PATH),
        ] {
            let answer = caller.call(path, asked.clone()).await.expect("an answer").code();
            // Nobody's password is in the message, so having the right is being told what is missing.
            let permitted = if call == Interface::Password { -2 } else { 0 };
            assert_eq!(answer, if call == right { permitted } else { 500_100 }, "{right:?} {call:?}");
        }
        let decoded = caller.decode(&code, "01101", &shown).await.expect("an answer").code;
        assert_eq!(decoded, if right == Interface::Decode { 0 } else { 500_100 }, "{right:?}");
    }
}

#[tokio::test]
async fn one_accounts_rate_is_its_own_and_no_change_of_the_registry_renews_it() {
    let site = Site::with(|config| {
        config.limits.requests_per_second = 1;
        config.limits.burst = 20;
    })
    .await;
    let token = site.token().await;
    let ask = async || site.status(token).await.code();
    // Many more than a machine could take seconds for.
    let mut answered = 0;
    while ask().await == 0 {
        answered += 1;
        assert!(answered < 60, "a request a second, and twenty at once");
    }
    assert!(answered >= 10, "{answered} of twenty at once, some of them used by the decode");
    let other = Object::Account(AccountId::new("hisVendor2").expect("an account"));
    site.change(async |a| a.switch(other, Switch::On, act(NOW)).await.expect("changed")).await;
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(ask().await);
    }
    assert!(codes.contains(&-6), "{codes:?}");
    let message = json!({ "token": token.as_str(), "orgCodg": "H35020000001" }).to_string();
    let others = site.institution_of(1).call(status::PATH, message).await.expect("an answer");
    assert_eq!(others.code(), 0, "another account has its own");
    let rate = NonZeroU32::new(1_000);
    let id = AccountId::new("quick").expect("an account");
    site.change(async |a| {
        let new = NewAccount {
            id,
            name: "快".to_owned(),
            key: key(1),
            interfaces: Interfaces::ALL,
            rate,
            mac: MacRule::Optional,
            networks: SourceNetworks::default(),
        };
        a.add_account(&new, act(NOW)).await.expect("a new account");
    })
    .await;
    let body = envelope::request(&key(1), "quick", "sys", site.world().region, NOW, b"{}");
    let mut wire = Wire::to(site.institution_addr()).await;
    for _ in 0..100 {
        assert_eq!(wire.post(status::PATH, &body).await.code(), -2, "an account may have a rate of its own");
    }
}

#[tokio::test]
async fn who_keeps_sending_what_does_not_open_is_told_less_and_others_are_served() {
    let site = Site::with(|config| config.limits.failed_openings_per_minute = 2).await;
    let token = site.token().await;
    let mut codes = Vec::new();
    for key in [key(1), key(2), key(3)] {
        codes.push(status_with(&site, &key, token).await);
    }
    assert_eq!(codes, [-4, -4, -6]);
    let body = envelope::request(&key(1), "nobody", "sys", site.world().region, NOW, b"{}");
    for (address, path) in [(site.institution_addr(), status::PATH), (site.channel_addr(), pending::PATH)] {
        let refused = Wire::to(address).await.post(path, &body).await;
        assert_eq!((refused.status, refused.code()), (200, -6), "{refused:?}");
        let wait: u64 = refused.header("retry-after").expect("one").parse().expect("seconds");
        assert!((1..=30).contains(&wait), "{refused:?}");
        assert!(refused.message().ends_with(&format!("请 {wait} 秒后再试")), "{refused:?}");
    }
    // The same address, and no less served: all institutions may come from one.
    assert_eq!(site.status(token).await.code(), 0);
    assert_eq!(site.notify(token, None).await.code(), 0);
}

/// A status query stamped so far from the center's clock, written as it is.
async fn stamped(site: &Site, message: &str, at: UnixMillis, as_number: bool) -> Answer {
    let account = &site.world().accounts[0];
    let mut body = envelope::request(
        &account.key,
        account.org_id.as_str(),
        "sys",
        site.world().region,
        at,
        message.as_bytes(),
    );
    if as_number {
        body = body.replace(&format!("\"{at}\""), &at.to_string());
    }
    Wire::to(site.institution_addr()).await.post(status::PATH, body).await
}

#[tokio::test]
async fn the_clocks_may_differ_by_the_window_and_not_a_millisecond_more() {
    for window in [Duration::from_mins(10), Duration::from_mins(1), Duration::from_hours(24)] {
        let site = Site::with(|config| config.timestamp_window = window).await;
        let message = status_message(site.token().await);
        let more = window + Duration::from_millis(1);
        for (at, expected) in [
            (NOW, 0),
            (NOW.plus(window), 0),
            (NOW.minus(window), 0),
            (NOW.plus(more), -2),
            (NOW.minus(more), -2),
        ] {
            for as_number in [false, true] {
                let answer = stamped(&site, &message, at, as_number).await;
                assert_eq!(answer.code(), expected, "{window:?} {at} {answer:?}");
                if expected != 0 {
                    let words = answer.message();
                    let told = words.contains(&format!("{} 秒", window.as_secs()))
                        && words.ends_with(&NOW.to_string());
                    assert!(told, "the window and the server's time: {words}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_person_sees_the_registered_name_unless_the_site_decides_otherwise() {
    for (registered, shown) in [(true, HOSPITAL_NAME), (false, "福州示范医院（东院）")] {
        let site = Site::with(|config| config.show_registered_name = registered).await;
        let token = site.token().await;
        let draft = notify::Draft {
            token: token.as_str(),
            org_code: HOSPITAL,
            org_name: "福州示范医院（东院）",
            amount: None,
        };
        assert_eq!(site.institution().notify(&draft).await.expect("an answer").code(), 0);
        assert_eq!(site.phone().await[0]["orgName"], shown, "pushed");
        // A phone that has forgotten asks for what is pending.
        let message = json!({ "ecIndexNo": site.person().ec_index_no.as_str() }).to_string();
        let called = site.app_of(site.channel()).call(pending::PATH, message).await.expect("an answer");
        let plain = called.plain.expect("a message");
        assert!(plain.as_str().contains(&format!("\"orgName\":\"{shown}\"")), "pending");
        site.hands.forward(Duration::from_secs(3));
        assert_eq!(site.notify(token, None).await.code(), 0);
        assert_eq!(site.phone().await[0]["orgName"], HOSPITAL_NAME, "the latest notice decides");
    }
}

/// Names that no institution may have itself called by, each with what the operator or the programmer reads.
const DECEPTIVE: [(&str, &str); 4] = [
    ("福州示范医\u{E000}院", "含有看不见或会改变显示顺序的字符 U+E000"),
    ("第—医院", "与汉字“一”相似"),
    ("福州СТ中心", "与拉丁字母相似"),
    ("福州<b>医院", "U+003C"),
];

#[tokio::test]
async fn a_name_that_could_be_read_as_another_is_neither_registered_nor_shown() {
    let site = Site::with(|config| config.show_registered_name = false).await;
    let account = site.world().accounts[0].org_id;
    let mut administration = register::administration(&site.config).await;
    for (name, why) in DECEPTIVE {
        let org_code = OrgCode::new("H35010099999").expect("a code");
        let new = NewInstitution { org_code, name: name.to_owned(), account };
        let refused = administration.add_institution(&new, act(NOW)).await.expect_err("refused").to_string();
        assert!(refused.starts_with("定点机构名称（name）") && refused.contains(why), "{refused}");
        let token = site.token().await;
        let token = token.as_str();
        let draft = notify::Draft { token, org_code: HOSPITAL, org_name: name, amount: None };
        let called = site.institution().notify(&draft).await.expect("an answer");
        assert_eq!(called.code(), -2);
        assert!(
            called.answer.message.contains("orgName ") && called.answer.message.contains(why),
            "{}",
            called.answer.message
        );
    }
    assert!(site.phone().await.is_empty());
    administration.close().await.expect("closed");
}

#[tokio::test]
async fn a_name_that_was_stored_before_names_were_checked_is_shown_with_marks() {
    let site = Site::start().await;
    for (stored, shown) in [
        ("UPDATE institutions SET name = '第—医院\u{202E}' WHERE org_code = 'H35010000001'", "第□医院□"),
        ("UPDATE institutions SET name = '\u{202E}' WHERE org_code = 'H35010000001'", HOSPITAL),
    ] {
        site.execute(stored).await;
        site.execute("UPDATE site SET registry_version = registry_version + 1").await;
        site.center.refresh().await.expect("a new snapshot");
        assert_eq!(site.notify(site.token().await, None).await.code(), 0);
        assert_eq!(site.phone().await[0]["orgName"], shown, "pushed");
        let message = json!({ "ecIndexNo": site.person().ec_index_no.as_str() }).to_string();
        let called = site.app_of(site.channel()).call(pending::PATH, message).await.expect("an answer");
        let plain = called.plain.expect("a message");
        assert!(plain.as_str().contains(&format!("\"orgName\":\"{shown}\"")), "pending");
    }
}

/// A rule that became stricter is for what is registered from then on.
#[tokio::test]
async fn a_stored_link_into_an_app_that_is_not_taken_any_more_keeps_no_center_from_running() {
    let site = Site::start().await;
    site.execute("UPDATE channels SET handover_url = 'https://10.1/pay?n={notcNo}'").await;
    let site = site.restart().await;
    let (status, text) = site.ready().await;
    assert_eq!(status, 200, "{text}");
    let token = site.token().await;
    assert_eq!(site.notify(token, None).await.code(), 0);
}
