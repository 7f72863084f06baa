//! Envelopes with a mac (E13): what is refused without, what an answer proves, and that an envelope that comes again
//! changes nothing.

use std::time::Duration;

use serde_json::json;
use yanmi_center::registry::{AccountEdit, ChannelEdit, MacRule};
use yanmi_protocol::envelope::{self, Answer, ProvenRequest, Sender};
use yanmi_protocol::message::{auth_result, notify, password, password_free, status};
use yanmi_protocol::{EcToken, Sm4Key, UnixMillis};
use yanmi_simulator::Institution;
use yanmi_simulator::institution::Called;
use yanmi_simulator::world::Channel;

use crate::party::{Mood, gate};
use crate::plan::digest;
use crate::register::{NOW, act};
use crate::site::{HOSPITAL, HOSPITAL_NAME, Site};

/// Longer than the pause between two notices.
const SHORT: Duration = Duration::from_secs(4);

/// The hospital asks for a notice, with a mac.
async fn notified(institution: &Institution, token: EcToken, amount: Option<&str>) -> Called {
    let draft = notify::Draft { token: token.as_str(), org_code: HOSPITAL, org_name: HOSPITAL_NAME, amount };
    institution.notify(&draft).await.expect("a proven answer")
}

async fn asked(institution: &Institution, token: EcToken) -> Called {
    let draft =
        status::Draft { token: token.as_str(), org_code: HOSPITAL, extended: None, wait_seconds: None };
    institution.status(&draft).await.expect("a proven answer")
}

/// Sends what was sent before, byte for byte, and reads the answer, which is about it.
async fn played_again(institution: &Institution, path: &str, before: &Called, key: &Sm4Key) -> Answer {
    let received = institution.raw(path, before.sent.clone()).await.expect("an answer");
    let answer = Answer::parse(&received.body).expect("an answer");
    let mac = before.sent.split("\"mac\":\"").nth(1).expect("a mac");
    assert!(answer.is_proven(key, mac.trim_end_matches("\"}")), "{answer:?}");
    answer
}

fn member(answer: &Answer, key: &Sm4Key, name: &'static str) -> String {
    let plain = answer.open(key).expect("opens");
    plain.members().expect("an object").text(name, 64).expect(name).into_owned()
}

async fn demand(site: &Site, channel: &Channel) {
    site.change(async |administration| {
        let edit = ChannelEdit { mac: Some(MacRule::Required), ..ChannelEdit::default() };
        administration.edit_channel(channel.chnl_id, &edit, act(NOW)).await.expect("a channel");
    })
    .await;
}

#[tokio::test]
async fn whoever_asks_with_a_mac_is_answered_with_one() {
    let site = Site::start().await;
    let (institution, token) = (site.institution().with_mac(), site.token().await);
    let notice = notified(&institution, token, Some("10")).await;
    assert_eq!(notice.code(), 0);
    let body = String::from_utf8(notice.received.body.to_vec()).expect("text");
    let (plain, mac) = body.rsplit_once(",\"mac\":\"").expect("the last member");
    assert_eq!(mac.len(), 64 + 2);
    let account = &site.world().accounts[0];
    let opened = notice.plain.as_ref().expect("opened").as_str();
    assert_eq!(format!("{plain}}}"), envelope::success(&account.key, opened.as_bytes()));
    // Refusals too: 500001, and what is refused before the message is looked at.
    let unknown = EcToken::new("nobody").expect("a token");
    assert_eq!(asked(&institution, unknown).await.code(), 500_001);
    assert_eq!(institution.call(status::PATH, "{}".to_owned()).await.expect("proven").code(), -2);
    let sender = Sender {
        key: &account.key,
        org_id: account.org_id.as_str(),
        prefix: "sys",
        region: site.world().region,
    };
    let old = UnixMillis::new(NOW.get() - 3_600_000);
    let ProvenRequest { body, mac } = sender.proven_request(status::PATH, old, b"{}");
    let received = institution.raw(status::PATH, body).await.expect("an answer");
    let answer = Answer::parse(&received.body).expect("an answer");
    assert_eq!((answer.code, answer.is_proven(&account.key, &mac)), (-2, true));
    // Who asks without is answered as ever.
    let plain = site.status(token).await;
    assert!(!String::from_utf8_lossy(&plain.received.body).contains("mac"));
    assert_eq!(plain.answer.mac, None);
}

