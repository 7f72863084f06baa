//! Where a restarted program was.

use crate::fault::Fault;
use crate::office::Office;
use crate::shapes::{Find, Found};
use crate::view;

/// The visits of a number, or those of today.
pub(crate) fn find(office: &Office, asked: Find) -> Result<Found, Fault> {
    let visits = office.desk.visits();
    let found = match asked.reference {
        Some(reference) => visits.find(&reference)?,
        None => visits.since(office.midnight())?,
    };
    Ok(Found { visits: view::visits(&found) })
}
