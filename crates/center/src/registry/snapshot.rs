//! The registry as requests see it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashMap;
use yanmi_onboarding::Area;
use yanmi_protocol::{AccountId, ChannelId, OrgCode, Sm4Key, UnixMillis};
use yanmi_verification::ChannelFacts;

use super::account::Interfaces;
use super::handover::Handover;
use super::key_uses::KeyUse;
use super::keys::{Keys, LastUse};
use super::limiter::Limiter;
use super::misses::Misses;
use super::networks::SourceNetworks;
use super::object::Object;
use super::switch::Switch;
use super::{account, channel, institution};
use crate::arrivals::Arrivals;
use crate::delivery::deliver::Endpoint;
use crate::delivery::lane::{Lane, LaneSettings};
use crate::mac_rule::MacRule;
use crate::sealing::Sealer;
use crate::share::Share;
use crate::store::StoreError;
use crate::store::connection::Connection;

/// What the configuration says where an entry says nothing.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    /// Requests a second of one account.
    pub(crate) rate: NonZeroU32,
    /// Requests an account may make at once.
    pub(crate) burst: NonZeroU32,
    /// Bounds of each channel's lane.
    pub(crate) lane: LaneSettings,
}

/// Everything a request asks about accounts, institutions and channels.
#[derive(Debug)]
pub(crate) struct Snapshot {
    version: i64,
    /// When the first of the stops in force lapses.
    lapses_at: Option<UnixMillis>,
    accounts: HashMap<AccountId, Account>,
    institutions: HashMap<OrgCode, Institution>,
    channels: HashMap<ChannelId, Channel>,
    /// Nobody's: what the envelopes of unknown senders are tried with.
    nobody: Keys,
}

/// An account: who calls, with which keys, how often, and what.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) enabled: bool,
    pub(crate) interfaces: Interfaces,
    pub(crate) keys: Keys,
    pub(crate) mac: MacRule,
    /// Where its envelopes may come from.
    pub(crate) networks: SourceNetworks,
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) share: Arc<Share>,
    /// How often it asked about persons who do not match.
    pub(crate) misses: Arc<Misses>,
    /// Whether it is written down that its newest key was used.
    is_use_noted: AtomicBool,
}

/// An institution.
#[derive(Debug)]
pub(crate) struct Institution {
    pub(crate) name: String,
    /// The accounts it calls through.
    pub(crate) accounts: Box<[AccountId]>,
    /// Where it is, for the reach of operators.
    pub(crate) region: Area,
    pub(crate) active: bool,
}

/// A channel app.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) facts: ChannelFacts,
    pub(crate) handover: Option<Handover>,
    pub(crate) keys: Keys,
    pub(crate) mac: MacRule,
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) endpoint: Endpoint,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) share: Arc<Share>,
}

impl Account {
    /// That its newest key was used is written down.
    pub(crate) fn use_is_noted(&self) {
        self.is_use_noted.store(true, Ordering::Relaxed);
    }
}

impl Snapshot {
    /// Reads everything, taking over from the snapshot before what must not start anew: limiters, shares, lanes, and
    /// which envelopes were acted upon.
    pub(crate) async fn load(
        connection: &mut Connection,
        sealer: &Sealer,
        defaults: &Defaults,
        now: UnixMillis,
        before: Option<&Self>,
    ) -> Result<Self, StoreError> {
        // The version is read first: a change in between is then seen at the next look.
        let version = super::version::read(connection).await?;
        let mut snapshot = Self {
            version,
            lapses_at: None,
            accounts: HashMap::new(),
            institutions: HashMap::new(),
            channels: HashMap::new(),
            // Derived from the site's secret, so that nobody can seal an envelope that opens with it.
            nobody: Keys::new(Sm4Key::from_bytes(&sealer.index("nobody", &[])), None),
        };
        for row in account::all(connection, sealer).await? {
            let enabled = snapshot.is_on(row.enabled, row.stopped_until, now);
            snapshot.take_account(row, enabled, defaults, before);
        }
        for row in institution::all(connection).await? {
            let active = snapshot.is_on(row.active, row.stopped_until, now);
            let (accounts, region) = (row.accounts.into(), row.region);
            let institution = Institution { name: row.name, accounts, region, active };
            snapshot.institutions.insert(row.org_code, institution);
        }
        for row in channel::all(connection, sealer).await? {
            let enabled = snapshot.is_on(row.enabled, row.stopped_until, now);
            snapshot.take_channel(row, enabled, defaults, before);
        }
        Ok(snapshot)
    }

    /// Whether an entry is served now; when it is stopped, it will be looked at again.
    fn is_on(&mut self, enabled: bool, stopped_until: Option<UnixMillis>, now: UnixMillis) -> bool {
        let stopped = stopped_until.filter(|until| *until > now);
        self.lapses_at = self.lapses_at.into_iter().chain(stopped).min();
        Switch::is_on(enabled, stopped_until, now)
    }

    /// Whether a stop has lapsed since this was read.
    pub(super) fn is_lapsed(&self, now: UnixMillis) -> bool {
        self.lapses_at.is_some_and(|at| at <= now)
    }

