//! A person has come.

use std::sync::PoisonError;

use yanmi_client::gate::{Medium, is_cross_province};
use yanmi_client::visits::NewVisit;
use yanmi_client::{DecodeRequest, DeskError};
use yanmi_protocol::dictionary::{BusinessType, NOT_A_CREDENTIAL_CODE, is_credential_code};
use yanmi_protocol::message::decode::Decoded;
use yanmi_protocol::{EcToken, QrCode, mask};

use crate::config::Clerk;
use crate::fault::Fault;
use crate::office::Office;
use crate::shapes::{Begin, Begun};
use crate::view;

/// Begins a visit, or finds the one that was begun with this number for this token already.
pub(crate) fn begin(office: &Office, asked: Begin) -> Result<Begun, Fault> {
    let medium = asked.medium.unwrap_or(Medium::QrCode);
    let decoded = match (asked.qr_code, asked.token) {
        (Some(_), Some(_)) => return Err(Fault::member("ecToken", "与 ecQrCode 只能给一")),
        (Some(_), None) if medium != Medium::QrCode => {
            return Err(Fault::member("ecQrCode", "只用于介质 qrCode"));
        }
        (None, None) if medium == Medium::QrCode => {
            return Err(Fault::member(
                "ecQrCode",
                "缺失：介质为二维码时，给出 ecQrCode 或解码得到的 ecToken",
            ));
        }
        (Some(code), None) => Some(decode(office, code, &clerk(office, &asked))?),
        (None, _) => None,
    };
    let (token, place) = match &decoded {
        Some((token, decoded)) => (Some(*token), decoded.insu_org.clone()),
        None => (asked.token, asked.place),
    };
    let new = NewVisit {
        medium,
        token,
        cross_province: is_cross_province(&place.unwrap_or_default(), &office.region),
        evidence: asked.serial,
        reference: asked.reference,
    };
    let (visit, is_new) = {
        let one_at_a_time = || office.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = new.reference.as_ref().map(|_| one_at_a_time());
        let before = match &new.reference {
            Some(reference) => office.desk.visits().find(reference)?,
            None => Vec::new(),
        };
        let same = before.into_iter().find(|visit| (visit.medium(), visit.token()) == (medium, token));
        match same {
            Some(visit) => (visit, false),
            None => (office.desk.begin(&new)?, true),
        }
    };
    let person = decoded.map(|(_, decoded)| decoded);
    let name = person.as_ref().and_then(|person| person.user_name.as_deref()).map(mask::name);
    office.note(visit.id(), |note| note.name = name.or(note.name.take()));
    Ok(Begun { visit: view::visit(&visit), new: is_new, person: person.map(view::person) })
}

/// Has the center decode a code.
pub(crate) fn decode(office: &Office, code: QrCode, clerk: &Clerk) -> Result<(EcToken, Decoded), Fault> {
    if !is_credential_code(code.as_str()) {
        return Err(Fault::member("ecQrCode", NOT_A_CREDENTIAL_CODE));
    }
    let request = DecodeRequest {
        qr_code: code,
        business: BusinessType::SETTLEMENT,
        operator_id: &clerk.operator_id,
        operator_name: &clerk.operator_name,
        office_id: &clerk.office_id,
        office_name: &clerk.office_name,
    };
    let decoded = office.desk.client().decode(&request).map_err(DeskError::Decode)?.answer;
    let token = decoded.ec_token.as_deref().and_then(|token| EcToken::new(token).ok());
    Ok((token.ok_or(DeskError::NoToken)?, decoded))
}

fn clerk(office: &Office, asked: &Begin) -> Clerk {
    let or = |given: &Option<String>, own: &String| given.as_ref().unwrap_or(own).clone();
    Clerk {
        operator_id: or(&asked.operator_id, &office.clerk.operator_id),
        operator_name: or(&asked.operator_name, &office.clerk.operator_name),
        office_id: or(&asked.office_id, &office.clerk.office_id),
        office_name: or(&asked.office_name, &office.clerk.office_name),
    }
}
