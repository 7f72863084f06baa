//! From the scanned code to the decision, against the real center over real HTTP.

use std::sync::Arc;
use std::time::Duration;

use yanmi_client::gate::{
    Ask, Exemption, Grounds, Medium, OfflineOutcome, ProofWay, Reason, Settlement, Verdict, Way,
};
use yanmi_client::offline::{CredentialPassword, DynamicLibrary, PortAnswer, PortFailure, Subject, Terminal};
use yanmi_client::visits::NewVisit;
use yanmi_client::{
    Ambient, CenterClient, DecodeRequest, Desk, DeskError, Failure, PasswordQuestion, StatusAnswer,
    StatusQuery,
};
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_protocol::{Amount, PasswordDigest, QrCode};
use zeroize::Zeroizing;

use crate::hands::{Hands, START};
use crate::site::Site;

fn yuan(text: &str) -> Amount {
    text.parse().expect("an amount")
}

fn ask(amount: &str) -> Ask {
    Ask { kind: Settlement::Outpatient, amount: yuan(amount) }
}

fn scan(desk: &Desk, code: &str) -> yanmi_client::gate::Visit {
    let request = DecodeRequest {
        qr_code: QrCode::new(code).expect("a QR code"),
        business: BusinessType::SETTLEMENT,
        operator_id: "001",
        operator_name: "经办人",
        office_id: "01",
        office_name: "收费处",
    };
    desk.scan(&request, Some("MZ20251123001")).expect("decoded").0
}

fn reason(verdict: &Verdict) -> Reason {
    match verdict {
        Verdict::Settle(grounds) => panic!("settles: {grounds:?}"),
        Verdict::Refuse(advice) | Verdict::FallBack(advice) => advice.reason,
    }
}

#[test]
fn from_the_code_to_the_settlement_with_restarts_in_between() {
    let site = Site::start();
    let desk = site.desk();
    let visit = scan(&desk, &site.shown_code(0));
    let id = visit.id();
    assert_eq!(visit.medium(), Medium::QrCode);
    assert_eq!(reason(&desk.gate(id, ask("128.50")).expect("decided").decision.verdict), Reason::NoWay);

    let noticed = desk.notify(id, Some(yuan("128.50"))).expect("recorded");
    assert_eq!(noticed.advice, None);
    assert_eq!(noticed.report.attempts, 1);
    let gated = desk.gate(id, ask("128.50")).expect("decided");
    let advice = gated.advice().expect("not yet");
    assert_eq!(advice.reason, Reason::NotConfirmed);
    assert!(advice.why.contains("渠道应用已收到通知"), "the center's words: {advice:?}");
    drop(desk);

    // The program was ended; another one finds the visit by the institution's own number and goes on.
    let desk = site.desk();
    assert_eq!(desk.visits().find("MZ20251123001").expect("listed")[0].id(), id);
    site.act("confirm", "01");
    let gated = desk.gate(id, ask("128.50")).expect("decided");
    let Verdict::Settle(Grounds::Proven(proof)) = &gated.decision.verdict else { panic!("{gated:?}") };
    assert_eq!((proof.way, proof.password_free), (ProofWay::OnlinePassword, false));
    assert_eq!(proof.covers, Some(yuan("128.50")));
    assert_eq!(proof.serial, gated.visit.notice().expect("one").serial);
    assert_eq!(site.desk().visits().get(id).expect("kept").decision(), Some(&gated.decision));

    // More than was confirmed is not covered until it is confirmed; less is.
    assert_eq!(
        reason(&desk.gate(id, ask("128.51")).expect("decided").decision.verdict),
        Reason::AmountNotCovered
    );
    assert!(desk.gate(id, ask("90")).expect("decided").settles());
    site.hands.forward(Duration::from_secs(5));
    desk.notify(id, Some(yuan("128.50"))).expect("recorded");
    assert!(desk.gate(id, ask("128.50")).expect("decided").settles(), "it stands (V5)");
    site.hands.forward(Duration::from_secs(5));
    desk.notify(id, Some(yuan("200"))).expect("recorded");
    assert_eq!(
        reason(&desk.gate(id, ask("128.50")).expect("decided").decision.verdict),
        Reason::NotConfirmed
    );

    // Another app, another code: the old token's confirmation is worth nothing.
    site.act("confirm", "01");
    assert!(desk.gate(id, ask("200")).expect("decided").settles());
    let other = scan(&desk, &site.shown_code(0)).token().expect("a token");
    desk.switch_token(id, other).expect("switched");
    assert_eq!(reason(&desk.gate(id, ask("1")).expect("decided").decision.verdict), Reason::NotNotified);
}

