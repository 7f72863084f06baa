//! A time that passes only when everybody waits for it, and the notice that is taken when it does not pass any more.
//!
//! Who never waits, or always once more for a moment that is over, keeps a paused time from passing, and with it everybody else
//! from saying so. So a play has a thread of its own, and whoever called it looks from outside how far its time has come.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::trace::ClockTime;

/// How often it is looked how far the time of a play has come.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// After so many looks without [`LEAST`] a play stands still. They are many, because a process that was stopped from outside and goes
/// on has missed all but one.
const LOOKS: u32 = 15;
/// A play that goes on comes further than this meanwhile: a world comes on by minutes in each second, and who steps on by milliseconds
/// does not come to an end either.
const LEAST: Duration = Duration::from_secs(1);
/// The stack of a play's thread: that of a main thread.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Time stands still: how far it had come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StandStill(pub(crate) Duration);

impl fmt::Display for StandStill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the world stands still at {}: somebody is busy without end", ClockTime(self.0))
    }
}

/// How far the time of a play has come.
#[derive(Debug, Default)]
struct Progress {
    begun: OnceLock<Instant>,
    millis: AtomicU64,
}

impl Progress {
    /// Looks at the time, which a play's own thread has.
    fn look(&self) {
        let passed = self.begun.get_or_init(Instant::now).elapsed();
        self.millis.store(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn passed(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }
}

/// Plays something in a runtime of one thread whose time passes only when everybody waits for it.
///
/// # Errors
/// When its time does not pass any more. The thread goes on with what it does, until the process ends.
///
/// # Panics
/// When the thread or the runtime cannot be made, or the play panics.
pub(crate) fn in_paused_time<T, F>(play: impl FnOnce() -> F + Send + 'static) -> Result<T, StandStill>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let (progress, (over, played)) = (Arc::new(Progress::default()), channel());
    let looking = Arc::clone(&progress);
    let thread = std::thread::Builder::new().name("world".to_owned()).stack_size(STACK_BYTES);
    let playing = thread.spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        // Whoever waits for the time lets the thread wait.
        runtime.enable_time().start_paused(true).on_thread_park(move || looking.look());
        let runtime = runtime.build().expect("a runtime");
        let played = runtime.block_on(play());
        runtime.shutdown_background();
        // Whoever called waits for it, or has given it up.
        let _ = over.send(played);
    });
    let playing = playing.expect("a thread");
    match wait(&played, &progress, LOOKS_EVERY) {
        Some(done) => done,
        None => std::panic::resume_unwind(playing.join().err().unwrap_or_else(|| Box::new("no end"))),
    }
}

/// Waits until a play is over, or its time stands still; nothing when it panics.
fn wait<T>(played: &Receiver<T>, progress: &Progress, every: Duration) -> Option<Result<T, StandStill>> {
    let (mut seen, mut looks) = (Duration::ZERO, 0);
    loop {
        match played.recv_timeout(every) {
            Ok(played) => return Some(Ok(played)),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let passed = progress.passed();
        looks += 1;
        if passed >= seen + LEAST {
            (seen, looks) = (passed, 0);
        } else if looks >= LOOKS {
            return Some(Err(StandStill(passed)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_play_has_its_own_time_and_hands_out_its_end() {
        let played = in_paused_time(|| async {
            let begun = Instant::now();
            tokio::time::sleep(3_600 * SECOND).await;
            begun.elapsed()
        });
        assert_eq!(played, Ok(3_600 * SECOND));
    }

    #[test]
    fn a_panic_of_a_play_is_one_of_its_caller() {
        let played = std::panic::catch_unwind(|| in_paused_time(|| async { panic!("on purpose") }));
        let why = played.err().and_then(|why| why.downcast_ref::<&str>().map(|why| (*why).to_owned()));
        assert_eq!(why.as_deref(), Some("on purpose"));
    }

    #[test]
    fn who_is_busy_without_end_is_noticed_and_how_far_the_time_had_come() {
        let progress = Arc::new(Progress::default());
        let (_over, played) = channel::<()>();
        progress.millis.store(61_234, Ordering::Relaxed);
        let why =
            wait(&played, &progress, Duration::from_millis(1)).and_then(Result::err).expect("a standstill");
        assert_eq!(why.to_string(), "the world stands still at 00:01:01.234: somebody is busy without end");
    }
}
