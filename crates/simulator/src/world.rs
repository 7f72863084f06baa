//! Who exists in the sandbox: accounts, institutions, channels, persons, with their keys and passwords.
//!
//! A [`World`] is what `sandbox.json` holds. Its members and their order are a contract that other programs
//! read; [`World::generate`] makes a new one, [`World::from_json`] reads a stored one back, and
//! [`World::relocate`] moves it to other addresses without touching keys or persons.

mod applicants;
pub(crate) mod cast;
mod examples;
mod operators;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{AccountId, ChannelId, EcIndexNo, EcToken, OrgCode, Region, Sm4Key, mask};

pub use applicants::{ApplicantPerson, ApplicantUnit};
pub use examples::EXAMPLE_KEY;
pub use operators::{Operator, OperatorGrant};

/// The content of `sandbox.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct World {
    /// The center's region.
    #[serde(with = "wire")]
    pub region: Region,
    /// The center's institution face, without a slash at the end.
    pub institution_url: String,
    /// The center's channel face.
    pub channel_url: String,
    /// The simulator: national center, channel apps and control interface.
    pub simulator_url: String,
    /// Accounts of institutions' systems, registered at the center.
    pub accounts: Vec<Account>,
    /// Channel apps, registered at the center.
    pub channels: Vec<Channel>,
    /// Insured persons, for people to play with.
    pub persons: Vec<Person>,
    /// Return code → a token for which a notice is answered with it (see [`crate::magic`]).
    pub magic_tokens: BTreeMap<String, Token>,
    /// Return code → in one sentence how to get it, for the codes no token can cause.
    pub how: BTreeMap<String, String>,
    /// The national center's account: the center speaks to it under this name and key.
    pub national: National,
    /// Accounts that are registered and may make no call, for 500100. A world of an earlier version has none.
    #[serde(default)]
    pub extra_accounts: Vec<Account>,
    /// Channels behind magic tokens, registered at the center like the others.
    pub extra_channels: Vec<Channel>,
    /// Persons behind magic tokens.
    pub extra_persons: Vec<Person>,
    /// The operators' console, without a slash at the end; its login is at `/o/login`. Empty where there is none.
    #[serde(default)]
    pub operator_url: String,
    /// The pages of applicants, without a slash at the end: their login is at `/a/login`, and links of keys begin with it. Empty
    /// where there are none.
    #[serde(default)]
    pub applicant_url: String,
    /// Who works at the console. A world of an earlier version has none.
    #[serde(default)]
    pub operators: Vec<Operator>,
    /// Who logs in at the applicants' pages, at `/a/login` of `applicant_url`. A world of an earlier version has none.
    #[serde(default)]
    pub applicants: Vec<ApplicantPerson>,
    /// Accounts whose key is printed in the reference, so that its sealed examples can be sent as they stand: one that may make
    /// every call in the name of the first institution, and one that may make none. A world of an earlier version has none.
    #[serde(default)]
    pub example_accounts: Vec<Account>,
}

/// A token in the world's file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(#[serde(with = "wire")] pub EcToken);

/// An account of an institution's system and the institutions that belong to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// 业务系统编码.
    #[serde(with = "wire")]
    pub org_id: AccountId,
    /// Its key, 32 hexadecimal digits in the file.
    #[serde(with = "wire")]
    pub key: Sm4Key,
    /// The key's check value.
    pub kcv: String,
    /// Its institutions.
    pub institutions: Vec<Member>,
}

/// An institution.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// 定点医药机构代码.
    #[serde(with = "wire")]
    pub org_codg: OrgCode,
    /// 定点医药机构名称, as registered.
    pub org_name: String,
}

/// The center's certification record of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Record {
    /// There is one and it counts.
    Active,
    /// There is one and it is switched off (500209).
    Disabled,
    /// There is none (500208).
    Missing,
}

/// A channel app.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// 渠道编码, also the orgId of its envelopes.
    #[serde(with = "wire")]
    pub chnl_id: ChannelId,
    /// Its name, in Chinese.
    pub name: String,
    /// Its key.
    #[serde(with = "wire")]
    pub key: Sm4Key,
    /// Whether it supports settlement.
    pub settlement: bool,
    /// Whether it offers password-free settlement.
    pub password_free: bool,
    /// The key's check value.
    pub kcv: String,
    /// Where it takes notices.
    pub notice_url: String,
    /// How its users can confirm.
    #[serde(with = "wire::list")]
    pub auth_ways: Vec<Way>,
    /// Its certification record at the center.
    pub record: Record,
    /// Whether it puts a mac on its envelopes and wants one on the center's, and is registered so (E13).
    #[serde(default)]
    pub mac: bool,
    /// Where the center's page sends its users who confirm in the app: an address with `{notcNo}` and `{way}` in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover_url: Option<String>,
    /// Up to which amounts the center takes its word that a person pays without a password: one payment, and a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word_limits: Option<String>,
}

