//! The power fails at every operation of the disk, one after the other.
//!
//! A world in which every kind of command is decided is played once whole, and counted. Then it is played again for each operation
//! of its disk, and the power fails there: in a commit, in a checkpoint, in a start, in a stop. What is left of the disk, the next
//! life begins on; it may fail again after some operations, so that a recovery is cut as well. The oracle judges each of
//! them as it judges any world, and somebody new is told "1" in the end.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use yanmi_disk::{MemoryDisk, Mistake};

use crate::books;
use crate::chance::Chance;
use crate::driver::{ALONE, Driver};
use crate::failure::Failure;
use crate::fault::Fault;
use crate::life::Lives;
use crate::party::{self, counter::Visit};
use crate::paused::{StandStill, in_paused_time};
use crate::register::{self, RegisterError};
use crate::run::{NOBODY, newcomer};
use crate::scene::SCENES;
use crate::world::World;

/// Between the beginnings of two visits.
const APART: Duration = Duration::from_millis(150);
/// How long all of it takes.
const PLAYS_FOR: Duration = Duration::from_secs(24);
/// Persons who come when all is over, at most: the power may fail twice meanwhile.
const NEWCOMERS: u64 = 3;
/// How often it is looked whether the power has failed.
const LOOKS_EVERY: Duration = Duration::from_millis(10);
/// A failure is seen so long after it, at the latest.
const SEEN_WITHIN: Duration = LOOKS_EVERY.saturating_mul(2);
/// How long the power is away.
const AWAY: Duration = Duration::from_millis(700);
/// Within so many operations of the life after a cut the power fails once more, where it does.
const AGAIN_WITHIN: u64 = 60;
/// Of a thousand cuts so many are followed by another, of the next life.
const AGAIN_PERMILLE: u64 = 300;

/// Which cuts are to be made.
#[derive(Clone, Copy, Debug)]
pub struct CutSettings {
    /// What everything is drawn from.
    pub seed: u64,
    /// Every so-many-th operation; 1 for all.
    pub step: u64,
    /// The first of them, below the step.
    pub first: u64,
    /// How the machine fails.
    pub failure: Failure,
    /// Whether the disk says that it has kept what it has not: whoever looks for lost commits finds some then.
    pub lying: bool,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct CutReport {
    /// Operations of the whole play, its start and its stop.
    pub operations: u64,
    /// The events of the audit that the play leads to.
    pub kinds: BTreeSet<String>,
    /// Cuts that were made.
    pub cuts: u64,
    /// Cuts after which the life that followed was cut as well.
    pub twice: u64,
    /// What contradicts the contract, each with the operation it was cut at.
    pub found: Vec<String>,
    /// Whether a play did not come to an end, and its thread is busy without end: nothing else should be run in this process.
    pub stands_still: bool,
}

impl CutSettings {
    /// Those of so many operations that are cut.
    fn places(&self, operations: u64) -> impl Iterator<Item = u64> + use<> {
        let Self { step, first, .. } = *self;
        (1..=operations).filter(move |at| at % step == first % step)
    }
}

/// The operation of the first life that is cut, and that of the next one, if it is cut as well.
pub(crate) type Cut = (u64, Option<u64>);

/// Plays that differ in where they are cut.
pub(crate) struct CutPlay<P> {
    /// What stands before everything that is found in them.
    pub(crate) name: String,
    /// What their chance is called.
    pub(crate) chance: &'static str,
    /// Within so many operations the next life is cut, where it is.
    pub(crate) again_within: u64,
    /// Plays it once.
    pub(crate) play: P,
}

impl CutReport {
    /// Plays once without a cut, and then with each of those of the settings, until one of them stands still.
    pub(crate) fn add<P: Fn(Option<Cut>) -> PlayReport>(
        &mut self,
        settings: &CutSettings,
        played: &CutPlay<P>,
        tell: &impl Fn(u64),
    ) {
        let CutPlay { name, chance: chance_name, again_within, play } = played;
        let whole = play(None);
        self.operations += whole.operations;
        self.kinds.extend(whole.kinds);
        self.found.extend(whole.found.into_iter().map(|what| format!("{name}without a cut: {what}")));
        self.stands_still |= whole.stands_still;
        let chance = Chance::new(settings.seed);
        for at in settings.places(whole.operations) {
            if self.stands_still {
                return;
            }
            let mut chance = chance.fork(chance_name, at);
            let again = chance.permille(AGAIN_PERMILLE).then(|| 1 + chance.below(*again_within));
            let cut = play(Some((at, again)));
            let found = |what| format!("{name}cut at {at}, then {again:?}: {what}");
            self.found.extend(cut.found.into_iter().map(found));
            self.stands_still |= cut.stands_still;
            self.cuts += 1;
            self.twice += u64::from(again.is_some());
            tell(self.cuts);
        }
    }
}

impl fmt::Display for CutReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, cuts, twice, found, .. } = self;
        write!(f, "{cuts} cuts in {operations} operations, {twice} of them twice, {} found", found.len())
    }
}

