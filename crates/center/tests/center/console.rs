//! The operators' console over HTTP: how somebody gets in, what he may do then, and what nobody may.

pub(crate) mod applicants;
mod attempts;
mod attestation;
mod channel_test;
pub(crate) mod contacts;
pub(crate) mod insight;
pub(crate) mod issuer;
pub(crate) mod key_offer;
pub(crate) mod oidc;
pub(crate) mod person;
mod scan;
mod second_person;

use std::time::Duration;

use yanmi_center::registry::{FirstOperators, Login, NewOperator};
use yanmi_onboarding::{Action, Area, Role};

use self::person::Person;
use crate::applications;
use crate::register::{NOW, act, administration};
use crate::site::{HOSPITAL, Site, anywhere};
use crate::wire::Wire;

/// A site with a console.
pub(crate) async fn with_console() -> Site {
    Site::with(|config| config.listen.operator = anywhere()).await
}

fn new(login: &str) -> NewOperator {
    NewOperator {
        login: Login::new(login).expect("a login"),
        name: format!("测试{}", login.len()),
        unit: "省医保局".to_owned(),
    }
}

/// The three administrators, logged in: system, security, audit.
pub(crate) async fn administrators(site: &Site) -> [Person; 3] {
    let first = FirstOperators { system: new("system"), security: new("security"), audit: new("auditor") };
    let mut administration = administration(&site.config).await;
    let province = Area::new("35").expect("an area");
    let invitations = administration.bootstrap(&first, province, act(NOW)).await.expect("invited");
    administration.close().await.expect("closed");
    let mut persons = Vec::new();
    for (at, invitation) in invitations.iter().enumerate() {
        let mut person = Person::new(site, 10 + u8::try_from(at).expect("few"));
        person.enrol(&invitation.secret).await;
        assert_eq!(person.log_in().await, 303);
        persons.push(person);
    }
    persons.try_into().ok().expect("three")
}

/// Somebody with this role there, logged in; `last` is his address.
pub(crate) async fn somebody(
    site: &Site,
    [system, security, _]: &mut [Person; 3],
    (role, area, last): (Role, &str, u8),
) -> Person {
    let login = format!("{}.{area}", role.word());
    let fields = [("login", login.as_str()), ("name", "某人"), ("unit", "某局"), ("reason", "接手")];
    let shown = system.act("/o/operators", &fields).await;
    let secret = shown.body.split("/o/invite/").nth(1).expect("an invitation").get(..22).expect("a secret");
    let fields = [("do", "grant"), ("role", role.word()), ("area", area), ("reason", "任命")];
    let granted = security.act(&format!("/o/operators/{login}"), &fields).await;
    assert_eq!(granted.status, 303, "{}", granted.body);
    let mut person = Person::new(site, last);
    person.enrol(secret).await;
    assert_eq!(person.log_in().await, 303);
    person
}

#[tokio::test]
async fn an_invitation_a_password_and_a_phone_let_somebody_in_and_nothing_less_does() {
    let site = with_console().await;
    let [mut system, ..] = administrators(&site).await;
    let home = system.get("/o/").await;
    assert!(home.body.contains("系统管理员（35）"), "{}", home.body);
    // The invitation was good once.
    let mut late = Person::new(&site, 20);
    let shown = late.get(&format!("/o/invite/{}", system.invitation)).await;
    assert_eq!((shown.status, shown.body.contains("已用过")), (410, true));

    let said = |answer: &crate::wire::Answer| answer.body.contains("登录名、密码或验证码不对");
    let [right, code] = [system.password.clone(), system.next_code()];
    for (login, password, code) in [
        ("nobody", right.as_str(), code.as_str()),
        ("system", "another password!", code.as_str()),
        ("system", right.as_str(), "000000"),
        ("system", right.as_str(), ""),
        ("张三", right.as_str(), code.as_str()),
    ] {
        let refused = late.try_to_log_in(login, password, code).await;
        assert_eq!((refused.status, said(&refused)), (403, true), "{login} {code}");
        assert!(refused.header("set-cookie").is_none());
    }
    // Three in a row so far; two more lock, also for who knows everything.
    for _ in 0..2 {
        late.try_to_log_in("system", "another password!", "1").await;
    }
    let locked = late.try_to_log_in("system", &right, &code).await;
    assert_eq!((locked.status, said(&locked)), (403, true));
    site.hands.forward(Duration::from_mins(31));
    assert_eq!(system.log_in().await, 303);
    // A code is good once.
    let used = system.last_code.clone();
    assert_eq!(system.try_to_log_in("system", &right, &used).await.status, 403);
}

