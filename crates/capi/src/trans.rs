//! The drop-in call: one function, JSON in and JSON out, as institutions' programs already call the credential's library.
//!
//! `{"transType":"yanmi.notify","data":{…}}`; other members beside them (`orgId`, `extra`) are not looked at. The
//! configuration is opened by the first call that names it and stays open until the program ends or says
//! `yanmi.close`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sm3::{Digest, Sm3};
use yanmi_protocol::member::without_mark;
use yanmi_protocol::{MemberError, Members};
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::fault::{Fault, Kind};
use crate::operation::{Check, Scan};
use crate::setup::Session;

/// Characters of an operation's name; all of ours have fewer.
const MAX_OPERATION: usize = 64;
/// Configurations that drop-in calls of one process may have open.
pub const MAX_SESSIONS: usize = 16;

/// The sessions drop-in calls have opened, by the digest of what named them: that may hold a key.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<[u8; 32], Arc<Session>>>);

impl Sessions {
    /// The session of a configuration, or of a center's address.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<Session>, Fault> {
        let name = named(name);
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = digest(name);
        if let Some(session) = sessions.get(&digest) {
            return Ok(Arc::clone(session));
        }
        if sessions.len() >= MAX_SESSIONS {
            return Err(Fault::new(Kind::TooMany, format!("同时使用的配置超过 {MAX_SESSIONS} 个")));
        }
        let session = Arc::new(if is_url(name) { Session::open_for_url(name) } else { Session::open(name) }?);
        sessions.insert(digest, Arc::clone(&session));
        Ok(session)
    }

    /// Lets go of it; calls under way go on.
    pub(crate) fn close(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest(named(name)));
    }
}

fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

/// What a name stands for: of an address the center's, for programs pass the whole one they decode at
/// (`http://…/localcfc/api/hsecfc/localQrCodeQuery`), as they do to the library this one takes the place of.
fn named(name: &str) -> &str {
    let name = name.trim();
    if !is_url(name) {
        return name;
    }
    let end = ["/localcfc/", "/cfc/", "?"].into_iter().filter_map(|mark| name.find(mark)).min();
    name.get(..end.unwrap_or(name.len())).unwrap_or(name).trim_end_matches('/')
}

fn digest(name: &str) -> [u8; 32] {
    Sm3::digest(name.as_bytes()).into()
}

/// What a call says, with the names of the members; wiped, because one of them is a password.
#[derive(Default)]
struct Data {
    visit: Loose,
    reference: Loose,
    medium: Loose,
    qr_code: Loose,
    business: Loose,
    operator_id: Loose,
    operator_name: Loose,
    office_id: Loose,
    office_name: Loose,
    token: Loose,
    place: Loose,
    amount: Loose,
    wait: Loose,
    settlement: Loose,
    way: Loose,
    outcome: Loose,
    serial: Loose,
    message: Loose,
    password: Loose,
}

/// A member that may be text, number, null or absent.
type Loose = Zeroizing<String>;

impl Data {
    fn read(members: &Members<'_>) -> Result<Self, Fault> {
        let loose = |name: &'static str| -> Result<Loose, Fault> {
            let text = members.loose_text(name).map_err(|error| wrong(&error))?;
            Ok(Zeroizing::new(text.map(Cow::into_owned).unwrap_or_default()))
        };
        Ok(Self {
            visit: loose("visit")?,
            reference: loose("reference")?,
            medium: loose("medium")?,
            qr_code: loose("ecQrCode")?,
            business: loose("businessType")?,
            operator_id: loose("operatorId")?,
            operator_name: loose("operatorName")?,
            office_id: loose("officeId")?,
            office_name: loose("officeName")?,
            token: loose("ecToken")?,
            place: loose("insuOrg")?,
            amount: loose("totalAmount")?,
            wait: loose("waitSeconds")?,
            settlement: loose("settlement")?,
            way: loose("way")?,
            outcome: loose("outcome")?,
            serial: loose("serial")?,
            message: loose("message")?,
            password: loose("password")?,
        })
    }

    fn scan(&self) -> Scan<'_> {
        Scan {
            qr_code: &self.qr_code,
            business: &self.business,
            operator_id: &self.operator_id,
            operator_name: &self.operator_name,
            office_id: &self.office_id,
            office_name: &self.office_name,
        }
    }

    fn check(&self) -> Result<Check<'_>, Fault> {
        if self.outcome.is_empty() {
            // Absent is not 0, which means that it was passed.
            return Err(Fault::argument("outcome", "缺失"));
        }
        let outcome = number("outcome", &self.outcome)?;
        Ok(Check { outcome, serial: &self.serial, token: &self.token, message: &self.message })
    }
}

