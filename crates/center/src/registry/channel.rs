//! 渠道应用: channels.

use http::Uri;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{ChannelId, KeyCheckValue, Sm4Key, UnixMillis};
use yanmi_verification::{ChannelFacts, ChannelRecord, Ways, WordLimits};

use super::account::{open_keys, read_mac};
use super::handover::Handover;
use super::keys::Keys;
use crate::events::Fields;
use crate::mac_rule::MacRule;
use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "channels (channel, name, notice_url, settlement, password_free, ways, record, enabled, key_new, \
            key_old, changed_at, handover_url, word_single, word_day, mac, stopped_until, closed_at)",
    &[
        Text, Text, Text, Number, Number, Text, Text, Number, Bytes, Bytes, Number, Text, Number, Number,
        Text, Number, Number,
    ],
    1,
);

/// A channel to be added.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// `chnlId`.
    pub id: ChannelId,
    /// What people call it.
    pub name: String,
    /// Where its notices are posted.
    pub notice_url: Uri,
    /// What it supports.
    pub facts: ChannelFacts,
    /// Where the person's page sends who confirms in the app, if it sends anybody.
    pub handover: Option<Handover>,
    /// Whether its envelopes have to carry a mac.
    pub mac: MacRule,
    /// Its key.
    pub key: Sm4Key,
}

/// A channel as it is listed. Keys show only their key-check values.
#[derive(Clone, Debug)]
pub struct ChannelRow {
    /// `chnlId`.
    pub id: ChannelId,
    /// What people call it.
    pub name: String,
    /// Where its notices are posted.
    pub notice_url: Uri,
    /// What it supports.
    pub facts: ChannelFacts,
    /// Where the person's page sends who confirms in the app, if it sends anybody.
    pub handover: Option<Handover>,
    /// Whether its envelopes have to carry a mac.
    pub mac: MacRule,
    /// Whether it is served at all.
    pub enabled: bool,
    /// Until when it is stopped, if it was stopped for a time.
    pub stopped_until: Option<UnixMillis>,
    /// When it was closed for good.
    pub closed_at: Option<UnixMillis>,
    /// The newest key.
    pub newest: KeyCheckValue,
    /// The key before it, during a rotation.
    pub older: Option<KeyCheckValue>,
    /// When it was last changed.
    pub changed_at: UnixMillis,
}

impl ChannelRow {
    /// As an event shows it.
    pub(super) fn fields(&self) -> Fields {
        vec![
            ("name", Some(self.name.clone())),
            ("enabled", Some(self.enabled.to_string())),
            ("notice_url", Some(self.notice_url.to_string())),
            ("settlement", Some(self.facts.settlement.to_string())),
            ("password_free", Some(self.facts.password_free.to_string())),
            ("ways", Some(ways_words(self.facts.ways))),
            ("record", Some(self.facts.record.word().to_owned())),
            ("handover_url", self.handover.as_ref().map(|handover| handover.as_str().to_owned())),
            ("word", self.facts.word.map(|word| word.to_string())),
            ("mac", Some(self.mac.word().to_owned())),
            ("stopped_until", self.stopped_until.map(UnixMillis::shanghai_text)),
            ("closed_at", self.closed_at.map(UnixMillis::shanghai_text)),
            ("key", Some(self.newest.to_string())),
            ("older_key", self.older.map(|older| older.to_string())),
        ]
        .into()
    }
}

/// A channel as it is stored.
#[derive(Debug)]
pub(super) struct StoredChannel {
    pub(super) id: ChannelId,
    pub(super) name: String,
    pub(super) notice_url: Uri,
    pub(super) facts: ChannelFacts,
    pub(super) handover: Option<Handover>,
    pub(super) mac: MacRule,
    pub(super) enabled: bool,
    pub(super) stopped_until: Option<UnixMillis>,
    pub(super) closed_at: Option<UnixMillis>,
    pub(super) keys: Keys,
    pub(super) changed_at: UnixMillis,
}

