//! From the scanned code to the settlement, as a program in any language does it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::door::Door;

fn id(begun: &Value) -> String {
    begun["visit"]["id"].as_str().expect("an id").to_owned()
}

fn gate(door: &Door, id: &str, amount: &str) -> Value {
    door.well("GET", &format!("/visits/{id}/gate?amount={amount}"), &Value::Null)
}

#[test]
fn from_the_code_to_the_settlement_with_a_restart_in_between() {
    let door = Door::open();
    let code = door.site.shown_code(0);
    let begun = door.well("POST", "/visits", &json!({"ecQrCode": code, "reference": "MZ1"}));
    let visit = id(&begun);
    assert_eq!((&begun["new"], &begun["visit"]["medium"]), (&json!(true), &json!("qrCode")));
    assert_eq!(begun["person"]["userName"], json!(door.site.world().persons[0].user_name));
    let early = gate(&door, &visit, "128.50");
    assert_eq!((&early["settle"], &early["decision"]["advice"]["reason"]), (&json!(false), &json!("noWay")));

    let sent = door.well("POST", &format!("/visits/{visit}/notice"), &json!({"amount": "128.50"}));
    assert_eq!((&sent["sent"], &sent["advice"]), (&json!(true), &Value::Null));
    let waiting = gate(&door, &visit, "128.50");
    assert_eq!(waiting["decision"]["advice"]["reason"], "notConfirmed");
    let stand = door.well("GET", &format!("/visits/{visit}?wait=0"), &Value::Null);
    assert_eq!(stand["visit"]["stage"]["confirmed"], false);

    let door = door.restart();
    let found = door.well("GET", "/visits?reference=MZ1", &Value::Null);
    assert_eq!(found["visits"][0]["id"], json!(visit));
    assert_eq!(door.well("GET", "/visits", &Value::Null)["visits"].as_array().map(Vec::len), Some(1));
    door.site.act("confirm", "01");
    let stand = door.well("GET", &format!("/visits/{visit}?wait=1"), &Value::Null);
    assert_eq!(stand["visit"]["stage"]["confirmed"], true);
    let settled = gate(&door, &visit, "128.50");
    assert_eq!((&settled["settle"], &settled["decision"]["verdict"]), (&json!(true), &json!("settle")));
    assert_eq!(settled["decision"]["proof"]["way"], "onlinePassword");
    assert_eq!(settled["decision"]["message"], "可以结算：线上：医保电子凭证密码");
    let more = gate(&door, &visit, "128.51");
    assert_eq!(more["decision"]["advice"]["reason"], "amountNotCovered");
    let kept = door.well("GET", &format!("/visits/{visit}"), &Value::Null);
    assert_eq!(kept["visit"]["decision"]["amount"], "128.51");

    // Another app, another code: what the old one was worth is gone.
    let other = json!({"ecQrCode": door.site.shown_code(1)});
    let switched = door.well("POST", &format!("/visits/{visit}/token"), &other);
    assert_eq!((&switched["visit"]["id"], &switched["visit"]["notices"]), (&json!(visit), &json!(0)));
    assert_eq!(gate(&door, &visit, "1")["decision"]["advice"]["reason"], "notNotified");
    assert!(door.stop().0, "everything was answered");
}

#[test]
fn a_number_that_is_sent_again_finds_its_visit() {
    let door = Door::open();
    let token = door.site.magic("500320");
    let new = json!({"ecToken": token.as_str(), "reference": "MZ2"});
    let first = door.well("POST", "/visits", &new);
    let again = door.well("POST", "/visits", &new);
    assert_eq!((id(&first), &again["new"]), (id(&again), &json!(false)));
    let other = door.well("POST", "/visits", &json!({"medium": "idCard", "reference": "MZ2"}));
    assert_eq!(other["new"], true, "another medium is another visit");

    let sent = door.well("POST", &format!("/visits/{}/notice", id(&first)), &json!({"amount": "10"}));
    assert_eq!((&sent["sent"], &sent["passwordFree"]), (&json!(true), &json!(true)));
    let settled = gate(&door, &id(&first), "10.00");
    assert_eq!(
        (&settled["settle"], &settled["decision"]["proof"]["passwordFree"]),
        (&json!(true), &json!(true))
    );
}

#[test]
fn trouble_leads_offline_and_only_what_passed_settles() {
    let door = Door::open();
    let token = door.site.magic("500319");
    let visit = id(&door.well("POST", "/visits", &json!({"ecToken": token.as_str()})));
    let sent = door.well("POST", &format!("/visits/{visit}/notice"), &json!({"amount": "10"}));
    assert_eq!((&sent["sent"], &sent["advice"]["centerCode"]), (&json!(false), &json!(500_319)));
    let refused = gate(&door, &visit, "10");
    assert_eq!((&refused["settle"], &refused["decision"]["verdict"]), (&json!(false), &json!("fallBack")));

    let check = |body: Value| door.well("POST", &format!("/visits/{visit}/offline"), &body);
    check(json!({"way": "terminalPassword", "outcome": "failed", "message": "密码错误"}));
    let failed = gate(&door, &visit, "10");
    assert_eq!(failed["decision"]["advice"]["reason"], "offlineFailed");
    check(json!({"way": "terminalPassword", "outcome": "passed", "serial": "T1", "ecToken": "another"}));
    assert_eq!(gate(&door, &visit, "10")["decision"]["advice"]["reason"], "anotherToken");
    check(json!({"way": "terminalFace", "outcome": "passed", "serial": "T2", "ecToken": token.as_str()}));
    let settled = gate(&door, &visit, "10");
    assert_eq!((&settled["settle"], &settled["decision"]["proof"]["resBizNo"]), (&json!(true), &json!("T2")));
    // A reversal is not gated, and says so.
    let reversed = door.well("GET", &format!("/visits/{visit}/gate?amount=10&kind=2208"), &Value::Null);
    assert_eq!(reversed["decision"]["exemption"], "reversal");

    door.site.hands.forward(Duration::from_hours(2));
    assert_eq!(gate(&door, &visit, "10")["decision"]["advice"]["reason"], "proofExpired");
}
