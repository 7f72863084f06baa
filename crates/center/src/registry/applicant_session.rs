//! A person of an applicant who is logged in.

use yanmi_protocol::UnixMillis;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::applicant_users::{self, ApplicantUserRow};
use super::applicants::{self, ApplicantRow};
use super::realm::Realm;
use super::sessions::SessionRow;

/// A person of an applicant who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct ApplicantSession {
    pub(crate) user: ApplicantUserRow,
    pub(crate) applicant: ApplicantRow,
    pub(crate) row: SessionRow,
}

impl Administration {
    /// Which person of an applicant is logged in with this, if it is not over. Its use is noted.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn applicant_session(
        &mut self,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Option<ApplicantSession>, AdministrationError> {
        let Some(row) = self.session(Realm::Applicants, secret, now).await? else { return Ok(None) };
        let user = applicant_users::one(&mut self.connection, &self.sealer, &row.login).await?;
        let Some(user) = user.filter(|user| user.closed_at.is_none()) else { return Ok(None) };
        let applicant = applicants::numbered(&mut self.connection, user.applicant).await?;
        let applicant = applicant.filter(|applicant| applicant.closed_at.is_none());
        Ok(applicant.map(|applicant| ApplicantSession { user, applicant, row }))
    }
}
