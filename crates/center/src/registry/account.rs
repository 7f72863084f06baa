//! 业务系统编码: accounts.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;

use yanmi_onboarding::AccountState;
use yanmi_protocol::{AccountId, KeyCheckValue, Sm4Key, UnixMillis};

use super::keys::Keys;
use super::networks::SourceNetworks;
use crate::events::Fields;
use crate::mac_rule::MacRule;
use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement, Value};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "accounts (org_id, name, enabled, interfaces, rate, key_new, key_old, changed_at, mac, networks, \
            stopped_until, closed_at, applicant, key_used, key_used_at)",
    &[
        Text, Text, Number, Text, Number, Bytes, Bytes, Number, Text, Text, Number, Number, Number, Text,
        Number,
    ],
    1,
);

/// A call an account may be allowed to make.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Interface {
    /// 1.7.1.
    Notify,
    /// 1.7.2.
    Status,
    /// Password check.
    Password,
    /// Decode.
    Decode,
}

impl Interface {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Notify, Self::Status, Self::Password, Self::Decode];

    /// The stored word, also used on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Status => "status",
            Self::Password => "password",
            Self::Decode => "decode",
        }
    }
}

/// The calls an account may make (500100).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Interfaces(u8);

impl Interfaces {
    /// All of them.
    pub const ALL: Self = Self(0b1111);

    /// Reads words separated by commas; nothing when one is not known.
    pub fn parse(text: &str) -> Option<Self> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words
            .map(|word| Interface::ALL.into_iter().find(|interface| interface.word() == word))
            .try_fold(Self::default(), |set, interface| Some(Self(set.0 | Self::bit(interface?))))
    }

    /// Whether the call is one of them.
    pub const fn contains(self, interface: Interface) -> bool {
        self.0 & Self::bit(interface) != 0
    }

    const fn bit(interface: Interface) -> u8 {
        match interface {
            Interface::Notify => 1,
            Interface::Status => 2,
            Interface::Password => 4,
            Interface::Decode => 8,
        }
    }
}

/// The words, separated by commas.
impl fmt::Display for Interfaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> =
            Interface::ALL.into_iter().filter(|i| self.contains(*i)).map(Interface::word).collect();
        f.write_str(&words.join(","))
    }
}

/// An account to be added.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// `orgId`.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// Its key.
    pub key: Sm4Key,
    /// The calls it may make.
    pub interfaces: Interfaces,
    /// Requests a second; nothing for what the configuration says.
    pub rate: Option<NonZeroU32>,
    /// Whether its envelopes have to carry a mac.
    pub mac: MacRule,
    /// Where its envelopes may come from.
    pub networks: SourceNetworks,
}

/// An account as it is listed. Keys show only their key-check values.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// `orgId`.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// Whether it may call at all.
    pub enabled: bool,
    /// The calls it may make.
    pub interfaces: Interfaces,
    /// Requests a second; nothing for what the configuration says.
    pub rate: Option<NonZeroU32>,
    /// Whether its envelopes have to carry a mac.
    pub mac: MacRule,
    /// Where its envelopes may come from.
    pub networks: SourceNetworks,
    /// Until when it is stopped, if it was stopped for a time.
    pub stopped_until: Option<UnixMillis>,
    /// When it was closed for good.
    pub closed_at: Option<UnixMillis>,
    /// Whose it is, as far as that is known.
    pub applicant: Option<i64>,
    /// Since when the newest key is known to have opened an envelope.
    pub key_used_at: Option<UnixMillis>,
    /// The newest key.
    pub newest: KeyCheckValue,
    /// The key before it, during a rotation.
    pub older: Option<KeyCheckValue>,
    /// When it was last changed.
    pub changed_at: UnixMillis,
}

impl AccountRow {
    /// As a table has it.
    pub(super) fn state(&self) -> AccountState {
        AccountState {
            name: self.name.clone(),
            // They were read from their words.
            interfaces: AccountState::interfaces_of(&self.interfaces.to_string()).unwrap_or_default(),
            rate: self.rate,
            must_mac: self.mac == MacRule::Required,
            networks: self.networks.to_string(),
            active: self.enabled,
        }
    }

    /// What one becomes by a table; the key is its newest.
    pub(super) fn of_state(
        (id, newest): (AccountId, KeyCheckValue),
        before: Option<&Self>,
        state: &AccountState,
        at: UnixMillis,
    ) -> Self {
        Self {
            id,
            name: state.name.clone(),
            enabled: state.active,
            // Words and networks of a table were read once already.
            interfaces: Interfaces::parse(&state.interfaces.join(",")).unwrap_or_default(),
            rate: state.rate,
            mac: mac_of(state),
            networks: SourceNetworks::parse(&state.networks).unwrap_or_default(),
            stopped_until: before.and_then(|row| row.stopped_until),
            closed_at: None,
            applicant: before.and_then(|row| row.applicant),
            key_used_at: before.and_then(|row| row.key_used_at),
            newest,
            older: before.and_then(|row| row.older),
            changed_at: at,
        }
    }

