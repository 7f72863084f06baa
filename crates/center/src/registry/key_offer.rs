//! Handing a key over: the center makes it, no operator sees it, and whoever asked for it takes it once.
//!
//! An offer is a link, which may be mailed, and a passcode, which is told by telephone. Machines open links, and some press the
//! buttons behind them, so nothing is used up without the passcode; five wrong ones end the offer. What is answered once may be
//! lost on its way: then another offer is made, which replaces the key that nobody has without touching the one that is in use.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use subtle::ConstantTimeEq;
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};
use zeroize::Zeroizing;

use super::account;
use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::applicant_users::{self, ApplicantUserRow};
use super::assignment::Assignments;
use super::change::{Change, new_event};
use super::enrolment::read_secret;
use super::key_offers::{self, KeyOfferRow, NewOffer, OfferHash, Void};
use super::login::Login;
use super::object::{Action, Object, Subject};
use super::realm::Realm;
use super::version;
use crate::events::{Act, Actor, NO_CHANGES, Outcome, operator_events};
use crate::store::StoreError;
use crate::store::connection::Statement;

/// How long an offer can be taken.
const OFFERED: Duration = Duration::from_hours(72);
/// What the hash of a link is of, and that of a passcode.
const LINK: &str = "key offer";
const PASSCODE: &str = "key offer passcode";
/// Whoever takes a key, or tells its check value back.
#[derive(Debug)]
pub(crate) struct KeyTaker {
    /// Who, if he is logged in.
    pub(crate) who: Option<Login>,
    /// Where he is.
    pub(crate) from: IpAddr,
    pub(crate) at: UnixMillis,
}

impl KeyTaker {
    fn actor(&self) -> Actor {
        let login = self.who.map(|login| Realm::Applicants.actor(&login));
        login.unwrap_or(Actor::program("applicant"))
    }
}

/// An offer that was made, shown once. `Debug` shows neither link nor passcode.
pub struct KeyOffer {
    /// 22 characters, behind `/k/`.
    pub link: Zeroizing<String>,
    /// 8 digits.
    pub passcode: Zeroizing<String>,
    /// When it ends.
    pub until: UnixMillis,
}

impl std::fmt::Debug for KeyOffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyOffer(…)")
    }
}

impl Administration {
    /// Gives an account a key that nobody has seen, and offers it. The key in use stays valid beside it; one that was offered
    /// and not taken is replaced.
    ///
    /// # Errors
    /// When there is no such account, or it is closed.
    pub(crate) async fn offer_key(
        &mut self,
        id: AccountId,
        act: Act<'_>,
    ) -> Result<KeyOffer, AdministrationError> {
        let key = Sm4Key::from_bytes(&self.sealer.fresh());
        let (offer, insertion) = self.offer_of(&id, &key, act);
        let unused = self.has_untaken_key(&id).await?;
        let set = Assignments::default();
        // One that nobody has taken is no key in use, and must not push that one out.
        let set = if unused { set } else { set.column("key_old", "key_new") };
        let object = Object::Account(id);
        let set = set.bytes("key_new", &self.sealer.seal(account::key_cell(id.as_str()), key.bytes()));
        let statements =
            vec![set.of(object, act.at), key_offers::end(&id, Void::Replaced, act.at), insertion];
        self.change(act, Change { action: Action::OfferKey, subject: object.into(), statements }).await?;
        Ok(offer)
    }

    /// An offer of a key, and the statement that keeps it.
    pub(super) fn offer_of(&self, id: &AccountId, key: &Sm4Key, act: Act<'_>) -> (KeyOffer, Statement) {
        let link = Zeroizing::new(self.sealer.fresh());
        let offer = self.sealer.proof(LINK, &[&*link]);
        let passcode = passcode(&self.sealer.fresh());
        let until = act.at.plus(OFFERED);
        let insertion = key_offers::insert(&NewOffer {
            offer,
            account: id.as_str(),
            kcv: &key.kcv().to_string(),
            key: &self.sealer.seal(key_offers::cell(id.as_str()), key.bytes()),
            passcode: self.passcode_hash(&offer, &passcode),
            made_by: act.actor.as_str(),
            made_at: act.at,
            ends_at: until,
        });
        (KeyOffer { link: Zeroizing::new(BASE64.encode(*link)), passcode, until }, insertion)
    }

