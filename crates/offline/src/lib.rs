//! The offline ways (section 1.5) as an institution's machine has them: a medical-insurance terminal (医保终端) and the
//! credential's dynamic library (医保电子凭证动态库), both a vendor's file that is loaded at run time.
//!
//! * [`ports`] is where to begin: the tables `[terminal]` and `[library]` of a configuration, and how they are plugged
//!   into a desk of `yanmi-client`;
//! * [`terminal`] and [`library`] are those two as ports ([`yanmi_client::offline`]);
//! * [`vendor`] is the file beneath both: its settings, its messages, and how long a call may take;
//! * [`encoding`] is what vendors' texts are in, which on Windows is GBK.
//!
//! It knows nothing of C programs: what crosses the border to those is `yanmi-capi`. Loading a file and calling its
//! function are the only places with `unsafe`, in `vendor/file.rs`.

pub mod encoding;
mod failure;
pub mod library;
pub mod ports;
pub mod terminal;
pub mod vendor;

pub use failure::LoadError;
