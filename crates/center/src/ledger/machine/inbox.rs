//! Inboxes of tasks: which of several something goes into, and how a batch is taken out of one.

use tokio::sync::mpsc;

/// How often at most a batch is looked after before it is committed.
const LOOKS: usize = 32;

/// The one of several that this number leads to.
pub(in crate::ledger) fn routed<T>(inboxes: &[T], route: u64) -> Option<&T> {
    let count = u64::try_from(inboxes.len()).ok()?;
    inboxes.get(usize::try_from(route.checked_rem(count)?).ok()?)
}

/// Takes in what is just arriving. A batch costs much by itself and little for each of its members, so while every look
/// finds more, it is worth another: in between, the others of this thread run, and nobody waits idle.
pub(super) async fn gather<T>(inbox: &mut mpsc::Receiver<T>, batch: &mut Vec<T>, most: usize) {
    for _ in 0..LOOKS {
        tokio::task::yield_now().await;
        let before = batch.len();
        while batch.len() < most {
            let Ok(next) = inbox.try_recv() else { break };
            batch.push(next);
        }
        if batch.len() == before {
            break;
        }
    }
}