    fn take_account(
        &mut self,
        mut row: account::StoredAccount,
        enabled: bool,
        defaults: &Defaults,
        before: Option<&Self>,
    ) {
        let old = before.and_then(|before| before.accounts.get(&row.id));
        if let Some(old) = old {
            row.keys.keep_use(&old.keys);
        }
        let is_use_noted = AtomicBool::new(row.newest_used_at().is_some());
        let (rate, burst) = match row.rate {
            Some(rate) => (rate, rate.max(defaults.burst)),
            None => (defaults.rate, defaults.burst),
        };
        let account = Account {
            id: row.id,
            enabled,
            interfaces: row.interfaces,
            keys: row.keys,
            mac: row.mac,
            networks: row.networks,
            arrivals: old.map(|old| Arc::clone(&old.arrivals)).unwrap_or_default(),
            limiter: Limiter::keep(rate, burst, old.map(|old| &old.limiter)),
            share: old.map(|old| Arc::clone(&old.share)).unwrap_or_default(),
            misses: old.map_or_else(Arc::default, |old| Arc::clone(&old.misses)),
            is_use_noted,
        };
        self.accounts.insert(row.id, account);
    }

    fn take_channel(
        &mut self,
        row: channel::StoredChannel,
        enabled: bool,
        defaults: &Defaults,
        before: Option<&Self>,
    ) {
        let old = before.and_then(|before| before.channels.get(&row.id));
        // A channel that moved to another address starts with a clean record.
        let lane = old.filter(|old| old.endpoint.url == row.notice_url);
        let lane =
            lane.map_or_else(|| Arc::new(Lane::new(defaults.lane)), |old| Arc::clone(&old.endpoint.lane));
        let (key, mac) = (row.keys.newest.clone(), row.mac);
        let endpoint = Endpoint { id: row.id, url: row.notice_url, key, mac, lane };
        let channel = Channel {
            name: row.name,
            enabled,
            facts: row.facts,
            handover: row.handover,
            keys: row.keys,
            mac: row.mac,
            arrivals: old.map(|old| Arc::clone(&old.arrivals)).unwrap_or_default(),
            endpoint,
            limiter: Limiter::keep(defaults.rate, defaults.burst, old.map(|old| &old.limiter)),
            share: old.map(|old| Arc::clone(&old.share)).unwrap_or_default(),
        };
        self.channels.insert(row.id, channel);
    }

    /// The keys of whoever is not registered.
    pub(crate) fn nobody(&self) -> &Keys {
        &self.nobody
    }

    pub(super) fn version(&self) -> i64 {
        self.version
    }

    /// The account of this `orgId`.
    pub(crate) fn account(&self, org_id: &str) -> Option<&Account> {
        self.accounts.get(&AccountId::new(org_id).ok()?)
    }

    /// The account of this id.
    pub(crate) fn account_of(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// The institution of this code.
    pub(crate) fn institution(&self, code: &OrgCode) -> Option<&Institution> {
        self.institutions.get(code)
    }

    /// Accounts whose newest key was used, which is not written down yet; so many.
    pub(crate) fn unnoted_keys(&self, count: usize) -> Vec<&Account> {
        let is_due =
            |account: &&Account| account.keys.is_used() && !account.is_use_noted.load(Ordering::Relaxed);
        let mut due: Vec<_> = self.accounts.values().filter(is_due).collect();
        due.sort_unstable_by_key(|account| account.id);
        due.truncate(count);
        due
    }

    /// Keys whose last use is not written down; so many at most.
    pub(crate) fn unnoted_uses(&self, count: usize) -> Vec<(KeyUse, &LastUse)> {
        let is_due = |keys: &Keys| keys.unnoted().next().is_some();
        let mut accounts: Vec<_> = self.accounts.values().filter(|it| is_due(&it.keys)).collect();
        accounts.sort_unstable_by_key(|account| account.id);
        let mut channels: Vec<_> = self.channels.iter().filter(|(_, it)| is_due(&it.keys)).collect();
        channels.sort_unstable_by_key(|(id, _)| **id);
        let accounts = accounts.into_iter().map(|account| (Object::Account(account.id), &account.keys));
        let channels = channels.into_iter().map(|(id, channel)| (Object::Channel(*id), &channel.keys));
        let uses = accounts.chain(channels).flat_map(|(object, keys)| {
            keys.unnoted().map(move |(kcv, at, last)| (KeyUse::new(object, kcv, at), last))
        });
        uses.take(count).collect()
    }

    /// The institutions that call through an account, by code.
    pub(crate) fn institutions_of(&self, account: &AccountId) -> Vec<(&OrgCode, &Institution)> {
        let calls = |(_, institution): &(&OrgCode, &Institution)| institution.accounts.contains(account);
        let mut found: Vec<_> = self.institutions.iter().filter(calls).collect();
        found.sort_unstable_by_key(|(code, _)| **code);
        found
    }

    /// The channel of this id.
    pub(crate) fn channel(&self, id: &ChannelId) -> Option<&Channel> {
        self.channels.get(id)
    }

    /// The channels that are not called for a while after failures, each with until when.
    pub(crate) fn resting(&self) -> Vec<(&str, UnixMillis)> {
        let channels = self.channels.values().filter(|channel| channel.enabled);
        let resting =
            channels.filter_map(|channel| Some((channel.name.as_str(), channel.endpoint.lane.open_until()?)));
        let mut resting: Vec<_> = resting.collect();
        resting.sort_unstable();
        resting
    }

    /// What the rules need to know about a channel. One that was switched off is as good as not registered.
    pub(crate) fn channel_facts(&self, id: &ChannelId) -> Option<&ChannelFacts> {
        self.channels.get(id).filter(|channel| channel.enabled).map(|channel| &channel.facts)
    }
}