/// The reason is not told: not that there is no such account, nor that only the mac is wrong.
#[tokio::test]
async fn a_wrong_mac_is_denied_like_everything_that_does_not_open() {
    let site = Site::start().await;
    let account = site.world().accounts[0].clone();
    let region = site.world().region;
    let sender = Sender { key: &account.key, org_id: account.org_id.as_str(), prefix: "sys", region };
    let stranger = Sm4Key::from_bytes(&[9; 16]);
    let good = sender.proven_request(status::PATH, NOW, b"{}");
    let denied = [
        Sender { org_id: "nobody", ..sender }.proven_request(status::PATH, NOW, b"{}").body,
        Sender { key: &stranger, ..sender }.proven_request(status::PATH, NOW, b"{}").body,
        sender.proven_request(notify::PATH, NOW, b"{}").body,
        good.body.replace(&good.mac, &"A".repeat(64)),
        good.body.replace(&NOW.to_string(), &(NOW.get() + 1).to_string()),
        good.body.replace("sys&", "his&"),
    ];
    let mut answers = Vec::new();
    for body in denied {
        let received = site.institution().raw(status::PATH, body).await.expect("an answer");
        answers.push(String::from_utf8(received.body.to_vec()).expect("text"));
    }
    site.change(async |administration| {
        let edit = AccountEdit { mac: Some(MacRule::Required), ..AccountEdit::default() };
        administration.edit_account(account.org_id, &edit, act(NOW)).await.expect("an account");
    })
    .await;
    let bare = site.institution().call(status::PATH, "{}".to_owned()).await.expect("an answer");
    answers.push(String::from_utf8(bare.received.body.to_vec()).expect("text"));
    assert_eq!(bare.code(), -4);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    // With the right one the account is served.
    let served = site.institution().with_mac().call(status::PATH, "{}".to_owned()).await.expect("proven");
    assert_eq!(served.code(), -2);
}

#[tokio::test]
async fn a_notice_played_again_after_a_cancellation_asks_nobody() {
    let site = Site::start().await;
    let (institution, token) = (site.institution().with_mac(), site.token().await);
    let key = site.world().accounts[0].key.clone();
    let notice = notified(&institution, token, Some("10")).await;
    let number = site.newest_notice().await;
    // While it is open, and when it is over.
    for action in [None, Some("cancel")] {
        if let Some(action) = action {
            assert_eq!(site.act(&number, action, "01").await["code"], 0);
        }
        site.hands.forward(SHORT);
        let again = played_again(&institution, notify::PATH, &notice, &key).await;
        assert_eq!(again.code, 0);
        assert_eq!(member(&again, &key, "resBizNo"), notice.member("resBizNo").expect("a serial"));
        assert_eq!(site.phone().await.len(), 1);
        assert_eq!(site.newest_notice().await, number);
        assert_eq!(site.check_stas(token).await, "0");
    }
    let audited = site.text("SELECT CAST(COUNT(*) AS TEXT) FROM audit WHERE event LIKE 'asked%'").await;
    assert_eq!(audited, "1", "nothing was asked again");
    // The clerk, who seals anew, may ask again.
    assert_eq!(notified(&institution, token, Some("10")).await.code(), 0);
    assert_ne!(site.newest_notice().await, number);
    // What was played is about a payment that another took the place of.
    let again = played_again(&institution, notify::PATH, &notice, &key).await;
    assert_eq!(again.code, 0);
    site.hands.forward(SHORT);
    assert_eq!(notified(&institution, token, Some("20")).await.code(), 0);
    let again = played_again(&institution, notify::PATH, &notice, &key).await;
    assert_eq!(again.code, -2);
    assert!(again.message.contains("此前已受理"), "{}", again.message);
}

/// A broken connection makes an HTTP client send the same body again while the first is under way.
#[tokio::test]
async fn the_same_notice_twice_at_once_is_delivered_once() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let (app, held) = (site.scripted(&channel).await, gate());
    app.will([Mood::held(&held)]);
    let account = &site.world().accounts[0];
    let (institution, token) = (site.institution().with_mac(), site.token_in(&channel).await);
    let draft =
        notify::Draft { token: token.as_str(), org_code: HOSPITAL, org_name: HOSPITAL_NAME, amount: None };
    let sender = Sender {
        key: &account.key,
        org_id: account.org_id.as_str(),
        prefix: "sys",
        region: site.world().region,
    };
    let ProvenRequest { body, mac } = sender.proven_request(notify::PATH, NOW, draft.to_json().as_bytes());
    let post = || {
        let (institution, body) = (institution.clone(), body.clone());
        tokio::spawn(async move { institution.raw(notify::PATH, body).await.expect("an answer") })
    };
    let first = post();
    app.until(1).await;
    let second = post();
    held.close();
    for received in [first.await.expect("no panic"), second.await.expect("no panic")] {
        let answer = Answer::parse(&received.body).expect("an answer");
        assert!(answer.is_proven(&account.key, &mac));
        assert_eq!(answer.code, 0);
    }
    assert_eq!(app.notices().len(), 1);
}

