//! Each mistake of a call is one of one rule, and nothing that proves something is shown.

use std::sync::Arc;

use yanmi_protocol::envelope::{self, Sender};

use super::*;

fn door(mac: bool) -> Door {
    Door {
        channel: ChannelId::new("app").expect("a channel"),
        key: Sm4Key::from_bytes(&[7; 16]),
        region: region(),
        mac,
    }
}

fn region() -> Region {
    Region::new("350000").expect("a region")
}

fn cast() -> Cast {
    let chance: crate::ambient::Entropy = Arc::new(|bytes: &mut [u8]| bytes.fill(1));
    Cast::new(None, &chance).expect("a cast")
}

const AT: UnixMillis = UnixMillis::new(1_700_000_000_000);

fn sealed(message: &str) -> String {
    envelope::request(&Sm4Key::from_bytes(&[7; 16]), "app", "chnl", region(), AT, message.as_bytes())
}

fn report(rest: &str) -> String {
    sealed(&format!(r#"{{"notcNo":"1000000000001","authStas":"1","authTime":"1700000000000",{rest}}}"#))
}

fn found(path: &str, body: &str, mac: bool) -> (Vec<Rule>, Seen) {
    let seen = read(path, body.as_bytes(), &door(mac), &cast());
    (seen.faults.iter().map(|fault| fault.rule).collect(), seen)
}

const RIGHT: &str =
    r#""authWay":"01","userPwd":"C7F66BEEE198FB411C8623E53CBBC6EB1E0F078B5D68ED7F10D02FFB0AF46D44""#;

#[test]
fn each_mistake_is_one_of_one_rule() {
    let digest = RIGHT.split_once("C7F6").expect("a digest").1;
    let table: [(String, &[Rule]); 9] = [
        (report(RIGHT), &[]),
        (report(&RIGHT.to_lowercase().replace("authway", "authWay").replace("userpwd", "userPwd")), &[]),
        (report(r#""authWay":"01","userPwd":"111111""#), &[Rule::ReportDigest]),
        (report(r#""authWay":"01""#), &[Rule::ReportDigest]),
        (report(&format!(r#""authWay":"01","userPwd":"0000{digest}"#)), &[Rule::ReportDigest]),
        (report(r#""authWay":"04""#), &[Rule::ReportFields]),
        (report(r#""authWay":"02","authNo":"!""#), &[Rule::ReportFields]),
        (report(RIGHT).replace("&350000", "&110000"), &[Rule::ReqtType]),
        (report(RIGHT).replace("\"app\"", "\"ape\""), &[Rule::Members]),
    ];
    for (body, rules) in table {
        assert_eq!(found(auth_result::PATH, &body, false).0, rules, "{body}");
    }
    assert_eq!(found(auth_result::PATH, &report(RIGHT), true).0, [Rule::RequestMac]);
    let key = Sm4Key::from_bytes(&[7; 16]);
    let sender = Sender { key: &key, org_id: "app", prefix: "chnl", region: region() };
    let message = format!(r#"{{"ecIndexNo":"{}"}}"#, cast().person.as_str());
    let proven = sender.proven_request(pending::PATH, AT, message.as_bytes());
    assert_eq!(found(pending::PATH, &proven.body, true).0, []);
    // A mac is about a path.
    assert_eq!(found(password_free_page::PATH, &proven.body, true).0, [Rule::Members]);
    assert_eq!(found(pending::PATH, &sealed(r#"{"ecIndexNo":"E2"}"#), false).0, [Rule::ReportFields]);
    assert_eq!(found("/cfc/api/none", "", false).0, [Rule::Members]);
}

#[test]
fn what_a_person_did_is_read_as_far_as_it_goes() {
    let (_, seen) = found(auth_result::PATH, &report(r#""authWay":"01","userPwd":"111111""#), false);
    let reading = seen.report.expect("a report");
    assert_eq!((reading.status, reading.proof), (Some(Status::Confirmed), Proof::Strange));
    let (_, seen) = found(auth_result::PATH, &report(RIGHT), false);
    assert_eq!(seen.report.map(|reading| reading.proof), Some(Proof::Right));
}

#[test]
fn what_is_shown_is_masked() {
    let (_, seen) = found(auth_result::PATH, &report(RIGHT), false);
    assert!(seen.asked.contains("1000000000001") && !seen.asked.contains("C7F6"), "{}", seen.asked);
    assert!(!format!("{seen:?}").contains("C7F6"));
}
