//! The connection of a ledger is cut before and after every message of a batch, in each direction, for every kind of
//! command.
//!
//! A batch is first decided without a cut, and what passed is counted. Then it is decided again and again from the same
//! beginnings, with a cut at each message. Whoever asked must have been told what the server holds: all rows of all tables
//! are compared with those that are there when the commands were decided one by one, either not at all or once. Only what
//! the database numbers itself is left out: a number that was drawn for something not committed is gone. Where the same
//! batch once more changes nothing, it is cut as well. After each cut somebody else asks for the same, and gets it with no
//! more than one new connection; and of the connection that was cut neither a session nor a lock is left.
//!
//! A batch that was done although its connection was lost is not refused: the ledger tries again by itself and looks up
//! what became of it (`attempt`, `mark`). Only who cannot reach the server for as long as an outage is waited through is told
//! that nothing is known of it. Whoever asks again then gets the truth: what a second command after the first comes to, if
//! the first was done, and otherwise what it would have come to.

mod again;
mod given_up;
pub(super) mod kind;
mod once;
mod reference;
mod told;
mod under_way;
pub(super) mod world;

use kind::Kind;

use super::tests::registered;
use crate::config::Database;
use crate::proxy::all_cuts;
use crate::server;

/// A database of which those of the kinds are copies.
async fn original() -> Database {
    let of = server::database().await;
    drop(registered(&of).await);
    of
}

/// Every one of these kinds beside the others; how many cuts there were.
async fn each<F: Future<Output = usize> + Send + 'static>(
    kinds: &[Kind],
    walk: fn(Database, Kind) -> F,
) -> usize {
    let of = original().await;
    let walks: Vec<_> = kinds.iter().map(|kind| (kind, tokio::spawn(walk(of.clone(), *kind)))).collect();
    let mut cuts = 0;
    for (kind, walk) in walks {
        cuts += walk.await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
    }
    cuts
}

#[tokio::test]
async fn a_batch_cut_at_any_message_is_done_once_and_told_so() {
    let cuts = each(Kind::ALL, once::walk).await;
    println!("{cuts} cuts of batches");
    assert!(cuts > 1_200, "{cuts}");
}

#[tokio::test]
async fn a_connection_made_anew_for_a_commit_without_an_answer_can_be_cut_at_any_message_too() {
    let kinds = if all_cuts() { Kind::ALL } else { &[Kind::Notify] };
    let cuts = each(kinds, again::walk).await;
    println!("{cuts} cuts of connections made anew");
    assert!(cuts > 100 * kinds.len(), "{cuts}");
}

#[tokio::test]
async fn a_login_with_a_password_can_be_cut_at_any_message() {
    let cuts = again::login(original().await, Kind::Notify).await;
    println!("{cuts} cuts of logins");
    assert!(cuts > 12, "{cuts}");
}

#[tokio::test]
async fn a_commit_that_is_under_way_is_waited_for_when_it_is_looked_up() {
    assert_eq!(each(Kind::ALL, under_way::walk).await, Kind::ALL.len());
}

#[tokio::test]
async fn who_was_told_nothing_asks_again_and_gets_the_truth() {
    assert_eq!(each(Kind::ALL, given_up::walk).await, 4 * Kind::ALL.len());
}

#[tokio::test]
async fn a_center_whose_listener_is_cut_misses_nothing() {
    let cuts = told::listeners(&original().await).await;
    println!("{cuts} cuts of listeners");
    assert!(cuts > 50, "{cuts}");
}

#[tokio::test]
async fn a_center_that_is_cut_while_it_tells_others_tells_them_again() {
    let cuts = told::teller(&original().await).await;
    println!("{cuts} cuts of who tells");
    assert!(cuts > 10, "{cuts}");
}
