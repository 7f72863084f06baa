//! A page is for the browser that opened it first.

use hashbrown::HashMap;
use yanmi_protocol::NoticeNo;

use super::needs::Needs;
use super::work::{Circumstances, Work};
use crate::ledger::table::page_claims::{self, Claim};
use crate::store::StoreError;
use crate::store::batch::Session;

/// A browser at a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageVisit {
    pub(crate) notice: NoticeNo,
    /// How many notices there had been when its link was made.
    pub(crate) sequence: u32,
    /// The keyed hash of what the browser was given; nothing for one that has nothing to show.
    pub(crate) browser: Option<[u8; 16]>,
    /// Whether it takes the page if nobody has it.
    pub(crate) may_claim: bool,
}

/// Where a page is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PagePlace {
    /// Nobody has opened this link or a later one.
    Nowhere,
    /// In the browser that asks.
    Here,
    /// In another one.
    Elsewhere,
}

/// Loads what the batch asks about. The locks of the tokens keep other writers from it.
pub(super) async fn load(
    session: &mut Session<'_>,
    needs: &[Needs<'_>],
) -> Result<HashMap<NoticeNo, Claim>, StoreError> {
    let wanted: Vec<NoticeNo> = needs.iter().filter_map(|needs| needs.page).collect();
    page_claims::load(session, &wanted).await
}

impl Work {
    /// Where the page is open, and whether this browser has just taken it.
    pub(in crate::ledger) fn claim(
        &mut self,
        visit: PageVisit,
        with: Circumstances<'_>,
    ) -> (PagePlace, bool) {
        let PageVisit { notice, sequence, browser, may_claim } = visit;
        let place = match self.claims.get(&notice) {
            Some(claim) if browser == Some(claim.browser) => PagePlace::Here,
            Some(claim) if claim.sequence >= sequence => PagePlace::Elsewhere,
            _ => PagePlace::Nowhere,
        };
        let (PagePlace::Nowhere, Some(browser), true) = (place, browser, may_claim) else {
            return (place, false);
        };
        let claim = Claim { sequence, browser };
        self.claims.insert(notice, claim);
        self.changes.claim(notice, claim, with.now);
        (PagePlace::Here, true)
    }
}
