//! Operators whose password and second factor are known from elsewhere, as a sandbox's are.

use yanmi_onboarding::Grant;
use zeroize::Zeroizing;

use super::add::check_name;
use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::change::Change;
use super::object::{Action, OPERATOR, Subject};
use super::operator_change::NewOperator;
use super::operator_grants;
use super::realm::Realm;
use crate::events::Act;
use crate::staff::{PasswordHash, TotpSecret};
use crate::store::connection::Statement;

/// Somebody who can log in at once. `Debug` shows neither password nor secret.
#[derive(Debug)]
pub struct KnownOperator {
    /// Who.
    pub who: NewOperator,
    /// The password. It was drawn at random, with 80 bits at least, for it is stored in a form that can be tried quickly.
    pub password: RandomPassword,
    /// The second factor.
    pub totp: TotpSecret,
    /// What he may do, and where.
    pub grants: Vec<Grant>,
}

/// A password that nobody chose.
pub struct RandomPassword(pub Zeroizing<String>);

impl std::fmt::Debug for RandomPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RandomPassword(…)")
    }
}

impl Administration {
    /// Adds somebody who needs no invitation.
    ///
    /// # Errors
    /// When there is or was one of this login, or the name is not fit to be shown.
    pub async fn add_known_operator(
        &mut self,
        known: &KnownOperator,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "INSERT INTO operators \
            (login, name, unit, password, password_at, totp, totp_step, failed, changed_at) \
            VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $5) ON CONFLICT DO NOTHING";
        let KnownOperator { who, password, totp, grants } = known;
        check_name(OPERATOR, &who.name)?;
        check_name(OPERATOR, &who.unit)?;
        let password = PasswordHash::of_random(&password.0, &self.sealer.fresh())
            .map_err(|_| AdministrationError::PasswordHash)?;
        let login = who.login.as_str();
        let row = Statement::new(TEXT)
            .text(login)
            .text(&who.name)
            .text(&who.unit)
            .text(password.as_str())
            .number(act.at.get())
            .bytes(&self.sealer.seal(Realm::Operators.totp_cell(login), totp.bytes()));
        let given = |grant| operator_grants::give(&who.login, grant, act.actor.as_str(), act.at);
        let statements = std::iter::once(row).chain(grants.iter().map(given)).collect();
        let subject = Subject::Operator(who.login);
        self.change(act, Change { action: Action::Invite, subject, statements }).await
    }
}
