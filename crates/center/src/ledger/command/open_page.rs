//! A browser is at the page of a notice.

use yanmi_verification::Event;

use crate::ledger::key::Key;
use crate::ledger::machine::claim::{PagePlace, PageVisit};
use crate::ledger::machine::job::Command;
use crate::ledger::machine::needs::Needs;
use crate::ledger::machine::work::{Circumstances, Work};

/// A browser is at the page of a notice.
#[derive(Debug)]
pub(crate) struct OpenPage {
    pub(crate) key: Key,
    pub(crate) visit: PageVisit,
}

impl Command for OpenPage {
    type Answer = PagePlace;

    fn needs(&self) -> Needs<'_> {
        Needs { page: Some(self.visit.notice), ..Needs::of_key(self.key) }
    }

    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> PagePlace {
        let (place, is_new) = work.claim(self.visit, with);
        if is_new {
            work.audit(&self.key, Event::PageOpened, None, None, None, with);
        }
        place
    }
}
