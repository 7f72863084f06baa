//! Passwords and who may say what: guesses, locks, withdrawn notices, other people's notices, and no password at all.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use yanmi_protocol::EcToken;
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_protocol::message::channel_notice::Kind;
use yanmi_protocol::message::{auth_result, password, pending, status};
use yanmi_simulator::institution::Called;
use yanmi_simulator::world::Channel;

use crate::party::{GOOD_FACE, MISTAKEN, OUT_OF_ORDER, PASSWORD, WITHOUT_PASSWORD};
use crate::plan::digest;
use crate::register::NOW;
use crate::site::{HOSPITAL, Site};

const WRONG: &str = "000000";

/// The hospital has a password checked, in a task of its own.
fn check(site: &Site, name: &str, id_no: &str, password: &str) -> JoinHandle<Called> {
    let message = json!({
        "idType": "99", "reqBizNo": "1616654881967", "userPwd": digest(password), "userName": name, "idNo": id_no,
    });
    let institution = site.institution();
    tokio::spawn(
        async move { institution.call(password::PATH, message.to_string()).await.expect("an answer") },
    )
}

/// `chkFlag`, or the code of a refusal.
async fn checked(checking: JoinHandle<Called>) -> String {
    let called = checking.await.expect("no panic");
    called.member("chkFlag").unwrap_or_else(|| called.code().to_string())
}

/// A report of what the person did about a notice, whatever it says besides.
pub(crate) fn message(number: &str, more: &Value) -> String {
    let mut message =
        json!({ "notcNo": number, "authStas": "1", "authWay": "03", "authTime": NOW.to_string() });
    for (name, value) in more.as_object().expect("an object") {
        message[name] = value.clone();
    }
    message.to_string()
}

/// A channel says what the person did about a notice, in a task of its own.
fn report(site: &Site, channel: &Channel, number: &str, more: &Value) -> JoinHandle<Called> {
    let (app, message) = (site.app_of(channel), message(number, more));
    tokio::spawn(async move { app.call(auth_result::PATH, message).await.expect("an answer") })
}

/// `acptFlag` and `leftCnt`, or the code of a refusal.
async fn reported(reporting: JoinHandle<Called>) -> String {
    told(&reporting.await.expect("no panic"))
}

/// What a channel is told of its report: `acptFlag` with `leftCnt`, or a code.
pub(crate) fn told(called: &Called) -> String {
    match (called.member("acptFlag"), called.member("leftCnt")) {
        (Some(flag), Some(left)) => format!("{flag} {left}"),
        (Some(flag), None) => flag,
        _ => called.code().to_string(),
    }
}

pub(crate) fn by_password(password: &str) -> Value {
    json!({ "authWay": "01", "userPwd": digest(password) })
}

/// Asks for a notice of this token; its number.
pub(crate) async fn notice(site: &Site, token: EcToken) -> String {
    let called = site.notify(token, Some("10")).await;
    assert_eq!(called.code(), 0, "{called:?}");
    let number = "SELECT max(notice) FROM verifications";
    site.number(number).await.to_string()
}

#[tokio::test]
async fn five_wrong_ones_in_a_row_lock_the_check_for_its_time() {
    let (site, national) = Site::with_national(|_| {}).await;
    let lock = site.config.policy.password_lock;
    let guess = async |password| checked(check(&site, "测试", "D1", password)).await;
    for _ in 0..2 {
        for password in [WRONG, WRONG, WRONG, WRONG, PASSWORD, WRONG, WRONG, WRONG, WRONG, WRONG] {
            assert_eq!(guess(password).await, if password == WRONG { "0" } else { "1" });
        }
        let asked = national.passwords_asked();
        for password in [WRONG, PASSWORD] {
            assert_eq!(guess(password).await, "500084");
        }
        site.hands.forward(lock.saturating_sub(Duration::from_millis(1)));
        assert_eq!(guess(PASSWORD).await, "500084");
        assert_eq!(national.passwords_asked(), asked, "while it is locked nobody is asked");
        assert_eq!(checked(check(&site, "测试", "D2", PASSWORD)).await, "1", "another document");
        site.hands.forward(Duration::from_millis(1));
    }
    assert_eq!(guess(PASSWORD).await, "1");
    let serial = check(&site, "测试", "D1", PASSWORD).await.expect("no panic").member("resBizNo");
    // An hour's half after 11:44 in Shanghai.
    assert_eq!(serial.as_deref(), Some("161665488196720251123121400"));
}

