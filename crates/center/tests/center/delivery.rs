//! Notices on their way to channel apps that hang, fail, refuse, are not to be called, or outlive the center.

use std::time::Duration;

use serde_json::{Value, json};
use yanmi_center::config::Config;
use yanmi_protocol::Sm4Key;
use yanmi_protocol::message::channel_notice::{Kind, Notice, Way};
use yanmi_protocol::message::{notify, pending};
use yanmi_simulator::institution::Called;
use yanmi_simulator::world::Channel;

use crate::party::{App, Mood, National, gate};
use crate::plan::KEY;
use crate::site::{HOSPITAL, HOSPITAL_NAME, START, Site, eventually};
use crate::wire::{Wire, request};

/// No pause that a test would have to wait for.
fn quick(config: &mut Config) {
    config.delivery.first_pause = Duration::from_millis(1);
}

/// One attempt for each notice, and two failures are enough.
fn easily_broken(config: &mut Config) {
    config.delivery.attempts = 1;
    config.delivery.breaker_failures = 2;
}

/// The reason in a 500319.
fn reason(called: &Called) -> String {
    assert_eq!(called.code(), 500_319, "{called:?}");
    let (words, reason) = called.answer.message.split_once("通知失败原因：").expect("a reason");
    assert!(words.starts_with("通知渠道为参保人发起密码核验认证服务失败"), "{called:?}");
    reason.to_owned()
}

/// A notice for a fresh token of this channel.
async fn fresh(site: &Site, channel: &Channel) -> Called {
    site.notify(site.token_in(channel).await, Some("10")).await
}

#[tokio::test]
async fn the_app_is_told_which_notice_is_the_newer_one_also_after_a_restart() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let token = site.token().await;
    let again = async |site: &Site, amount| {
        site.hands.forward(Duration::from_secs(3));
        assert_eq!(site.notify(token, Some(amount)).await.code(), 0);
    };
    assert_eq!(site.notify(token, Some("1")).await.code(), 0);
    again(&site, "1").await;
    let site = site.restart().await;
    // Another amount takes the first one's place, which is withdrawn in the same breath.
    again(&site, "2").await;
    eventually(async || app.notices().len() == 4).await;
    let told = |notice: &Notice| (notice.sequence, notice.kind, notice.number);
    let mut all: Vec<_> = app.notices().iter().map(told).collect();
    // The last two go over connections of their own, in no order.
    all[2..].sort_by_key(|(_, kind, _)| *kind == Kind::Withdrawal);
    let (old, new) = (all[0].2, all[2].2);
    assert_ne!(old, new);
    let expected =
        [(1, Kind::Notice, old), (2, Kind::Notice, old), (3, Kind::Notice, new), (3, Kind::Withdrawal, old)];
    assert_eq!(all, expected);
}

#[tokio::test]
async fn the_app_is_told_what_the_person_needs_to_decide_and_no_more() {
    let site = Site::start().await;
    let [channel, plain] = [0, 7].map(|at| site.world().all_channels().nth(at).expect("a channel").clone());
    let app = site.scripted(&channel).await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("0128.5")).await.code(), 0);
    let told: Value = serde_json::from_str(&app.notices()[0].to_json()).expect("JSON");
    let expected = json!({
        "notcType": "1", "notcNo": app.numbers()[0], "notcSeq": "1", "chnlId": channel.chnl_id.as_str(), "ecToken": token.as_str(),
        "ecIndexNo": site.person().ec_index_no.as_str(), "userName": "*试", "orgCodg": HOSPITAL,
        "orgName": HOSPITAL_NAME, "totalAmount": "128.50", "notcTime": START.to_string(),
        "expTime": (START + 5 * 60 * 1_000).to_string(), "authWays": ["01", "02", "03"],
    });
    assert_eq!(told, expected);
    // Asked for, it is the same.
    let index = json!({ "ecIndexNo": site.person().ec_index_no.as_str() }).to_string();
    let pending = site.app_of(&channel).call(pending::PATH, index).await.expect("an answer");
    let pending: Value = serde_json::from_str(pending.plain.expect("a message").as_str()).expect("JSON");
    assert_eq!(pending, json!({ "notcs": [expected] }));
    // A person without a password is not offered to enter it, and has nothing to answer where there is no other way.
    let without = site.world().extra_persons[2].ec_index_no;
    let body = json!({ "ecIndexNo": without.as_str(), "chnlId": channel.chnl_id.as_str() });
    let shown = site.control("/qr", &body).await["ecQrCode"].clone();
    let shown = shown.as_str().expect("a QR code");
    let decoded = site.institution().decode(HOSPITAL, "01101", shown).await.expect("an answer");
    assert_eq!(site.notify(decoded.token.expect("a token"), None).await.code(), 0);
    assert_eq!(app.notices()[1].ways, [Way::Face, Way::ChannelPassword]);
    let app = site.scripted(&plain).await;
    assert_eq!(site.notify(site.world().magic_tokens["500042"].0, None).await.code(), 500_042);
    assert!(app.notices().is_empty());
}

