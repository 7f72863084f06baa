//! Worlds with fixed seeds, and one that each commit has for itself.

mod repeated;
mod sound;
