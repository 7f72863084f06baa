//! Where the desk's blocking calls run. Short ones and those that are held have rooms of their own, so that screens that
//! wait never keep a settlement from being decided; who finds no place is told so at once, and nothing was done. Where the agent is
//! part of another program, they run on the thread that has the request polled.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::fault::Fault;

/// Short calls that run at the same time, each on a thread.
pub const RUNNING: usize = 32;
/// Short calls that wait for one of those threads.
pub const WAITING: usize = 256;
/// Calls that are held until something changes, each on a thread.
pub const HELD: usize = 16;

/// Threads an agent's runtime needs for blocking calls, and all it should be allowed.
pub const THREADS: usize = RUNNING + HELD;

/// Whose threads calls run on.
#[derive(Clone, Copy, Debug)]
enum Threads {
    /// The runtime's, for blocking calls.
    Runtime,
    /// The one that has the request polled.
    Caller,
}

impl Threads {
    async fn run<R: Send + 'static>(
        self,
        call: impl FnOnce() -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        match self {
            Self::Runtime => {
                tokio::task::spawn_blocking(call).await.unwrap_or_else(|_| Err(Fault::internal()))
            }
            Self::Caller => call(),
        }
    }
}

/// The rooms.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    threads: Threads,
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
    held: Arc<Semaphore>,
}

impl Pool {
    /// Rooms of the sizes above, on threads of the runtime.
    pub(crate) fn of_the_runtime() -> Self {
        Self::sized(Threads::Runtime, RUNNING, WAITING, HELD)
    }

    /// The same on the threads of whoever calls.
    pub(crate) fn of_the_caller() -> Self {
        Self::sized(Threads::Caller, RUNNING, WAITING, HELD)
    }

    fn sized(threads: Threads, running: usize, waiting: usize, held: usize) -> Self {
        let room = |size| Arc::new(Semaphore::new(size));
        Self { threads, places: room(running + waiting), running: room(running), held: room(held) }
    }

    /// Runs a short call.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        let _place = self.places.try_acquire().map_err(|_| Fault::busy())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Fault::busy())?;
        // The thread has the permit: were the request dropped meanwhile, its thread would still be taken.
        let call = move || {
            let _running = running;
            call()
        };
        self.threads.run(call).await
    }

    /// Runs a call that is held.
    pub(crate) async fn hold<R: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        let held = Arc::clone(&self.held).try_acquire_owned().map_err(|_| Fault::busy())?;
        let call = move || {
            let _held = held;
            call()
        };
        self.threads.run(call).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn whoever_finds_no_place_is_told_at_once() {
        let pool = Pool::sized(Threads::Runtime, 1, 0, 1);
        let (go, gone) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move || Ok(gone.recv().is_ok())).await }
        });
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|| Ok(())).await, Err(Fault::busy()));
        assert_eq!(pool.hold(|| Ok(7)).await, Ok(7), "held calls have a room of their own");
        go.send(()).expect("it waits");
        assert_eq!(first.await.expect("no panic"), Ok(true));
        assert_eq!(pool.run(|| Ok(1)).await, Ok(1));
        assert_eq!(pool.run::<()>(|| panic!("a mistake")).await, Err(Fault::internal()));
        assert_eq!(pool.run(|| Ok(2)).await, Ok(2), "its place is free again");
    }
}
