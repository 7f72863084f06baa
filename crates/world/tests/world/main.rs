//! Worlds with fixed seeds, and one that each commit has for itself.

mod cut;
mod repeated;
mod sound;
