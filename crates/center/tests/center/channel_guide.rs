//! What `docs/guide/channel.md` tells the developers of channel apps, where no other test here tries it.

use std::time::Duration;

use serde_json::{Value, json};
use yanmi_center::config::Config;
use yanmi_center::registry::{ChannelEdit, MacRule};
use yanmi_protocol::envelope::Answer;
use yanmi_protocol::message::auth_result;
use yanmi_protocol::message::channel_notice::Kind;
use yanmi_protocol::{EcToken, UnixMillis};
use yanmi_simulator::Institution;
use yanmi_simulator::institution::Called;

use crate::party::{GOOD_FACE, Mood, National, OUT_OF_ORDER, PASSWORD, WITHOUT_PASSWORD, nobody};
use crate::password::{by_password, message, notice as asked, told};
use crate::plan::credential;
use crate::register::{NOW, act};
use crate::site::{Site, eventually};
use crate::wire::{Wire, request};

/// Between two notices.
const SOON: Duration = Duration::from_secs(3);
const WRONG: &str = "000000";

async fn report(app: &Institution, number: &str, more: &Value) -> Called {
    app.call(auth_result::PATH, message(number, more)).await.expect("an answer")
}

/// A token of somebody of this name, each with a document of their own.
fn token_of(site: &Site, national: &National, number: u32, name: &str) -> EcToken {
    let mut told = credential(&format!("T{number}"), &format!("P{number}"), &format!("D{number}"));
    (told.channel, told.user_name) = (site.channel().chnl_id, Some(name.to_owned()));
    let token = told.token;
    national.tell(token.as_str(), Ok(told));
    token
}

/// Whether the person can still be asked.
async fn is_open(site: &Site, token: EcToken) -> bool {
    let query = json!({ "token": token.as_str(), "orgCodg": crate::site::HOSPITAL, "ext": "1" });
    let path = yanmi_protocol::message::status::PATH;
    let called = site.institution().call(path, query.to_string()).await.expect("an answer");
    called.member("stage").as_deref() == Some("notified")
}

/// 「中心答 / 应用做什么」: after each answer the app does what stands beside it.
#[tokio::test]
async fn every_answer_to_a_report_and_what_the_app_does_then() {
    let (site, national) = Site::with_national(|_| {}).await;
    let app = site.app_of(&site.channel().clone());
    let other_way = json!({});
    let face = |number: &str| json!({ "authWay": "02", "authNo": number });
    // The person, what is reported, what is answered, whether the notice is still open, and what is done next, which counts.
    let table = [
        ("测试", by_password(PASSWORD), "1", false, by_password(PASSWORD)),
        ("测试", by_password(WRONG), "0 4", true, by_password(PASSWORD)),
        ("测试", face("ano2"), "500008", true, face(GOOD_FACE)),
        (WITHOUT_PASSWORD, by_password(PASSWORD), "500042", true, other_way.clone()),
        (OUT_OF_ORDER, by_password(PASSWORD), "500033", true, other_way.clone()),
    ];
    for (number, (name, reported, answer, open, next)) in (1..).zip(table) {
        let token = token_of(&site, &national, number, name);
        let notice = asked(&site, token).await;
        assert_eq!(told(&report(&app, &notice, &reported).await), answer, "{name} {reported}");
        assert_eq!(is_open(&site, token).await, open, "{name} {reported}");
        assert_eq!(told(&report(&app, &notice, &next).await), "1", "{name} {reported}");
        assert_eq!(site.check_stas(token).await, "1");
    }
    // With the last try the notice is over: the counter asks anew, and another way is free at once, the password later.
    let token = token_of(&site, &national, 9, "测试");
    let notice = asked(&site, token).await;
    for left in ["0 4", "0 3", "0 2", "0 1", "0 0"] {
        assert_eq!(told(&report(&app, &notice, &by_password(WRONG)).await), left);
    }
    assert!(!is_open(&site, token).await);
    assert_eq!(told(&report(&app, &notice, &other_way).await), "500014");
    site.hands.forward(SOON);
    let second = asked(&site, token).await;
    assert_eq!(told(&report(&app, &second, &by_password(PASSWORD)).await), "500084");
    assert_eq!(told(&report(&app, &second, &other_way).await), "1");
    assert_eq!(site.check_stas(token).await, "1");
}

