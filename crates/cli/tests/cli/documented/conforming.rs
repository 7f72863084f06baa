//! The schemas of the document against the code that reads and writes the messages.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use yanmi_protocol::envelope::{
    self, Answer, MAX_ENC_DATA_DIGITS, MAX_ORG_ID, MAX_REQT_TYPE, RequestEnvelope, VERSION,
};
use yanmi_protocol::message::status::{Extension, MAX_WAIT_SECONDS};
use yanmi_protocol::message::{
    Call, MAX_ID_NO, MAX_ORG_NAME, MAX_USER_NAME, decode, notify, password, status,
};
use yanmi_protocol::{Amount, Code, MemberError, Members, Region, SerialNo, UnixMillis};

use super::{document, key};
use crate::conforms::schema::misfit;

fn schema_of<'a>(document: &'a Value, name: &str) -> &'a Value {
    document.pointer(&format!("/components/schemas/{name}")).expect(name)
}

/// The schemas of a call's messages.
const fn messages(call: Call) -> (&'static str, &'static str) {
    match call {
        Call::Notify => ("NotifyRequest", "NotifyAnswer"),
        Call::Status => ("StatusRequest", "StatusAnswer"),
        _ => ("PasswordRequest", "PasswordAnswer"),
    }
}

/// Why an answer is not as the document says; nothing when it is.
pub(super) fn misfit_of_answer(document: &Value, call: Call, body: &str) -> Option<String> {
    let operation = &document["paths"][call.path()]["post"];
    let outer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let value: Value = serde_json::from_str(body).expect("JSON");
    if let Some(why) = misfit(document, outer, &value) {
        return Some(why);
    }
    let answer = Answer::parse(body.as_bytes()).expect("an answer");
    answer.enc_data.as_ref()?;
    let plain: Value = serde_json::from_str(answer.open(&key()).expect("opens").as_str()).expect("JSON");
    misfit(document, schema_of(document, messages(call).1), &plain)
}

/// A request of the document is an envelope of the code, and opens to what stands beside it unless it is the one that may
/// not.
pub(super) fn request(document: &Value, call: Call, name: &str, example: &Value) {
    let body = example["value"].to_string();
    if call == Call::Decode {
        assert_eq!(decode::Request::read(&body).is_ok(), name != "-2", "{name}");
        return;
    }
    let envelope = RequestEnvelope::parse(body.as_bytes(), Region::new("350000").expect("a region"));
    let envelope = envelope.expect("an envelope");
    let opened = envelope.sealed.open(&key());
    assert_eq!(opened.is_ok(), name != "-4", "{call:?} {name}");
    let plain = example["x-plain"].as_str().expect("a plain text");
    assert!(opened.is_err() || opened.is_ok_and(|opened| opened.as_str() == plain), "{call:?} {name}");
    let value: Value = serde_json::from_str(plain).expect("JSON");
    let fit = misfit(document, schema_of(document, messages(call).0), &value).is_none();
    assert_eq!(fit, !matches!(name, "-2" | "500316"), "{call:?} {name}");
}

fn serial() -> SerialNo {
    SerialNo::from_parts(1_616_654_881_967, UnixMillis::new(1_623_225_378_340)).expect("a serial")
}