#[tokio::test]
async fn what_nobody_could_check_is_no_wrong_guess() {
    let (site, _national) = Site::with_national(|_| {}).await;
    for (name, code) in [(WITHOUT_PASSWORD, "500042"), (OUT_OF_ORDER, "500033")] {
        for _ in 0..7 {
            assert_eq!(checked(check(&site, name, "D1", WRONG)).await, code);
        }
    }
    for _ in 0..4 {
        assert_eq!(checked(check(&site, "测试", "D1", WRONG)).await, "0");
    }
    assert_eq!(checked(check(&site, OUT_OF_ORDER, "D1", WRONG)).await, "500033");
    assert_eq!(checked(check(&site, "测试", "D1", PASSWORD)).await, "1");
}

#[tokio::test]
async fn a_name_that_does_not_belong_to_the_document_is_a_guess() {
    let (site, national) = Site::with_national(|_| {}).await;
    for _ in 0..5 {
        assert_eq!(checked(check(&site, MISTAKEN, "D1", PASSWORD)).await, "500057");
    }
    assert_eq!(checked(check(&site, MISTAKEN, "D1", PASSWORD)).await, "500084");
    assert_eq!(checked(check(&site, "测试", "D1", PASSWORD)).await, "500084");
    assert_eq!(national.passwords_asked(), 5);
}

#[tokio::test]
async fn an_account_that_tries_one_document_after_the_other_is_stopped() {
    let (site, national) = Site::with_national(crate::site::unlimited).await;
    let most = 60;
    for at in 0..most {
        assert_eq!(checked(check(&site, MISTAKEN, &format!("D{at}"), WRONG)).await, "500057");
    }
    assert_eq!(checked(check(&site, "测试", "E1", PASSWORD)).await, "500084");
    assert_eq!(national.passwords_asked(), most);
    let message = json!({
        "idType": "99", "reqBizNo": "1616654881967", "userPwd": digest(PASSWORD), "userName": "测试", "idNo": "E1",
    });
    let another = site.institution_of(1).call(password::PATH, message.to_string()).await.expect("an answer");
    assert_eq!(another.member("chkFlag").as_deref(), Some("1"), "another account");
    site.hands.forward(Duration::from_mins(65));
    assert_eq!(checked(check(&site, "测试", "E1", PASSWORD)).await, "1");
}

#[tokio::test]
async fn a_document_is_one_however_it_is_written() {
    const CARD: &str = "35050119991117351X";
    let (site, national) = Site::with_national(|_| {}).await;
    let channel = site.channel().clone();
    let number = notice(&site, national.issue(channel.chnl_id, 1, " 35050119991117351x")).await;
    let ways = [CARD, "35050119991117351x", " 35050119991117351X ", "３５０５０１１９９９１１１７３５１Ｘ"];
    for (at, written) in (0..).zip(ways) {
        let mut message = json!({
            "reqBizNo": "1616654881967", "userPwd": digest(WRONG), "userName": "测试", "idNo": written,
        });
        message["idType"] = ["01", "99"][at % 2].into();
        let told =
            site.institution_of(at % 2).call(password::PATH, message.to_string()).await.expect("an answer");
        assert_eq!(told.member("chkFlag").as_deref(), Some("0"), "{written}: {told:?}");
    }
    assert_eq!(reported(report(&site, &channel, &number, &by_password(WRONG))).await, "0 0", "the fifth");
    assert_eq!(checked(check(&site, "测试", CARD, PASSWORD)).await, "500084");
    assert_eq!(national.passwords_asked(), 5);
    for bad in ["3505011999111735", "35050119991117351Y", "D1"] {
        let message = json!({
            "idType": "01", "reqBizNo": "1616654881967", "userPwd": digest(WRONG), "userName": "测试", "idNo": bad,
        });
        let told = site.institution().call(password::PATH, message.to_string()).await.expect("an answer");
        assert_eq!(told.code(), -2, "{bad}");
        let said = told.answer.message;
        assert!(said.contains("idNo") && !said.contains(bad), "{said}");
    }
}

#[tokio::test]
async fn a_face_authorization_confirms_one_notice() {
    let (site, national) = Site::with_national(|_| {}).await;
    let channel = site.channel().clone();
    let by_face = json!({ "authWay": "02", "authNo": GOOD_FACE });
    let mut numbers = Vec::new();
    for at in 1..=3 {
        numbers.push(notice(&site, national.issue(channel.chnl_id, at, &format!("D{at}"))).await);
    }
    assert_eq!(reported(report(&site, &channel, &numbers[0], &by_face)).await, "1");
    assert_eq!(reported(report(&site, &channel, &numbers[1], &by_face)).await, "500008");
    assert_eq!(reported(report(&site, &channel, &numbers[0], &by_face)).await, "1", "the same said again");
    let site = site.restart().await;
    assert_eq!(reported(report(&site, &channel, &numbers[2], &by_face)).await, "500008");
    let confirmed = "SELECT count(*) FROM verifications WHERE state = 'verified'";
    assert_eq!(site.number(confirmed).await, 1);
}

