//! Handles: positive 32-bit numbers that any language can hold, each for one thing until it is closed.
//!
//! A handle is a place in a table and the number of times that place was given out. A handle that was closed, closed
//! twice or made up is therefore found out: its count is not that of the place. The count of a place never begins
//! anew; a place that was given out [`GENERATIONS`] times is not given out again. What a handle stands for lives on
//! while a call in another thread still uses it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::fault::{Fault, Kind};

/// Handles that may be open at the same time.
pub const MAX_HANDLES: usize = 1 << PLACE_BITS;
/// Times one place is given out; with all places more than a hundred million handles for one process.
const GENERATIONS: u32 = (1 << (31 - PLACE_BITS)) - 1;
const PLACE_BITS: u32 = 8;

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    held: Option<Arc<T>>,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    places: Mutex<Vec<Place<T>>>,
}

impl<T> Handles<T> {
    pub(crate) const fn new() -> Self {
        Self { places: Mutex::new(Vec::new()) }
    }

    /// Gives out a handle.
    pub(crate) fn open(&self, thing: T) -> Result<i32, Fault> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let free = |place: &Place<T>| place.held.is_none() && place.generation < GENERATIONS;
        let at = match places.iter().position(free) {
            Some(at) => at,
            None if places.len() < MAX_HANDLES => {
                places.push(Place { generation: 0, held: None });
                places.len() - 1
            }
            None => {
                return Err(Fault::new(Kind::TooMany, format!("同时打开的句柄超过 {MAX_HANDLES} 个")));
            }
        };
        let place = &mut places[at];
        place.generation += 1;
        place.held = Some(Arc::new(thing));
        let number = (place.generation << PLACE_BITS) | u32::try_from(at).map_err(|_| Kind::Internal)?;
        i32::try_from(number).map_err(|_| Kind::Internal.into())
    }

    /// What the handle stands for.
    pub(crate) fn get(&self, handle: i32) -> Result<Arc<T>, Fault> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        place(&mut places, handle).and_then(|place| place.held.clone()).ok_or_else(|| Kind::Handle.into())
    }

    /// Takes the handle back.
    pub(crate) fn close(&self, handle: i32) -> Result<Arc<T>, Fault> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        place(&mut places, handle).and_then(|place| place.held.take()).ok_or_else(|| Kind::Handle.into())
    }
}

fn place<T>(places: &mut [Place<T>], handle: i32) -> Option<&mut Place<T>> {
    let number = u32::try_from(handle).ok()?;
    let at = usize::try_from(number & ((1 << PLACE_BITS) - 1)).ok()?;
    places.get_mut(at).filter(|place| place.generation == number >> PLACE_BITS)
}

#[cfg(test)]
mod tests {
    use super::{GENERATIONS, Handles, MAX_HANDLES};
    use crate::fault::Kind;

    #[test]
    fn a_closed_handle_is_found_out_though_its_place_is_used_again() {
        let handles = Handles::new();
        let first = handles.open("first").expect("open");
        assert_eq!(*handles.get(first).expect("held"), "first");
        handles.close(first).expect("closed");
        let second = handles.open("second").expect("open");
        assert_ne!(first, second);
        for dead in [first, 0, -1, i32::MIN, i32::MAX, second + 1] {
            assert_eq!(handles.get(dead).expect_err("dead").kind, Kind::Handle, "{dead}");
            assert_eq!(handles.close(dead).expect_err("dead").kind, Kind::Handle, "{dead}");
        }
        assert_eq!(*handles.get(second).expect("held"), "second");
    }

    #[test]
    fn the_table_is_full_some_time_and_a_place_worn_out() {
        let handles = Handles::new();
        let open: Vec<i32> = (0..MAX_HANDLES).map(|at| handles.open(at).expect("open")).collect();
        assert_eq!(handles.open(0).expect_err("full").kind, Kind::TooMany);
        handles.places.lock().expect("no panic")[3].generation = GENERATIONS;
        let worn = i32::try_from((GENERATIONS << super::PLACE_BITS) | 3).expect("positive");
        handles.close(worn).expect("closed");
        assert_eq!(handles.open(0).expect_err("worn out").kind, Kind::TooMany);
        handles.close(open[5]).expect("closed");
        assert!(handles.open(0).expect("open") > 0);
    }
}
