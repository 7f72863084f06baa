//! A space: what is kept of it, and what runs of it now.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use governor::{DefaultDirectRateLimiter, Quota};
use tokio::time::Instant;
use yanmi_client::private;
use yanmi_protocol::UnixMillis;

use crate::clock::SpaceClock;
use crate::record::SpaceRecord;
use crate::run::Run;
use crate::space_id::SpaceId;
use crate::stage::Stage;

/// The file of a space's record in its folder.
const RECORD: &str = "space.json";
/// Largest record that is read, in bytes.
const MAX_RECORD: u64 = 256 * 1024;
/// So many requests may come at once, as a multiple of those a second.
const BURST: u32 = 4;

/// One of many.
#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) id: SpaceId,
    pub(crate) dir: PathBuf,
    pub(crate) clock: SpaceClock,
    /// What may be asked of it.
    pub(crate) rate: DefaultDirectRateLimiter,
    record: Mutex<SpaceRecord>,
    stage: RwLock<Option<Arc<Stage>>>,
    /// The acceptance run that goes on.
    run: Mutex<Option<Arc<Run>>>,
    /// Held by whoever starts, stops or changes it.
    pub(crate) changing: tokio::sync::Mutex<()>,
    used: Mutex<Instant>,
    /// Who is being answered, event streams among them.
    inside: AtomicUsize,
    calls: AtomicU64,
    last_call_ms: AtomicU64,
}

/// Somebody who is being answered: a space with somebody in it does not stop by itself.
#[derive(Debug)]
pub(crate) struct Visitor(Arc<Space>);

impl Drop for Visitor {
    fn drop(&mut self) {
        *lock(&self.0.used) = Instant::now();
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left whole values: each change is a single step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Space {
    /// A space with this record, of which nothing runs.
    pub(crate) fn new(id: SpaceId, dir: PathBuf, record: SpaceRecord, per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(per_second.saturating_mul(BURST)).unwrap_or(rate);
        Self {
            id,
            dir,
            clock: SpaceClock::ahead_by(record.ahead_ms),
            rate: DefaultDirectRateLimiter::direct(Quota::per_second(rate).allow_burst(burst)),
            calls: AtomicU64::new(record.calls),
            last_call_ms: AtomicU64::new(record.last_call_at.map_or(0, |at| at.get().unsigned_abs())),
            record: Mutex::new(record),
            stage: RwLock::default(),
            run: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            used: Mutex::new(Instant::now()),
            inside: AtomicUsize::new(0),
        }
    }

    /// Reads the space in a folder; nothing when there is none, or it cannot be read.
    pub(crate) fn read(id: SpaceId, dir: PathBuf, per_second: u32) -> Option<Self> {
        let text = private::read(&dir.join(RECORD), MAX_RECORD).ok()?;
        let record = serde_json::from_str(&text).ok()?;
        Some(Self::new(id, dir, record, per_second))
    }

    /// What is kept of it, as it is now.
    pub(crate) fn record(&self) -> SpaceRecord {
        self.as_of_now(&lock(&self.record))
    }

    /// A record with what is counted beside it.
    fn as_of_now(&self, kept: &SpaceRecord) -> SpaceRecord {
        let mut record = kept.clone();
        record.ahead_ms = self.clock.ahead_ms();
        record.calls = self.calls.load(Ordering::Relaxed);
        let last = self.last_call_ms.load(Ordering::Relaxed);
        record.last_call_at = (last > 0).then(|| UnixMillis::new(i64::try_from(last).unwrap_or(i64::MAX)));
        record
    }

    /// Changes what is kept, and keeps it.
    ///
    /// # Errors
    /// When it cannot be written; the change counts until the next start.
    pub(crate) fn change(&self, change: impl FnOnce(&mut SpaceRecord)) -> std::io::Result<()> {
        change(&mut lock(&self.record));
        self.keep()
    }

    /// Writes down what is kept of it.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn keep(&self) -> std::io::Result<()> {
        // Held until it is written, so that what is older never comes later.
        let kept = lock(&self.record);
        // Writing these types into memory cannot fail.
        let text = serde_json::to_string_pretty(&self.as_of_now(&kept)).unwrap_or_default();
        private::replace(&self.dir.join(RECORD), &text)
    }

    /// Where its file is, for a page to hand out.
    pub(crate) fn world_file(&self) -> PathBuf {
        self.dir.join("sandbox.json")
    }

    /// Where its acceptance runs are kept.
    pub(crate) fn run_dir(&self, number: u32) -> PathBuf {
        self.dir.join("runs").join(number.to_string())
    }

    /// Somebody comes in.
    pub(crate) fn enter(self: &Arc<Self>) -> Visitor {
        self.inside.fetch_add(1, Ordering::Relaxed);
        Visitor(Arc::clone(self))
    }

    /// Somebody asked its center.
    pub(crate) fn note_call(&self, now: UnixMillis) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.last_call_ms.store(now.get().unsigned_abs(), Ordering::Relaxed);
    }

    /// Since when nobody has been in it; nothing while somebody is, or an acceptance run goes on.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let busy = self.inside.load(Ordering::Relaxed) > 0 || self.run().is_some();
        (!busy).then(|| *lock(&self.used))
    }

    /// What runs of it.
    pub(crate) fn stage(&self) -> Option<Arc<Stage>> {
        self.stage.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something else runs of it from now on; what ran until now.
    pub(crate) fn set_stage(&self, stage: Option<Arc<Stage>>) -> Option<Arc<Stage>> {
        *lock(&self.used) = Instant::now();
        std::mem::replace(&mut *self.stage.write().unwrap_or_else(PoisonError::into_inner), stage)
    }

    /// The acceptance run that goes on.
    pub(crate) fn run(&self) -> Option<Arc<Run>> {
        lock(&self.run).clone()
    }

    /// Another run goes on from now on, or none; the one until now.
    pub(crate) fn set_run(&self, run: Option<Arc<Run>>) -> Option<Arc<Run>> {
        std::mem::replace(&mut *lock(&self.run), run)
    }

    /// The acceptance run of this number goes on no more; nothing when another one does, or none.
    pub(crate) fn end_run(&self, number: u32) -> Option<Arc<Run>> {
        lock(&self.run).take_if(|run| run.number == number)
    }

    /// Removes everything of it but what is kept: its owner begins anew.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn empty(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let kept = path.file_name().is_some_and(|name| name == RECORD || name == "runs");
            if !kept {
                remove(&path)?;
            }
        }
        self.clock.begin_anew();
        self.keep()
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
