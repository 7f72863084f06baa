//! When a run is at its end.

use std::time::Duration;

use tokio::sync::watch;
use yanmi_protocol::UnixMillis;

/// How long it must be quiet after the last event before a run ends by itself: somebody may still change his mind.
pub const QUIET: Duration = Duration::from_secs(10);
/// How often it is looked whether a run is over when nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// Why a run is at its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// Every situation is over, and it was quiet since.
    Played,
    /// Somebody asked for it.
    Asked,
    /// Its time is over.
    Late,
}

/// Whether a run has ended by itself: when nothing more is expected since `last`, or when it is `late`.
pub fn of(last: Option<UnixMillis>, now: UnixMillis, late: bool) -> Option<End> {
    let played = last.is_some_and(|last| now.since(last) >= QUIET);
    if played { Some(End::Played) } else { late.then_some(End::Late) }
}

/// Waits until somebody asks for the end, or `look` finds it; it looks whenever something `changed`, and every second.
pub async fn wait(
    changed: &watch::Sender<u64>,
    finish: &watch::Sender<bool>,
    look: impl Fn() -> Option<End>,
) -> End {
    let (mut finish, mut changed) = (finish.subscribe(), changed.subscribe());
    loop {
        if *finish.borrow_and_update() {
            return End::Asked;
        }
        if let Some(end) = look() {
            return end;
        }
        // Both senders outlive this call, so that neither can fail.
        tokio::select! {
            _ = finish.changed() => {}
            _ = changed.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
