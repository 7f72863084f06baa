//! A commit that the server is still about when its connection is cut, and when the ledger looks up what became of it.
//!
//! The lookup has to wait: what it found before the commit has ended either way would be that there was none, and the batch
//! would be done twice. Here the commit waits for a lock that is held until somebody waits for the commit.

use super::kind::Kind;
use super::once;
use super::reference::{NOTHING, Reference};
use super::world::{Retries, World, batch};
use crate::config::Database;
use crate::proxy::{Cut, Moment, Speaker};

/// Every batch writes its number. At the end of its transaction it waits here.
const DELAY: &str = "CREATE FUNCTION delay() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END'; \
    CREATE CONSTRAINT TRIGGER delay AFTER INSERT OR UPDATE ON ledgers DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW EXECUTE FUNCTION delay()";

/// A single cut, at the one commit there is; how many there were.
pub(super) async fn walk(of: Database, kind: Kind) -> usize {
    let mut world = World::on_copy(&of, kind, "under_way").await;
    let reference = Reference::of(&mut world, kind).await;
    let said = once::said_first(&mut world, kind, &reference).await;
    let message = said.iter().filter(|(speaker, _)| *speaker == Speaker::Client).count();
    let commit = Cut { speaker: Speaker::Client, message, moment: Moment::After };
    world.execute(DELAY).await;
    world.put_back(NOTHING).await;
    world.execute("SELECT pg_advisory_lock(1)").await;
    world.proxy.look_at(world.writing(), Some(commit));
    let (before, ledger) = (world.retries(), world.ledger.clone());
    let (told, ()) = tokio::join!(batch(&ledger, kind), async {
        world.somebody_waits().await;
        world.execute("SELECT pg_advisory_unlock(1)").await;
    });
    drop(ledger);
    let what = format!("{kind:?}, while its commit is under way");
    let rows = world.rows().await;
    assert_eq!(world.proxy.made(), 1, "{what}: it was not cut");
    reference.check(told, &what);
    assert_eq!(rows, reference.once, "{what}");
    reference.check_somebody_new(&mut world, kind, &what).await;
    let Retries { lost, conflict } = world.retries();
    assert_eq!((lost - before.lost, conflict - before.conflict), (1, 0), "{what}: attempts");
    world.nothing_is_left(&what).await;
    world.stop().await;
    1
}
