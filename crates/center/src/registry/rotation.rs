//! Changing the keys of accounts and channels.

use yanmi_protocol::{AccountId, ChannelId, Sm4Key};

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::key_offers::{self, Void};
use super::object::{Action, Object};
use super::{account, channel};
use crate::events::Act;

impl Administration {
    /// Gives an account a new key; the key until now stays valid beside it until the next rotation, or until
    /// [`Administration::retire_account_key`].
    ///
    /// # Errors
    /// When there is none, or it is closed.
    pub async fn rotate_account_key(
        &mut self,
        id: AccountId,
        key: &Sm4Key,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let sealed = self.sealer.seal(account::key_cell(id.as_str()), key.bytes());
        self.rotate(Object::Account(id), &sealed, act).await
    }

    /// Ends a rotation: the older key no longer opens anything.
    ///
    /// # Errors
    /// When there is no such account, or it is closed.
    pub async fn retire_account_key(
        &mut self,
        id: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.retire(Object::Account(id), act).await
    }

    /// Gives a channel a new key, like [`Administration::rotate_account_key`]. Notices go out under the new key at
    /// once.
    ///
    /// # Errors
    /// When there is none, or it is closed.
    pub async fn rotate_channel_key(
        &mut self,
        id: ChannelId,
        key: &Sm4Key,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let sealed = self.sealer.seal(channel::key_cell(id.as_str()), key.bytes());
        self.rotate(Object::Channel(id), &sealed, act).await
    }

    /// Ends a rotation of a channel's key.
    ///
    /// # Errors
    /// When there is no such channel, or it is closed.
    pub async fn retire_channel_key(
        &mut self,
        id: ChannelId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.retire(Object::Channel(id), act).await
    }

    async fn rotate(
        &mut self,
        object: Object,
        sealed: &[u8],
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let set = Assignments::default().column("key_old", "key_new").bytes("key_new", sealed);
        let mut statements = vec![set.of(object, act.at)];
        if let Object::Account(id) = &object {
            // A key that is still on its way is not the newest any more.
            statements.push(key_offers::end(id, Void::Replaced, act.at));
        }
        self.change(act, Change { action: Action::RotateKey, subject: object.into(), statements }).await
    }

    async fn retire(&mut self, object: Object, act: Act<'_>) -> Result<(), AdministrationError> {
        let statements = vec![Assignments::default().no_bytes("key_old").of(object, act.at)];
        self.change(act, Change { action: Action::RetireKey, subject: object.into(), statements }).await
    }
}
