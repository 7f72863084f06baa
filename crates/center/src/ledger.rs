//! The ledger: decide in batches, commit once.
//!
//! Durability costs a flush, and a flush for each request would cap any database at a few thousand requests a
//! second. So everything that changes something goes through one small machine:
//!
//! 1. Callers submit a [`Command`] and wait. While a batch is being committed, the arrivals form the next one. The
//!    queue is bounded; when it is full, or one caller has its share of it, callers are turned away at once, but never
//!    with what follows begun work: that waits.
//! 2. A transaction begins, and the facts for every key of the batch are loaded in one query.
//! 3. Each command is decided, in order, by the pure rules; a later one sees what an earlier one changed.
//! 4. The states and the audit events are written, each table in one statement, and committed.
//! 5. Every caller is answered.
//!
//! Guaranteed: nobody is answered before the commit, and nobody who was answered can be forgotten. A decision is
//! one durable step: state, audit event and answer agree, whenever the process dies (V11).
//!
//! Not guaranteed: a caller who got no answer does not know whether it was decided. All commands can be sent again.
//!
//! On an embedded database there is one ledger. On a shared one there are several side by side, chosen by token, in each
//! of several processes; what keeps them apart is in `store::batch`, how a commit without an answer is looked up in
//! `mark`, and how others learn of changes in `news`.
//!
//! If a commit fails, every caller of the batch is told that the ledger is unavailable, and the keys are forgotten
//! in memory, so that the truth is read from the database again.

mod command;
mod key;
pub(crate) mod load;
mod machine;
mod parts;
pub(crate) mod recent;
pub(crate) mod removal;
mod settings;
pub(crate) mod table;
mod unavailable;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use yanmi_protocol::{ChannelId, NoticeNo, UnixMillis};
use yanmi_verification::{IdentityKey, PasswordTries, PersonKey};

pub(crate) use command::{
    BeginTry, Conclude, Dispatch, EndTry, Learn, MarkDelivered, MarkUndelivered, Notify, NotifyDecision,
    OpenPage, OpenSettings, Record, SwitchFree, TakeWord, TryDecision, UseFree,
};
pub(crate) use key::{FaceKey, Key};
pub(crate) use load::{Shown, Standing, StoredFacts};
pub(crate) use machine::claim::{PagePlace, PageVisit};
pub(crate) use machine::job::{Command, Decided};
pub(crate) use machine::resident::Live;
pub(crate) use machine::watch::Watch;
pub(crate) use parts::{LedgerLimits, LedgerParts};
pub(crate) use removal::{Removed, Window};
pub(crate) use settings::{MAX_PAYMENTS, Settings};
pub(crate) use table::free_payments::Payment;
pub(crate) use table::tokens::TokenRecord;
pub(crate) use unavailable::Unavailable;

use machine::inbox::routed;
use machine::job::job;
use machine::writer::{Queued, RemovalRequest, Writer};
use machine::{mark, news, numbers, reader, resident, watch};

use crate::share::{Places, Share};
use crate::store::StoreError;
use crate::store::checkpoint::Checkpoints;
use crate::store::connection::Connection;
use crate::store::link::Link;

/// Verifications read at a time when the map in memory is filled at start.
const FILL_ROWS: i64 = 1_024;

/// The handle by which everybody reaches the ledger.
#[derive(Clone)]
pub(crate) struct Ledger {
    jobs: Arc<[mpsc::Sender<Queued>]>,
    places: Arc<Places>,
    removals: mpsc::Sender<RemovalRequest>,
    reader: reader::Reader,
    resident: Arc<resident::Resident>,
    watchers: Arc<watch::Watchers>,
    numbers: Arc<numbers::Numbers>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({} in memory)", self.resident.len())
    }
}

/// The tasks behind a ledger; they end when the last handle is gone.
#[derive(Debug)]
pub(crate) struct LedgerTasks(Vec<JoinHandle<()>>);

impl LedgerTasks {
    /// Waits until everything accepted is committed and the connections are closed.
    pub(crate) async fn finished(self) {
        for task in self.0 {
            // A task that panicked has been logged by its panic; there is nothing left to wait for.
            let _ = task.await;
        }
    }
}

impl Ledger {
    /// Starts the ledger on a store: fills the map in memory, then takes commands.
    pub(crate) async fn start(mut parts: LedgerParts) -> Result<(Self, LedgerTasks), StoreError> {
        if parts.store.is_shared() {
            // Others change verifications too: what is in memory would be as old as it is.
            parts.limits.resident = 0;
        } else {
            parts.limits.ledgers = 1;
        }
        let places = Places::new(parts.limits.queue);
        parts.limits.queue = parts.limits.queue.div_ceil(parts.limits.ledgers);
        let resident = Arc::new(resident::Resident::new(parts.limits.resident));
        let mut first = Link::open(&parts.store).await?;
        fill(first.connection().await?, &resident, parts.clock.now()).await?;
        first.close().await;
        let watchers = Arc::new(watch::Watchers::default());
        let numbers = Arc::new(numbers::Numbers::open(&parts.store).await?);
        let (reader, mut tasks) =
            reader::Reader::start(&parts.store, parts.limits, parts.telemetry.clone()).await?;
        let news = news::start(&parts.store, Arc::clone(&watchers), &mut tasks).await?;
        let mut jobs = Vec::with_capacity(parts.limits.ledgers);
        let (removals, wanted) = mpsc::channel(1);
        // One ledger is enough for it.
        let mut wanted = Some(wanted);
        for _ in 0..parts.limits.ledgers {
            let (sender, inbox) = mpsc::channel(parts.limits.queue);
            jobs.push(sender);
            let mut link = Link::open(&parts.store).await?;
            let mark = if parts.store.is_shared() {
                let now = parts.clock.now();
                Some(mark::Mark::first(link.connection().await?, numbers.next().await?, now).await?)
            } else {
                None
            };
            let writer = Writer {
                inbox,
                removals: wanted.take(),
                link,
                mark,
                news: news.clone(),
                checkpoints: Checkpoints::start(&parts.store).await?,
                resident: Arc::clone(&resident),
                watchers: Arc::clone(&watchers),
                parts: parts.clone(),
            };
            tasks.push(tokio::spawn(writer.run()));
        }
        Ok((
            Self { jobs: jobs.into(), places, removals, reader, resident, watchers, numbers },
            LedgerTasks(tasks),
        ))
    }

