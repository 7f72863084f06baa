//! A site is moved from the embedded database to PostgreSQL, and goes on as if nothing had happened.

use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Executor, Row};
use yanmi_center::StartError;
use yanmi_center::config::{Config, Database, PostgresSettings};
use yanmi_center::copy::{Beginning, Compared, Copied, CopyError, Move, Progress, Stage, copy};
use yanmi_center::ports::Entropy;
use yanmi_center::registry::Administration;
use yanmi_center::store::StoreError;
use yanmi_center::store::migrate::{Schema, migrate};
use yanmi_center::store::skip::skip_numbers;
use yanmi_protocol::message::password;
use yanmi_protocol::{EcToken, Sm4Key};

use crate::plan::digest;
use crate::register::execute;
use crate::server;
use crate::site::{self, Site, Stopped, anywhere};

/// A site on the embedded database.
async fn small_site() -> Site {
    small_site_of(Sm4Key::from_bytes(&[5; 16])).await
}

/// The same, sealed under this key: whatever was sealed by two such sites differs, as it does by real chance.
async fn small_site_of(key: Sm4Key) -> Site {
    Site::with(|config| {
        config.encryption_key = key;
        // Their folder is the site's, and only its state is elsewhere so far.
        config.database = Database::Sqlite(folder_of(config).join("center.sqlite"));
        config.policy.notices_per_person_hour = 3;
    })
    .await
}

/// A folder that goes away with the databases of this process.
fn folder_of(config: &Config) -> std::path::PathBuf {
    let Database::Postgres(settings) = &config.database else { panic!("on PostgreSQL") };
    let folder = server::folder().join(format!("moved-{}", settings.name));
    std::fs::create_dir(&folder).expect("a folder");
    folder
}

/// Where the site is moved to: an empty database.
async fn empty() -> PostgresSettings {
    let Database::Postgres(settings) = server::database().await else { panic!("on PostgreSQL") };
    settings
}

fn plan(stopped: &Stopped, to: &PostgresSettings) -> Move {
    let Database::Sqlite(from) = stopped.config.database.clone() else { panic!("on SQLite") };
    Move { from, to: to.clone(), key: stopped.config.encryption_key.clone() }
}

async fn moved(plan: &Move) -> Result<Copied, CopyError> {
    copy(plan, Entropy::seeded(9), |_| ControlFlow::Continue(())).await
}

/// A database so written to was last written to by a newer version.
const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
    VALUES (99, 'later', true, '', 0)";

/// Makes a site nobody has begun to use, as `yanmi migrate` does.
async fn make(database: &Database, key: &Sm4Key) {
    migrate(database, key, Entropy::seeded(4), &Schema::current(), false).await.expect("made");
}

/// What the operator is told.
async fn said(plan: &Move) -> String {
    let error = moved(plan).await.expect_err("refused");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    format!("{error} {cause}")
}