#[tokio::test]
async fn ten_tries_a_minute_turn_an_address_away() {
    let site = with_console().await;
    let mut person = Person::new(&site, 30);
    let mut tries = 0;
    // Each takes its time, in which the address earns some of another.
    while person.try_to_log_in("nobody", "no password at all", "000000").await.status == 403 {
        tries += 1;
        assert!(tries < 60, "nobody is turned away");
    }
    assert!(tries >= 10, "{tries}");
    let refused = person.try_to_log_in("nobody", "no password at all", "000000").await;
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (429, true));
    assert_eq!(Person::new(&site, 31).try_to_log_in("nobody", "x", "1").await.status, 403, "from elsewhere");
}

#[tokio::test]
async fn ten_thousand_wrong_passwords_and_codes_let_nobody_in_and_keep_nobody_out_for_good() {
    let site = with_console().await;
    let [mut system, ..] = administrators(&site).await;
    let events = "SELECT count(*) FROM operator_events";
    let before = site.number(events).await;
    let mut answers = std::collections::BTreeMap::<u16, u32>::new();
    let mut thief = Person::new(&site, 32);
    for n in 0..10_000_u32 {
        // Half of them know the password, and guess at the code.
        let code = format!("{:06}", n * 97 % 1_000_000);
        let password = if n % 2 == 0 { system.password.as_str() } else { "correct horse 99 battery" };
        let answer = thief.try_to_log_in("system", password, &code).await;
        assert!(answer.header("set-cookie").is_none(), "{n}: {}", answer.body);
        *answers.entry(answer.status).or_default() += 1;
    }
    // All but a few a minute are turned away before anything is compared.
    assert_eq!(answers.values().sum::<u32>(), 10_000);
    assert!(answers.keys().all(|status| [403, 429].contains(status)), "{answers:?}");
    assert!(answers[&403] < 200, "{answers:?}");
    let written = site.number(events).await - before;
    assert!(written <= i64::from(answers[&403]), "{written} events of {answers:?}");
    // Who it is gets in when the lock is over, from where nobody guessed.
    site.hands.forward(Duration::from_mins(31));
    assert_eq!(system.log_in().await, 303);
}

#[tokio::test]
async fn a_session_ends_by_itself_by_leaving_and_by_another() {
    let site = with_console().await;
    let [mut system, ..] = administrators(&site).await;
    assert_eq!(system.get("/o/operators").await.status, 200);
    let mut stranger = Person::new(&site, 40);
    let sent = stranger.get("/o/operators").await;
    assert_eq!((sent.status, sent.header("location")), (303, Some("/o/login?next=%2Fo%2Foperators")));

    site.hands.forward(Duration::from_mins(14));
    assert_eq!(system.get("/o/").await.status, 200);
    site.hands.forward(Duration::from_mins(16));
    assert_eq!(system.get("/o/").await.status, 303, "nobody used it");

    assert_eq!(system.log_in().await, 303);
    let older = system.cookie.clone();
    assert_eq!(system.log_in().await, 303);
    let newer = std::mem::replace(&mut system.cookie, older);
    assert_eq!(system.get("/o/").await.status, 303, "another login");
    system.cookie = newer;
    assert_eq!(system.get("/o/").await.status, 200);
    let left = system.act("/o/logout", &[]).await;
    assert_eq!((left.status, left.header("location")), (303, Some("/o/login")));
    assert_eq!(system.get("/o/").await.status, 303);
    // No session is longer than eight hours, however busy.
    assert_eq!(system.log_in().await, 303);
    for _ in 0..48 {
        assert_eq!(system.get("/o/").await.status, 200);
        site.hands.forward(Duration::from_mins(10));
    }
    assert_eq!(system.get("/o/").await.status, 303);
}