    /// Has a command decided and committed, with which something begins. It is turned away when the queue is full, or
    /// when the caller has its share of it: then nothing was done.
    pub(crate) async fn decide<C: Command>(
        &self,
        share: &Share,
        command: C,
    ) -> Result<Decided<C::Answer>, Unavailable> {
        let place = self.places.take(&share.queued).ok_or(Unavailable::Full)?;
        let jobs = routed(&self.jobs, command.needs().route()).ok_or(Unavailable::Stopped)?;
        let (job, answer) = job(command);
        jobs.try_send(Queued { job, _place: Some(place) }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::Full,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopped,
        })?;
        answer.await.map_err(|_| Unavailable::Stopped)?
    }

    /// Has a command decided and committed that follows something begun: a notice that is on a phone, a password that
    /// was checked. It is never turned away: when the queue is full it waits, and nothing begins before it has a place.
    /// How many wait is bounded by what may be under way: calls to channels and questions to the national center.
    pub(crate) async fn follow<C: Command>(&self, command: C) -> Result<Decided<C::Answer>, Unavailable> {
        let jobs = routed(&self.jobs, command.needs().route()).ok_or(Unavailable::Stopped)?;
        let (job, answer) = job(command);
        jobs.send(Queued { job, _place: None }).await.map_err(|_| Unavailable::Stopped)?;
        answer.await.map_err(|_| Unavailable::Stopped)?
    }

    /// Removes what is old among some rows, between two batches.
    pub(crate) async fn remove(&self, window: Window) -> Result<Removed, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.removals.send((window, reply)).await.map_err(|_| Unavailable::Stopped)?;
        answer.await.map_err(|_| Unavailable::Stopped)?
    }

    /// Looks at a verification in memory.
    pub(crate) fn peek<T>(&self, key: &Key, look: impl FnOnce(&Live) -> T) -> Option<T> {
        self.resident.with(key, look)
    }

    /// Everything stored about a key.
    pub(crate) async fn load(&self, key: Key) -> Result<StoredFacts, Unavailable> {
        self.reader.load(key).await
    }

    /// Whether the person has confirmed, as it is stored.
    pub(crate) async fn standing(&self, key: Key) -> Result<Standing, Unavailable> {
        self.reader.standing(key).await
    }

    /// The verification whose latest attempt has this notice number.
    pub(crate) async fn by_notice(&self, notice: NoticeNo) -> Result<Option<Shown>, Unavailable> {
        self.reader.by_notice(notice).await
    }

    /// The password tries of a document.
    pub(crate) async fn tries(&self, identity: IdentityKey) -> Result<PasswordTries, Unavailable> {
        self.reader.tries(identity).await
    }

    /// A person's open attempts in one channel, the newest first.
    pub(crate) async fn pending(
        &self,
        person: PersonKey,
        channel: ChannelId,
        now: UnixMillis,
        limit: usize,
    ) -> Result<Vec<Shown>, Unavailable> {
        self.reader.pending(person, channel, now, limit).await
    }

    /// A person's password-free settings in one app.
    pub(crate) async fn settings(
        &self,
        person: PersonKey,
        channel: ChannelId,
    ) -> Result<Settings, Unavailable> {
        self.reader.settings(person, channel).await
    }

    /// Begins to watch a verification for changes.
    pub(crate) fn watch(&self, key: Key) -> Watch {
        self.watchers.watch(key)
    }

    /// A number that was never given out before.
    pub(crate) async fn number(&self) -> Result<NoticeNo, Unavailable> {
        self.numbers.next().await.map_err(|error| {
            tracing::error!(cause = %crate::telemetry::chain(&error), "流水号预留失败");
            Unavailable::Failed
        })
    }

    /// Whether commands are still taken: not after its task has ended, for whatever reason.
    pub(crate) fn runs(&self) -> bool {
        self.jobs.iter().all(|jobs| !jobs.is_closed())
    }

    /// How many verifications are in memory.
    pub(crate) fn resident(&self) -> usize {
        self.resident.len()
    }

    /// Commands waiting to be taken into a batch.
    pub(crate) fn waiting(&self) -> usize {
        self.jobs.iter().map(|jobs| jobs.max_capacity() - jobs.capacity()).sum()
    }
}

/// Fills the map in memory with what was asked for lately. Before the ledger takes commands, so that no commit can
/// overtake it.
async fn fill(
    connection: &mut Connection,
    resident: &resident::Resident,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let since = now.minus(resident::STAY);
    let mut below = i64::MAX;
    while resident.len() < resident.limit() {
        let rows = load::newest(connection, below, since, FILL_ROWS).await?;
        let Some((_, _, _, last)) = rows.last() else { break };
        below = last - 1;
        for (key, credential, verification, _) in rows {
            resident.put(key, credential, verification);
        }
    }
    Ok(())
}
