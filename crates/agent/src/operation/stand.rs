//! Where a visit stands, for a screen.

use std::time::Duration;

use yanmi_client::gate::VisitId;

use crate::fault::Fault;
use crate::office::Office;
use crate::shapes::{Stand, Standing};
use crate::view;

/// The record, after asking the center when that is wanted.
pub(crate) fn stand(office: &Office, id: VisitId, asked: &Stand) -> Result<Standing, Fault> {
    let visit = match asked.wait {
        Some(wait) => office.desk.status(id, Some(Duration::from_secs(wait.0)))?.0,
        None => office.desk.visits().get(id)?,
    };
    Ok(Standing { visit: view::visit(&visit), clock: office.clock() })
}
