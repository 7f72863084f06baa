//! A world from its beginning to its end, and what is to be said of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use yanmi_disk::MemoryDisk;

use crate::books;
use crate::cast::Holder;
use crate::driver::Driver;
use crate::fault::{Fault, Plan};
use crate::oracle::NO_ANSWER;
use crate::party::counter::Visit;
use crate::party::{self, phone};
use crate::paused::{StandStill, in_paused_time};
use crate::trace::TraceLine;
use crate::world::World;

/// After the last fault ended: until what it left behind, an open breaker or a dead connection, has passed.
const SETTLES: Duration = Duration::from_mins(1);
/// Within this somebody new is told "1" then.
const NEWCOMER_WITHIN: Duration = Duration::from_secs(10);
/// Within this the server of a shared database has noticed that a center is gone.
const NOTICES_WITHIN: Duration = Duration::from_secs(1);
/// How long who is under way gets before the center is stopped.
const LEAVES: Duration = Duration::from_secs(40);

/// What a world is to be like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What everything is drawn from.
    pub seed: u64,
    /// How long persons come.
    pub length: Duration,
    /// How far apart they come on the average.
    pub gap: Duration,
    /// How many persons there are.
    pub persons: u32,
    /// How many centers there are; several share a database.
    pub centers: u16,
    /// What goes wrong.
    pub faults: Faults,
}

/// What goes wrong in a world.
#[derive(Clone, Debug)]
pub enum Faults {
    /// Nothing.
    None,
    /// What the seed draws, so far apart on the average.
    Drawn(Duration),
    /// This.
    Planned(Plan),
}

/// What became of a world.
#[derive(Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// How much time passed in it.
    pub simulated: Duration,
    /// How many persons came.
    pub visits: u64,
    /// How often an institution was told that it may settle.
    pub confirmed: u64,
    /// How often the center was started.
    pub lives: u64,
    /// How much happened.
    pub events: u64,
    /// One number for everything that happened, in its order.
    pub trace_hash: u64,
    /// One number for everything that was stored in the end.
    pub rows_hash: u64,
    /// How often which code was answered to what.
    pub codes: BTreeMap<String, u64>,
    /// What contradicts the contract.
    pub found: Vec<String>,
    /// Whether its time does not pass any more, and its thread is busy without end: nothing else should be run in this process.
    pub stands_still: bool,
    /// What went wrong.
    pub plan: Plan,
    lines: Vec<TraceLine>,
}

impl Report {
    /// The newest lines of what happened, at most so many; only those of a visit if one is named.
    pub fn diagram(&self, visit: Option<u64>, most: usize) -> String {
        let wanted = self
            .lines
            .iter()
            .rev()
            .filter(|line| visit.is_none_or(|visit| line.visit == visit || line.visit == 0));
        let mut lines: Vec<String> = wanted.take(most).map(ToString::to_string).collect();
        lines.reverse();
        lines.join("\n")
    }
}

/// The last line of a run.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, visits, confirmed, lives, events, trace_hash, rows_hash, .. } = self;
        let (minutes, found) = (self.simulated.as_secs() / 60, self.found.len());
        write!(
            f,
            "seed {seed}: {minutes} min, {visits} visits, {confirmed} times \"1\", {lives} lives, {events} events, \
             trace {trace_hash:016x}, rows {rows_hash:016x}, {found} found"
        )
    }
}

/// Runs a world. `tell` hears how much time has passed in it, now and then.
///
/// # Panics
/// When the runtime cannot be made, or a center does not start on an empty disk.
pub fn run(settings: &Settings, tell: impl Fn(Duration) + Send + Sync + 'static) -> Report {
    let shown = Arc::new(OnceLock::new());
    let (copy, showing) = (settings.clone(), Arc::clone(&shown));
    let played = in_paused_time(move || async move { play(&copy, Arc::new(tell), &showing).await });
    let remains = played.unwrap_or_else(|still| shown.get().expect("a world is made at once").at(still));
    remains.report(settings)
}

/// A world whose time is over.
struct Remains {
    world: Arc<World>,
    /// What the center left, if one ran.
    disk: Option<MemoryDisk>,
    simulated: Duration,
    visits: u64,
    lives: u64,
    plan: Plan,
    still: Option<StandStill>,
}

/// What can be seen of a world from outside.
struct View {
    world: Arc<World>,
    plan: Plan,
}

impl View {
    /// A world that stands still: who came, and what it keeps, is not known.
    fn at(&self, still: StandStill) -> Remains {
        let (world, plan) = (Arc::clone(&self.world), self.plan.clone());
        Remains { world, disk: None, simulated: still.0, visits: 0, lives: 0, plan, still: Some(still) }
    }
}