fn offers(site: &Site) -> Channel {
    site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone()
}

#[tokio::test]
async fn what_the_person_switched_off_is_not_switched_on_by_playing_it_again() {
    let site = Site::start().await;
    let free = offers(&site);
    demand(&site, &free).await;
    let app = site.app_of(&free).with_mac();
    let index = site.person().ec_index_no;
    let switch = |flag: &str| json!({ "ecIndexNo": index.as_str(), "openFlag": flag }).to_string();
    let on = app.call(password_free::PATH, switch("1")).await.expect("a proven answer");
    assert_eq!(on.member("openFlag").as_deref(), Some("1"));
    let institution = site.institution().with_mac();
    let token = site.token_in(&free).await;
    assert_eq!(notified(&institution, token, Some("4000.00")).await.code(), 500_320);
    site.hands.forward(SHORT);
    assert_eq!(app.call(password_free::PATH, switch("0")).await.expect("proven").code(), 0);
    let again = played_again(&app, password_free::PATH, &on, &free.key).await;
    assert_eq!(member(&again, &free.key, "openFlag"), "0", "what stands is told");
    let token = site.token_in(&free).await;
    assert_eq!(notified(&institution, token, Some("4000.00")).await.code(), 0, "the person is asked");
    assert_eq!(asked(&institution, token).await.member("checkStas").as_deref(), Some("0"));
    // Nor without a mac, which whoever has no key might try.
    let bare = site.app_of(&free).call(password_free::PATH, switch("1")).await.expect("an answer");
    assert_eq!(bare.code(), -4);
}

#[tokio::test]
async fn a_status_query_played_again_counts_no_payment() {
    let site = Site::start().await;
    let free = offers(&site);
    let index = site.person().ec_index_no;
    let switch = json!({ "ecIndexNo": index.as_str(), "openFlag": "1", "dayCnt": 1 }).to_string();
    assert_eq!(site.app_of(&free).call(password_free::PATH, switch).await.expect("an answer").code(), 0);
    let institution = site.institution().with_mac();
    let key = site.world().accounts[0].key.clone();
    let token = site.token_in(&free).await;
    let query = asked(&institution, token).await;
    assert_eq!(query.code(), 500_320);
    let again = played_again(&institution, status::PATH, &query, &key).await;
    assert_eq!(again.code, 500_320, "counted when it came first");
    let used = site.text("SELECT CAST(SUM(used) AS TEXT) FROM password_free WHERE used > 0").await;
    assert_eq!(used, "1");
}

#[tokio::test]
async fn a_password_check_played_again_is_no_try() {
    let (site, national) = Site::with_national(|_| {}).await;
    let institution = site.institution().with_mac();
    let key = site.world().accounts[0].key.clone();
    let question = json!({
        "idType": "01", "reqBizNo": "1616654881967", "userPwd": digest("000000"), "userName": "测试",
        "idNo": "350501199911173510",
    });
    let wrong = institution.call(password::PATH, question.to_string()).await.expect("proven");
    assert_eq!(wrong.member("chkFlag").as_deref(), Some("0"));
    for _ in 0..10 {
        assert_eq!(played_again(&institution, password::PATH, &wrong, &key).await.code, -2);
    }
    assert_eq!(national.passwords_asked(), 1);
    site.hands.forward(SHORT);
    let next = institution.call(password::PATH, question.to_string()).await.expect("proven");
    assert_eq!(next.member("chkFlag").as_deref(), Some("0"), "not locked");
}

#[tokio::test]
async fn a_report_played_again_confirms_nothing_else() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    demand(&site, &channel).await;
    let (app, institution) = (site.app_of(&channel).with_mac(), site.institution().with_mac());
    let token = site.token_in(&channel).await;
    assert_eq!(notified(&institution, token, Some("10")).await.code(), 0, "a required channel is reached");
    let number = site.newest_notice().await;
    let report = |stas: &str| json!({ "notcNo": number, "authStas": stas, "authWay": "03", "authTime": NOW.to_string() });
    let confirmed = app.call(auth_result::PATH, report("1").to_string()).await.expect("proven");
    assert_eq!(confirmed.member("acptFlag").as_deref(), Some("1"));
    let again = played_again(&app, auth_result::PATH, &confirmed, &channel.key).await;
    assert_eq!(member(&again, &channel.key, "acptFlag"), "1", "it counts, and is told so");
    site.hands.forward(SHORT);
    assert_eq!(notified(&institution, token, Some("20")).await.code(), 0);
    let again = played_again(&app, auth_result::PATH, &confirmed, &channel.key).await;
    assert_ne!(again.code, 0, "another payment");
    assert_eq!(site.check_stas(token).await, "0");
}