#[tokio::test]
async fn who_logs_in_is_told_of_the_last_time_and_of_who_tried_since() {
    let site = with_console().await;
    let [mut system, ..] = administrators(&site).await;
    let home = system.get("/o/").await.body;
    let began = home.split("本次登录</dt><dd>").nth(1).and_then(|rest| rest.split('，').next());
    let first = format!("上次登录</dt><dd>{}，来自", began.expect("a time"));
    assert!(home.contains("这是第一次") && !home.contains("登录失败"), "{home}");
    let mut thief = Person::new(&site, 45);
    site.hands.forward(Duration::from_hours(1));
    for _ in 0..3 {
        let code = system.next_code();
        assert_eq!(thief.try_to_log_in("system", "another password!", &code).await.status, 403);
    }
    let tried = site.hands.now();
    site.hands.forward(Duration::from_hours(1));
    assert_eq!(system.log_in().await, 303);
    let home = system.get("/o/").await.body;
    let warned = format!("登录失败 3 次，最近一次 {}，来自 127.0.0.45", tried.shanghai_text());
    assert!(home.contains(&warned), "{warned}: {home}");
    assert!(home.contains(&first), "{home}");
    // The next time it is over, and the time before is that one.
    let second = site.hands.now();
    site.hands.forward(Duration::from_mins(20));
    assert_eq!(system.log_in().await, 303);
    let home = system.get("/o/").await.body;
    assert!(home.contains(&second.shanghai_text()) && !home.contains("登录失败"), "{home}");
}

#[tokio::test]
async fn what_each_may_see_is_what_his_role_says() {
    let site = with_console().await;
    applicants::add(&site, applicants::VENDOR, "35").await;
    let paper = applications::with_paper(&site).await;
    let channel = format!("/o/channels/{}/test", site.channel().chnl_id.as_str());
    let mut three = administrators(&site).await;
    let mut persons = Vec::new();
    for (at, role) in Role::ALL.into_iter().filter(|role| !role.is_administrator()).enumerate() {
        let last = 50 + u8::try_from(at).expect("few");
        persons.push((role, somebody(&site, &mut three, (role, "35", last)).await));
        // His first codes are used up; the next are fresh.
        site.hands.forward(Duration::from_secs(31));
    }
    let [system, security, audit] = three;
    persons.extend([(Role::SystemAdmin, system), (Role::SecurityAdmin, security), (Role::Auditor, audit)]);
    let routes = [
        ("/o/institutions", Action::ViewRegistry),
        ("/o/institutions/H35010000001", Action::ViewRegistry),
        ("/o/accounts", Action::ViewRegistry),
        ("/o/accounts/testOrgId", Action::ViewRegistry),
        ("/o/channels", Action::ViewRegistry),
        ("/o/pending", Action::ViewPending),
        ("/o/statistics", Action::ViewStatistics),
        ("/o/errors", Action::ViewErrors),
        ("/o/trace", Action::TraceNumber),
        ("/o/applications", Action::ViewApplications),
        ("/o/applications/1", Action::ViewApplications),
        ("/o/applications/1/attachments", Action::ViewApplications),
        (paper.as_str(), Action::ViewApplications),
        ("/o/applicants", Action::ViewApplicants),
        ("/o/applicants/1", Action::ViewApplicants),
        ("/o/imports", Action::ViewImports),
        ("/o/imports/template.csv", Action::ViewImports),
        ("/o/imports/template-accounts.csv", Action::ViewImports),
        ("/o/events", Action::ViewEvents),
        ("/o/events/chain", Action::VerifyEvents),
        ("/o/operators", Action::ViewOperators),
        ("/o/operators/system", Action::ViewOperators),
        ("/o/settings", Action::ViewSettings),
        ("/o/alarms", Action::ViewAlarms),
    ];
    for (role, person) in &mut persons {
        let home = person.get("/o/").await;
        assert_eq!(home.status, 200);
        for (route, action) in routes {
            let may = action.roles().contains(role);
            let expected = if may { 200 } else { 404 };
            assert_eq!(person.get(route).await.status, expected, "{role:?} {route}");
            let top = format!("href=\"/o/{}\"", route.split('/').nth(2).expect("a page"));
            assert_eq!(home.body.contains(&top), may, "{role:?} {route}");
        }
        // Not from the head of each page.
        for (route, action) in [
            ("/o/grants", Action::GrantRole),
            ("/o/accounts/testOrgId/key", Action::RotateKey),
            ("/o/institutions/H35010000001/contact", Action::Unmask),
            (channel.as_str(), Action::TestChannel),
        ] {
            let expected = if action.roles().contains(role) { 200 } else { 404 };
            assert_eq!(person.get(route).await.status, expected, "{role:?} {route}");
        }
        assert_eq!(person.get("/o/nothing").await.status, 404);
        assert_eq!(person.get("/o/alarms/1").await.status, 404, "{role:?}");
        // Everybody sees what he has done himself.
        assert!(person.get("/o/me").await.body.contains("登录"), "{role:?}");
    }
}