/// 「没有结果：用同样的内容再报」: nothing of it counted, whatever broke.
#[tokio::test]
async fn what_brought_no_result_is_reported_again_in_the_same_words() {
    let (site, national) = Site::with_national(|_| {}).await;
    let app = site.app_of(&site.channel().clone());
    let token = token_of(&site, &national, 1, "测试");
    let notice = asked(&site, token).await;
    // -1: the center could not write it down.
    site.execute("ALTER TABLE verifications RENAME TO elsewhere").await;
    assert_eq!(told(&report(&app, &notice, &json!({})).await), "-1");
    site.execute("ALTER TABLE elsewhere RENAME TO verifications").await;
    assert!(is_open(&site, token).await);
    // The connection is gone before there is an answer: what was begun goes on, and the same again is a success.
    let gate = national.hold_passwords();
    let body = app.seal(&message(&notice, &by_password(PASSWORD)));
    let mut leaving = Wire::to(site.channel_addr()).await;
    leaving.send(&request("POST", auth_result::PATH, body.as_bytes())).await;
    national.until_asked(1).await;
    drop(leaving);
    gate.close();
    site.hands.forward(SOON);
    assert_eq!(told(&report(&app, &notice, &by_password(PASSWORD)).await), "1");
    assert_eq!(site.check_stas(token).await, "1");
}

/// -3: the national center says nothing.
#[tokio::test]
async fn who_could_not_be_asked_is_no_result() {
    let brief = |config: &mut Config| config.national.timeout = Duration::from_millis(50);
    let (site, national) = Site::with_national(brief).await;
    let app = site.app_of(&site.channel().clone());
    let token = token_of(&site, &national, 1, "测试");
    // A slow machine may need longer than that to learn the token.
    eventually(async || site.status(token).await.code() == 0).await;
    let notice = asked(&site, token).await;
    let gate = national.hold_passwords();
    assert_eq!(told(&report(&app, &notice, &by_password(WRONG)).await), "-3");
    assert!(is_open(&site, token).await);
    gate.close();
    eventually(async || told(&report(&app, &notice, &by_password(PASSWORD)).await) == "1").await;
    assert_eq!(site.check_stas(token).await, "1");
}

/// 「不据此判断先后或过期，重报时照旧填第一次的」.
#[tokio::test]
async fn the_apps_own_clock_is_asked_for_and_judged_by_nobody() {
    let site = Site::start().await;
    let app = site.app_of(&site.channel().clone());
    let at = |time: &str| json!({ "authTime": time });
    let notice = asked(&site, site.token().await).await;
    for bad in [json!({ "authTime": null }), at("170000000"), at("2025-11-23 11:44")] {
        let refused = report(&app, &notice, &bad).await;
        assert_eq!(refused.code(), 500_093, "{bad}");
        assert!(refused.answer.message.contains("authTime"), "{}", refused.answer.message);
    }
    for far in ["1000000000000", "9999999999999"] {
        let token = site.token_of(&site.world().persons[1].clone(), &site.channel().clone()).await;
        let notice = asked(&site, token).await;
        assert_eq!(told(&report(&app, &notice, &at(far)).await), "1", "{far}");
        assert_eq!(site.check_stas(token).await, "1");
        // Sealed anew a while later, the same report is the same success.
        site.hands.forward(SOON);
        assert_eq!(told(&report(&app, &notice, &at(far)).await), "1", "{far}");
    }
    // Done in time and reported too late is too late.
    let token = site.token_of(&site.world().persons[2].clone(), &site.channel().clone()).await;
    let notice = asked(&site, token).await;
    let in_time = UnixMillis::new(site.hands.now().get() + 1_000).to_string();
    site.hands.forward(site.config.policy.notice_life);
    assert_eq!(told(&report(&app, &notice, &at(&in_time)).await), "500014");
    assert_eq!(site.check_stas(token).await, "0");
}

/// 「重报要以新的 timestamp 重新加密」: of a wrong password it makes another try, of the same bytes it makes none.
#[tokio::test]
async fn a_report_of_the_same_bytes_is_never_done_twice() {
    let (site, national) = Site::with_national(|_| {}).await;
    let channel = site.channel().clone();
    let app = site.app_of(&channel).with_mac();
    let notice = asked(&site, token_of(&site, &national, 1, "测试")).await;
    let again = async |before: &Called| {
        let received = app.raw(auth_result::PATH, before.sent.clone()).await.expect("an answer");
        Answer::parse(&received.body).expect("an answer").code
    };
    let wrong = report(&app, &notice, &by_password(WRONG)).await;
    assert_eq!(told(&wrong), "0 4");
    for _ in 0..5 {
        assert_eq!(again(&wrong).await, -2);
    }
    assert_eq!(national.passwords_asked(), 1);
    site.hands.forward(SOON);
    assert_eq!(
        told(&report(&app, &notice, &by_password(WRONG)).await),
        "0 3",
        "sealed anew it is another try"
    );
    let right = report(&app, &notice, &by_password(PASSWORD)).await;
    assert_eq!(told(&right), "1");
    assert_eq!(again(&right).await, 0, "how it stands");
    let notice = asked(&site, token_of(&site, &national, 2, "测试")).await;
    let cancelled = report(&app, &notice, &json!({ "authStas": "2" })).await;
    assert_eq!((told(&cancelled).as_str(), again(&cancelled).await), ("1", 0));
    assert_eq!(national.passwords_asked(), 3);
}