#[test]
fn every_answer_to_a_notice_leads_somewhere() {
    let site = Site::start();
    let desk = site.desk();
    let table = [
        ("500001", Err((Reason::Refused, false))),
        ("500002", Err((Reason::Refused, false))),
        ("500012", Err((Reason::Refused, false))),
        ("500033", Err((Reason::Unreachable, true))),
        ("500042", Err((Reason::Refused, false))),
        ("500319", Err((Reason::NoticeFailed, true))),
        ("500320", Ok(())),
        ("500321", Err((Reason::NoticeFailed, true))),
    ];
    for (code, expected) in table {
        let id = desk.begin(&NewVisit::scanned(site.magic(code))).expect("begun").id();
        desk.notify(id, Some(yuan("10"))).expect("recorded");
        let verdict = desk.gate(id, ask("10")).expect("decided").decision.verdict;
        let found = match &verdict {
            Verdict::Settle(Grounds::Proven(proof)) if proof.password_free => Ok(()),
            Verdict::Settle(grounds) => panic!("{code}: {grounds:?}"),
            Verdict::Refuse(advice) => Err((advice.reason, false)),
            Verdict::FallBack(advice) => Err((advice.reason, true)),
        };
        assert_eq!(found, expected, "{code}: {verdict:?}");
    }
}

#[test]
fn a_held_query_and_the_calls_beside_it() {
    let site = Site::start();
    let desk = site.desk();
    let id = scan(&desk, &site.shown_code(0)).id();
    desk.notify(id, None).expect("recorded");
    site.act("cancel", "01");
    let token = desk.visits().get(id).expect("kept").token().expect("a token");
    let answer = desk.client().status(StatusQuery { token, wait: None }).expect("answered").answer;
    let StatusAnswer::Checked { confirmed: false, told: Some(told), .. } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(told.stage, "cancelled");
    let (visit, report) = desk.status(id, Some(Duration::from_secs(1))).expect("recorded");
    assert!(visit.status().is_some() && report.attempts == 1);

    let person = &site.world().persons[0];
    let digest = |digits| PasswordDigest::of(digits).expect("six digits");
    let question = |serial, password| PasswordQuestion {
        id_type: IdType::new(&person.id_type).expect("a type"),
        request_serial: serial,
        password,
        user_name: &person.user_name,
        id_no: &person.id_no,
    };
    let (right, wrong) = (digest(person.password.as_deref().expect("a password")), digest("000000"));
    let called = desk.client().check_password(&question("1616654881967", &right)).expect("answered");
    assert!(called.answer.right && called.answer.serial.starts_with("1616654881967"));
    let called = desk.client().check_password(&question("1616654881968", &wrong)).expect("answered");
    assert!(!called.answer.right);
    let short = desk.client().check_password(&question("12", &right)).expect_err("not sent");
    assert_eq!(short.failure.to_string(), "入参有误：reqBizNo 应为13 至 32 位数字");
    assert_eq!(short.report.attempts, 0);
    assert_eq!(desk.client().key_check_value().to_string(), site.world().accounts[0].kcv);
}

#[test]
fn a_clock_that_is_off_is_corrected_and_reported() {
    let site = Site::start();
    let slow = Hands::new();
    slow.set_clock(START - 723_000);
    let config = site.config();
    let client = CenterClient::new(&config, Arc::new(slow.clone())).expect("a client");
    let query = StatusQuery { token: site.magic("500001"), wait: None };
    let error = client.status(query).expect_err("unknown token");
    assert_eq!(error.report.attempts, 2, "refused once, then stamped right");
    assert!(error.to_string().contains("本机时钟比中心慢 723 秒，已按中心时间发送请求"), "{error}");
    assert_eq!(client.status(query).expect_err("unknown token").report.attempts, 1, "remembered");
    // A notice's serial is judged by the center's time, not by ours.
    let desk = Desk::open(&config, Arc::new(slow.clone())).expect("a desk");
    let id = scan(&desk, &site.shown_code(0)).id();
    assert_eq!(desk.notify(id, None).expect("recorded").advice, None);

    let mut stubborn = config;
    stubborn.center.compensate_clock = false;
    let client = CenterClient::new(&stubborn, Arc::new(slow)).expect("a client");
    let error = client.status(query).expect_err("refused");
    assert_eq!(error.report.attempts, 1);
    assert!(matches!(&error.failure, Failure::Refused { code: -2, .. }), "{error:?}");
    assert!(error.to_string().ends_with("本机时钟比中心慢 723 秒；请立即校准本机时钟"), "{error}");
}

