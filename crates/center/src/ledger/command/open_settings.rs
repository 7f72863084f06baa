//! A browser is at the page of a person's settings.

use yanmi_verification::{Event, PersonKey};

use crate::ledger::machine::claim::{PagePlace, PageVisit};
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};
use crate::ledger::table::audit::Audited;

/// A browser is at the page of a person's settings.
#[derive(Debug)]
pub(crate) struct OpenSettings {
    pub(crate) person: PersonKey,
    pub(crate) visit: PageVisit,
}

impl Command for OpenSettings {
    type Answer = PagePlace;

    fn needs(&self) -> Needs<'_> {
        Needs { person: Some(self.person), page: Some(self.visit.notice), ..Needs::default() }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> PagePlace {
        let (place, is_new) = work.claim(self.visit, with);
        if is_new {
            let opened =
                Audited { person: Some(&self.person.0), ..Audited::new(with.now, Event::PageOpened) };
            work.audit_entry(&Audited { detail: Some("settings"), ..opened });
        }
        place
    }
}
