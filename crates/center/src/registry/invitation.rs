//! Invitations: what somebody takes up to choose a password and a second factor, known by a keyed hash.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use yanmi_protocol::UnixMillis;
use zeroize::Zeroizing;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::login::Login;
use super::object::Action;
use super::realm::Realm;
use crate::events::Act;

/// How long an invitation can be taken up.
const INVITED: Duration = Duration::from_hours(24);

/// What takes up an invitation, shown once: behind `/o/invite/` or `/a/invite/`. `Debug` does not show it.
pub struct Invitation {
    /// Who is invited.
    pub login: Login,
    /// 22 characters.
    pub secret: Zeroizing<String>,
    /// Until when.
    pub until: UnixMillis,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invitation({:?}, …)", self.login)
    }
}

impl Administration {
    /// An invitation, and the hash it is stored as.
    pub(super) fn fresh_invitation(
        &self,
        realm: Realm,
        login: Login,
        at: UnixMillis,
    ) -> (Invitation, [u8; 16]) {
        let secret = Zeroizing::new(self.sealer.fresh());
        let hash = self.sealer.proof(realm.invitation(), &[&*secret]);
        let secret = Zeroizing::new(BASE64.encode(*secret));
        (Invitation { login, secret, until: at.plus(INVITED) }, hash)
    }

    /// Invites somebody anew: until he takes it up, what he has stays good.
    pub(super) async fn reinvite(
        &mut self,
        realm: Realm,
        login: Login,
        action: Action,
        act: Act<'_>,
    ) -> Result<Invitation, AdministrationError> {
        let (invitation, hash) = self.fresh_invitation(realm, login, act.at);
        let set = Assignments::default()
            .bytes("invitation", &hash)
            .optional_number("invited_until", Some(invitation.until.get()));
        self.assign(realm.subject(login), action, set, Vec::new(), act).await?;
        Ok(invitation)
    }
}
