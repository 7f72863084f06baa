//! The life of an application: every outcome in one table, and what no path leads to.

mod forms;
mod outcomes;
mod paths;
mod play;
mod stored;
mod times;
