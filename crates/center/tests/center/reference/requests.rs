//! Requests that can be sent to a sandbox as they stand.

use serde_json::{Value, json};
use yanmi_protocol::message::Call;
use yanmi_protocol::{Code, PasswordDigest, Region, Sm4Key, UnixMillis, envelope};
use yanmi_simulator::magic;
use yanmi_simulator::world::EXAMPLE_KEY;

use crate::site::{HOSPITAL, HOSPITAL_NAME};

/// The account of the examples, and the one that may make no call.
pub(crate) const ACCOUNT: &str = "exampleOrgId";
const NO_RIGHTS: &str = "exampleNoRights";
/// Stands for what the phone shows.
pub(crate) const SHOWN: &str = "4240000000000000000000000000";

/// A request and the code it gets.
pub(crate) struct Asked {
    pub(crate) call: Call,
    /// The code, and what is special about it.
    pub(crate) name: String,
    pub(crate) code: Code,
    pub(crate) what: String,
    org_id: &'static str,
    /// Sealed with a key that is not the account's.
    wrong_key: bool,
    /// The message, as it is sealed; of a decode, the body.
    pub(crate) plain: String,
}

impl Asked {
    fn of(call: Call, code: Code, plain: String) -> Self {
        let what = code.message().trim_end_matches("：").to_owned();
        Self { call, name: code.to_string(), code, what, org_id: ACCOUNT, wrong_key: false, plain }
    }

    fn named(self, more: &str, what: &str) -> Self {
        Self { name: format!("{}{more}", self.name), what: what.to_owned(), ..self }
    }

    /// The body that is posted.
    pub(crate) fn body(&self, now: UnixMillis) -> String {
        if self.call == Call::Decode {
            return self.plain.clone();
        }
        let right = Sm4Key::from_hex(EXAMPLE_KEY).expect("a key");
        let key = if self.wrong_key { Sm4Key::from_bytes(&[0x5A; 16]) } else { right };
        envelope::request(&key, self.org_id, "sys", region(), now, self.plain.as_bytes())
    }
}

pub(crate) fn region() -> Region {
    Region::new("350000").expect("a region")
}

/// The key of the examples.
pub(crate) fn key() -> Sm4Key {
    Sm4Key::from_hex(EXAMPLE_KEY).expect("a key")
}

/// The token that makes this code, of the requests of one kind.
pub(crate) fn token(code: Code, kind: &str) -> String {
    let middle = format!("{kind}{:0>1$}", code.number().unsigned_abs(), 15 - kind.len());
    magic::another(region(), code, &middle).expect("a magic token").as_str().to_owned()
}

/// The token of the notice that goes out; with `ext`, of the second.
fn good(extended: bool) -> String {
    token(Code::Success, if extended { "ext" } else { "example" })
}

fn notify(token: &str, more: &str) -> String {
    format!(
        "{{\"token\":\"{token}\",\"orgCodg\":\"{HOSPITAL}\",\"orgName\":\"{HOSPITAL_NAME}\",\"totalAmount\":\"128.50\"{more}}}"
    )
}

fn status(token: &str, more: &str) -> String {
    format!("{{\"token\":\"{token}\",\"orgCodg\":\"{HOSPITAL}\"{more}}}")
}

fn notices() -> Vec<Asked> {
    let of = |code, plain| Asked::of(Call::Notify, code, plain);
    let ext = ",\"ext\":\"1\"";
    let without = notify("", "").replace("\"token\":\"\",", "");
    let mut all = vec![
        of(Code::Success, notify(&good(false), "")).named("", "通知已送达渠道应用"),
        of(Code::Success, notify(&good(true), ext)).named("-ext", "同上，另要核对号（ext）"),
        of(Code::BadParameter, without).named("", "没有 token"),
        Asked {
            wrong_key: true, ..of(Code::Denied, notify(&good(false), "")).named("", "用错误的密钥加密")
        },
        Asked { org_id: NO_RIGHTS, ..of(Code::NoInterfaceRight, notify(&good(false), "")) },
        of(Code::BadOrgCode, notify(&good(false), "").replace(HOSPITAL, "35010000001"))
            .named("", "11 位旧代码"),
    ];
    all.extend(magical(Call::Notify, |token| notify(token, "")));
    all
}

