//! One batch: load, decide each command in order, and what to write.

use yanmi_protocol::EcToken;
use yanmi_verification::Credential;

use super::facts;
use super::job::Pending;
use super::needs::Needs;
use super::resident::Resident;
use super::work::{Circumstances, NotMe};
use crate::ledger::key::Key;
use crate::ledger::load::StoredFacts;
use crate::ledger::table::Changes;
use crate::store::StoreError;
use crate::store::batch::Session;

/// What a committed batch comes to.
#[derive(Debug)]
pub(crate) struct Committed {
    /// The verifications that changed.
    pub(crate) changed: Vec<(Key, StoredFacts)>,
    /// What was learned about tokens.
    pub(crate) learned: Vec<(EcToken, Credential)>,
    /// What the operator is told.
    pub(crate) told: Vec<NotMe>,
}

/// What a batch comes to when it is committed, and the rows to write for it.
pub(super) type Decisions = (Committed, Changes);

/// Loads the facts and decides each command in order.
pub(super) async fn decide_all(
    session: &mut Session<'_>,
    commands: &mut [Box<dyn Pending>],
    resident: &Resident,
    circumstances: Circumstances<'_>,
) -> Result<Decisions, StoreError> {
    let needs: Vec<Needs<'_>> = commands.iter().map(|command| command.needs()).collect();
    let mut work = facts::load_all(session, &needs, resident).await?;
    drop(needs);
    for command in commands {
        command.decide(&mut work, circumstances);
    }
    let (told, learned) = (std::mem::take(&mut work.told), std::mem::take(&mut work.learned));
    let (writes, changed) = work.finish();
    Ok((Committed { changed, learned, told }, writes))
}