#[tokio::test]
async fn twenty_guesses_at_once_are_five() {
    let (site, national) = Site::with_national(|_| {}).await;
    let gate = national.hold_passwords();
    let checking: Vec<_> = (0..20).map(|_| check(&site, "测试", "D1", WRONG)).collect();
    national.until_asked(5).await;
    let mut answers = Vec::new();
    gate.close();
    for checking in checking {
        answers.push(checked(checking).await);
    }
    answers.sort_unstable();
    assert_eq!(answers[..5], ["0"; 5]);
    assert_eq!(answers[5..], ["500084"; 15]);
    assert_eq!(national.passwords_asked(), 5);
    assert_eq!(checked(check(&site, "测试", "D1", PASSWORD)).await, "500084");
}

#[tokio::test]
async fn guesses_count_together_whoever_brings_them() {
    let (site, national) = Site::with_national(|_| {}).await;
    let channels = [0, 3].map(|at| site.world().channels[at].clone());
    let mut numbers = Vec::new();
    for (at, channel) in (1..).zip(&channels) {
        numbers.push(notice(&site, national.issue(channel.chnl_id, at, "D1")).await);
    }
    let gate = national.hold_passwords();
    let mut reporting = Vec::new();
    let mut checking = Vec::new();
    for _ in 0..7 {
        for (channel, number) in channels.iter().zip(&numbers) {
            reporting.push(report(&site, channel, number, &by_password(WRONG)));
        }
        checking.push(check(&site, "测试", "D1", WRONG));
    }
    national.until_asked(5).await;
    gate.close();
    let mut wrong = 0;
    for reporting in reporting {
        wrong += usize::from(reported(reporting).await == "0 0");
    }
    for checking in checking {
        wrong += usize::from(checked(checking).await == "0");
    }
    assert_eq!((wrong, national.passwords_asked()), (5, 5));
    // Locked is the password, not the person.
    let other = notice(&site, national.issue(channels[0].chnl_id, 3, "D1")).await;
    assert_eq!(reported(report(&site, &channels[0], &other, &by_password(PASSWORD))).await, "500084");
    assert_eq!(reported(report(&site, &channels[0], &other, &json!({}))).await, "1");
}

