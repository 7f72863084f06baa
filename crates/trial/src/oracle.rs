//! The oracle: what can be known about a center from outside, and whether what it stored is that.
//!
//! Whoever plays institution and insured person through [`Parties`] writes down in a [`Visit`] what was done and what
//! was heard. A visit's [`Belief`] is what may be true after that; an answer that contradicts it is found at once. At
//! the end what the database holds, read by whoever knows how to reach it, is made a [`Books`] and compared: it must be
//! one story in itself, and the story that was told. What is found is said in sentences; none means that nothing that
//! was answered is lost and nothing is invented.

mod belief;
mod books;
mod parties;
mod visit;

pub use belief::{Belief, Deed, Said, Standing};
pub use books::{Books, Event, Record};
pub use parties::{Heard, Parties, Unheard};
pub use visit::{Entry, Visit};