#[test]
fn a_wrong_key_is_said_to_be_one() {
    let site = Site::start();
    let mut config = site.config();
    config.account.key = yanmi_protocol::Sm4Key::from_ascii("not-the-real-key").expect("a key");
    let desk = Desk::open(&config, Arc::new(site.hands.clone())).expect("a desk");
    let id = desk.begin(&NewVisit::scanned(site.magic("500320"))).expect("begun").id();
    let advice = desk.notify(id, None).expect("recorded").advice.expect("failed");
    let Verdict::Refuse(advice) = advice else { panic!("{advice:?}") };
    assert_eq!(advice.code, Some(-4));
    assert!(advice.next.contains("比对密钥校验值"), "{advice:?}");
}

#[derive(Debug)]
struct Counter;

impl Terminal for Counter {
    fn face(&self, subject: &Subject) -> Result<PortAnswer, PortFailure> {
        Ok(PortAnswer {
            passed: true,
            serial: Some("F1".into()),
            token: subject.token,
            message: String::new(),
        })
    }

    fn password(&self, _: &Subject) -> Result<PortAnswer, PortFailure> {
        Err(PortFailure { message: "终端未连接".to_owned() })
    }
}

impl DynamicLibrary for Counter {
    fn password(
        &self,
        _: &Subject,
        password: Option<&CredentialPassword>,
    ) -> Result<PortAnswer, PortFailure> {
        let passed = password.is_some_and(|password| password.reveal() == "111111");
        Ok(PortAnswer { passed, serial: None, token: None, message: "密码错误".to_owned() })
    }
}

#[test]
fn the_offline_ways_and_the_password_that_is_nowhere() {
    let site = Site::start();
    let desk = site.desk();
    let card = desk.begin(&NewVisit::with(Medium::SocialSecurityCard)).expect("begun").id();
    assert_eq!(desk.verify_offline(card, Way::TerminalFace, None), Err(DeskError::NoPort(Way::TerminalFace)));
    let port = Arc::new(Counter);
    let desk = desk.with_terminal(port.clone()).with_library(port);
    let decide = |id| desk.gate(id, ask("10")).expect("decided").decision.verdict;
    let typed = |digits: &str| CredentialPassword::new(Zeroizing::new(digits.to_owned()));
    assert!(typed("11111").is_none() && typed("11111a").is_none());
    assert_eq!(format!("{:?}", typed("111111")), "Some(CredentialPassword(…))");

    desk.verify_offline(card, Way::TerminalPassword, None).expect("recorded");
    assert_eq!(reason(&decide(card)), Reason::OfflineUnavailable);
    desk.verify_offline(card, Way::LibraryPassword, typed("222222")).expect("recorded");
    assert_eq!(reason(&decide(card)), Reason::OfflineFailed);
    desk.verify_offline(card, Way::LibraryPassword, typed("111111")).expect("recorded");
    let Verdict::Settle(Grounds::Proven(proof)) = decide(card) else { panic!() };
    assert_eq!(proof.way, ProofWay::LibraryPassword);

    let scanned = desk.begin(&NewVisit::scanned(site.magic("500319"))).expect("begun").id();
    desk.notify(scanned, None).expect("recorded");
    assert!(matches!(decide(scanned), Verdict::FallBack(_)));
    desk.verify_offline(scanned, Way::TerminalFace, None).expect("recorded");
    let Verdict::Settle(Grounds::Proven(proof)) = decide(scanned) else { panic!() };
    assert_eq!((proof.way, proof.serial.as_deref()), (ProofWay::TerminalFace, Some("F1")));

    let reversal = Ask { kind: Settlement::Reversal, ..ask("10") };
    let other = desk.begin(&NewVisit::with(Medium::IdCard)).expect("begun").id();
    let verdict = desk.gate(other, reversal).expect("decided").decision.verdict;
    assert_eq!(verdict, Verdict::Settle(Grounds::NotGated(Exemption::Reversal)));
    let passed = OfflineOutcome::Passed { serial: None, token: None };
    assert!(desk.record_offline(other, Way::Online, passed).is_err());
    assert!(site.hands.now() >= yanmi_protocol::UnixMillis::new(START));
}
