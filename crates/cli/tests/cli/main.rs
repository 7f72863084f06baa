//! The executable, run as its users run it.

mod sandbox;
mod site;
mod tools;
mod yanmi;
