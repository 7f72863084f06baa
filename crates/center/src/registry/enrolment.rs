//! Taking up an invitation: whoever is invited chooses a password and shows that his second factor works.
//!
//! The second factor's secret is derived from the invitation's, so that the page that shows it keeps nothing, and can be
//! opened again.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::credentials;
use super::login::Login;
use super::object::Action;
use super::realm::Realm;
use super::sessions;
use crate::events::Act;
use crate::staff::{PasswordHash, TotpSecret};

/// Somebody who shows an invitation.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) login: Login,
    pub(crate) name: String,
    pub(crate) totp: TotpSecret,
}

impl Administration {
    /// Whose invitation this is, if it can be taken up.
    ///
    /// # Errors
    /// [`AdministrationError::NoInvitation`], or when the database fails.
    pub(crate) async fn invited(
        &mut self,
        realm: Realm,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Invited, AdministrationError> {
        let secret = read_secret(secret).ok_or(AdministrationError::NoInvitation)?;
        let hash = self.sealer.proof(realm.invitation(), &[&*secret]);
        let found = credentials::invited(&mut self.connection, &self.sealer, realm, &hash).await?;
        let found = found.filter(|found| found.is_invited(now)).ok_or(AdministrationError::NoInvitation)?;
        let mut bytes = Zeroizing::new([0; 20]);
        for (half, part) in bytes.chunks_mut(16).zip([&b"1"[..], b"2"]) {
            let derived = self.sealer.proof(realm.second_factor(), &[part, &*secret]);
            half.copy_from_slice(&derived[..half.len()]);
        }
        Ok(Invited { login: found.login, name: found.name, totp: TotpSecret::from_bytes(*bytes) })
    }

    /// Takes an invitation up: from now on he logs in with this password and this second factor. A session of his ends.
    ///
    /// # Errors
    /// When there is no such invitation, or the code is not the second factor's.
    pub(crate) async fn enrol(
        &mut self,
        realm: Realm,
        secret: &str,
        password: &PasswordHash,
        code: &str,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let Invited { login, totp, .. } = self.invited(realm, secret, now).await?;
        let step = totp.fits(code, now, 0).ok_or(AdministrationError::WrongCode)?;
        let sealed = self.sealer.seal(realm.totp_cell(login.as_str()), totp.bytes());
        // Who proves himself anew binds anew: what is bound may be of whom he is invited again to be rid of.
        let unbound = match realm {
            Realm::Operators => Assignments::default().no_bytes("oidc_subject"),
            Realm::Applicants => Assignments::default(),
        };
        let set = unbound
            .text("password", password.as_str())
            .optional_number("password_at", Some(now.get()))
            .bytes("totp", &sealed)
            .optional_number("totp_step", Some(step))
            .optional_number("failed", Some(0))
            .optional_number("locked_until", None)
            .no_bytes("invitation")
            .optional_number("invited_until", None);
        let actor = realm.actor(&login);
        let act = Act::new(&actor, "", now);
        let more = vec![sessions::end(realm, &login)];
        self.assign(realm.subject(login), Action::Enrol, set, more, act).await
    }
}

/// The bytes of a secret that was handed out.
pub(super) fn read_secret(text: &str) -> Option<Zeroizing<[u8; 16]>> {
    let bytes = Zeroizing::new(BASE64.decode(text).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}
