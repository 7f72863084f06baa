//! Several centers on one database are one center.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;
use yanmi_center::Center;
use yanmi_center::config::Faces;
use yanmi_center::registry::{FirstOperators, Login, NewOperator, Object, Switch};
use yanmi_onboarding::{Area, Role};
use yanmi_protocol::EcToken;
use yanmi_protocol::message::{auth_result, notify, password, password_free, status};
use yanmi_simulator::Institution;

use crate::console::{administrators, somebody, with_console};
use crate::party::National;
use crate::plan::digest;
use crate::register::{NOW, act, administration};
use crate::site::{AMPLE, HOSPITAL, HOSPITAL_NAME, Site, anywhere, eventually, start};

/// Another center of a site.
pub(crate) struct Second {
    pub(crate) center: Center,
    pub(crate) institution: Institution,
}

impl Second {
    pub(crate) async fn beside(site: &Site) -> Self {
        let mut config = site.config.clone();
        config.listen.institution = anywhere();
        config.listen.channel = anywhere();
        let center = start(&config, &site.hands).await.expect("a second center");
        let url = format!("http://{}", center.institution_addr().expect("a listener"));
        let (world, hands) = (site.world(), site.hands.clone());
        let account = &world.accounts[0];
        let now = std::sync::Arc::new(move || hands.now());
        let institution =
            Institution::new(&url, account.org_id.as_str(), account.key.clone(), world.region, now);
        Self { center, institution }
    }
}

pub(crate) async fn notice(institution: &Institution, token: EcToken) -> i64 {
    let draft = notify::Draft {
        token: token.as_str(),
        org_code: HOSPITAL,
        org_name: HOSPITAL_NAME,
        amount: Some("10"),
    };
    institution.notify(&draft).await.expect("an answer").code()
}

pub(crate) async fn check_stas(institution: &Institution, token: EcToken) -> String {
    let draft =
        status::Draft { token: token.as_str(), org_code: HOSPITAL, extended: None, wait_seconds: None };
    let called = institution.status(&draft).await.expect("an answer");
    called.member("checkStas").unwrap_or_else(|| called.code().to_string())
}

/// Asks both centers, one after the other, at once; the codes.
async fn notices_at_both(site: &Site, second: &Second, tokens: &[EcToken]) -> Vec<i64> {
    let asking: Vec<JoinHandle<i64>> = tokens
        .iter()
        .flat_map(|token| [(*token, site.institution()), (*token, second.institution.clone())])
        .map(|(token, institution)| tokio::spawn(async move { notice(&institution, token).await }))
        .collect();
    let mut codes = Vec::new();
    for asked in asking {
        codes.push(asked.await.expect("no panic"));
    }
    codes
}

/// No batch failed, none had to be repeated, and no two waited for each other.
async fn nobody_stood_in_the_way(site: &Site) {
    assert_eq!(site.metric("yanmi_ledger_failed_total").await, 0);
    assert_eq!(site.metric("yanmi_database_retries_total{cause=\"conflict\"}").await, 0);
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(site.number(deadlocks).await, 0);
}

/// A site whose accounts may call as often as they like.
pub(crate) async fn unlimited() -> (Site, National) {
    Site::with_national(|config| {
        config.limits.requests_per_second = 100_000;
        config.limits.burst = 100_000;
    })
    .await
}

#[tokio::test]
async fn what_one_center_does_counts_at_the_other() {
    let site = Site::start().await;
    let second = Second::beside(&site).await;
    let token = site.token().await;
    assert_eq!(notice(&second.institution, token).await, 0);
    assert_eq!(site.notify(token, Some("10")).await.code(), 500_084, "within three seconds of the other's");
    assert_eq!(site.check_stas(token).await, "0");
    let number = site.newest_notice().await;
    assert_eq!(
        site.act(&number, "confirm", "01").await["data"]["acptFlag"],
        "1",
        "asked by the one, told to the other"
    );
    assert_eq!(check_stas(&second.institution, token).await, "1");
    second.center.stop().await;
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn a_process_that_serves_only_the_console_stops_somebody_and_has_a_notice_delivered() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 90)).await;
    let mut config = site.config.clone();
    config.listen = Faces { operator: anywhere(), ..Faces::default() };
    let console = start(&config, &site.hands).await.expect("a console");
    assert!(console.institution_addr().is_none() && console.channel_addr().is_none());
    // The session is that of the site, whichever process the page is from.
    duty.face = console.operator_addr().expect("a listener");
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let number = site.newest_notice().await;
    site.hands.forward(Duration::from_mins(1));
    let sent = duty.act("/o/trace", &[("number", &number)]).await;
    let address = sent.header("location").expect("an address").to_owned();
    let again = duty.act(&address, &[("do", "redeliver"), ("story", "0"), ("reason", "手机上没有")]).await;
    assert_eq!(again.status, 303, "{}", again.body);
    assert_eq!(site.newest_notice().await, number);
    assert_eq!(site.act(&number, "confirm", "01").await["data"]["acptFlag"], "1");
    let path = format!("/o/institutions/{HOSPITAL}");
    let stopped = duty.act(&path, &[("do", "stop"), ("hours", "1"), ("reason", "疑似冒用")]).await;
    assert_eq!(stopped.status, 303, "{}", stopped.body);
    let token = site.token().await;
    eventually(async || site.notify(token, Some("10")).await.code() == 500_316).await;
    console.stop().await;
}

