//! Who calls an institution's operation, and for which institution.

use std::sync::Arc;

use yanmi_protocol::{AccountId, OrgCode};

use crate::face::envelope::{Call, Claimant, Party};
use crate::refusal::{Denied, OrgProblem, Refusal};
use crate::registry::{Account, Institution, Interface, Keys, Snapshot};
use crate::share::Share;

/// An account that makes one kind of call.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByAccount(pub(super) Interface);

impl Party for ByAccount {
    type Caller = AccountId;

    fn claimant<'s>(
        &self,
        registry: &'s Snapshot,
        org_id: &str,
    ) -> Result<Claimant<'s, AccountId>, (Denied, &'s Keys)> {
        let account = registry.account(org_id).ok_or((Denied::nobody(org_id), registry.nobody()))?;
        let Account { id: caller, keys, mac, networks, arrivals, .. } = account;
        let claimant = Claimant { caller: *caller, keys, mac: *mac, networks: Some(networks), arrivals };
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
pub(super) fn check_institution(
    call: &Call<AccountId>,
    org_code: Option<OrgCode>,
) -> Result<(OrgCode, &Institution), Refusal> {
    let code = org_code.ok_or(Refusal::BadOrgCode(OrgProblem::Form))?;
    let institution = call.registry.institution(&code).ok_or(Refusal::BadOrgCode(OrgProblem::Unknown))?;
    // Whose it is comes first: whether another account's is active is nobody else's business.
    if !institution.accounts.contains(&call.caller) {
        return Err(Refusal::BadOrgCode(OrgProblem::AnotherAccount));
    }
    if !institution.active {
        return Err(Refusal::BadOrgCode(OrgProblem::Inactive));
    }
    Ok((code, institution))
}
