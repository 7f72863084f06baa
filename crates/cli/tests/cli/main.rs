//! The executable, run as its users run it.

mod acceptance;
mod agent;
mod audit;
mod channel_acceptance;
mod conforms;
mod crowded;
mod disk;
mod documented;
mod examples;
mod feedback;
mod free_page;
mod guides;
mod handed_keys;
mod handed_over;
mod killed;
mod kit;
mod moved;
mod operators;
mod postgres;
mod private;
mod sandbox;
#[path = "../../../center/tests/center/server.rs"]
#[expect(dead_code, reason = "the tests of the center use all of it")]
mod server;
mod serving;
mod site;
mod suite_process;
mod testcenter;
mod tools;
mod watch;
mod watched;
mod why;
mod windows;
mod wiped;
mod yanmi;
