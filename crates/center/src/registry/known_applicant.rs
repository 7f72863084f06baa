//! Persons of applicants whose password and second factor are known from elsewhere, as a sandbox's are.

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::applicant_change::NewApplicantUser;
use super::known_operator::RandomPassword;
use super::realm::Realm;
use crate::events::Act;
use crate::staff::{PasswordHash, TotpSecret};
use crate::store::connection::Statement;

/// A person of an applicant who can log in at once. `Debug` shows neither password nor secret.
#[derive(Debug)]
pub struct KnownApplicantUser {
    /// Who.
    pub who: NewApplicantUser,
    /// The password.
    pub password: RandomPassword,
    /// The second factor.
    pub totp: TotpSecret,
}

impl Administration {
    /// Adds a person who needs no invitation.
    ///
    /// # Errors
    /// Those of [`Administration::invite_applicant_user`].
    pub async fn add_known_applicant_user(
        &mut self,
        known: &KnownApplicantUser,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let KnownApplicantUser { who, password, totp } = known;
        let password = PasswordHash::of_random(&password.0, &self.sealer.fresh())
            .map_err(|_| AdministrationError::PasswordHash)?;
        let sealed = self.sealer.seal(Realm::Applicants.totp_cell(who.login.as_str()), totp.bytes());
        let set = |statement: Statement| statement.text(password.as_str()).bytes(&sealed);
        self.insert_applicant_user(who, "password, totp, password_at", "$8, $9, $7", set, act).await
    }
}