#[tokio::test]
async fn the_last_wrong_one_ends_the_notice_and_after_the_lock_a_new_one_is_confirmed() {
    let (site, national) = Site::with_national(|_| {}).await;
    let channel = site.channel().clone();
    let token = national.issue(channel.chnl_id, 1, "D1");
    let number = notice(&site, token).await;
    for left in ["0 4", "0 3", "0 2", "0 1", "0 0"] {
        assert_eq!(reported(report(&site, &channel, &number, &by_password(WRONG))).await, left);
    }
    assert_eq!(reported(report(&site, &channel, &number, &by_password(PASSWORD))).await, "500014");
    site.hands.forward(site.config.policy.password_lock);
    let second = notice(&site, token).await;
    assert_ne!(second, number);
    assert_eq!(reported(report(&site, &channel, &second, &by_password(WRONG))).await, "0 4");
    assert_eq!(reported(report(&site, &channel, &second, &by_password(PASSWORD))).await, "1");
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn an_older_notice_is_withdrawn_from_the_phone() {
    let site = Site::start().await;
    let app = site.scripted(site.channel()).await;
    let token = site.token().await;
    for (amount, total) in [("10", 1), ("10.00", 2), ("11", 4)] {
        assert_eq!(site.notify(token, Some(amount)).await.code(), 0);
        app.until(total).await;
        site.hands.forward(Duration::from_secs(3));
    }
    let of = |kind| {
        let notices = app.notices().into_iter().filter(move |notice| notice.kind == kind);
        notices.map(|notice| notice.number.to_string()).collect::<Vec<_>>()
    };
    let (sent, withdrawn) = (of(Kind::Notice), of(Kind::Withdrawal));
    assert_eq!((sent[0] == sent[1], sent[1] == sent[2]), (true, false));
    assert_eq!(withdrawn, sent[..1]);
    let channel = site.channel().clone();
    assert_eq!(reported(report(&site, &channel, &sent[0], &json!({}))).await, "500014");
    assert_eq!(reported(report(&site, &channel, &sent[2], &json!({}))).await, "1");
    // What was confirmed is voided by a higher amount, and there is nothing on the phone to withdraw.
    assert_eq!(site.notify(token, Some("12")).await.code(), 0);
    assert_eq!(of(Kind::Withdrawal), withdrawn);
    assert_eq!(site.check_stas(token).await, "0");
}

#[tokio::test]
async fn a_channel_sees_and_answers_its_own_notices_only() {
    let site = Site::start().await;
    let [mine, other] = [0, 3].map(|at| site.world().channels[at].clone());
    let token = site.token_in(&mine).await;
    let number = notice(&site, token).await;
    for more in [json!({}), json!({ "authStas": "2" }), json!({ "authStas": "3" }), by_password("111111")] {
        assert_eq!(reported(report(&site, &other, &number, &more)).await, "500014");
    }
    let index = json!({ "ecIndexNo": site.person().ec_index_no.as_str() }).to_string();
    for (channel, sees) in [(&mine, true), (&other, false)] {
        let called = site.app_of(channel).call(pending::PATH, index.clone()).await.expect("an answer");
        assert_eq!(called.plain.expect("a message").as_str().contains(&number), sees);
    }
    assert_eq!(reported(report(&site, &mine, &number, &json!({}))).await, "1");
    assert_eq!(site.check_stas(token).await, "1");
}

#[tokio::test]
async fn a_report_counts_once_until_the_notice_is_over_and_may_be_repeated() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let life = site.config.policy.notice_life;
    let confirmed = json!({});
    let says: [(&Value, [&str; 4]); 4] = [
        (&confirmed, ["1", "500014", "500014", "500014"]),
        (&json!({ "authStas": "2" }), ["500014", "1", "500014", "500014"]),
        (&json!({ "authStas": "3" }), ["500014", "500014", "1", "500014"]),
        (&json!({ "authStas": "0" }), ["500014", "500014", "500014", "1"]),
    ];
    for (first, then) in &says {
        let number = notice(&site, site.token().await).await;
        assert_eq!(reported(report(&site, &channel, &number, first)).await, "1");
        for ((second, _), expected) in says.iter().zip(then) {
            let answer = reported(report(&site, &channel, &number, second)).await;
            assert_eq!(answer, *expected, "{first} and then {second}");
        }
        site.hands.forward(site.config.policy.quiet);
    }
    let other = site.token_of(&site.world().persons[1].clone(), &channel).await;
    let numbers = [notice(&site, site.token().await).await, notice(&site, other).await];
    site.hands.forward(life.saturating_sub(Duration::from_millis(1)));
    assert_eq!(reported(report(&site, &channel, &numbers[0], &confirmed)).await, "1");
    site.hands.forward(Duration::from_millis(1));
    assert_eq!(reported(report(&site, &channel, &numbers[1], &confirmed)).await, "500014");
    // Repeated later, it is still the same that was said in time.
    assert_eq!(reported(report(&site, &channel, &numbers[0], &confirmed)).await, "1");
}

