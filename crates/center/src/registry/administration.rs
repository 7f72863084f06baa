//! Changing the registry: what the command line and the sandbox do.
//!
//! Each change is one transaction: the row, the event that says who did it and why, and the version, so that every running
//! center takes it over. A change of something that is not there, or is there already, is refused, which is an event too;
//! what cannot be stored at all (a name nobody may be shown) is told to who typed it, and is none.

use yanmi_protocol::display;
use yanmi_protocol::{AccountId, ChannelId, OrgCode, Sm4Key};
use yanmi_verification::WordLimits;

use super::account::{self, AccountRow, NewAccount};
use super::administration_error::AdministrationError;
use super::chain::{self, ChainReport};
use super::channel::{self, ChannelRow, NewChannel};
use super::event::{Act, OperatorEvent};
use super::handover::Handover;
use super::institution::{self, InstitutionRow, NewInstitution};
use super::object::{ACCOUNT, CHANNEL, INSTITUTION, Object};
use super::operator_events;
use crate::config::Database;
use crate::mac_rule::MacRule;
use crate::ports::Entropy;
use crate::sealing::Sealer;
use crate::store::Store;
use crate::store::connection::{Connection, Statement};

/// Lists and changes accounts, institutions and channels.
#[derive(Debug)]
pub struct Administration {
    pub(super) connection: Connection,
    pub(super) sealer: Sealer,
}

impl Administration {
    /// Opens a database, which is created if it is empty. One of an older version is left as it is.
    ///
    /// # Errors
    /// When it cannot be opened or does not belong to the key.
    pub async fn open(
        database: impl Into<Database>,
        key: &Sm4Key,
        entropy: Entropy,
    ) -> Result<Self, AdministrationError> {
        let sealer = Sealer::new(key, entropy);
        let store = Store::open(&database.into(), &sealer).await?;
        Ok(Self { connection: store.connect().await?, sealer })
    }

    /// Adds an account.
    ///
    /// # Errors
    /// When there is one of this `orgId`, or the name is not fit.
    pub async fn add_account(&mut self, new: &NewAccount, act: Act<'_>) -> Result<(), AdministrationError> {
        const TEXT: &str = "\
            INSERT INTO accounts (org_id, name, enabled, interfaces, rate, key_new, changed_at, mac) \
            VALUES ($1, $2, 1, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        check_name(ACCOUNT, &new.name)?;
        let key = self.sealer.seal(account::key_cell(new.id.as_str()), new.key.bytes());
        let statement = Statement::new(TEXT)
            .text(new.id.as_str())
            .text(&new.name)
            .text(&new.interfaces.to_string())
            .optional_number(new.rate.map(|rate| i64::from(rate.get())))
            .bytes(&key)
            .number(act.at.get())
            .text(new.mac.word());
        self.change(act, "account.add", Object::Account(new.id), statement).await
    }

    /// Adds an institution.
    ///
    /// # Errors
    /// When there is one of this code, its account is missing, or the name is not fit to be shown.
    pub async fn add_institution(
        &mut self,
        new: &NewInstitution,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "\
            INSERT INTO institutions (org_code, name, org_id, active, changed_at) VALUES ($1, $2, $3, 1, $4) \
            ON CONFLICT DO NOTHING";
        check_name(INSTITUTION, &new.name)?;
        if account::one(&mut self.connection, &self.sealer, &new.account).await?.is_none() {
            let error = AdministrationError::missing(ACCOUNT, new.account.as_str());
            self.note_refusal(act, "institution.add", Object::Institution(new.org_code), &error).await?;
            return Err(error);
        }
        let statement = Statement::new(TEXT)
            .text(new.org_code.as_str())
            .text(&new.name)
            .text(new.account.as_str())
            .number(act.at.get());
        self.change(act, "institution.add", Object::Institution(new.org_code), statement).await
    }

