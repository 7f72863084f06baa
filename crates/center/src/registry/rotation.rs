//! Changing the keys of accounts and channels.

use std::time::Duration;

use yanmi_protocol::{AccountId, ChannelId, KeyCheckValue, Sm4Key, UnixMillis};

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::key_offers::{self, Void};
use super::object::{Action, Object};
use super::{account, channel, key_uses};
use crate::events::Act;
use crate::store::StoreError;

/// As long as the older key must have been silent before it is retired.
const SILENT: Duration = Duration::from_hours(24);

/// Whether a key that is still called with may be retired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retirement {
    /// Not before it has been silent for 24 hours.
    WhenSilent,
    /// At once, for a reason: whoever still holds it is shut out, and that is meant.
    Forced,
}

/// When the keys of somebody last opened an envelope, as far as that is written down (some minutes late).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct KeyUses {
    /// The newest key.
    pub newest: Option<UnixMillis>,
    /// The one before it, during a rotation.
    pub older: Option<UnixMillis>,
}

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
    /// When there is no such account, or it is closed; when the older key opened an envelope within 24 hours and this is not
    /// forced, or is forced without a reason.
    pub async fn retire_account_key(
        &mut self,
        id: AccountId,
        how: Retirement,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.retire(Object::Account(id), how, act).await
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

    /// Ends a rotation of a channel's key, like [`Administration::retire_account_key`].
    ///
    /// # Errors
    /// As there.
    pub async fn retire_channel_key(
        &mut self,
        id: ChannelId,
        how: Retirement,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.retire(Object::Channel(id), how, act).await
    }

    /// When these keys of an account or channel, named by their check values, were last used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key_uses(
        &mut self,
        object: Object,
        (newest, older): (KeyCheckValue, Option<KeyCheckValue>),
    ) -> Result<KeyUses, AdministrationError> {
        let older = match older {
            Some(kcv) => key_uses::last(&mut self.connection, object, kcv).await?,
            None => None,
        };
        Ok(KeyUses { newest: key_uses::last(&mut self.connection, object, newest).await?, older })
    }

    /// The check values of somebody's keys, the newest first; nothing when there is no such, or it has no keys.
    async fn generations(
        &mut self,
        object: Object,
    ) -> Result<Option<(KeyCheckValue, Option<KeyCheckValue>)>, StoreError> {
        Ok(match object {
            Object::Account(id) => {
                let row = account::one(&mut self.connection, &self.sealer, &id).await?;
                row.map(|row| (row.newest, row.older))
            }
            Object::Channel(id) => {
                let row = channel::one(&mut self.connection, &self.sealer, &id).await?;
                row.map(|row| (row.newest, row.older))
            }
            Object::Institution(_) => None,
        })
    }

    async fn rotate(
        &mut self,
        object: Object,
        sealed: &[u8],
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let set = Assignments::default().column("key_old", "key_new").bytes("key_new", sealed);
        let mut statements = vec![set.of(object, act.at)];
        if let Some((newest, _)) = self.generations(object).await? {
            statements.push(key_uses::forget_others(object, newest));
        }
        if let Object::Account(id) = &object {
            // A key that is still on its way is not the newest any more.
            statements.push(key_offers::end(id, Void::Replaced, act.at));
        }
        self.change(act, Change { action: Action::RotateKey, subject: object.into(), statements }).await
    }

    async fn retire(
        &mut self,
        object: Object,
        how: Retirement,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let generations = self.generations(object).await?;
        let last = match generations {
            Some((_, Some(older))) => key_uses::last(&mut self.connection, object, older).await?,
            _ => None,
        };
        if let Some(why) = last.and_then(|last| why_kept(last, how, act)) {
            return self.refuse(act, Action::RetireKey, object.into(), why).await;
        }
        let mut statements = vec![Assignments::default().no_bytes("key_old").of(object, act.at)];
        statements.extend(generations.map(|(newest, _)| key_uses::forget_others(object, newest)));
        self.change(act, Change { action: Action::RetireKey, subject: object.into(), statements }).await
    }
}

/// Why the older key, which was last used then, may not be retired now.
fn why_kept(last: UnixMillis, how: Retirement, act: Act<'_>) -> Option<AdministrationError> {
    match how {
        Retirement::WhenSilent if act.at.distance(last) < SILENT => {
            Some(AdministrationError::KeyInUse { last })
        }
        Retirement::Forced if act.reason.is_empty() => Some(AdministrationError::NoReason),
        Retirement::WhenSilent | Retirement::Forced => None,
    }
}
