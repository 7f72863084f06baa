//! Whose database it is: one center's, of one key, of this version, and nobody else's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnectOptions;
use yanmi_center::StartError;
use yanmi_center::config::{Config, Database};
use yanmi_center::ports::Entropy;
use yanmi_center::registry::{Administration, AdministrationError};
use yanmi_center::store::StoreError;
use yanmi_center::store::migrate::{MigrationKind, MigrationStep, Schema, migrate};
use yanmi_protocol::Sm4Key;

use crate::register::{FIRST_SCHEMA, execute};
use crate::site::{self, Hands, Site, anywhere, eventually};

/// The database file.
fn database(config: &Config) -> &Path {
    match &config.database {
        Database::Sqlite(path) => path,
        other => panic!("tests run on SQLite, not on {other:?}"),
    }
}

/// The same site's configuration on any free ports.
fn elsewhere(config: &Config) -> Config {
    let mut config = config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    config
}

/// Why no center starts so.
async fn refused(config: &Config, hands: &Hands) -> StoreError {
    match site::start(config, hands).await {
        Err(StartError::Store(error)) => error,
        other => panic!("another reason, or none: {other:?}"),
    }
}

#[tokio::test]
async fn a_second_center_on_the_same_database_is_refused_until_the_first_has_stopped() {
    let site = Site::start().await;
    let token = site.token().await;
    let config = elsewhere(&site.config);
    for _ in 0..2 {
        let error = refused(&config, &site.hands).await;
        assert!(matches!(&error, StoreError::InUse(path) if path == database(&config)), "{error:?}");
    }
    assert_eq!(site.notify(token, None).await.code(), 0, "the first is none the worse for it");
    // The command line works beside a running center.
    let accounts = crate::register::administration(&config).await.accounts().await.expect("a list");
    let world = site.world();
    assert_eq!(accounts.len(), world.accounts.len() + world.extra_accounts.len());
    let site = site.stop().await;
    site::start(&config, &site.hands).await.expect("the place is free").stop().await;
}

#[tokio::test]
async fn another_key_opens_nothing_and_changes_nothing() {
    let site = Site::start().await;
    let token = site.token().await;
    assert_eq!(site.notify(token, None).await.code(), 0);
    let site = site.stop().await;
    let mut config = elsewhere(&site.config);
    config.encryption_key = Sm4Key::from_ascii("yanmi-test-kek-2").expect("a key");
    let before = at_rest(site.folder.path()).await;
    let error = refused(&config, &site.hands).await;
    assert!(matches!(error, StoreError::WrongKey), "{error:?}");
    assert!(error.to_string().contains("YANMI_KEY_ENCRYPTION_KEY"), "it names the setting: {error}");
    let path = database(&config);
    let error = Administration::open(path, &config.encryption_key, Entropy::seeded(5)).await.err();
    assert!(matches!(error, Some(AdministrationError::Store(StoreError::WrongKey))), "{error:?}");
    assert!(at_rest(site.folder.path()).await == before, "{:?}", names(site.folder.path()));
    let site = site.start().await;
    assert_eq!(site.status(token).await.code(), 0);
}

/// The files of a folder. What the lock leaves is empty and no part of the state.
fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut out: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    out.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
    out.sort();
    out
}

/// The files of a folder and what is in them.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| (path.clone(), std::fs::read(&path).expect("a file"));
    names(folder).into_iter().map(read).collect()
}

/// The same, when every connection is closed: the last one takes the log away.
async fn at_rest(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    eventually(async || !names(folder).iter().any(|path| path.to_string_lossy().ends_with("-wal"))).await;
    content(folder)
}

