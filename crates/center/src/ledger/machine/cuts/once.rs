//! One cut at each message of a batch: of one that does something, and of the same once more where that does nothing.

use super::kind::Kind;
use super::reference::{NOTHING, ONCE, Reference};
use super::world::{Retries, World};
use crate::config::Database;
use crate::proxy::{Cut, Speaker, cuts_of, distinct_cuts_of};

/// From which rows a batch begins; it comes to the same rows from either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    First,
    Repeated,
}

impl Turn {
    const fn kept(self) -> &'static str {
        match self {
            Self::First => NOTHING,
            Self::Repeated => ONCE,
        }
    }
}

async fn batch(world: &mut World, (kind, turn): (Kind, Turn), reference: &Reference, what: &str) {
    let told = world.batch(kind).await;
    let rows = world.rows().await;
    match turn {
        Turn::First => reference.check(told, what),
        Turn::Repeated => reference.check_again(told, what),
    }
    assert_eq!(rows, reference.once, "{what}");
}

/// The messages of an uncut batch on a connection that has decided the same before.
async fn said(world: &mut World, of: (Kind, Turn), reference: &Reference) -> Vec<(Speaker, char)> {
    for _ in 0..2 {
        world.put_back(of.1.kept()).await;
        let connection = world.writing();
        world.proxy.look_at(connection, None);
        batch(world, of, reference, &format!("{of:?}, uncut")).await;
        assert_eq!(world.writing(), connection, "{of:?}");
        world.nothing_is_left("a batch that was not cut").await;
    }
    world.proxy.said(world.writing())
}

/// The messages of a batch that does something.
pub(super) async fn said_first(world: &mut World, kind: Kind, reference: &Reference) -> Vec<(Speaker, char)> {
    said(world, (kind, Turn::First), reference).await
}

/// A batch whose connection is cut.
async fn cut(world: &mut World, of: (Kind, Turn), reference: &Reference, cut: Cut) {
    world.put_back(of.1.kept()).await;
    let (before, made) = (world.retries(), world.proxy.made());
    world.proxy.look_at(world.writing(), Some(cut));
    let what = format!("{of:?}, {cut:?}");
    batch(world, of, reference, &what).await;
    assert_eq!(world.proxy.made(), made + 1, "{what}: it was not cut");
    reference.check_somebody_new(world, of.0, &what).await;
    let Retries { lost, conflict } = world.retries();
    assert_eq!((lost - before.lost, conflict - before.conflict), (1, 0), "{what}: attempts");
    world.nothing_is_left(&what).await;
}

/// All cuts of a kind; how many there were.
pub(super) async fn walk(of: Database, kind: Kind) -> usize {
    let mut world = World::on_copy(&of, kind, "once").await;
    let reference = Reference::of(&mut world, kind).await;
    let first = cuts_of(&said_first(&mut world, kind, &reference).await);
    for at in &first {
        cut(&mut world, (kind, Turn::First), &reference, *at).await;
    }
    let mut repeated = Vec::new();
    if reference.twice == reference.once {
        repeated = distinct_cuts_of(&said(&mut world, (kind, Turn::Repeated), &reference).await);
        for at in &repeated {
            cut(&mut world, (kind, Turn::Repeated), &reference, *at).await;
        }
    }
    world.stop().await;
    first.len() + repeated.len()
}
