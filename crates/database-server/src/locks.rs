//! Who holds which row, and who waits for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A row that can be held, whether it is there or not: a table, and what tells the row apart in it.
pub type Row = (&'static str, Vec<u8>);

/// Why a row is not held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockRefusal {
    /// Others held it for too long.
    Timeout,
    /// The session is gone.
    Lost,
}

/// Of each row who holds it, and behind that one who waits, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Locks(BTreeMap<Row, VecDeque<u64>>);

impl Locks {
    /// Comes to a row; whether it is held at once.
    pub(crate) fn come(&mut self, row: &Row, who: u64) -> bool {
        let queue = self.0.entry(row.clone()).or_default();
        if !queue.contains(&who) {
            queue.push_back(who);
        }
        queue.front() == Some(&who)
    }

    pub(crate) fn is_held_by(&self, row: &Row, who: u64) -> bool {
        self.0.get(row).and_then(VecDeque::front) == Some(&who)
    }

    /// Goes away from a row.
    pub(crate) fn leave(&mut self, row: &Row, who: u64) {
        if let Some(queue) = self.0.get_mut(row) {
            queue.retain(|other| *other != who);
            if queue.is_empty() {
                self.0.remove(row);
            }
        }
    }

    /// Goes away from all rows; whether there was any.
    pub(crate) fn leave_all(&mut self, who: u64) -> bool {
        let mut any = false;
        self.0.retain(|_, queue| {
            any |= queue.contains(&who);
            queue.retain(|other| *other != who);
            !queue.is_empty()
        });
        any
    }

    /// Whether somebody waits for a row whose holder waits, by way of others, for this one.
    pub(crate) fn is_circle(&self, who: u64) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = self.waited_for_by(who);
        while let Some(other) = next.pop() {
            if other == who {
                return true;
            }
            if seen.insert(other) {
                next.extend(self.waited_for_by(other));
            }
        }
        false
    }

    /// Those whom somebody waits for.
    fn waited_for_by(&self, who: u64) -> Vec<u64> {
        let before = |queue: &VecDeque<u64>| {
            let place = queue.iter().position(|other| *other == who)?;
            Some(queue.iter().take(place).copied().collect::<Vec<_>>())
        };
        self.0.values().filter_map(before).flatten().collect()
    }

    /// How many wait for a row.
    pub(crate) fn waiting(&self) -> usize {
        self.0.values().map(|queue| queue.len() - 1).sum()
    }

    /// How many rows are held.
    pub(crate) fn held(&self) -> usize {
        self.0.len()
    }
}
