//! Making the account and its key out, and handing the key over: to the public key of the form, or by a link and a passcode.

use yanmi_onboarding::application::{Actor, Calendar, Command, Field, Kind};
use yanmi_papers::{Chance, Offer, PrivateKey, PublicKey, Signed};
use yanmi_protocol::{AccountId, ChannelId, KeyCheckValue, Sm4Key};

use super::{ApplicationError, application_no};
use crate::events::Act;
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::applications::{self, ApplicationRow};
use crate::registry::key_offer::KeyOffer;
use crate::registry::object::CHANNEL;
use crate::registry::{channel, version};

/// How a key goes to whoever asked for it.
#[derive(Debug)]
pub enum IssuedKeyOffer {
    /// A file that only the owner of the public key of the form can open; it is kept with the application.
    File,
    /// A link and a passcode, shown once.
    Link(KeyOffer),
    /// A channel's, which it has already.
    Channel,
}

impl Administration {
    /// Makes the account of an application out, with its key.
    ///
    /// # Errors
    /// When the rules refuse it, there is such an account already, or an institution is not registered any more.
    pub async fn issue_application(
        &mut self,
        (number, account): (i64, AccountId),
        signer: Option<&PrivateKey>,
        (who, calendar): (&Actor<'_>, &Calendar),
        act: Act<'_>,
    ) -> Result<IssuedKeyOffer, AdministrationError> {
        let issued = self.in_transaction(async |a| {
            version::hold(&mut a.connection).await?;
            let row = a.application(number).await?;
            a.issue(row, account, signer, (who, calendar), act).await
        });
        let issued = issued.await;
        self.note_refused((number, "issue"), act, issued).await
    }

    async fn issue(
        &mut self,
        row: ApplicationRow,
        account: AccountId,
        signer: Option<&PrivateKey>,
        world: (&Actor<'_>, &Calendar),
        act: Act<'_>,
    ) -> Result<IssuedKeyOffer, AdministrationError> {
        if row.application.kind() == Kind::Channel {
            let kcv = self.channel_key(account).await?;
            let command = Command::Issue { account, kcv };
            self.advance_with(row, &command, world, None, act).await?;
            return Ok(IssuedKeyOffer::Channel);
        }
        let key = Sm4Key::from_bytes(&self.sealer.fresh());
        let command = Command::Issue { account, kcv: key.kcv() };
        let row = self.advance_with(row, &command, world, Some(&key), act).await?;
        let recipient = row.form.text(Field::PublicKey).and_then(|text| PublicKey::read(text).ok());
        if let (Some(recipient), Some(signer)) = (recipient, signer) {
            let file = self.sealed_offer(&row, (account, &key), &recipient, signer, act)?;
            self.connection.run(applications::set_offer(row.number, &file)).await?;
            return Ok(IssuedKeyOffer::File);
        }
        let (offer, insertion) = self.offer_of(&account, &key, act);
        self.connection.run(insertion).await?;
        Ok(IssuedKeyOffer::Link(offer))
    }

    /// The file with the key, for the owner of the public key.
    fn sealed_offer(
        &self,
        row: &ApplicationRow,
        (account, key): (AccountId, &Sm4Key),
        recipient: &PublicKey,
        signer: &PrivateKey,
        act: Act<'_>,
    ) -> Result<String, ApplicationError> {
        let number = application_no(&row.application, row.number, row.made_at);
        let number = number.ok_or(ApplicationError::NotSealed)?;
        let mut fill = |bytes: &mut [u8]| {
            for part in bytes.chunks_mut(16) {
                part.copy_from_slice(&self.sealer.fresh()[..part.len()]);
            }
        };
        let offer = Offer::new(number, account, (1, key), recipient, act.at, &mut Chance::new(&mut fill));
        let offer = offer.map_err(|_| ApplicationError::NotSealed)?;
        Ok(Signed::new(offer, signer)?.to_json())
    }

    /// The check value of a channel that is registered. Its key went to it on another way: there are few channels.
    async fn channel_key(&mut self, id: AccountId) -> Result<KeyCheckValue, AdministrationError> {
        let missing = || AdministrationError::missing(CHANNEL, id.as_str());
        let channel = ChannelId::new(id.as_str()).map_err(|_| missing())?;
        let row = channel::one(&mut self.connection, &self.sealer, &channel).await?;
        row.map(|row| row.newest).ok_or_else(missing)
    }
}
