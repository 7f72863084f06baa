//! A center's lives: it is started on a disk, and stopped, killed, or left without power.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use yanmi_center::config::{Config, Database, Essentials, Listen};
use yanmi_center::ports::{Clock, Disk, Entropy, Network, Ports};
use yanmi_center::{Center, StartError};
use yanmi_disk::MemoryDisk;
use yanmi_http::Socket;
use yanmi_protocol::Sm4Key;

use crate::medium::center_disk;
use crate::network::Host;
use crate::party::national;
use crate::register::{self, RegisterError};
use crate::world::{CHANNEL_PORT, INSTITUTION_PORT, World, center_address};

/// How long everything is kept.
const RETAINED_DAYS: u32 = 3_650;
/// The place of whoever works on the database beside the centers.
const BESIDE: u64 = u64::MAX;
/// The file's name on each disk.
pub(crate) const FILE: &str = "center.sqlite";

/// A center that runs, or ran.
pub(crate) struct Life {
    /// Which of all lives it is.
    number: u16,
    pub(crate) disk: MemoryDisk,
    center: Center,
}

/// What every life of a center has in common.
pub(crate) struct Lives {
    world: Arc<World>,
    config: Config,
    count: AtomicU16,
}

impl Lives {
    /// # Panics
    /// When a constant here is not what it should be.
    pub(crate) fn new(world: &Arc<World>) -> Self {
        let essentials = Essentials {
            region: world.cast.region,
            encryption_key: Sm4Key::from_ascii("yanmi-world-kek1").expect("a key"),
            national_url: format!("http://{}", national::address()).parse().expect("a URL"),
            national_org_id: world.cast.national_id,
            national_key: world.cast.national_key.clone(),
        };
        let mut config = Config::new(essentials, &PathBuf::from("/memory"));
        config.outbound.allow = vec!["10.0.0.0/8".parse().expect("a network")];
        // Every counter of a hospital comes from one address here.
        config.limits.connections_per_source = config.limits.connections;
        // What is compared in the end has to be there, however long a world is.
        config.retention.state_days = RETAINED_DAYS;
        config.national.timeout = national::PATIENCE;
        Self { world: Arc::clone(world), config, count: AtomicU16::new(0) }
    }

    /// How many lives there were.
    pub(crate) fn count(&self) -> u16 {
        self.count.load(Ordering::Relaxed)
    }

    /// The configuration of centers on this disk.
    pub(crate) fn config(&self, disk: &MemoryDisk) -> Config {
        let mut config = self.config.clone();
        config.database = Database::Sqlite(disk.path(FILE));
        config
    }

    fn config_of(&self, node: u16, disk: &MemoryDisk) -> Config {
        let mut config = self.config(disk);
        let listen = |port| Listen { plain_http: true, ..Listen::plain(center_address(node, port)) };
        config.listen.institution = listen(INSTITUTION_PORT);
        config.listen.channel = listen(CHANNEL_PORT);
        config
    }

    /// Chance and disk of whoever works on the database beside a center.
    pub(crate) fn beside(&self, disk: &MemoryDisk, name: &str) -> (Disk, Entropy) {
        let mut chance = self.world.chance.fork(name, u64::from(self.count.load(Ordering::Relaxed)));
        (center_disk(&self.world, disk, BESIDE, chance.fork("disk", 0)), Entropy::seeded(chance.word()))
    }

    /// Makes the database on an empty disk.
    pub(crate) async fn prepare(&self, disk: &MemoryDisk) -> Result<(), RegisterError> {
        let at = self.world.clock.now();
        register::everybody(&self.config(disk), &self.world.cast, self.beside(disk, "register"), at).await
    }

    /// Starts one of the centers on a disk.
    pub(crate) async fn start(&self, node: u16, disk: MemoryDisk) -> Result<Life, StartError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let host = Host::Center(number);
        let mut chance = self.world.chance.fork("life", u64::from(number));
        let clock = self.world.center_clock.clone();
        let clock = Clock::new(move || clock.now());
        let ports = Ports {
            callers: clock.clone(),
            clock,
            entropy: Entropy::seeded(chance.word()),
            network: self.network(host),
            disk: center_disk(&self.world, &disk, u64::from(number), chance.fork("disk", 0)),
        };
        let center = Box::pin(Center::start(self.config_of(node, &disk), ports)).await?;
        Ok(Life { number, disk, center })
    }

    fn network(&self, host: Host) -> Network {
        let (dials, binds) = (self.world.network.clone(), self.world.network.clone());
        Network::system()
            .resolving(|_, _| async { Ok(Vec::new()) })
            .dialing(move |address| {
                let network = dials.clone();
                async move { Ok(Socket::Given(Box::new(network.dial(host, address).await?))) }
            })
            .binding(move |address| {
                let bound = binds.listen(host, address).bound();
                async move { Ok(bound) }
            })
    }

    /// Ends a life at once: what it was doing ends where it stands, and only what is on its disk is left.
    pub(crate) fn kill(&self, life: Life) -> MemoryDisk {
        match &self.world.server {
            Some(server) => server.kill(u64::from(life.number)),
            None => life.disk.cut(),
        }
        self.world.network.kill(Host::Center(life.number));
        // What is left of it cannot reach anything any more; it only has to end.
        tokio::spawn(life.center.stop());
        life.disk
    }

    /// Stops a center as an operator does.
    pub(crate) async fn stop(&self, life: Life) -> MemoryDisk {
        life.center.stop().await;
        self.world.network.kill(Host::Center(life.number));
        self.left(life.disk)
    }

    /// What is left on a disk when a process has ended. That of several centers is their server's, which has not.
    pub(crate) fn left(&self, disk: MemoryDisk) -> MemoryDisk {
        if self.world.server.is_some() { disk } else { disk.after_kill() }
    }
}