fn decoded() -> decode::Decoded {
    let text = |text: &str| Some(text.to_owned());
    decode::Decoded {
        user_name: text("测试"),
        id_no: text("350501199911173510"),
        id_type: text("01"),
        insu_org: text("350599"),
        ec_index_no: text("EC01"),
        ec_token: text("T1"),
        gender: text("1"),
        birthday: text("1999-11-17"),
        nationality: text("01"),
        email: text("a@b.example"),
        chnl_id: text("C0DE"),
        ec_qr_code: text("4240"),
        auth_no: text("ano1"),
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What the code writes as an answer, with every member it can have.
fn written() -> Vec<(&'static str, Value)> {
    let extension = Extension {
        stage: "confirmed",
        description: "参保人已确认",
        next_step: "可以结算。",
        way: Some("01"),
        at: Some(UnixMillis::new(1_623_225_378_340)),
        amount: Some("128.5".parse::<Amount>().expect("an amount")),
        valid_until: Some(UnixMillis::new(1_623_225_379_340)),
        check_number: Some("42".to_owned()),
    };
    let sealed = envelope::proven_success(&key(), "00", b"{}");
    let refused = envelope::proven_refusal(&key(), "00", Code::Unknown, "未知异常");
    let decoded = decode::success(&decoded());
    vec![
        ("NotifyAnswer", parsed(&notify::Answer::notified_json(serial(), Some("42")))),
        ("StatusAnswer", parsed(&status::answer_json(true, serial(), Some(&extension)))),
        (
            "PasswordAnswer",
            parsed(&password::answer_json(true, "1616654881967", UnixMillis::new(1_623_225_378_340))),
        ),
        ("Decoded", parsed(&decoded)["data"].clone()),
        ("DecodeSuccess", parsed(&decoded)),
        ("DecodeRefusal", parsed(&decode::refusal(Code::Unknown, "未知异常"))),
        ("Success", parsed(&sealed)),
        ("Sealed", parsed(&sealed)["data"].clone()),
        ("Refusal", parsed(&refused)),
    ]
}

/// Who reads a message.
type Reader = fn(&str) -> bool;

fn reads<T>(text: &str, read: impl Fn(&Members<'_>) -> Result<T, MemberError>) -> bool {
    read(&Members::parse(text).expect("an object")).is_ok()
}

/// What the code reads as a question, with every member it looks at.
fn read() -> Vec<(&'static str, Value, Reader)> {
    let digest = yanmi_protocol::PasswordDigest::of("111111").expect("six digits").to_hex();
    let question = password::Draft {
        id_type: "01",
        request_serial: "1616654881967",
        password: &digest,
        user_name: "测试",
        id_no: "350501199911173510",
    };
    let notice = notify::Draft {
        token: "T1",
        org_code: "H35010000001",
        org_name: "福州示范医院",
        amount: Some("128.50"),
    };
    let state =
        status::Draft { token: "T1", org_code: "H35010000001", extended: Some("1"), wait_seconds: Some(30) };
    let mut code = parsed(&decode::Request::write("H35010000001", "01301", "4240"));
    code["data"]["deviceType"] = "SelfService".into();
    let envelope = parsed(&envelope::request(
        &key(),
        "testOrgId",
        "sys",
        Region::new("350000").expect("a region"),
        UnixMillis::new(1_623_225_378_340),
        b"{}",
    ));
    let mut proven = envelope;
    proven["mac"] = "0".repeat(64).into();
    vec![
        ("NotifyRequest", parsed(&notice.to_extended_json()), |text| reads(text, notify::Request::read)),
        ("StatusRequest", parsed(&state.to_json()), |text| reads(text, status::Request::read)),
        ("PasswordRequest", parsed(&question.to_json()), |text| reads(text, password::Request::read)),
        ("DecodeRequest", code.clone(), |text| decode::Request::read(text).is_ok()),
        ("DecodeData", code["data"].clone(), |text| {
            let body =
                json!({"orgId": "H35010000001", "transType": decode::TRANS_TYPE, "data": parsed(text)});
            decode::Request::read(&body.to_string()).is_ok_and(|request| request.business.is_some())
        }),
        ("Request", proven, |text| {
            RequestEnvelope::parse(text.as_bytes(), Region::new("350000").expect("a region")).is_ok()
        }),
    ]
}

fn names(object: &Value) -> BTreeSet<&String> {
    object.as_object().expect("an object").keys().collect()
}

#[test]
fn what_the_code_writes_is_described_and_nothing_else() {
    let document = document();
    for (name, whole) in written() {
        let schema = schema_of(&document, name);
        assert_eq!(misfit(&document, schema, &whole), None, "{name}");
        assert_eq!(names(&whole), names(&schema["properties"]), "{name}");
    }
}

#[test]
fn what_the_code_reads_is_described_and_nothing_else() {
    let document = document();
    for (name, whole, read) in read() {
        let schema = schema_of(&document, name);
        assert_eq!((misfit(&document, schema, &whole), read(&whole.to_string())), (None, true), "{name}");
        assert_eq!(names(&whole), names(&schema["properties"]), "{name}");
        for member in names(&whole) {
            let mut without = whole.clone();
            without.as_object_mut().expect("members").remove(member);
            let fit = misfit(&document, schema, &without).is_none();
            assert_eq!(read(&without.to_string()), fit, "{name} without {member}");
            let mut strange = whole.clone();
            strange[member] = json!({"what": "ever"});
            assert!(misfit(&document, schema, &strange).is_some() || member == "data", "{name}: {member}");
            assert!(!read(&strange.to_string()), "{name} with a strange {member}");
        }
    }
    let schemas: BTreeSet<&str> =
        written().iter().map(|(name, _)| *name).chain(read().iter().map(|(name, _, _)| *name)).collect();
    let described: BTreeSet<&str> =
        names(&document["components"]["schemas"]).into_iter().map(String::as_str).collect();
    assert_eq!(schemas, described);
}

#[test]
fn limits_are_those_of_the_code() {
    let document = document();
    let of = |name: &str, member: &str| schema_of(&document, name)["properties"][member].clone();
    for (place, limit) in [
        (&of("NotifyRequest", "orgName")["maxLength"], MAX_ORG_NAME),
        (&of("PasswordRequest", "userName")["maxLength"], MAX_USER_NAME),
        (&of("PasswordRequest", "idNo")["maxLength"], MAX_ID_NO),
        (&of("DecodeData", "officeName")["maxLength"], decode::MAX_FREE_TEXT),
        (&of("Request", "orgId")["maxLength"], MAX_ORG_ID),
        (&of("Request", "reqtType")["maxLength"], MAX_REQT_TYPE),
        (&of("Request", "encData")["maxLength"], MAX_ENC_DATA_DIGITS),
    ] {
        assert_eq!(*place, json!(limit));
    }
    assert_eq!(of("Request", "version")["const"], VERSION);
    assert_eq!(of("StatusRequest", "waitSeconds")["maximum"], json!(MAX_WAIT_SECONDS));
    for (whole, cut) in [(MAX_ORG_NAME, true), (MAX_ORG_NAME + 1, false)] {
        let message = json!({"token": "T1", "orgCodg": "H35010000001", "orgName": "福".repeat(whole)});
        assert_eq!(reads(&message.to_string(), notify::Request::read), cut);
        let schema = schema_of(&document, "NotifyRequest");
        assert_eq!(misfit(&document, schema, &message).is_none(), cut);
    }
}
