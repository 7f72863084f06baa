//! Alarms: what is wrong is found once a minute, is one row however often it is found, and is taken and closed by who is there.

use std::time::Duration;

use yanmi_center::registry::Login;
use yanmi_onboarding::Role;
use yanmi_protocol::Sm4Key;

use crate::console::person::Person;
use crate::console::{administrators, somebody, with_console};
use crate::register::{act, administration};
use crate::site::{HOSPITAL, Site};

/// Long enough ago that nothing can be on its way, where several centers write.
const SETTLED: Duration = Duration::from_mins(3);

/// The rows of a page of alarms that have this in them.
async fn rows(person: &mut Person, path: &str, words: &str) -> Vec<String> {
    let page = person.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    let rows = page.body.split("<tr>").skip(1).map(str::to_owned);
    rows.filter(|row| row.contains("/o/alarms/") && row.contains(words)).collect()
}

/// The one open alarm with these words: the way to it, and its row.
pub(crate) async fn only(person: &mut Person, words: &str) -> (String, String) {
    let found = rows(person, "/o/alarms", words).await;
    assert_eq!(found.len(), 1, "{words}: {found:?}");
    let way = found[0].split('"').nth(1).expect("a way").to_owned();
    (way, found[0].clone())
}

pub(crate) async fn none(person: &mut Person, words: &str) {
    assert_eq!(rows(person, "/o/alarms", words).await, Vec::<String>::new(), "{words}");
}

/// Persons say that it was not them, one after the other: those from this place on.
pub(crate) async fn not_me(site: &Site, persons: std::ops::Range<usize>) {
    for person in &site.world().persons[persons] {
        let token = site.token_of(person, &site.channel().clone()).await;
        assert_eq!(site.notify(token, Some("10")).await.code(), 0);
        let notice = site.number("SELECT max(notice) FROM verifications").await.to_string();
        assert_eq!(site.act_as(person, &notice, "notMe", "01").await["data"]["acptFlag"], "1");
    }
}

#[tokio::test]
async fn one_alarm_of_an_institution_counts_up_is_taken_closed_and_quiet_for_an_hour() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 60)).await;
    let mut other = somebody(&site, &mut three, (Role::Duty, "3502", 61)).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 62)).await;
    not_me(&site, 0..2).await;
    site.center.look_for_alarms().await;
    none(&mut duty, HOSPITAL).await;
    assert!(!duty.get("/o/").await.body.contains("条告警"));
    not_me(&site, 2..3).await;
    site.center.look_for_alarms().await;
    site.center.look_for_alarms().await;
    let (way, row) = only(&mut duty, HOSPITAL).await;
    assert!(row.contains("有 3 人") && !row.contains("<td>1</td>") && row.contains("没有人"), "{row}");
    assert!(row.contains(&format!("href=\"/o/institutions/{HOSPITAL}\"")), "{row}");
    assert!(duty.get("/o/").await.body.contains("有 1 条告警没有关闭"));
    assert_eq!(site.metric("yanmi_alarms_open{rule=\"not_me\"}").await, 1);
    // Who is elsewhere sees nothing, and may not even know of it; who only watches cannot act.
    none(&mut other, HOSPITAL).await;
    assert!(!other.get("/o/").await.body.contains("条告警"));
    assert_eq!(other.get(&way).await.status, 404);
    only(&mut approver, HOSPITAL).await;
    let page = approver.get(&way).await.body;
    assert!(page.contains("电话核实") && !page.contains("关闭</button>"), "{page}");
    // Taken and closed with a reason, each an event.
    let take = [("do", "take"), ("reason", "我来问")];
    assert_eq!(duty.act(&way, &take).await.status, 303);
    assert!(only(&mut duty, HOSPITAL).await.1.contains("duty.3501"));
    let again = duty.act(&way, &take).await;
    assert!(again.status == 409 && again.body.contains("已经由您接手"), "{}", again.body);
    for wrong in [[("do", "close"), ("reason", "")], [("do", "delete"), ("reason", "x")]] {
        assert!([400, 409].contains(&duty.act(&way, &wrong).await.status), "{wrong:?}");
    }
    assert_eq!(duty.act(&way, &[("do", "close"), ("reason", "窗口认错人，已提醒")]).await.status, 303);
    none(&mut duty, HOSPITAL).await;
    let closed = rows(&mut duty, "/o/alarms?state=closed", HOSPITAL).await;
    assert!(closed.len() == 1 && closed[0].contains("duty.3501 已关闭"), "{closed:?}");
    assert!(duty.get(&way).await.body.contains("窗口认错人，已提醒"));
    let events = three[2].get("/o/events?find=duty").await.body;
    for words in ["接手告警", "关闭告警", "我来问", "窗口认错人"] {
        assert!(events.contains(words), "{words}: {events}");
    }
    // What was seen before does not come back; what happens after the quiet hour does.
    site.center.look_for_alarms().await;
    none(&mut duty, HOSPITAL).await;
    assert_eq!(site.metric("yanmi_alarms_open{rule=\"not_me\"}").await, 0);
    site.hands.forward(Duration::from_mins(61));
    duty.move_to(60);
    assert_eq!(duty.log_in().await, 303);
    site.center.look_for_alarms().await;
    none(&mut duty, HOSPITAL).await;
    not_me(&site, 0..3).await;
    site.center.look_for_alarms().await;
    assert_ne!(only(&mut duty, HOSPITAL).await.0, way, "another");
}

