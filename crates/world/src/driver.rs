//! Makes what goes wrong go wrong, when the plan says so, and right again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use yanmi_center::StartError;
use yanmi_database_server::Mood;
use yanmi_disk::MemoryDisk;
use yanmi_protocol::Sm4Key;

use crate::fault::{AppMood, Fault, LineState, NationalMood, Plan, ServerState};
use crate::life::{Life, Lives};
use crate::network::Weather;
use crate::register;
use crate::trace::Party;
use crate::world::World;

/// How often it is looked whether the power has failed.
const LOOKS_EVERY: Duration = Duration::from_millis(20);
/// A power that does not fail by itself, because nothing is written, fails after this long.
const FAILS_WITHIN: Duration = Duration::from_mins(1);
/// How long a center may not start for a reason that passes.
const STARTS_WITHIN: Duration = Duration::from_mins(5);
/// Before it is tried again.
const STARTS_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How far the center's clock may be off, in milliseconds: within the ten minutes a timestamp may differ.
const MOST_OFF_MILLIS: i64 = 9 * 60 * 1_000;
/// How long a center may take to notice that its registry was changed.
const NOTICES_WITHIN: Duration = Duration::from_secs(2);

/// The center whose disk is its own.
pub(crate) const ALONE: u16 = 0;

/// Whoever makes the faults.
pub(crate) struct Driver {
    pub(crate) world: Arc<World>,
    pub(crate) lives: Lives,
    /// The centers that run.
    pub(crate) running: Mutex<BTreeMap<u16, Life>>,
    /// Centers that come back by themselves, and upgrades of a database that several share.
    pub(crate) coming_back: Mutex<JoinSet<()>>,
    /// Accounts that have two keys and use the newer one.
    rotated: Mutex<BTreeSet<u16>>,
    /// How often the database was brought up to date.
    pub(crate) upgrades: AtomicUsize,
    /// Lives there were, for the report.
    pub(crate) restarts: AtomicU64,
}

impl Driver {
    /// One that makes no faults, in a world without a center.
    pub(crate) fn idle(world: &Arc<World>) -> Self {
        Self {
            world: Arc::clone(world),
            lives: Lives::new(world),
            running: Mutex::default(),
            coming_back: Mutex::default(),
            rotated: Mutex::default(),
            upgrades: AtomicUsize::new(0),
            restarts: AtomicU64::new(0),
        }
    }

    /// Carries out a plan; ends when its last fault has ended, and every center is back.
    pub(crate) async fn run(self: &Arc<Self>, plan: &Plan) {
        let mut ends: BTreeMap<(Duration, usize), Fault> = BTreeMap::new();
        let mut begins = plan.0.iter().enumerate().peekable();
        let mut places = BTreeMap::new();
        let mut failing = BTreeMap::new();
        loop {
            let next_end = ends.keys().next().map(|(at, _)| *at);
            let next_begin = begins.peek().map(|(_, planned)| planned.begin);
            let begin_first = match (next_begin, next_end) {
                (None, None) => break,
                (Some(begin), Some(end)) => begin <= end,
                (begin, _) => begin.is_some(),
            };
            let at = if begin_first { next_begin } else { next_end }.unwrap_or_default();
            tokio::time::sleep(at.saturating_sub(self.world.clock.elapsed())).await;
            if begin_first {
                let Some((number, planned)) = begins.next() else { return };
                self.note(format!("begins: {}", planned.fault));
                if self.is_felt(planned.fault) {
                    let place = self.world.oracle().begins(planned.fault, self.world.clock.elapsed());
                    places.insert(number, place);
                }
                self.begin(planned.fault, planned.length).await;
                let now = self.world.clock.elapsed();
                ends.insert(((planned.begin + planned.length).max(now), number), planned.fault);
            } else if let Some(((_, number), fault)) = ends.pop_first() {
                let now = self.world.clock.elapsed();
                if !self.end(fault).await {
                    let first = *failing.entry(number).or_insert(now);
                    if now < first + STARTS_WITHIN {
                        ends.insert((now + STARTS_AGAIN_AFTER, number), fault);
                        continue;
                    }
                    self.world.oracle().found(format!("what was changed cannot be changed back: {fault}"));
                }
                self.note(format!("ends: {fault}"));
                if let Some(place) = places.get(&number) {
                    self.world.oracle().ends(*place, self.world.clock.elapsed());
                }
            }
        }
        while self.coming_back.lock().await.join_next().await.is_some() {}
    }