fn number(name: &str, text: &str) -> Result<i32, Fault> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| Fault::argument(name, "应为整数"))
}

fn wrong(error: &MemberError) -> Fault {
    Fault::new(Kind::Request, format!("入参的成员 {error}"))
}

/// The members of an object, and no list in its place.
fn object(text: &str) -> Result<Members<'_>, Fault> {
    Members::parse(without_mark(text)).map_err(|why| Fault::new(Kind::Request, format!("入参{why}")))
}

/// Carries out one drop-in call.
pub(crate) fn answer(
    sessions: &Sessions,
    name: &str,
    session: &Session,
    request: &str,
) -> Result<Answer, Fault> {
    let outer = object(request)?;
    let operation = outer.text("transType", MAX_OPERATION).map_err(|error| wrong(&error))?;
    let inner = outer.raw("data").map_err(|error| wrong(&error))?.map(object).transpose()?;
    let data = inner.as_ref().map(Data::read).transpose()?.unwrap_or_default();
    let visit = data.visit.as_str();
    match operation.as_ref() {
        "yanmi.scan" | "ec.query" => session.scan(&data.scan(), &data.reference),
        "yanmi.begin" => session.begin(
            number("medium", &data.medium)?,
            &data.token,
            &data.place,
            &data.reference,
            &data.serial,
        ),
        "yanmi.rescan" => session.rescan(visit, &data.scan()),
        "yanmi.switchToken" => session.switch_token(visit, &data.token),
        "yanmi.notify" => session.notify(visit, &data.amount),
        "yanmi.status" => session.status(visit, number("waitSeconds", &data.wait)?),
        "yanmi.gate" => session.gate(visit, &data.settlement, &data.amount),
        "yanmi.recordOffline" => session.record_offline(visit, number("way", &data.way)?, &data.check()?),
        "yanmi.verifyOffline" => {
            session.verify_offline(visit, number("way", &data.way)?, data.password.clone())
        }
        "yanmi.visit" => session.visit(visit),
        "yanmi.find" => session.find(&data.reference),
        "yanmi.kcv" => Ok(session.key_check_value()),
        "yanmi.close" => {
            sessions.close(name);
            Ok(Answer::done("已关闭"))
        }
        _ => Err(Fault::new(Kind::Request, "transType 不认识")),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn the_address_programs_decode_at_names_its_center() {
        for (given, center) in [
            ("http://10.0.0.1:8350/localcfc/api/hsecfc/localQrCodeQuery", "http://10.0.0.1:8350"),
            (" https://ec.example/fj/localcfc/api/hsecfc/localQrCodeQuery?x=1 ", "https://ec.example/fj"),
            ("http://10.0.0.1:8350/cfc/api/tokenPwdStas", "http://10.0.0.1:8350"),
            ("http://10.0.0.1:8350/", "http://10.0.0.1:8350"),
            ("http://10.0.0.1:8350/cfcx", "http://10.0.0.1:8350/cfcx"),
            ("/etc/cfc/yanmi.toml", "/etc/cfc/yanmi.toml"),
        ] {
            assert_eq!(named(given), center, "{given}");
        }
    }
}
