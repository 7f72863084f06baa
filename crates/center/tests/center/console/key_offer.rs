//! A key on its way: offered by one who never sees it, taken once by who has link and passcode, checked, and used.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use yanmi_center::registry::{AdministrationError, Retirement};
use yanmi_onboarding::Role;
use yanmi_protocol::Sm4Key;

use super::person::Person;
use super::{administrators, somebody};
use crate::alarms::{none, only};
use crate::register::act;
use crate::site::{Site, anywhere};
use crate::wire::{Answer, Wire};

pub(super) const PATH: &str = "/o/accounts/testOrgId/key";

async fn ground() -> (Site, [Person; 3], Person) {
    let site = Site::with(|config| {
        config.listen.operator = anywhere();
        config.listen.applicant = anywhere();
    })
    .await;
    let mut three = administrators(&site).await;
    let keeper = somebody(&site, &mut three, (Role::KeyKeeper, "35", 70)).await;
    (site, three, keeper)
}

/// Offers, and reads link and passcode from the page that shows them once.
pub(super) async fn offer(keeper: &mut Person) -> (String, String) {
    offer_at(keeper, PATH).await
}

/// The same of any account.
pub(crate) async fn offer_at(keeper: &mut Person, path: &str) -> (String, String) {
    let shown = keeper.act(path, &[("do", "offer"), ("reason", "接入")]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let link = shown.body.split("/k/").nth(1).expect("a link").get(..22).expect("22 characters").to_owned();
    let passcode = shown.body.split("class=\"key\">").nth(1).expect("a passcode").get(..8).expect("8 digits");
    (format!("/k/{link}"), passcode.to_owned())
}

/// Somebody without a session, each time from another address: one has few tries a minute.
pub(crate) async fn ask(site: &Site, last: u8, method: &str, path: &str, body: &str) -> Answer {
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 2, last));
    let mut wire = Wire::between(source, site.applicant_addr()).await;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", site.applicant_addr());
    wire.send(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    wire.answer().await.expect("an answer")
}

