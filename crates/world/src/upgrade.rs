//! The database is brought up to what next versions of the program need, while this one runs on it.
//!
//! What expands is applied beside centers that do not know it, and they go on, and are started on it again. What contracts is refused
//! as long as one of them runs. An embedded database is held by its center, which is stopped for the time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use yanmi_center::store::StoreError;
use yanmi_center::store::migrate::{MigrationKind, MigrationStep, Schema, migrate_given};
use yanmi_disk::MemoryDisk;

use crate::driver::{ALONE, Driver};
use crate::fault::Fault;

const fn expanding(number: i64, text: &'static str) -> MigrationStep {
    MigrationStep { number, name: "expands", kind: MigrationKind::Expanding, sqlite: text, postgres: "" }
}

/// What the next versions add, one after the other.
const NEXT: [MigrationStep; 4] = [
    expanding(
        1_001,
        "ALTER TABLE verifications ADD COLUMN later BIGINT; CREATE TABLE additions (id BIGINT PRIMARY KEY);",
    ),
    expanding(
        1_002,
        "ALTER TABLE tokens ADD COLUMN later TEXT; CREATE INDEX tokens_later ON tokens (later);",
    ),
    expanding(1_003, "ALTER TABLE persons ADD COLUMN later BLOB; ALTER TABLE audit ADD COLUMN later BIGINT;"),
    expanding(
        1_004,
        "ALTER TABLE accounts ADD COLUMN later TEXT NOT NULL DEFAULT 'x'; DROP INDEX tokens_later;",
    ),
];

/// What the version after those takes away.
const LAST: MigrationStep = MigrationStep {
    number: 2_000,
    name: "contracts",
    kind: MigrationKind::Contracting,
    sqlite: "ALTER TABLE persons DROP COLUMN asked;",
    postgres: "",
};

/// Whoever brings it up to date comes again while others are in the way or the server is not to be had.
const TRIES: usize = 100;
const TRIES_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What has to do with a server that cannot be asked who runs.
const IS_SERVER: fn(Fault) -> bool = |fault| matches!(fault, Fault::Server(_));

impl Driver {
    /// Brings the database to the next version's schema. A center that has it alone is stopped, and comes back after a while.
    pub(crate) async fn upgrade(self: &Arc<Self>, length: Duration) {
        let upgrades = self.upgrades.fetch_add(1, Ordering::Relaxed);
        let Some(steps) = NEXT.get(..=upgrades) else { return };
        let schema = steps.iter().fold(Schema::current(), |schema, step| schema.with(*step));
        if self.world.server.is_none() {
            let Some(life) = self.running.lock().await.remove(&ALONE) else { return };
            let disk = self.lives.stop(life).await;
            self.apply(&disk, &schema).await;
            return self.come_back(ALONE, disk, length).await;
        }
        let disk = self.running.lock().await.values().next().map(|life| life.disk.clone());
        let Some(disk) = disk else { return };
        let driver = Arc::clone(self);
        // What else goes wrong goes on meanwhile, and the server comes back.
        self.coming_back.lock().await.spawn(async move {
            driver.apply(&disk, &schema).await;
            driver.contract(&disk, &schema.with(LAST)).await;
        });
    }

    async fn apply(&self, disk: &MemoryDisk, schema: &Schema) {
        for _ in 0..TRIES {
            match self.migrate(disk, schema, false).await {
                Ok(()) => return,
                Err(_) => tokio::time::sleep(TRIES_AGAIN_AFTER).await,
            }
        }
        self.world.oracle().found("the database cannot be brought up to date".to_owned());
    }

    /// Nothing is taken away that a center needs, as far as the server can know that it runs.
    async fn contract(&self, disk: &MemoryDisk, schema: &Schema) {
        let now = self.world.clock.elapsed();
        let all_run = self.running.lock().await.len() == usize::from(self.world.centers);
        if !all_run || self.world.oracle().is_felt((now, now), IS_SERVER) {
            return;
        }
        match self.migrate(disk, schema, true).await {
            Err(StoreError::OldNodes { .. }) => {}
            done => {
                let found =
                    format!("what running centers need was to be taken away, and not refused: {done:?}");
                self.world.oracle().found(found);
            }
        }
    }

    async fn migrate(&self, disk: &MemoryDisk, schema: &Schema, contract: bool) -> Result<(), StoreError> {
        let config = self.lives.config(disk);
        let ports = self.lives.beside(disk, "upgrade");
        migrate_given(ports, &config.database, &config.encryption_key, schema, contract).await.map(drop)
    }
}
