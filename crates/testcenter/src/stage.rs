//! What runs of a space: its center and its simulator.
//!
//! The center listens nowhere: the front hands it requests. The simulator has a port of this machine, which the center
//! and the front call. What the center calls beyond that is where vendors' channel apps may be, and nothing else of this
//! machine: an address that leads here, also by a name that was pointed here later, is refused when it is dialed.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Uri;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use yanmi_center::config::{Config, Essentials};
use yanmi_center::ports::{Network, Ports};
use yanmi_sandbox::{Folder, Play, PlayParts, Registrar, SandboxError, register, write_world};
use yanmi_simulator::World;
use yanmi_simulator::world::Urls;

use crate::clock::SpaceClock;

/// Requests a second of the account a vendor uses: a test of load belongs elsewhere, and -6 is to be seen by hand.
const ACCOUNT_RATE: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Requests a second of the others, and at once: so little that being limited can be tried by one command.
const OTHERS_RATE: u32 = 20;
const OTHERS_BURST: u32 = 40;
/// Bytes of past messages that pages opened later are shown.
const REMEMBERED_BYTES: usize = 24 * 1024;
/// Notices that each phone keeps.
const REMEMBERED_NOTICES: usize = 6;
/// Notices a person may get in an hour.
const PERSON_HOUR: u32 = 10_000;
/// Envelopes of one source that do not open, a minute: whoever learns to seal makes mistakes.
const FAILED_OPENINGS: u32 = 600;
/// Codes decoded for one source, or one institution, a minute.
const DECODES: u32 = 600;
/// Verifications a center holds in memory.
const RESIDENT: usize = 64;
/// Commands waiting for a ledger, and decided at once.
const QUEUE: usize = 256;
const BATCH: usize = 64;
/// What request bodies may take before they are opened, in KiB.
const UNOPENED_KIB: usize = 1_024;
/// Status queries held at the same time.
const HELD: usize = 32;

/// How long a stop waits for whoever is being answered, and how often it looks.
const STRAGGLERS: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

/// Where a space is, and what it may reach.
#[derive(Debug)]
pub(crate) struct StageParts<'a> {
    /// Its folder.
    pub(crate) dir: &'a Path,
    /// The addresses that vendors use.
    pub(crate) shown: Urls,
    /// Where the simulator reaches the center: the same front, on this machine.
    pub(crate) inside: String,
    /// Its clock.
    pub(crate) clock: &'a SpaceClock,
    /// The real time, chance and network.
    pub(crate) ports: &'a Ports,
    /// Where channel apps of vendors may be.
    pub(crate) channel_networks: &'a [IpNet],
    /// The first letters of its account, where the space is new.
    pub(crate) account: &'a str,
}

/// A center and its simulator.
#[derive(Debug)]
pub(crate) struct Stage {
    play: Mutex<Option<Play>>,
    /// Institutions' calls.
    pub(crate) institution: Router,
    /// Channels' calls, and the insured persons' pages.
    pub(crate) channel: Router,
    /// Where the simulator is.
    pub(crate) simulator: SocketAddr,
}

impl Stage {
    /// Starts a space that is not running.
    ///
    /// # Errors
    /// What could not be made, read or started.
    pub(crate) async fn start(parts: StageParts<'_>) -> Result<Self, SandboxError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| SandboxError::because("模拟器没有端口可用", &error))?;
        let simulator = listener.local_addr();
        let simulator = simulator.map_err(|error| SandboxError::because("模拟器没有端口可用", &error))?;
        let urls = Urls {
            institution: parts.inside.clone(),
            channel: parts.inside.clone(),
            simulator: format!("http://{simulator}"),
        };
        let folder = Folder::open(parts.dir, &urls, None, &parts.ports.entropy)?;
        let mut world = folder.world;
        if folder.fresh {
            settle(&mut world, parts.account)?;
            write_world(&folder.file, &world)?;
        }
        let registrar = Registrar {
            database: (&folder.database).into(),
            key: folder.key.clone(),
            ports: Ports {
                clock: parts.clock.on(&parts.ports.clock),
                callers: parts.ports.clock.clone(),
                entropy: parts.ports.entropy.clone(),
                network: only_here(parts.ports.network.clone(), simulator),
                disk: parts.ports.disk.clone(),
            },
        };
        registrar.migrate().await?;
        register::register(&registrar, &world, ACCOUNT_RATE).await?;
        let config = config(&registrar, &world, &parts)?;
        let parts_of_play = PlayParts { config, registrar, world, listener: Some(listener) };
        let play = Play::start(parts_of_play).await?;
        if let Some(beside) = &play.simulator {
            beside.show_at(parts.shown);
            beside.remember(REMEMBERED_BYTES, REMEMBERED_NOTICES);
        }
        let (institution, channel) = (play.center.institution_router(), play.center.channel_router());
        Ok(Self { play: Mutex::new(Some(play)), institution, channel, simulator })
    }