/// An insured person and what they know and have.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Their name.
    pub user_name: String,
    /// Their certificate's type (section 1.8.1).
    pub id_type: String,
    /// Their certificate's number.
    pub id_no: String,
    /// 电子凭证索引.
    #[serde(with = "wire")]
    pub ec_index_no: EcIndexNo,
    /// Their credential password; nothing when they set none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The apps they have and authorized.
    #[serde(with = "wire::list")]
    pub channels: Vec<ChannelId>,
    /// The apps in which they have password-free settlement switched on from the beginning.
    #[serde(default, with = "wire::list", skip_serializing_if = "Vec::is_empty")]
    pub password_free_in: Vec<ChannelId>,
}

/// Nothing of a person but the masked name.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("user_name", &mask::name(&self.user_name))
            .field("ec_index_no", &self.ec_index_no)
            .finish_non_exhaustive()
    }
}

/// The national center's account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct National {
    /// The orgId of the center's envelopes to it.
    #[serde(with = "wire")]
    pub org_id: AccountId,
    /// The key both sides hold; QR codes and tokens carry a check value made with it.
    #[serde(with = "wire")]
    pub key: Sm4Key,
    /// The key's check value.
    pub kcv: String,
    /// Its address, without a slash at the end.
    pub url: String,
}

/// Where the three servers of a sandbox are, each `http://host:port` without a slash at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Urls {
    /// The center's institution face.
    pub institution: String,
    /// The center's channel face.
    pub channel: String,
    /// The simulator.
    pub simulator: String,
}

/// Why a stored world cannot be used. It names the place, never a value.
#[derive(Debug, thiserror::Error)]
#[error("sandbox.json 第 {line} 行第 {column} 列有误")]
pub struct WorldError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1.
    pub column: usize,
}

impl World {
    /// Reads a stored world.
    ///
    /// # Errors
    /// [`WorldError`] when the text is none.
    pub fn from_json(text: &str) -> Result<Self, WorldError> {
        serde_json::from_str(text).map_err(|e| WorldError { line: e.line(), column: e.column() })
    }

    /// The text of `sandbox.json`, indented, with a line break at the end. It holds every key and password.
    pub fn to_json(&self) -> String {
        // Writing these types into memory cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Moves the world to other addresses; channels that listened at the simulator listen at the new one.
    pub fn relocate(&mut self, urls: &Urls) {
        let old = std::mem::replace(&mut self.simulator_url, urls.simulator.clone());
        urls.institution.clone_into(&mut self.institution_url);
        urls.channel.clone_into(&mut self.channel_url);
        urls.simulator.clone_into(&mut self.national.url);
        for channel in self.channels.iter_mut().chain(&mut self.extra_channels) {
            let moved = |url: &str| {
                let rest = url.strip_prefix(&old).filter(|rest| rest.starts_with('/'))?;
                Some(format!("{}{rest}", urls.simulator))
            };
            if let Some(moved) = moved(&channel.notice_url) {
                channel.notice_url = moved;
            }
            if let Some(moved) = channel.handover_url.as_deref().and_then(moved) {
                channel.handover_url = Some(moved);
            }
        }
    }

    /// Every channel that is registered at the center: those for people, then those behind magic tokens.
    pub fn all_channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().chain(&self.extra_channels)
    }