fn statuses() -> Vec<Asked> {
    let of = |code, plain| Asked::of(Call::Status, code, plain);
    let mut all = vec![
        of(Code::Success, status(&good(false), "")).named("", "能否结算"),
        of(Code::Success, status(&good(true), ",\"ext\":\"1\""))
            .named("-ext", "同上，另要所处阶段与下一步（ext）"),
        of(Code::BadParameter, status(&good(false), ",\"ext\":\"2\"")).named("", "ext 为 2"),
        Asked {
            wrong_key: true, ..of(Code::Denied, status(&good(false), "")).named("", "用错误的密钥加密")
        },
        Asked { org_id: NO_RIGHTS, ..of(Code::NoInterfaceRight, status(&good(false), "")) },
        of(Code::BadOrgCode, status(&good(false), "").replace(HOSPITAL, "35010000001"))
            .named("", "11 位旧代码"),
    ];
    all.extend(magical(Call::Status, |token| status(token, "")));
    all
}

/// What the magic tokens bring about in this call.
fn magical(call: Call, plain: impl Fn(&str) -> String) -> Vec<Asked> {
    let codes = magic::CODES.into_iter().filter(|code| *code != Code::Success && call.may_answer(*code));
    let kind = if call == Call::Notify { "notify" } else { "status" };
    codes.map(|code| Asked::of(call, code, plain(&token(code, kind)))).collect()
}

fn password(id_type: &str, digits: &str, name: &str, id_no: &str) -> String {
    let digest = PasswordDigest::of(digits).expect("six digits").to_hex();
    format!(
        "{{\"idType\":\"{id_type}\",\"reqBizNo\":\"1616654881967\",\"userPwd\":\"{}\",\"userName\":\"{name}\",\"idNo\":\"{id_no}\"}}",
        &*digest
    )
}

/// The person of the specification's worked example, and the one without a password.
fn passwords() -> Vec<Asked> {
    const NUMBER: &str = "350501199911173510";
    let of = |code, plain| Asked::of(Call::Password, code, plain);
    let right = || password("01", "111111", "测试", NUMBER);
    vec![
        of(Code::Success, password("01", "000000", "测试", NUMBER)).named("-wrong", "密码不对"),
        of(Code::Success, right()).named("", "密码正确"),
        of(Code::BadParameter, right().replace("\"idType\":\"01\"", "\"idType\":\"00\""))
            .named("", "没有的证件类型"),
        Asked { wrong_key: true, ..of(Code::Denied, right()).named("", "用错误的密钥加密") },
        Asked { org_id: NO_RIGHTS, ..of(Code::NoInterfaceRight, right()) },
        of(Code::PasswordNotSet, password("01", "111111", "吴密", "350104197007078031")),
        of(Code::IdentityMismatch, password("01", "111111", "错别字", "35010119000101000X")),
    ]
}

fn decode(change: impl FnOnce(&mut Value)) -> String {
    let mut body = json!({
        "orgId": HOSPITAL, "transType": "ec.query",
        "data": {
            "orgId": HOSPITAL, "businessType": "01301", "operatorId": "001", "operatorName": "经办人", "officeId": "01",
            "officeName": "收费处", "ecQrCode": SHOWN, "deviceType": "SelfService",
        },
    });
    change(&mut body);
    body.to_string()
}

fn decodes() -> Vec<Asked> {
    let of = |code, plain| Asked::of(Call::Decode, code, plain);
    let without = |body: &mut Value| {
        body.as_object_mut().expect("an object").remove("orgId");
    };
    vec![
        of(Code::Success, decode(|_| {})).named("", "由手机上正展着的码得到令牌"),
        of(Code::BadParameter, decode(without)).named("", "没有 orgId"),
        of(
            Code::CredentialNotFound,
            decode(|body| body["data"]["ecQrCode"] = json!("4249999999999999999999999999")),
        )
        .named("", "谁也没有展过的码"),
        of(Code::BusinessTypeNotFound, decode(|body| body["data"]["businessType"] = json!("99999"))),
        of(
            Code::BadOrgCode,
            decode(|body| {
                body["orgId"] = json!("35010000001");
                body["data"]["orgId"] = json!("35010000001");
            }),
        )
        .named("", "11 位旧代码"),
    ]
}

/// All of them, call by call.
pub(crate) fn all() -> Vec<Asked> {
    [notices(), statuses(), passwords(), decodes()].into_iter().flatten().collect()
}