/// A disk on which a center can start: the database is made, and everybody registered.
///
/// # Panics
/// When it cannot be made.
pub(crate) fn prepared(seed: u64) -> MemoryDisk {
    let disk = MemoryDisk::new(seed);
    make(seed, &disk, async |lives, disk| lives.prepare(disk).await).expect("a database");
    disk.after_kill()
}

/// Makes a database on a disk, in a time of its own.
fn make(
    seed: u64,
    disk: &MemoryDisk,
    making: impl AsyncFnOnce(&Lives, &MemoryDisk) -> Result<(), RegisterError> + Send + 'static,
) -> Result<(), String> {
    let disk = disk.clone();
    let made = in_paused_time(move || async move {
        let world = Arc::new(World::staged(seed));
        making(&Lives::new(&world), &disk).await.map_err(|error| error.to_string())
    });
    made.map_err(|still| still.to_string())?
}

/// Plays once, and what was found where the play does not come to an end.
fn played(settings: CutSettings, disk: &MemoryDisk, cut: Option<Cut>) -> PlayReport {
    let disk = disk.after_kill();
    in_paused_time(move || async move { play(&settings, disk, cut).await }).unwrap_or_else(PlayReport::at)
}

/// Makes the cuts.
///
/// # Panics
/// When the database cannot be made without a cut.
pub fn cut(settings: &CutSettings, tell: impl Fn(u64)) -> CutReport {
    let disk = prepared(settings.seed);
    let plays = CutPlay {
        name: String::new(),
        chance: "cut",
        again_within: AGAIN_WITHIN,
        play: |cut| played(*settings, &disk, cut),
    };
    let mut report = CutReport::default();
    report.add(settings, &plays, &tell);
    report
}

/// Makes the database with a cut at every operation, again on what is left, and compares: it is made as if nothing had happened.
///
/// # Panics
/// When it cannot be made without a cut.
pub fn cut_making(settings: &CutSettings) -> CutReport {
    let whole = prepared(settings.seed);
    let wanted = books::read(&whole).expect("a database").shape;
    let counted = MemoryDisk::new(settings.seed);
    let make_empty = |disk: &MemoryDisk| {
        make(settings.seed, disk, async |lives, disk| {
            register::made(&lives.config(disk), lives.beside(disk, "register")).await
        })
    };
    make_empty(&counted).expect("a database");
    let operations = counted.operations();
    let mut report = CutReport { operations, ..CutReport::default() };
    for at in settings.places(operations) {
        let disk = MemoryDisk::new(at);
        disk.cut_at(at);
        // It fails, but for one that is cut when everything is done.
        let _ = make_empty(&disk);
        let left = settings.failure.left(&disk);
        let again = make(settings.seed, &left, async |lives, disk| lives.prepare(disk).await);
        report.cuts += 1;
        match again.and_then(|()| books::read(&left).map_err(|error| error.to_string())) {
            Ok(books) if books.shape == wanted => {}
            Ok(_) => report
                .found
                .push(format!("cut at {at}: other tables, or another number of rows, than without a cut")),
            Err(error) => report.found.push(format!("cut at {at}: {error}")),
        }
    }
    report
}

/// A play that is over.
pub(crate) struct PlayReport {
    /// Operations of its first life.
    pub(crate) operations: u64,
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) found: Vec<String>,
    pub(crate) stands_still: bool,
}

impl PlayReport {
    /// One that does not come to an end.
    pub(crate) fn at(still: StandStill) -> Self {
        Self { operations: 0, kinds: BTreeSet::new(), found: vec![still.to_string()], stands_still: true }
    }
}

/// One play, cut at an operation of its first life, and perhaps of its second.
async fn play(settings: &CutSettings, disk: MemoryDisk, cut: Option<Cut>) -> PlayReport {
    let world = Arc::new(World::staged(settings.seed));
    party::start(&world);
    let machine = Arc::new(Machine {
        driver: Driver::idle(&world),
        failure: settings.failure,
        again: Mutex::new(cut.and_then(|(_, again)| again)),
        failing: Mutex::new(None),
        down: Mutex::default(),
        operations: Mutex::new(0),
    });
    if settings.lying {
        disk.lie(Mistake::LyingSync);
    }
    if let Some((at, _)) = cut {
        machine.will_fail(&disk, at).await;
    }
    machine.start(disk).await;
    let watching = Arc::clone(&machine);
    let watching = tokio::spawn(async move { watching.watch().await });
    for (place, scene) in SCENES.iter().enumerate() {
        let visit = Visit::of_scene(place as u64 + 1, scene);
        let world = Arc::clone(&world);
        tokio::spawn(async move { visit.play_scene(&world, scene).await });
        tokio::time::sleep(APART).await;
    }
    tokio::time::sleep(PLAYS_FOR).await;
    machine.is_well().await;
    watching.abort();
    world.oracle().begins(Fault::Stop(ALONE), world.clock.elapsed());
    let disk = machine.stop().await;
    let operations = *machine.operations.lock().await;
    let mut oracle = world.oracle();
    oracle.disarms(world.clock.elapsed());
    let mut kinds = BTreeSet::new();
    match books::read_beside(&disk) {
        Ok(books) => {
            kinds.clone_from(&books.kinds);
            books.judge(&mut oracle);
        }
        Err(error) => oracle.found(format!("the database cannot be read: {error}")),
    }
    PlayReport { operations, kinds, found: oracle.all_found().to_vec(), stands_still: false }
}