    /// Whether it may be felt outside. Of several centers none is stopped for an upgrade.
    fn is_felt(&self, fault: Fault) -> bool {
        fault != Fault::Upgrade || self.world.server.is_none()
    }

    fn note(&self, what: String) {
        self.world.trace(Party::World, Party::Center, 0, what);
    }

    async fn begin(self: &Arc<Self>, fault: Fault, length: Duration) {
        match fault {
            Fault::Line(line, state) => self.world.network.set_weather(line, weather(state)),
            Fault::National(mood) => self.world.moods().national = mood,
            Fault::App(app, mood) => self.world.moods().apps[usize::from(app)] = mood,
            Fault::Kill(node) => {
                let Some(life) = self.running.lock().await.remove(&node) else { return };
                let disk = self.lives.left(self.lives.kill(life));
                self.comes_back(node, disk, length).await;
            }
            Fault::Power(operation) => self.fail_power(operation, length).await,
            Fault::Upgrade => self.upgrade(length).await,
            Fault::Stop(node) => {
                let Some(life) = self.running.lock().await.remove(&node) else { return };
                let disk = self.lives.stop(life).await;
                self.comes_back(node, disk, length).await;
            }
            Fault::Server(state) => {
                if let Some(server) = &self.world.server {
                    server.set_mood(mood(state));
                    if state == ServerState::Down {
                        server.restart();
                    }
                }
            }
            Fault::Clock(millis) => {
                let off = self.world.center_clock.off_by_millis();
                let to = (off + millis).clamp(-MOST_OFF_MILLIS, MOST_OFF_MILLIS);
                self.world.center_clock.set_by(to - off);
            }
            Fault::Full(bytes) => {
                if let Some(life) = self.running.lock().await.values().next() {
                    life.disk.limit(Some(bytes));
                }
            }
            Fault::Rotate(account) => self.rotate(account).await,
            Fault::SwitchOff(institution) => {
                self.switch(institution, false).await;
            }
        }
    }

    /// Whether it has ended: what was switched off is switched on again as soon as that can be stored.
    async fn end(&self, fault: Fault) -> bool {
        match fault {
            Fault::Line(line, _) => self.world.network.set_weather(line, Weather::CALM),
            Fault::National(_) => self.world.moods().national = NationalMood::Fine,
            Fault::App(app, _) => self.world.moods().apps[usize::from(app)] = AppMood::Fine,
            Fault::Full(_) => {
                if let Some(life) = self.running.lock().await.values().next() {
                    life.disk.limit(None);
                }
            }
            // Whoever does not know whether the newer key is there does not take the older one away.
            Fault::Rotate(account) => {
                if self.rotated.lock().await.remove(&account) {
                    self.change_key(account, None).await;
                }
            }
            Fault::SwitchOff(institution) => {
                return self.switch(institution, true).await;
            }
            Fault::Server(state) => {
                if let Some(server) = &self.world.server {
                    server.set_mood(Mood::FINE);
                    if state == ServerState::Down {
                        server.come_back();
                    }
                }
            }
            Fault::Kill(_) | Fault::Power(_) | Fault::Stop(_) | Fault::Upgrade | Fault::Clock(_) => {}
        }
        true
    }

    async fn fail_power(self: &Arc<Self>, operation: u64, length: Duration) {
        let until = self.world.clock.elapsed() + FAILS_WITHIN;
        {
            let running = self.running.lock().await;
            let Some(life) = running.get(&ALONE) else { return };
            life.disk.cut_at(life.disk.operations() + operation);
        }
        loop {
            let dead = self.running.lock().await.get(&ALONE).is_none_or(|life| life.disk.is_dead());
            if dead || self.world.clock.elapsed() >= until {
                break;
            }
            tokio::time::sleep(LOOKS_EVERY).await;
        }
        let Some(life) = self.running.lock().await.remove(&ALONE) else { return };
        let disk = self.lives.kill(life).after_power_cut();
        self.come_back(ALONE, disk, length).await;
    }

