//! Changing one's own password.

use yanmi_protocol::UnixMillis;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::credentials;
use super::login::Login;
use super::object::Action;
use super::realm::Realm;
use super::sessions;
use crate::events::Act;
use crate::staff::PasswordHash;

impl Administration {
    /// Gives somebody another password, after the one he has was compared; his session ends. A wrong one counts as a wrong login.
    ///
    /// # Errors
    /// [`AdministrationError::WrongPassword`], or when the database fails.
    pub(crate) async fn change_password(
        &mut self,
        realm: Realm,
        login: Login,
        fits: bool,
        password: &PasswordHash,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let actor = realm.actor(&login);
        let act = Act::new(&actor, "", now);
        let stored = credentials::of(&mut self.connection, &self.sealer, realm, &login).await?;
        if !fits || !stored.is_some_and(|stored| stored.is_open(now)) {
            self.count_wrong(realm, &login, now).await?;
            let error = AdministrationError::WrongPassword;
            return self.refuse(act, Action::Edit, realm.subject(login), error).await;
        }
        let set = Assignments::default()
            .text("password", password.as_str())
            .optional_number("password_at", Some(now.get()))
            .optional_number("failed", Some(0));
        let more = vec![sessions::end(realm, &login)];
        self.assign(realm.subject(login), Action::Edit, set, more, act).await
    }
}
