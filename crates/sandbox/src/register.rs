//! Registering the sandbox's world at its center, so that both always agree.

use std::num::NonZeroU32;

use yanmi_center::registry::{
    Act, Actor, Administration, AdministrationError, ChannelEdit, Interfaces, MacRule, NewAccount,
    NewChannel, NewInstitution, SourceNetworks,
};
use yanmi_onboarding::ContactEdit;
use yanmi_protocol::OrgCode;
use yanmi_simulator::World;
use yanmi_simulator::world::{Account, Channel, Record};
use yanmi_verification::{ChannelFacts, ChannelRecord, Ways, WordLimits};

use crate::registrar::Registrar;
use crate::sandbox_error::SandboxError;

/// Where the operators of counties are, behind the province's digits.
const COUNTIES: [&str; 3] = ["0102", "0103", "0203"];
/// What an institution can be, by the first letter of its code.
const KINDS: [(char, &str); 4] =
    [('H', "医院"), ('H', "社区卫生服务中心"), ('P', "大药房"), ('H', "乡镇卫生院")];
/// Institutions beside those of `sandbox.json`: with them there are two hundred.
const NEIGHBORS: usize = 196;

/// Whom to call, in turn.
const CONTACTS: [&str; 4] = ["赵演示", "钱演示", "孙演示", "李演示"];

/// Who registers.
static SANDBOX: Actor = Actor::program("sandbox");

/// Adds what is missing and brings what is there up to date.
///
/// `rate` is what the first account, and that of the reference's examples, may ask in a second; the others have the default.
///
/// # Errors
/// When the database fails.
pub async fn register(registrar: &Registrar, world: &World, rate: NonZeroU32) -> Result<(), SandboxError> {
    let failed = |error: AdministrationError| SandboxError::because("未能登记沙箱各方", &error);
    let act = Act::new(&SANDBOX, "", registrar.now());
    let mut administration = registrar.open().await.map_err(failed)?;
    let known = Known::read(&mut administration).await.map_err(failed)?;
    for (at, account) in world.accounts.iter().enumerate() {
        let rate = (at == 0).then_some(rate);
        known.account(&mut administration, account, Interfaces::ALL, rate, act).await.map_err(failed)?;
    }
    for account in &world.extra_accounts {
        let none = Interfaces::default();
        known.account(&mut administration, account, none, None, act).await.map_err(failed)?;
    }
    for account in &world.example_accounts {
        known.example(&mut administration, account, rate, act).await.map_err(failed)?;
    }
    for channel in world.all_channels() {
        known.channel(&mut administration, channel, act).await.map_err(failed)?;
    }
    administration.close().await.map_err(failed)
}

/// Adds institutions that nobody plays with, so that a console has lists of several pages.
///
/// # Errors
/// When the database fails.
pub async fn neighbors(registrar: &Registrar, world: &World) -> Result<(), SandboxError> {
    let failed = |error: AdministrationError| SandboxError::because("未能登记沙箱各方", &error);
    let act = Act::new(&SANDBOX, "", registrar.now());
    let mut administration = registrar.open().await.map_err(failed)?;
    let known = Known::read(&mut administration).await.map_err(failed)?;
    known.neighbors(&mut administration, world, act).await.map_err(failed)?;
    administration.close().await.map_err(failed)
}

/// Somebody to call who is not there: nobody has a number that begins so.
fn contact(at: usize) -> ContactEdit {
    let name = CONTACTS[at % CONTACTS.len()].to_owned();
    let phone = format!("139000{:05}", at % 100_000);
    ContactEdit { name: Some(name), phone: Some(phone), note: Some("演示数据，不是真人".to_owned()) }
}

/// What the center has registered already.
struct Known {
    accounts: Vec<yanmi_center::registry::AccountRow>,
    institutions: Vec<yanmi_center::registry::InstitutionRow>,
    channels: Vec<yanmi_center::registry::ChannelRow>,
}

impl Known {
    async fn read(administration: &mut Administration) -> Result<Self, AdministrationError> {
        Ok(Self {
            accounts: administration.accounts().await?,
            institutions: administration.institutions().await?,
            channels: administration.channels().await?,
        })
    }

