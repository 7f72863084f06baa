//! The document of the channels' contract (`docs/reference/channel-openapi.json`) against the code and against what
//! really passes.

pub(crate) mod schema;

use serde_json::{Value, json};
use yanmi_protocol::envelope::{Answer, RequestEnvelope};
use yanmi_protocol::message::{
    MAX_ORG_NAME, MAX_USER_NAME, auth_result, channel_notice, password_free, password_free_page, pending,
};
use yanmi_protocol::{MemberError, Members, PasswordDigest, Region, Sm4Key};

use crate::watch::Events;
use crate::yanmi::Sandbox;
use schema::misfit;

fn document() -> Value {
    let text = include_str!("../../../../docs/reference/channel-openapi.json");
    serde_json::from_str(text).expect("JSON")
}

fn schema_of<'a>(document: &'a Value, name: &str) -> &'a Value {
    document.pointer(&format!("/components/schemas/{name}")).expect(name)
}

/// The reader of a message, as the other side has it.
type Reader = fn(&Members<'_>) -> Result<(), MemberError>;

/// Every message with all its members, and who reads it.
fn whole_messages() -> Vec<(&'static str, Value, Reader)> {
    let notice = json!({
        "notcType":"1","notcNo":"1000000000001","notcSeq":"2","chnlId":"C0DE","ecToken":"350000x","ecIndexNo":"EC01",
        "userName":"*试","orgCodg":"H35010000001","orgName":"福州示范医院","totalAmount":"128.50",
        "notcTime":"1700000000000","expTime":"1700000300000","authWays":["01","02","03"],"authUrl":"http://127.0.0.1/a",
    });
    let digest = PasswordDigest::of("111111").expect("six digits").to_hex();
    let done = |more: Value| {
        let mut result = json!({"notcNo":"1000000000001","authTime":"1700000000000","cfmName":"陈晓丰"});
        result.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
        result
    };
    let result: Reader = |members| auth_result::Request::read(members).map(|_| ());
    vec![
        ("Notice", notice.clone(), |members| channel_notice::Notice::read(members).map(|_| ())),
        ("Received", json!({"rcvFlag":"1"}), |members| channel_notice::read_received(members).map(|_| ())),
        ("ByPassword", done(json!({"authStas":"1","authWay":"01","userPwd":&*digest})), result),
        ("ByFace", done(json!({"authStas":"1","authWay":"02","authNo":"ano01"})), result),
        ("ByChannel", done(json!({"authStas":"1","authWay":"03"})), result),
        ("NotConfirmed", done(json!({"authStas":"2","authWay":"01"})), result),
        ("Accepted", json!({"acptFlag":"0","leftCnt":"4"}), |members| {
            auth_result::Accepted::read(members).map(|_| ())
        }),
        ("PendingQuestion", json!({"ecIndexNo":"EC01"}), |members| {
            pending::Request::read(members).map(|_| ())
        }),
        ("PendingAnswer", json!({"notcs":[notice]}), |members| pending::read_answer(members).map(|_| ())),
        (
            "PasswordFree",
            json!({"ecIndexNo":"EC01","openFlag":"1","singleAmt":"200.00","dayAmt":"500.00","dayCnt":"3"}),
            |members| password_free::Request::read(members).map(|_| ()),
        ),
    ]
}

fn reads(read: Reader, message: &Value) -> bool {
    read(&Members::parse(&message.to_string()).expect("an object")).is_ok()
}

#[test]
fn code_and_document_want_the_same_members_in_the_same_form() {
    let document = document();
    for (name, whole, read) in whole_messages() {
        let schema = schema_of(&document, name);
        assert_eq!((misfit(&document, schema, &whole), reads(read, &whole)), (None, true), "{name}");
        let members = schema["properties"].as_object().expect("members");
        let mut known: Vec<&String> = whole.as_object().expect("members").keys().collect();
        known.sort_unstable();
        let mut described: Vec<&String> = members.keys().collect();
        described.sort_unstable();
        assert_eq!(known, described, "{name}: all members are described, and no others");
        for member in known {
            let mut without = whole.clone();
            without.as_object_mut().expect("members").remove(member);
            let told = misfit(&document, schema, &without).is_none();
            // Whoever reads an answer takes an absent flag for "0"; whoever writes one may not leave it out.
            let lenient = matches!(member.as_str(), "rcvFlag" | "acptFlag");
            assert_eq!(reads(read, &without), told || lenient, "{name} without {member}");
            let mut strange = whole.clone();
            strange[member] = json!({"what":"ever"});
            assert!(misfit(&document, schema, &strange).is_some(), "{name} with a strange {member}");
        }
    }
}

#[test]
fn limits_and_addresses_are_those_of_the_code() {
    let document = document();
    let notice = &schema_of(&document, "Notice")["properties"];
    for (place, limit) in [
        (&notice["orgName"]["maxLength"], MAX_ORG_NAME),
        (&notice["userName"]["maxLength"], MAX_USER_NAME),
        (&notice["authUrl"]["maxLength"], channel_notice::MAX_URL),
        (&notice["authWays"]["maxItems"], channel_notice::MAX_WAYS),
        (&schema_of(&document, "PendingAnswer")["properties"]["notcs"]["maxItems"], pending::MAX_NOTICES),
    ] {
        assert_eq!(*place, json!(limit));
    }
    let mut paths: Vec<&str> =
        document["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    paths.sort_unstable();
    assert_eq!(paths, [auth_result::PATH, pending::PATH, password_free::PATH, password_free_page::PATH]);
}

/// The schemas of request and answer of a call of the page's events.
fn schemas(call: &str) -> Option<(&'static str, &'static str)> {
    Some(match call {
        "notice" | "withdrawal" => ("Notice", "Received"),
        "result" => ("AuthResult", "Accepted"),
        "pending" => ("PendingQuestion", "PendingAnswer"),
        "passwordFree" => ("PasswordFree", "PasswordFreeAnswer"),
        "passwordFreePage" => ("PendingQuestion", "PasswordFreePage"),
        _ => return None,
    })
}

/// Why a message that passed is not as the document says; opened with the channel's key.
fn misfit_of(document: &Value, message: &Value, keys: &[(String, Sm4Key)]) -> Option<String> {
    let (request, answer) = schemas(message["call"].as_str()?)?;
    let body = message["sealed"].as_str()?;
    let outer: Value = serde_json::from_str(body).expect("JSON");
    let region = Region::new("350000").expect("a region");
    let (envelope, inner, plain) = if message["part"] == "request" {
        let parsed = RequestEnvelope::parse(body.as_bytes(), region).expect("an envelope");
        let (_, key) = keys.iter().find(|(id, _)| *id == parsed.org_id).expect("a channel");
        ("Request", request, parsed.sealed.open(key).expect("opens"))
    } else {
        let parsed = Answer::parse(body.as_bytes()).expect("an answer");
        if parsed.code != 0 {
            return misfit(document, schema_of(document, "Refusal"), &outer);
        }
        ("Success", answer, keys.iter().find_map(|(_, key)| parsed.open(key).ok()).expect("opens"))
    };
    let plain: Value = serde_json::from_str(plain.as_str()).expect("JSON");
    misfit(document, schema_of(document, envelope), &outer)
        .or_else(|| misfit(document, schema_of(document, inner), &plain))
}

#[test]
fn what_really_passes_between_center_and_channels_is_as_the_document_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let mut events = Events::open(sandbox.port + 9);
    events.until(|kind, _| kind == "scene");
    let world = sandbox.world();
    let key = |channel: &Value| {
        let hex = channel["key"].as_str().expect("a key");
        (channel["chnlId"].as_str().expect("an id").to_owned(), Sm4Key::from_hex(hex).expect("a key"))
    };
    let keys: Vec<_> = world["channels"].as_array().expect("channels").iter().map(key).collect();
    let person = world["persons"][0]["ecIndexNo"].as_str().expect("an index");
    let channel = &world["channels"][1]["chnlId"];
    let say = |path: &str, body: Value| sandbox.ask(9, "POST", path, &body.to_string());
    let notice = |amount: &str| {
        let code = say("/qr", json!({"ecIndexNo": person, "chnlId": channel}));
        say("/counter/scan", json!({"orgCodg":"H35010000001","ecQrCode":code["ecQrCode"]}));
        say("/counter/notify", json!({"totalAmount": amount}));
        let shown = sandbox.ask(9, "GET", &format!("/phones/{person}/notices"), "");
        shown["notices"][0]["notcNo"].clone()
    };
    let act = |number: &Value, action: &str, way: &str| {
        say(&format!("/phones/{person}/act"), json!({"notcNo": number, "action": action, "way": way}))
    };
    let first = notice("128.50");
    say(&format!("/phones/{person}/messageCenter"), json!({"chnlId": channel}));
    act(&first, "wrongPassword", "01");
    act(&first, "confirm", "01");
    // What is over cannot be cancelled: a refusal.
    act(&first, "cancel", "01");
    for (action, way) in [("confirm", "02"), ("confirm", "03"), ("wrongPassword", "03")] {
        act(&notice(""), action, way);
    }
    let free = json!({"chnlId": channel, "openFlag": "1", "singleAmt": "200", "dayCnt": 3});
    say(&format!("/phones/{person}/passwordFree"), free);
    say(&format!("/phones/{person}/passwordFreePage"), json!({"chnlId": channel}));
    let mood = format!("/channels/{}/mood", channel.as_str().expect("an id"));
    say(&format!("/phones/{person}/passwordFree"), json!({"chnlId": channel, "openFlag": "0"}));
    say(&mood, json!({"mood":"refuse"}));
    notice("1");
    say(&mood, json!({"mood":"ok"}));
    act(&notice(""), "notMe", "01");
    say("/national/mood", json!({"mood":"ok"}));
    let all = events.until(|kind, data| kind == "step" && data["text"].to_string().contains("国家电子凭证"));

    let document = document();
    let mut seen = std::collections::BTreeMap::new();
    for (_, message) in all.iter().filter(|(kind, _)| kind == "message") {
        assert_eq!(misfit_of(&document, message, &keys), None, "{message}");
        let refused = message["code"].as_i64().is_some_and(|code| code != 0);
        let what = format!("{} {} {refused}", message["call"], message["part"]).replace('"', "");
        *seen.entry(what).or_insert(0) += 1;
    }
    for (what, times) in [
        ("notice request false", 6),
        ("notice answer false", 5),
        ("notice answer true", 1),
        ("result request false", 7),
        ("result answer true", 1),
        ("pending request false", 1),
        ("pending answer false", 1),
        ("passwordFree request false", 2),
        ("passwordFree answer false", 2),
        ("passwordFreePage request false", 1),
        ("passwordFreePage answer false", 1),
    ] {
        assert!(seen.get(what).is_some_and(|seen| *seen >= times), "{what}: {seen:?}");
    }
    sandbox.stop();
}