    /// Adds a channel.
    ///
    /// # Errors
    /// When there is one of this id, or its address, name or ways are not fit.
    pub async fn add_channel(&mut self, new: &NewChannel, act: Act<'_>) -> Result<(), AdministrationError> {
        const TEXT: &str = "\
            INSERT INTO channels (channel, name, notice_url, settlement, password_free, ways, record, enabled, \
                key_new, changed_at, handover_url, word_single, word_day, mac) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
        check_name(CHANNEL, &new.name)?;
        check_address(&new.notice_url)?;
        if new.facts.ways.is_empty() {
            return Err(AdministrationError::NoWay);
        }
        let key = self.sealer.seal(channel::key_cell(new.id.as_str()), new.key.bytes());
        let statement = Statement::new(TEXT)
            .text(new.id.as_str())
            .text(&new.name)
            .text(&new.notice_url.to_string())
            .number(i64::from(new.facts.settlement))
            .number(i64::from(new.facts.password_free))
            .text(&channel::ways_words(new.facts.ways))
            .text(channel::record_word(new.facts.record))
            .bytes(&key)
            .number(act.at.get())
            .optional_text(new.handover.as_ref().map(Handover::as_str))
            .optional_number(new.facts.word.map(|word| word.single.fen()))
            .optional_number(new.facts.word.map(|word| word.day.fen()))
            .text(new.mac.word());
        self.change(act, "channel.add", Object::Channel(new.id), statement).await
    }

    /// Moves a channel to another notice address.
    ///
    /// # Errors
    /// When there is no such channel, or the address is not fit.
    pub async fn move_channel(
        &mut self,
        id: ChannelId,
        notice_url: &http::Uri,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET notice_url = $2, changed_at = $3 WHERE channel = $1";
        check_address(notice_url)?;
        let statement =
            Statement::new(TEXT).text(id.as_str()).text(&notice_url.to_string()).number(act.at.get());
        self.change(act, "channel.notice_url", Object::Channel(id), statement).await
    }

    /// Has the person's page send those who confirm in the channel's app to another address, or to none.
    ///
    /// # Errors
    /// When there is no such channel.
    pub async fn hand_over(
        &mut self,
        id: ChannelId,
        handover: Option<&Handover>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET changed_at = $2, handover_url = $3 WHERE channel = $1";
        let statement = Statement::new(TEXT)
            .text(id.as_str())
            .number(act.at.get())
            .optional_text(handover.map(Handover::as_str));
        self.change(act, "channel.handover_url", Object::Channel(id), statement).await
    }

    /// Says up to which amounts the channel's word is taken that a person pays without a password, or that it is not.
    ///
    /// # Errors
    /// When there is no such channel.
    pub async fn limit_word(
        &mut self,
        id: ChannelId,
        limits: Option<WordLimits>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str =
            "UPDATE channels SET changed_at = $2, word_single = $3, word_day = $4 WHERE channel = $1";
        let statement = Statement::new(TEXT)
            .text(id.as_str())
            .number(act.at.get())
            .optional_number(limits.map(|limits| limits.single.fen()))
            .optional_number(limits.map(|limits| limits.day.fen()));
        self.change(act, "channel.word", Object::Channel(id), statement).await
    }

