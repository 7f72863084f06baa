//! Attempts at a batch: decide and commit, once more when that may help, and find out what became of a commit whose
//! answer was lost.

use super::decide::{Committed, decide_all};
use super::job::Pending;
use super::mark::Mark;
use super::resident::Resident;
use super::work::Circumstances;
use crate::store::StoreError;
use crate::store::batch::Session;
use crate::store::connection::Connection;
use crate::store::link::{Link, Retry};
use crate::store::not_committed::NotCommitted;

/// Why an attempt at a batch failed.
struct FailedAttempt {
    error: StoreError,
    /// What was decided, when only the answer to the commit is missing.
    unanswered: Option<Committed>,
}

impl From<StoreError> for FailedAttempt {
    fn from(error: StoreError) -> Self {
        Self { error, unanswered: None }
    }
}

/// Decides and commits a batch; tries again when others got into the way or the server was lost, within bounds. On an
/// error nothing of it has happened, or it is not known whether it has.
pub(super) async fn run(
    link: &mut Link,
    commands: &mut [Box<dyn Pending>],
    resident: &Resident,
    circumstances: Circumstances<'_>,
    mark: Option<Mark>,
) -> Result<Committed, StoreError> {
    let mut retry = Retry::default();
    loop {
        let attempt = match link.connection().await {
            Ok(connection) => once(connection, commands, resident, circumstances, mark).await,
            Err(error) => Err(error.into()),
        };
        let failed = match attempt {
            Ok(committed) => return Ok(committed),
            Err(failed) => failed,
        };
        retry.after(link, failed.error).await?;
        if let (Some(committed), Some(mark)) = (failed.unanswered, mark)
            && mark.is_committed(link).await?
        {
            return Ok(committed);
        }
    }
}

async fn once(
    connection: &mut Connection,
    commands: &mut [Box<dyn Pending>],
    resident: &Resident,
    circumstances: Circumstances<'_>,
    mark: Option<Mark>,
) -> Result<Committed, FailedAttempt> {
    let mut session = Session::writing(connection);
    match decide_all(&mut session, commands, resident, circumstances).await {
        Ok((committed, writes)) => {
            if writes.is_empty() {
                session.roll_back().await?;
                return Ok(committed);
            }
            match session.commit(writes.script(mark)).await {
                Ok(()) => Ok(committed),
                Err(NotCommitted { error, unknown }) => {
                    Err(FailedAttempt { error, unanswered: unknown.then_some(committed) })
                }
            }
        }
        Err(error) => {
            session.abandon(&error).await;
            Err(error.into())
        }
    }
}
