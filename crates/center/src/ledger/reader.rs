//! Reads, batched in the same manner as commands, on a connection of their own.

use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use yanmi_protocol::{ChannelId, NoticeNo, UnixMillis};
use yanmi_verification::PersonKey;

use super::command::{Key, Loaded};
use super::load::{self, Shown};
use super::{LedgerLimits, Unavailable};
use crate::store::batch::Session;
use crate::store::{Store, StoreError};
use crate::telemetry::{Telemetry, chain};

/// One question, with where its answer goes.
enum Question {
    Facts(Key, oneshot::Sender<Result<Loaded, Unavailable>>),
    ByNotice(NoticeNo, oneshot::Sender<Result<Option<Shown>, Unavailable>>),
    Pending {
        person: PersonKey,
        channel: ChannelId,
        now: UnixMillis,
        limit: usize,
        reply: oneshot::Sender<Result<Vec<Shown>, Unavailable>>,
    },
}

/// The handle of the reading task.
#[derive(Clone)]
pub(crate) struct Reader(mpsc::Sender<Question>);

impl Reader {
    pub(crate) async fn start(
        store: &Store,
        limits: LedgerLimits,
        telemetry: Telemetry,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let connection = store.connect().await?;
        let (questions, inbox) = mpsc::channel(limits.queue);
        let task = tokio::spawn(run(inbox, connection, limits.batch, telemetry));
        Ok((Self(questions), task))
    }

    pub(crate) async fn load(&self, key: Key) -> Result<Loaded, Unavailable> {
        self.ask(|reply| Question::Facts(key, reply)).await
    }

    pub(crate) async fn by_notice(&self, notice: NoticeNo) -> Result<Option<Shown>, Unavailable> {
        self.ask(|reply| Question::ByNotice(notice, reply)).await
    }

    pub(crate) async fn pending(
        &self,
        person: PersonKey,
        channel: ChannelId,
        now: UnixMillis,
        limit: usize,
    ) -> Result<Vec<Shown>, Unavailable> {
        self.ask(|reply| Question::Pending { person, channel, now, limit, reply }).await
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, Unavailable>>) -> Question,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(question(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::Full,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopped,
        })?;
        answer.await.map_err(|_| Unavailable::Stopped)?
    }
}

async fn run(
    mut inbox: mpsc::Receiver<Question>,
    mut connection: SqliteConnection,
    most: usize,
    telemetry: Telemetry,
) {
    let mut questions = Vec::with_capacity(most);
    while inbox.recv_many(&mut questions, most).await > 0 {
        let mut keys = Vec::new();
        let mut replies = Vec::new();
        for question in questions.drain(..) {
            match question {
                Question::Facts(key, reply) => {
                    keys.push(key);
                    replies.push(reply);
                }
                Question::ByNotice(notice, reply) => {
                    let _ = reply.send(told(load::by_notice(&mut connection, notice).await));
                }
                Question::Pending { person, channel, now, limit, reply } => {
                    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                    let found = load::pending(&mut connection, person, channel, now, limit).await;
                    let _ = reply.send(told(found));
                }
            }
        }
        if keys.is_empty() {
            continue;
        }
        telemetry.read(keys.len());
        match told(load::facts(&mut Session::reading(&mut connection), &keys).await) {
            Ok(found) => {
                for (reply, loaded) in replies.into_iter().zip(found) {
                    // A caller that has gone away needs no answer.
                    let _ = reply.send(Ok(loaded));
                }
            }
            Err(unavailable) => {
                for reply in replies {
                    let _ = reply.send(Err(unavailable));
                }
            }
        }
    }
    if let Err(error) = sqlx::Connection::close(connection).await {
        tracing::warn!(cause = %error, "关闭数据库连接失败");
    }
}

/// Logs the cause of a failed read; callers learn only that there is no answer.
fn told<T>(result: Result<T, StoreError>) -> Result<T, Unavailable> {
    result.map_err(|error| {
        tracing::error!(cause = %chain(&error), "账本读取失败");
        Unavailable::Failed
    })
}