    /// Switches an account on or off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn enable_account(
        &mut self,
        id: AccountId,
        on: bool,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE accounts SET enabled = $2, changed_at = $3 WHERE org_id = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(i64::from(on)).number(act.at.get());
        self.change(
            act,
            if on { "account.enable" } else { "account.disable" },
            Object::Account(id),
            statement,
        )
        .await
    }

    /// Demands a mac of an account's envelopes, or no longer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn demand_account_mac(
        &mut self,
        id: AccountId,
        rule: MacRule,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE accounts SET mac = $2, changed_at = $3 WHERE org_id = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).text(rule.word()).number(act.at.get());
        self.change(act, "account.mac", Object::Account(id), statement).await
    }

    /// Demands a mac of a channel's envelopes and answers, or no longer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn demand_channel_mac(
        &mut self,
        id: ChannelId,
        rule: MacRule,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET mac = $2, changed_at = $3 WHERE channel = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).text(rule.word()).number(act.at.get());
        self.change(act, "channel.mac", Object::Channel(id), statement).await
    }

    /// Switches an institution on or off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn enable_institution(
        &mut self,
        code: OrgCode,
        on: bool,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE institutions SET active = $2, changed_at = $3 WHERE org_code = $1";
        let statement = Statement::new(TEXT).text(code.as_str()).number(i64::from(on)).number(act.at.get());
        self.change(
            act,
            if on { "institution.enable" } else { "institution.disable" },
            Object::Institution(code),
            statement,
        )
        .await
    }

    /// Switches a channel on or off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn enable_channel(
        &mut self,
        id: ChannelId,
        on: bool,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET enabled = $2, changed_at = $3 WHERE channel = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(i64::from(on)).number(act.at.get());
        self.change(
            act,
            if on { "channel.enable" } else { "channel.disable" },
            Object::Channel(id),
            statement,
        )
        .await
    }

    /// Gives an account a new key; the key until now stays valid beside it until the next rotation, or until
    /// [`Administration::retire_account_key`].
    ///
    /// # Errors
    /// When there is none.
    pub async fn rotate_account_key(
        &mut self,
        id: AccountId,
        key: &Sm4Key,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str =
            "UPDATE accounts SET key_old = key_new, key_new = $2, changed_at = $3 WHERE org_id = $1";
        let sealed = self.sealer.seal(account::key_cell(id.as_str()), key.bytes());
        let statement = Statement::new(TEXT).text(id.as_str()).bytes(&sealed).number(act.at.get());
        self.change(act, "account.rotate_key", Object::Account(id), statement).await
    }

    /// Ends a rotation: the older key no longer opens anything.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn retire_account_key(
        &mut self,
        id: AccountId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE accounts SET key_old = NULL, changed_at = $2 WHERE org_id = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(act.at.get());
        self.change(act, "account.retire_key", Object::Account(id), statement).await
    }

    /// Gives a channel a new key, like [`Administration::rotate_account_key`]. Notices go out under the new key at
    /// once.
    ///
    /// # Errors
    /// When there is none.
    pub async fn rotate_channel_key(
        &mut self,
        id: ChannelId,
        key: &Sm4Key,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str =
            "UPDATE channels SET key_old = key_new, key_new = $2, changed_at = $3 WHERE channel = $1";
        let sealed = self.sealer.seal(channel::key_cell(id.as_str()), key.bytes());
        let statement = Statement::new(TEXT).text(id.as_str()).bytes(&sealed).number(act.at.get());
        self.change(act, "channel.rotate_key", Object::Channel(id), statement).await
    }

    /// Ends a rotation of a channel's key.
    ///
    /// # Errors
    /// When there is no such channel.
    pub async fn retire_channel_key(
        &mut self,
        id: ChannelId,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET key_old = NULL, changed_at = $2 WHERE channel = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(act.at.get());
        self.change(act, "channel.retire_key", Object::Channel(id), statement).await
    }

    /// All accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&mut self) -> Result<Vec<AccountRow>, AdministrationError> {
        let stored = account::all(&mut self.connection, &self.sealer).await?;
        Ok(stored.into_iter().map(AccountRow::from).collect())
    }

    /// All institutions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn institutions(&mut self) -> Result<Vec<InstitutionRow>, AdministrationError> {
        Ok(institution::all(&mut self.connection).await?)
    }

    /// All channels.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn channels(&mut self) -> Result<Vec<ChannelRow>, AdministrationError> {
        let stored = channel::all(&mut self.connection, &self.sealer).await?;
        Ok(stored.into_iter().map(ChannelRow::from).collect())
    }

    /// The events after a number, the oldest first, a page of them; none when there is none further.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&mut self, after: i64) -> Result<Vec<OperatorEvent>, AdministrationError> {
        let page = operator_events::page(&mut self.connection, after).await?;
        Ok(page.into_iter().map(|link| link.event).collect())
    }

    /// Looks whether the chain of events is whole.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_events(&mut self) -> Result<ChainReport, AdministrationError> {
        Ok(chain::verify(&mut self.connection).await?)
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(self) -> Result<(), AdministrationError> {
        Ok(self.connection.close().await?)
    }
}

fn check_name(kind: &'static str, name: &str) -> Result<(), AdministrationError> {
    display::check(name).map_err(|trick| AdministrationError::BadName { kind, trick })
}

fn check_address(address: &http::Uri) -> Result<(), AdministrationError> {
    let fits = matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some();
    if fits { Ok(()) } else { Err(AdministrationError::BadAddress) }
}
