//! The whole center as one value: started from a configuration and its ports to the world; stopped in order.

mod chores;
mod ground;
mod start_error;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinHandle;
use yanmi_onboarding::Area;
use yanmi_protocol::Sm4Key;

use self::chores::chores;
use self::ground::Ground;
pub use self::start_error::StartError;
use crate::alarms::{AlarmTeller, AlarmWatch, AlarmWatchParts};
use crate::bulk_import;
use crate::calls::{Calls, CallsQueue, CallsWriter, CallsWriterParts};
use crate::config::{Config, Face};
use crate::console::Console;
use crate::delivery::deliver::{Deliverer, DeliverySettings};
use crate::health::Health;
use crate::insured::MOST_WATCHED;
use crate::ledger::{Ledger, LedgerLimits, LedgerParts, LedgerTasks};
use crate::limits::RecordedLinks;
use crate::observe::Observer;
use crate::outbound::Outbound;
use crate::page_link::PageOrigin;
use crate::ports::{Clock, Ports};
use crate::registry::{AdministrationError, FeedbackTerms, Registry};
use crate::retention;
use crate::sealing::Sealer;
use crate::serving::{channel_router, institution_router, serve};
use crate::share::Places;
use crate::site::{Site, SiteSettings};
use crate::statistics::{Roller, RollerParts};
use crate::stopping::Stopping;
use crate::store::node::Node;
use crate::store::{Exclusive, Served, Store, StoreError};
use crate::unknown::Unknown;
use yanmi_http::{Bodies, Server};

/// How long a stop waits for the last refusals to be written down.
const LAST_CALLS_WITHIN: Duration = Duration::from_secs(2);
/// No pause between two attempts to reach a channel is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A running center.
#[derive(Debug)]
pub struct Center {
    servers: Vec<Server>,
    site: Arc<Site>,
    observer: Option<Onlooker>,
    stopping: Stopping,
    chores: Vec<JoinHandle<()>>,
    writer: Arc<Mutex<CallsWriter>>,
    roller: Arc<Mutex<Roller>>,
    watch: Arc<Mutex<AlarmWatch>>,
    ledger: LedgerTasks,
    stop_within: Duration,
    _exclusive: Option<Exclusive>,
}

/// Whoever looks on at the institution face.
struct Onlooker(Observer);

impl std::fmt::Debug for Onlooker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Onlooker")
    }
}

/// How a stop went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Farewell {
    /// Requests that were finished.
    pub finished: usize,
    /// Connections that were cut at the deadline.
    pub cut: usize,
}

impl Center {
    /// Starts a center: takes the database, binds every listener, then serves.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running.
    pub async fn start(config: Config, ports: Ports) -> Result<Self, StartError> {
        Self::start_observed(config, ports, None).await
    }

    /// The same with somebody looking on at the institution face: for a sandbox.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running.
    pub async fn start_observed(
        config: Config,
        Ports { clock, callers, entropy, network, disk }: Ports,
        observer: Option<Observer>,
    ) -> Result<Self, StartError> {
        let bodies = Bodies::new(config.limits.unopened_kib.saturating_mul(1_024), entropy.word());
        let sealer = Sealer::new(&config.encryption_key, entropy);
        let Served { store, exclusive, node } = Store::serve(&config.database, &disk, &sealer).await?;
        // Everything that can fail for a reason outside is done before the first task is started.
        let Ground {
            telemetry,
            listeners,
            outbound,
            national,
            provider,
            teller,
            defaults,
            openings,
            decodes,
        } = Ground::lay(&config, &clock, &network, config.listen.opened()).await?;
        let store = store.told_to(telemetry.clone()).for_scratch(config.scratch);
        let (calls, waiting) = Calls::new(telemetry.clone());
        let registry =
            Registry::open(&store, sealer.clone(), defaults, clock.clone(), node, Health::new()).await?;
        let parts = CallsWriterParts {
            store: store.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            telemetry: telemetry.clone(),
        };
        let (ledger, ledger_tasks) = Ledger::start(ledger_parts(&config, &parts)).await?;
        let Beside { writer, roller, watch } =
            Beside::new(waiting, node.map_or(0, Node::id), parts, (&config, teller));
        let console = Console::new(&store, &sealer, &config, provider)?;
        let stopping = Stopping::default();
        let site = Arc::new(Site {
            region: config.region,
            clock: clock.clone(),
            policy: config.policy,
            registry,
            ledger,
            store,
            national,
            deliverer: deliverer(&config, outbound, clock),
            sealer,
            telemetry,
            calls,
            openings,
            decodes,
            bodies,
            place: config.insured.public_url.as_ref().and_then(PageOrigin::new),
            recorded: RecordedLinks::default(),
            held: Places::new(config.limits.held_queries),
            persons: Arc::default(),
            strangers: Arc::default(),
            unknown: Unknown::new(config.national.unknown),
            watched: Semaphore::new(MOST_WATCHED),
            stopping: stopping.clone(),
            console,
            settings: settings(&config, callers),
        });
        Ok(Self {
            servers: serve(&site, listeners, &config, observer.as_ref()),
            chores: chores(&site, &writer, (&roller, &watch), &config),
            observer: observer.map(Onlooker),
            writer,
            roller,
            watch,
            site,
            stopping,
            ledger: ledger_tasks,
            stop_within: config.limits.stop,
            _exclusive: exclusive,
        })
    }

