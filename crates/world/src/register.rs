//! Everybody is registered, and changes of that.

use std::num::NonZeroU32;

use yanmi_center::config::Config;
use yanmi_center::ports::{Disk, Entropy};
use yanmi_center::registry::{
    Act, Actor, Administration, AdministrationError, Interfaces, MacRule, NewAccount, NewChannel,
    NewInstitution, Object, Retirement, SourceNetworks, Switch,
};
use yanmi_center::store::StoreError;
use yanmi_center::store::migrate::{Schema, migrate_given};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Sm4Key, UnixMillis};
use yanmi_verification::{ChannelFacts, ChannelRecord, Ways};

use crate::cast::{Account, App, Cast};
use crate::party;

static WORLD: Actor = Actor::program("world");

/// Requests a second an account may make: more than a world of ours does.
const RATE: u32 = 10_000;

/// Why a database cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Administration(#[from] AdministrationError),
}

fn act(at: UnixMillis) -> Act<'static> {
    Act::new(&WORLD, "the world has it so", at)
}

/// Makes the database and registers everybody.
pub(crate) async fn everybody(
    config: &Config,
    cast: &Cast,
    (disk, entropy): (Disk, Entropy),
    at: UnixMillis,
) -> Result<(), RegisterError> {
    made(config, (disk.clone(), entropy.clone())).await?;
    let key = &config.encryption_key;
    let mut registry = Administration::open_given(&config.database, key, (disk, entropy)).await?;
    for account in &cast.accounts {
        registry.add_account(&new_account(account), act(at)).await?;
        for org_code in &account.institutions {
            let name = format!("世界医院{}", org_code.as_str());
            let new = NewInstitution { org_code: *org_code, name, account: account.id };
            registry.add_institution(&new, act(at)).await?;
        }
    }
    for app in &cast.apps {
        registry.add_channel(&new_channel(app), act(at)).await?;
    }
    registry.close().await?;
    Ok(())
}

/// Makes the database, or what is missing of it.
pub(crate) async fn made(config: &Config, ports: (Disk, Entropy)) -> Result<(), RegisterError> {
    migrate_given(ports, &config.database, &config.encryption_key, &Schema::current(), false).await?;
    Ok(())
}

fn new_account(account: &Account) -> NewAccount {
    NewAccount {
        id: account.id,
        name: format!("世界系统{}", account.number),
        key: account.key.clone(),
        interfaces: Interfaces::ALL,
        rate: NonZeroU32::new(RATE),
        mac: if account.proves { MacRule::Required } else { MacRule::Optional },
        networks: SourceNetworks::default(),
    }
}

/// A channel, ready to be registered.
///
/// # Panics
/// When the address made here is none, which is a mistake here.
fn new_channel(app: &App) -> NewChannel {
    let url = format!("http://{}/notice", party::app::address(app.number));
    NewChannel {
        id: app.id,
        name: format!("世界应用{}", app.number),
        notice_url: url.parse().expect("a URL"),
        facts: ChannelFacts {
            record: ChannelRecord::Active,
            settlement: true,
            password_free: app.password_free,
            ways: Way::ALL.into_iter().fold(Ways::NONE, Ways::with),
            word: None,
        },
        handover: None,
        mac: if app.proves { MacRule::Required } else { MacRule::Optional },
        key: app.key.clone(),
    }
}

/// Switches an institution off or on.
pub(crate) async fn switch_institution(
    config: &Config,
    cast: &Cast,
    ports: (Disk, Entropy),
    (institution, on): (u16, bool),
    at: UnixMillis,
) -> Result<(), RegisterError> {
    let mut registry = Administration::open_given(&config.database, &config.encryption_key, ports).await?;
    let org_code = cast.accounts[0].institutions[usize::from(institution)];
    let switch = if on { Switch::On } else { Switch::Off };
    let switched = registry.switch(Object::Institution(org_code), switch, act(at)).await;
    registry.close().await?;
    Ok(switched?)
}

/// Gives an account another key beside the one it has, or retires the older one of two.
pub(crate) async fn rotate(
    config: &Config,
    account: &Account,
    ports: (Disk, Entropy),
    key: Option<&Sm4Key>,
    at: UnixMillis,
) -> Result<(), RegisterError> {
    let mut registry = Administration::open_given(&config.database, &config.encryption_key, ports).await?;
    let done = match key {
        Some(key) => registry.rotate_account_key(account.id, key, act(at)).await,
        None => registry.retire_account_key(account.id, Retirement::Forced, act(at)).await,
    };
    registry.close().await?;
    Ok(done?)
}
