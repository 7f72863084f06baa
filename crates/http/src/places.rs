//! Places that many parties share, so that no one of them can have what the others need.
//!
//! A party may have as many as are free at the moment it asks: alone it has half of them, two that want all have a third
//! each, three a quarter, and there is always something left for whoever comes next. Nothing has to be known about who
//! else there is, and nothing is kept back for parties that never come. It costs two additions and no lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many places.
#[derive(Debug)]
pub struct Places {
    most: usize,
    taken: AtomicUsize,
}

/// How many of some places one party has.
#[derive(Debug, Default)]
pub struct Holding(AtomicUsize);

/// What a party was given of some places; they are free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    holding: Arc<Holding>,
    count: usize,
}

impl Places {
    /// So many.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: AtomicUsize::new(0) })
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// One place for a party, if it may have one more.
    pub fn take(self: &Arc<Self>, holding: &Arc<Holding>) -> Option<Place> {
        let mut place = Place { places: Arc::clone(self), holding: Arc::clone(holding), count: 0 };
        place.grow(1).then_some(place)
    }
}

impl Place {
    /// No place yet, to be grown.
    pub fn none(places: &Arc<Places>, holding: &Arc<Holding>) -> Self {
        Self { places: Arc::clone(places), holding: Arc::clone(holding), count: 0 }
    }

    /// Takes so many more, or none of them when the party may not have that many.
    pub fn grow(&mut self, count: usize) -> bool {
        // Counted before it is looked: two that ask at the same moment may both be refused the last place, but never
        // both be given it.
        let taken = self.places.taken.fetch_add(count, Ordering::Relaxed);
        let held = self.holding.0.fetch_add(count, Ordering::Relaxed);
        // With these it may have one more than are then free: so one place that is left can be taken.
        if held + 2 * count <= (self.places.most + 1).saturating_sub(taken) {
            self.count += count;
            return true;
        }
        self.holding.0.fetch_sub(count, Ordering::Relaxed);
        self.places.taken.fetch_sub(count, Ordering::Relaxed);
        false
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.holding.0.fetch_sub(self.count, Ordering::Relaxed);
        self.places.taken.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes for one party what it gets, at most so many.
    fn fill(places: &Arc<Places>, party: &Arc<Holding>, most: usize) -> Vec<Place> {
        std::iter::from_fn(|| places.take(party)).take(most).collect()
    }

    #[test]
    fn one_party_has_half_two_a_third_and_there_is_always_a_rest() {
        let places = Places::new(90);
        let [first, second, third] = std::array::from_fn(|_| Arc::<Holding>::default());
        let mut greedy = fill(&places, &first, usize::MAX);
        assert_eq!(greedy.len(), 45, "alone: as many as are left");
        let mut other = fill(&places, &second, usize::MAX);
        assert_eq!(other.len(), 23);
        // Places are given back one after the other, and both ask for each: they end at a third each.
        for _ in 0..200 {
            greedy.pop();
            other.extend(places.take(&second));
            greedy.extend(places.take(&first));
        }
        assert_eq!((greedy.len(), other.len()), (30, 31));
        assert_eq!(fill(&places, &third, usize::MAX).len(), 15, "whoever comes next finds room");
        drop((greedy, other));
        assert_eq!(places.taken(), 0);
    }

    #[test]
    fn one_place_is_for_whoever_comes_first_and_none_for_nobody() {
        let (places, party) = (Places::new(1), Arc::default());
        let place = places.take(&party).expect("the one");
        assert!(places.take(&Arc::default()).is_none());
        drop(place);
        assert!(places.take(&Arc::default()).is_some());
        assert!(Places::new(0).take(&party).is_none());
    }

    #[test]
    fn a_place_grows_or_stays_as_it_was() {
        let (places, party) = (Places::new(100), Arc::default());
        let mut room = Place::none(&places, &party);
        assert!(room.grow(40) && !room.grow(11) && room.grow(10) && !room.grow(1));
        assert_eq!(places.taken(), 50);
        drop(room);
        assert_eq!(places.taken(), 0);
    }
}