/// Ends the copy when this has been told so many times.
async fn ended(plan: &Move, mut after: usize) -> CopyError {
    let tell = |_: &Progress| {
        after -= 1;
        if after == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    copy(plan, Entropy::seeded(9), tell).await.expect_err("ended")
}

/// Why no center starts on this database.
async fn refused(stopped: &Stopped, to: &PostgresSettings) -> StoreError {
    let mut config = stopped.config.clone();
    config.listen.institution = anywhere();
    config.listen.channel = anywhere();
    config.database = Database::Postgres(to.clone());
    let error =
        Administration::open(&config.database, &config.encryption_key, Entropy::seeded(5)).await.err();
    assert!(error.is_some(), "nor is its registry changed");
    match site::start(&config, &stopped.hands).await {
        Err(StartError::Store(error)) => error,
        other => panic!("another reason, or none: {other:?}"),
    }
}

/// Every row of the audit, as text.
async fn audit(database: &Database) -> Vec<String> {
    const TEXT: &str = "SELECT id, at, event, token, org_code, channel, person, notice, serial, amount, detail, confirmer \
        FROM audit ORDER BY id";
    macro_rules! rows {
        ($connection:expr) => {{
            let rows = $connection.fetch_all(TEXT).await.expect("rows");
            rows.iter()
                .map(|row| {
                    let cell = |at: usize| match row.columns()[at].name() {
                        "person" | "confirmer" => format!("{:?}", row.get::<Option<Vec<u8>>, _>(at)),
                        "event" | "token" | "org_code" | "channel" | "detail" => {
                            format!("{:?}", row.get::<Option<String>, _>(at))
                        }
                        _ => format!("{:?}", row.get::<Option<i64>, _>(at)),
                    };
                    (0..row.len()).map(cell).collect::<Vec<_>>().join(" ")
                })
                .collect()
        }};
    }
    match database {
        Database::Sqlite(path) => {
            rows!(SqliteConnectOptions::new().filename(path).connect().await.expect("the database"))
        }
        Database::Postgres(settings) => rows!(server::connect(&settings.name).await),
        other => panic!("{other:?}"),
    }
}

/// Has something happen that leaves a row in every table; the token that is verified.
async fn live(site: &Site) -> EcToken {
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("128.50")).await.code(), 0);
    let number = site.newest_notice().await;
    assert_eq!(site.act(&number, "confirm", "03").await["data"]["acptFlag"], "1");
    let asked = site.token().await;
    assert_eq!(site.notify(asked, None).await.code(), 0);
    assert_eq!(site.check_stas(token).await, "1");
    let free =
        site.world().channels.iter().find(|channel| channel.password_free).expect("such a one").clone();
    let switch = json!({ "chnlId": free.chnl_id.as_str(), "openFlag": "1", "singleAmt": "100" });
    let path = format!("/phones/{}/passwordFree", site.person().ec_index_no.as_str());
    assert_eq!(site.control(&path, &switch).await["data"]["openFlag"], "1");
    assert_eq!(site.notify(site.token_in(&free).await, Some("1")).await.code(), 500_320);
    wrong_password(site).await;
    site.execute("INSERT INTO page_claims SELECT notice, 1, person, 1 FROM verifications, persons").await;
    site.execute("INSERT INTO face_uses SELECT person, notice, 1 FROM verifications, persons LIMIT 1").await;
    site.execute("INSERT INTO not_me SELECT person, 'P35010000001', 1 FROM persons").await;
    token
}

/// The hospital tries a wrong password; the code of the answer.
async fn wrong_password(site: &Site) -> i64 {
    let person = site.person();
    let message = json!({
        "idType": "01", "reqBizNo": "1616654881967", "userPwd": digest("000000"), "userName": person.user_name,
        "idNo": person.id_no,
    });
    site.institution().call(password::PATH, message.to_string()).await.expect("an answer").code()
}