    /// Refuses everything that [`Center::start`] would, by the same code, and starts and changes nothing. `beside` a center
    /// that runs already, what it holds is not asked for: its addresses and its database.
    ///
    /// # Errors
    /// [`StartError`], as of a start.
    pub async fn check(config: &Config, ports: Ports, beside: bool) -> Result<(), StartError> {
        let Ports { clock, entropy, network, disk, .. } = ports;
        FeedbackTerms::load(config)?;
        let sealer = Sealer::new(&config.encryption_key, entropy);
        let store = Store::look(&config.database, &disk, &sealer, beside).await?;
        let mut opened = config.listen.opened();
        if beside {
            // Any port will tell whether the address is this machine's and the certificate is good.
            for (_, settings) in &mut opened {
                settings.address.set_port(0);
            }
        }
        let ground = Ground::lay(config, &clock, &network, opened).await?;
        // One of an older version is brought up to date by the start; until then its registry is not read.
        if let Some(store) = store {
            Registry::open(&store, sealer, ground.defaults, clock, None, Health::new()).await?.close().await;
        }
        Ok(())
    }

    /// What institutions ask, for a process that serves many centers on one listener of its own: it answers whoever it is
    /// handed, and takes the peer, for limits by address, from the request's extensions.
    pub fn institution_router(&self) -> Router {
        institution_router(&self.site, None, self.observer.as_ref().map(|Onlooker(observer)| observer))
    }

    /// What channel apps ask, and the insured persons' pages, alike.
    pub fn channel_router(&self) -> Router {
        channel_router(&self.site, None)
    }

    /// Where the institution face listens, if this process serves it.
    pub fn institution_addr(&self) -> Option<SocketAddr> {
        self.addr(Face::Institution)
    }

    /// Where the channel face listens, if this process serves it.
    pub fn channel_addr(&self) -> Option<SocketAddr> {
        self.addr(Face::Channel)
    }

    /// Where those who run the center ask, if this process answers them.
    pub fn operations_addr(&self) -> Option<SocketAddr> {
        self.addr(Face::Operations)
    }

    /// Where keys are taken, if this process hands them out.
    pub fn applicant_addr(&self) -> Option<SocketAddr> {
        self.addr(Face::Applicant)
    }

    /// Where the operators' console is, if this process has it.
    pub fn operator_addr(&self) -> Option<SocketAddr> {
        self.addr(Face::Operator)
    }

    fn addr(&self, face: Face) -> Option<SocketAddr> {
        self.servers.iter().find(|server| server.name() == face.name()).map(Server::addr)
    }