impl From<StoredChannel> for ChannelRow {
    fn from(stored: StoredChannel) -> Self {
        Self {
            id: stored.id,
            name: stored.name,
            notice_url: stored.notice_url,
            facts: stored.facts,
            handover: stored.handover,
            mac: stored.mac,
            enabled: stored.enabled,
            stopped_until: stored.stopped_until,
            closed_at: stored.closed_at,
            newest: stored.keys.newest.kcv(),
            older: stored.keys.older.map(|key| key.kcv()),
            changed_at: stored.changed_at,
        }
    }
}

/// The words stored for ways.
pub(super) fn ways_words(ways: Ways) -> String {
    ways.iter().map(Way::code).collect::<Vec<_>>().join(",")
}

/// The cell a channel's keys are sealed into.
pub(super) fn key_cell(id: &str) -> Cell<'_> {
    Cell { table: "channels", row: id, column: "key" }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT channel, name, notice_url, settlement, password_free, ways, record, enabled, key_new, key_old, \
             changed_at, handover_url, word_single, word_day, mac, stopped_until, closed_at \
             FROM channels ",
            $which
        )
    };
}

/// All channels, by id.
pub(super) async fn all(
    connection: &mut Connection,
    sealer: &Sealer,
) -> Result<Vec<StoredChannel>, StoreError> {
    const TEXT: &str = select!("ORDER BY channel");
    fetch(connection, sealer, Statement::new(TEXT)).await
}

/// One channel, if there is one.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    id: &ChannelId,
) -> Result<Option<ChannelRow>, StoreError> {
    const TEXT: &str = select!("WHERE channel = $1");
    let found = fetch(connection, sealer, Statement::new(TEXT).text(id.as_str())).await?;
    Ok(found.into_iter().next().map(ChannelRow::from))
}

async fn fetch(
    connection: &mut Connection,
    sealer: &Sealer,
    statement: Statement,
) -> Result<Vec<StoredChannel>, StoreError> {
    let rows = connection.fetch(statement).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, "channels"), sealer)).collect()
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer) -> Result<StoredChannel, StoreError> {
    let id = columns.channel()?;
    let name = columns.text()?.to_owned();
    let notice_url = columns.text()?.parse().map_err(|_| columns.impossible("通知地址格式不对"))?;
    let (settlement, password_free) = (columns.flag()?, columns.flag()?);
    let ways = {
        let words = columns.text()?;
        let ways = words.split(',').filter(|word| !word.is_empty()).map(Way::from_code);
        ways.into_iter()
            .try_fold(Ways::NONE, |set, way| Some(set.with(way?)))
            .ok_or(columns.impossible("认证方式未知"))?
    };
    let record = columns.text()?;
    let record = ChannelRecord::of_word(record).ok_or(columns.impossible("认证记录状态未知"))?;
    let (enabled, keys) = (columns.flag()?, open_keys(columns, sealer, key_cell(id.as_str()))?);
    let changed_at = columns.time()?;
    // One that an earlier version took and this one refuses is no reason not to run: persons find the way without it.
    let address = columns.optional_text()?;
    let handover = address.map_or(Ok(None), Handover::stored);
    let handover = handover.map_err(|_| columns.impossible("跳转地址格式不对"))?;
    if address.is_some() && handover.is_none() {
        let channel = id.as_str();
        tracing::warn!(channel, "渠道登记的跳转地址现在不予采用，页面上不给出跳转；请改正它的登记");
    }
    let word = match (columns.amount()?, columns.amount()?) {
        (Some(single), Some(day)) => Some(WordLimits { single, day }),
        (None, None) => None,
        _ => return Err(columns.impossible("免密答复的限额不全")),
    };
    Ok(StoredChannel {
        id,
        name,
        notice_url,
        facts: ChannelFacts { record, settlement, password_free, ways, word },
        enabled,
        keys,
        changed_at,
        handover,
        mac: read_mac(columns)?,
        stopped_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
    })
}
