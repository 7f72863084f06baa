//! 1.7.1: has the person asked.

use yanmi_client::gate::{NoticeOutcome, VisitId};

use crate::fault::Fault;
use crate::office::Office;
use crate::shapes::{Send, Sent};
use crate::view;

/// Sends a notice. One that failed is an answer.
pub(crate) fn send(office: &Office, id: VisitId, asked: &Send) -> Result<Sent, Fault> {
    if asked.amount.is_some() {
        office.note(id, |note| note.amount = asked.amount);
    }
    let noticed = office.desk.notify(id, asked.amount)?;
    let outcome = noticed.visit.notice().map(|notice| &notice.outcome);
    Ok(Sent {
        done: matches!(outcome, Some(NoticeOutcome::Notified | NoticeOutcome::PasswordFree)),
        password_free: outcome == Some(&NoticeOutcome::PasswordFree),
        advice: noticed.advice.as_ref().and_then(view::advice_of).map(view::advice),
        visit: view::visit(&noticed.visit),
        clock: office.clock(),
    })
}
