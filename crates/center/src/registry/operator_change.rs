//! Inviting operators, what they may do, and ending it.

use std::time::Duration;

use yanmi_onboarding::{Area, Denied, Grant, Role, may_grant};
use yanmi_protocol::UnixMillis;

use super::add::check_name;
use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::invitation::Invitation;
use super::login::Login;
use super::object::{Action, OPERATOR, Subject};
use super::operators::{self, OperatorRow};
use super::realm::Realm;
use super::{operator_grants, sessions};
use crate::events::{Act, OperatorEvent, operator_events};
use crate::store::connection::Statement;

/// How long auditors are shown that somebody was invited anew on the machine itself.
pub(crate) const RECOVERY_SHOWN: Duration = Duration::from_hours(24 * 7);
/// The action of such an event.
pub(crate) const RECOVERED: &str = "operator.recover";
/// How many of them are shown.
const MOST_RECOVERIES: usize = 10;
/// How long a grant holds unless it is given anew.
pub const GRANTED: Duration = Duration::from_hours(24 * 365);

/// The first administrators of a site: each another person (三员分立).
#[derive(Clone, Debug)]
pub struct FirstOperators {
    /// 系统管理员.
    pub system: NewOperator,
    /// 安全管理员.
    pub security: NewOperator,
    /// 审计员.
    pub audit: NewOperator,
}

/// Somebody to be invited.
#[derive(Clone, Debug)]
pub struct NewOperator {
    /// What he logs in as.
    pub login: Login,
    /// What he is called.
    pub name: String,
    /// Where he works.
    pub unit: String,
}

impl Administration {
    /// Registers the first three administrators, while there is no operator at all. They are of the site's province.
    ///
    /// # Errors
    /// When there are operators, two of the three are one, or a name is not fit to be shown.
    pub async fn bootstrap(
        &mut self,
        first: &FirstOperators,
        province: Area,
        act: Act<'_>,
    ) -> Result<[Invitation; 3], AdministrationError> {
        let FirstOperators { system, security, audit } = first;
        if !operators::is_empty(&mut self.connection).await? {
            return Err(AdministrationError::OperatorsExist);
        }
        let logins = [system.login, security.login, audit.login];
        if logins[0] == logins[1] || logins[1] == logins[2] || logins[0] == logins[2] {
            return Err(AdministrationError::OnePerson);
        }
        let mut invitations = Vec::with_capacity(3);
        let roles = [Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor];
        for (new, role) in [system, security, audit].into_iter().zip(roles) {
            // Theirs hold without end: nobody is above them to give them anew.
            let grant = Grant { role, area: province, until: None };
            let given = operator_grants::give(&new.login, &grant, act.actor.as_str(), act.at);
            invitations.push(self.invite_with(new, vec![given], act).await?);
        }
        invitations.try_into().map_err(|_| AdministrationError::OperatorsExist)
    }

    /// Invites somebody, who may do nothing yet.
    ///
    /// # Errors
    /// When there is or was one of this login, or the name is not fit to be shown.
    pub async fn invite(
        &mut self,
        new: &NewOperator,
        act: Act<'_>,
    ) -> Result<Invitation, AdministrationError> {
        self.invite_with(new, Vec::new(), act).await
    }

    async fn invite_with(
        &mut self,
        new: &NewOperator,
        more: Vec<Statement>,
        act: Act<'_>,
    ) -> Result<Invitation, AdministrationError> {
        const TEXT: &str = "INSERT INTO operators \
            (login, name, unit, totp_step, failed, invitation, invited_until, changed_at) \
            VALUES ($1, $2, $3, 0, 0, $4, $5, $6) ON CONFLICT DO NOTHING";
        check_name(OPERATOR, &new.name)?;
        check_name(OPERATOR, &new.unit)?;
        let (invitation, hash) = self.fresh_invitation(Realm::Operators, new.login, act.at);
        let row = Statement::new(TEXT)
            .text(new.login.as_str())
            .text(&new.name)
            .text(&new.unit)
            .bytes(&hash)
            .number(invitation.until.get())
            .number(act.at.get());
        let statements = std::iter::once(row).chain(more).collect();
        let subject = Subject::Operator(new.login);
        self.change(act, Change { action: Action::Invite, subject, statements }).await?;
        Ok(invitation)
    }

    /// Invites an operator anew, who has lost his password or his second factor: until he takes it up, what he has stays good.
    ///
    /// # Errors
    /// When there is none, or he is closed.
    pub async fn invite_again(
        &mut self,
        login: Login,
        act: Act<'_>,
    ) -> Result<Invitation, AdministrationError> {
        self.reinvite(Realm::Operators, login, Action::Edit, act).await
    }

    /// The same on the machine itself, for an administrator whom nobody at the console can invite anew. It is an event of its own:
    /// who has the machine could make himself an administrator with it, so auditors are shown it for a week.
    ///
    /// # Errors
    /// When there is none, or he is closed.
    pub async fn recover(&mut self, login: Login, act: Act<'_>) -> Result<Invitation, AdministrationError> {
        self.reinvite(Realm::Operators, login, Action::Recover, act).await
    }

