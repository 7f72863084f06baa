//! The institution face: what 定点医药机构 ask (section 1.7), one operation a file.

mod decode;
pub(crate) mod decodes;
mod notify;
mod password;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use yanmi_protocol::message;
use yanmi_protocol::{AccountId, OrgCode};

use crate::config::PathPrefix;
use crate::face::envelope::{Call, Claimant, Party};
use crate::face::unknown_address;
use crate::refusal::{Denied, OrgProblem, Refusal};
use crate::registry::{Account, Institution, Interface, Keys, Snapshot};
use crate::share::Share;
use crate::site::Site;

/// The face's addresses, with and without what may stand before them (E15).
pub(crate) fn router(site: Arc<Site>, prefix: Option<&PathPrefix>) -> Router {
    let mut router = Router::new();
    for before in std::iter::once("").chain(prefix.map(PathPrefix::as_str)) {
        let at = |path: &str| format!("{before}{path}");
        router = router
            .route(&at(message::notify::PATH), any(notify::handle))
            .route(&at(message::status::PATH), any(status::handle))
            .route(&at(message::password::PATH), any(password::handle));
        if site.settings.decode {
            router = router.route(&at(message::decode::PATH), any(decode::handle));
        }
    }
    router.fallback(unknown_address::answer).with_state(site)
}

/// An account that makes one kind of call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByAccount(Interface);

impl Party for ByAccount {
    type Caller = AccountId;

    fn claimant<'s>(
        &self,
        registry: &'s Snapshot,
        org_id: &str,
    ) -> Result<Claimant<'s, AccountId>, (Denied, &'s Keys)> {
        let account = registry.account(org_id).ok_or((Denied::Unknown, registry.nobody()))?;
        let Account { id: caller, keys, mac, arrivals, .. } = account;
        let claimant = Claimant { caller: *caller, keys, mac: *mac, arrivals };
        if account.enabled { Ok(claimant) } else { Err((Denied::Disabled, keys)) }
    }

    fn count(&self, registry: &Snapshot, caller: &AccountId) -> Result<Arc<Share>, Refusal> {
        let account = registry.account_of(caller).ok_or(Refusal::Denied(Denied::Unknown))?;
        account.limiter.take().map_err(Refusal::RateLimited)?;
        Ok(Arc::clone(&account.share))
    }

    fn permit(&self, registry: &Snapshot, caller: &AccountId) -> Result<(), Refusal> {
        let permitted =
            registry.account_of(caller).is_some_and(|account| account.interfaces.contains(self.0));
        if permitted { Ok(()) } else { Err(Refusal::NoRight) }
    }
}

/// Step 7: the institution is of the national form, registered, active, and the caller's.
fn check_institution(
    call: &Call<AccountId>,
    org_code: Option<OrgCode>,
) -> Result<(OrgCode, &Institution), Refusal> {
    let code = org_code.ok_or(Refusal::BadOrgCode(OrgProblem::Form))?;
    let institution = call.registry.institution(&code).ok_or(Refusal::BadOrgCode(OrgProblem::Unknown))?;
    // Whose it is comes first: whether another account's is active is nobody else's business.
    if institution.account != call.caller {
        return Err(Refusal::BadOrgCode(OrgProblem::AnotherAccount));
    }
    if !institution.active {
        return Err(Refusal::BadOrgCode(OrgProblem::Inactive));
    }
    Ok((code, institution))
}
