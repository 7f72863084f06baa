//! One direction of a connection: bytes on their way, each with the time at which they arrive.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use bytes::{Buf, Bytes};
use tokio::time::Instant;

/// Bytes under way at most, before whoever writes has to wait.
const WINDOW_BYTES: usize = 256 * 1024;

/// What there is to be read.
pub(super) enum PipeEvent {
    /// So many bytes were copied.
    Bytes,
    /// The other side writes nothing more.
    End,
    /// The connection is no more.
    Broken,
    /// Nothing before this moment, if it is known.
    Later(Option<Instant>),
}

#[derive(Debug, Default)]
struct PipeState {
    segments: VecDeque<(Instant, Bytes)>,
    bytes: usize,
    passed: u64,
    /// No segment arrives before the one written earlier.
    newest: Option<Instant>,
    ends_at: Option<Instant>,
    broken: bool,
    silent: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// One direction of a connection, shared by its two ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe(Arc<Mutex<PipeState>>);

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, PipeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts bytes on their way; how many of them have been passed in all, or an error when the connection is no more.
    pub(super) fn write(&self, bytes: &[u8], due: Instant, waker: &Waker) -> Poll<Result<u64, ()>> {
        let mut state = self.lock();
        if state.broken || state.ends_at.is_some() {
            return Poll::Ready(Err(()));
        }
        if state.bytes >= WINDOW_BYTES {
            state.writer = Some(waker.clone());
            return Poll::Pending;
        }
        state.passed += bytes.len() as u64;
        // What is lost for good is believed to be under way for ever.
        if !state.silent {
            let due = state.newest.map_or(due, |newest| newest.max(due));
            state.newest = Some(due);
            state.bytes += bytes.len();
            state.segments.push_back((due, Bytes::copy_from_slice(bytes)));
            wake(&mut state.reader);
        }
        Poll::Ready(Ok(state.passed))
    }

    /// Reads what has arrived into `put`, which tells how much it took.
    pub(super) fn read(&self, now: Instant, waker: &Waker, put: impl FnOnce(&[u8]) -> usize) -> PipeEvent {
        let mut state = self.lock();
        if state.broken {
            return PipeEvent::Broken;
        }
        let due = state.segments.front().map(|(due, _)| *due);
        match due {
            Some(due) if due <= now => {
                let Some((_, segment)) = state.segments.front_mut() else { return PipeEvent::Bytes };
                let taken = put(segment);
                segment.advance(taken);
                let empty = segment.is_empty();
                if empty {
                    state.segments.pop_front();
                }
                state.bytes -= taken;
                wake(&mut state.writer);
                return PipeEvent::Bytes;
            }
            None if state.ends_at.is_some_and(|ends_at| ends_at <= now) => return PipeEvent::End,
            _ => {}
        }
        state.reader = Some(waker.clone());
        PipeEvent::Later(due.or(state.ends_at))
    }

    /// Nothing more is written; the other side hears of it then.
    pub(super) fn end(&self, due: Instant) {
        let mut state = self.lock();
        if state.ends_at.is_none() && !state.silent {
            let due = state.newest.map_or(due, |newest| newest.max(due));
            state.ends_at = Some(due);
            wake(&mut state.reader);
        }
    }

    /// The connection is no more.
    pub(super) fn cut(&self) {
        let mut state = self.lock();
        state.broken = true;
        wake(&mut state.reader);
        wake(&mut state.writer);
    }

    /// From now on nothing arrives, and nobody is told.
    pub(super) fn silence(&self) {
        self.lock().silent = true;
    }

    /// Whether an end may still use it: both hosts remember it beside.
    pub(super) fn is_used(&self) -> bool {
        Arc::strong_count(&self.0) > 2
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
