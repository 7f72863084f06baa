//! A cluster is upgraded one node after the other: what the next version brings is applied under the centers of this
//! one, which go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinHandle;
use yanmi_center::StartError;
use yanmi_center::config::Config;
use yanmi_center::ports::Entropy;
use yanmi_center::registry::{Administration, AdministrationError};
use yanmi_center::store::StoreError;
use yanmi_center::store::migrate::{Migrated, MigrationKind, MigrationStep, Schema, migrate};
use yanmi_protocol::EcToken;
use yanmi_simulator::Institution;

use crate::cluster::{Second, check_stas, notice, unlimited};
use crate::party::National;
use crate::register::{FIRST_SCHEMA, execute};
use crate::site::{Site, anywhere, eventually, start};

/// What the next version adds.
const ADDS: MigrationStep = MigrationStep {
    number: 1_001,
    name: "adds",
    kind: MigrationKind::Expanding,
    sqlite: "",
    postgres: "ALTER TABLE verifications ADD COLUMN later BIGINT; ALTER TABLE accounts ADD COLUMN later TEXT; \
        ALTER TABLE audit ADD COLUMN later TEXT; CREATE TABLE additions (id BIGINT PRIMARY KEY);",
};
/// What it takes away, which this version still needs.
const REMOVES: MigrationStep = MigrationStep {
    number: 1_002,
    name: "removes",
    kind: MigrationKind::Contracting,
    sqlite: "",
    postgres: "ALTER TABLE verifications DROP COLUMN shown_name;",
};
/// What the version after it adds.
const ADDS_MORE: MigrationStep = MigrationStep { number: 1_003, name: "adds more", postgres: "", ..ADDS };

async fn migrated(config: &Config, schema: &Schema, contract: bool) -> Result<Migrated, StoreError> {
    migrate(&config.database, &config.encryption_key, Entropy::seeded(3), schema, contract).await
}

/// The same site's configuration on any free ports.
fn elsewhere(config: &Config) -> Config {
    let mut config = config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    config
}

/// Institutions that ask until they are told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    asking: Vec<JoinHandle<()>>,
}

impl Load {
    fn on(institution: &Institution, tokens: &[EcToken]) -> Self {
        let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let ask = |token: &EcToken| {
            let (token, institution) = (*token, institution.clone());
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            tokio::spawn(async move {
                assert_eq!(notice(&institution, token).await, 0);
                while !stop.load(Ordering::SeqCst) {
                    // The second notice within three seconds.
                    assert_eq!(notice(&institution, token).await, 500_084);
                    assert_eq!(check_stas(&institution, token).await, "0");
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let asking = tokens.iter().map(ask).collect();
        Self { stop, asked, asking }
    }

    /// Waits until so many more questions were answered as they should be.
    async fn goes_on(&self) {
        let before = self.asked.load(Ordering::SeqCst);
        eventually(async || {
            assert!(!self.asking.iter().any(JoinHandle::is_finished), "one was answered otherwise");
            self.asked.load(Ordering::SeqCst) > before + 20
        })
        .await;
    }

    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        for asking in self.asking {
            asking.await.expect("answered as it should be");
        }
    }
}

fn issued(national: &National, site: &Site, from: u32) -> Vec<EcToken> {
    let channel = site.channel().chnl_id;
    (from..from + 4).map(|number| national.issue_to(&format!("P{number}"), channel, number)).collect()
}

#[tokio::test]
async fn centers_go_on_while_the_next_version_expands_their_database_and_start_on_it() {
    let (site, national) = unlimited().await;
    let second = Second::beside(&site).await;
    let first_load = Load::on(&site.institution(), &issued(&national, &site, 0));
    let second_load = Load::on(&second.institution, &issued(&national, &site, 10));
    first_load.goes_on().await;
    second_load.goes_on().await;
    let next = Schema::current().with(ADDS);
    assert_eq!(migrated(&site.config, &next, false).await.expect("expanded").waiting, 0);
    first_load.goes_on().await;
    second_load.goes_on().await;
    second_load.end().await;
    second.center.stop().await;
    // Of the version before, on what the next one has made.
    let again = Second::beside(&site).await;
    let again_load = Load::on(&again.institution, &issued(&national, &site, 20));
    again_load.goes_on().await;
    first_load.goes_on().await;
    again_load.end().await;
    first_load.end().await;
    assert_eq!(site.metric("yanmi_ledger_failed_total").await, 0);
    crate::register::administration(&site.config).await.accounts().await.expect("commands work too");
}

#[tokio::test]
async fn what_a_running_center_needs_is_not_taken_away() {
    let site = Site::start().await;
    let second = Second::beside(&site).await;
    let next = Schema::current().with(ADDS).with(REMOVES);
    assert_eq!(migrated(&site.config, &next, false).await.expect("expanded").waiting, 1);
    let error = migrated(&site.config, &next, true).await.expect_err("two need it");
    assert!(matches!(error, StoreError::OldNodes { migration: 1_002, nodes: 2 }), "{error:?}");
    assert!(error.to_string().contains("yanmi migrate --contract"), "{error}");
    second.center.stop().await;
    let error = migrated(&site.config, &next, true).await.expect_err("one needs it");
    assert!(matches!(error, StoreError::OldNodes { nodes: 1, .. }), "{error:?}");
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let error = migrated(&site.config, &next.clone().with(ADDS_MORE), false).await;
    assert!(matches!(error, Err(StoreError::ContractFirst(1_002))), "{error:?}");

    let stopped = site.stop().await;
    assert_eq!(migrated(&stopped.config, &next, true).await.expect("nobody needs it").waiting, 0);
    let started = start(&elsewhere(&stopped.config), &stopped.hands).await;
    let Err(StartError::Store(error @ StoreError::Newer(1_002))) = started else { panic!("{started:?}") };
    assert!(error.to_string().contains("请换用新版本"), "{error}");
}

#[tokio::test]
async fn a_center_that_was_overtaken_says_that_it_is_not_ready() {
    let site = Site::start().await;
    assert_eq!(site.ready().await.0, 200);
    // As if it had been cut off for so long that it was taken for stopped.
    execute(&site.config, "UPDATE _yanmi_schema SET oldest = 1002").await;
    let (status, why) = site.ready().await;
    assert_eq!(status, 503);
    assert!(why.contains("更新版本"), "{why}");
}

#[tokio::test]
async fn on_a_shared_database_only_migrate_changes_the_schema() {
    let site = Site::start().await.stop().await;
    // And who runs, which only this database knows.
    for statement in ["DROP TABLE _yanmi_nodes"].into_iter().chain(FIRST_SCHEMA) {
        execute(&site.config, statement).await;
    }
    let started = start(&elsewhere(&site.config), &site.hands).await;
    assert!(matches!(started, Err(StartError::Store(StoreError::Outdated))), "{started:?}");
    let opened =
        Administration::open(&site.config.database, &site.config.encryption_key, Entropy::seeded(5)).await;
    let Err(AdministrationError::Store(error @ StoreError::Outdated)) = opened else { panic!("{opened:?}") };
    assert!(error.to_string().contains("yanmi migrate"), "{error}");
    migrated(&site.config, &Schema::current(), false).await.expect("migrated");
    site.start().await.stop().await;
}