#[tokio::test]
async fn what_is_out_of_reach_is_not_there() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut county = somebody(&site, &mut three, (Role::Clerk, "350100", 60)).await;
    let mut other = somebody(&site, &mut three, (Role::Clerk, "3502", 61)).await;
    let listed = county.get("/o/institutions").await.body;
    assert!(listed.contains(HOSPITAL), "{listed}");
    assert!(!other.get("/o/institutions").await.body.contains(HOSPITAL));
    let path = format!("/o/institutions/{HOSPITAL}");
    assert_eq!([county.get(&path).await.status, other.get(&path).await.status], [200, 404]);
    // Accounts belong to the province.
    assert_eq!(county.get("/o/accounts").await.status, 404);
    // What is found is found by code and by name, and a sign of the database's is a sign.
    for (find, found) in [("H3501", true), ("%25", false), ("_", false), ("nothing", false)] {
        let listed = county.get(&format!("/o/institutions?find={find}")).await.body;
        assert_eq!(listed.contains(&format!("/o/institutions/{HOSPITAL}\"")), found, "{find}");
    }
}

/// The second person agrees to a change.
pub(crate) async fn agree(second: &mut Person, id: u32) {
    let path = format!("/o/pending/{id}");
    let agreed = second.act(&path, &[("do", "agree"), ("reason", "核对无误")]).await;
    assert_eq!(agreed.status, 303, "{}", agreed.body);
}