    /// Has every person who is to have password-free settlement from the beginning switch it on, through the front: once the
    /// stage is the one that the front hands requests to.
    ///
    /// # Errors
    /// When the center refuses.
    pub(crate) async fn settle(&self) -> Result<(), SandboxError> {
        match self.play.lock().await.as_ref() {
            Some(play) => play.switch_password_free().await,
            None => Ok(()),
        }
    }

    /// Stops both, within their bounds, once whoever is being answered has gone or [`STRAGGLERS`] has passed.
    pub(crate) async fn stop(stage: Arc<Self>) {
        let until = tokio::time::Instant::now() + STRAGGLERS;
        while Arc::strong_count(&stage) > 1 && tokio::time::Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        let play = stage.play.lock().await.take();
        // Its routers hold the center's parts, which the center waits for.
        drop(stage);
        if let Some(play) = play {
            play.stop().await;
        }
    }
}

/// Accounts of a space are nobody else's, and everybody sees that they are for trying.
fn settle(world: &mut World, account: &str) -> Result<(), SandboxError> {
    for (at, own) in world.accounts.iter_mut().enumerate() {
        let id = format!("t-{account}-{}", at + 1);
        own.org_id = yanmi_protocol::AccountId::new(&id)
            .map_err(|error| SandboxError::because("账号不合规范", &error))?;
    }
    // Keys that everybody can read in the reference are of no use where others call as well.
    world.example_accounts.clear();
    Ok(())
}

/// A network on which this machine is not reached, but for the space's own simulator.
fn only_here(network: Network, simulator: SocketAddr) -> Network {
    network.refusing(move |address| {
        let ip = address.ip().to_canonical();
        address != simulator && (ip.is_loopback() || ip.is_unspecified())
    })
}

fn config(registrar: &Registrar, world: &World, parts: &StageParts<'_>) -> Result<Config, SandboxError> {
    let uri = |text: &str| text.parse::<Uri>().map_err(|error| SandboxError::because("网址不合规范", &error));
    let essentials = Essentials {
        region: world.region,
        encryption_key: registrar.key.clone(),
        national_url: uri(&world.national.url)?,
        national_org_id: world.national.org_id,
        national_key: world.national.key.clone(),
    };
    let mut config = Config::new(essentials, parts.dir);
    config.database = registrar.database.clone();
    config.scratch = true;
    config.decode_enabled = true;
    config.onboarding.trial_accounts = true;
    config.insured.public_url = Some(uri(&parts.shown.channel)?);
    config.outbound.allow = parts.channel_networks.to_vec();
    config.outbound.allow.push(IpNet::from(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST)));
    config.policy.notices_per_person_hour = PERSON_HOUR;
    let limits = &mut config.limits;
    (limits.requests_per_second, limits.burst) = (OTHERS_RATE, OTHERS_BURST);
    limits.failed_openings_per_minute = FAILED_OPENINGS;
    limits.decodes_per_source_minute = DECODES;
    limits.decodes_per_institution_minute = DECODES;
    limits.resident_verifications = RESIDENT;
    limits.ledger_queue = QUEUE;
    limits.ledger_batch = BATCH;
    limits.unopened_kib = UNOPENED_KIB;
    limits.held_queries = HELD;
    Ok(config)
}
