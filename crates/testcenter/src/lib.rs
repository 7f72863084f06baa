//! The test center (联调中心): the sandbox for many vendors at once on a network, section 1.4.2(2) of the specification.
//!
//! The persons of the play:
//!
//! * the **vendor** makes a **space** by himself. Its name in addresses, which nobody can guess, is all it takes to be in it:
//!   whoever has it may do everything there, and nothing anywhere else;
//! * a **space** (`space`) is a folder with a sandbox in it, its own clock and its acceptance runs. What runs of it, a
//!   center and a simulator (`stage`), is started when somebody comes and stopped when nobody has for a while;
//! * the **hall** (`hall`) is all of them: who is there, who runs, who has to make room;
//! * the **front** (`front`) is one listener for everybody. It takes away what stands before a space's paths and hands the
//!   request to the space's center, in this process, or passes it on to its simulator or its acceptance run;
//! * the **operator** has a listener of his own, makes out codes for spaces and sees how they go.
//!
//! What keeps spaces apart: each has keys, a database, a center and a simulator of its own, and no request has more than one
//! space in its path. Centers call their own simulator and where channel apps of vendors may be, never another port of this
//! machine. A flood is stopped at the space's own rate; what runs at the same time, what waits, and what a space lives, have
//! bounds.
//!
//! Nothing real is in it: tokens and persons are made up, keys of production are refused by their check values.

mod clock;
mod codes;
mod deeds;
mod front;
mod hall;
mod operator_key;
mod page;
mod pass;
mod record;
mod refused_keys;
mod run;
pub mod settings;
mod signing;
mod space;
mod space_id;
mod stage;
mod test_center;

pub use settings::Settings;
pub use test_center::{TestCenter, TestCenterError};
