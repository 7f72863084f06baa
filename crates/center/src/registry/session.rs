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
use super::enrolment::read_secret;
use super::login::Login;
use super::object::{Action, Subject};
use super::operator_sessions::{self, SessionRow};
use super::operators::{self, OperatorRow, StoredOperator};
use crate::events::{Act, Actor};
use crate::store::StoreError;
use crate::store::connection::Statement;

/// Wrong logins in a row that lock an operator.
const TRIES: u32 = 5;
/// For how long.
const LOCKED: Duration = Duration::from_mins(30);
/// What the hash of a session is of.
const SESSION: &str = "operator session";

/// A login that was tried, its password compared already.
#[derive(Debug)]
pub(crate) struct LoginTry<'a> {
    /// Nobody, where the login was no login or nobody's.
    pub(crate) stored: Option<&'a StoredOperator>,
    pub(crate) fits: bool,
    pub(crate) code: &'a str,
    pub(crate) address: IpAddr,
}

/// Somebody who is logged in.
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
    pub(crate) async fn stored_operator(
        &mut self,
        login: &Login,
    ) -> Result<Option<StoredOperator>, AdministrationError> {
        Ok(operators::one(&mut self.connection, &self.sealer, login).await?)
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
        let row = &stored.row;
        let (login, actor) = (row.login, Actor::operator(row.login.as_str()));
        let address = format!("来自 {}", tried.address);
        let act = Act::new(&actor, &address, now);
        if row.closed_at.is_some() || row.locked_until.is_some_and(|until| now < until) || row.is_idle(now) {
            return self.turn_away(login, act).await;
        }
        // Both are always looked at.
        let step = stored.totp.as_ref().and_then(|totp| totp.fits(tried.code, now, stored.totp_step));
        let Some(step) = step.filter(|_| tried.fits) else {
            self.count_wrong(&login, now).await?;
            return self.turn_away(login, act).await;
        };
        let secret = Zeroizing::new(self.sealer.fresh());
        let hash = self.sealer.proof(SESSION, &[&*secret]);
        // Good once: of two logins with the same code the second finds the step taken. And whoever guesses many at once finds
        // the lock of those before.
        let taken = Statement::new(
            "UPDATE operators SET totp_step = $2, failed = 0, locked_until = NULL, last_login = $3, \
             changed_at = $3 WHERE login = $1 AND totp_step < $2 AND closed_at IS NULL \
             AND (locked_until IS NULL OR locked_until <= $3)",
        );
        let taken = taken.text(login.as_str()).number(step).number(now.get());
        let statements = vec![taken, operator_sessions::begin(&login, &hash, now, &address)];
        let subject = Subject::Operator(login);
        match self.change(act, Change { action: Action::LogIn, subject, statements }).await {
            Ok(()) => Ok(Zeroizing::new(BASE64.encode(*secret))),
            // It leaves an event of its own.
            Err(AdministrationError::Closed { .. }) => Err(AdministrationError::NotLetIn),
            Err(error) => Err(error),
        }
    }

    async fn turn_away<T>(&mut self, login: Login, act: Act<'_>) -> Result<T, AdministrationError> {
        let error = AdministrationError::NotLetIn;
        self.refuse(act, Action::LogIn, Subject::Operator(login), error).await
    }

    /// One more in a row; the fifth locks.
    async fn count_wrong(&mut self, login: &Login, now: UnixMillis) -> Result<(), StoreError> {
        const TEXT: &str = "UPDATE operators SET \
            failed = CASE WHEN failed + 1 >= $2 THEN 0 ELSE failed + 1 END, \
            locked_until = CASE WHEN failed + 1 >= $2 THEN $3 ELSE locked_until END WHERE login = $1";
        let statement =
            Statement::new(TEXT).text(login.as_str()).number(i64::from(TRIES)).number(now.plus(LOCKED).get());
        self.connection.run(statement).await.map(drop)
    }

    /// Who is logged in with this, if it is not over. Its use is noted.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn session(
        &mut self,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Option<OperatorSession>, AdministrationError> {
        let Some(secret) = read_secret(secret) else { return Ok(None) };
        let hash = self.sealer.proof(SESSION, &[&*secret]);
        let Some(row) = operator_sessions::one(&mut self.connection, &hash).await? else { return Ok(None) };
        if !row.holds(now) {
            self.connection.run(operator_sessions::end(&row.login)).await?;
            return Ok(None);
        }
        if row.is_stale(now) {
            self.connection.run(operator_sessions::see(&hash, now)).await?;
        }
        let found = operators::one(&mut self.connection, &self.sealer, &row.login).await?;
        let operator = found.map(|stored| stored.row).filter(|row| row.closed_at.is_none());
        Ok(operator.map(|operator| OperatorSession { operator, row }))
    }

    /// Takes a code of the second factor of whoever has this session, for what is serious; a wrong one counts as a wrong login.
    ///
    /// # Errors
    /// [`AdministrationError::WrongCode`], or when the database fails.
    pub(crate) async fn strengthen(
        &mut self,
        login: Login,
        secret: &str,
        code: &str,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TAKEN: &str = "UPDATE operators SET totp_step = $2 WHERE login = $1 AND totp_step < $2";
        let stored = operators::one(&mut self.connection, &self.sealer, &login).await?;
        let step = stored.as_ref().and_then(|stored| {
            let open = stored.row.locked_until.is_none_or(|until| until <= now);
            stored.totp.as_ref().filter(|_| open)?.fits(code, now, stored.totp_step)
        });
        let Some(step) = step else {
            self.count_wrong(&login, now).await?;
            return Err(AdministrationError::WrongCode);
        };
        let taken = Statement::new(TAKEN).text(login.as_str()).number(step);
        if self.connection.run(taken).await? == 0 {
            return Err(AdministrationError::WrongCode);
        }
        let secret = read_secret(secret).ok_or(AdministrationError::NotLetIn)?;
        let hash = self.sealer.proof(SESSION, &[&*secret]);
        self.connection.run(operator_sessions::strengthen(&hash, now)).await?;
        Ok(())
    }

    /// Ends an operator's session.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn log_out(&mut self, login: &Login) -> Result<(), AdministrationError> {
        self.connection.run(operator_sessions::end(login)).await?;
        Ok(())
    }
}
