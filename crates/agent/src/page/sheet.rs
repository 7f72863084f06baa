//! What is known when the page is drawn; and the gate is asked first when there is something to decide.

use yanmi_client::gate::{Ask, Visit, VisitId};

use super::face;
use crate::fault::Fault;
use crate::office::{Note, Office};

/// What is drawn.
pub(super) struct Sheet {
    pub(super) now: yanmi_protocol::UnixMillis,
    pub(super) chosen: Option<Selection>,
    /// Those of today, the latest first.
    pub(super) today: Vec<(Visit, Note)>,
}

/// The visit the page is about.
pub(super) struct Selection {
    pub(super) visit: Visit,
    pub(super) ask: Option<Ask>,
}

/// Reads everything; a visit something came of is decided about.
pub(super) fn read(office: &Office, id: Option<VisitId>) -> Result<Sheet, Fault> {
    let visits = office.desk.visits();
    let chosen = match id {
        Some(id) => {
            let (visit, note) = (visits.get(id)?, office.noted(id));
            let ask = face::ask(&visit, &note, office.kind);
            let visit = match ask {
                Some(ask) if face::is_ripe(&visit) => {
                    let gated = office.desk.gate(id, ask)?;
                    office.changed();
                    gated.visit
                }
                _ => visit,
            };
            Some(Selection { visit, ask })
        }
        None => None,
    };
    let today = visits.since(office.midnight())?;
    let today =
        today.into_iter().map(|visit| (office.noted(visit.id()), visit)).map(|(note, visit)| (visit, note));
    Ok(Sheet { now: office.ambient.now(), chosen, today: today.collect() })
}