#[tokio::test]
async fn a_strange_address_that_tries_keys_is_told_and_a_known_one_is_not() {
    let site = Site::with(|config| {
        config.listen.operator = crate::site::anywhere();
        config.limits.failed_openings_per_minute = 1_000;
    })
    .await;
    let token = site.token().await;
    for _ in 0..30 {
        assert_eq!(site.status_with(token, Sm4Key::from_bytes(&[9; 16])).await.code(), -4);
    }
    // A few are written down one by one, the rest as a sum: at a stop also what is not due.
    let site = site.restart().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 63)).await;
    site.center.look_for_alarms().await;
    let (way, row) = only(&mut duty, "陌生地址").await;
    assert!(row.contains("30 个请求密钥不对") && row.contains("127.0.0.1"), "{row}");
    assert!(row.contains("自称 testOrgId"), "{row}");
    assert_eq!(duty.act(&way, &[("do", "close"), ("reason", "接入配置错误")]).await.status, 303);
    // Hours later the same again: nobody is a stranger twice.
    site.hands.forward(Duration::from_hours(3));
    let token = site.token().await;
    for _ in 0..30 {
        assert_eq!(site.status_with(token, Sm4Key::from_bytes(&[9; 16])).await.code(), -4);
    }
    let site = site.restart().await;
    site.center.look_for_alarms().await;
    assert_eq!(site.number("SELECT count(*) FROM alarms WHERE rule = 'probing'").await, 1);
}

#[tokio::test]
async fn a_channel_whose_notices_do_not_arrive_is_told_when_there_are_enough() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 64)).await;
    site.mood(&site.channel().clone(), "refuse", 0).await;
    assert_eq!(site.notify(site.token().await, Some("10")).await.code(), 500_319);
    site.hands.forward(SETTLED);
    site.center.count_statistics().await;
    site.center.look_for_alarms().await;
    none(&mut duty, "渠道送达率低").await;
    // As if nineteen others had failed in other cities.
    site.execute("UPDATE stat_city_hour SET undelivered = 20, delivered = 3 WHERE undelivered = 1").await;
    site.center.look_for_alarms().await;
    let (_, row) = only(&mut duty, "渠道送达率低").await;
    assert!(row.contains("23 次投递，送达 3 次"), "{row}");
    assert!(row.contains(&format!("/o/channels/{}", site.channel().chnl_id.as_str())), "{row}");
    let mut city = somebody(&site, &mut three, (Role::Duty, "3501", 65)).await;
    none(&mut city, "渠道送达率低").await;
}

#[tokio::test]
async fn a_lock_and_a_recovery_are_for_the_security_administrator_and_auditors_are_shown_it_for_a_week() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 66)).await;
    let mut late = Person::new(&site, 67);
    for _ in 0..5 {
        assert_eq!(late.try_to_log_in("duty.35", "another password!", "1").await.status, 403);
    }
    site.center.look_for_alarms().await;
    let [system, security, audit] = &mut three;
    let (way, row) = only(security, "操作员被锁定").await;
    assert!(row.contains("/o/operators/duty.35") && row.contains("锁定至"), "{row}");
    only(&mut duty, "操作员被锁定").await;
    assert_eq!(duty.act(&way, &[("do", "take"), ("reason", "看看")]).await.status, 403, "no form of his");
    assert_eq!(security.act(&way, &[("do", "close"), ("reason", "本人输错")]).await.status, 303);
    // Who looks after machines sees nothing of colleagues, and has no page of them.
    none(system, "操作员").await;
    assert_eq!(system.get(&way).await.status, 404);

    let red = "在主机上用 recover 重新邀请了";
    assert!(!audit.get("/o/").await.body.contains(red));
    let login = Login::new("security").expect("a login");
    let mut administration = administration(&site.config).await;
    administration.recover(login, act(site.hands.now())).await.expect("invited");
    administration.close().await.expect("closed");
    let home = audit.get("/o/").await.body;
    assert!(home.contains(red) && home.contains("/o/operators/security"), "{home}");
    site.center.look_for_alarms().await;
    site.center.look_for_alarms().await;
    let (_, row) = only(security, "在主机上重新邀请了操作员").await;
    assert!(row.contains("<td>1</td>"), "an event is one, however often one looks: {row}");
    assert!(audit.get("/o/events").await.body.contains("在主机上重新邀请操作员"));
    for (hours, shown) in [(24 * 6, true), (25, false)] {
        site.hands.forward(Duration::from_hours(hours));
        audit.move_to(66 + u8::try_from(hours / 24).expect("few"));
        assert_eq!(audit.log_in().await, 303);
        assert_eq!(audit.get("/o/").await.body.contains(red), shown, "{hours}");
    }
}