#[tokio::test]
async fn two_persons_change_what_is_registered_with_reasons_and_leave_events() {
    let site = with_console().await;
    let token = site.token().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 71)).await;
    let path = format!("/o/institutions/{HOSPITAL}");
    let edit = |name: &'static str, region: &'static str, reason: &'static str| {
        [("do", "edit"), ("name", name), ("region", region), ("reason", reason)]
    };
    let refused = approver.act(&path, &edit("某医院东院", "350102", "")).await;
    assert_eq!((refused.status, refused.body.contains("请写明理由")), (409, true));
    let refused = approver.act(&path, &edit("某医院东院", "3501", "更名")).await;
    assert_eq!((refused.status, refused.body.contains("6 位")), (409, true), "{}", refused.body);
    let proposed = approver.act(&path, &edit("某医院东院", "350102", "更名")).await;
    assert!(proposed.status == 303 && proposed.header("location").is_some_and(|to| to.ends_with("done=2")));
    assert!(!approver.get(&path).await.body.contains("某医院东院"), "not yet");
    agree(&mut reviewer, 1).await;
    let shown = approver.get(&path).await.body;
    assert!(shown.contains("某医院东院") && shown.contains("350102"), "{shown}");

    let account = site.world().accounts[1].org_id;
    let attach = [("do", "attach"), ("account", account.as_str()), ("reason", "又一系统")];
    assert_eq!(approver.act(&path, &attach).await.status, 303);
    agree(&mut reviewer, 2).await;
    // One alone stops, and lets go on.
    let off = [("do", "off"), ("reason", "协议到期")];
    assert_eq!(approver.act(&path, &off).await.status, 303);
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status(token).await.code(), 500_316);
    assert_eq!(approver.act(&path, &[("do", "on"), ("reason", "续签")]).await.status, 303);
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status(token).await.code(), 0);

    let edit = [
        ("do", "edit"),
        ("name", "某系统"),
        ("interface", "status"),
        ("rate", "20"),
        ("mac", "optional"),
        ("networks", "127.0.0.0/8"),
        ("reason", "限速"),
    ];
    assert_eq!(approver.act("/o/accounts/testOrgId", &edit).await.status, 303);
    agree(&mut reviewer, 3).await;
    site.center.refresh().await.expect("looked");
    assert_eq!(site.notify(token, None).await.code(), 500_100);
    let channel = format!("/o/channels/{}", site.channel().chnl_id.as_str());
    let edit = [
        ("do", "edit"),
        ("name", "某应用"),
        ("way", "01"),
        ("settlement", "1"),
        ("record", "active"),
        ("reason", "停刷脸"),
    ];
    assert_eq!(approver.act(&channel, &edit).await.status, 303);
    agree(&mut reviewer, 4).await;
    assert!(reviewer.get(&channel).await.body.contains("某应用"));

    let [_, _, audit] = &mut three;
    let events = audit.get("/o/events").await.body;
    for words in [
        "approver.35",
        "reviewer.35",
        "更名；复核：核对无误",
        "某医院东院",
        "增加机构的业务系统",
        "限速",
        "停刷脸",
        "待复核",
    ] {
        assert!(events.contains(words), "{words}: {events}");
    }
    assert!(audit.get("/o/events/chain").await.body.contains("操作记录完整"));
}

#[tokio::test]
async fn who_is_on_duty_stops_somebody_for_hours_and_does_nothing_else() {
    let site = with_console().await;
    let token = site.token().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 80)).await;
    let path = format!("/o/institutions/{HOSPITAL}");
    let stop = |hours: &'static str| [("do", "stop"), ("hours", hours), ("reason", "疑似冒用")];
    for hours in ["0", "5", "", "x"] {
        assert_eq!(duty.act(&path, &stop(hours)).await.status, 409, "{hours}");
    }
    for other in [
        &[("do", "off"), ("reason", "x")][..],
        &[("do", "close"), ("again", HOSPITAL), ("reason", "x")],
        &[("do", "attach"), ("account", "testOrgId"), ("reason", "x")],
        &[("do", "edit"), ("name", "x"), ("region", "350100"), ("reason", "x")],
    ] {
        assert_eq!(duty.act(&path, other).await.status, 404, "{other:?}");
    }
    assert_eq!(duty.act(&path, &stop("1")).await.status, 303);
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status(token).await.code(), 500_316);
    assert!(duty.get(&path).await.body.contains("停用至"));
    site.hands.forward(Duration::from_hours(1));
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status(token).await.code(), 0, "it lapses by itself");
}