async fn play(
    settings: &Settings,
    tell: Arc<dyn Fn(Duration) + Send + Sync>,
    shown: &OnceLock<View>,
) -> Remains {
    let world = Arc::new(World::of_centers(settings.seed, settings.persons + 1, settings.centers.max(1)));
    let plan = match &settings.faults {
        Faults::None => Plan::default(),
        Faults::Drawn(gap) => {
            let gap = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
            Plan::draw(&world.chance, world.centers, settings.length, gap)
        }
        Faults::Planned(plan) => plan.clone(),
    };
    // There is one play.
    let _ = shown.set(View { world: Arc::clone(&world), plan: plan.clone() });
    let driver = Arc::new(Driver::idle(&world));
    let disk = MemoryDisk::new(world.chance.fork("disk", 0).word());
    driver.lives.prepare(&disk).await.expect("a database");
    party::start(&world);
    for node in 0..world.centers {
        let life = driver.start(node, disk.clone()).await.expect("a center");
        driver.running.lock().await.insert(node, life);
    }
    let driving = Arc::clone(&driver);
    let carried = plan.clone();
    let driving = tokio::spawn(async move { driving.run(&carried).await });
    let visits = arrivals(&world, settings, &*tell).await;
    driving.await.expect("the driver does not panic");
    tokio::time::sleep(SETTLES).await;
    if !newcomer(&world, visits + 1, settings.persons).await {
        world.oracle().found(NOBODY.to_owned());
    }
    finish(&world, &driver, (visits, plan)).await
}

/// Persons come until it is time; how many.
async fn arrivals(world: &Arc<World>, settings: &Settings, tell: &(dyn Fn(Duration) + Send + Sync)) -> u64 {
    let gap = u64::try_from(settings.gap.as_millis()).unwrap_or(u64::MAX);
    let mut chance = world.chance.fork("arrivals", 0);
    let mut number = 0;
    while world.clock.elapsed() < settings.length {
        tokio::time::sleep(chance.gap(gap)).await;
        number += 1;
        let (world, (mut visit, mut chance)) = (Arc::clone(world), Visit::draw(world, number));
        // The last one is for afterwards.
        visit.holder.person %= settings.persons.max(1);
        tell(world.clock.elapsed());
        tokio::spawn(async move {
            if chance.permille(40) {
                let single = 1 + i64::try_from(chance.below(40_000)).unwrap_or(0);
                phone::switch_free(&world, visit.holder, chance.permille(600), single).await;
            }
            visit.play(&world, chance).await;
        });
    }
    number
}

/// Nothing is wrong any more: whether somebody new is told "1", soon.
pub(crate) async fn newcomer(world: &Arc<World>, number: u64, person: u32) -> bool {
    world.calm_down();
    let (visit, chance) = Visit::draw(world, number);
    let visit = Visit { holder: Holder { person, app: 0 }, ..visit };
    tokio::time::timeout(NEWCOMER_WITHIN, visit.play(world, chance)).await.unwrap_or(false)
}

/// What is found where nobody new is.
pub(crate) const NOBODY: &str = "nothing is wrong any more, and somebody new is not told \"1\"";

async fn finish(world: &Arc<World>, driver: &Driver, (visits, plan): (u64, Plan)) -> Remains {
    tokio::time::sleep(LEAVES).await;
    world.oracle().begins(Fault::Stop(0), world.clock.elapsed());
    let simulated = world.clock.elapsed();
    let running = std::mem::take(&mut *driver.running.lock().await);
    let mut disk = None;
    for life in running.into_values() {
        disk = Some(driver.lives.stop(life).await);
    }
    judge_server(world).await;
    let lives = driver.restarts.load(Ordering::Relaxed);
    Remains { world: Arc::clone(world), disk, simulated, visits, lives, plan, still: None }
}

/// What the server of a shared database has seen.
async fn judge_server(world: &World) {
    let Some(server) = &world.server else { return };
    tokio::time::sleep(NOTICES_WITHIN).await;
    if server.held() > 0 {
        world.oracle().found(format!("{} rows are held by nobody", server.held()));
    }
    if server.circles() > 0 {
        let found = format!("centers waited for each other {} times", server.circles());
        world.oracle().found(found);
    }
}

impl Remains {
    /// Reads what is stored, in a time of its own, and compares it with what was told.
    fn report(self, settings: &Settings) -> Report {
        let mut rows_hash = 0;
        let mut oracle = self.world.oracle();
        match self.disk.as_ref().map(books::read) {
            Some(Ok(books)) => {
                rows_hash = books.hash;
                books.judge(&mut oracle);
            }
            Some(Err(error)) => oracle.found(format!("the database cannot be read: {error}")),
            None if self.still.is_some() => {}
            None => oracle.found("no center runs in the end".to_owned()),
        }
        if let Some(still) = self.still {
            oracle.found(still.to_string());
        }
        let trace = self.world.whole_trace();
        let name = |((of, code), count): (&(&'static str, i64), &u64)| {
            let code = if *code == NO_ANSWER { "nothing".to_owned() } else { code.to_string() };
            (format!("{of} {code}"), *count)
        };
        Report {
            seed: settings.seed,
            simulated: self.simulated,
            visits: self.visits,
            confirmed: oracle.confirmed,
            lives: self.lives,
            events: trace.count(),
            trace_hash: trace.hash(),
            rows_hash,
            codes: oracle.codes.iter().map(name).collect(),
            found: oracle.all_found().to_vec(),
            stands_still: self.still.is_some(),
            plan: self.plan,
            lines: trace.lines().cloned().collect(),
        }
    }
}
