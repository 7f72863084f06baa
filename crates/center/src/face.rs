//! What the faces have in common: the sealed call, addresses nobody serves, and the listener of those who run the center.

pub(crate) mod envelope;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod operations;
pub(crate) mod page;
pub(crate) mod qr;
pub(crate) mod request;
pub(crate) mod unknown_address;
