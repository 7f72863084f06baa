//! The page of a notice is for the browser that opened it first, and what came of links that are not served.

use hashbrown::HashMap;
use yanmi_protocol::NoticeNo;
use yanmi_verification::{Event, PersonKey};

use super::{Circumstances, Work};
use crate::ledger::command::{Command, Key, Opened, Opening, Outcome};
use crate::ledger::load;
use crate::ledger::write::Audited;
use crate::store::StoreError;
use crate::store::batch::Session;

/// Who has the page of a notice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// How many notices there had been when its link was made.
    pub(crate) sequence: u32,
    /// The keyed hash of what the browser was given.
    pub(crate) browser: [u8; 16],
}

/// The claims of a batch, by notice.
pub(super) type Claims = HashMap<NoticeNo, Claim>;

/// Loads what the batch asks about. The locks of the tokens keep other writers from it.
pub(super) async fn load(session: &mut Session<'_>, commands: &[Command]) -> Result<Claims, StoreError> {
    let wanted: Vec<NoticeNo> = commands
        .iter()
        .filter_map(|command| match command {
            Command::OpenPage { opening, .. } | Command::OpenSettings { opening, .. } => Some(opening.notice),
            _ => None,
        })
        .collect();
    if wanted.is_empty() { Ok(Claims::new()) } else { load::claims(session, &wanted).await }
}

impl Work {
    pub(super) fn open_page(&mut self, key: &Key, opening: Opening, with: Circumstances<'_>) -> Outcome {
        let (opened, is_new) = self.claim(opening, with);
        if is_new {
            self.audit(key, Event::PageOpened, None, None, None, with);
        }
        Outcome::Opened(opened)
    }

    pub(super) fn open_settings(
        &mut self,
        person: PersonKey,
        opening: Opening,
        with: Circumstances<'_>,
    ) -> Outcome {
        let (opened, is_new) = self.claim(opening, with);
        if is_new {
            let about = Audited { person: Some(&person.0), ..Audited::new(with.now, Event::PageOpened) };
            self.changes.audit(&Audited { detail: Some("settings"), ..about });
        }
        Outcome::Opened(opened)
    }

    /// Where the page is open, and whether this browser has just taken it.
    fn claim(&mut self, opening: Opening, with: Circumstances<'_>) -> (Opened, bool) {
        let Opening { notice, sequence, browser, may_claim } = opening;
        let opened = match self.claims.get(&notice) {
            Some(claim) if browser == Some(claim.browser) => Opened::Here,
            Some(claim) if claim.sequence >= sequence => Opened::Elsewhere,
            _ => Opened::Nowhere,
        };
        let (Opened::Nowhere, Some(browser), true) = (opened, browser, may_claim) else {
            return (opened, false);
        };
        let claim = Claim { sequence, browser };
        self.claims.insert(notice, claim);
        self.changes.claim(notice, claim, with.now);
        (Opened::Here, true)
    }

    pub(super) fn record(&mut self, key: Option<&Key>, event: Event, with: Circumstances<'_>) -> Outcome {
        match key {
            Some(key) => self.audit(key, event, None, None, None, with),
            None => self.changes.audit(&Audited::new(with.now, event)),
        }
        Outcome::Done
    }
}
