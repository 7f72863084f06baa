//! All spaces: who is there, who runs, and who has to make room.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use governor::{DefaultKeyedRateLimiter, Quota};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use yanmi_center::ports::Ports;
use yanmi_http::Bodies;
use yanmi_protocol::UnixMillis;
use yanmi_sandbox::SandboxError;
use yanmi_simulator::world::Urls;

use crate::codes::Codes;
use crate::pass::Passage;
use crate::record::SpaceRecord;
use crate::refused_keys::RefusedKeys;
use crate::settings::Settings;
use crate::signing::Signer;
use crate::space::Space;
use crate::space_id::{SpaceId, letters};
use crate::stage::{Stage, StageParts};

/// Spaces that start at the same time; the others wait their turn.
const STARTING: usize = 4;
/// Spaces that stop at the same time.
const STOPPING: usize = 16;
/// What bodies of requests may take before they are passed on, in bytes.
const UNPASSED_BYTES: usize = 64 * 1024 * 1024;

/// Everything the front has.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) settings: Settings,
    pub(crate) ports: Ports,
    pub(crate) codes: Codes,
    pub(crate) refused: RefusedKeys,
    pub(crate) signer: Signer,
    pub(crate) passage: Passage,
    pub(crate) bodies: Bodies,
    /// Where the simulators reach their centers.
    pub(crate) inside: SocketAddr,
    /// How many spaces each source made.
    makers: DefaultKeyedRateLimiter<IpAddr>,
    spaces: RwLock<HashMap<SpaceId, Arc<Space>>>,
    starting: Semaphore,
}

