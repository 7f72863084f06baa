//! The protocol against known answers made by others, against its own rules, and against nonsense.

mod display;
mod envelope;
mod mutation;
mod readers;
mod reference;
mod unicode;
mod vectors;