    /// As an event shows it.
    pub(super) fn fields(&self) -> Fields {
        vec![
            ("name", Some(self.name.clone())),
            ("enabled", Some(self.enabled.to_string())),
            ("interfaces", Some(self.interfaces.to_string())),
            ("rate", self.rate.map(|rate| rate.to_string())),
            ("mac", Some(self.mac.word().to_owned())),
            ("networks", self.networks.stored()),
            ("stopped_until", self.stopped_until.map(UnixMillis::shanghai_text)),
            ("closed_at", self.closed_at.map(UnixMillis::shanghai_text)),
            ("applicant", self.applicant.map(|number| number.to_string())),
            ("key", Some(self.newest.to_string())),
            ("older_key", self.older.map(|older| older.to_string())),
        ]
        .into()
    }
}

/// An account as it is stored.
#[derive(Debug)]
pub(super) struct StoredAccount {
    pub(super) id: AccountId,
    pub(super) name: String,
    pub(super) enabled: bool,
    pub(super) interfaces: Interfaces,
    pub(super) rate: Option<NonZeroU32>,
    pub(super) mac: MacRule,
    pub(super) networks: SourceNetworks,
    pub(super) stopped_until: Option<UnixMillis>,
    pub(super) closed_at: Option<UnixMillis>,
    pub(super) applicant: Option<i64>,
    /// The key-check value of the newest key that opened an envelope, and since when that is known.
    pub(super) key_used: Option<(String, UnixMillis)>,
    pub(super) keys: Keys,
    pub(super) changed_at: UnixMillis,
}

impl StoredAccount {
    /// Since when the newest key is known to have opened an envelope.
    pub(super) fn newest_used_at(&self) -> Option<UnixMillis> {
        let kcv = self.keys.newest.kcv().to_string();
        self.key_used.as_ref().filter(|(used, _)| *used == kcv).map(|(_, at)| *at)
    }
}

impl From<StoredAccount> for AccountRow {
    fn from(stored: StoredAccount) -> Self {
        let key_used_at = stored.newest_used_at();
        Self {
            id: stored.id,
            name: stored.name,
            enabled: stored.enabled,
            interfaces: stored.interfaces,
            rate: stored.rate,
            mac: stored.mac,
            networks: stored.networks,
            stopped_until: stored.stopped_until,
            closed_at: stored.closed_at,
            applicant: stored.applicant,
            key_used_at,
            newest: stored.keys.newest.kcv(),
            older: stored.keys.older.map(|key| key.kcv()),
            changed_at: stored.changed_at,
        }
    }
}

/// The cell an account's keys are sealed into; both columns are one cell, for a rotation moves the value.
pub(super) fn key_cell(org_id: &str) -> Cell<'_> {
    Cell { table: "accounts", row: org_id, column: "key" }
}

/// Opens the keys of two columns.
pub(super) fn open_keys(
    columns: &mut Columns<'_>,
    sealer: &Sealer,
    cell: Cell<'_>,
) -> Result<Keys, StoreError> {
    let (newest, older) = (columns.bytes()?, columns.optional_bytes()?);
    let open = |sealed: &[u8]| {
        let bytes = sealer.open(cell, sealed).ok()?;
        Some(Sm4Key::from_bytes(bytes.as_slice().try_into().ok()?))
    };
    let impossible = || StoreError::Impossible { table: cell.table, what: "密钥无法打开" };
    let newest = open(newest).ok_or_else(impossible)?;
    Ok(Keys::new(newest, older.map(|sealed| open(sealed).ok_or_else(impossible)).transpose()?))
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT org_id, name, enabled, interfaces, rate, key_new, key_old, changed_at, mac, networks, \
             stopped_until, closed_at, applicant, key_used, key_used_at FROM accounts ",
            $which
        )
    };
}

/// All accounts, by name of account.
pub(super) async fn all(
    connection: &mut Connection,
    sealer: &Sealer,
) -> Result<Vec<StoredAccount>, StoreError> {
    const TEXT: &str = select!("ORDER BY org_id");
    fetch(connection, sealer, Statement::new(TEXT)).await
}

/// One account, if there is one.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    id: &AccountId,
) -> Result<Option<AccountRow>, StoreError> {
    const TEXT: &str = select!("WHERE org_id = $1");
    let found = fetch(connection, sealer, Statement::new(TEXT).text(id.as_str())).await?;
    Ok(found.into_iter().next().map(AccountRow::from))
}

/// Those of these that there are; few hundreds.
pub(super) async fn some(
    connection: &mut Connection,
    sealer: &Sealer,
    ids: &[AccountId],
) -> Result<Vec<AccountRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!("{} ({})", select!("WHERE org_id IN"), Statement::places(1, ids.len()));
    let statement = ids.iter().fold(Statement::composed(text), |statement, id| statement.text(id.as_str()));
    let found = fetch(connection, sealer, statement).await?;
    Ok(found.into_iter().map(AccountRow::from).collect())
}