#[tokio::test]
async fn a_query_held_at_one_center_wakes_when_another_hears_of_the_person() {
    let site = Site::start().await;
    let second = Second::beside(&site).await;
    let mut quickest = AMPLE;
    for _ in 0..5 {
        let token = site.token().await;
        site.notify(token, Some("10")).await;
        let number = site.newest_notice().await;
        let institution = second.institution.clone();
        let message = json!({ "token": token.as_str(), "orgCodg": HOSPITAL, "ext": "1", "waitSeconds": 30 });
        let waiting = tokio::spawn(async move {
            let called = institution.call(status::PATH, message.to_string()).await.expect("an answer");
            (called.member("checkStas"), Instant::now())
        });
        let address = second.center.operations_addr().expect("a listener");
        eventually(async || {
            let page = crate::wire::Wire::to(address).await.ask("GET", "/metrics", "").await;
            page.body.lines().any(|line| line == "yanmi_held_queries 1")
        })
        .await;
        check_stas(&second.institution, token).await;
        site.act(&number, "confirm", "01").await;
        let confirmed = Instant::now();
        let (answer, at) = tokio::time::timeout(AMPLE, waiting).await.expect("woken").expect("no panic");
        assert_eq!(answer.as_deref(), Some("1"));
        quickest = quickest.min(at.saturating_duration_since(confirmed));
    }
    // The machine may be busy with other tests once, or twice.
    assert!(quickest < Duration::from_millis(100), "{quickest:?}");
}

#[tokio::test]
async fn of_notices_at_both_centers_at_once_one_is_sent_for_each_token() {
    let (site, national) = unlimited().await;
    let second = Second::beside(&site).await;
    let channel = site.channel().chnl_id;
    let persons: Vec<String> = (0..24).map(|number| format!("P{number}")).collect();
    let tokens: Vec<EcToken> =
        (0..).zip(&persons).map(|(number, person)| national.issue_to(person, channel, number)).collect();
    for round in 0..5 {
        let mut codes = notices_at_both(&site, &second, &tokens).await;
        codes.sort_unstable();
        assert_eq!(codes[..24], [0; 24], "round {round}");
        assert_eq!(codes[24..], [500_084; 24], "round {round}");
        site.hands.forward(Duration::from_secs(4));
    }
    assert_eq!(site.number("SELECT sum(notices)::bigint FROM verifications").await, 5 * 24);
    assert_eq!(site.number("SELECT count(DISTINCT notice) FROM verifications").await, 24);
    nobody_stood_in_the_way(&site).await;
}

#[tokio::test]
async fn a_persons_notices_are_counted_once_whoever_is_asked() {
    let (site, national) = unlimited().await;
    let second = Second::beside(&site).await;
    let channel = site.channel().chnl_id;
    // Three persons, each with more tokens than notices in an hour.
    let tokens: Vec<EcToken> =
        (0..90).map(|number| national.issue_to(&format!("P{}", number % 3), channel, number)).collect();
    let codes = notices_at_both(&site, &second, &tokens).await;
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 3 * 20);
    assert!(codes.iter().all(|code| [0, 500_084].contains(code)), "{codes:?}");
    nobody_stood_in_the_way(&site).await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_once_whoever_is_told() {
    let (site, national) = unlimited().await;
    let second = Second::beside(&site).await;
    let check = |institution: Institution| {
        tokio::spawn(async move {
            let message = json!({
                "idType": "99", "reqBizNo": "1616654881967", "userPwd": digest("000000"), "userName": "测试",
                "idNo": "D1",
            });
            institution.call(password::PATH, message.to_string()).await.expect("an answer").code()
        })
    };
    let checking: Vec<_> =
        (0..12).flat_map(|_| [check(site.institution()), check(second.institution.clone())]).collect();
    let mut answered = 0;
    for check in checking {
        answered += i32::from(check.await.expect("no panic") == 0);
    }
    assert_eq!(answered, 5);
    assert_eq!(national.passwords_asked(), 5);
}