#[tokio::test]
async fn administrators_exclude_each_other_and_nobody_serves_himself() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 90)).await;
    let [system, security, audit] = &mut three;
    let grant = |role: &'static str, area: &'static str| {
        [("do", "grant"), ("role", role), ("area", area), ("reason", "任命")]
    };
    let say = |answer: crate::wire::Answer, words: &str| {
        assert_eq!((answer.status, answer.body.contains(words)), (409, true), "{words}: {}", answer.body);
    };
    say(security.act("/o/operators/security", &grant("clerk", "35")).await, "不能给自己");
    say(security.act("/o/operators/auditor", &grant("clerk", "35")).await, "互斥");
    say(security.act("/o/operators/clerk.3501", &grant("auditor", "35")).await, "互斥");
    say(security.act("/o/operators/clerk.3501", &grant("approver", "3501")).await, "不设该角色");
    assert_eq!(security.act("/o/operators/clerk.3501", &grant("clerk", "36")).await.status, 404);
    for person in [&mut *system, audit, &mut clerk] {
        // Where there is no form of his on the page, he has no token either.
        let status = person.act("/o/operators/clerk.3501", &grant("duty", "35")).await.status;
        assert!([403, 404].contains(&status), "{status}");
    }
    // A new grant ends the session, as what it may has changed.
    assert_eq!(security.act("/o/operators/clerk.3501", &grant("clerk", "3502")).await.status, 303);
    assert_eq!(clerk.get("/o/").await.status, 303);
    let revoke = [("do", "revoke"), ("role", "system-admin"), ("area", "35"), ("reason", "换人")];
    say(security.act("/o/operators/system", &revoke).await, "唯一的系统管理员");
    let close = [("do", "close"), ("reason", "离岗")];
    say(system.act("/o/operators/security", &close).await, "唯一的安全管理员");
    assert_eq!(system.act("/o/operators/clerk.3501", &close).await.status, 303);
    site.hands.forward(Duration::from_secs(31));
    assert_ne!(clerk.log_in().await, 303, "closed");
    let mut administration = administration(&site.config).await;
    let first = FirstOperators { system: new("a1"), security: new("b1"), audit: new("c1") };
    let again = administration.bootstrap(&first, Area::new("35").expect("an area"), act(NOW)).await;
    assert!(again.expect_err("there are some").to_string().contains("recover"));
    administration.close().await.expect("closed");
}

#[tokio::test]
async fn forms_of_others_are_refused_and_old_ones_ask_for_the_code_again() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 95)).await;
    let path = format!("/o/institutions/{HOSPITAL}");
    let off = [("do", "off"), ("reason", "试")];
    let token = approver.token(&path).await;
    for (path, token) in [(path.as_str(), "AAAA"), (path.as_str(), ""), ("/o/accounts/testOrgId", &token)] {
        let sent = approver.post(path, &[&off[..], &[("t", token)]].concat(), &[]).await;
        assert_eq!((sent.status, sent.body.contains("没有做任何更改")), (403, true), "{path} {token}");
    }
    let fields = [&off[..], &[("t", &token)]].concat();
    for header in ["origin: https://elsewhere.example", "sec-fetch-site: cross-site"] {
        assert_eq!(approver.post(&path, &fields, &[header]).await.status, 403, "{header}");
    }
    // Six minutes after the code was shown, it is wanted again.
    site.hands.forward(Duration::from_mins(6));
    assert!(approver.get(&path).await.body.contains("name=\"code\""));
    assert_eq!(approver.post(&path, &fields, &[]).await.status, 409);
    let code = approver.next_code();
    let with_code = [&fields[..], &[("code", &code)]].concat();
    assert_eq!(approver.post(&path, &with_code, &[]).await.status, 303);
    assert!(!approver.get(&path).await.body.contains("name=\"code\""));
    // Nonsense is no form.
    let mut wire = Wire::to(site.operator_addr()).await;
    assert_eq!(wire.post("/o/login", "login=%zz").await.status, 400);
    assert_eq!(wire.post("/o/login", vec![b'a'; 20_000]).await.status, 400);
    let mut wire = Wire::to(site.operator_addr()).await;
    assert_eq!(wire.ask("DELETE", "/o/login", "").await.status, 405);
}

#[tokio::test]
async fn no_secret_of_an_operator_is_stored_or_shown() {
    let site = with_console().await;
    let [mut system, _, mut audit] = administrators(&site).await;
    let pages =
        [system.get("/o/operators").await, system.get("/o/settings").await, audit.get("/o/events").await];
    let stored = site.text("SELECT password FROM operators WHERE login = 'system'").await;
    assert!(stored.starts_with("$argon2id$"), "{stored}");
    let session = system.cookie.clone().expect("a session");
    for page in pages {
        for secret in [&system.password, &system.invitation, &session, &stored] {
            assert!(!page.body.contains(secret.as_str()));
        }
    }
    let kept = site.number("SELECT count(*) FROM operators WHERE invitation IS NOT NULL").await;
    assert_eq!(kept, 0, "taken up");
}