    /// The newest offer of an account.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn key_offer(
        &mut self,
        id: &AccountId,
    ) -> Result<Option<KeyOfferRow>, AdministrationError> {
        Ok(key_offers::newest(&mut self.connection, &self.sealer, id).await?)
    }

    /// Ends an offer that was not taken.
    ///
    /// # Errors
    /// When there is no such account, or it is closed.
    pub(crate) async fn void_key_offer(
        &mut self,
        id: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let object = Object::Account(id);
        let statements =
            vec![Assignments::default().of(object, act.at), key_offers::end(&id, Void::Operator, act.at)];
        self.change(act, Change { action: Action::VoidKey, subject: object.into(), statements }).await
    }

    /// What became of the newest keys of an applicant's accounts that were offered and are not known to have arrived.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn unsettled_offers(
        &mut self,
        applicant: i64,
    ) -> Result<Vec<KeyOfferRow>, AdministrationError> {
        Ok(key_offers::unsettled(&mut self.connection, &self.sealer, applicant).await?)
    }

    /// The number of the applicant whose persons have to log in to take a key of this account; nothing where it has none who can, and
    /// whoever has link and passcode takes it.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn who_takes(&mut self, id: &AccountId) -> Result<Option<i64>, AdministrationError> {
        let account = account::one(&mut self.connection, &self.sealer, id).await?;
        let Some(applicant) = account.and_then(|account| account.applicant) else { return Ok(None) };
        let users = applicant_users::of(&mut self.connection, &self.sealer, applicant).await?;
        let can = |user: &ApplicantUserRow| user.closed_at.is_none() && user.password_at.is_some();
        Ok(users.iter().any(can).then_some(applicant))
    }

    /// The offer of a link.
    ///
    /// # Errors
    /// [`AdministrationError::NoOffer`], or when the database fails.
    pub(crate) async fn offered(&mut self, link: &str) -> Result<KeyOfferRow, AdministrationError> {
        let link = read_secret(link).ok_or(AdministrationError::NoOffer)?;
        let offer = self.sealer.proof(LINK, &[&*link]);
        let found = key_offers::one(&mut self.connection, &self.sealer, &offer).await?;
        found.ok_or(AdministrationError::NoOffer)
    }

    /// Takes the key of a link for somebody of whom is known where he is; what a page asks before is not asked.
    ///
    /// # Errors
    /// When the link or the passcode are not good, or the database fails; then nothing is taken.
    pub async fn take_key(
        &mut self,
        link: &str,
        passcode: &str,
        from: IpAddr,
        now: UnixMillis,
    ) -> Result<Sm4Key, AdministrationError> {
        let row = self.offered(link).await?;
        self.take_offered(&row, passcode, &KeyTaker { who: None, from, at: now }).await
    }

    /// Hands a key out, once.
    ///
    /// # Errors
    /// [`AdministrationError::NoOffer`] when it cannot be taken, [`AdministrationError::WrongPasscode`], or when the database
    /// fails; then nothing is taken.
    pub(crate) async fn take_offered(
        &mut self,
        row: &KeyOfferRow,
        passcode: &str,
        taker: &KeyTaker,
    ) -> Result<Sm4Key, AdministrationError> {
        let now = taker.at;
        let key = row.key.as_ref().filter(|_| row.is_open(now)).ok_or(AdministrationError::NoOffer)?;
        let given = self.passcode_hash(&row.offer, passcode);
        if !bool::from(given.ct_eq(&row.passcode)) {
            self.run_on(row, key_offers::miss(&row.offer, now), None, taker).await?;
            return Err(AdministrationError::WrongPasscode);
        }
        let statement = key_offers::take(&row.offer, &taker.from.to_string(), now);
        // Of two who are right at the same time one is first.
        let is_first = self.run_on(row, statement, Some(Action::TakeKey), taker).await?;
        if is_first { Ok(key.clone()) } else { Err(AdministrationError::NoOffer) }
    }

    /// Compares the check value that the applicant's system shows; whether it is the key's.
    ///
    /// # Errors
    /// [`AdministrationError::NoOffer`] when there is nothing to be checked, or when the database fails.
    pub(crate) async fn check_key(
        &mut self,
        row: &KeyOfferRow,
        kcv: &str,
        taker: &KeyTaker,
    ) -> Result<bool, AdministrationError> {
        if row.taken.is_none() || row.checked_at.is_some() || row.void.is_some() {
            return Err(AdministrationError::NoOffer);
        }
        let is_equal = row.kcv.eq_ignore_ascii_case(kcv);
        let (statement, done) = if is_equal {
            (key_offers::check(&row.offer, taker.at), Some(Action::CheckKey))
        } else {
            (key_offers::mismatch(&row.offer, taker.at), None)
        };
        self.run_on(row, statement, done, taker).await?;
        Ok(is_equal)
    }

    /// Whether the newest key of an account is one that was offered and not taken.
    async fn has_untaken_key(&mut self, id: &AccountId) -> Result<bool, StoreError> {
        let Some(account) = account::one(&mut self.connection, &self.sealer, id).await? else {
            return Ok(false);
        };
        key_offers::is_untaken(&mut self.connection, id, &account.newest.to_string()).await
    }

    fn passcode_hash(&self, offer: &OfferHash, passcode: &str) -> OfferHash {
        self.sealer.proof(PASSCODE, &[offer, passcode.as_bytes()])
    }

    /// Runs a statement about an offer, and writes down what it did: that the offer ended by it, or that this is done. Whether it
    /// touched the offer.
    async fn run_on(
        &mut self,
        row: &KeyOfferRow,
        statement: Statement,
        done: Option<Action>,
        taker: &KeyTaker,
    ) -> Result<bool, AdministrationError> {
        let (actor, reason) = (taker.actor(), format!("来自 {}", taker.from));
        self.connection.begin().await?;
        let ran = self.run_within(row, statement, done, Act::new(&actor, &reason, taker.at)).await;
        Ok(self.connection.settle(ran).await?)
    }

    async fn run_within(
        &mut self,
        row: &KeyOfferRow,
        statement: Statement,
        done: Option<Action>,
        act: Act<'_>,
    ) -> Result<bool, StoreError> {
        version::hold(&mut self.connection).await?;
        if self.connection.run(statement).await? == 0 {
            return Ok(false);
        }
        let after = key_offers::one(&mut self.connection, &self.sealer, &row.offer).await?;
        let told = match after.and_then(|after| after.void) {
            Some((_, why)) => Some((Action::VoidKey, Act { reason: why.name(), ..act })),
            None => done.map(|done| (done, act)),
        };
        if let Some((action, act)) = told {
            let subject = Subject::Entry(Object::Account(row.account));
            let event = new_event(act, action, subject, Outcome::Done, NO_CHANGES.to_owned());
            operator_events::append(&mut self.connection, event).await?;
        }
        if done == Some(Action::TakeKey) {
            self.note_taken_key(&row.account, act.at).await?;
        }
        Ok(true)
    }
}

/// Eight digits of bytes that nobody can guess.
fn passcode(bytes: &[u8; 16]) -> Zeroizing<String> {
    const ALL: u128 = 100_000_000;
    Zeroizing::new(format!("{:08}", u128::from_be_bytes(*bytes) % ALL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passcode_has_eight_digits() {
        assert_eq!(passcode(&[0; 16]).as_str(), "00000000");
        let mut bytes = [0; 16];
        bytes[15] = 7;
        assert_eq!(passcode(&bytes).as_str(), "00000007");
        assert_eq!(passcode(&[0xFF; 16]).len(), 8);
    }
}
