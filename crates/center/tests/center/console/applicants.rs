//! Applicants and their persons: added by clerks, and what each of them sees at the pages of the other listener.

use std::time::Duration;

use yanmi_center::registry::{
    AccountEdit, Interfaces, Login, MacRule, NewAccount, NewApplicant, NewApplicantUser, SourceNetworks,
};
use yanmi_onboarding::{ApplicantKind, ApplicantRole, Area, CreditCode, Role};
use yanmi_protocol::Sm4Key;

use super::key_offer::{PATH, ask, offer};
use super::person::Person;
use super::{administrators, agree, somebody};
use crate::register::{NOW, act};
use crate::site::{Site, anywhere};

/// An applicant: its code, and what it is called.
pub(crate) type Unit = (&'static str, &'static str);
pub(crate) const VENDOR: Unit = ("91350100M000100Y43", "闽医软件");
pub(crate) const HOSPITAL_UNIT: Unit = ("123500004880000001", "示范医院");

fn code((code, _): Unit) -> CreditCode {
    CreditCode::new(code).expect("a code")
}

/// A site with both faces for people.
pub(crate) async fn with_both() -> Site {
    Site::with(|config| {
        config.listen.operator = anywhere();
        config.listen.applicant = anywhere();
    })
    .await
}

/// Adds an applicant of this area.
pub(crate) async fn add(site: &Site, unit: Unit, region: &str) {
    let new = NewApplicant {
        kind: ApplicantKind::Vendor,
        name: unit.1.to_owned(),
        credit_code: code(unit),
        region: Area::new(region).expect("an area"),
    };
    site.change(async |a| a.add_applicant(&new, act(NOW)).await.expect("added")).await;
}

/// A person of it with this login, logged in; `last` is his address.
pub(crate) async fn person_of(site: &Site, unit: Unit, (login, last): (&str, u8)) -> Person {
    let role = if login.starts_with('t') { ApplicantRole::Technical } else { ApplicantRole::Admin };
    let new = NewApplicantUser {
        login: Login::new(login).expect("a login"),
        applicant: code(unit),
        name: format!("{}的{login}", unit.1),
        phone: "0591-87654321".to_owned(),
        role,
    };
    let mut secret = String::new();
    site.change(async |a| {
        let invitation = a.invite_applicant_user(&new, act(site.hands.now())).await.expect("invited");
        secret.push_str(&invitation.secret);
    })
    .await;
    let mut person = Person::of_applicant(site, last);
    person.enrol(&secret).await;
    assert_eq!(person.log_in().await, 303);
    person
}

/// Says whose an account is.
pub(crate) async fn assign(site: &Site, account: usize, unit: Unit) {
    let id = site.world().accounts[account].org_id;
    site.change(async |a| a.assign_account(id, Some(code(unit)), act(NOW)).await.expect("assigned")).await;
}

