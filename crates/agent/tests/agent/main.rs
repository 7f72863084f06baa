//! A whole agent over real HTTP, before the real center.

mod accepted;
mod bad_input;
mod door;
#[path = "../../../client/tests/client/hands.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod hands;
mod journey;
mod offline;
mod page;
mod screen;
mod serving;
#[path = "../../../client/tests/client/site.rs"]
#[expect(dead_code, reason = "the tests of the client use all of it")]
mod site;
