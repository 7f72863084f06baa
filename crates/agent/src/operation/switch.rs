//! Another code in the same visit (1.4.4(5)E).

use yanmi_client::gate::VisitId;
use yanmi_protocol::mask;

use crate::fault::Fault;
use crate::office::Office;
use crate::operation::decode;
use crate::shapes::{Begun, Switch};
use crate::view;

/// The visit goes on with the new token; what belongs to the old one no longer counts.
pub(crate) fn switch(office: &Office, id: VisitId, asked: &Switch) -> Result<Begun, Fault> {
    // A code is decoded for a visit there is.
    office.desk.visits().get(id)?;
    let (token, decoded) = match (asked.qr_code, asked.token) {
        (Some(code), None) => decode(office, code, &office.clerk).map(|(token, told)| (token, Some(told)))?,
        (None, Some(token)) => (token, None),
        (Some(_), Some(_)) => return Err(Fault::member("ecToken", "与 ecQrCode 只能给一")),
        (None, None) => return Err(Fault::member("ecQrCode", "缺失：给出 ecQrCode 或 ecToken")),
    };
    let visit = office.desk.switch_token(id, token)?;
    if let Some(name) = decoded.as_ref().and_then(|decoded| decoded.user_name.as_deref()) {
        office.note(id, |note| note.name = Some(mask::name(name)));
    }
    Ok(Begun { visit: view::visit(&visit), new: false, person: decoded.map(view::person) })
}