/// Writes accounts that are new, at least one and few hundreds, with their keys.
pub(super) fn insert_all(
    new: &[(AccountId, AccountState, Sm4Key)],
    sealer: &Sealer,
    at: UnixMillis,
) -> Statement {
    const INTO: &str =
        "INSERT INTO accounts (org_id, name, enabled, interfaces, rate, key_new, changed_at, mac, networks)";
    let rows = new.iter().map(|(id, state, key)| {
        let key = sealer.seal(key_cell(id.as_str()), key.bytes());
        let networks = (!state.networks.is_empty()).then(|| state.networks.clone());
        vec![
            (Text, Value::Text(id.as_str().to_owned())),
            (Text, Value::Text(state.name.clone())),
            (Number, Value::Number(i64::from(state.active))),
            (Text, Value::Text(state.interfaces.join(","))),
            (Number, state.rate.map_or(Value::Null, |rate| Value::Number(i64::from(rate.get())))),
            (Bytes, Value::Bytes(key)),
            (Number, Value::Number(at.get())),
            (Text, Value::Text(mac_of(state).word().to_owned())),
            (Text, networks.map_or(Value::Null, Value::Text)),
        ]
    });
    Statement::of_rows(INTO, rows, "")
}

/// Writes what an account becomes by a table; its keys stay.
pub(super) fn update(id: &AccountId, state: &AccountState, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE accounts SET name = $2, enabled = $3, interfaces = $4, rate = $5, mac = $6, \
        networks = $7, changed_at = $8 WHERE org_id = $1 AND closed_at IS NULL";
    Statement::new(TEXT)
        .text(id.as_str())
        .text(&state.name)
        .number(i64::from(state.active))
        .text(&state.interfaces.join(","))
        .optional_number(state.rate.map(|rate| i64::from(rate.get())))
        .text(mac_of(state).word())
        .optional_text((!state.networks.is_empty()).then_some(state.networks.as_str()))
        .number(at.get())
}

const fn mac_of(state: &AccountState) -> MacRule {
    if state.must_mac { MacRule::Required } else { MacRule::Optional }
}

/// The accounts of an applicant, by name of account, after one of them.
pub(super) async fn of_applicant(
    connection: &mut Connection,
    sealer: &Sealer,
    (applicant, after): (i64, &str),
    count: usize,
) -> Result<Vec<StoredAccount>, StoreError> {
    const TEXT: &str = select!("WHERE applicant = $1 AND org_id > $2 ORDER BY org_id LIMIT $3");
    let statement = Statement::new(TEXT).number(applicant).text(after).number(signed(count as u64));
    fetch(connection, sealer, statement).await
}

/// Those of these accounts that are not closed.
pub(super) async fn open(
    connection: &mut Connection,
    ids: &BTreeSet<AccountId>,
) -> Result<BTreeSet<AccountId>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let places = Statement::places(1, ids.len());
    let text = format!("SELECT org_id FROM accounts WHERE closed_at IS NULL AND org_id IN ({places})");
    let statement = ids.iter().fold(Statement::composed(text), |statement, id| statement.text(id.as_str()));
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| Columns::new(row, TABLE.name()).account()).collect()
}

async fn fetch(
    connection: &mut Connection,
    sealer: &Sealer,
    statement: Statement,
) -> Result<Vec<StoredAccount>, StoreError> {
    let rows = connection.fetch(statement).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, "accounts"), sealer)).collect()
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer) -> Result<StoredAccount, StoreError> {
    let id = columns.account()?;
    Ok(StoredAccount {
        id,
        name: columns.text()?.to_owned(),
        enabled: columns.flag()?,
        interfaces: {
            let words = columns.text()?;
            Interfaces::parse(words).ok_or(columns.impossible("接口名称未知"))?
        },
        rate: columns.optional_number()?.and_then(|rate| u32::try_from(rate).ok()).and_then(NonZeroU32::new),
        keys: open_keys(columns, sealer, key_cell(id.as_str()))?,
        changed_at: columns.time()?,
        mac: read_mac(columns)?,
        networks: SourceNetworks::parse(columns.optional_text()?.unwrap_or_default())
            .map_err(|_| columns.impossible("来源网段格式不对"))?,
        stopped_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
        applicant: columns.optional_number()?,
        key_used: {
            let kcv = columns.optional_text()?.map(str::to_owned);
            kcv.zip(columns.optional_time()?)
        },
    })
}

/// Notes that a key opened an envelope, by its check value.
pub(super) fn note_use(id: &AccountId, kcv: &str, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE accounts SET key_used = $2, key_used_at = $3 \
        WHERE org_id = $1 AND (key_used IS NULL OR key_used <> $2)";
    Statement::new(TEXT).text(id.as_str()).text(kcv).number(at.get())
}

/// The rule a column holds.
pub(super) fn read_mac(columns: &mut Columns<'_>) -> Result<MacRule, StoreError> {
    let word = columns.text()?;
    MacRule::parse(word).ok_or(columns.impossible("mac 要求未知"))
}
