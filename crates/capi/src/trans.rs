//! The drop-in call: one function, JSON in and JSON out, as institutions' programs already call the credential's library.
//!
//! `{"transType":"yanmi.notify","data":{…}}`; other members beside them (`orgId`, `extra`) are not looked at. The
//! configuration is opened by the first call that names it and stays open until the program ends or says
//! `yanmi.close`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::value::RawValue;
use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::fault::{Fault, Kind};
use crate::operation::{Check, Scan};
use crate::setup::Session;

/// Bytes, with the NUL, that are written when nobody said how many there are.
pub const OUTPUT: usize = 2_048;
/// Configurations that drop-in calls of one process may have open.
pub const MAX_SESSIONS: usize = 16;

/// The sessions drop-in calls have opened, by the digest of what named them: that may hold a key.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<[u8; 32], Arc<Session>>>);

impl Sessions {
    /// The session of a configuration, or of a center's address.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<Session>, Fault> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = digest(name);
        if let Some(session) = sessions.get(&digest) {
            return Ok(Arc::clone(session));
        }
        if sessions.len() >= MAX_SESSIONS {
            return Err(Fault::new(Kind::TooMany, format!("同时使用的配置超过 {MAX_SESSIONS} 个")));
        }
        let is_url = name.starts_with("http://") || name.starts_with("https://");
        let session = Arc::new(if is_url { Session::open_for_url(name) } else { Session::open(name) }?);
        sessions.insert(digest, Arc::clone(&session));
        Ok(session)
    }

    /// Lets go of it; calls under way go on.
    pub(crate) fn close(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest(name));
    }
}

fn digest(name: &str) -> [u8; 32] {
    Sm3::digest(name.as_bytes()).into()
}

/// A member that may be text, number, null or absent; wiped, because one of them is a password.
#[derive(Default)]
struct Loose(Zeroizing<String>);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Loose;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose(Zeroizing::new(text.to_owned())))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Loose, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Loose, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Loose, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_unit<E: de::Error>(self) -> Result<Loose, E> {
                Ok(Loose::default())
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Loose {
    fn number(&self, name: &str) -> Result<i32, Fault> {
        if self.0.is_empty() {
            return Ok(0);
        }
        self.0.parse().map_err(|_| Fault::argument(name, "应为整数"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    trans_type: String,
    // Not copied: it may hold a password.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data {
    visit: Loose,
    reference: Loose,
    medium: Loose,
    ec_qr_code: Loose,
    business_type: Loose,
    operator_id: Loose,
    operator_name: Loose,
    office_id: Loose,
    office_name: Loose,
    ec_token: Loose,
    insu_org: Loose,
    total_amount: Loose,
    wait_seconds: Loose,
    settlement: Loose,
    way: Loose,
    outcome: Loose,
    serial: Loose,
    message: Loose,
    password: Loose,
}

impl Data {
    fn scan(&self) -> Scan<'_> {
        Scan {
            qr_code: &self.ec_qr_code.0,
            business: &self.business_type.0,
            operator_id: &self.operator_id.0,
            operator_name: &self.operator_name.0,
            office_id: &self.office_id.0,
            office_name: &self.office_name.0,
        }
    }

    fn check(&self) -> Result<Check<'_>, Fault> {
        if self.outcome.0.is_empty() {
            // Absent is not 0, which means that it was passed.
            return Err(Fault::argument("outcome", "缺失"));
        }
        let outcome = self.outcome.number("outcome")?;
        Ok(Check { outcome, serial: &self.serial.0, token: &self.ec_token.0, message: &self.message.0 })
    }
}

/// Reads an object, and no list in its place.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    let refused =
        |why: String| Fault::new(Kind::Request, format!("入参不是合法的 JSON，或成员类型有误{why}"));
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if !text.starts_with('{') {
        return Err(refused("：应为对象".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| refused(format!("（第 {} 列）", error.column())))
}

/// Carries out one drop-in call.
pub(crate) fn answer(
    sessions: &Sessions,
    name: &str,
    session: &Session,
    request: &str,
) -> Result<Answer, Fault> {
    let request: Request<'_> = object(request)?;
    let data: Data = request.data.map(|data| object(data.get())).transpose()?.unwrap_or_default();
    let visit = data.visit.0.as_str();
    match request.trans_type.as_str() {
        "yanmi.scan" | "ec.query" => session.scan(&data.scan(), &data.reference.0),
        "yanmi.begin" => session.begin(
            data.medium.number("medium")?,
            &data.ec_token.0,
            &data.insu_org.0,
            &data.reference.0,
        ),
        "yanmi.rescan" => session.rescan(visit, &data.scan()),
        "yanmi.switchToken" => session.switch_token(visit, &data.ec_token.0),
        "yanmi.notify" => session.notify(visit, &data.total_amount.0),
        "yanmi.status" => session.status(visit, data.wait_seconds.number("waitSeconds")?),
        "yanmi.gate" => session.gate(visit, &data.settlement.0, &data.total_amount.0),
        "yanmi.recordOffline" => session.record_offline(visit, data.way.number("way")?, &data.check()?),
        "yanmi.verifyOffline" => {
            session.verify_offline(visit, data.way.number("way")?, data.password.0.clone())
        }
        "yanmi.visit" => session.visit(visit),
        "yanmi.find" => session.find(&data.reference.0),
        "yanmi.kcv" => Ok(session.key_check_value()),
        "yanmi.close" => {
            sessions.close(name);
            Ok(Answer::done("已关闭"))
        }
        _ => Err(Fault::new(Kind::Request, "transType 不认识")),
    }
}
