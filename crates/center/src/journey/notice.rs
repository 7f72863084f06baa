//! What a channel is told about an attempt, the same whether it is pushed or asked for.

use yanmi_protocol::message::channel_notice::{Kind, Notice, Way};
use yanmi_protocol::{NoticeNo, OrgCode, display, mask};
use yanmi_verification::{Credential, Verification, Ways};

use crate::journey::credential::Holder;
use crate::ledger::{Key, Shown};
use crate::refusal::Refusal;
use crate::registry::Snapshot;
use crate::site::Site;

/// Everything a notice says something about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) key: Key,
    pub(crate) verification: &'a Verification,
    pub(crate) credential: &'a Credential,
    pub(crate) holder: &'a [u8],
    pub(crate) org_name: &'a str,
    pub(crate) ways: Ways,
}

/// The notice of an attempt.
pub(crate) fn build(site: &Site, occasion: &Occasion<'_>) -> Result<Notice, Refusal> {
    let holder = Holder::open(&site.sealer, occasion.key.token, occasion.holder)?;
    Ok(Notice {
        kind: Kind::Notice,
        number: occasion.verification.notice,
        // It is raised with every notice, in the transaction that decides on it, whichever center that is.
        sequence: occasion.verification.notices,
        channel: occasion.credential.channel,
        token: occasion.key.token,
        index: holder.index(),
        masked_name: mask::name(&holder.name),
        org_code: occasion.key.org_code,
        org_name: shown_name(occasion.org_name, &occasion.key.org_code),
        amount: occasion.verification.amount,
        at: occasion.verification.asked_at,
        expires_at: occasion.verification.expires_at,
        ways: occasion.ways.iter().collect(),
        url: site.place.as_ref().map(|place| place.url(&site.sealer, occasion.verification)),
    })
}

/// The notice of an attempt as it is stored.
pub(crate) fn of_stored(site: &Site, registry: &Snapshot, shown: &Shown) -> Result<Notice, Refusal> {
    let occasion = Occasion {
        key: shown.key,
        verification: &shown.verification,
        credential: &shown.credential,
        holder: &shown.holder,
        org_name: &institution_name(registry, shown),
        ways: offered_ways(registry, shown),
    };
    build(site, &occasion)
}

/// The last moment before a name goes out: it may have been stored before names were checked, or by somebody else. What
/// has nothing to be read in it gives way to the code.
fn shown_name(name: &str, org_code: &OrgCode) -> String {
    match display::encode(name) {
        name if name.is_empty() => org_code.as_str().to_owned(),
        name => name.into_owned(),
    }
}

/// The withdrawal of an older notice of the same verification: part of the same decision, so of the same sequence.
pub(crate) fn withdrawal(notice: &Notice, old: NoticeNo) -> Notice {
    Notice { kind: Kind::Withdrawal, number: old, url: None, ..notice.clone() }
}

/// The name an institution is shown by.
pub(crate) fn institution_name(registry: &Snapshot, shown: &Shown) -> String {
    let registered = registry.institution(&shown.key.org_code).map(|institution| institution.name.as_str());
    // An institution that was taken out of the registry meanwhile is shown by its code.
    let name = shown.org_name.as_deref().or(registered).unwrap_or(shown.key.org_code.as_str());
    shown_name(name, &shown.key.org_code)
}

/// The ways the channel offers this person.
pub(crate) fn offered_ways(registry: &Snapshot, shown: &Shown) -> Ways {
    let facts = registry.channel_facts(&shown.credential.channel);
    let ways = facts.map(|facts| facts.ways).unwrap_or_default();
    if shown.credential.password_set { ways } else { ways.without(Way::CredentialPassword) }
}
