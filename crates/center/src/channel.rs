//! Everything between the center and the channel apps.

pub mod deliver;
pub mod lane;
