//! A batch whose connection is cut when no other can be had, for as long as an outage is waited through; and one that
//! loses every connection that can be had.

use super::kind::Kind;
use super::reference::{NOTHING, Reference};
use super::world::World;
use crate::config::Database;
use crate::ledger::Unavailable;
use crate::proxy::{CommitFate, Cut, Moment, Speaker};
use crate::store::link::LOSSES;

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
    /// Every connection is lost as soon as the batch says something on it.
    EachTime,
}

/// The first message of a client after its login and its question whether the server takes changes.
const FIRST_OF_WORK: Cut = Cut { speaker: Speaker::Client, message: 9, moment: Moment::Before };

async fn give_up(world: &mut World, kind: Kind, reference: &Reference, loss: Loss) {
    world.put_back(NOTHING).await;
    let what = format!("{kind:?}, {loss:?}");
    let made = world.proxy.made();
    let at_once = Cut { speaker: Speaker::Client, message: 1, moment: Moment::Before };
    match loss {
        Loss::AtOnce | Loss::EachTime => world.proxy.look_at(world.writing(), Some(at_once)),
        Loss::AtCommit(fate) => world.proxy.next_commit(fate),
    }
    // Others would be had after these.
    let each_time = loss == Loss::EachTime;
    let losses = if each_time { 3 * LOSSES } else { 0 };
    world.proxy.cut_next((0..losses).map(|_| Some(FIRST_OF_WORK)));
    world.proxy.refuse(!each_time);
    let told = world.batch(kind).await;
    assert!(told.iter().all(|told| matches!(told, Err(Unavailable::Failed))), "{what}: {told:?}");
    let attempts = if each_time { usize::try_from(LOSSES).expect("few") } else { 1 };
    assert_eq!(world.proxy.made(), made + attempts, "{what}: attempts");
    let rows = world.rows().await;
    world.nothing_is_left(&what).await;
    world.proxy.cut_next([]);
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
    let losses = [
        Loss::AtOnce,
        Loss::AtCommit(CommitFate::Unheard),
        Loss::AtCommit(CommitFate::Unanswered),
        Loss::EachTime,
    ];
    let mut world = World::on_copy(&of, kind, "given_up").await;
    let reference = Reference::of(&mut world, kind).await;
    for loss in losses {
        give_up(&mut world, kind, &reference, loss).await;
    }
    world.stop().await;
    losses.len()
}