/// Why no space was made, or why one cannot be entered now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HallError {
    /// Too many from one source.
    #[error("从您的地址新建的空间太多了，请一小时后再试，或请联调中心的管理人员代为新建")]
    TooManyHere,
    /// There is no room for another.
    #[error("空间已满，请联系联调中心的管理人员")]
    Full,
    /// All that may run do, and somebody is in each.
    #[error("同时使用的空间已满，请稍后再试")]
    Crowded,
    /// It is gone meanwhile.
    #[error("这个空间已经结束")]
    Gone,
    /// The disk.
    #[error("空间的文件无法写入")]
    File(#[from] io::Error),
    /// It does not start.
    #[error("空间未能启动")]
    Start(#[from] SandboxError),
}

/// What a hall is made of.
#[derive(Debug)]
pub(crate) struct HallParts {
    pub(crate) settings: Settings,
    pub(crate) ports: Ports,
    pub(crate) codes: Codes,
    pub(crate) refused: RefusedKeys,
    pub(crate) signer: Signer,
    pub(crate) inside: SocketAddr,
}

impl Hall {
    /// A hall with the spaces that are on the disk, none of which runs.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) fn open(parts: HallParts) -> io::Result<Self> {
        let HallParts { settings, ports, codes, refused, signer, inside } = parts;
        let folder = spaces_of(&settings);
        fs::create_dir_all(&folder)?;
        let mut spaces = HashMap::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().and_then(SpaceId::read) else { continue };
            if let Some(space) = Space::read(id, entry.path(), settings.limits.requests_per_second) {
                spaces.insert(id, Arc::new(space));
            } else {
                tracing::warn!(space = id.short(), "这个空间的 space.json 无法读取，没有打开它");
            }
        }
        let each_hour = NonZeroU32::new(settings.limits.spaces_per_source_hour).unwrap_or(NonZeroU32::MIN);
        let mut seed = [0; 8];
        ports.entropy.fill(&mut seed);
        Ok(Self {
            passage: Passage::new(),
            bodies: Bodies::new(UNPASSED_BYTES, u64::from_le_bytes(seed)),
            makers: DefaultKeyedRateLimiter::keyed(Quota::per_hour(each_hour)),
            spaces: RwLock::new(spaces),
            starting: Semaphore::new(STARTING),
            settings,
            ports,
            codes,
            refused,
            signer,
            inside,
        })
    }

    /// The real time.
    pub(crate) fn now(&self) -> UnixMillis {
        self.ports.clock.now()
    }

    /// The space of this name.
    pub(crate) fn find(&self, id: SpaceId) -> Option<Arc<Space>> {
        self.spaces.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<Space>> {
        self.spaces.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The addresses of a space as vendors use them.
    pub(crate) fn urls(&self, space: &Space) -> Urls {
        let base = format!("{}/s/{}", self.settings.public_url, space.id.as_str());
        Urls { simulator: format!("{base}/play"), institution: base.clone(), channel: base }
    }

    /// Whether somebody from there may make one more space, which is counted.
    pub(crate) fn may_make(&self, source: IpAddr) -> bool {
        self.makers.check_key(&source).is_ok()
    }

    /// Makes a space, which does not run yet.
    ///
    /// # Errors
    /// [`HallError`]; there is no more than before then.
    pub(crate) fn make(&self, name: &str, contact: &str) -> Result<Arc<Space>, HallError> {
        let (id, now) = (SpaceId::fresh(&self.ports.entropy), self.now());
        let dir = spaces_of(&self.settings).join(id.as_str());
        let record = SpaceRecord {
            name: name.to_owned(),
            contact: contact.to_owned(),
            made_at: now,
            ends_at: now.plus(self.settings.limits.life),
            ahead_ms: 0,
            last_call_at: None,
            calls: 0,
            runs: Vec::new(),
            next_run: 1,
        };
        let space = Arc::new(Space::new(id, dir.clone(), record, self.settings.limits.requests_per_second));
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        if spaces.len() >= self.settings.limits.spaces {
            return Err(HallError::Full);
        }
        fs::create_dir(&dir)?;
        if let Err(error) = space.keep() {
            // What is half made is not there.
            let _ = fs::remove_dir_all(&dir);
            return Err(error.into());
        }
        spaces.insert(id, Arc::clone(&space));
        tracing::info!(space = id.short(), "新建了一个空间");
        Ok(space)
    }

    /// What runs of a space; it is started when nothing does.
    ///
    /// # Errors
    /// [`HallError`].
    pub(crate) async fn stage(&self, space: &Arc<Space>) -> Result<Arc<Stage>, HallError> {
        if let Some(stage) = space.stage() {
            return Ok(stage);
        }
        // Once in a quarter of an hour at most: it shall not make every caller's future longer.
        Box::pin(self.begin(space)).await
    }

    /// Starts what runs of a space, unless somebody else has meanwhile.
    async fn begin(&self, space: &Arc<Space>) -> Result<Arc<Stage>, HallError> {
        let _turn = self.starting.acquire().await;
        let _change = space.changing.lock().await;
        if let Some(stage) = space.stage() {
            return Ok(stage);
        }
        if self.find(space.id).is_none() {
            return Err(HallError::Gone);
        }
        self.make_room()?;
        let account: [u8; 6] = letters(&self.ports.entropy);
        let parts = StageParts {
            dir: &space.dir,
            shown: self.urls(space),
            inside: format!("http://{}/s/{}", self.inside, space.id.as_str()),
            clock: &space.clock,
            ports: &self.ports,
            channel_networks: &self.settings.channel_networks,
            account: std::str::from_utf8(&account).unwrap_or_default(),
        };
        let stage = Box::pin(Stage::start(parts)).await.inspect_err(|error| {
            tracing::error!(space = space.id.short(), cause = %error, "空间未能启动");
        })?;
        let stage = Arc::new(stage);
        space.set_stage(Some(Arc::clone(&stage)));
        // It asks through the front, which finds the stage from here on.
        if let Err(error) = stage.settle().await {
            tracing::error!(space = space.id.short(), cause = %error, "空间未能启动");
            drop(stage);
            self.rest(space).await;
            return Err(error.into());
        }
        Ok(stage)
    }

    /// Has the space stopped that has been idle longest, when as many run as may.
    fn make_room(&self) -> Result<(), HallError> {
        let running: Vec<_> = self.all().into_iter().filter(|space| space.stage().is_some()).collect();
        if running.len() < self.settings.limits.running {
            return Ok(());
        }
        let (now, least) = (Instant::now(), self.settings.limits.yields_after);
        let idle = running.iter().filter_map(|space| Some((space.idle_since()?, space)));
        let longest = idle.min_by_key(|(since, _)| *since).filter(|(since, _)| now - *since >= least);
        let (_, space) = longest.ok_or(HallError::Crowded)?;
        let space = Arc::clone(space);
        tokio::spawn(async move {
            // Until it has stopped it cannot be started: its database has one center at a time.
            let _change = space.changing.lock().await;
            // Somebody may have come back meanwhile.
            if space.idle_since().is_some()
                && let Some(stage) = space.set_stage(None)
            {
                Stage::stop(stage).await;
            }
        });
        Ok(())
    }

    /// Stops a space, which starts again when it is entered. Whoever holds its `changing` calls this.
    pub(crate) async fn rest(&self, space: &Space) {
        if let Some(stage) = space.set_stage(None) {
            Stage::stop(stage).await;
        }
        if let Err(error) = space.keep() {
            tracing::warn!(space = space.id.short(), cause = %error, "空间的记录没有写下");
        }
    }

    /// Ends a space for good.
    ///
    /// # Errors
    /// When its folder cannot be removed; it is not served any more all the same.
    pub(crate) async fn close(&self, space: &Arc<Space>) -> io::Result<()> {
        self.spaces.write().unwrap_or_else(PoisonError::into_inner).remove(&space.id);
        let _change = space.changing.lock().await;
        if let Some(run) = space.set_run(None) {
            run.end(None).await;
        }
        if let Some(stage) = space.set_stage(None) {
            Stage::stop(stage).await;
        }
        fs::remove_dir_all(&space.dir)
    }

    /// Stops what has been idle for long, ends what is over, and writes down who was asked.
    pub(crate) async fn keep_house(&self) {
        let (now, at) = (self.now(), Instant::now());
        for space in self.all() {
            if space.record().ends_at <= now {
                if let Err(error) = self.close(&space).await {
                    tracing::warn!(space = space.id.short(), cause = %error, "到期空间的文件没有删除");
                }
                continue;
            }
            let idle = space.idle_since().is_some_and(|since| at - since >= self.settings.limits.idle);
            if idle
                && space.stage().is_some()
                && let Ok(_change) = space.changing.try_lock()
            {
                self.rest(&space).await;
            }
        }
        self.makers.retain_recent();
    }

    /// Stops everything that runs.
    pub(crate) async fn stop(&self) {
        let mut stopping = tokio::task::JoinSet::new();
        for space in self.all() {
            if let Err(error) = space.keep() {
                tracing::warn!(space = space.id.short(), cause = %error, "空间的记录没有写下");
            }
            if let Some(stage) = space.set_stage(None) {
                if stopping.len() >= STOPPING {
                    let _ = stopping.join_next().await;
                }
                stopping.spawn(Stage::stop(stage));
            }
        }
        while stopping.join_next().await.is_some() {}
    }
}

/// Where spaces are.
fn spaces_of(settings: &Settings) -> PathBuf {
    settings.data.join("spaces")
}
