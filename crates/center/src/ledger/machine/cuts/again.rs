//! A commit whose connection was cut, and a cut at each message of the connection that is made anew for it.
//!
//! On that connection is everything with which one begins: logging in, the question whether the server takes changes,
//! looking up what became of the commit, and, when the server never heard of it, the whole batch with its statements
//! prepared anew. Asking for TLS and a password is looked at by itself, because it takes long.

use sqlx::Executor;
use zeroize::Zeroizing;

use super::kind::Kind;
use super::reference::{NOTHING, Reference};
use super::world::{Retries, World, copied};
use crate::config::{Database, PostgresTls};
use crate::proxy::{ASKS_FOR_ENCRYPTION, CommitFate, Cut, Speaker, distinct_cuts_of};
use crate::server;

/// The password of the one role that needs one.
const PASSWORD: &str = "kou-ling-of-this-test";
const ROLE: &str = "CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'kou-ling-of-this-test'";

/// A batch whose commit is cut, and after it another connection.
async fn cut(
    world: &mut World,
    kind: Kind,
    reference: &Reference,
    (fate, cut): (CommitFate, Option<Cut>),
) -> Vec<(Speaker, char)> {
    world.put_back(NOTHING).await;
    let (before, made) = (world.retries(), world.proxy.made());
    let connections = world.proxy.connections();
    world.proxy.next_commit(fate);
    world.proxy.cut_next([cut]);
    let told = world.batch(kind).await;
    let what = format!("{kind:?}, {fate:?}, then {cut:?}");
    let rows = world.rows().await;
    let cuts = 1 + usize::from(cut.is_some());
    assert_eq!(world.proxy.made(), made + cuts, "{what}: it was not cut");
    let said = world.proxy.said(connections);
    reference.check(told, &what);
    assert_eq!(rows, reference.once, "{what}");
    reference.check_somebody_new(world, kind, &what).await;
    let Retries { lost, conflict } = world.retries();
    let lost = usize::try_from(lost - before.lost).expect("few");
    assert_eq!((lost, conflict - before.conflict), (cuts, 0), "{what}: attempts");
    world.nothing_is_left(&what).await;
    said
}

/// All cuts of a kind; how many there were.
pub(super) async fn walk(of: Database, kind: Kind) -> usize {
    let mut world = World::on_copy(&of, kind, "again").await;
    let reference = Reference::of(&mut world, kind).await;
    let mut count = 0;
    for fate in [CommitFate::Unanswered, CommitFate::Unheard] {
        let said = cut(&mut world, kind, &reference, (fate, None)).await;
        let cuts = distinct_cuts_of(&said);
        for at in &cuts {
            cut(&mut world, kind, &reference, (fate, Some(*at))).await;
        }
        count += cuts.len();
    }
    world.stop().await;
    count
}

/// All cuts from asking for TLS to the end of logging in with a password; how many there were.
pub(super) async fn login(of: Database, kind: Kind) -> usize {
    server::connect("postgres").await.execute(ROLE).await.expect("a role");
    let Database::Postgres(mut settings) = copied(&of, "login").await else { panic!("on PostgreSQL") };
    settings.user = "guarded".to_owned();
    settings.password = Some(Zeroizing::new(PASSWORD.to_owned()));
    settings.tls = PostgresTls::Prefer;
    let mut world = World::on(&Database::Postgres(settings)).await;
    let reference = Reference::of(&mut world, kind).await;
    let fate = CommitFate::Unanswered;
    let mut said = cut(&mut world, kind, &reference, (fate, None)).await;
    let ready = said.iter().position(|said| *said == (Speaker::Server, 'Z')).expect("ready");
    said.truncate(ready + 1);
    let of_client = |tag| said.iter().filter(|said| **said == (Speaker::Client, tag)).count();
    assert_eq!((of_client(ASKS_FOR_ENCRYPTION), of_client('p')), (1, 2), "TLS was asked for, and a password");
    let cuts = distinct_cuts_of(&said);
    for at in &cuts {
        cut(&mut world, kind, &reference, (fate, Some(*at))).await;
    }
    world.stop().await;
    cuts.len()
}
