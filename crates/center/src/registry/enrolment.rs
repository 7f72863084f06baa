//! Taking up an invitation: the operator chooses a password and shows that his second factor works.
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
use super::object::Action;
use super::operator_change::INVITATION;
use super::operator_sessions;
use super::operators::{self, OperatorRow, totp_cell};
use crate::events::{Act, Actor};
use crate::staff::{PasswordHash, TotpSecret};

/// Somebody who shows an invitation.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) operator: OperatorRow,
    pub(crate) totp: TotpSecret,
}

impl Administration {
    /// Whose invitation this is, if it can be taken up.
    ///
    /// # Errors
    /// [`AdministrationError::NoInvitation`], or when the database fails.
    pub(crate) async fn invited(
        &mut self,
        secret: &str,
        now: UnixMillis,
    ) -> Result<Invited, AdministrationError> {
        let secret = read_secret(secret).ok_or(AdministrationError::NoInvitation)?;
        let hash = self.sealer.proof(INVITATION, &[&*secret]);
        let found = operators::invited(&mut self.connection, &self.sealer, &hash).await?;
        let open =
            |row: &OperatorRow| row.closed_at.is_none() && row.invited_until.is_some_and(|end| now < end);
        let stored = found.filter(|stored| open(&stored.row)).ok_or(AdministrationError::NoInvitation)?;
        let mut bytes = Zeroizing::new([0; 20]);
        for (half, part) in bytes.chunks_mut(16).zip([&b"1"[..], b"2"]) {
            let derived = self.sealer.proof("operator second factor", &[part, &*secret]);
            half.copy_from_slice(&derived[..half.len()]);
        }
        Ok(Invited { operator: stored.row, totp: TotpSecret::from_bytes(*bytes) })
    }

    /// Takes an invitation up: from now on he logs in with this password and this second factor. A session of his ends.
    ///
    /// # Errors
    /// When there is no such invitation, or the code is not the second factor's.
    pub(crate) async fn enrol(
        &mut self,
        secret: &str,
        password: &PasswordHash,
        code: &str,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let Invited { operator, totp } = self.invited(secret, now).await?;
        let step = totp.fits(code, now, 0).ok_or(AdministrationError::WrongCode)?;
        let login = operator.login;
        let sealed = self.sealer.seal(totp_cell(login.as_str()), totp.bytes());
        let set = Assignments::default()
            .text("password", password.as_str())
            .optional_number("password_at", Some(now.get()))
            .bytes("totp", &sealed)
            .optional_number("totp_step", Some(step))
            .optional_number("failed", Some(0))
            .optional_number("locked_until", None)
            .no_bytes("invitation")
            .optional_number("invited_until", None);
        let actor = Actor::operator(login.as_str());
        let act = Act::new(&actor, "", now);
        self.edit_operator(login, Action::Enrol, set, vec![operator_sessions::end(&login)], act).await
    }
}

/// The bytes of a secret that was handed out.
pub(super) fn read_secret(text: &str) -> Option<Zeroizing<[u8; 16]>> {
    let bytes = Zeroizing::new(BASE64.decode(text).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}