#[tokio::test]
async fn a_clerk_adds_an_applicant_and_its_persons_log_in() {
    let site = with_both().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 60)).await;
    let mut other = somebody(&site, &mut three, (Role::Clerk, "3502", 61)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 62)).await;
    let new = |credit: &'static str, region: &'static str| {
        [
            ("kind", "vendor"),
            ("name", VENDOR.1),
            ("credit", credit),
            ("region", region),
            ("reason", "来窗口申请"),
        ]
    };
    for (credit, region, words) in [
        ("91350100M000100Y34", "3501", "校验位不对"),
        ("91350100M000100Y", "3501", "18 位"),
        (VENDOR.0, "35", "不在您的辖区之内"),
        (VENDOR.0, "3502", "不在您的辖区之内"),
    ] {
        let refused = clerk.act("/o/applicants", &new(credit, region)).await;
        assert_eq!((refused.status, refused.body.contains(words)), (409, true), "{words}: {}", refused.body);
    }
    let added = clerk.act("/o/applicants", &new(VENDOR.0, "3501")).await;
    assert_eq!((added.status, added.header("location")), (303, Some("/o/applicants/1?done=1")));
    let twice = clerk.act("/o/applicants", &new(VENDOR.0, "3501")).await;
    assert_eq!((twice.status, twice.body.contains("已存在")), (409, true), "{}", twice.body);

    // Who is elsewhere does not see it, and who only looks cannot change it.
    assert!(!other.get("/o/applicants").await.body.contains(VENDOR.1));
    assert_eq!(other.get("/o/applicants/1").await.status, 404);
    assert!(reviewer.get("/o/applicants?find=9135").await.body.contains(VENDOR.1));
    let page = reviewer.get("/o/applicants/1").await.body;
    assert!(!page.contains("邀请人员"), "{page}");

    let invite = |login: &'static str, role: &'static str, phone: &'static str| {
        [
            ("do", "invite"),
            ("login", login),
            ("name", "赵六"),
            ("role", role),
            ("phone", phone),
            ("reason", "经办负责人"),
        ]
    };
    let path = "/o/applicants/1";
    let refused = clerk.act(path, &invite("zhao.liu", "admin", "打给我")).await;
    assert_eq!((refused.status, refused.body.contains("电话应为")), (409, true));
    let denied = reviewer.act(path, &invite("zhao.liu", "admin", "0591-87654321")).await.status;
    assert!([403, 404].contains(&denied), "{denied}");
    let shown = clerk.act(path, &invite("zhao.liu", "admin", "0591-87654321")).await;
    let secret = shown.body.split("/a/invite/").nth(1).expect("an invitation").get(..22).expect("22");
    let mut zhao = Person::of_applicant(&site, 80);
    zhao.enrol(secret).await;
    let again = zhao.get(&format!("/a/invite/{secret}")).await;
    assert_eq!((again.status, again.body.contains("已用过")), (410, true));
    assert_eq!(zhao.log_in().await, 303);
    let home = zhao.get("/a/").await.body;
    for words in [VENDOR.1, "赵六，经办负责人", "没有技术联系人", "没有业务系统登记在贵单位名下"]
    {
        assert!(home.contains(words), "{words}: {home}");
    }
    let page = clerk.get(path).await.body;
    assert!(page.contains("0591-87654321") && page.contains("可登录"), "{page}");
    let page = reviewer.get(path).await.body;
    assert!(page.contains("*********4321") && !page.contains("0591-87654321"), "{page}");

    let events = three[2].get("/o/events").await.body;
    for words in ["新增申请方", "邀请申请方人员", "申请方人员接受邀请", "applicant:zhao.liu", "*********4321"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
    assert!(!events.contains("0591-87654321") && !events.contains(secret), "{events}");
    assert!(three[2].get("/o/events/chain").await.body.contains("完整"));
}

#[tokio::test]
async fn a_clerk_changes_what_a_person_is_called_and_where() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    add(&site, HOSPITAL_UNIT, "3501").await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 60)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 62)).await;
    let mut zhao = person_of(&site, VENDOR, ("zhao", 80)).await;
    let path = "/o/applicants/1";
    let edit = |name: &'static str, phone: &'static str| {
        [("do", "edit-person"), ("login", "zhao"), ("name", name), ("phone", phone), ("reason", "换人接听")]
    };
    let changes = "SELECT changes FROM operator_events WHERE object = 'zhao' ORDER BY seq DESC LIMIT 1";
    for (name, phone, words) in [("赵\u{202E}六", "0591-87654321", "U+202E"), ("赵六", "打给我", "电话应为")]
    {
        let refused = clerk.act(path, &edit(name, phone)).await;
        assert_eq!((refused.status, refused.body.contains(words)), (409, true), "{}", refused.body);
    }
    assert_eq!(clerk.act(path, &edit("赵六", "0591-87650001")).await.status, 303);
    assert_eq!(
        site.text(changes).await,
        r#"[["name","闽医软件的zhao","赵六"],["phone","*********4321","*********0001"]]"#
    );
    // Another number of the same mask.
    assert_eq!(clerk.act(path, &edit("赵六", "0592-87650001")).await.status, 303);
    assert_eq!(site.text(changes).await, r#"[["phone","*********0001","*********0001"]]"#);
    let page = clerk.get(path).await.body;
    assert!(page.contains("赵六") && page.contains("0592-87650001"), "{page}");
    assert_eq!(zhao.get("/a/").await.status, 200, "he stays logged in");
    // Not of another applicant, nor by who only looks, nor of who is closed.
    assert_eq!(clerk.act("/o/applicants/2", &edit("某", "0591-87654321")).await.status, 404);
    let denied = reviewer.act(path, &edit("某", "0591-87654321")).await.status;
    assert!([403, 404].contains(&denied), "{denied}");
    let close = [("do", "close-person"), ("login", "zhao"), ("reason", "离职")];
    assert_eq!(clerk.act(path, &close).await.status, 303);
    let late = clerk.act(path, &edit("某", "0591-87654321")).await;
    assert_eq!((late.status, late.body.contains("已注销")), (409, true), "{}", late.body);
    let events = three[2].get("/o/events").await.body;
    assert!(events.contains("更改或重新邀请申请方人员") && events.contains("换人接听"), "{events}");
    assert!(!events.contains("8765"), "{events}");
}

