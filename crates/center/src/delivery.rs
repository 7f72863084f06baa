//! Taking notices to channels: [`deliver`], each in its channel's [`lane`].

pub mod deliver;
pub mod lane;
