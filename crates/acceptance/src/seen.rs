//! A request as it arrives: what it says, and what is wrong with it.

use yanmi_protocol::message::{notify, status};
use yanmi_protocol::{
    AccountId, Amount, Code, EcToken, MemberError, Members, OrgCode, Region, Sm4Key, UnixMillis, mask,
};

use crate::event::{Fault, Op};
use crate::opening::{self, Part};
use crate::rule::Rule;

/// Members whose values may be shown.
const SHOWN: [&str; 5] = ["orgCodg", "orgName", "totalAmount", "ext", "waitSeconds"];

/// Who may call.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) org_id: AccountId,
    pub(crate) key: Sm4Key,
    pub(crate) region: Region,
    pub(crate) org_code: OrgCode,
}

/// What a request says. What could not be read is absent.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) op: Option<Op>,
    pub(crate) stamp: Option<UnixMillis>,
    pub(crate) opened: bool,
    pub(crate) token: Option<EcToken>,
    pub(crate) amount: Option<Amount>,
    /// Whether it understands members beyond the specification.
    pub(crate) extended: bool,
    pub(crate) faults: Vec<Fault>,
    /// The message, masked.
    pub(crate) asked: String,
    /// Its mac, where it has the right one.
    pub(crate) mac: Option<String>,
    /// What it is refused with for its faults.
    pub(crate) refusal: Option<(Code, String)>,
}

impl Seen {
    fn fault(&mut self, rule: Rule, why: impl Into<String>) {
        self.faults.push(Fault { rule, why: why.into() });
    }

    fn refuse(&mut self, code: Code, why: &str) {
        let plain = code.message();
        let message = if why.is_empty() { plain.to_owned() } else { format!("{plain}：{why}") };
        self.refusal = Some((code, message));
    }
}

/// Reads a request in the order of the center's checks. The clock is not looked at here.
pub(crate) fn read(path: &str, body: &[u8], door: &Door) -> Seen {
    let op = match path {
        notify::PATH => Some(Op::Notice),
        status::PATH => Some(Op::Status),
        _ => None,
    };
    let mut seen = Seen { op, ..Seen::default() };
    let Some(op) = op else {
        seen.refuse(Code::NoSuchAddress, "");
        seen.fault(Rule::Members, "请求地址不是 1.7.1 或 1.7.2 的地址");
        return seen;
    };
    let opening = opening::open(path, body, door.org_id.as_str(), &door.key, door.region);
    seen.stamp = opening.stamp;
    for (part, why) in opening.faults {
        seen.fault(rule_of(part), why);
    }
    if let Some((code, why)) = opening.refusal {
        seen.refuse(code, &why);
    }
    let Some(plain) = opening.plain else { return seen };
    seen.mac = opening.mac;
    seen.opened = true;
    seen.asked = masked(plain.as_str());
    // Opening has parsed it before.
    if let Ok(members) = plain.members() {
        read_message(op, &members, door, &mut seen);
    }
    seen
}

fn read_message(op: Op, members: &Members<'_>, door: &Door, seen: &mut Seen) {
    let read = match op {
        Op::Notice => notify::Request::read(members).map(|request| {
            seen.amount = request.amount;
            (request.token, request.org_code, request.extended)
        }),
        Op::Status => {
            status::Request::read(members).map(|request| (request.token, request.org_code, request.extended))
        }
    };
    let rule = if op == Op::Notice { Rule::NoticeFields } else { Rule::StatusFields };
    match read {
        Ok((token, org_code, extended)) => {
            seen.token = Some(token);
            seen.extended = extended;
            if org_code != Some(door.org_code) {
                seen.fault(rule, "orgCodg 不是本次验收的机构代码");
                seen.refuse(Code::BadOrgCode, "");
            }
        }
        Err(error) => {
            // Whose message it was is worth knowing even so.
            seen.token = members.identifier("token", EcToken::MAX_LENGTH, EcToken::new).ok();
            let why: MemberError = error;
            seen.fault(rule, why.to_string());
            seen.refuse(Code::BadParameter, &why.to_string());
        }
    }
}

