//! The task that writes: it takes in what waits, has it decided as one batch, and tells everybody once it is committed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::attempt;
use super::decide::Committed;
use super::inbox::gather;
use super::job::Pending;
use super::mark::Mark;
use super::news::News;
use super::resident::Resident;
use super::watch::Watchers;
use super::work::{Circumstances, NotMe};
use crate::ledger::removal::{Removed, Window};
use crate::ledger::{LedgerParts, Unavailable};
use crate::share::Place;
use crate::store::checkpoint::Checkpoints;
use crate::store::link::{Link, on_link};

/// How often one part of the map in memory is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// A window of rows to be looked through, and where to tell what became of it.
pub(in crate::ledger) type RemovalRequest = (Window, oneshot::Sender<Result<Removed, Unavailable>>);

/// A command that waits to be taken into a batch.
pub(in crate::ledger) struct Queued {
    pub(in crate::ledger) job: Box<dyn Pending>,
    /// Its place in the queue, until it is taken; nothing for what follows begun work.
    pub(in crate::ledger) _place: Option<Place>,
}

/// The task that owns the writing connection.
pub(in crate::ledger) struct Writer {
    pub(in crate::ledger) inbox: mpsc::Receiver<Queued>,
    pub(in crate::ledger) removals: Option<mpsc::Receiver<RemovalRequest>>,
    pub(in crate::ledger) link: Link,
    /// The mark of the newest batch, where a commit may be left without an answer.
    pub(in crate::ledger) mark: Option<Mark>,
    pub(in crate::ledger) news: Option<News>,
    pub(in crate::ledger) checkpoints: Option<Checkpoints>,
    pub(in crate::ledger) resident: Arc<Resident>,
    pub(in crate::ledger) watchers: Arc<Watchers>,
    pub(in crate::ledger) parts: LedgerParts,
}

impl Writer {
    pub(in crate::ledger) async fn run(mut self) {
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        let mut part = 0;
        let mut queue = Vec::with_capacity(self.parts.limits.batch);
        loop {
            tokio::select! {
                biased;
                count = self.inbox.recv_many(&mut queue, self.parts.limits.batch) => {
                    if count == 0 {
                        break;
                    }
                    gather(&mut self.inbox, &mut queue, self.parts.limits.batch).await;
                    self.commit(&mut queue).await;
                    // When commands never cease there is no other moment for it.
                    if let Some(Ok(removal)) = self.removals.as_mut().map(mpsc::Receiver::try_recv) {
                        self.remove(removal).await;
                    }
                }
                Some(removal) = next(self.removals.as_mut()) => self.remove(removal).await,
                _ = sweep.tick() => {
                    self.resident.sweep(part, self.parts.clock.now());
                    part = part.wrapping_add(1);
                }
            }
        }
        self.link.close().await;
    }

    async fn remove(&mut self, (window, reply): RemovalRequest) {
        let removed = on_link!(&mut self.link, |connection| window.remove(connection));
        let removed = removed.map_err(|error| {
            let table = window.table();
            tracing::error!(cause = %crate::telemetry::chain(&error), table, "清理超过保留期限的数据失败");
            Unavailable::Failed
        });
        // Whoever asked may have been stopped.
        let _ = reply.send(removed);
    }

    async fn commit(&mut self, queue: &mut Vec<Queued>) {
        let mut jobs: Vec<Box<dyn Pending>> = queue.drain(..).map(|queued| queued.job).collect();
        let registry = self.parts.registry.snapshot();
        let circumstances =
            Circumstances { registry: &registry, policy: &self.parts.policy, now: self.parts.clock.now() };
        self.mark = self.mark.map(|mark| mark.next(circumstances.now));
        let started = self.parts.telemetry.batch_begins();
        let result = match self.parts.store.check_place() {
            Ok(()) => attempt::run(&mut self.link, &mut jobs, &self.resident, circumstances, self.mark).await,
            // What is committed into a file nobody finds again is lost with the process.
            Err(error) => Err(error),
        };
        self.parts.telemetry.batch_ends(started, jobs.len(), result.is_ok());
        self.checkpoints.iter_mut().for_each(Checkpoints::committed);
        match result {
            Ok(committed) => {
                self.parts.registry.health().committed();
                self.publish(&committed, jobs);
            }
            Err(error) => {
                tracing::error!(cause = %crate::telemetry::chain(&error), commands = jobs.len(), "账本提交失败");
                self.parts.registry.health().failed(&error);
                for key in jobs.iter().filter_map(|job| job.needs().key) {
                    self.resident.forget(&key);
                }
                for job in jobs {
                    job.tell(Err(Unavailable::Failed));
                }
            }
        }
    }

    /// After the commit: first what is in memory, then those who wait, then the answers.
    fn publish(&self, committed: &Committed, jobs: Vec<Box<dyn Pending>>) {
        for (key, facts) in &committed.changed {
            if let (Some(credential), Some(verification)) = (facts.credential, facts.verification) {
                self.resident.put(*key, credential, verification);
            }
        }
        for (token, credential) in &committed.learned {
            self.resident.learn(token, credential);
        }
        let fingerprints: Vec<u64> = committed.changed.iter().map(|(key, _)| key.fingerprint()).collect();
        self.watchers.wake(fingerprints.iter().copied());
        if let Some(news) = &self.news {
            news.tell(fingerprints);
        }
        for NotMe { org_code, channel } in &committed.told {
            let (org_code, channel) = (org_code.as_str(), channel.as_str());
            let quiet_seconds = self.parts.policy.quiet.as_secs();
            tracing::warn!(org_code, channel, quiet_seconds, "参保人表示非本人办理");
            self.parts.telemetry.not_me(org_code, channel);
        }
        let batch = jobs.len();
        for job in jobs {
            job.tell(Ok(batch));
        }
    }
}

/// The next message, if there can be one.
async fn next<T>(inbox: Option<&mut mpsc::Receiver<T>>) -> Option<T> {
    inbox?.recv().await
}
