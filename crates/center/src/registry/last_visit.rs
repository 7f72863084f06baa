//! What somebody who logs in is told of before: when he was here last, and whether others tried to be him since.

use yanmi_protocol::UnixMillis;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::realm::Realm;
use super::sessions::SessionRow;
use crate::events::operator_events::{self, LoginEvent};

/// The time before a session.
#[derive(Clone, Debug)]
pub(crate) struct LastVisit {
    /// The login before this one; nothing when this is the first.
    pub(crate) login: Option<LoginEvent>,
    /// Logins that failed between the two.
    pub(crate) failures: u64,
    /// The last of them.
    pub(crate) failure: Option<LoginEvent>,
}

impl Administration {
    /// What was before this session of its person.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn last_visit(
        &mut self,
        realm: Realm,
        session: &SessionRow,
    ) -> Result<LastVisit, AdministrationError> {
        let (actor, until) = (realm.actor(&session.login), session.started_at);
        let connection = &mut self.connection;
        let login = operator_events::last_login(connection, actor.as_str(), "done", until).await?;
        let since = login.as_ref().map_or(UnixMillis::new(0), |login| login.at);
        let failure = operator_events::last_login(connection, actor.as_str(), "refused", until).await?;
        let failures = operator_events::failed_logins(connection, actor.as_str(), since, until).await?;
        Ok(LastVisit { login, failures, failure: failure.filter(|failure| failure.at >= since) })
    }
}