/// Which rule a bad envelope breaks.
const fn rule_of(part: Part) -> Rule {
    match part {
        Part::Members => Rule::Members,
        Part::Cipher => Rule::Cipher,
        Part::LowerCase => Rule::UpperCase,
        Part::Timestamp => Rule::Timestamp,
        Part::ReqtType => Rule::ReqtType,
    }
}

/// The message with the token's end only, and nothing of members that are not known.
fn masked(text: &str) -> String {
    let Ok(serde_json::Value::Object(mut members)) = serde_json::from_str(text) else {
        return String::new();
    };
    for (name, value) in &mut members {
        if name == "token" {
            *value = mask::token(value.as_str().unwrap_or_default()).into();
        } else if !SHOWN.contains(&name.as_str()) {
            *value = "（略）".into();
        }
    }
    serde_json::Value::Object(members).to_string()
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::envelope;

    use super::*;

    fn door() -> Door {
        Door {
            org_id: AccountId::new("his").expect("an account"),
            key: Sm4Key::from_bytes(&[7; 16]),
            region: Region::new("350000").expect("a region"),
            org_code: OrgCode::new("H35010000001").expect("a code"),
        }
    }

    fn request(key: u8, org_id: &str, message: &str) -> String {
        let region = Region::new("350000").expect("a region");
        let at = UnixMillis::new(1_700_000_000_000);
        envelope::request(&Sm4Key::from_bytes(&[key; 16]), org_id, "sys", region, at, message.as_bytes())
    }

    const GOOD: &str =
        r#"{"token":"350000accept01a00000000000000001234abcd","orgCodg":"H35010000001","orgName":"甲"}"#;

    #[test]
    fn each_mistake_is_one_of_one_rule() {
        let good = request(7, "his", GOOD);
        let message = GOOD.replace("orgName", "orgNane");
        let table: [(String, &[Rule]); 9] = [
            (good.clone(), &[]),
            (lower(&good), &[Rule::UpperCase]),
            (good.replace("&350000", "&110000"), &[Rule::ReqtType]),
            (good.replace("1.0.0", "1.0"), &[Rule::Members]),
            (good.replace("1700000000000", "17000000"), &[Rule::Timestamp]),
            (request(8, "his", GOOD), &[Rule::Cipher]),
            (request(7, "he", GOOD), &[Rule::Members]),
            (request(7, "his", &message), &[Rule::NoticeFields]),
            (request(7, "his", &GOOD.replace("H35", "H36")), &[Rule::NoticeFields]),
        ];
        for (body, rules) in table {
            let seen = read(notify::PATH, body.as_bytes(), &door());
            let found: Vec<Rule> = seen.faults.iter().map(|fault| fault.rule).collect();
            assert_eq!(found, rules, "{body}");
            // A mistake the center tolerates is told here, and answered all the same.
            assert_eq!(seen.refusal.is_some(), !rules.is_empty() && rules != [Rule::UpperCase], "{body}");
        }
        assert!(read("/cfc/api/none", b"", &door()).refusal.is_some());
    }

    fn lower(body: &str) -> String {
        let (head, rest) = body.split_once("encData\":\"").expect("an encData");
        let (data, tail) = rest.split_once('"').expect("its end");
        format!("{head}encData\":\"{}\"{tail}", data.to_lowercase())
    }

    #[test]
    fn what_is_shown_is_masked() {
        let seen = read(notify::PATH, request(7, "his", GOOD).as_bytes(), &door());
        assert!(seen.asked.contains("…1234abcd") && !seen.asked.contains("accept01a"), "{}", seen.asked);
        assert_eq!(masked(r#"{"userPwd":"A","orgName":"甲"}"#), r#"{"orgName":"甲","userPwd":"（略）"}"#);
    }
}