/// So many more rows of the audit and of tokens than a page has.
async fn grow(stopped: &Stopped) {
    execute(
        &stopped.config,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) \
         INSERT INTO audit (at, event, token, amount, confirmer) SELECT i, '询问', 'G' || i, i, x'00FF' FROM n",
    )
    .await;
    execute(
        &stopped.config,
        "INSERT INTO calls (at, node, op, org_id, proven, code, cause, us, address) \
         VALUES (1, 0, 'status', 'his', 0, -4, '密文', 7, '::1'), (2, 0, 'lost', NULL, 0, 0, NULL, 0, NULL)",
    )
    .await;
    execute(
        &stopped.config,
        "INSERT INTO operators (login, name, unit, totp_step, failed, changed_at, oidc_subject, oidc_at) \
             VALUES ('a1', '甲', '局', 0, 0, 1, x'000102030405060708090A0B0C0D0E0F', 5); \
         INSERT INTO operator_grants VALUES ('a1', 'auditor', '35', 'host:root', 1, NULL); \
         INSERT INTO operator_sessions VALUES ('a1', x'000102030405060708090A0B0C0D0E0F', 1, 1, 1, '::1'); \
         INSERT INTO applicants VALUES (1, 'vendor', '甲', '91350100M000100Y43', '35', 1, NULL, 1); \
         INSERT INTO applicant_users (login, applicant, name, phone, role, totp_step, failed, changed_at) \
             VALUES ('a2', 1, '甲', x'00', 'admin', 0, 0, 1); \
         INSERT INTO applicant_sessions VALUES ('a2', x'000102030405060708090A0B0C0D0E0F', 1, 1, 1, '::1'); \
         INSERT INTO pending VALUES (1, 'channel.edit', 'channel', 'C', '35', '{}', '[]', '更名', 1, 'a1', 1, 2, NULL, NULL, NULL); \
         INSERT INTO alarms VALUES (1, 'silent', 'institution', 'H1', '350102', '一整天没有发起', 1, 1, 1, 'a1', 2, NULL, NULL, NULL, 3); \
         INSERT INTO key_offers SELECT x'000102030405060708090A0B0C0D0E0F', org_id, 'AABBCC', NULL, \
             x'000102030405060708090A0B0C0D0E0F', 0, 'a1', 1, 2, NULL, NULL, NULL, 0, NULL, NULL FROM accounts LIMIT 1; \
         INSERT INTO key_uses VALUES ('account', 'his', 'AABBCC', 1); \
         INSERT INTO stat_org_day VALUES (20251123, 'H1', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1); \
         INSERT INTO stat_city_hour VALUES (2025112315, '3501', 'C', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1); \
         INSERT INTO stat_marks VALUES ('audit', 7, 0, 0) ON CONFLICT DO NOTHING; \
         INSERT INTO imports VALUES (1, 'a1', 1, '机构.csv', zeroblob(32), 'CSV', '甲', '35', 'checked', 1, 0, 0, 0, 0, \
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'institutions', 0); \
         INSERT INTO import_rows VALUES (1, 2, NULL, NULL, '{}', NULL, NULL, NULL, NULL); \
         INSERT INTO applications VALUES (1, 'attach', 'his 350102', 1, '350102', '某医院', NULL, 'a1', 1, 'in-review', '{}', \
            x'00', 'clerk', 'county', 2, NULL, NULL, 1, NULL); \
         INSERT INTO application_forms VALUES (1, 1, zeroblob(32), x'00', 1); \
         INSERT INTO application_steps VALUES (1, 1, 1, 'a1', 'submit', 'draft', 'in-review', ''); \
         INSERT INTO attachments VALUES (1, zeroblob(32), 1, 'a1', 1, NULL); \
         INSERT INTO attachment_parts VALUES (1, zeroblob(32), 0, zeroblob(33)); \
         INSERT INTO feedback_forms VALUES (1, 'F350000-2026-000001', 1, 'his', '{}', zeroblob(32), 'a1', 1, NULL)",
    )
    .await;
    execute(
        &stopped.config,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500) \
         INSERT INTO tokens SELECT 'G' || i, person, identity, channel, active, condition, authorized, password_set, \
         decoded_at, holder FROM n, (SELECT * FROM tokens LIMIT 1)",
    )
    .await;
}