#[tokio::test]
async fn of_a_persons_codes_shown_at_two_centers_at_once_one_can_be_confirmed() {
    let (site, national) = unlimited().await;
    let second = Second::beside(&site).await;
    let channel = site.channel().chnl_id;
    let app = site.app_of(site.channel());
    for round in 0..8_u32 {
        let persons = (0..6).map(|person| format!("P{round}x{person}"));
        // Each person shows four codes.
        let tokens: Vec<EcToken> = (0..)
            .zip(persons.flat_map(|person| std::iter::repeat_n(person, 4)))
            .map(|(number, person)| national.issue_to(&person, channel, round * 100 + number))
            .collect();
        let codes = notices_at_both(&site, &second, &tokens).await;
        assert_eq!(codes.iter().filter(|code| **code == 0).count(), tokens.len(), "{codes:?}");
        let mut accepted = 0;
        let numbers =
            site.text("SELECT string_agg(notice::text, ' ') FROM verifications WHERE state <> 'verified'");
        for number in numbers.await.split(' ') {
            let told = json!({
                "notcNo": number, "authWay": "03", "authStas": "1", "authTime": NOW.to_string(),
            });
            let answer = app.call(auth_result::PATH, told.to_string()).await.expect("an answer");
            assert!([0, 500_014].contains(&answer.code()), "{answer:?}");
            accepted += usize::from(answer.code() == 0);
        }
        assert_eq!(accepted, 6, "round {round}: one for each person");
    }
    let events = "SELECT count(*) FROM audit WHERE event = 'handed-over'";
    assert_eq!(site.number(events).await, 8 * 6 * 3);
    nobody_stood_in_the_way(&site).await;
}

