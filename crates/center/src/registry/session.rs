//! Logging in, being logged in, and logging out.
//!
//! A login is password and code together, and whatever is wrong with it, the answer is the same. The password is compared by the
//! caller, for it takes a tenth of a second and must not be done while a transaction is open; what is decided here is decided
//! on the row as it is then.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::change::Change;
use super::credentials::{self, Credentials};
use super::enrolment::read_secret;
use super::login::Login;
use super::object::Action;
use super::operators::{self, OperatorRow};
use super::realm::Realm;
use super::sessions::{self, SessionRow};
use crate::events::Act;
use crate::store::StoreError;
use crate::store::connection::Statement;

/// Wrong logins in a row that lock a person.
const TRIES: u32 = 5;
/// For how long.
const LOCKED: Duration = Duration::from_mins(30);

/// A login that was tried, its password compared already.
#[derive(Debug)]
pub(crate) struct LoginTry<'a> {
    /// Nobody, where the login was no login or nobody's.
    pub(crate) stored: Option<&'a Credentials>,
    pub(crate) fits: bool,
    pub(crate) code: &'a str,
    pub(crate) address: IpAddr,
}

/// An operator who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct OperatorSession {
    pub(crate) operator: OperatorRow,
    pub(crate) row: SessionRow,
}

impl Administration {
    /// What a login is checked against.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn credentials(
        &mut self,
        realm: Realm,
        login: &Login,
    ) -> Result<Option<Credentials>, AdministrationError> {
        Ok(credentials::of(&mut self.connection, &self.sealer, realm, login).await?)
    }

    /// Lets somebody in, or counts a wrong try; what a browser is to know the session by.
    ///
    /// # Errors
    /// [`AdministrationError::NotLetIn`], or when the database fails.
    pub(crate) async fn log_in(
        &mut self,
        tried: LoginTry<'_>,
        now: UnixMillis,
    ) -> Result<Zeroizing<String>, AdministrationError> {
        let Some(stored) = tried.stored else { return Err(AdministrationError::NotLetIn) };
        let (realm, login) = (stored.realm, stored.login);
        let actor = realm.actor(&login);
        let address = format!("来自 {}", tried.address);
        let act = Act::new(&actor, &address, now);
        if !stored.is_open(now) {
            return self.turn_away(realm, login, act).await;
        }
        // Both are always looked at.
        let step = stored.totp.as_ref().and_then(|totp| totp.fits(tried.code, now, stored.totp_step));
        let Some(step) = step.filter(|_| tried.fits) else {
            self.count_wrong(realm, &login, now).await?;
            return self.turn_away(realm, login, act).await;
        };
        let secret = Zeroizing::new(self.sealer.fresh());
        let hash = self.sealer.proof(realm.session(), &[&*secret]);
        // Good once: of two logins with the same code the second finds the step taken. And whoever guesses many at once finds
        // the lock of those before.
        let taken = Statement::composed(format!(
            "UPDATE {} SET totp_step = $2, failed = 0, locked_until = NULL, last_login = $3, changed_at = $3 \
             WHERE login = $1 AND totp_step < $2 AND closed_at IS NULL \
             AND (locked_until IS NULL OR locked_until <= $3)",
            realm.persons()
        ));
        let taken = taken.text(login.as_str()).number(step).number(now.get());
        let statements = vec![taken, sessions::begin(realm, &login, &hash, now, &address)];
        let subject = realm.subject(login);
        match self.change(act, Change { action: Action::LogIn, subject, statements }).await {
            Ok(()) => Ok(Zeroizing::new(BASE64.encode(*secret))),
            // It leaves an event of its own.
            Err(AdministrationError::Closed { .. }) => Err(AdministrationError::NotLetIn),
            Err(error) => Err(error),
        }
    }

    async fn turn_away<T>(
        &mut self,
        realm: Realm,
        login: Login,
        act: Act<'_>,
    ) -> Result<T, AdministrationError> {
        self.refuse(act, Action::LogIn, realm.subject(login), AdministrationError::NotLetIn).await
    }

    /// One more in a row; the fifth locks.
    pub(super) async fn count_wrong(
        &mut self,
        realm: Realm,
        login: &Login,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE {} SET failed = CASE WHEN failed + 1 >= $2 THEN 0 ELSE failed + 1 END, \
             locked_until = CASE WHEN failed + 1 >= $2 THEN $3 ELSE locked_until END WHERE login = $1",
            realm.persons()
        );
        let statement = Statement::composed(text)
            .text(login.as_str())
            .number(i64::from(TRIES))
            .number(now.plus(LOCKED).get());
        self.connection.run(statement).await.map(drop)
    }

    /// Which operator is logged in with this, if it is not over. Its use is noted.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn operator_session(
        &mut self,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Option<OperatorSession>, AdministrationError> {
        let Some(row) = self.session(Realm::Operators, secret, now).await? else { return Ok(None) };
        let operator = operators::one(&mut self.connection, &row.login).await?;
        let operator = operator.filter(|operator| operator.closed_at.is_none());
        Ok(operator.map(|operator| OperatorSession { operator, row }))
    }

    /// The session of this realm, if it is not over. Its use is noted.
    pub(super) async fn session(
        &mut self,
        realm: Realm,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Option<SessionRow>, StoreError> {
        let Some(secret) = read_secret(secret) else { return Ok(None) };
        let hash = self.sealer.proof(realm.session(), &[&*secret]);
        let Some(row) = sessions::one(&mut self.connection, realm, &hash).await? else { return Ok(None) };
        if !row.holds(now) {
            self.connection.run(sessions::end(realm, &row.login)).await?;
            return Ok(None);
        }
        if row.is_stale(now) {
            self.connection.run(sessions::see(realm, &hash, now)).await?;
        }
        Ok(Some(row))
    }

    /// Takes a code of the second factor of whoever has this session, for what is serious; a wrong one counts as a wrong login.
    ///
    /// # Errors
    /// [`AdministrationError::WrongCode`], or when the database fails.
    pub(crate) async fn strengthen(
        &mut self,
        realm: Realm,
        login: Login,
        secret: &str,
        code: &str,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let stored = credentials::of(&mut self.connection, &self.sealer, realm, &login).await?;
        let step = stored.as_ref().and_then(|stored| {
            let open = stored.locked_until.is_none_or(|until| until <= now);
            stored.totp.as_ref().filter(|_| open)?.fits(code, now, stored.totp_step)
        });
        let Some(step) = step else {
            self.count_wrong(realm, &login, now).await?;
            return Err(AdministrationError::WrongCode);
        };
        let taken =
            format!("UPDATE {} SET totp_step = $2 WHERE login = $1 AND totp_step < $2", realm.persons());
        let taken = Statement::composed(taken).text(login.as_str()).number(step);
        if self.connection.run(taken).await? == 0 {
            return Err(AdministrationError::WrongCode);
        }
        let secret = read_secret(secret).ok_or(AdministrationError::NotLetIn)?;
        let hash = self.sealer.proof(realm.session(), &[&*secret]);
        self.connection.run(sessions::strengthen(realm, &hash, now)).await?;
        Ok(())
    }

    /// Ends a person's session.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn log_out(&mut self, realm: Realm, login: &Login) -> Result<(), AdministrationError> {
        self.connection.run(sessions::end(realm, login)).await?;
        Ok(())
    }
}