    /// The same as [`Self::come_back`]; of several centers the others go on meanwhile, and so does what goes wrong.
    async fn comes_back(self: &Arc<Self>, node: u16, disk: MemoryDisk, after: Duration) {
        if self.world.server.is_none() {
            return self.come_back(node, disk, after).await;
        }
        let driver = Arc::clone(self);
        self.coming_back.lock().await.spawn(async move { driver.come_back(node, disk, after).await });
    }

    /// Starts a center on what is left, after a while.
    pub(crate) async fn come_back(&self, node: u16, disk: MemoryDisk, after: Duration) {
        tokio::time::sleep(after).await;
        match self.start(node, disk).await {
            Ok(life) => drop(self.running.lock().await.insert(node, life)),
            Err(error) => self.world.oracle().found(format!("the center does not start again: {error}")),
        }
    }

    /// Starts a center, again while it cannot for a reason that passes.
    pub(crate) async fn start(&self, node: u16, disk: MemoryDisk) -> Result<Life, StartError> {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        let until = self.world.clock.elapsed() + STARTS_WITHIN;
        loop {
            match self.lives.start(node, disk.clone()).await {
                Ok(life) => return Ok(life),
                Err(error) if self.world.clock.elapsed() >= until => return Err(error),
                Err(_) => tokio::time::sleep(STARTS_AGAIN_AFTER).await,
            }
        }
    }

    async fn switch(&self, institution: u16, on: bool) -> bool {
        let org_code = self.world.cast.accounts[0].institutions[usize::from(institution)];
        if on {
            self.world.oracle().switched_off(org_code, None);
        }
        let done = self
            .change(async |life| {
                let (config, ports) =
                    (self.lives.config(&life.disk), self.lives.beside(&life.disk, "switch"));
                let at = self.world.clock.now();
                register::switch_institution(&config, &self.world.cast, ports, (institution, on), at).await
            })
            .await;
        if done && !on {
            self.world.oracle().switched_off(org_code, Some(self.world.clock.elapsed()));
        }
        done
    }

    async fn rotate(&self, account: u16) {
        let mut chance = self.world.chance.fork(
            "rotation",
            u64::from(account) ^ u64::try_from(self.world.clock.elapsed().as_millis()).unwrap_or(0),
        );
        let key = Sm4Key::from_bytes(&chance.block());
        if self.change_key(account, Some(&key)).await {
            tokio::time::sleep(NOTICES_WITHIN).await;
            self.world.set_key_of(account, key);
            self.rotated.lock().await.insert(account);
        }
    }

    /// Gives an account another key, or retires its older one; whether it was done.
    async fn change_key(&self, account: u16, key: Option<&Sm4Key>) -> bool {
        let account = &self.world.cast.accounts[usize::from(account)];
        self.change(async |life| {
            let (config, ports) = (self.lives.config(&life.disk), self.lives.beside(&life.disk, "rotate"));
            register::rotate(&config, account, ports, key, self.world.clock.now()).await
        })
        .await
    }

    /// Changes the registry beside the centers that run; whether it was changed. Nothing while none runs or its disk takes nothing.
    async fn change(&self, change: impl AsyncFnOnce(&Life) -> Result<(), register::RegisterError>) -> bool {
        let running = self.running.lock().await;
        match running.values().next() {
            Some(life) => change(life).await.is_ok(),
            None => false,
        }
    }
}

fn mood(state: ServerState) -> Mood {
    match state {
        ServerState::Slow => Mood { delay_millis: (10, 120), ..Mood::FINE },
        ServerState::Breaking => Mood { broken_permille: 10, broken_commits_permille: 150, ..Mood::FINE },
        ServerState::Silent => Mood { silent_permille: 4, ..Mood::FINE },
        ServerState::LateNews => Mood { news_millis: (500, 5_000), ..Mood::FINE },
        ServerState::Down => Mood::FINE,
    }
}

fn weather(state: LineState) -> Weather {
    match state {
        LineState::Lossy => Weather { lost_permille: 150, ..Weather::CALM },
        LineState::Slow => Weather { delay_millis: (50, 900), trickles: true, ..Weather::CALM },
        LineState::Breaking => Weather { broken_permille: 300, ..Weather::CALM },
        LineState::HalfCut => Weather { silent_permille: 150, refused_permille: 150, ..Weather::CALM },
        LineState::Down => Weather { down: true, ..Weather::CALM },
    }
}
