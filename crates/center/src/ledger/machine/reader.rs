//! Reads, batched in the same manner as commands, on connections of their own.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use yanmi_protocol::{ChannelId, NoticeNo, UnixMillis};
use yanmi_verification::{IdentityKey, PasswordTries, PersonKey};

use super::inbox::{gather, routed};
use crate::ledger::key::{Key, fingerprint};
use crate::ledger::load::{self, Shown, Standing, StoredFacts};
use crate::ledger::settings::{self, Settings};
use crate::ledger::table::password_tries;
use crate::ledger::{LedgerLimits, Unavailable};
use crate::store::batch::Session;
use crate::store::link::{Link, on_link};
use crate::store::{Store, StoreError};
use crate::telemetry::{Telemetry, chain};

/// One question, with where its answer goes.
enum PendingRead {
    Facts(Key, oneshot::Sender<Result<StoredFacts, Unavailable>>),
    Standing(Key, oneshot::Sender<Result<Standing, Unavailable>>),
    Other(Other),
}

/// A question with a statement of its own.
enum Other {
    Tries(IdentityKey, oneshot::Sender<Result<PasswordTries, Unavailable>>),
    Settings(PersonKey, ChannelId, oneshot::Sender<Result<Settings, Unavailable>>),
    ByNotice(NoticeNo, oneshot::Sender<Result<Option<Shown>, Unavailable>>),
    Pending {
        person: PersonKey,
        channel: ChannelId,
        now: UnixMillis,
        limit: usize,
        reply: oneshot::Sender<Result<Vec<Shown>, Unavailable>>,
    },
}

/// The handle of the reading tasks.
#[derive(Clone)]
pub(crate) struct Reader(Arc<[mpsc::Sender<PendingRead>]>);

impl Reader {
    pub(crate) async fn start(
        store: &Store,
        limits: LedgerLimits,
        telemetry: Telemetry,
    ) -> Result<(Self, Vec<JoinHandle<()>>), StoreError> {
        let mut inboxes = Vec::with_capacity(limits.ledgers);
        let mut tasks = Vec::with_capacity(limits.ledgers);
        for _ in 0..limits.ledgers {
            let link = Link::open(store).await?;
            let (questions, inbox) = mpsc::channel(limits.queue);
            inboxes.push(questions);
            tasks.push(tokio::spawn(run(inbox, link, limits.batch, telemetry.clone())));
        }
        Ok((Self(inboxes.into()), tasks))
    }

    pub(crate) async fn load(&self, key: Key) -> Result<StoredFacts, Unavailable> {
        self.ask(key.fingerprint(), |reply| PendingRead::Facts(key, reply)).await
    }

    pub(crate) async fn standing(&self, key: Key) -> Result<Standing, Unavailable> {
        self.ask(key.fingerprint(), |reply| PendingRead::Standing(key, reply)).await
    }

    pub(crate) async fn by_notice(&self, notice: NoticeNo) -> Result<Option<Shown>, Unavailable> {
        self.ask(notice.number(), |reply| PendingRead::Other(Other::ByNotice(notice, reply))).await
    }

    pub(crate) async fn tries(&self, identity: IdentityKey) -> Result<PasswordTries, Unavailable> {
        self.ask(fingerprint([&identity.0]), |reply| PendingRead::Other(Other::Tries(identity, reply))).await
    }

    pub(crate) async fn settings(
        &self,
        person: PersonKey,
        channel: ChannelId,
    ) -> Result<Settings, Unavailable> {
        self.ask(fingerprint([&person.0]), |reply| {
            PendingRead::Other(Other::Settings(person, channel, reply))
        })
        .await
    }

    pub(crate) async fn pending(
        &self,
        person: PersonKey,
        channel: ChannelId,
        now: UnixMillis,
        limit: usize,
    ) -> Result<Vec<Shown>, Unavailable> {
        self.ask(fingerprint([&person.0]), |reply| {
            PendingRead::Other(Other::Pending { person, channel, now, limit, reply })
        })
        .await
    }

