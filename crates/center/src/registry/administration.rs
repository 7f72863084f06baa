//! Changing the registry: what the command line and the sandbox do.
//!
//! Each change is one transaction that also raises the version, so that every running center takes it over.

use yanmi_protocol::display::{self, Trick};
use yanmi_protocol::{AccountId, ChannelId, OrgCode, Sm4Key, UnixMillis};
use yanmi_verification::{WordLimits, WordLimitsError};

use super::account::{self, AccountRow, NewAccount};
use super::channel::{self, ChannelRow, NewChannel};
use super::handover::{Handover, HandoverError};
use super::institution::{self, InstitutionRow, NewInstitution};
use super::version;
use crate::config::Database;
use crate::mac_rule::MacRule;
use crate::ports::Entropy;
use crate::sealing::Sealer;
use crate::store::connection::{Connection, Statement};
use crate::store::{Store, StoreError};

/// Why the registry was not changed. Chinese, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// There is one already.
    #[error("{kind} {id} 已存在")]
    Exists {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// There is none.
    #[error("{kind} {id} 不存在")]
    Missing {
        /// What kind of entry.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The name is empty, too long, or could be read as another.
    #[error("{kind}名称（name）{trick}")]
    BadName {
        /// What kind of entry.
        kind: &'static str,
        /// What is wrong with it.
        trick: Trick,
    },
    /// The notice address is no HTTP address.
    #[error("通知地址应为 http:// 或 https:// 开头的完整地址")]
    BadAddress,
    /// The address persons are handed over to is none.
    #[error(transparent)]
    BadHandover(HandoverError),
    /// The amounts up to which a channel's word is taken are none.
    #[error("免密答复的限额：{0}")]
    BadWordLimits(WordLimitsError),
    /// A channel without a way of confirming.
    #[error("渠道至少要有一种认证方式（01、02、03）")]
    NoWay,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists and changes accounts, institutions and channels.
#[derive(Debug)]
pub struct Administration {
    connection: Connection,
    sealer: Sealer,
}

const ACCOUNT: &str = "业务系统编码";
const INSTITUTION: &str = "定点机构";
const CHANNEL: &str = "渠道";

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
    pub async fn add_account(
        &mut self,
        new: &NewAccount,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
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
            .number(now.get())
            .text(new.mac.word());
        let exists = AdministrationError::Exists { kind: ACCOUNT, id: new.id.as_str().to_owned() };
        change(&mut self.connection, statement, exists).await
    }

    /// Adds an institution.
    ///
    /// # Errors
    /// When there is one of this code, its account is missing, or the name is not fit to be shown.
    pub async fn add_institution(
        &mut self,
        new: &NewInstitution,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "\
            INSERT INTO institutions (org_code, name, org_id, active, changed_at) VALUES ($1, $2, $3, 1, $4) \
            ON CONFLICT DO NOTHING";
        check_name(INSTITUTION, &new.name)?;
        if !self.accounts().await?.iter().any(|account| account.id == new.account) {
            let id = new.account.as_str().to_owned();
            return Err(AdministrationError::Missing { kind: ACCOUNT, id });
        }
        let statement = Statement::new(TEXT)
            .text(new.org_code.as_str())
            .text(&new.name)
            .text(new.account.as_str())
            .number(now.get());
        let exists = AdministrationError::Exists { kind: INSTITUTION, id: new.org_code.as_str().to_owned() };
        change(&mut self.connection, statement, exists).await
    }

    /// Adds a channel.
    ///
    /// # Errors
    /// When there is one of this id, or its address, name or ways are not fit.
    pub async fn add_channel(
        &mut self,
        new: &NewChannel,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
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
            .number(now.get())
            .optional_text(new.handover.as_ref().map(Handover::as_str))
            .optional_number(new.facts.word.map(|word| word.single.fen()))
            .optional_number(new.facts.word.map(|word| word.day.fen()))
            .text(new.mac.word());
        let exists = AdministrationError::Exists { kind: CHANNEL, id: new.id.as_str().to_owned() };
        change(&mut self.connection, statement, exists).await
    }

    /// Moves a channel to another notice address.
    ///
    /// # Errors
    /// When there is no such channel, or the address is not fit.
    pub async fn move_channel(
        &mut self,
        id: ChannelId,
        notice_url: &http::Uri,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET notice_url = $2, changed_at = $3 WHERE channel = $1";
        check_address(notice_url)?;
        let statement =
            Statement::new(TEXT).text(id.as_str()).text(&notice_url.to_string()).number(now.get());
        change(&mut self.connection, statement, missing(CHANNEL, id.as_str())).await
    }

    /// Has the person's page send those who confirm in the channel's app to another address, or to none.
    ///
    /// # Errors
    /// When there is no such channel.
    pub async fn hand_over(
        &mut self,
        id: ChannelId,
        handover: Option<&Handover>,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET changed_at = $2, handover_url = $3 WHERE channel = $1";
        let statement = Statement::new(TEXT)
            .text(id.as_str())
            .number(now.get())
            .optional_text(handover.map(Handover::as_str));
        change(&mut self.connection, statement, missing(CHANNEL, id.as_str())).await
    }

    /// Says up to which amounts the channel's word is taken that a person pays without a password, or that it is not.
    ///
    /// # Errors
    /// When there is no such channel.
    pub async fn limit_word(
        &mut self,
        id: ChannelId,
        limits: Option<WordLimits>,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str =
            "UPDATE channels SET changed_at = $2, word_single = $3, word_day = $4 WHERE channel = $1";
        let statement = Statement::new(TEXT)
            .text(id.as_str())
            .number(now.get())
            .optional_number(limits.map(|limits| limits.single.fen()))
            .optional_number(limits.map(|limits| limits.day.fen()));
        change(&mut self.connection, statement, missing(CHANNEL, id.as_str())).await
    }

    /// Switches an account on or off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn enable_account(
        &mut self,
        id: AccountId,
        on: bool,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE accounts SET enabled = $2, changed_at = $3 WHERE org_id = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(i64::from(on)).number(now.get());
        change(&mut self.connection, statement, missing(ACCOUNT, id.as_str())).await
    }

    /// Demands a mac of an account's envelopes, or no longer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn demand_account_mac(
        &mut self,
        id: AccountId,
        rule: MacRule,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE accounts SET mac = $2, changed_at = $3 WHERE org_id = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).text(rule.word()).number(now.get());
        change(&mut self.connection, statement, missing(ACCOUNT, id.as_str())).await
    }

    /// Demands a mac of a channel's envelopes and answers, or no longer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn demand_channel_mac(
        &mut self,
        id: ChannelId,
        rule: MacRule,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET mac = $2, changed_at = $3 WHERE channel = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).text(rule.word()).number(now.get());
        change(&mut self.connection, statement, missing(CHANNEL, id.as_str())).await
    }

    /// Switches an institution on or off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn enable_institution(
        &mut self,
        code: OrgCode,
        on: bool,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE institutions SET active = $2, changed_at = $3 WHERE org_code = $1";
        let statement = Statement::new(TEXT).text(code.as_str()).number(i64::from(on)).number(now.get());
        change(&mut self.connection, statement, missing(INSTITUTION, code.as_str())).await
    }

    /// Switches a channel on or off.
    ///
    /// # Errors
    /// When there is none.
    pub async fn enable_channel(
        &mut self,
        id: ChannelId,
        on: bool,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET enabled = $2, changed_at = $3 WHERE channel = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(i64::from(on)).number(now.get());
        change(&mut self.connection, statement, missing(CHANNEL, id.as_str())).await
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
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str =
            "UPDATE accounts SET key_old = key_new, key_new = $2, changed_at = $3 WHERE org_id = $1";
        let sealed = self.sealer.seal(account::key_cell(id.as_str()), key.bytes());
        let statement = Statement::new(TEXT).text(id.as_str()).bytes(&sealed).number(now.get());
        change(&mut self.connection, statement, missing(ACCOUNT, id.as_str())).await
    }

    /// Ends a rotation: the older key no longer opens anything.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn retire_account_key(
        &mut self,
        id: AccountId,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE accounts SET key_old = NULL, changed_at = $2 WHERE org_id = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(now.get());
        change(&mut self.connection, statement, missing(ACCOUNT, id.as_str())).await
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
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str =
            "UPDATE channels SET key_old = key_new, key_new = $2, changed_at = $3 WHERE channel = $1";
        let sealed = self.sealer.seal(channel::key_cell(id.as_str()), key.bytes());
        let statement = Statement::new(TEXT).text(id.as_str()).bytes(&sealed).number(now.get());
        change(&mut self.connection, statement, missing(CHANNEL, id.as_str())).await
    }

    /// Ends a rotation of a channel's key.
    ///
    /// # Errors
    /// When there is no such channel.
    pub async fn retire_channel_key(
        &mut self,
        id: ChannelId,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        const TEXT: &str = "UPDATE channels SET key_old = NULL, changed_at = $2 WHERE channel = $1";
        let statement = Statement::new(TEXT).text(id.as_str()).number(now.get());
        change(&mut self.connection, statement, missing(CHANNEL, id.as_str())).await
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

    /// Closes the connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(self) -> Result<(), AdministrationError> {
        Ok(self.connection.close().await?)
    }
}

/// Runs one change and raises the version; `nothing` is the error when no row was touched.
async fn change(
    connection: &mut Connection,
    statement: Statement,
    nothing: AdministrationError,
) -> Result<(), AdministrationError> {
    connection.begin().await?;
    let changed = match connection.run(statement).await {
        Ok(0) => Err(nothing),
        Ok(_) => version::raise(connection).await.map_err(AdministrationError::from),
        Err(error) => Err(error.into()),
    };
    match changed {
        Ok(()) => Ok(connection.commit().await?),
        Err(error) => {
            // What went wrong first tells more than what goes wrong now.
            let _ = connection.roll_back().await;
            Err(error)
        }
    }
}

fn missing(kind: &'static str, id: &str) -> AdministrationError {
    AdministrationError::Missing { kind, id: id.to_owned() }
}

fn check_name(kind: &'static str, name: &str) -> Result<(), AdministrationError> {
    display::check(name).map_err(|trick| AdministrationError::BadName { kind, trick })
}

fn check_address(address: &http::Uri) -> Result<(), AdministrationError> {
    let fits = matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some();
    if fits { Ok(()) } else { Err(AdministrationError::BadAddress) }
}