    /// Looks at the database and takes over changes of the registry now, instead of within a second.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        self.site.registry.refresh().await.map(|_| ())
    }

    /// Removes what has been kept long enough now, instead of within an hour; tells how many rows are gone. Nothing
    /// when the database fails, which is logged.
    pub async fn remove_old(&self) -> Option<u64> {
        retention::round(&self.site).await.ok()
    }

    /// Does all imports that were decided now, without a pause, instead of beside requests.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work_imports(&self) -> Result<(), AdministrationError> {
        bulk_import::round(&self.site, &mut None, false).await
    }

    /// Writes down the refusals that wait, as many as are written in one second, now instead of within it.
    pub async fn keep_calls(&self) {
        self.writer.lock().await.round().await;
    }

    /// Carries out what time has done to applications, as a site with a console does once a minute; how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lapse_applications(&self) -> Result<usize, AdministrationError> {
        chores::lapse_applications(&self.site).await
    }

    /// Counts what the audit has grown by now, instead of within ten seconds.
    pub async fn count_statistics(&self) {
        self.roller.lock().await.round().await;
    }

    /// Looks for alarms now, instead of within a minute.
    pub async fn look_for_alarms(&self) {
        self.watch.lock().await.round().await;
    }

    /// Writes down which keys were used, instead of within a minute.
    pub async fn note_keys(&self) {
        chores::note_keys(&self.site).await;
    }

    /// What has the store take nothing (`true`) or everything again, for a sandbox in which -1 is to be seen.
    pub fn store_switch(&self) -> impl Fn(bool) + Send + Sync + use<> {
        let store = self.site.store.clone();
        move |withheld| store.withhold(withheld)
    }

    /// The keys an account has now, the newest first, none of an unknown one: for a sandbox whose page opens what programs
    /// send, also under accounts that were registered while it ran.
    pub fn keys_lookup(&self) -> impl Fn(&str) -> Vec<Sm4Key> + Send + Sync + use<> {
        let registry = self.site.registry.clone();
        move |org_id| {
            registry.snapshot().account(org_id).map(|account| account.keys.all()).unwrap_or_default()
        }
    }

    /// Stops: takes nothing new, finishes what was accepted within the configured bound, commits what is decided.
    pub async fn stop(self) -> Farewell {
        // Held queries answer at once.
        self.stopping.tell();
        let mut farewell = Farewell { finished: 0, cut: 0 };
        let stops: Vec<_> =
            self.servers.into_iter().map(|server| tokio::spawn(server.stop(self.stop_within))).collect();
        for stop in stops {
            if let Ok(stopped) = stop.await {
                farewell.finished += stopped.finished;
                farewell.cut += stopped.cut;
            }
        }
        for chore in &self.chores {
            chore.abort();
        }
        for chore in self.chores {
            // Aborted just now; there is nothing in its result.
            let _ = chore.await;
        }
        self.site.calls.sum_now(self.site.telemetry.sum_now(), self.site.clock.now());
        let mut writer = self.writer.lock().await;
        // Nobody asks a scratch center why it refused: whoever looks on was told at once.
        if !self.site.store.is_scratch()
            && tokio::time::timeout(LAST_CALLS_WITHIN, writer.finish()).await.is_err()
        {
            tracing::warn!("最后的拒绝记录没有在规定时间内写完");
        }
        drop(writer);
        self.roller.lock().await.close().await;
        self.watch.lock().await.close().await;
        self.site.registry.leave().await;
        self.site.console.close(self.site.clock.now()).await;
        let store = self.site.store.clone();
        drop(self.site);
        // Journeys that outlive their caller hold the ledger until they are done; they are bounded by the call's time.
        if tokio::time::timeout(self.stop_within, self.ledger.finished()).await.is_err() {
            tracing::warn!("账本没有在规定时间内停止");
        }
        drop((self.writer, self.roller, self.watch));
        store.end().await;
        farewell
    }
}

fn ledger_parts(config: &Config, parts: &CallsWriterParts) -> LedgerParts {
    LedgerParts {
        store: parts.store.clone(),
        registry: parts.registry.clone(),
        policy: config.policy,
        clock: parts.clock.clone(),
        limits: LedgerLimits {
            queue: config.limits.ledger_queue,
            batch: config.limits.ledger_batch,
            resident: config.limits.resident_verifications,
            ledgers: config.limits.ledgers,
        },
        telemetry: parts.telemetry.clone(),
    }
}

/// What works beside requests on connections of its own: writes refusals down, counts the audit, looks for alarms.
struct Beside {
    writer: Arc<Mutex<CallsWriter>>,
    roller: Arc<Mutex<Roller>>,
    watch: Arc<Mutex<AlarmWatch>>,
}

impl Beside {
    fn new(
        waiting: CallsQueue,
        node: i64,
        parts: CallsWriterParts,
        (config, teller): (&Config, Option<AlarmTeller>),
    ) -> Self {
        let province = Area::of_province(config.region);
        let CallsWriterParts { store, registry, clock, telemetry } = parts.clone();
        let counting = RollerParts {
            store: store.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            retention: config.retention,
            province,
        };
        let looking = AlarmWatchParts { store, registry, clock, telemetry, province };
        Self {
            writer: Arc::new(Mutex::new(CallsWriter::new(waiting, node, parts))),
            roller: Arc::new(Mutex::new(Roller::new(node, counting))),
            watch: Arc::new(Mutex::new(AlarmWatch::new(node, looking, teller))),
        }
    }
}

fn deliverer(config: &Config, outbound: Outbound, clock: Clock) -> Deliverer {
    let settings = DeliverySettings {
        attempts: config.delivery.attempts,
        first_pause: config.delivery.first_pause,
        longest_pause: LONGEST_PAUSE,
    };
    Deliverer::new(outbound, clock, config.region, config.national.prefix.as_str(), settings)
}

fn settings(config: &Config, callers: Clock) -> SiteSettings {
    SiteSettings {
        callers,
        timestamp_window: config.timestamp_window,
        call: config.delivery.call,
        body: config.limits.body,
        show_registered_name: config.show_registered_name,
        decode: config.decode_enabled,
        business_types: config.business_types.clone(),
        certificate_types: config.certificate_types.clone(),
        retention: config.retention,
    }
}