/// 「没有的应答，中心当作没有答」, also a refusal, whose words anybody could have written.
#[tokio::test]
async fn where_a_mac_is_demanded_an_answer_without_is_none() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let demand = async |rule| {
        let id = channel.chnl_id;
        let edit = ChannelEdit { mac: Some(rule), ..ChannelEdit::default() };
        site.change(async |a| a.edit_channel(id, &edit, act(NOW)).await.expect("a channel")).await;
    };
    demand(MacRule::Required).await;
    for mood in [Mood::Take, Mood::Refuse("请到窗口付现金"), Mood::Free("{\"rcvFlag\":\"2\"}")] {
        app.will([mood]);
        let called = site.notify(site.token().await, Some("10")).await;
        assert_eq!(called.code(), 500_319);
        let message = &called.answer.message;
        assert!(message.ends_with("通知失败原因：渠道应用的应答无法识别"), "{message}");
    }
    let bare = report(&site.app_of(&channel), "1000000000000", &json!({})).await;
    assert_eq!(bare.code(), -4);
    // 「应用一时做不到的，登记时加 --mac optional」.
    demand(MacRule::Optional).await;
    assert_eq!(site.notify(site.token().await, Some("10")).await.code(), 0);
    assert_eq!(report(&site.app_of(&channel), "1000000000000", &json!({})).await.code(), 500_014);
}

/// 「message 会原样出现在 500319 里」, up to a hundred characters.
#[tokio::test]
async fn a_refusal_is_passed_on_up_to_its_bound() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let words: &'static str = Box::leak("请".repeat(101).into_boxed_str());
    app.will([Mood::Refuse(words)]);
    let called = site.notify(site.token().await, Some("10")).await;
    let (_, reason) = called.answer.message.split_once("通知失败原因：").expect("a reason");
    assert_eq!((called.code(), reason.chars().filter(|letter| *letter == '请').count()), (500_319, 100));
}

/// 「收不到撤回也不会出事：中心不会接受作废编号的确认」, and 「答了 rcvFlag 为 1，中心就不再推了」: what an app said it took and
/// lost is in its message center.
#[tokio::test]
async fn a_withdrawal_that_reaches_nobody_ends_the_notice_all_the_same() {
    let site = Site::start().await;
    let [first, second] = [0, 3].map(|at| site.world().channels[at].clone());
    let app = site.scripted(&first).await;
    let [old, new] = [site.token_in(&first).await, site.token_in(&second).await];
    let notice = asked(&site, old).await;
    let index = json!({ "ecIndexNo": site.person().ec_index_no.as_str() }).to_string();
    let pending = async || {
        let path = yanmi_protocol::message::pending::PATH;
        let called = site.app_of(&first).call(path, index.clone()).await.expect("an answer");
        called.plain.expect("a message").as_str().contains(&notice)
    };
    assert!(pending().await);
    assert_eq!(app.notices().len(), 1, "taken, and not pushed again");
    site.relocate(&first, &nobody().await).await;
    let newer = asked(&site, new).await;
    let failed =
        format!("yanmi_deliveries_total{{channel=\"{}\",result=\"unreachable\"}}", first.chnl_id.as_str());
    eventually(async || site.metric(&failed).await >= 1).await;
    assert!(!pending().await);
    assert_eq!(told(&report(&site.app_of(&first), &notice, &json!({})).await), "500014");
    assert_eq!(told(&report(&site.app_of(&second), &newer, &json!({})).await), "1");
    assert_eq!([site.check_stas(old).await, site.check_stas(new).await], ["0", "1"]);
}

/// 「额度内的通知由中心直接答机构 500320，应用收不到通知」, and 「没有金额」 is a member that is not there.
#[tokio::test]
async fn within_the_persons_limits_the_app_hears_nothing() {
    let site = Site::start().await;
    let free = site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone();
    let app = site.scripted(&free).await;
    let on = json!({ "ecIndexNo": site.person().ec_index_no.as_str(), "openFlag": "1", "singleAmt": "50" });
    let path = yanmi_protocol::message::password_free::PATH;
    let switched = site.app_of(&free).call(path, on.to_string()).await.expect("an answer");
    assert_eq!(switched.member("openFlag").as_deref(), Some("1"));
    let within = site.token_in(&free).await;
    assert_eq!(site.notify(within, Some("50.00")).await.code(), 500_320);
    assert_eq!(app.notices().len(), 0);
    assert_eq!(site.notify(site.token_in(&free).await, None).await.code(), 0);
    let notices = app.notices();
    assert_eq!((notices.len(), notices[0].kind, notices[0].amount), (1, Kind::Notice, None));
    let told: Value = serde_json::from_str(&notices[0].to_json()).expect("JSON");
    assert_eq!(told.get("totalAmount"), None, "{told}");
}
