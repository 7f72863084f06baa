//! A batch whose connection is cut when no other can be had, for as long as an outage is waited through.

use super::kind::Kind;
use super::reference::Reference;
use super::world::World;
use crate::config::Database;
use crate::ledger::Unavailable;
use crate::proxy::{CommitFate, Cut, Moment, Speaker};

/// Where rows may be of a batch that was not done: a token that nobody knew is written ahead of it, with its person,
/// because only a row can be locked. It is unknown all the same until the command that learned it is decided.
const AHEAD: [&str; 2] = ["persons ", "tokens "];

/// What became of the commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Loss {
    /// Nothing of the batch was said.
    AtOnce,
    /// The server heard of it or not.
    AtCommit(CommitFate),
}

async fn give_up(world: &mut World, kind: Kind, reference: &Reference, loss: Loss) {
    world.put_back().await;
    let what = format!("{kind:?}, {loss:?}, then nobody is there");
    match loss {
        Loss::AtOnce => {
            let cut = Cut { speaker: Speaker::Client, message: 1, moment: Moment::Before };
            world.proxy.look_at(world.writing(), Some(cut));
        }
        Loss::AtCommit(fate) => world.proxy.next_commit(fate),
    }
    world.proxy.refuse(true);
    let told = world.batch(kind).await;
    assert_eq!(
        told.map(|told| told.expect_err("cut").to_string()),
        [(); 2].map(|()| Unavailable::Failed.to_string()),
        "{what}"
    );
    let rows = world.rows().await;
    world.nothing_is_left(&what).await;
    world.proxy.refuse(false);
    if loss == Loss::AtCommit(CommitFate::Unanswered) {
        assert_eq!(rows, reference.once, "{what}");
        reference.check_again(world.batch(kind).await, &what);
        assert_eq!(world.rows().await, reference.twice, "{what}: asked again");
        return;
    }
    let ahead = |row: &&String| !reference.nothing.contains(row);
    for row in rows.iter().filter(ahead) {
        assert!(AHEAD.iter().any(|table| row.starts_with(table)), "{what}: {row}");
    }
    assert!(reference.nothing.iter().all(|row| rows.contains(row)), "{what}");
    reference.check(world.batch(kind).await, &what);
    assert_eq!(world.rows().await, reference.once, "{what}: asked again");
    reference.check_somebody_new(world, kind, &what).await;
}

/// All losses of a kind; how many there were.
pub(super) async fn walk(of: Database, kind: Kind) -> usize {
    let losses = [Loss::AtOnce, Loss::AtCommit(CommitFate::Unheard), Loss::AtCommit(CommitFate::Unanswered)];
    let mut world = World::on_copy(&of, kind, "given_up").await;
    let reference = Reference::of(&mut world, kind).await;
    for loss in losses {
        give_up(&mut world, kind, &reference, loss).await;
    }
    world.stop().await;
    losses.len()
}