#[tokio::test]
async fn an_app_that_hangs_holds_its_own_places_and_nobody_elses() {
    let site = Site::with(|config| config.delivery.in_flight_per_channel = 2).await;
    let [working, other] = [0, 3].map(|at| site.world().channels[at].clone());
    let app = site.scripted(&working).await;
    let gate = gate();
    app.will([Mood::held(&gate), Mood::held(&gate)]);
    let held = [site.asking(site.token().await, None), site.asking(site.token().await, None)];
    app.until(2).await;
    for _ in 0..3 {
        assert_eq!(reason(&fresh(&site, &working).await), "渠道应用繁忙，在途通知过多");
        assert_eq!(fresh(&site, &other).await.code(), 0, "another app, at once");
    }
    assert_eq!(app.notices().len(), 2, "nothing more was sent to it");
    gate.close();
    for asking in held {
        assert_eq!(asking.await.expect("no panic").code(), 0);
    }
    assert_eq!(fresh(&site, &working).await.code(), 0, "its places are free again");
}

#[tokio::test]
async fn what_broke_or_failed_is_tried_again_under_the_same_number() {
    let site = Site::with(quick).await;
    assert_eq!(site.config.delivery.call, Duration::from_secs(5), "what an institution waits for");
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    for trouble in [vec![Mood::Reset], vec![Mood::Status(500)], vec![Mood::Status(503), Mood::Reset]] {
        let (times, before) = (trouble.len() + 1, app.notices().len());
        app.will(trouble);
        let token = site.token().await;
        assert_eq!(site.notify(token, Some("10")).await.code(), 0);
        let sequences: Vec<_> = app.notices()[before..].iter().map(|notice| notice.sequence).collect();
        assert!(sequences.iter().all(|sequence| *sequence == 1), "a repetition alerts nobody: {sequences:?}");
        let numbers = app.numbers().split_off(before);
        assert!(numbers.len() >= times, "at least once more for each failure: {numbers:?}");
        assert!(numbers.iter().all(|number| *number == numbers[0]), "one notice: {numbers:?}");
        // The person sees one request, and settles it.
        assert_eq!(site.newest_notice().await, numbers[0]);
        site.act(&numbers[0], "confirm", "03").await;
        assert_eq!(site.check_stas(token).await, "1");
    }
}

#[tokio::test]
async fn attempts_are_bounded_and_a_new_try_is_a_new_notice() {
    let site = Site::with(quick).await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    app.will(vec![Mood::Status(502); 3]);
    let token = site.token().await;
    assert_eq!(reason(&site.notify(token, None).await), "渠道应用服务异常（HTTP 502）");
    assert_eq!(app.notices().len(), 3);
    assert_eq!(site.notify(token, None).await.code(), 0, "the clerk may try again at once");
    let numbers = app.numbers();
    assert_ne!(numbers[2], numbers[3]);
    assert_eq!(site.act(&numbers[3], "confirm", "03").await["data"]["acptFlag"], "1");
}

#[tokio::test]
async fn a_refusal_is_told_in_the_apps_words_and_not_tried_again() {
    let site = Site::with(quick).await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    app.will([Mood::Refuse("该用户已注销"), Mood::Refuse("用户\u{202E}\r\n已注销"), Mood::Refuse("")]);
    for words in ["该用户已注销", "用户已注销", "渠道应用未接收通知"] {
        assert_eq!(reason(&fresh(&site, &channel).await), words);
    }
    assert_eq!(app.notices().len(), 3);
}

