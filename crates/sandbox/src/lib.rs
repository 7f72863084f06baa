//! A center and everybody it deals with, in one process, each speaking the real protocol.
//!
//! The persons of the play:
//!
//! * the **folder** ([`Folder`]) holds who exists (`sandbox.json`, a contract that other programs read), the center's
//!   database and its keys, and survives restarts;
//! * the **registrar** ([`Registrar`]) tells the center who exists: accounts and channels ([`mod@register`]), whoever works
//!   at its console ([`operators`]), applicants and what they asked for ([`applicants`], [`applications`]);
//! * the **play** ([`Play`]) is the running center with the [simulator](yanmi_simulator) beside it.
//!
//! `yanmi sandbox` plays one on ports of this machine; the test center plays many, of which nobody sees another's.
//! Time, chance and network come in as [`Ports`](yanmi_center::ports::Ports).

pub mod applicants;
pub mod applications;
pub mod elsewhere;
mod folder;
pub mod operators;
pub mod others;
mod play;
mod private_file;
pub mod register;
mod registrar;
mod sandbox_error;
mod second_look;
mod settings;

pub use folder::{Folder, read_world, write_world};
pub use play::{Play, PlayParts};
pub use registrar::Registrar;
pub use sandbox_error::SandboxError;
pub use settings::Settings;
