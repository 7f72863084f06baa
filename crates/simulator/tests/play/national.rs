//! The national center, asked through real envelopes over real sockets.

use crate::stage::{self, NOW, Stage, region};
use serde_json::{Value, json};
use yanmi_protocol::message::national::{self, Credential, PasswordQuestion, PersonStatus};
use yanmi_protocol::{Code, EcToken, PasswordDigest, QrCode, UnixMillis, envelope};
use yanmi_simulator::{NationalMood, magic};

/// Asks a question; the code, and the opened answer.
async fn ask(stage: &Stage, path: &str, question: &str) -> (i64, Option<Value>) {
    let account = &stage.world().national;
    let now = UnixMillis::new(NOW);
    let body =
        envelope::request(&account.key, account.org_id.as_str(), "cfc", region(), now, question.as_bytes());
    let (answer, plain) = stage.post(path, body).await.open(&account.key).expect("an answer");
    (answer.code, plain.map(|plain| serde_json::from_str(plain.as_str()).expect("JSON")))
}

fn credential(value: &Value) -> Credential {
    let text = value.to_string();
    Credential::read(&yanmi_protocol::Members::parse(&text).expect("an object")).expect("a credential")
}

async fn by_token(stage: &Stage, token: EcToken) -> Result<Credential, i64> {
    let (code, answer) = ask(stage, national::TOKEN_PATH, &national::token_question(token)).await;
    answer.map(|value| credential(&value)).ok_or(code)
}

async fn by_qr_code(stage: &Stage, code: &str) -> Result<Credential, i64> {
    let question = national::qr_code_question(QrCode::new(code).expect("a code"), "H35010000001", "01101");
    let (code, answer) = ask(stage, national::QR_CODE_PATH, &question).await;
    answer.map(|value| credential(&value)).ok_or(code)
}