#[tokio::test]
async fn an_app_that_does_not_answer_in_time_is_told_of_and_not_asked_again() {
    let site = Site::with(|config| config.delivery.call = Duration::from_millis(400)).await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let gate = gate();
    app.will([Mood::held(&gate)]);
    assert_eq!(reason(&fresh(&site, &channel).await), "渠道应用超时未应答");
    assert_eq!(app.notices().len(), 1);
}

#[tokio::test]
async fn an_app_that_keeps_failing_is_left_alone_for_a_while_and_then_tried() {
    let site = Site::with(easily_broken).await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let failing = "渠道应用服务异常（HTTP 500）";
    let resting = "渠道应用近期连续通知失败，暂停通知";
    app.will(vec![Mood::Status(500); 3]);
    for expected in [failing, failing, resting, resting] {
        assert_eq!(reason(&fresh(&site, &channel).await), expected);
    }
    assert_eq!(app.notices().len(), 2, "left alone");
    let pause = site.config.delivery.breaker_pause;
    site.hands.forward(pause.saturating_sub(Duration::from_millis(1)));
    assert_eq!(reason(&fresh(&site, &channel).await), resting);
    site.hands.forward(Duration::from_millis(1));
    // The probe fails, so it rests as long again.
    assert_eq!(reason(&fresh(&site, &channel).await), failing);
    assert_eq!(reason(&fresh(&site, &channel).await), resting);
    site.hands.forward(pause);
    for _ in 0..3 {
        assert_eq!(fresh(&site, &channel).await.code(), 0, "it works again");
    }
    let notices = app.notices();
    assert_eq!(notices.iter().filter(|notice| notice.kind == Kind::Notice).count(), 2 + 1 + 3);
}