/// A database that another program made by these statements.
async fn foreign(path: &Path, statements: &[&'static str]) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.expect("a database");
    for statement in statements {
        sqlx::query(*statement).execute(&mut connection).await.expect("executed");
    }
    connection.close().await.expect("closed");
}

#[tokio::test]
async fn what_belongs_to_another_program_is_left_as_it_is() {
    let site = Site::start().await;
    let made: [&[&'static str]; 4] = [
        &["CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('mine')"],
        &["PRAGMA application_id = 7", "CREATE TABLE site (id INTEGER)"],
        &["PRAGMA application_id = 7"],
        &["PRAGMA journal_mode = WAL", "CREATE TABLE notes (text TEXT)"],
    ];
    for statements in made {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("theirs.sqlite");
        foreign(&path, statements).await;
        is_left_alone(&site, &path, |error| matches!(error, StoreError::Foreign(_))).await;
    }
    for text in ["not a database at all\n", "SQLite format 3\0 and nothing more of it"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("theirs.sqlite");
        std::fs::write(&path, text.repeat(1_000)).expect("written");
        is_left_alone(&site, &path, |_| true).await;
    }
}

async fn is_left_alone(site: &Site, path: &Path, expected: impl Fn(&StoreError) -> bool) {
    let folder = path.parent().expect("a folder");
    let before = content(folder);
    let mut config = elsewhere(&site.config);
    config.database = Database::Sqlite(path.to_owned());
    let error = refused(&config, &site.hands).await;
    assert!(expected(&error), "{error:?}");
    let error = Administration::open(path, &config.encryption_key, Entropy::seeded(5)).await.err();
    assert!(matches!(&error, Some(AdministrationError::Store(error)) if expected(error)), "{error:?}");
    assert!(content(folder) == before, "changed: {:?}", names(folder));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let site = Site::start().await;
    let token = site.token().await;
    let site = site.stop().await;
    execute(&site.config, "UPDATE _yanmi_schema SET oldest = 99").await;
    execute(
        &site.config,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'of the future', 1, x'00', 0)",
    )
    .await;
    let before = at_rest(site.folder.path()).await;
    let error = refused(&elsewhere(&site.config), &site.hands).await;
    assert!(matches!(error, StoreError::Newer(99)), "{error:?}");
    assert!(at_rest(site.folder.path()).await == before, "{:?}", names(site.folder.path()));
    execute(&site.config, "UPDATE _yanmi_schema SET oldest = 1").await;
    let site = site.start().await;
    assert_eq!(site.status(token).await.code(), 0);
}

/// What the next version adds.
const ADDS: MigrationStep = MigrationStep {
    number: 1_001,
    name: "adds",
    kind: MigrationKind::Expanding,
    sqlite: "ALTER TABLE verifications ADD COLUMN later BIGINT;",
    postgres: "",
};
/// What it takes away.
const REMOVES: MigrationStep = MigrationStep {
    number: 1_002,
    name: "removes",
    kind: MigrationKind::Contracting,
    sqlite: "ALTER TABLE verifications DROP COLUMN later;",
    postgres: "",
};

#[tokio::test]
async fn a_file_is_expanded_beside_a_center_and_contracted_without_one() {
    let site = Site::start().await;
    let token = site.token().await;
    let schema = Schema::current().with(ADDS).with(REMOVES);
    let config = site.config.clone();
    let migrating = async |contract| {
        migrate(&config.database, &config.encryption_key, Entropy::seeded(3), &schema, contract).await
    };
    assert_eq!(migrating(false).await.expect("expanded").waiting, 1);
    assert_eq!(site.notify(token, None).await.code(), 0);
    let error = migrating(true).await.expect_err("a center runs");
    assert!(matches!(error, StoreError::OldNodes { migration: 1_002, nodes: 1 }), "{error:?}");
    let site = site.restart().await;
    assert_eq!(site.status(token).await.code(), 0);
    let stopped = site.stop().await;
    assert_eq!(migrating(true).await.expect("contracted").waiting, 0);
    let error = refused(&elsewhere(&stopped.config), &stopped.hands).await;
    assert!(matches!(error, StoreError::Newer(1_002)), "{error:?}");
}

#[tokio::test]
async fn a_file_of_an_older_version_is_left_to_the_center_and_to_migrate() {
    let site = Site::start().await;
    let token = site.token().await;
    let site = site.stop().await;
    for statement in FIRST_SCHEMA {
        execute(&site.config, statement).await;
    }
    let path = database(&site.config);
    let error = Administration::open(path, &site.config.encryption_key, Entropy::seeded(5)).await.err();
    assert!(matches!(error, Some(AdministrationError::Store(StoreError::Outdated))), "{error:?}");
    let site = site.start().await;
    assert_eq!(site.status(token).await.code(), 0);
}

#[tokio::test]
async fn a_file_that_takes_no_changes_is_not_ready_until_it_takes_them_again() {
    let site = Site::start().await;
    let token = site.token().await;
    let refusing = [
        "CREATE TRIGGER verifications_full BEFORE INSERT ON verifications BEGIN SELECT RAISE(ABORT, 'full'); END",
        "CREATE TRIGGER site_full BEFORE UPDATE ON site BEGIN SELECT RAISE(ABORT, 'full'); END",
    ];
    for statement in refusing {
        site.execute(statement).await;
    }
    assert_eq!(site.ready().await.0, 200, "nothing has failed yet");
    assert_eq!(site.notify(token, Some("10")).await.code(), -1);
    for _ in 0..2 {
        let (status, why) = site.ready().await;
        assert_eq!(status, 503);
        assert!(why.contains("数据库不可用"), "{why}");
    }
    for statement in ["DROP TRIGGER verifications_full", "DROP TRIGGER site_full"] {
        site.execute(statement).await;
    }
    assert_eq!(site.ready().await.0, 200, "nobody has asked for anything meanwhile");
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
}

/// What is committed into a file that nobody finds again is lost with the process.
#[tokio::test]
async fn a_file_that_was_taken_away_or_replaced_takes_nothing_more_and_no_new_one_is_made() {
    let site = Site::start().await;
    let (token, more) = (site.token().await, site.token().await);
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    let file = database(&site.config).to_owned();
    let (away, log) = (file.with_extension("away"), PathBuf::from(format!("{}-wal", file.display())));
    std::fs::rename(&file, &away).expect("moved");
    assert_eq!(site.notify(more, Some("10")).await.code(), -1, "the first batch already");
    for _ in 0..2 {
        let (status, why) = site.ready().await;
        assert!(status == 503 && why.contains("被删除或替换"), "{why}");
        assert!(!why.contains(&*file.to_string_lossy()), "not where it is: {why}");
    }
    assert!(!file.exists(), "no new one");
    assert_eq!(site.check_stas(token).await, "0", "what is known is still told");
    std::fs::write(&file, "another").expect("written");
    assert_eq!(site.notify(more, Some("10")).await.code(), -1);
    assert_eq!(site.ready().await.0, 503);
    std::fs::rename(&away, &file).expect("back");
    assert_eq!(site.ready().await.0, 200, "the same file in its place");
    assert_eq!(site.notify(more, Some("10")).await.code(), 0);

    let kept = log.with_extension("kept");
    std::fs::rename(&log, &kept).expect("moved");
    assert_eq!(site.ready().await.0, 503, "without its log the file lacks what was committed last");
    std::fs::rename(&kept, &log).expect("back");
    assert_eq!(site.ready().await.0, 200);
}

#[tokio::test]
async fn only_migrate_makes_a_database_and_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::start().await;
    assert_eq!(site.notify(site.token().await, None).await.code(), 0);
    for name in names(site.folder.path()) {
        let mode = std::fs::metadata(&name).expect("there").permissions().mode() & 0o777;
        let ours = name.file_name().is_some_and(|name| name.to_string_lossy().starts_with("yanmi.sqlite"));
        assert!(!ours || mode == 0o600, "{} {mode:o}", name.display());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("center.sqlite");
    let mut config = elsewhere(&site.config);
    config.database = Database::Sqlite(path.clone());
    for empty in [false, true] {
        if empty {
            std::fs::write(&path, "").expect("written");
        }
        let error = refused(&config, &site.hands).await;
        assert!(matches!(error, StoreError::NotMade(_)), "{error:?}");
        assert!(error.to_string().contains("yanmi migrate"), "{error}");
        let error = Administration::open(&path, &config.encryption_key, Entropy::seeded(5)).await.err();
        assert!(matches!(error, Some(AdministrationError::Store(StoreError::NotMade(_)))), "{error:?}");
        let length = std::fs::metadata(&path).map(|file| file.len()).ok();
        assert_eq!(length, empty.then_some(0), "left as it was");
    }
    crate::register::made(&config).await;
    site::start(&config, &site.hands).await.expect("a center").stop().await;
}

#[tokio::test]
async fn a_migration_that_was_changed_is_refused() {
    let site = Site::start().await.stop().await;
    execute(&site.config, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await;
    let error = refused(&elsewhere(&site.config), &site.hands).await;
    assert!(matches!(error, StoreError::Migrate(_)), "{error:?}");
}

#[tokio::test]
async fn a_sealed_value_moved_to_another_row_opens_nothing() {
    let site = Site::start().await.stop().await;
    execute(
        &site.config,
        "UPDATE accounts SET key_new = (SELECT key_new FROM accounts WHERE org_id = 'hisVendor2') \
         WHERE org_id = 'testOrgId'",
    )
    .await;
    let error = refused(&elsewhere(&site.config), &site.hands).await;
    assert!(matches!(error, StoreError::Impossible { table: "accounts", .. }), "{error:?}");
}

#[tokio::test]
async fn no_number_is_given_out_twice_over_restarts() {
    let mut site = Site::start().await;
    let mut serials = BTreeSet::new();
    for _ in 0..3 {
        let token = site.token().await;
        for called in [site.status(token).await, site.notify(token, None).await, site.status(token).await] {
            serials.insert(called.member("resBizNo").expect("a serial")[..13].to_owned());
        }
        site = site.restart().await;
    }
    assert_eq!(serials.len(), 3 * 2, "the second status query names the notice: {serials:?}");
}

#[tokio::test]
async fn what_is_not_in_memory_is_read_from_the_database() {
    let site = Site::with(|config| {
        config.limits.resident_verifications = 1;
        config.policy.confirmation_life = Duration::from_hours(3);
    })
    .await;
    let [first, second] = [site.token().await, site.token().await];
    for token in [first, second] {
        assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    }
    assert_eq!(site.metric("yanmi_resident_verifications").await, 1);
    let number = site.number("SELECT max(notice) FROM verifications").await.to_string();
    assert_eq!([site.check_stas(first).await, site.check_stas(second).await], ["0", "0"]);
    assert_eq!(site.act(&number, "confirm", "01").await["data"]["acptFlag"], "1");
    assert_eq!([site.check_stas(first).await, site.check_stas(second).await], ["0", "1"]);
    // After a start only what is younger than an hour is in memory.
    site.hands.forward(Duration::from_hours(2));
    let site = site.restart().await;
    assert_eq!(site.metric("yanmi_resident_verifications").await, 0);
    assert_eq!([site.check_stas(first).await, site.check_stas(second).await], ["0", "1"]);
    assert_eq!(site.notify(second, Some("10")).await.code(), 0, "it stands");
    assert_eq!(site.notify(second, Some("11")).await.code(), 0);
    assert_eq!(site.check_stas(second).await, "0", "voided");
}
