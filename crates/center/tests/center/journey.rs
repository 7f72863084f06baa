//! The journey yanmi exists for: an institution asks, the person confirms on the phone, the institution may settle.

use std::time::Duration;

use crate::site::{HOSPITAL_NAME, Site};

const SHORT: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_wrong_password_then_the_right_one_and_the_institution_may_settle() {
    let site = Site::start().await;
    let token = site.token().await;
    assert_eq!(site.check_stas(token).await, "0", "known, and never notified");
    let notice = site.notify(token, Some("128.50")).await;
    assert_eq!(notice.code(), 0, "{notice:?}");
    assert_eq!(notice.member("notcFlag").as_deref(), Some("1"));
    assert_eq!(notice.member("resBizNo").map(|serial| serial.len()), Some(27));
    let phone = site.phone().await;
    assert_eq!(phone[0]["orgName"], HOSPITAL_NAME);
    assert_eq!(phone[0]["totalAmount"], "128.50");
    assert_eq!(phone[0]["state"], "pending");
    let number = site.newest_notice().await;
    let wrong = site.act(&number, "wrongPassword", "01").await;
    assert_eq!((wrong["code"].as_i64(), wrong["data"]["acptFlag"].as_str()), (Some(0), Some("0")), "{wrong}");
    assert_eq!(wrong["data"]["leftCnt"], "4");
    assert_eq!(site.check_stas(token).await, "0");
    let right = site.act(&number, "confirm", "01").await;
    assert_eq!(right["data"]["acptFlag"], "1", "{right}");
    let status = site.status(token).await;
    assert_eq!(status.member("checkStas").as_deref(), Some("1"));
    assert_eq!(status.member("resBizNo"), notice.member("resBizNo"), "the serial of the latest notice");
}

#[tokio::test]
async fn a_cancelled_notice_settles_nothing_and_a_new_one_can_be_confirmed() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    let first = site.newest_notice().await;
    assert_eq!(site.act(&first, "cancel", "01").await["code"], 0);
    assert_eq!(site.check_stas(token).await, "0");
    assert_eq!(site.act(&first, "confirm", "01").await["code"], 500_014, "finished");
    site.hands.forward(SHORT);
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let second = site.newest_notice().await;
    assert_ne!(first, second);
    assert_eq!(site.act(&second, "confirm", "03").await["data"]["acptFlag"], "1");
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn a_second_notice_is_the_same_request_and_takes_nothing_away() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("10")).await;
    let number = site.newest_notice().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 500_084, "within three seconds");
    site.hands.forward(SHORT);
    assert_eq!(site.notify(token, Some("10.00")).await.code(), 0);
    let phone = site.phone().await;
    assert_eq!(
        (phone.len(), &phone[0]["alerts"]),
        (1, &serde_json::json!(2)),
        "it rings again, never as a second request"
    );
    assert_eq!(site.newest_notice().await, number);
    site.act(&number, "confirm", "02").await;
    assert_eq!(site.check_stas(token).await, "1");
    site.hands.forward(SHORT);
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    assert_eq!(site.notify(token, Some("10.000")).await.code(), 0);
    assert_eq!(site.check_stas(token).await, "1", "the confirmation stands");
    assert_eq!(site.act(&number, "confirm", "02").await["data"]["acptFlag"], "1", "channels repeat");
}

#[tokio::test]
async fn a_higher_amount_has_to_be_confirmed_anew() {
    let site = Site::start().await;
    let token = site.token().await;
    site.notify(token, Some("100")).await;
    let first = site.newest_notice().await;
    site.act(&first, "confirm", "01").await;
    site.hands.forward(SHORT);
    assert_eq!(site.notify(token, Some("100.01")).await.code(), 0);
    assert_eq!(site.check_stas(token).await, "0", "what was confirmed must cover what is settled");
    let second = site.newest_notice().await;
    assert_ne!(first, second);
    assert_eq!(site.act(&first, "confirm", "01").await["code"], 500_014);
    site.act(&second, "confirm", "01").await;
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn a_person_who_switched_it_on_needs_no_password() {
    let site = Site::start().await;
    let free =
        site.world().channels.iter().find(|channel| channel.password_free).expect("such a channel").clone();
    let path = format!("/phones/{}/passwordFree", site.person().ec_index_no.as_str());
    let switch = |flag: &str, limit: &str| serde_json::json!({ "chnlId": free.chnl_id.as_str(), "openFlag": flag, "singleAmt": limit });
    assert_eq!(site.control(&path, &switch("1", "100")).await["data"]["openFlag"], "1");
    let token = site.token_in(&free).await;
    assert_eq!(site.notify(token, Some("100.00")).await.code(), 500_320);
    assert_eq!(site.status(token).await.code(), 500_320);
    let token = site.token_in(&free).await;
    assert_eq!(site.notify(token, Some("100.01")).await.code(), 0, "above the person's own limit");
    assert_eq!(site.check_stas(token).await, "0");
    site.control(&path, &switch("0", "100")).await;
    let token = site.token_in(&free).await;
    assert_eq!(site.notify(token, Some("1")).await.code(), 0);
}

#[tokio::test]
async fn an_unreachable_app_is_told_and_another_try_works() {
    let site = Site::start().await;
    let moody = site.world().channels[3].clone();
    let token = site.token_in(&moody).await;
    site.mood(&moody, "reset", 0).await;
    let failed = site.notify(token, Some("10")).await;
    assert_eq!(failed.code(), 500_319);
    assert!(failed.answer.message.contains("通知失败原因："), "{}", failed.answer.message);
    assert_eq!(site.check_stas(token).await, "0");
    site.mood(&moody, "ok", 0).await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0, "the clerk may try again at once");
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "01").await;
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn a_restart_in_the_middle_loses_nothing() {
    let site = Site::start().await;
    let token = site.token().await;
    let notice = site.notify(token, Some("10")).await;
    let site = site.restart().await;
    let number = site.newest_notice().await;
    site.act(&number, "confirm", "01").await;
    let site = site.restart().await;
    let status = site.status(token).await;
    assert_eq!(status.member("checkStas").as_deref(), Some("1"));
    assert_eq!(status.member("resBizNo"), notice.member("resBizNo"));
}
