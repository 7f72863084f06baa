//! An offline check: recorded, or made by the terminal or dynamic library that is plugged in.

use yanmi_client::gate::{OfflineOutcome, VisitId};
use yanmi_client::offline::MAX_PORT_MESSAGE;

use crate::fault::Fault;
use crate::office::Office;
use crate::shape::Outcome;
use crate::shapes::{Check, Standing};
use crate::view;

/// Where terminal or library gave no reason.
const UNSAID: &str = "未说明原因";

/// Records what was checked, or has terminal or library check. A check that failed is an answer.
pub(crate) fn check(office: &Office, id: VisitId, asked: &Check) -> Result<Standing, Fault> {
    let words = || asked.message.as_deref().unwrap_or(UNSAID).chars().take(MAX_PORT_MESSAGE).collect();
    let outcome = match asked.outcome {
        Some(Outcome::Passed) => OfflineOutcome::Passed { serial: asked.serial.clone(), token: asked.token },
        Some(Outcome::Failed) => OfflineOutcome::Failed { message: words() },
        Some(Outcome::Unavailable) => OfflineOutcome::Unavailable { message: words() },
        None => {
            let visit = office.desk.verify_offline(id, asked.way, None)?;
            return Ok(Standing { visit: view::visit(&visit), clock: office.clock() });
        }
    };
    let visit = office.desk.record_offline(id, asked.way, outcome)?;
    Ok(Standing { visit: view::visit(&visit), clock: office.clock() })
}