#[tokio::test]
async fn an_account_is_somebodys_from_the_beginning_or_by_an_edit() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    let id = yanmi_protocol::AccountId::new("his-of-vendor").expect("an account");
    let new = NewAccount {
        id,
        name: "某系统".to_owned(),
        key: Sm4Key::from_bytes(&[9; 16]),
        interfaces: Interfaces::ALL,
        rate: None,
        mac: MacRule::Optional,
        networks: SourceNetworks::default(),
    };
    site.change(async |a| {
        let nobody = a.add_account_of(&new, code(HOSPITAL_UNIT), act(NOW)).await.expect_err("not there");
        assert!(nobody.to_string().contains("申请方"), "{nobody}");
        assert!(a.account(&id).await.expect("a database").is_none(), "nothing was added");
        a.add_account_of(&new, code(VENDOR), act(NOW)).await.expect("added");
        let whose = |row: Option<yanmi_center::registry::AccountRow>| row.expect("it is there").applicant;
        assert_eq!(whose(a.account(&id).await.expect("a database")), Some(1));
        let edit = |applicant| AccountEdit { applicant: Some(applicant), ..AccountEdit::default() };
        a.edit_account(id, &edit(None), act(NOW)).await.expect("edited");
        assert_eq!(whose(a.account(&id).await.expect("a database")), None);
        a.edit_account(id, &edit(Some(code(VENDOR))), act(NOW)).await.expect("edited");
        let name = AccountEdit { name: Some("又名".to_owned()), ..AccountEdit::default() };
        a.edit_account(id, &name, act(NOW)).await.expect("edited");
        assert_eq!(whose(a.account(&id).await.expect("a database")), Some(1), "what is left out stays");
        let gone = a.edit_account(id, &edit(Some(code(HOSPITAL_UNIT))), act(NOW)).await;
        assert!(gone.expect_err("not there").to_string().contains("申请方"));
    })
    .await;
    let added = "SELECT count(*) FROM operator_events WHERE object = 'his-of-vendor' AND action = 'account.add' \
        AND changes LIKE '%\"applicant\",null,\"1\"%'";
    assert_eq!(site.number(added).await, 1, "one event says both");
}

#[tokio::test]
async fn nobody_of_one_face_is_anybody_at_the_other() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    let mut three = administrators(&site).await;
    // The same login as an operator's is another person's.
    let mut zhao = person_of(&site, VENDOR, ("system", 80)).await;
    let value = |person: &Person| {
        let cookie = person.cookie.clone().expect("a session");
        cookie.split_once('=').expect("a cookie").1.to_owned()
    };
    let (ours, theirs) = (value(&three[0]), value(&zhao));
    let mut stranger = Person::of_applicant(&site, 81);
    for (cookie, status) in [
        (format!("yanmi-a={ours}"), 303),
        (format!("yanmi-o={theirs}"), 303),
        (format!("yanmi-a={theirs}"), 200),
    ] {
        stranger.cookie = Some(cookie.clone());
        assert_eq!(stranger.get("/a/").await.status, status, "{cookie}");
    }
    let mut stranger = Person::new(&site, 82);
    for cookie in [format!("yanmi-o={theirs}"), format!("yanmi-a={ours}")] {
        stranger.cookie = Some(cookie.clone());
        assert_eq!(stranger.get("/o/").await.status, 303, "{cookie}");
    }
    // Nor does a password or a phone of the one open the other.
    let (password, code) = (three[0].password.clone(), three[0].next_code());
    assert_eq!(Person::of_applicant(&site, 83).try_to_log_in("system", &password, &code).await.status, 403);
    let (password, code) = (zhao.password.clone(), zhao.next_code());
    assert_eq!(Person::new(&site, 84).try_to_log_in("system", &password, &code).await.status, 403);
    // An invitation is none of the other face.
    let shown = three[0]
        .act("/o/operators", &[("login", "wang"), ("name", "王"), ("unit", "局"), ("reason", "到岗")]);
    let shown = shown.await.body;
    let secret = shown.split("/o/invite/").nth(1).expect("an invitation").get(..22).expect("a secret");
    assert_eq!(Person::of_applicant(&site, 85).get(&format!("/a/invite/{secret}")).await.status, 410);
    assert_eq!(Person::new(&site, 86).get(&format!("/o/invite/{secret}")).await.status, 200);
    // The pages of the one are not at the other.
    assert_eq!(zhao.get("/o/").await.status, 404);
    assert_eq!(three[0].get("/a/").await.status, 404);
}