#[tokio::test]
async fn a_key_is_taken_once_by_who_has_link_and_passcode_and_opens_the_center() {
    let (site, mut three, mut keeper) = ground().await;
    let (link, passcode) = offer(&mut keeper).await;
    // Opened as often as machines like: nothing is used up, and the key is not there.
    for last in 1..4 {
        let page = ask(&site, last, "GET", &link, "").await;
        assert!(page.status == 200 && page.body.contains("提取码") && page.body.contains("testOrgId"));
    }
    let wrong = ask(&site, 1, "POST", &link, "do=take&passcode=00000000").await;
    assert!(wrong.status == 409 && wrong.body.contains("提取码不对"), "{}", wrong.body);
    let taken = ask(&site, 2, "POST", &link, &format!("do=take&passcode={passcode}")).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    let key = taken.body.split("class=\"key\">").nth(1).expect("a key").get(..32).expect("32 digits");
    let hex = key.to_owned();
    let key = Sm4Key::from_hex(&hex).expect("a key");
    // A second time nobody gets it, and is told where it went.
    for last in 4..8 {
        let again = ask(&site, last, "POST", &link, &format!("do=take&passcode={passcode}")).await;
        assert_eq!(again.status, 410, "{}", again.body);
    }
    let page = ask(&site, 3, "GET", &link, "").await;
    assert!(page.body.contains("已于") && page.body.contains("127.0.2 网段"), "{}", page.body);
    assert!(!page.body.contains("127.0.2.2") && !page.body.contains(hex.as_str()), "{}", page.body);
    // The check value is told back: once wrongly, then rightly.
    let tell = |kcv: String| format!("do=check&kcv={kcv}");
    assert_eq!(
        ask(&site, 4, "POST", &link, &tell("no".to_owned())).await.status,
        409,
        "no check value at all"
    );
    let other = ask(&site, 4, "POST", &link, &tell("000000".to_owned())).await;
    assert!(other.status == 409 && other.body.contains("不一致"), "{}", other.body);
    let told = ask(&site, 4, "POST", &link, &tell(key.kcv().to_string().to_lowercase())).await;
    assert!(told.status == 200 && told.body.contains("已核对"), "{}", told.body);
    let state = keeper.get(PATH).await.body;
    assert!(state.contains("127.0.2.2") && state.contains("对方已核对"), "{state}");
    assert!(!state.contains(hex.as_str()), "{state}");
    // It is the center's, and the one before still is.
    site.center.refresh().await.expect("looked");
    let code = site.token().await;
    assert_eq!(site.status(code).await.code(), 0, "the one before");
    assert_eq!(site.status_with(code, key.clone()).await.code(), 0);
    assert_eq!(site.status_with(code, Sm4Key::from_bytes(&[9; 16])).await.code(), -4);
    let events = three[2].get("/o/events?find=testOrgId").await.body;
    for words in ["交付密钥：发出", "交付密钥：已领取", "交付密钥：校验值已核对", "来自 127.0.2.2"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
    assert!(!events.contains(hex.as_str()) && !events.contains(&passcode), "{events}");
}

#[tokio::test]
async fn guessing_time_and_another_offer_end_a_link_and_the_key_in_use_stays() {
    let (site, _three, mut keeper) = ground().await;
    let (first, passcode) = offer(&mut keeper).await;
    for last in 10..15 {
        assert_eq!(ask(&site, last, "POST", &first, "do=take&passcode=00000001").await.status, 409);
    }
    let right = format!("do=take&passcode={passcode}");
    assert_eq!(ask(&site, 15, "POST", &first, &right).await.status, 410, "five wrong ones ended it");
    assert!(keeper.get(PATH).await.body.contains("提取码连续输错"));
    let (second, _) = offer(&mut keeper).await;
    let (third, passcode) = offer(&mut keeper).await;
    assert_eq!(ask(&site, 16, "GET", &second, "").await.status, 410, "another was made");
    site.hands.forward(Duration::from_hours(73));
    let right = format!("do=take&passcode={passcode}");
    assert_eq!(ask(&site, 17, "POST", &third, &right).await.status, 410, "too late");
    keeper.move_to(70);
    assert_eq!(keeper.log_in().await, 303);
    let (fourth, passcode) = offer(&mut keeper).await;
    assert_eq!(keeper.act(PATH, &[("do", "void"), ("reason", "发错人")]).await.status, 303);
    let right = format!("do=take&passcode={passcode}");
    assert_eq!(ask(&site, 18, "POST", &fourth, &right).await.status, 410, "ended by the operator");
    // Four keys that nobody took have not pushed out the one in use.
    site.center.refresh().await.expect("looked");
    let token = site.token().await;
    assert_eq!(site.status(token).await.code(), 0);
    // Twice another check value ends it as well, and is told.
    let (fifth, passcode) = offer(&mut keeper).await;
    let right = format!("do=take&passcode={passcode}");
    assert_eq!(ask(&site, 19, "POST", &fifth, &right).await.status, 200);
    for (last, status) in [(20, 409), (21, 409), (22, 410)] {
        assert_eq!(ask(&site, last, "POST", &fifth, "do=check&kcv=000000").await.status, status);
    }
    assert!(keeper.get(PATH).await.body.contains("回报的校验值两次不同"));
}

#[tokio::test]
async fn a_link_that_others_open_after_the_key_was_taken_and_one_that_is_guessed_at_are_alarms() {
    let (site, mut three, mut keeper) = ground().await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 71)).await;
    let (link, passcode) = offer(&mut keeper).await;
    ask(&site, 50, "GET", &link, "").await;
    let right = format!("do=take&passcode={passcode}");
    assert_eq!(ask(&site, 51, "POST", &link, &right).await.status, 200);
    // Whoever took it comes back with the check value.
    assert_eq!(ask(&site, 51, "GET", &link, "").await.status, 200);
    none(&mut duty, "又被打开").await;
    assert_eq!(ask(&site, 52, "GET", &link, "").await.status, 200);
    assert_eq!(ask(&site, 53, "POST", &link, &right).await.status, 410);
    let (way, row) = only(&mut duty, "又被打开").await;
    assert!(row.contains("由 127.0.2.51 领走") && row.contains("被 127.0.2.53 打开"), "{row}");
    assert!(row.contains("<td>2</td>") && row.contains("/o/accounts/testOrgId"), "{row}");
    assert_eq!(duty.act(&way, &[("do", "close"), ("reason", "是本人")]).await.status, 303);
    assert_eq!(ask(&site, 54, "GET", &link, "").await.status, 200);
    assert_ne!(only(&mut duty, "又被打开").await.0, way, "each time is another");
    let (link, _) = offer(&mut keeper).await;
    for last in 55..60 {
        assert_eq!(ask(&site, last, "POST", &link, "do=take&passcode=00000001").await.status, 409);
    }
    for _ in 0..2 {
        site.center.look_for_alarms().await;
    }
    let (_, row) = only(&mut duty, "因输错而作废").await;
    assert!(row.contains("提取码连续输错") && row.contains("<td>1</td>"), "{row}");
    // An operator who ends an offer knows why.
    let (_, _) = offer(&mut keeper).await;
    assert_eq!(keeper.act(PATH, &[("do", "void"), ("reason", "发错人")]).await.status, 303);
    site.center.look_for_alarms().await;
    assert!(only(&mut duty, "因输错而作废").await.1.contains("<td>1</td>"));
}

