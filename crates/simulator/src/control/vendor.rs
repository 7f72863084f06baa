//! `POST /vendor {"orgId","transType","data"}` → `{"code","message","data"}`: what a vendor's dynamic library asks its
//! device and the national center for. The simulated library (crate `yanmi-vendor`) passes everything on to here.
//!
//! | `transType` | what happens |
//! |---|---|
//! | `cn.nhsa.qrcode.get` | the terminal scans the code a phone shows: `ecQrCode` |
//! | `cn.nhsa.ec.auth` | the person looks into the terminal's camera: `authNo` |
//! | `cn.nhsa.auth.check` | whose `authNo` is it: identity and `ecToken` |
//! | `sandbox.terminal.password` | the person types at the terminal: `checkStas`, `resBizNo`, `ecToken` |
//! | `sandbox.library.password` | the same with the `password` of the data; without one, typed at a keypad |
//!
//! The first three names are the field's. Nobody outside knows what the checks of a password are called, so their names
//! say that they are the sandbox's. As in the field, some answers have their data as an object and some as JSON text.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use yanmi_protocol::{AuthNo, Code, EcToken};

use super::request::{Refusal, read, reply};
use crate::reply::Reply;
use crate::state::State;
use crate::terminal::TerminalMood;
use crate::watch::Actor;
use crate::world::Person;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VendorRequest {
    trans_type: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    ec_token: Option<String>,
    auth_no: Option<String>,
    password: Option<String>,
}

/// What needs the terminal itself.
const AT_TERMINAL: [&str; 3] = ["cn.nhsa.qrcode.get", "cn.nhsa.ec.auth", "sandbox.terminal.password"];

/// Why nothing was checked: a code, and words that say more than its own.
struct Not(Code, &'static str);

impl From<Code> for Not {
    fn from(code: Code) -> Self {
        Self(code, code.message())
    }
}

pub(super) async fn answer(state: &State, body: &Bytes) -> Result<Reply, Refusal> {
    let request: VendorRequest = read(body, "transType，可选 data")?;
    if AT_TERMINAL.contains(&request.trans_type.as_str()) {
        state.terminal_answers().await;
    }
    let answer = match carry_out(state, &request) {
        Ok(data) => json!({ "code": 0, "message": "成功", "data": data }),
        Err(Not(code, message)) => json!({ "code": code.number(), "message": message, "data": null }),
    };
    Ok(reply(&answer))
}

fn carry_out(state: &State, request: &VendorRequest) -> Result<Value, Not> {
    let mood = state.terminal().mood;
    let (operation, data) = (request.trans_type.as_str(), &request.data);
    let silent = matches!(mood, TerminalMood::Unreachable | TerminalMood::Hang);
    if silent && AT_TERMINAL.contains(&operation) {
        return Err(Not(Code::Timeout, "医保终端未连接（模拟）"));
    }
    match operation {
        "cn.nhsa.qrcode.get" => {
            let code = state.watch.shown_code();
            let code = code.ok_or(Not(Code::BadParameter, "没有扫到二维码：请先在手机上展码"))?;
            Ok(json!({ "ecQrCode": code }))
        }
        "cn.nhsa.ec.auth" => {
            let person = present(state, data)?;
            state.watch.step(Actor::Person, "参保人在医保终端刷脸");
            let number = (mood == TerminalMood::Ok).then(|| state.auth_no(Some(person))).flatten();
            let number = number.ok_or(Not(Code::BadAuthNo, "刷脸未通过（模拟）"))?;
            Ok(json!({ "authNo": number.as_str() }))
        }
        "cn.nhsa.auth.check" => identity(state, data),
        "sandbox.terminal.password" => password(state, data, None),
        "sandbox.library.password" => password(state, data, data.password.as_deref()),
        _ => Err(Code::NoSuchAddress.into()),
    }
}

/// Whom the visit is about, when it has a token.
fn holder<'a>(state: &'a State, data: &Data) -> Result<Option<&'a Person>, Not> {
    let Some(token) = &data.ec_token else { return Ok(None) };
    let token = EcToken::new(token).map_err(|_| Code::BadParameter)?;
    let (holder, _) = state.mint.read_token(&token).ok_or(Code::CredentialNotFound)?;
    let (person, _) = state.holder(holder).ok_or(Code::CredentialNotFound)?;
    Ok(Some(person))
}

/// Who stands there.
fn present<'a>(state: &'a State, data: &Data) -> Result<&'a Person, Not> {
    if let Some(index) = state.terminal().person {
        return state.world.person(index.as_str()).ok_or(Code::CredentialNotFound.into());
    }
    let nobody =
        Not(Code::BadParameter, "医保终端前没有人：没有令牌时，请先用 POST /terminal 指定 ecIndexNo");
    holder(state, data)?.ok_or(nobody)
}

/// Whose face it was. The token is the visit's when it is theirs, and otherwise a new one, as for any other code.
fn identity(state: &State, data: &Data) -> Result<Value, Not> {
    let number = data.auth_no.as_deref().and_then(|number| AuthNo::new(number).ok());
    let person = number.and_then(|number| state.person_at(state.mint.read_auth_no(&number)?));
    let person = person.ok_or(Code::BadAuthNo)?;
    let theirs = holder(state, data)?.is_some_and(|holder| holder.ec_index_no == person.ec_index_no);
    let token = match data.ec_token.clone().filter(|_| theirs) {
        Some(token) => token,
        None => state.token_of(person).ok_or(Code::CredentialNotFound)?.as_str().to_owned(),
    };
    Ok(json!({
        "userName": person.user_name, "idType": person.id_type, "idNo": person.id_no,
        "ecIndexNo": person.ec_index_no.as_str(), "ecToken": token,
    }))
}

/// Whether the password is that of whom the visit is about. Without a typed one, whoever stands there types theirs.
fn password(state: &State, data: &Data, typed: Option<&str>) -> Result<Value, Not> {
    let person = match holder(state, data)? {
        Some(person) => person,
        None => present(state, data)?,
    };
    let own = person.password.as_deref().ok_or(Code::PasswordNotSet)?;
    let right = if let Some(typed) = typed {
        typed == own
    } else {
        let typist = present(state, data)?;
        state.watch.step(Actor::Person, "参保人自己输入医保电子凭证密码");
        state.terminal().mood == TerminalMood::Ok && typist.password.as_deref() == Some(own)
    };
    let at = String::from_utf8_lossy(&state.now().shanghai_digits()).into_owned();
    let told = json!({
        "checkStas": if right { "1" } else { "0" }, "resBizNo": format!("V{at}"), "ecToken": data.ec_token,
    });
    Ok(told.to_string().into())
}
