//! Whom a full listener asks to make room.
//!
//! The connection that has idled longest goes, those first on which nobody has proven anything, and of those that are alike the one
//! that came first; one on which a request is being served never does. To find it all of them have to be looked at, which must
//! not happen for every stranger that knocks: a look finds the next [`FOUND`] at once, and where there are more than that, looks
//! are at least [`LOOK_PAUSE`] apart. In between, whoever was found is looked at again before it is asked to go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::Id;
use tokio::time::Instant;

use crate::connection::MakeRoom;
use crate::watch::ConnectionWatch;

/// Connections one look finds: some 25,000 new ones a second can be let in by it.
const FOUND: usize = 256;
/// The time between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(10);
/// Connections that have been asked to go and have not gone yet, at a time. So many more than its bound may a listener
/// have open for a moment.
pub(super) const MAX_LEAVING: usize = 64;

/// An open connection, as its listener holds it.
#[derive(Debug)]
pub(super) struct Open {
    /// How it is told; gone when it was.
    stop: Option<oneshot::Sender<MakeRoom>>,
    watch: Arc<ConnectionWatch>,
    /// How many came before it.
    number: u64,
}

/// In which order those who idle are asked to go: by whether anything was proven on the connection, since when it idles, and how many
/// came before it.
type Turn = (bool, Instant, u64);

/// The open connections of a listener.
#[derive(Debug, Default)]
pub(super) struct Door {
    open: HashMap<Id, Open>,
    /// How many came.
    came: u64,
    /// How many of them were asked to make room.
    leaving: usize,
    /// The next to go, the first of them last.
    found: Vec<(Turn, Id)>,
    looked: Option<Instant>,
}

impl Door {
    pub(super) fn came(&mut self, id: Id, stop: oneshot::Sender<MakeRoom>, watch: Arc<ConnectionWatch>) {
        self.open.insert(id, Open { stop: Some(stop), watch, number: self.came });
        self.came += 1;
    }

    /// Tells all that the listener stops, those first who came first.
    pub(super) fn close(self) {
        let mut open: Vec<Open> = self.open.into_values().collect();
        open.sort_unstable_by_key(|open| open.number);
        // A dropped channel is the signal, and a list is dropped from its beginning on.
        drop(open);
    }

    pub(super) fn went(&mut self, id: Id) {
        if self.open.remove(&id).is_some_and(|open| open.stop.is_none()) {
            self.leaving -= 1;
        }
    }

    /// Connections that are here to stay.
    pub(super) fn staying(&self) -> usize {
        self.open.len() - self.leaving
    }

    /// Asks one to go; nothing when all are at work, or enough are leaving already.
    pub(super) fn make_room(&mut self) -> Option<()> {
        if self.leaving >= MAX_LEAVING {
            return None;
        }
        let id = self.next()?;
        let stop = self.open.get_mut(&id)?.stop.take()?;
        self.leaving += 1;
        // One that has just ended needs no telling.
        let _ = stop.send(MakeRoom);
        Some(())
    }

    fn next(&mut self) -> Option<Id> {
        self.find().or_else(|| {
            self.look();
            self.find()
        })
    }

    /// The first of those found that still idles as it did.
    fn find(&mut self) -> Option<Id> {
        while let Some(((proven, since, _), id)) = self.found.pop() {
            let idles =
                self.open.get(&id).filter(|open| open.stop.is_some()).and_then(|open| open.watch.rank());
            if idles == Some((proven, since)) {
                return Some(id);
            }
        }
        None
    }

    fn look(&mut self) {
        let now = Instant::now();
        if self.open.len() > FOUND && self.looked.is_some_and(|looked| now - looked < LOOK_PAUSE) {
            return;
        }
        self.looked = Some(now);
        let staying = self.open.iter().filter(|(_, open)| open.stop.is_some());
        self.found.extend(staying.filter_map(|(id, open)| {
            let (proven, since) = open.watch.rank()?;
            Some(((proven, since, open.number), *id))
        }));
        if self.found.len() > FOUND {
            self.found.select_nth_unstable_by_key(FOUND, |(turn, _)| *turn);
            self.found.truncate(FOUND);
        }
        self.found.sort_unstable_by_key(|(turn, _)| std::cmp::Reverse(*turn));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn all_are_told_of_a_stop_in_the_order_in_which_they_came() {
        let (mut door, order) = (Door::default(), Arc::new(Mutex::new(Vec::new())));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..32 {
            let (stop, stopping) = oneshot::channel();
            let order = Arc::clone(&order);
            let task = tasks.spawn(async move {
                assert!(stopping.await.is_err(), "nobody is asked to make room");
                order.lock().expect("no panic").push(number);
            });
            door.came(task.id(), stop, Arc::new(ConnectionWatch::new()));
        }
        tokio::task::yield_now().await;
        assert!(order.lock().expect("no panic").is_empty());
        door.close();
        tasks.join_all().await;
        assert_eq!(*order.lock().expect("no panic"), (0..32).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn of_those_that_idle_alike_the_first_makes_room() {
        let (mut door, mut stopping) = (Door::default(), Vec::new());
        let tasks: Vec<_> = (0..MAX_LEAVING).map(|_| tokio::spawn(std::future::pending::<()>())).collect();
        for task in &tasks {
            let (stop, asked) = oneshot::channel();
            door.came(task.id(), stop, Arc::new(ConnectionWatch::new()));
            stopping.push(asked);
        }
        for asked in &mut stopping {
            assert!(asked.try_recv().is_err(), "nobody was asked out of turn");
            assert_eq!(door.make_room(), Some(()));
            assert!(asked.try_recv().is_ok(), "the first of those that are left");
        }
        assert_eq!(door.make_room(), None, "enough are leaving");
    }
}