/// Asks for notices and statuses of these payments at both centers at once; those that need no password.
async fn free_ones(site: &Site, second: &Second, payments: &[(EcToken, &'static str)]) -> HashSet<EcToken> {
    let institutions = [site.institution(), second.institution.clone()];
    let asking: Vec<_> = payments
        .iter()
        .flat_map(|payment| institutions.iter().map(|institution| (*payment, institution.clone())))
        .map(|((token, amount), institution)| {
            tokio::spawn(async move {
                let (org_code, org_name) = (HOSPITAL, HOSPITAL_NAME);
                let draft = notify::Draft { token: token.as_str(), org_code, org_name, amount: Some(amount) };
                let code = institution.notify(&draft).await.expect("an answer").code();
                assert!([0, 500_084, 500_320].contains(&code), "{code}");
                let again = check_stas(&institution, token).await;
                assert!(code != 500_320 || again == "500320", "what was let through stays so: {again}");
                (token, code)
            })
        })
        .collect();
    let mut free = HashSet::new();
    for asked in asking {
        let (token, code) = asked.await.expect("no panic");
        if code == 500_320 {
            free.insert(token);
        }
    }
    free
}

#[tokio::test]
async fn without_a_password_a_days_limits_hold_to_the_fen_whoever_is_asked() {
    let (site, national) = unlimited().await;
    let second = Second::beside(&site).await;
    let channel = site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone();
    let app = site.app_of(&channel);
    for (round, (limits, amount, most)) in
        [(json!({ "dayCnt": 5 }), "0.03", 5), (json!({ "dayAmt": "1.00" }), "0.03", 33)]
            .into_iter()
            .enumerate()
    {
        let person = format!("P{round}");
        let mut switch = json!({ "ecIndexNo": person, "openFlag": "1" });
        for (name, limit) in limits.as_object().expect("an object") {
            switch[name] = limit.clone();
        }
        assert_eq!(app.call(password_free::PATH, switch.to_string()).await.expect("an answer").code(), 0);
        let base = u32::try_from(round).expect("few") * 100;
        let payments: Vec<_> =
            (0..40).map(|n| (national.issue_to(&person, channel.chnl_id, base + n), amount)).collect();
        assert_eq!(free_ones(&site, &second, &payments).await.len(), most, "{limits}");
    }
    let spent = "SELECT string_agg(spent || ' ' || used, ', ') FROM (SELECT * FROM password_free \
        WHERE used > 0 ORDER BY used) AS settings";
    assert_eq!(site.text(spent).await, "15 5, 99 33");
    assert_eq!(site.number("SELECT sum(amount)::bigint FROM free_payments").await, 15 + 99);
    assert_eq!(site.number("SELECT count(*) FROM free_payments").await, 5 + 33);
    assert_eq!(site.number("SELECT count(*) FROM free_uses").await, 5 + 33);
    nobody_stood_in_the_way(&site).await;
}

#[tokio::test]
async fn what_was_told_one_center_is_kept_by_all_in_the_same_moment() {
    let (site, national) = unlimited().await;
    let second = Second::beside(&site).await;
    let channel = site.channel().chnl_id;
    let tokens: Vec<EcToken> = (0..12).map(|number| national.issue_to("P0", channel, number)).collect();
    assert_eq!(notice(&site.institution(), tokens[0]).await, 0);
    let number = site.number("SELECT notice FROM verifications").await.to_string();
    let app = site.app_of(site.channel());
    let told = json!({ "notcNo": number, "authStas": "3", "authTime": NOW.to_string() });
    // The same report at once, many times, and notices of the same person meanwhile.
    let telling: Vec<_> = (0..6)
        .map(|_| {
            let (app, told) = (app.clone(), told.to_string());
            tokio::spawn(async move { app.call(auth_result::PATH, told).await.expect("an answer").code() })
        })
        .collect();
    for telling in telling {
        assert_eq!(telling.await.expect("no panic"), 0);
    }
    assert!(notices_at_both(&site, &second, &tokens).await.iter().all(|code| *code == 500_084));
    assert_eq!(site.number("SELECT count(*) FROM audit WHERE event = 'not-me'").await, 1);
    site.hands.forward(site.config.policy.quiet);
    assert_eq!(notice(&second.institution, tokens[1]).await, 0);
    nobody_stood_in_the_way(&site).await;
}

#[tokio::test]
async fn a_change_of_the_registry_is_seen_by_every_center_within_two_seconds() {
    let site = Site::start().await;
    let second = Second::beside(&site).await;
    let token = site.token().await;
    assert_eq!(check_stas(&second.institution, token).await, "0");
    let mut administration = administration(&site.config).await;
    administration
        .switch(Object::Account(site.world().accounts[0].org_id), Switch::Off, act(NOW))
        .await
        .expect("switched off");
    let changed = Instant::now();
    for institution in [site.institution(), second.institution.clone()] {
        eventually(async || check_stas(&institution, token).await != "0").await;
    }
    assert!(changed.elapsed() < Duration::from_secs(2), "{:?}", changed.elapsed());
}

#[tokio::test]
async fn an_empty_database_is_made_into_one_site_by_who_migrates_at_once_and_by_no_center() {
    let site = Site::start().await;
    let mut config = site.config.clone();
    config.database = crate::server::database().await;
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    let starting = |config: &yanmi_center::config::Config| -> Vec<_> {
        (0..4)
            .map(|_| {
                let (config, hands) = (config.clone(), site.hands.clone());
                tokio::spawn(async move { start(&config, &hands).await })
            })
            .collect()
    };
    for refused in starting(&config) {
        let refused = refused.await.expect("no panic").expect_err("nothing to run on");
        assert!(refused.to_string().contains("yanmi migrate"), "{refused}");
    }
    let making: Vec<_> = (0..4)
        .map(|_| {
            let config = config.clone();
            tokio::spawn(async move { crate::register::made(&config).await })
        })
        .collect();
    for made in making {
        made.await.expect("all of them make one");
    }
    for center in starting(&config) {
        center.await.expect("no panic").expect("a center").stop().await;
    }
}

#[tokio::test]
async fn what_two_centers_remove_at_once_is_removed_once() {
    const OLD: &str = "INSERT INTO audit (at, event) SELECT 1, 'old' FROM generate_series(1, 4000)";
    let site = Site::start().await;
    let second = Second::beside(&site).await;
    site.center.remove_old().await.expect("a round");
    site.execute(OLD).await;
    let (one, other) = tokio::join!(site.center.remove_old(), second.center.remove_old());
    assert_eq!(one.expect("a round") + other.expect("a round"), 4_000);
    assert_eq!(site.number("SELECT count(*) FROM audit WHERE at = 1").await, 0);
    nobody_stood_in_the_way(&site).await;
}

#[tokio::test]
async fn what_two_centers_look_at_is_one_alarm_and_an_event_is_found_once() {
    let site = Site::start().await;
    let second = Second::beside(&site).await;
    let new = |login: &str| NewOperator {
        login: Login::new(login).expect("a login"),
        name: "某人".to_owned(),
        unit: "省医保局".to_owned(),
    };
    let first = FirstOperators { system: new("system"), security: new("security"), audit: new("auditor") };
    let province = Area::new("35").expect("an area");
    site.change(async |a| {
        a.bootstrap(&first, province, act(site.hands.now())).await.expect("invited");
        a.recover(first.security.login, act(site.hands.now())).await.expect("invited");
    })
    .await;
    for _ in 0..2 {
        tokio::join!(site.center.look_for_alarms(), second.center.look_for_alarms());
        // Whoever looked first is left alone for a while; then another takes over.
        site.hands.forward(Duration::from_mins(4));
        second.center.look_for_alarms().await;
    }
    let times = "SELECT times FROM alarms WHERE rule = 'recovered' AND object = 'security'";
    assert_eq!(site.number(times).await, 1);
    // Each has a clock of its own; these are a test's, and those of nobody else.
    assert_eq!(site.number("SELECT count(*) FROM alarms WHERE rule = 'clock'").await, 2);
    second.center.stop().await;
}