/// A machine that fails, and on which the center is started again.
struct Machine {
    driver: Driver,
    failure: Failure,
    /// After how many operations of the next life the power fails once more.
    again: Mutex<Option<u64>>,
    /// Where the oracle has it that it will fail.
    failing: Mutex<Option<usize>>,
    /// Where it has it that it has failed, until it listens again.
    down: Mutex<Vec<usize>>,
    /// Operations of the first life, when it is over.
    operations: Mutex<u64>,
}

impl Machine {
    /// Starts a center, again when the power fails meanwhile.
    async fn start(&self, disk: MemoryDisk) {
        let mut disk = disk;
        loop {
            match self.driver.lives.start(ALONE, disk.clone()).await {
                Ok(life) => {
                    self.driver.running.lock().await.insert(ALONE, life);
                    let world = &self.driver.world;
                    for place in self.down.lock().await.drain(..) {
                        world.oracle().ends(place, world.clock.elapsed());
                    }
                    return;
                }
                Err(_) if disk.is_dead() => disk = self.next(&disk).await,
                Err(error) => {
                    self.driver.world.oracle().found(format!("the center does not start: {error}"));
                    return;
                }
            }
        }
    }

    /// Somebody new is told "1"; another one where the power failed meanwhile.
    async fn is_well(&self) {
        let (world, lives) = (&self.driver.world, &self.driver.lives);
        let person = u32::try_from(SCENES.len()).unwrap_or(0);
        for number in 1..=NEWCOMERS {
            let before = lives.count();
            if newcomer(world, SCENES.len() as u64 + number, person).await {
                return;
            }
            if lives.count() == before {
                break;
            }
        }
        world.oracle().found(NOBODY.to_owned());
    }

    /// Has the disk fail at an operation.
    async fn will_fail(&self, disk: &MemoryDisk, operation: u64) {
        disk.cut_at(operation);
        let world = &self.driver.world;
        let place = world.oracle().arms(Fault::Power(operation), world.clock.elapsed());
        *self.failing.lock().await = Some(place);
    }

    /// The disk of the next life.
    async fn next(&self, disk: &MemoryDisk) -> MemoryDisk {
        let left = self.failure.left(disk);
        if let Some(place) = self.failing.lock().await.take() {
            let world = &self.driver.world;
            world.oracle().strikes(place, world.clock.elapsed().saturating_sub(SEEN_WITHIN));
            self.down.lock().await.push(place);
        }
        tokio::time::sleep(AWAY).await;
        if let Some(again) = self.again.lock().await.take() {
            self.will_fail(&left, again).await;
        }
        left
    }

    /// Starts the center again whenever its disk is dead.
    async fn watch(&self) {
        loop {
            tokio::time::sleep(LOOKS_EVERY).await;
            let mut running = self.driver.running.lock().await;
            if running.get(&ALONE).is_some_and(|life| life.disk.is_dead())
                && let Some(dead) = running.remove(&ALONE)
            {
                drop(running);
                self.count_operations(&dead.disk).await;
                let disk = self.driver.lives.kill(dead);
                let disk = self.next(&disk).await;
                self.start(disk).await;
            }
        }
    }

    /// Notes how many operations the first life's disk had, when that life is over.
    async fn count_operations(&self, disk: &MemoryDisk) {
        let mut operations = self.operations.lock().await;
        if *operations == 0 {
            *operations = disk.operations();
        }
    }

    /// Stops the center; where the power fails meanwhile, it is started once more, and stopped.
    async fn stop(&self) -> MemoryDisk {
        loop {
            let life = self.driver.running.lock().await.remove(&ALONE);
            let Some(life) = life else { return MemoryDisk::new(0) };
            let disk = life.disk.clone();
            let left = self.driver.lives.stop(life).await;
            self.count_operations(&disk).await;
            if !disk.is_dead() {
                return left;
            }
            let disk = self.next(&disk).await;
            self.start(disk).await;
        }
    }
}