    async fn account(
        &self,
        administration: &mut Administration,
        account: &Account,
        interfaces: Interfaces,
        rate: Option<NonZeroU32>,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        match self.accounts.iter().find(|known| known.id == account.org_id) {
            None => {
                let new = NewAccount {
                    id: account.org_id,
                    name: "沙箱账号".to_owned(),
                    key: account.key.clone(),
                    interfaces,
                    rate,
                    mac: MacRule::Optional,
                    networks: SourceNetworks::default(),
                };
                administration.add_account(&new, act).await?;
            }
            Some(known) if known.newest != account.key.kcv() => {
                administration.rotate_account_key(account.org_id, &account.key, act).await?;
            }
            Some(_) => {}
        }
        for (at, member) in account.institutions.iter().enumerate() {
            if !self.institutions.iter().any(|known| known.org_code == member.org_codg) {
                let new = NewInstitution {
                    org_code: member.org_codg,
                    name: member.org_name.clone(),
                    account: account.org_id,
                };
                administration.add_institution_with(&new, &contact(at), act).await?;
            }
        }
        Ok(())
    }

    /// An account of the reference's examples, for institutions that have another already.
    async fn example(
        &self,
        administration: &mut Administration,
        account: &Account,
        rate: NonZeroU32,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let bare = Account { institutions: Vec::new(), ..account.clone() };
        let may = !account.institutions.is_empty();
        let interfaces = if may { Interfaces::ALL } else { Interfaces::default() };
        self.account(administration, &bare, interfaces, may.then_some(rate), act).await?;
        for member in &account.institutions {
            let known = self.institutions.iter().find(|known| known.org_code == member.org_codg);
            if known.is_none_or(|known| !known.accounts.contains(&account.org_id)) {
                administration.attach(member.org_codg, account.org_id, act).await?;
            }
        }
        Ok(())
    }

    /// Institutions that nobody plays with: so many that the console's lists have pages, and each operator has some.
    async fn neighbors(
        &self,
        administration: &mut Administration,
        world: &World,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        for (at, county) in COUNTIES.iter().cycle().take(NEIGHBORS).enumerate() {
            let province = &world.region.as_str()[..2];
            let (kind, what) = KINDS[at / COUNTIES.len() % KINDS.len()];
            let code = format!("{kind}{province}{county}{:05}", at + 1);
            let (Ok(org_code), Some(account)) =
                (OrgCode::new(&code), world.accounts.get(at % world.accounts.len().max(1)))
            else {
                continue;
            };
            if self.institutions.iter().any(|known| known.org_code == org_code) {
                continue;
            }
            let name = format!("{province}{county}示范{what}{}", at + 1);
            let new = NewInstitution { org_code, name, account: account.org_id };
            administration.add_institution_with(&new, &contact(at), act).await?;
        }
        Ok(())
    }

    async fn channel(
        &self,
        administration: &mut Administration,
        channel: &Channel,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let notice_url =
            channel.notice_url.parse::<http::Uri>().map_err(|_| AdministrationError::BadAddress)?;
        let handover = channel.handover_url.as_deref().map(str::parse).transpose();
        let handover = handover.map_err(AdministrationError::BadHandover)?;
        let Some(known) = self.channels.iter().find(|known| known.id == channel.chnl_id) else {
            let new = NewChannel {
                id: channel.chnl_id,
                name: channel.name.clone(),
                notice_url,
                facts: ChannelFacts { word: word(channel)?, ..facts(channel) },
                handover,
                mac: mac_rule(channel),
                key: channel.key.clone(),
            };
            return administration.add_channel(&new, act).await;
        };
        if known.newest != channel.key.kcv() {
            administration.rotate_channel_key(channel.chnl_id, &channel.key, act).await?;
        }
        let mut edit = ChannelEdit::default();
        if known.notice_url != notice_url {
            edit.notice_url = Some(notice_url);
        }
        let word = word(channel)?;
        if known.facts.word != word {
            edit.word = Some(word);
        }
        if known.mac != mac_rule(channel) {
            edit.mac = Some(mac_rule(channel));
        }
        if known.handover != handover {
            edit.handover = Some(handover);
        }
        if edit == ChannelEdit::default() {
            return Ok(());
        }
        administration.edit_channel(channel.chnl_id, &edit, act).await
    }
}

fn facts(channel: &Channel) -> ChannelFacts {
    ChannelFacts {
        record: match channel.record {
            Record::Active => ChannelRecord::Active,
            Record::Disabled => ChannelRecord::Disabled,
            Record::Missing => ChannelRecord::Missing,
        },
        settlement: channel.settlement,
        password_free: channel.password_free,
        ways: channel.auth_ways.iter().fold(Ways::NONE, |set, way| set.with(*way)),
        word: None,
    }
}

fn word(channel: &Channel) -> Result<Option<WordLimits>, AdministrationError> {
    let limits = channel.word_limits.as_deref().map(str::parse).transpose();
    limits.map_err(AdministrationError::BadWordLimits)
}

/// A simulated app that puts macs on its envelopes is held to it.
const fn mac_rule(channel: &Channel) -> MacRule {
    if channel.mac { MacRule::Required } else { MacRule::Optional }
}