    async fn ask<T>(
        &self,
        route: u64,
        question: impl FnOnce(oneshot::Sender<Result<T, Unavailable>>) -> PendingRead,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let inbox = routed(&self.0, route).ok_or(Unavailable::Stopped)?;
        inbox.try_send(question(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::Full,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopped,
        })?;
        answer.await.map_err(|_| Unavailable::Stopped)?
    }
}

async fn run(mut inbox: mpsc::Receiver<PendingRead>, mut link: Link, most: usize, telemetry: Telemetry) {
    let mut questions = Vec::with_capacity(most);
    while inbox.recv_many(&mut questions, most).await > 0 {
        gather(&mut inbox, &mut questions, most).await;
        let mut facts = Alike::default();
        let mut standings = Alike::default();
        for question in questions.drain(..) {
            match question {
                PendingRead::Facts(key, reply) => facts.push(key, reply),
                PendingRead::Standing(key, reply) => standings.push(key, reply),
                PendingRead::Other(other) => answer(other, &mut link).await,
            }
        }
        let read = facts.keys.len() + standings.keys.len();
        if read > 0 {
            telemetry.read(read);
        }
        if !standings.keys.is_empty() {
            let keys = &standings.keys;
            let found =
                on_link!(&mut link, |connection| load::standings(&mut Session::reading(connection), keys));
            reply(standings.replies, told(found));
        }
        if !facts.keys.is_empty() {
            let keys = &facts.keys;
            let found =
                on_link!(&mut link, |connection| load::facts(&mut Session::reading(connection), keys));
            reply(facts.replies, told(found));
        }
    }
    link.close().await;
}

/// Questions of one kind, which one statement answers.
struct Alike<T> {
    keys: Vec<Key>,
    replies: Vec<oneshot::Sender<Result<T, Unavailable>>>,
}

impl<T> Default for Alike<T> {
    fn default() -> Self {
        Self { keys: Vec::new(), replies: Vec::new() }
    }
}

impl<T> Alike<T> {
    fn push(&mut self, key: Key, reply: oneshot::Sender<Result<T, Unavailable>>) {
        self.keys.push(key);
        self.replies.push(reply);
    }
}

/// Tells everybody what was found, or all of them that nothing was. A caller that has gone away needs no answer.
fn reply<T>(replies: Vec<oneshot::Sender<Result<T, Unavailable>>>, found: Result<Vec<T>, Unavailable>) {
    match found {
        Ok(found) => {
            for (reply, one) in replies.into_iter().zip(found) {
                let _ = reply.send(Ok(one));
            }
        }
        Err(unavailable) => {
            for reply in replies {
                let _ = reply.send(Err(unavailable));
            }
        }
    }
}

async fn answer(question: Other, link: &mut Link) {
    match question {
        Other::ByNotice(notice, reply) => {
            let found = on_link!(link, |connection| load::by_notice(connection, notice));
            let _ = reply.send(told(found));
        }
        Other::Settings(person, channel, reply) => {
            let found = on_link!(link, |connection| settings::load(connection, person, channel));
            let _ = reply.send(told(found));
        }
        Other::Tries(identity, reply) => {
            let found = on_link!(link, |connection| password_tries::load(
                &mut Session::reading(connection),
                &[identity]
            ));
            let _ = reply.send(told(found).map(|tries| tries.get(&identity).copied().unwrap_or_default()));
        }
        Other::Pending { person, channel, now, limit, reply } => {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let found = on_link!(link, |connection| load::pending(connection, person, channel, now, limit));
            let _ = reply.send(told(found));
        }
    }
}

/// Logs the cause of a failed read; callers learn only that there is no answer.
fn told<T>(result: Result<T, StoreError>) -> Result<T, Unavailable> {
    result.map_err(|error| {
        tracing::error!(cause = %chain(&error), "账本读取失败");
        Unavailable::Failed
    })
}