    /// Who was invited anew on the machine itself lately, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn recoveries(
        &mut self,
        now: UnixMillis,
    ) -> Result<Vec<OperatorEvent>, AdministrationError> {
        let since = now.minus(RECOVERY_SHOWN);
        Ok(operator_events::done_since(&mut self.connection, RECOVERED, since, MOST_RECOVERIES).await?)
    }

    /// Closes an operator for good: what he may do and his session end.
    ///
    /// # Errors
    /// When there is none, he is closed already, or he is the last of the administrators of his kind.
    pub async fn close_operator(&mut self, login: Login, act: Act<'_>) -> Result<(), AdministrationError> {
        let subject = Subject::Operator(login);
        let all = self.operators().await?;
        let found = all.iter().find(|row| row.login == login);
        for row in found.into_iter().flat_map(|row| &row.grants) {
            if row.grant.role.is_administrator() && holders(&all, row.grant.role, act.at) == 1 {
                let error = AdministrationError::LastAdministrator(row.grant.role.name());
                return self.refuse(act, Action::Close, subject, error).await;
            }
        }
        let set = Assignments::default()
            .optional_number("closed_at", Some(act.at.get()))
            .optional_text("password", None)
            .no_bytes("totp")
            .no_bytes("invitation")
            .no_bytes("oidc_subject")
            .optional_number("invited_until", None);
        let more = vec![operator_grants::take_all(&login), sessions::end(Realm::Operators, &login)];
        self.edit_operator(login, Action::Close, set, more, act).await
    }

    /// Lets an operator log in again before his lock ends.
    ///
    /// # Errors
    /// When there is none, or he is closed.
    pub async fn unlock(&mut self, login: Login, act: Act<'_>) -> Result<(), AdministrationError> {
        let set =
            Assignments::default().optional_number("failed", Some(0)).optional_number("locked_until", None);
        self.edit_operator(login, Action::Unlock, set, Vec::new(), act).await
    }

    /// Gives somebody a grant on behalf of `giver`, whose own grants decide whether he may.
    ///
    /// # Errors
    /// When he may not, or the receiver is missing, closed, or has what excludes it.
    pub async fn grant(
        &mut self,
        giver: &OperatorRow,
        receiver: Login,
        grant: &Grant,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let action = Action::Grant;
        let found = operators::one(&mut self.connection, &receiver).await?;
        let held = found.map(|row| row.rights()).unwrap_or_default();
        let allowed = may_grant(&giver.rights(), giver.login == receiver, &held, grant, act.at);
        if let Err(denied) = allowed {
            return self.deny(action, receiver, denied, act).await;
        }
        let more = vec![
            operator_grants::give(&receiver, grant, giver.login.as_str(), act.at),
            sessions::end(Realm::Operators, &receiver),
        ];
        self.edit_operator(receiver, action, Assignments::default(), more, act).await
    }

    /// Gives a grant anew that somebody has, on behalf of `giver`; one that was taken away meanwhile stays away.
    ///
    /// # Errors
    /// As of [`Self::grant`], and when he has it no longer.
    pub(crate) async fn attest(
        &mut self,
        giver: &OperatorRow,
        receiver: Login,
        grant: &Grant,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let found = operators::one(&mut self.connection, &receiver).await?;
        let held = found.map(|row| row.rights()).unwrap_or_default();
        if !held.iter().any(|held| held.role == grant.role && held.area == grant.area) {
            let error = AdministrationError::NoGrant(receiver.as_str().to_owned());
            return self.refuse(act, Action::Grant, Subject::Operator(receiver), error).await;
        }
        self.grant(giver, receiver, grant, act).await
    }

    /// Takes a grant away on behalf of `giver`.
    ///
    /// # Errors
    /// When he may not, it is his own, the receiver is missing or closed, or would be the last administrator of his kind.
    pub async fn revoke(
        &mut self,
        giver: &OperatorRow,
        receiver: Login,
        role: Role,
        area: Area,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let action = Action::Revoke;
        let grant = Grant { role, area, until: None };
        if let Err(denied) = may_grant(&giver.rights(), giver.login == receiver, &[], &grant, act.at) {
            return self.deny(action, receiver, denied, act).await;
        }
        let all = self.operators().await?;
        if role.is_administrator() && holders(&all, role, act.at) == 1 {
            let error = AdministrationError::LastAdministrator(role.name());
            return self.refuse(act, action, Subject::Operator(receiver), error).await;
        }
        let more =
            vec![operator_grants::take(&receiver, role, area), sessions::end(Realm::Operators, &receiver)];
        self.edit_operator(receiver, action, Assignments::default(), more, act).await
    }

    /// One operator.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn operator(
        &mut self,
        login: &Login,
    ) -> Result<Option<OperatorRow>, AdministrationError> {
        Ok(operators::one(&mut self.connection, login).await?)
    }

    /// All operators, by login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn operators(&mut self) -> Result<Vec<OperatorRow>, AdministrationError> {
        Ok(operators::all(&mut self.connection).await?)
    }

    /// Writes down and says that somebody may not do something to an operator.
    async fn deny(
        &mut self,
        action: Action,
        about: Login,
        denied: Denied,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.refuse(act, action, Subject::Operator(about), AdministrationError::Denied(denied)).await
    }

    async fn edit_operator(
        &mut self,
        login: Login,
        action: Action,
        set: Assignments,
        more: Vec<Statement>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.assign(Subject::Operator(login), action, set, more, act).await
    }
}

/// How many have this role now and can log in.
fn holders(all: &[OperatorRow], role: Role, now: UnixMillis) -> usize {
    let has = |row: &&OperatorRow| row.rights().iter().any(|grant| grant.role == role && grant.holds(now));
    all.iter().filter(|row| row.closed_at.is_none()).filter(has).count()
}
