//! Commands on their way through the machine, each with whoever waits for its answer.
//!
//! Every command has an answer type of its own. The machine puts commands of all kinds into one batch, so what waits is
//! held behind [`Pending`], which keeps the answer beside the command until the batch is committed. A batch may be
//! decided several times, when others got into the way; the last decision is the one that was committed.

use tokio::sync::oneshot;

use super::needs::Needs;
use super::work::{Circumstances, Work};
use crate::ledger::Unavailable;

/// One thing to decide, as one durable step: its state, its audit event and its answer agree (V11).
pub(crate) trait Command: Send + Sync + 'static {
    /// What it comes to, durable by the time it is told.
    type Answer: std::fmt::Debug + Send + Sync + 'static;

    /// What must be at hand when it is decided.
    fn needs(&self) -> Needs<'_>;

    /// Applies the rules to the facts as the batch has left them so far. It is called again, on facts loaded anew, when
    /// the batch could not be committed.
    fn decide(&self, work: &mut Work, with: Circumstances<'_>) -> Self::Answer;
}

/// An answer, and with how many others it was committed.
#[derive(Debug)]
pub(crate) struct Decided<A> {
    pub(crate) answer: A,
    pub(crate) batch: usize,
}

/// What whoever asked waits for.
pub(in crate::ledger) type Waiting<A> = oneshot::Receiver<Result<Decided<A>, Unavailable>>;

/// A command of any kind in a batch.
pub(in crate::ledger) trait Pending: Send + Sync {
    fn needs(&self) -> Needs<'_>;

    /// Decides it, and keeps the answer.
    fn decide(&mut self, work: &mut Work, with: Circumstances<'_>);

    /// Tells whoever waits: the answer and the size of the batch, or why there is none.
    fn tell(self: Box<Self>, committed: Result<usize, Unavailable>);

    /// The answer kept, to be compared.
    #[cfg(test)]
    fn answer(&self) -> String;
}

struct Job<C: Command> {
    command: C,
    answer: Option<C::Answer>,
    reply: oneshot::Sender<Result<Decided<C::Answer>, Unavailable>>,
}

impl<C: Command> Pending for Job<C> {
    fn needs(&self) -> Needs<'_> {
        self.command.needs()
    }

    fn decide(&mut self, work: &mut Work, with: Circumstances<'_>) {
        self.answer = Some(self.command.decide(work, with));
    }

    fn tell(self: Box<Self>, committed: Result<usize, Unavailable>) {
        let Self { answer, reply, .. } = *self;
        // A batch is committed after all of it was decided.
        let decided = committed
            .and_then(|batch| answer.map(|answer| Decided { answer, batch }).ok_or(Unavailable::Failed));
        // A caller that has gone away needs no answer.
        let _ = reply.send(decided);
    }

    #[cfg(test)]
    fn answer(&self) -> String {
        format!("{:?}", self.answer)
    }
}

/// A command to be put into a batch, and where its answer comes.
pub(in crate::ledger) fn job<C: Command>(command: C) -> (Box<dyn Pending>, Waiting<C::Answer>) {
    let (reply, waiting) = oneshot::channel();
    (Box::new(Job { command, answer: None, reply }), waiting)
}