#[tokio::test]
async fn one_probe_goes_out_at_a_time_and_refusals_break_nothing() {
    let site = Site::with(easily_broken).await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    app.will(vec![Mood::Refuse("不"); 5]);
    for _ in 0..5 {
        assert_eq!(reason(&fresh(&site, &channel).await), "不");
    }
    let gate = gate();
    app.will([Mood::Status(500), Mood::Status(500), Mood::held(&gate)]);
    for _ in 0..2 {
        assert_eq!(reason(&fresh(&site, &channel).await), "渠道应用服务异常（HTTP 500）");
    }
    site.hands.forward(site.config.delivery.breaker_pause);
    let probe = site.asking(site.token().await, None);
    app.until(8).await;
    assert_eq!(reason(&fresh(&site, &channel).await), "渠道应用近期连续通知失败，暂停通知");
    gate.close();
    assert_eq!(probe.await.expect("no panic").code(), 0);
    assert_eq!(fresh(&site, &channel).await.code(), 0);
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_not_called_whatever_it_is_called() {
    let national = National::start_at("127.0.0.2", Sm4Key::from_bytes(&KEY)).await;
    let url: http::Uri = national.url().parse().expect("a URL");
    let site = Site::with(|config| {
        easily_broken(config);
        config.national.url = url;
        config.national.key = Sm4Key::from_bytes(&KEY);
        config.outbound.allow = vec!["127.0.0.2/32".parse().expect("a network")];
    })
    .await;
    let channel = site.channel().clone();
    let app = App::start(channel.key.clone()).await;
    let port = app.url().port_u16().expect("a port");
    let mut number = 0;
    // A name, whose addresses are known only when it is used, and addresses themselves.
    for host in ["localhost", "127.0.0.1", "10.255.255.1", "[::1]", "[::ffff:127.0.0.1]"] {
        site.relocate(&channel, &format!("http://{host}:{port}/notice").parse().expect("a URL")).await;
        // It says nothing about the app, so however often it happens, the app is not left alone.
        for _ in 0..3 {
            number += 1;
            let called = site.notify(national.issue(channel.chnl_id, number, "D1"), None).await;
            assert_eq!(reason(&called), "渠道应用的通知地址未获中心允许", "{host}");
        }
    }
    assert!(app.notices().is_empty());
}

#[tokio::test]
async fn an_answer_that_comes_before_the_app_has_taken_the_notice_counts() {
    let site = Site::with(|config| config.delivery.attempts = 1).await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    for (ending, code) in [(Mood::Take, 0), (Mood::Status(500), 500_319), (Mood::Refuse("晚了"), 500_319)] {
        let gate = gate();
        let before = app.notices().len();
        app.will([Mood::Held(gate.clone(), Box::new(ending))]);
        let token = site.token().await;
        let asking = site.asking(token, Some("10"));
        app.until(before + 1).await;
        let number = app.numbers().pop().expect("a notice");
        assert_eq!(site.act(&number, "confirm", "01").await["data"]["acptFlag"], "1");
        assert_eq!(site.check_stas(token).await, "1");
        gate.close();
        assert_eq!(asking.await.expect("no panic").code(), code);
        assert_eq!(site.check_stas(token).await, "1", "what was confirmed stays confirmed");
    }
}

#[tokio::test]
async fn a_notice_goes_on_when_the_institution_hangs_up() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let gate = gate();
    app.will([Mood::held(&gate)]);
    let token = site.token().await;
    let draft =
        notify::Draft { token: token.as_str(), org_code: HOSPITAL, org_name: HOSPITAL_NAME, amount: None };
    let body = site.institution().seal(&draft.to_json());
    let mut leaving = Wire::to(site.institution_addr()).await;
    leaving.send(&request("POST", notify::PATH, body.as_bytes())).await;
    app.until(1).await;
    drop(leaving);
    gate.close();
    let sent = format!("yanmi_deliveries_total{{channel=\"{}\",result=\"ok\"}}", channel.chnl_id.as_str());
    eventually(async || site.metric(&sent).await == 1).await;
    eventually(async || {
        site.number("SELECT count(*) FROM verifications WHERE state = 'notified'").await == 1
    })
    .await;
    site.act(&app.numbers()[0], "confirm", "03").await;
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn of_many_notices_at_the_same_moment_one_is_sent() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let token = site.token().await;
    let asking: Vec<_> = (0..20).map(|_| site.asking(token, Some("10"))).collect();
    let mut codes = Vec::new();
    for asking in asking {
        codes.push(asking.await.expect("no panic").code());
    }
    codes.sort_unstable();
    assert_eq!((codes[0], &codes[1..]), (0, &[500_084; 19][..]));
    assert_eq!(app.notices().len(), 1);
}

#[tokio::test]
async fn a_center_killed_while_a_notice_is_on_its_way_takes_it_up_where_it_stood() {
    let (site, mortal) = Site::with(quick).await.stop().await.start_mortal().await;
    let channel = site.channel().clone();
    let app = site.scripted(&channel).await;
    let gate = gate();
    app.will([Mood::held(&gate), Mood::held(&gate)]);
    let persons = [&site.world().persons[0], &site.world().persons[1]].map(Clone::clone);
    let tokens = [site.token_of(&persons[0], &channel).await, site.token_of(&persons[1], &channel).await];
    for (at, token) in tokens.into_iter().enumerate() {
        // Whoever asked gets no answer.
        drop(site.asking(token, Some("10")));
        app.until(at + 1).await;
    }
    let site = site.kill(mortal).await.start().await;
    let numbers = app.numbers();
    assert_eq!(site.number("SELECT count(*) FROM verifications WHERE state = 'asked'").await, 2);
    for token in tokens {
        assert_eq!(site.check_stas(token).await, "0");
    }
    // The one is asked for again and goes out under its number (V3); the other is answered as it was sent (V1).
    site.hands.forward(Duration::from_secs(3));
    assert_eq!(site.notify(tokens[0], Some("10")).await.code(), 0);
    assert_eq!(app.numbers(), [0, 1, 0].map(|at: usize| numbers[at].clone()));
    for ((number, token), person) in numbers.iter().zip(tokens).zip(&persons) {
        assert_eq!(site.act_as(person, number, "confirm", "01").await["data"]["acptFlag"], "1");
        assert_eq!(site.check_stas(token).await, "1");
    }
    assert_eq!(site.number("SELECT max(attempt) FROM verifications").await, 1);
}
