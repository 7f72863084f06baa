//! The protocol against known answers made by others, against its own rules, and against nonsense.

mod envelope;
mod mutation;
mod reference;
mod vectors;