/// An amount and the code a notice of it is answered with.
type Payment = (Option<&'static str>, i64);

/// A payment in the channel that offers it: notice, then status.
async fn pay(site: &Site, amount: Option<&str>) -> i64 {
    let token = site.token_in(&site.world().channels[1].clone()).await;
    let code = site.notify(token, amount).await.code();
    let draft =
        status::Draft { token: token.as_str(), org_code: HOSPITAL, extended: None, wait_seconds: None };
    // Asking about it again, and again, is one payment.
    for _ in 0..2 {
        let status = site.institution().status(&draft).await.expect("an answer").code();
        assert_eq!(status, if code == 500_320 { code } else { 0 });
    }
    code
}

#[tokio::test]
async fn without_a_password_up_to_the_persons_own_limits() {
    let site = Site::with(|config| config.policy.notices_per_person_hour = 1_000).await;
    let path = format!("/phones/{}/passwordFree", site.person().ec_index_no.as_str());
    let channel = site.world().channels[1].chnl_id;
    let switch = async |limits: Value| {
        let mut body = json!({ "chnlId": channel.as_str(), "openFlag": "1" });
        for (name, value) in limits.as_object().expect("an object") {
            body[name] = value.clone();
        }
        assert_eq!(site.control(&path, &body).await["code"], 0);
    };
    let (free, asked) = (500_320, 0);
    let days: [(Value, &[Payment]); 4] = [
        (json!({ "singleAmt": "50" }), &[(Some("50.00"), free), (Some("50.01"), asked), (None, asked)]),
        (json!({ "dayAmt": "100" }), &[(Some("60"), free), (Some("40.01"), asked), (Some("40"), free)]),
        (json!({ "dayCnt": 2 }), &[(None, free), (Some("999999"), free), (Some("0.01"), asked)]),
        (json!({ "openFlag": "0" }), &[(Some("1"), asked)]),
    ];
    for (limits, payments) in days {
        // A new day in Shanghai, whatever was used before it.
        site.hands.forward(Duration::from_hours(24));
        switch(limits.clone()).await;
        for (amount, code) in payments {
            assert_eq!(pay(&site, *amount).await, *code, "{limits} {amount:?}");
        }
        if limits["dayCnt"] == 2 {
            switch(json!({ "openFlag": "0" })).await;
            switch(limits).await;
            assert_eq!(pay(&site, Some("1")).await, asked, "switching gives nothing back");
        }
    }
    let free_ones = "SELECT count(DISTINCT token) FROM audit WHERE event = 'free-used'";
    assert_eq!(site.number(free_ones).await, 5, "each leaves an event");
    // And each can be read by the person: once, however often it was asked about.
    let uses = "SELECT string_agg(org_code || ' ' || coalesce(CAST(amount AS TEXT), '-') || ' ' || ((at - 1763869440000) / 3600000), \
        ', ') FROM (SELECT * FROM free_payments ORDER BY id) AS uses";
    let expected = [("5000", 24), ("6000", 48), ("4000", 48), ("-", 72), ("99999900", 72)]
        .map(|(fen, hours)| format!("{HOSPITAL} {fen} {hours}"));
    assert_eq!(site.text(uses).await, expected.join(", "));
    let stored =
        "SELECT count(*) FROM verifications v JOIN audit a ON a.token = v.token AND event = 'free-used'";
    assert_eq!(site.number(stored).await, 0, "and none a verification");
}

#[tokio::test]
async fn who_confirmed_for_somebody_is_recorded_sealed() {
    let site = Site::start().await;
    let channel = site.channel().clone();
    let number = notice(&site, site.token().await).await;
    let more = json!({ "cfmName": "代办人甲" });
    assert_eq!(reported(report(&site, &channel, &number, &more)).await, "1");
    let named = "SELECT count(*) FROM audit WHERE event = 'confirmed-03' AND confirmer IS NOT NULL";
    assert_eq!(site.number(named).await, 1);
    let sealed = site.bytes("SELECT confirmer FROM audit WHERE event = 'confirmed-03'").await;
    assert!(!sealed.windows(3).any(|part| part == "代".as_bytes()));
}

/// What a center takes is its operator's to say.
#[tokio::test]
async fn passwords_are_checked_for_the_types_that_are_taken() {
    let (site, national) = Site::with_national(|config| {
        config.certificate_types = ["01", "99"].iter().filter_map(|code| IdType::new(code)).collect();
    })
    .await;
    let ask = async |id_type: &str| {
        let message = json!({
            "idType": id_type, "reqBizNo": "1616654881967", "userPwd": digest(PASSWORD), "userName": "测试",
            "idNo": "E1",
        });
        let called = site.institution().call(password::PATH, message.to_string()).await.expect("an answer");
        (called.code(), called.answer.message.clone(), called.member("chkFlag"))
    };
    assert_eq!(ask("99").await.2.as_deref(), Some("1"));
    let (code, said, _) = ask("08").await;
    assert_eq!(code, -2);
    assert!(said.contains("idType 取值应为 本中心核验密码的证件类型 之一，实际为 08"), "{said}");
    // The national center was not asked, and no try was counted.
    assert_eq!(national.passwords_asked(), 1);
    site.stop().await;
}

/// The same of what codes are decoded for.
#[tokio::test]
async fn codes_are_decoded_for_what_is_taken() {
    let site = Site::with(|config| {
        config.business_types =
            ["01101", "01301"].iter().filter_map(|code| BusinessType::new(code)).collect();
    })
    .await;
    let channel = &site.world().channels[0];
    for (business, code) in [("01101", 0), ("01301", 0), ("01302", 500_156), ("99999", 500_156)] {
        let shown = site.shown_code(channel).await;
        let decoded = site.institution().decode(HOSPITAL, business, &shown).await.expect("an answer");
        assert_eq!(decoded.code, code, "{business}: {}", decoded.message);
        assert_eq!(decoded.token.is_some(), code == 0);
    }
    site.stop().await;
}
