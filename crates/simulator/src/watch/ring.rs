//! The last events, each kept once, in the bytes that go out to every stream.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::watch;

/// Events kept; a stream that is further behind has lost some.
pub(crate) const MOST_EVENTS: usize = 512;
/// Bytes of events kept, unless somebody says that there is less room.
const MOST_BYTES: usize = 8 * 1_024 * 1_024;
/// Events handed to a stream at a time.
const MOST_AT_ONCE: usize = 64;

pub(crate) struct Ring {
    kept: Mutex<Kept>,
    newest: watch::Sender<u64>,
}

struct Kept {
    events: VecDeque<Bytes>,
    /// Of all of them together.
    bytes: usize,
    /// How many bytes there may be.
    room: usize,
    /// The identifier of the next event; that of the oldest is as much less as there are events.
    next: u64,
}

impl Kept {
    /// Forgets the oldest events for which there is no room; the newest stays, however large it is.
    fn forget(&mut self) {
        while self.events.len() > MOST_EVENTS || (self.bytes > self.room && self.events.len() > 1) {
            let gone = self.events.pop_front();
            self.bytes -= gone.map_or(0, |event| event.len());
        }
    }
}

/// What comes after an identifier.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Since {
    /// The next events, perhaps none yet, and the identifier of the last of them.
    Events(Vec<Bytes>, u64),
    /// They are no longer kept, or never were.
    Lost,
}

impl Ring {
    /// An empty ring, whose first event gets the identifier after `first`.
    pub(super) fn new(first: u64) -> Self {
        let kept = Kept { events: VecDeque::new(), bytes: 0, room: MOST_BYTES, next: first + 1 };
        Self { kept: Mutex::new(kept), newest: watch::Sender::new(first) }
    }

    /// Adds an event.
    pub(super) fn publish(&self, kind: &str, data: &impl Serialize) {
        let mut kept = self.kept();
        let id = kept.next;
        let event = render(kind, Some(id), data);
        kept.next += 1;
        kept.bytes += event.len();
        kept.events.push_back(event);
        kept.forget();
        drop(kept);
        self.newest.send_replace(id);
    }

    /// Keeps no more than so many bytes from now on.
    pub(super) fn limit(&self, room: usize) {
        let mut kept = self.kept();
        kept.room = room;
        kept.forget();
    }

    /// The events after this one, at most a handful at a time.
    pub(super) fn since(&self, id: u64) -> Since {
        let kept = self.kept();
        let length = u64::try_from(kept.events.len()).unwrap_or(u64::MAX);
        let before = kept.next - 1 - length;
        let Some(skip) = id.checked_sub(before).filter(|skip| *skip <= length) else { return Since::Lost };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let events: Vec<Bytes> = kept.events.iter().skip(skip).take(MOST_AT_ONCE).cloned().collect();
        let last = id + u64::try_from(events.len()).unwrap_or(0);
        Since::Events(events, last)
    }

    /// The identifier before the oldest event.
    pub(super) fn beginning(&self) -> u64 {
        let kept = self.kept();
        kept.next - 1 - u64::try_from(kept.events.len()).unwrap_or(0)
    }

    /// The identifier of the newest event, and word of each later one.
    pub(super) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Whoever panicked while holding the events left them whole: each change is a push and a pop.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event as it goes out. JSON has no line breaks of its own, so one `data` line is enough.
pub(super) fn render(kind: &str, id: Option<u64>, data: &impl Serialize) -> Bytes {
    // Writing these types into memory cannot fail.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {kind}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(since: Since) -> Vec<String> {
        match since {
            Since::Events(events, _) => {
                events.iter().map(|e| String::from_utf8(e.to_vec()).expect("text")).collect()
            }
            Since::Lost => panic!("lost"),
        }
    }

    #[test]
    fn events_come_once_in_order_from_where_one_left_off() {
        let ring = Ring::new(100);
        assert_eq!(ring.since(100), Since::Events(vec![], 100));
        ring.publish("a", &"x\ny");
        ring.publish("b", &2);
        assert_eq!(
            texts(ring.since(100)),
            ["id: 101\nevent: a\ndata: \"x\\ny\"\n\n", "id: 102\nevent: b\ndata: 2\n\n"]
        );
        assert_eq!(texts(ring.since(101)).len(), 1);
        assert_eq!(ring.since(102), Since::Events(vec![], 102));
        assert_eq!((ring.since(99), ring.since(103)), (Since::Lost, Since::Lost));
        assert_eq!((ring.beginning(), *ring.newest().borrow()), (100, 102));
    }

    #[test]
    fn only_so_many_are_kept_and_handed_out_at_once() {
        let ring = Ring::new(0);
        for n in 0..MOST_EVENTS + 10 {
            ring.publish("n", &n);
        }
        assert_eq!((ring.since(9), ring.beginning()), (Since::Lost, 10));
        let (mut at, mut seen) = (10, 0);
        while let Since::Events(events, last) = ring.since(at) {
            if events.is_empty() {
                break;
            }
            assert!(events.len() <= MOST_AT_ONCE);
            seen += events.len();
            at = last;
        }
        assert_eq!(seen, MOST_EVENTS);
    }

    #[test]
    fn of_large_events_fewer_are_kept_and_never_none() {
        let ring = Ring::new(0);
        for n in 0..10 {
            ring.publish("n", &n);
        }
        ring.limit(3 * "id: 10\nevent: n\ndata: 9\n\n".len());
        assert_eq!((ring.since(6), ring.beginning()), (Since::Lost, 7));
        assert_eq!(texts(ring.since(7)).len(), 3);
        ring.publish("n", &"x".repeat(1_000));
        assert_eq!((texts(ring.since(10)).len(), ring.beginning()), (1, 10));
    }
}