#[tokio::test]
async fn a_moved_site_goes_on_as_if_nothing_had_happened() {
    let site = small_site().await;
    let token = live(&site).await;
    let stopped = site.stop().await;
    grow(&stopped).await;
    let (before, to) = (audit(&stopped.config.database).await, empty().await);
    let mut steps = Vec::new();
    let tell = |progress: &Progress| {
        steps.push(*progress);
        ControlFlow::Continue(())
    };
    let copied = copy(&plan(&stopped, &to), Entropy::seeded(9), tell).await.expect("copied");
    assert_eq!(copied.beginning, Beginning::Fresh);
    let tables = steps.iter().filter(|step| step.stage == Stage::Verifying && step.table_done).count();
    assert_eq!(copied.tables.len(), tables);
    for table in &copied.tables {
        assert!(table.is_alike() && table.source.rows > 0, "{table:?}");
    }
    let total: u64 = copied.tables.iter().map(|table| table.source.rows).sum();
    for stage in [Stage::Copying, Stage::Verifying] {
        let done: Vec<u64> = steps.iter().filter(|s| s.stage == stage).map(|s| s.done).collect();
        assert!(done.is_sorted() && done.last() == Some(&total), "{done:?} of {total}");
        assert!(steps.iter().all(|step| step.total == total && step.kept == 0));
    }
    let mut stopped = stopped;
    stopped.config.database = Database::Postgres(to);
    assert_eq!(audit(&stopped.config.database).await, before);
    let last = stopped.config.clone();
    let site = stopped.start().await;
    assert_eq!(site.check_stas(token).await, "1", "what was confirmed before");
    let asked = site.newest_notice().await;
    assert_eq!(site.act(&asked, "confirm", "03").await["data"]["acptFlag"], "1", "what was asked before");
    assert_eq!(site.notify(site.token().await, None).await.code(), 0, "the third in this hour");
    assert_eq!(site.notify(site.token().await, None).await.code(), 500_084, "and the last");
    for tries in 2..=6 {
        let code = if tries <= 5 { 0 } else { 500_084 };
        assert_eq!(wrong_password(&site).await, code, "one wrong password was counted before: {tries}");
    }
    let newest = site.number("SELECT min(id) FROM audit WHERE id > 9000").await;
    assert!(newest > 9_000);
    let fresh = site.number("SELECT count(*) FROM audit").await;
    assert!(fresh > i64::try_from(before.len()).expect("few"), "new events come after the old ones");
    let twice =
        "SELECT count(*) FROM (SELECT notice FROM verifications GROUP BY notice HAVING count(*) > 1) AS t";
    assert_eq!(site.number(twice).await, 0);
    // Its accounts' calls for a code are answered, so their keys open; and the registry is changed as before.
    site.change(async |administration| {
        assert!(!administration.accounts().await.expect("a list").is_empty());
    })
    .await;
    let skipped =
        skip_numbers(&last.database, &last.encryption_key, Entropy::seeded(5), 0, 7).await.expect("skipped");
    assert_eq!(skipped.after, skipped.before + 7);
}