    /// Every account: those that institutions use, those that may make no call, those of the examples.
    pub fn all_accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().chain(&self.extra_accounts).chain(&self.example_accounts)
    }

    /// Every person: those for people, then those behind magic tokens.
    pub fn all_persons(&self) -> impl Iterator<Item = &Person> {
        self.persons.iter().chain(&self.extra_persons)
    }

    /// The channel of this id.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.all_channels().find(|channel| channel.chnl_id.as_str() == id)
    }

    /// The person of this credential.
    pub fn person(&self, index: &str) -> Option<&Person> {
        self.all_persons().find(|person| person.ec_index_no.as_str() == index)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn urls(simulator: &str) -> Urls {
        Urls {
            institution: "http://127.0.0.1:8350".to_owned(),
            channel: "http://127.0.0.1:8351".to_owned(),
            simulator: simulator.to_owned(),
        }
    }

    /// A world whose "random" keys count upward.
    pub(crate) fn sample(urls: &Urls) -> World {
        let mut next = 0_u8;
        let mut fill = |slice: &mut [u8]| {
            for byte in slice {
                next = next.wrapping_add(7);
                *byte = next;
            }
        };
        World::generate(Region::new("350000").expect("a region"), urls, &mut fill)
    }

    #[test]
    fn the_file_has_the_members_of_the_contract_in_their_order() {
        let text = sample(&urls("http://127.0.0.1:8359")).to_json();
        let names: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("  \""))
            .filter_map(|line| line.trim_start().split('"').nth(1))
            .collect();
        let promised = [
            "region",
            "institutionUrl",
            "channelUrl",
            "simulatorUrl",
            "accounts",
            "channels",
            "persons",
            "magicTokens",
        ];
        assert_eq!(names[..promised.len()], promised);
        assert_eq!(
            names[promised.len()..],
            [
                "how",
                "national",
                "extraAccounts",
                "extraChannels",
                "extraPersons",
                "operatorUrl",
                "applicantUrl",
                "operators",
                "applicants",
                "exampleAccounts"
            ]
        );
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let first = &value["persons"][0];
        assert_eq!(first["userName"], "测试");
        assert_eq!(first["idType"], "01");
        assert_eq!(first["idNo"], "350501199911173510");
        assert_eq!(first["password"], "111111");
        assert_eq!(value["accounts"][0]["orgId"], "testOrgId");
        assert_eq!(value["accounts"][0]["institutions"][0]["orgCodg"], "H35010000001");
        assert_eq!(value["accounts"][0]["institutions"][1]["orgCodg"], "P35010000001");
        assert_eq!(value["accounts"][0]["key"].as_str().map(str::len), Some(32));
        assert_eq!(value["extraChannels"][1]["record"], "missing");
    }

    #[test]
    fn it_is_large_enough() {
        let world = sample(&urls("http://127.0.0.1:8359"));
        let institutions: usize = world.accounts.iter().map(|account| account.institutions.len()).sum();
        assert!(world.accounts.len() >= 2 && institutions >= 3 && world.persons.len() >= 5);
        assert!(world.channels.len() >= 4);
        let works = world.channels[0].chnl_id;
        assert!(world.channels[0].settlement && !world.channels[0].password_free);
        assert!(world.persons.iter().all(|person| person.channels.contains(&works)));
        assert!(world.persons.iter().all(|person| person.password.is_some()));
        let mut indexes: Vec<&str> = world.all_persons().map(|person| person.ec_index_no.as_str()).collect();
        let mut keys: Vec<String> = world.all_channels().map(|channel| channel.kcv.clone()).collect();
        let (persons, channels) = (indexes.len(), keys.len());
        indexes.sort_unstable();
        indexes.dedup();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((indexes.len(), keys.len()), (persons, channels));
        assert!(world.all_persons().all(|person| person.ec_index_no.as_str().len() == 32));
        assert!(world.all_channels().all(|channel| channel.chnl_id.as_str().len() == 32));
    }

    #[test]
    fn a_stored_world_comes_back_and_moves() {
        let mut world = sample(&urls("http://127.0.0.1:8359"));
        world.relocate(&urls("http://127.0.0.1:9359"));
        let again = World::from_json(&world.to_json()).expect("what was written");
        assert_eq!(again.to_json(), world.to_json());
        assert_eq!(again.accounts[0].key, world.accounts[0].key);
        assert_eq!(again.national.url, "http://127.0.0.1:9359");
        let id = again.channels[0].chnl_id;
        assert_eq!(
            again.channels[0].notice_url,
            format!("http://127.0.0.1:9359/channels/{}/notice", id.as_str())
        );
        for channel in &again.channels {
            let handover = channel.handover_url.as_deref();
            assert_eq!(
                handover,
                Some("http://127.0.0.1:9359/?notcNo={notcNo}&way={way}"),
                "{}",
                channel.name
            );
        }
        assert!(again.extra_channels[0].notice_url.starts_with("http://127.0.0.1:1/"), "still unreachable");
    }

    #[test]
    fn a_broken_file_is_refused_without_its_values() {
        let text = sample(&urls("http://127.0.0.1:8359")).to_json().replace("\"H35010000001\"", "\"secret\"");
        let error = World::from_json(&text).expect_err("no institution code").to_string();
        assert!(error.starts_with("sandbox.json 第 ") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let world = sample(&urls("http://127.0.0.1:8359"));
        let shown = format!("{world:?}");
        for secret in ["111111", "350501199911173510", &world.accounts[0].key.to_hex()] {
            assert!(!shown.contains(secret));
        }
    }
}
