//! The executable, run as its users run it.

mod killed;
mod sandbox;
mod site;
mod tools;
mod yanmi;
