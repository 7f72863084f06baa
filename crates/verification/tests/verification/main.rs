//! The rules against tables of outcomes, and against a naive model.

mod free;
mod life;
mod model;
mod order;
mod scene;
mod walk;