#[tokio::test]
async fn wrong_logins_lock_a_person_and_turn_an_address_away_but_no_operator() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    let [mut system, ..] = administrators(&site).await;
    let mut zhao = person_of(&site, VENDOR, ("zhao", 80)).await;
    let mut guesser = Person::of_applicant(&site, 81);
    for _ in 0..5 {
        assert_eq!(guesser.try_to_log_in("zhao", "another password!", "000000").await.status, 403);
    }
    assert_eq!(zhao.log_in().await, 403, "locked");
    site.hands.forward(Duration::from_mins(31));
    assert_eq!(zhao.log_in().await, 303);
    let mut tries = 0;
    while guesser.try_to_log_in("nobody", "no password at all", "000000").await.status == 403 {
        tries += 1;
        assert!(tries < 60, "nobody is turned away");
    }
    let refused = guesser.try_to_log_in("nobody", "no password at all", "000000").await;
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (429, true));
    // From the same address the console is as open as before.
    assert_eq!(Person::new(&site, 81).try_to_log_in("nobody", "x", "1").await.status, 403);
    assert_eq!(system.log_in().await, 303);
}

#[tokio::test]
async fn each_sees_his_own_accounts_and_what_was_refused_to_them() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    add(&site, HOSPITAL_UNIT, "3501").await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 71)).await;
    let mut technician = person_of(&site, VENDOR, ("tech", 80)).await;
    let mut hospital = person_of(&site, HOSPITAL_UNIT, ("zhao", 81)).await;
    // At the console, two persons say whose an account is.
    let path = "/o/accounts/testOrgId";
    let assign_to = |credit: &'static str| [("do", "applicant"), ("credit", credit), ("reason", "接入函")];
    let refused = approver.act(path, &assign_to("91350100M000100Y34")).await;
    assert_eq!((refused.status, refused.body.contains("校验位")), (409, true));
    let proposed = approver.act(path, &assign_to(VENDOR.0)).await;
    assert!(proposed.status == 303 && !technician.get("/a/").await.body.contains("testOrgId"), "not yet");
    agree(&mut reviewer, 1).await;
    assert!(approver.get(path).await.body.contains(VENDOR.1));
    assign(&site, 1, HOSPITAL_UNIT).await;
    let other = site.world().accounts[1].org_id;
    let other = other.as_str();

    let home = technician.get("/a/").await.body;
    assert!(home.contains("testOrgId") && !home.contains(&format!("/a/accounts/{other}")), "{home}");
    let home = hospital.get("/a/").await.body;
    assert!(!home.contains("testOrgId") && home.contains(other), "{home}");
    for place in
        ["/a/accounts/testOrgId", "/a/accounts/testOrgId/key", "/a/accounts/nobody", "/a/accounts/%3Cb%3E"]
    {
        assert_eq!(hospital.get(place).await.status, 404, "{place}");
    }
    // An envelope under a wrong key, and an institution that is not the account's.
    let token = site.token().await;
    assert_eq!(site.status_with(token, Sm4Key::from_bytes(&[9; 16])).await.code(), -4);
    site.center.keep_calls().await;
    let page = technician.get("/a/accounts/testOrgId").await;
    assert_eq!(page.status, 200, "{}", page.body);
    for words in
        ["共拒绝 <strong>1</strong> 次", "testOrgId（自称）", "-4", "最近一小时", crate::site::HOSPITAL]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let page = hospital.get(&format!("/a/accounts/{other}")).await.body;
    assert!(page.contains("共拒绝 <strong>0</strong> 次"), "{page}");
    // Stopped by the console, it is said to be, and who acts.
    assert_eq!(approver.act(path, &[("do", "off"), ("reason", "协议到期")]).await.status, 303);
    let home = technician.get("/a/").await.body;
    assert!(home.contains("testOrgId 已停用") && home.contains("当地医保经办"), "{home}");
}

