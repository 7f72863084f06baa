//! What the clerk sends off: the operations of the interface, with the fields of a form.

use std::sync::Arc;

use axum::body::Body;
use yanmi_client::gate::{Medium, Settlement, VisitId};
use yanmi_protocol::dictionary::{NOT_A_CREDENTIAL_CODE, is_credential_code};
use yanmi_protocol::{Amount, EcToken, QrCode};

use super::frame::{moved, show};
use super::markup::Trouble;
use crate::fault::Fault;
use crate::office::Office;
use crate::operation;
use crate::reply::{Reply, read_body};
use crate::service::Service;
use crate::shape::{Members, Outcome};
use crate::shapes::{Ask, Begin, Check, Send, Switch};

/// Characters a token that is entered here may have: both forms that are seen have letters and at least so many.
const TOKEN: std::ops::RangeInclusive<usize> = 30..=40;

/// Does what a form says, and leads back to the page of its visit.
pub(super) async fn answer(service: &Service, rest: &[&str], body: Body) -> Reply {
    let (id, what) = match rest {
        [] => (None, ""),
        [id, what] => match VisitId::parse(id) {
            Some(id) => (Some(id), *what),
            None => return show(service, None, Some(Fault::no_visit().into())).await,
        },
        _ => return show(service, None, Some(Fault::no_place().into())).await,
    };
    let mut amount = None;
    match act(service, id, what, body, &mut amount).await {
        Ok(id) => moved(&format!("/?visit={id}")),
        Err(fault) => show(service, id, Some(Trouble { fault, amount })).await,
    }
}

/// Does it; `amount` becomes what was typed there.
async fn act(
    service: &Service,
    id: Option<VisitId>,
    what: &str,
    body: Body,
    amount: &mut Option<String>,
) -> Result<VisitId, Fault> {
    let members = Members::of_form(&read_body(body).await?);
    *amount = members.text("amount").map(str::to_owned);
    let run = match (id, what) {
        (None, "") => Form::Begin,
        (Some(id), "notice") => Form::Notice(id),
        (Some(id), "gate") => Form::Gate(id),
        (Some(id), "offline") => Form::Offline(id),
        (Some(id), "token") => Form::Token(id),
        _ => return Err(Fault::no_place()),
    };
    let office = Arc::clone(&service.office);
    // A person stands before a camera or types at a keypad for as long as that takes.
    let by_person = matches!(run, Form::Offline(_)) && !members.has("outcome");
    let fill = move || run.fill(&office, members);
    let done = if by_person { service.pool.hold(fill).await } else { service.pool.run(fill).await };
    service.office.changed();
    let operation = if what.is_empty() { "begin" } else { what };
    match &done {
        Ok(visit) => tracing::info!(operation, %visit, "收费员页面：已处理"),
        Err(fault) => tracing::warn!(operation, code = fault.code, "收费员页面：未处理"),
    }
    done
}

/// The forms there are.
#[derive(Clone, Copy)]
enum Form {
    Begin,
    Notice(VisitId),
    Gate(VisitId),
    Offline(VisitId),
    Token(VisitId),
}

impl Form {
    fn fill(self, office: &Office, mut members: Members) -> Result<VisitId, Fault> {
        match self {
            Self::Begin => begin(office, members),
            Self::Notice(id) => {
                note_kind(office, id, &mut members)?;
                operation::send(office, id, &Send::read(members)?)?;
                Ok(id)
            }
            Self::Gate(id) => {
                operation::ask(office, id, &Ask::read(members)?)?;
                Ok(id)
            }
            Self::Offline(id) => {
                let asked = Check::read(members)?;
                let ways = if asked.outcome.is_some() { &office.entered } else { &office.plugged };
                if !ways.contains(&asked.way) {
                    return Err(Fault::member(
                        "way",
                        "本机没有配置这种线下方式（agent.page_offline、[terminal]、[library]）",
                    ));
                }
                if asked.outcome == Some(Outcome::Passed) && asked.serial.is_none() {
                    return Err(Fault::member("serial", "核验通过时，请抄录终端显示或打印的流水号"));
                }
                operation::check(office, id, &asked)?;
                Ok(id)
            }
            Self::Token(id) => {
                let (qr_code, token) = code(&members.take::<String>("code")?)?;
                let amount = members.take("amount")?;
                members.finish(&["code", "amount"])?;
                operation::switch(office, id, &Switch { qr_code, token })?;
                operation::send(office, id, &Send { amount })?;
                Ok(id)
            }
        }
    }
}

/// Begins a visit; of a scanned code the notice is sent at once.
fn begin(office: &Office, mut members: Members) -> Result<VisitId, Fault> {
    let medium = members.take::<Option<Medium>>("medium")?.unwrap_or(Medium::QrCode);
    let text = members.take::<Option<String>>("code")?;
    let amount: Option<Amount> = members.take("amount")?;
    let kind: Option<Settlement> = members.take("kind")?;
    members.finish(&["medium", "code", "amount", "kind"])?;
    let scanned = medium == Medium::QrCode;
    let (qr_code, token) = match text.filter(|_| scanned) {
        Some(text) => code(&text)?,
        None if scanned => return Err(Fault::member("code", "请扫描参保人手机上的医保电子凭证二维码")),
        None => (None, None),
    };
    let begun = operation::begin(office, Begin { medium: Some(medium), qr_code, token, ..nothing() })?;
    let id = begun.visit.id;
    office.note(id, |note| (note.amount, note.kind) = (amount, kind));
    if scanned {
        operation::send(office, id, &Send { amount })?;
    }
    Ok(id)
}

fn nothing() -> Begin {
    Begin {
        medium: None,
        qr_code: None,
        token: None,
        place: None,
        serial: None,
        reference: None,
        operator_id: None,
        operator_name: None,
        office_id: None,
        office_name: None,
    }
}

fn note_kind(office: &Office, id: VisitId, members: &mut Members) -> Result<(), Fault> {
    if let Some(kind) = members.take::<Option<Settlement>>("kind")? {
        office.note(id, |note| note.kind = Some(kind));
    }
    Ok(())
}

/// A QR code to be decoded, or the token somebody decoded already. Whatever else a scanner reads (a pay code, an identity
/// card, a drug, `opc…`) is refused here, before anything is stored or sent.
fn code(text: &str) -> Result<(Option<QrCode>, Option<EcToken>), Fault> {
    let text = text.trim();
    let wrong = || Fault::member("code", NOT_A_CREDENTIAL_CODE);
    if is_credential_code(text) {
        return QrCode::new(text).map(|code| (Some(code), None)).map_err(|_| wrong());
    }
    let fits = TOKEN.contains(&text.len()) && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    EcToken::new(text).ok().filter(|_| fits).map(|token| (None, Some(token))).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn what_a_scanner_types_is_told_from_a_token() {
        let kinds = |text: &str| code(text).map(|(qr, token)| (qr.is_some(), token.is_some())).ok();
        assert_eq!(kinds(" 4243754826492874240001130000\r\n"), Some((true, false)));
        assert_eq!(kinds("350000ec7ioqup8p1o0761820a0000f1f8b13d"), Some((false, true)));
        for other in [
            "https://example.com/",
            "134567890123456789",
            "350501199911173510",
            "35050119991117351X",
            "81028340019283740192",
            "opc3754826492874240001130000",
            "1243754826492874240001130000",
            "",
        ] {
            assert_eq!(code(other).expect_err(other).plain(), "请使用医保电子凭证二维码", "{other}");
        }
    }
}