#[tokio::test]
async fn nonsense_opens_nothing_and_forms_of_elsewhere_are_refused() {
    let (site, _three, mut keeper) = ground().await;
    let (link, passcode) = offer(&mut keeper).await;
    for (last, path, status) in [
        (30, "/nothing", 404),
        (31, "/k/", 404),
        (32, "/k/x", 410),
        (33, "/k/AAAAAAAAAAAAAAAAAAAAAA", 410),
        (34, "/o/", 404),
        (35, "/k/%3Cscript%3E", 410),
    ] {
        let page = ask(&site, last, "GET", path, "").await;
        assert_eq!((page.status, page.body.contains("<script>")), (status, false), "{path}");
    }
    assert_eq!(ask(&site, 36, "PUT", &link, "").await.status, 405);
    assert_eq!(ask(&site, 37, "POST", &link, "passcode").await.status, 400);
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 2, 38));
    let mut wire = Wire::between(source, site.applicant_addr()).await;
    let body = format!("do=take&passcode={passcode}");
    let head = format!(
        "POST {link} HTTP/1.1\r\nhost: {}\r\norigin: https://elsewhere.example\r\ncontent-length: {}\r\n\r\n{body}",
        site.applicant_addr(),
        body.len()
    );
    wire.send(head.as_bytes()).await;
    assert_eq!(wire.answer().await.expect("an answer").status, 403);
    assert!(keeper.get(PATH).await.body.contains("还没有"));
    // One address has few tries.
    let mut tries = 0;
    while ask(&site, 39, "GET", &link, "").await.status == 200 {
        tries += 1;
        assert!(tries < 60, "nobody is turned away");
    }
    assert_eq!(ask(&site, 39, "GET", &link, "").await.status, 429);
}

#[tokio::test]
async fn a_key_that_is_still_called_with_is_not_retired_unless_that_is_meant() {
    let (site, _three, mut keeper) = ground().await;
    let (old, new) = (site.world().accounts[0].key.clone(), Sm4Key::from_bytes(&[7; 16]));
    let account = site.world().accounts[0].org_id;
    let code = site.token().await;
    site.change(async |a| a.rotate_account_key(account, &new, act(site.hands.now())).await.expect("rotated"))
        .await;
    let shown = keeper.get(PATH).await.body;
    assert!(shown.matches("没有使用记录").count() == 2 && shown.contains("name=\"force\""), "{shown}");
    // Both are used, and a center that starts anew has not forgotten it.
    for key in [&old, &new] {
        assert_eq!(site.status_with(code, key.clone()).await.code(), 0);
    }
    site.center.note_keys().await;
    let seen = format!("最近使用 {}", site.hands.now().shanghai_text());
    for path in [PATH, "/o/accounts/testOrgId"] {
        let shown = keeper.get(path).await.body;
        assert_eq!(shown.matches(&seen).count(), 2, "{path}: {shown}");
    }
    let retire = [("do", "retire"), ("reason", "换完了")];
    let early = keeper.act(PATH, &retire).await;
    assert!(early.status == 409 && early.body.contains("24 小时内还有人在用"), "{}", early.body);
    assert_eq!(site.status_with(code, old.clone()).await.code(), 0, "it still opens");
    // A use within the same five minutes is not written again; a later one is, also of the older key.
    site.hands.forward(Duration::from_hours(23));
    let code = site.token().await;
    assert_eq!(site.status_with(code, old.clone()).await.code(), 0);
    site.center.note_keys().await;
    site.hands.forward(Duration::from_hours(23));
    keeper.log_in().await;
    assert_eq!(keeper.act(PATH, &retire).await.status, 409, "23 hours after its last use");
    site.hands.forward(Duration::from_hours(1));
    keeper.log_in().await;
    assert_eq!(keeper.act(PATH, &retire).await.status, 303, "silent for a day");
    site.center.refresh().await.expect("looked");
    let code = site.token().await;
    assert_eq!(site.status_with(code, old).await.code(), -4);
    assert_eq!(site.status_with(code, new).await.code(), 0);
    assert!(!keeper.get(PATH).await.body.contains("name=\"force\""), "there is none any more");
}

#[tokio::test]
async fn a_key_in_use_is_retired_at_once_for_a_reason_at_console_and_machine() {
    let (site, mut three, mut keeper) = ground().await;
    let old = site.world().accounts[0].key.clone();
    let account = site.world().accounts[0].org_id;
    let (now, code) = (site.hands.now(), site.token().await);
    let rotate = async |byte| {
        let key = Sm4Key::from_bytes(&[byte; 16]);
        site.change(async |a| a.rotate_account_key(account, &key, act(now)).await.expect("rotated")).await;
        key
    };
    let first = rotate(7).await;
    assert_eq!(site.status_with(code, old.clone()).await.code(), 0);
    site.center.note_keys().await;
    site.change(async |a| {
        let refused = a.retire_account_key(account, Retirement::Forced, act(now)).await;
        assert!(matches!(refused, Err(AdministrationError::NoReason)), "{refused:?}");
    })
    .await;
    let force = [("do", "retire"), ("force", "1"), ("reason", "密钥外泄")];
    assert_eq!(keeper.act(PATH, &force).await.status, 303);
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status_with(code, old).await.code(), -4);
    let events = three[2].get("/o/events?find=testOrgId").await.body;
    assert!(events.contains("密钥外泄") && events.contains("停用账号旧密钥"), "{events}");
    // Of the next rotation nothing is known yet, whatever was of the last.
    rotate(8).await;
    assert_eq!(site.status_with(code, first).await.code(), 0, "used, and not written down yet");
    let shown = keeper.get(PATH).await.body;
    assert_eq!(shown.matches("没有使用记录").count(), 2, "{shown}");
}
