//! What the faces have in common: the sealed call, pages that people log in to, addresses nobody serves, and the listener of
//! those who run the center.

pub(crate) mod application_files;
pub(crate) mod application_form;
pub(crate) mod attachment;
pub(crate) mod denials;
pub(crate) mod entry_state;
pub(crate) mod envelope;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod invite;
pub(crate) mod last_visit;
pub(crate) mod login;
pub(crate) mod multipart;
pub(crate) mod operations;
pub(crate) mod page;
pub(crate) mod page_refusal;
pub(crate) mod page_request;
pub(crate) mod qr;
pub(crate) mod request;
pub(crate) mod table;
pub(crate) mod unknown_address;
pub(crate) mod upload;