#[tokio::test]
async fn a_key_is_taken_by_a_person_of_the_applicant_and_is_missed_until_it_is_used() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    add(&site, HOSPITAL_UNIT, "3501").await;
    let mut three = administrators(&site).await;
    let mut keeper = somebody(&site, &mut three, (Role::KeyKeeper, "35", 70)).await;
    let mut zhao = person_of(&site, VENDOR, ("zhao", 80)).await;
    let mut other = person_of(&site, HOSPITAL_UNIT, ("qian", 81)).await;
    assign(&site, 0, VENDOR).await;
    let (link, passcode) = offer(&mut keeper).await;
    let home = zhao.get("/a/").await.body;
    assert!(home.contains("testOrgId 有一把密钥等您领取"), "{home}");
    // Who has link and passcode, but is not of the applicant, is sent to log in, whoever he is.
    let take = format!("do=take&passcode={passcode}");
    for answer in [ask(&site, 1, "GET", &link, "").await, ask(&site, 2, "POST", &link, &take).await] {
        assert!(answer.status == 200 && answer.body.contains("登录之后领取"), "{}", answer.body);
    }
    let fields = [("do", "take"), ("passcode", passcode.as_str())];
    let told = other.post(&link, &fields, &[]).await;
    assert!(told.status == 200 && told.body.contains("登录之后领取"), "{}", told.body);
    let place = "/a/accounts/testOrgId/key";
    let wrong = zhao.act(place, &[("do", "take"), ("passcode", "00000000")]).await;
    assert!(wrong.status == 409 && wrong.body.contains("提取码不对"), "{}", wrong.body);
    let foreign = zhao.post(place, &fields, &[]).await;
    assert_eq!(foreign.status, 403, "without the token of the form");
    let shown = zhao.act(place, &fields).await;
    let hex =
        shown.body.split("class=\"key\">").nth(1).expect("a key").get(..32).expect("32 digits").to_owned();
    let key = Sm4Key::from_hex(&hex).expect("a key");
    assert_eq!(zhao.act(place, &fields).await.status, 410, "once");
    assert!(zhao.get("/a/").await.body.contains("已领取，还没有核对校验值"));
    let kcv = key.kcv().to_string();
    let checked = zhao.act(place, &[("do", "check"), ("kcv", &kcv)]).await;
    assert!(checked.status == 200 && checked.body.contains("已核对"), "{}", checked.body);
    let home = zhao.get("/a/").await.body;
    assert!(!home.contains("核对校验值") && home.contains("密钥还没有用过"), "{home}");
    // The one before is in use still, which does not count.
    site.center.refresh().await.expect("looked");
    let token = site.token().await;
    assert_eq!(site.status(token).await.code(), 0);
    site.center.note_keys().await;
    assert!(zhao.get("/a/").await.body.contains("密钥还没有用过"));
    assert_eq!(site.status_with(token, key).await.code(), 0);
    site.center.note_keys().await;
    let home = zhao.get("/a/").await.body;
    assert!(!home.contains("密钥还没有用过"), "{home}");
    let events = three[2].get("/o/events?find=testOrgId").await.body;
    assert!(events.contains("applicant:zhao") && events.contains("交付密钥：已领取"), "{events}");
    assert!(!events.contains(&hex), "{events}");
    let page = keeper.get(PATH).await.body;
    assert!(page.contains("对方已核对") && page.contains("0591-87654321"), "{page}");
}

