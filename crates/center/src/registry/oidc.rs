//! Logging in by a provider: which operator its subject is, binding one, and letting somebody in.
//!
//! There is no registration of oneself: a subject is bound by an operator who is logged in with his password and has shown his
//! code, and until then it is nobody's. What is stored is a keyed hash of it.

use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::credentials;
use super::login::Login;
use super::object::{Action, Subject};
use super::operators;
use super::realm::Realm;
use super::sessions;
use crate::events::{self, Act, Actor, OperatorEvent, Outcome};
use crate::store::connection::Statement;

/// The action of a login whose subject is nobody's.
const UNBOUND: &str = "operator.login_oidc";

/// A login whose subject the provider has named.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OidcTry<'a> {
    /// The keyed hash of issuer and subject.
    pub(crate) subject: &'a [u8; 16],
    /// When the browser was sent to the provider.
    pub(crate) began: UnixMillis,
    pub(crate) address: IpAddr,
}

impl Administration {
    /// Which operator a subject is, who may log in now.
    ///
    /// # Errors
    /// [`AdministrationError::SubjectUnbound`], [`AdministrationError::NotLetIn`], both of which leave an event, or when the
    /// database fails.
    pub(crate) async fn operator_of_subject(
        &mut self,
        tried: OidcTry<'_>,
        now: UnixMillis,
    ) -> Result<Login, AdministrationError> {
        let address = format!("来自 {}", tried.address);
        let Some(login) = operators::of_subject(&mut self.connection, tried.subject).await? else {
            let error = AdministrationError::SubjectUnbound;
            let shown = operators::shown(tried.subject);
            let actor = Actor::subject(&shown);
            let act = Act::new(&actor, &address, now);
            let why = events::refusal(&error);
            let event = OperatorEvent::new(act, UNBOUND, ("subject", &shown), Outcome::Refused, why);
            self.note(event).await?;
            return Err(error);
        };
        let stored = credentials::of(&mut self.connection, &self.sealer, Realm::Operators, &login).await?;
        if !stored.is_some_and(|stored| stored.is_open(now)) {
            return self.turn_away_from_oidc(login, &address, now).await;
        }
        Ok(login)
    }

    /// Lets in whom the provider named, with a code of his phone unless the provider's second factor is trusted; what a browser is
    /// to know the session by. Where no code was shown, what is serious asks for one.
    ///
    /// # Errors
    /// As of [`Self::operator_of_subject`]; a wrong code counts as a wrong login, and a login that began before the last one is over.
    pub(crate) async fn log_in_by_oidc(
        &mut self,
        tried: OidcTry<'_>,
        code: Option<&str>,
        now: UnixMillis,
    ) -> Result<Zeroizing<String>, AdministrationError> {
        let login = self.operator_of_subject(tried, now).await?;
        let realm = Realm::Operators;
        let address = format!("来自 {}", tried.address);
        let mut step = None;
        if let Some(code) = code {
            let stored = credentials::of(&mut self.connection, &self.sealer, realm, &login).await?;
            let fits = |stored: credentials::Credentials| stored.totp?.fits(code, now, stored.totp_step);
            step = stored.and_then(fits);
            if step.is_none() {
                self.count_wrong(realm, &login, now).await?;
                return self.turn_away_from_oidc(login, &address, now).await;
            }
        }
        let secret = Zeroizing::new(self.sealer.fresh());
        let hash = self.sealer.proof(realm.session(), &[&*secret]);
        let mut statements =
            vec![take(&login, tried, step, now), sessions::begin(realm, &login, &hash, now, &address)];
        if step.is_none() {
            statements.push(sessions::weaken(realm, &hash));
        }
        let actor = realm.actor(&login);
        let act = Act::new(&actor, &address, now);
        let change = Change { action: Action::LogInOidc, subject: Subject::Operator(login), statements };
        match self.change(act, change).await {
            Ok(()) => Ok(Zeroizing::new(BASE64.encode(*secret))),
            Err(AdministrationError::Closed { .. }) => Err(AdministrationError::NotLetIn),
            Err(error) => Err(error),
        }
    }

    /// Binds a subject to an operator in the place of any other of his.
    ///
    /// # Errors
    /// When it is another operator's, or he is closed.
    pub(crate) async fn bind_subject(
        &mut self,
        login: Login,
        subject: &[u8; 16],
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let actor = Actor::operator(login.as_str());
        let act = Act::new(&actor, "", now);
        let whose = operators::of_subject(&mut self.connection, subject).await?;
        if whose.is_some_and(|whose| whose != login) {
            let error = AdministrationError::SubjectTaken;
            return self.refuse(act, Action::BindOidc, Subject::Operator(login), error).await;
        }
        // Two that bind the same at once find the index in their way.
        let set = Assignments::default().bytes("oidc_subject", subject);
        self.assign(Subject::Operator(login), Action::BindOidc, set, Vec::new(), act).await
    }

    /// Takes an operator's subject away: he logs in with his password.
    ///
    /// # Errors
    /// When he is closed, or the database fails.
    pub(crate) async fn unbind_subject(
        &mut self,
        login: Login,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let actor = Actor::operator(login.as_str());
        let act = Act::new(&actor, "", now);
        let set = Assignments::default().no_bytes("oidc_subject");
        self.assign(Subject::Operator(login), Action::UnbindOidc, set, Vec::new(), act).await
    }

    async fn turn_away_from_oidc<T>(
        &mut self,
        login: Login,
        address: &str,
        now: UnixMillis,
    ) -> Result<T, AdministrationError> {
        let actor = Actor::operator(login.as_str());
        let act = Act::new(&actor, address, now);
        let error = AdministrationError::NotLetIn;
        self.refuse(act, Action::LogInOidc, Subject::Operator(login), error).await
    }
}

/// Good once: of two logins the one that began later counts, and a code of the phone is good once.
fn take(login: &Login, tried: OidcTry<'_>, step: Option<i64>, now: UnixMillis) -> Statement {
    let (set, holds) =
        if step.is_some() { (", totp_step = $5", " AND totp_step < $5") } else { Default::default() };
    let text = format!(
        "UPDATE operators SET oidc_at = $3, failed = 0, locked_until = NULL, last_login = $4, changed_at = $4{set} \
         WHERE login = $1 AND oidc_subject = $2 AND closed_at IS NULL \
         AND (locked_until IS NULL OR locked_until <= $4) AND (oidc_at IS NULL OR oidc_at < $3){holds}"
    );
    let statement = Statement::composed(text)
        .text(login.as_str())
        .bytes(tried.subject)
        .number(tried.began.get())
        .number(now.get());
    step.into_iter().fold(statement, Statement::number)
}