#[tokio::test]
async fn who_changes_what_was_recorded_is_found_by_the_watch() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    site.center.look_for_alarms().await;
    let security = &mut three[1];
    none(security, "操作记录不完整").await;
    site.execute("UPDATE operator_events SET reason = 'x' WHERE seq = 3").await;
    // It goes round: what was looked at is looked at again.
    for _ in 0..3 {
        site.center.look_for_alarms().await;
    }
    let (way, row) = only(security, "操作记录不完整").await;
    assert!(row.contains("第 3 条内容与写入时不符"), "{row}");
    site.execute("UPDATE operator_events SET reason = '' WHERE seq = 3").await;
    assert_eq!(security.act(&way, &[("do", "close"), ("reason", "已查明")]).await.status, 303);
    // Two days later the end of it is cut off.
    site.hands.forward(Duration::from_hours(48));
    for _ in 0..3 {
        site.center.look_for_alarms().await;
    }
    security.move_to(68);
    assert_eq!(security.log_in().await, 303);
    none(security, "操作记录不完整").await;
    site.center.look_for_alarms().await;
    site.execute("DELETE FROM operator_events WHERE seq = (SELECT max(seq) FROM operator_events AS e)").await;
    site.center.look_for_alarms().await;
    assert!(only(security, "操作记录不完整").await.1.contains("已经不在"));
}

/// The center's clock is a test's: a server's is another, and that is told.
#[tokio::test]
async fn a_clock_that_is_off_is_told_where_there_is_another_to_compare_it_with() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    site.center.look_for_alarms().await;
    let system = &mut three[0];
    if matches!(site.config.database, yanmi_center::config::Database::Sqlite(_)) {
        none(system, "节点时钟不准").await;
        return;
    }
    let (way, row) = only(system, "节点时钟不准").await;
    assert!(row.contains("比数据库的时钟"), "{row}");
    assert_eq!(system.act(&way, &[("do", "close"), ("reason", "已校时")]).await.status, 303);
}

/// Goes on to half past two in the morning.
fn to_the_night(site: &Site) {
    let text = site.hands.now().shanghai_text();
    let number = |from: usize| text[from..from + 2].parse::<u64>().expect("a number");
    let minutes = number(11) * 60 + number(14);
    let until = (24 * 60 + 150 - minutes) % (24 * 60);
    site.hands.forward(Duration::from_mins(until));
}

#[tokio::test]
async fn yesterday_is_counted_again_at_night_and_what_is_different_is_an_alarm() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    for night in 0..2 {
        let token = site.token().await;
        assert_eq!(site.notify(token, Some("10")).await.code(), 0);
        let notice = site.newest_notice().await;
        site.act(&notice, "confirm", "01").await;
        site.hands.forward(SETTLED);
        site.center.count_statistics().await;
        if night == 1 {
            site.execute(
                "UPDATE stat_org_day SET asked = asked + 2 WHERE day = (SELECT max(day) FROM stat_org_day)",
            )
            .await;
        }
        to_the_night(&site);
        site.center.count_statistics().await;
        site.center.count_statistics().await;
        let found = site.number("SELECT count(*) FROM alarms WHERE rule = 'recount'").await;
        assert_eq!(found, night, "once, and only where it is different");
        assert!(site.number("SELECT upto FROM stat_marks WHERE source = 'day'").await > 20_250_000);
    }
    let system = &mut three[0];
    system.move_to(70);
    assert_eq!(system.log_in().await, 303);
    let (_, row) = only(system, "统计与审计不一致").await;
    assert!(row.contains("asked 统计 3、审计 1") && row.contains(HOSPITAL), "{row}");
    // The numbers stay: they are the witness.
    assert_eq!(site.number("SELECT asked FROM stat_org_day ORDER BY day DESC LIMIT 1").await, 3);
}

#[tokio::test]
async fn an_institution_that_was_busy_every_day_and_has_a_day_without_anything_is_told() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 71)).await;
    // Somebody asks at another institution, so that there is an audit.
    let token = site.token().await;
    assert_eq!(site.notify_at("P35010000001", token).await.code(), 0);
    site.hands.forward(SETTLED);
    site.center.count_statistics().await;
    to_the_night(&site);
    assert_eq!(site.hands.now().shanghai_day(), 20_251_124, "the days below are those before yesterday");
    site.execute(
        "INSERT INTO stat_org_day WITH RECURSIVE n (i) AS (SELECT 20251116 UNION ALL SELECT i + 1 FROM n WHERE i < 20251122) \
         SELECT i, 'H35010000001', 20, 0, 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM n",
    )
    .await;
    site.center.count_statistics().await;
    duty.move_to(71);
    assert_eq!(duty.log_in().await, 303);
    let (_, row) = only(&mut duty, "机构一整天没有业务").await;
    assert!(row.contains(HOSPITAL) && row.contains("共 140 次"), "{row}");
    assert_eq!(site.number("SELECT count(*) FROM alarms WHERE rule = 'silent'").await, 1);
}