#[tokio::test]
async fn a_key_that_did_not_arrive_is_the_keepers_task() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    let mut three = administrators(&site).await;
    let mut keeper = somebody(&site, &mut three, (Role::KeyKeeper, "35", 70)).await;
    let mut zhao = person_of(&site, VENDOR, ("zhao", 80)).await;
    assign(&site, 0, VENDOR).await;
    assert!(!zhao.get("/a/").await.body.contains("省级密钥管理员"));
    assert_eq!(zhao.get("/a/accounts/testOrgId/key").await.status, 404, "nothing was offered");
    offer(&mut keeper).await;
    assert_eq!(keeper.act(PATH, &[("do", "void"), ("reason", "发错人")]).await.status, 303);
    let home = zhao.get("/a/").await.body;
    for words in ["testOrgId 的密钥没有交到（由操作员作废）", "省级密钥管理员"] {
        assert!(home.contains(words), "{words}: {home}");
    }
    assert_eq!(zhao.get("/a/accounts/testOrgId/key").await.status, 410);
    // Another offer takes the place of the one before.
    site.hands.forward(Duration::from_secs(1));
    offer(&mut keeper).await;
    let home = zhao.get("/a/").await.body;
    assert!(home.contains("有一把密钥等您领取") && !home.contains("没有交到"), "{home}");
    site.hands.forward(Duration::from_hours(73));
    zhao.move_to(80);
    assert_eq!(zhao.log_in().await, 303);
    let home = zhao.get("/a/").await.body;
    assert!(home.contains("testOrgId 的密钥过期没有领取：请另发一次"), "{home}");
}

#[tokio::test]
async fn another_password_and_the_end_of_a_person_end_the_session() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 60)).await;
    let mut zhao = person_of(&site, VENDOR, ("zhao", 80)).await;
    let mut technician = person_of(&site, VENDOR, ("tech", 81)).await;
    let old = zhao.password.clone();
    let change = |present: &str, new: &str, again: &str| {
        [("present", present.to_owned()), ("password", new.to_owned()), ("again", again.to_owned())]
    };
    let new = "another horse 80 battery";
    for (present, password, again, words) in [
        ("wrong", new, new, "现在的密码不对"),
        (old.as_str(), new, "yet another one", "不一样"),
        (old.as_str(), "zhao12345678", "zhao12345678", "登录名"),
    ] {
        let fields = change(present, password, again);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = zhao.act("/a/me", &fields).await;
        assert_eq!((refused.status, refused.body.contains(words)), (409, true), "{words}: {}", refused.body);
    }
    let fields = change(&old, new, new);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let changed = zhao.act("/a/me", &fields).await;
    assert_eq!((changed.status, changed.header("location")), (303, Some("/a/login")));
    assert_eq!(zhao.get("/a/").await.status, 303, "the session is over");
    zhao.move_to(80);
    assert_eq!(zhao.log_in().await, 403, "the password before");
    new.clone_into(&mut zhao.password);
    assert_eq!(zhao.log_in().await, 303);
    let left = zhao.act("/a/logout", &[]).await;
    assert_eq!((left.status, left.header("location")), (303, Some("/a/login")));
    assert_eq!(zhao.log_in().await, 303);

    let stored = site.bytes("SELECT phone FROM applicant_users ORDER BY login LIMIT 1").await;
    assert!(!String::from_utf8_lossy(&stored).contains("87654321"), "telephones are sealed");
    let path = "/o/applicants/1";
    let close = [("do", "close-person"), ("login", "tech"), ("reason", "离职")];
    assert_eq!(clerk.act(path, &close).await.status, 303);
    assert_eq!(technician.get("/a/").await.status, 303);
    assert_ne!(technician.log_in().await, 303, "closed");
    let nobody = [("do", "close-person"), ("login", "system"), ("reason", "离职")];
    assert_eq!(clerk.act(path, &nobody).await.status, 404, "an operator is no person of an applicant");
    assert_eq!(clerk.act(path, &[("do", "close"), ("reason", "不再接入")]).await.status, 303);
    assert_eq!(zhao.get("/a/").await.status, 303, "the applicant is closed");
    zhao.move_to(82);
    assert_ne!(zhao.log_in().await, 303);
    assert!(clerk.get("/o/applicants").await.body.contains("已注销"));
    assert_eq!(site.number("SELECT count(*) FROM applicant_sessions").await, 0);
}