async fn show(stage: &Stage, person: usize, channel: usize) -> String {
    let body = json!({
        "ecIndexNo": stage.world().persons[person].ec_index_no.as_str(),
        "chnlId": stage.world().channels[channel].chnl_id.as_str(),
    });
    let (status, value) = stage.control("/qr", body).await;
    assert_eq!(status, 200);
    value["ecQrCode"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_shown_code_is_decoded_to_a_token_that_is_known_again() {
    let stage = Stage::set().await;
    let code = show(&stage, 0, 0).await;
    let first = by_qr_code(&stage, &code).await.expect("known");
    let second = by_qr_code(&stage, &code).await.expect("known");
    assert_ne!(first.token, second.token, "each decode makes a token");
    let again = by_token(&stage, first.token).await.expect("known");
    assert_eq!(again.to_json(), first.to_json());
    assert_eq!(first.decoded_at, UnixMillis::new(NOW));
    assert_eq!(first.user_name.as_deref(), Some("测试"));
    assert_eq!(first.id_no.as_deref(), Some("350501199911173510"));
    assert_eq!(first.insured_place.as_deref(), Some("350599"));
    assert_eq!(first.details.birthday.as_deref(), Some("1999-11-17"));
    assert_eq!(first.channel, stage.channel().chnl_id);
    assert!(first.active && first.authorized && first.password_set);
}

#[tokio::test]
async fn codes_and_tokens_outlive_a_restart() {
    let stage = Stage::set().await;
    let code = show(&stage, 2, 1).await;
    let before = by_qr_code(&stage, &code).await.expect("known");
    let again = stage.restarted().await;
    assert_ne!(again.simulator.addr(), stage.simulator.addr());
    let after = by_token(&again, before.token).await.expect("still known");
    assert_eq!(after.to_json(), before.to_json());
    assert!(by_qr_code(&again, &code).await.is_ok());
    assert!(again.world().channels[0].notice_url.starts_with(&again.world().simulator_url));
}

#[tokio::test]
async fn an_app_the_person_has_not_authorized_says_so() {
    let stage = Stage::set().await;
    // The fifth person has the first app only.
    let credential = by_qr_code(&stage, &show(&stage, 4, 3).await).await.expect("known");
    assert!(!credential.authorized);
}

#[tokio::test]
async fn what_nobody_issued_is_unknown() {
    let stage = Stage::set().await;
    for code in ["opc3754826492874240001130000", "4243754826492874240001350000", "x"] {
        assert_eq!(by_qr_code(&stage, code).await.err(), Some(500_001), "{code}");
    }
    let token = EcToken::new("630000ec7ioqup8p1o0761820a0000f1f8b13d").expect("a token");
    assert_eq!(by_token(&stage, token).await.err(), Some(500_001));
}

#[tokio::test]
async fn magic_tokens_say_what_makes_the_center_refuse() {
    let stage = Stage::set().await;
    for code in magic::CODES {
        if code == Code::Timeout {
            continue;
        }
        let token = magic::token(region(), code).expect("has one");
        let said = by_token(&stage, token).await;
        let Ok(said) = said else {
            let expected = if code == Code::CredentialNotFound { 500_001 } else { -1 };
            assert!(matches!(code, Code::CredentialNotFound | Code::NationalCenterFailed), "{code}");
            assert_eq!(said.err(), Some(expected));
            continue;
        };
        let world = stage.world();
        let channel = world.channel(said.channel.as_str());
        let person = said.index.and_then(|index| world.person(index.as_str())).expect("a person");
        let record = channel.map(|channel| format!("{:?}", channel.record));
        let fits = match code {
            Code::Success => {
                said.active && said.authorized && channel.is_some_and(|channel| channel.settlement)
            }
            Code::CredentialInactive => !said.active,
            Code::NotAuthorizedForChannel => said.active && !said.authorized,
            Code::ChannelNotFound => channel.is_none(),
            Code::PasswordNotSet => {
                !said.password_set && channel.is_some_and(|channel| channel.auth_ways.len() == 1)
            }
            Code::IdentityEmpty => said.user_name.is_none() && said.id_no.is_none(),
            Code::InsuredPlaceEmpty => said.insured_place.is_none() && said.id_no.is_some(),
            Code::IdentityMismatch => said.person == PersonStatus::Mismatch,
            Code::PersonDataWrong => said.person == PersonStatus::DataWrong,
            Code::CertificationNotFound => record.as_deref() == Some("Missing"),
            Code::CertificationDisabled => record.as_deref() == Some("Disabled"),
            Code::NoticeFailed => channel.is_some_and(|channel| channel.notice_url.contains("127.0.0.1:1/")),
            Code::PasswordFree => {
                person.password_free_in.contains(&said.channel)
                    && channel.is_some_and(|channel| channel.password_free)
            }
            Code::NoSettlement => channel.is_some_and(|channel| !channel.settlement),
            _ => false,
        };
        assert!(fits, "{code}");
        let in_order = said.active && said.insured_place.is_some() && said.person == PersonStatus::InOrder;
        let only_reason = !matches!(
            code,
            Code::NotAuthorizedForChannel
                | Code::ChannelNotFound
                | Code::PasswordNotSet
                | Code::CertificationNotFound
                | Code::CertificationDisabled
                | Code::NoticeFailed
                | Code::PasswordFree
                | Code::NoSettlement
        ) || in_order;
        assert!(only_reason, "{code}: an earlier check would refuse");
    }
}

#[tokio::test]
async fn passwords_are_checked() {
    let stage = Stage::set().await;
    let question = |name: &str, id_no: &str, password: &str| {
        PasswordQuestion {
            id_type: "01".to_owned(),
            id_no: id_no.to_owned(),
            user_name: name.to_owned(),
            password: PasswordDigest::of(password).expect("six digits"),
        }
        .to_json()
    };
    let none = stage.world().extra_persons.iter().find(|person| person.password.is_none()).expect("one");
    let table = [
        (question("测试", "350501199911173510", "111111"), 0, Some("1")),
        (question("测试", "350501199911173510", "111112"), 0, Some("0")),
        (question("测量", "350501199911173510", "111111"), 500_057, None),
        (question("测试", "350501199911173511", "111111"), 500_057, None),
        (question(&none.user_name, &none.id_no, "111111"), 500_042, None),
        ("{}".to_owned().into(), -2, None),
    ];
    for (question, code, flag) in table {
        let (said, answer) = ask(&stage, national::PASSWORD_PATH, &question).await;
        assert_eq!((said, answer), (code, flag.map(|flag| json!({ "chkFlag": flag }))));
    }
}

#[tokio::test]
async fn envelopes_of_others_and_other_questions_are_refused() {
    let stage = Stage::set().await;
    let account = &stage.world().national;
    let now = UnixMillis::new(NOW);
    let question = "{\"ecToken\":\"a\"}";
    let key = &stage.channel().key;
    let strange = envelope::request(key, account.org_id.as_str(), "cfc", region(), now, question.as_bytes());
    let foreign = envelope::request(&account.key, "somebody", "cfc", region(), now, question.as_bytes());
    for (body, code) in [(strange, -4), (foreign, -4), ("nonsense".to_owned(), -2)] {
        let (answer, _) = stage.post(national::TOKEN_PATH, body).await.open(key).expect("an answer");
        assert_eq!(answer.code, code);
    }
    assert_eq!(ask(&stage, "/cfc/api/natl/other", question).await.0, -5);
}

#[tokio::test]
async fn moods() {
    let stage = Stage::set().await;
    let question = national::token_question(magic::token(region(), Code::NoSettlement).expect("one"));
    assert_eq!(
        stage.control("/national/mood", json!({"mood":"error"})).await,
        (200, json!({"mood":"error"}))
    );
    assert_eq!(ask(&stage, national::TOKEN_PATH, &question).await, (-1, None));
    assert_eq!(stage.control("/national/mood", json!({"mood":"ok"})).await.0, 200);
    assert_eq!(ask(&stage, national::TOKEN_PATH, &question).await.0, 0);
    let (status, error) = stage.control("/national/mood", json!({"mood":"sad"})).await;
    assert_eq!((status, &error), (400, &json!({"error":"mood 应为 ok、error、timeout 之一"})));
}

#[tokio::test]
async fn silence_lasts_until_the_simulator_stops() {
    let stage = Stage::set().await;
    let account = &stage.world().national;
    let question = national::token_question(magic::token(region(), Code::Timeout).expect("one"));
    let now = UnixMillis::new(NOW);
    let body =
        envelope::request(&account.key, account.org_id.as_str(), "cfc", region(), now, question.as_bytes());
    let by_token = stage.post_and_leave(national::TOKEN_PATH, body).await;
    stage.simulator.set_national_mood(NationalMood::Timeout);
    let by_mood = stage.post_and_leave(national::TOKEN_PATH, "anything".to_owned()).await;
    tokio::time::timeout(stage::DEADLINE, stage.simulator.stop()).await.expect("stops");
    for waiting in [by_token, by_mood] {
        let why = waiting.await.expect("no panic").expect_err("no answer").to_string();
        assert!(why.starts_with("无法连接或连接中断"), "{why}");
    }
}