#[tokio::test]
async fn ended_after_any_page_a_copy_is_refused_to_centers_and_goes_on_where_it_was() {
    let site = small_site().await;
    let token = live(&site).await;
    let stopped = site.stop().await;
    grow(&stopped).await;
    let (to, mut ends) = (empty().await, 0);
    let plan = plan(&stopped, &to);
    // Each time the copy gets one page further than what is there already.
    let copied = loop {
        let mut kept = 0;
        let tell = |progress: &Progress| {
            kept = kept.max(progress.kept);
            let news = progress.stage == Stage::Copying && progress.done > progress.kept;
            if news || (progress.stage == Stage::Verifying && ends % 2 == 0) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        match copy(&plan, Entropy::seeded(9), tell).await {
            Err(CopyError::Stopped) => ends += 1,
            other => break other.expect("copied"),
        }
        assert!(matches!(refused(&stopped, &to).await, StoreError::Unfinished), "{ends}");
        if ends > 1 {
            assert!(kept > 0, "{ends}");
        }
    };
    assert!(ends > 10 + 4 + 2, "every table and every page: {ends}");
    assert_eq!(copied.beginning, Beginning::Continued);
    // Once more, as if the end had not been heard of.
    assert_eq!(moved(&plan).await.expect("verified").beginning, Beginning::Finished);
    let mut stopped = stopped;
    stopped.config.database = Database::Postgres(to);
    let site = stopped.start().await;
    assert_eq!(site.check_stas(token).await, "1");
    let error = said(&plan).await;
    assert!(error.contains("--to") && error.contains("已经搬到其中"), "{error}");
    site.stop().await;
    let error = said(&plan).await;
    assert!(error.contains("--to") && error.contains("已经搬到其中"), "{error}");
}

#[tokio::test]
async fn a_source_that_went_on_after_a_copy_was_ended_is_copied_from_the_beginning() {
    let site = small_site().await;
    let token = live(&site).await;
    let stopped = site.stop().await;
    let to = empty().await;
    let plan = plan(&stopped, &to);
    assert!(matches!(ended(&plan, 8).await, CopyError::Stopped));
    let site = stopped.start().await;
    site.hands.forward(Duration::from_secs(4));
    assert_eq!(site.notify(token, Some("200")).await.code(), 0, "more than was confirmed");
    let stopped = site.stop().await;
    assert_eq!(moved(&plan).await.expect("copied").beginning, Beginning::Again);
    let mut stopped = stopped;
    stopped.config.database = Database::Postgres(to);
    assert_eq!(stopped.start().await.check_stas(token).await, "0");
}

#[tokio::test]
async fn a_target_that_is_not_like_the_source_is_no_site() {
    let site = small_site().await;
    let token = live(&site).await;
    let stopped = site.stop().await;
    let to = empty().await;
    let plan = plan(&stopped, &to);
    let mut told = 0;
    let tell = |progress: &Progress| {
        told += 1;
        let end = progress.stage == Stage::Verifying;
        if end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    copy(&plan, Entropy::seeded(9), tell).await.expect_err("ended");
    for spoiling in [
        "UPDATE verifications SET amount = 12851 WHERE amount = 12850",
        "DELETE FROM audit WHERE id = 1",
        "UPDATE accounts SET key_old = '' WHERE org_id = 'testOrgId'",
    ] {
        server::connect(&to.name).await.execute(AssertSqlSafe(spoiling)).await.expect("changed");
        let error = moved(&plan).await.expect_err(spoiling);
        let CopyError::Different(tables) = &error else { panic!("{spoiling}: {error:?}") };
        assert_eq!(tables.iter().filter(|table| !table.is_alike()).count(), 1, "{spoiling}");
        assert!(matches!(refused(&stopped, &to).await, StoreError::Unfinished), "{spoiling}");
        // The next one begins anew.
        assert!(matches!(ended(&plan, told).await, CopyError::Stopped), "{spoiling}");
    }
    assert!(moved(&plan).await.expect("copied").tables.iter().all(Compared::is_alike));
    let mut stopped = stopped;
    stopped.config.database = Database::Postgres(to);
    assert_eq!(stopped.start().await.check_stas(token).await, "1");
}

#[tokio::test]
async fn a_source_that_is_not_to_be_used_is_named_with_its_option() {
    let site = small_site().await;
    let to = empty().await;
    let Database::Sqlite(from) = site.config.database.clone() else { panic!("on SQLite") };
    let plan = Move { from, to, key: site.config.encryption_key.clone() };
    let in_use = said(&plan).await;
    assert!(in_use.contains("--from") && in_use.contains("请先停止"), "{in_use}");
    let stopped = site.stop().await;
    let wrong_key = said(&Move { key: Sm4Key::from_bytes(&[3; 16]), ..plan.clone() }).await;
    assert!(wrong_key.contains("--from") && wrong_key.contains("keys.encryption_key_file"), "{wrong_key}");
    let nowhere = server::folder().join("nowhere.sqlite");
    let none = said(&Move { from: nowhere.clone(), ..plan.clone() }).await;
    assert!(none.contains("--from") && none.contains("不存在") && !nowhere.exists(), "{none}");
    execute(&stopped.config, NEWER).await;
    let newer_source = said(&plan).await;
    assert!(newer_source.contains("--from") && newer_source.contains("99"), "{newer_source}");
    execute(&stopped.config, "DELETE FROM _sqlx_migrations WHERE version = 99").await;
    assert_eq!(moved(&plan).await.expect("copied").beginning, Beginning::Fresh);
}

#[tokio::test]
async fn a_target_that_is_not_to_be_used_is_named_with_its_option() {
    let stopped = small_site().await.stop().await;
    let to = empty().await;
    let mut plan = plan(&stopped, &to);
    let hosts = vec![("127.0.0.1".to_owned(), 1)];
    let away = said(&Move { to: PostgresSettings { hosts, ..to }, ..plan.clone() }).await;
    assert!(away.contains("--to") && away.contains("连接被拒绝"), "{away}");
    let foreign = empty().await;
    server::connect(&foreign.name).await.execute("CREATE TABLE notes (id BIGINT)").await.expect("a table");
    let foreign = said(&Move { to: foreign, ..plan.clone() }).await;
    assert!(foreign.contains("--to") && foreign.contains("其他程序"), "{foreign}");
    let others = empty().await;
    let (database, key) = (Database::Postgres(others.clone()), &stopped.config.encryption_key);
    make(&database, key).await;
    let mut config = stopped.config.clone();
    (config.database, config.listen.institution, config.listen.channel) = (database, anywhere(), anywhere());
    let running = site::start(&config, &stopped.hands).await.expect("a center");
    let used = said(&Move { to: others.clone(), ..plan.clone() }).await;
    assert!(used.contains("--to") && used.contains("请先停止"), "{used}");
    running.stop().await;
    execute(&config, "INSERT INTO audit (at, event) VALUES (1, 'asked')").await;
    let taken = said(&Move { to: others, ..plan.clone() }).await;
    assert!(taken.contains("--to") && taken.contains("已有站点的数据"), "{taken}");
    site::start(&config, &stopped.hands).await.expect("it is as it was").stop().await;
    let made = empty().await;
    let database = Database::Postgres(made.clone());
    let key = Sm4Key::from_bytes(&[3; 16]);
    make(&database, &key).await;
    let of_other_key = said(&Move { to: made.clone(), ..plan.clone() }).await;
    assert!(of_other_key.contains("--to") && of_other_key.contains("未作改动"), "{of_other_key}");
    server::connect(&made.name).await.execute(NEWER).await.expect("a row");
    let newer_target = said(&Move { to: made, ..plan.clone() }).await;
    assert!(newer_target.contains("--to") && newer_target.contains("99"), "{newer_target}");

    // A target that was made with the same key, and holds nothing, is as good as an empty one.
    let made = empty().await;
    let (database, key) = (Database::Postgres(made.clone()), &stopped.config.encryption_key);
    make(&database, key).await;
    plan.to = made;
    assert_eq!(moved(&plan).await.expect("copied").beginning, Beginning::Fresh);
}

#[tokio::test]
async fn an_unfinished_copy_of_another_source_is_left_alone() {
    let to = empty().await;
    let one = small_site().await.stop().await;
    let other = small_site_of(Sm4Key::from_bytes(&[3; 16])).await.stop().await;
    ended(&plan(&one, &to), 3).await;
    let error = said(&plan(&other, &to)).await;
    assert!(error.contains("--to") && error.contains("另一个来源"), "{error}");
    assert_eq!(moved(&plan(&one, &to)).await.expect("copied").beginning, Beginning::Continued);
}

#[tokio::test]
async fn of_two_copies_at_once_into_one_target_one_is_refused_and_the_source_stands_still_meanwhile() {
    let site = small_site().await;
    live(&site).await;
    let stopped = site.stop().await;
    let to = empty().await;
    let plan = plan(&stopped, &to);
    // The server's lock alone, for the source is locked as well.
    let mut beside = server::connect(&to.name).await;
    beside.execute(AssertSqlSafe(format!("SELECT pg_advisory_lock({})", 0x5941_4E43))).await.expect("a lock");
    let busy = said(&plan).await;
    assert!(busy.contains("--to") && busy.contains("另一次搬迁"), "{busy}");
    drop(beside);
    let (told, telling) = std::sync::mpsc::channel();
    let (resume, paused) = std::sync::mpsc::channel::<()>();
    let copying = tokio::task::spawn_blocking({
        let plan = plan.clone();
        move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let mut first = true;
            runtime.block_on(copy(&plan, Entropy::seeded(9), |_| {
                if std::mem::take(&mut first) {
                    told.send(()).expect("somebody waits");
                    paused.recv().expect("somebody resumes");
                }
                ControlFlow::Continue(())
            }))
        }
    });
    tokio::task::spawn_blocking(move || telling.recv().expect("told")).await.expect("no panic");
    let second = said(&plan).await;
    assert!(second.contains("--from") && second.contains("另一次搬迁"), "{second}");
    let changing = Administration::open(&stopped.config.database, &plan.key, Entropy::seeded(5)).await;
    let changing = changing.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(changing.contains("yanmi store copy"), "nobody changes the source meanwhile: {changing}");
    resume.send(()).expect("it waits");
    copying.await.expect("no panic").expect("copied");
}
