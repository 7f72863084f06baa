//! One cut at each message of a batch.

use super::kind::Kind;
use super::reference::Reference;
use super::world::{Retries, World};
use crate::config::Database;
use crate::proxy::{Cut, Speaker, cuts_of};

/// The messages of an uncut batch on a connection that has decided the same before.
async fn said(world: &mut World, kind: Kind, reference: &Reference) -> Vec<(Speaker, char)> {
    for _ in 0..2 {
        world.put_back().await;
        let connection = world.writing();
        world.proxy.look_at(connection, None);
        reference.check(world.batch(kind).await, "uncut");
        assert_eq!(world.writing(), connection, "{kind:?}");
    }
    assert_eq!(world.rows().await, reference.once, "{kind:?}: a batch is more than its commands");
    world.proxy.said(world.writing())
}

/// A batch whose connection is cut.
async fn cut(world: &mut World, kind: Kind, reference: &Reference, cut: Cut) {
    world.put_back().await;
    let (before, made) = (world.retries(), world.proxy.made());
    world.proxy.look_at(world.writing(), Some(cut));
    let told = world.batch(kind).await;
    let what = format!("{kind:?}, {cut:?}");
    let rows = world.rows().await;
    assert_eq!(world.proxy.made(), made + 1, "{what}: it was not cut");
    reference.check(told, &what);
    assert_eq!(rows, reference.once, "{what}");
    reference.check_somebody_new(world, kind, &what).await;
    let Retries { lost, conflict } = world.retries();
    assert_eq!((lost - before.lost, conflict - before.conflict), (1, 0), "{what}: attempts");
    world.nothing_is_left(&what).await;
}

/// All cuts of a kind; how many there were.
pub(super) async fn walk(of: Database, kind: Kind) -> usize {
    let mut world = World::on_copy(&of, kind, "once").await;
    let reference = Reference::of(&mut world, kind).await;
    let cuts = cuts_of(&said(&mut world, kind, &reference).await);
    for at in &cuts {
        cut(&mut world, kind, &reference, *at).await;
    }
    world.stop().await;
    cuts.len()
}
