//! The parties around a center, each as a server, a caller, or both.

pub(crate) mod app;
pub(crate) mod counter;
pub(crate) mod national;
pub(crate) mod phone;
mod question;
mod server;
mod stage;
