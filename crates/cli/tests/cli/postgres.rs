//! The commands on PostgreSQL.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor};
use yanmi_center::config::Database;

use crate::sandbox::after;
use crate::server;
use crate::serving::Serving;
use crate::site::{ok, site_on};
use crate::tools::{load, loaded_with};
use crate::yanmi::{Ran, Sandbox, http, run};

fn now<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}

/// The name of a new, empty database.
fn database() -> String {
    let Database::Postgres(settings) = now(server::database()) else { panic!("on PostgreSQL") };
    settings.name
}

fn execute(name: &str, statements: &str) {
    let statements = AssertSqlSafe(statements.to_owned());
    now(async { server::connect(name).await.execute(statements).await.expect("executed") });
}

fn tables(name: &str) -> i64 {
    let query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    now(async {
        sqlx::query_scalar(query).fetch_one(&mut server::connect(name).await).await.expect("a number")
    })
}

/// Serves until it is ready, asks for readiness, and stops it as systemd does.
fn serve(config: &str) -> String {
    let center = Serving::start(config);
    let ready = http(center.operations, "GET", "/readyz", "");
    center.stop();
    ready
}

#[test]
fn a_site_is_checked_made_administered_and_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = database();
    let config = site_on(&server::address(&name), folder.path(), "");
    let checked = run(&["check", "--config", &config], "");
    assert!(checked.out.contains("postgres://yanmi@") && checked.out.contains(&name), "{}", checked.out);
    assert!(checked.code == 1 && checked.err.contains("yanmi migrate"), "{checked:?}");
    assert_eq!(tables(&name), 0, "checking does not touch the database");
    for _ in 0..2 {
        let migrated = ok(&["migrate", "--config", &config]).out;
        assert!(migrated.starts_with("数据库已是本版本的结构：postgres"), "{migrated}");
    }
    ok(&["check", "--config", &config]);
    ok(&["account", "add", "--org-id", "his", "--name", "某 HIS", "--config", &config]);
    assert!(ok(&["account", "list", "--config", &config]).out.contains("his"));
    assert_eq!(serve(&config), "ok\n");
    let listed = "SELECT count(*) FROM _yanmi_nodes";
    let left: i64 = now(async {
        sqlx::query_scalar(listed).fetch_one(&mut server::connect(&name).await).await.expect("a number")
    });
    assert_eq!(left, 0, "a center that stops takes itself off the list");
}

#[test]
fn only_migrate_upgrades_and_a_newer_database_is_refused_by_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = database();
    let config = site_on(&server::address(&name), folder.path(), "");
    ok(&["migrate", "--config", &config]);
    let refused = |command: &[&str], words: &[&str]| {
        let ran: Ran = run(&[command, &["--config", &config]].concat(), "");
        assert_eq!(ran.code, 1, "{ran:?}");
        for word in words {
            assert!(ran.err.contains(word), "{word} in {ran:?}");
        }
    };
    // As if its newest migrations were not applied yet.
    execute(
        &name,
        "CREATE TABLE newest AS SELECT * FROM _sqlx_migrations WHERE version > 1; \
         DELETE FROM _sqlx_migrations WHERE version > 1",
    );
    for command in [&["serve"][..], &["account", "list"], &["channel", "list"], &["institution", "list"]] {
        refused(command, &["数据库结构不是本版本的", "yanmi migrate", "其他节点不必停止"]);
    }
    execute(&name, "INSERT INTO _sqlx_migrations SELECT * FROM newest; DROP TABLE newest");
    assert_eq!(serve(&config), "ok\n");

    execute(
        &name,
        "UPDATE _yanmi_schema SET oldest = 99; \
         INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'later', true, '', 0)",
    );
    for command in [&["serve"][..], &["account", "list"], &["migrate"]] {
        refused(command, &["更新版本的验密", "99", "请换用新版本"]);
    }
}

/// A token of the first person, decoded by this sandbox.
fn token(sandbox: &Sandbox, world: &serde_json::Value) -> String {
    let body = serde_json::json!({
        "ecIndexNo": world["persons"][0]["ecIndexNo"], "chnlId": world["channels"][0]["chnlId"],
    });
    let shown = sandbox.ask(9, "POST", "/qr", &body.to_string());
    let code = shown["ecQrCode"].as_str().expect("a code");
    let decoded = ok(&["call", "decode", "--sandbox", &sandbox.file, "--qr", code]);
    after(&decoded.out, "令牌").to_owned()
}

fn answer(command: &str, file: &str, token: &str) -> String {
    let ran = ok(&["call", command, "--sandbox", file, "--token", token]);
    after(&ran.out, "应答明文").to_owned()
}

fn world(file: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(Path::new(file)).expect("sandbox.json");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_second_sandbox_is_a_second_center_of_the_same_site() {
    let name = database();
    let address = server::address(&name);
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let first = Sandbox::start_with(folders[0].path(), &["--database", &address]);
    let second = Sandbox::start_with(folders[1].path(), &["--database", &address]);
    assert_ne!(first.port, second.port);
    let (of_first, of_second) = (world(&first.file), world(&second.file));
    assert_eq!(of_first["persons"], of_second["persons"], "one site, the same people");

    let token = token(&first, &of_first);
    assert!(answer("notify", &second.file, &token).ends_with("\"notcFlag\":\"1\"}"), "asked at the second");
    let person = of_first["persons"][0]["ecIndexNo"].as_str().expect("an index");
    let phone = first.ask(9, "GET", &format!("/phones/{person}/notices"), "");
    let number = &phone["notices"][0]["notcNo"];
    let act = serde_json::json!({ "notcNo": number, "action": "confirm", "way": "01" });
    let done = first.ask(9, "POST", &format!("/phones/{person}/act"), &act.to_string());
    assert_eq!(done["data"]["acptFlag"], "1", "{done}");
    for file in [&first.file, &second.file] {
        assert!(answer("status", file, &token).starts_with("{\"checkStas\":\"1\""));
    }
    second.stop();
    assert!(answer("status", &first.file, &token).starts_with("{\"checkStas\":\"1\""));
    // What all of them knew is there for the next one.
    first.stop();
    let third = Sandbox::start_with(folders[1].path(), &["--database", &address]);
    assert!(answer("status", &third.file, &token).starts_with("{\"checkStas\":\"1\""));
    third.stop();
}

#[test]
fn a_load_fills_the_audit_with_a_year_before_it_begins_and_only_one_that_is_empty() {
    let name = database();
    let address = server::address(&name);
    let options = ["--database", &address, "--ledger", "4", "--audit", "60001"];
    let Some(report) = loaded_with("status", &options) else { return };
    assert_eq!(report["audit"], 60_001);
    let number = |query: &'static str| -> i64 {
        now(async {
            sqlx::query_scalar(query).fetch_one(&mut server::connect(&name).await).await.expect("a number")
        })
    };
    assert_eq!(number("SELECT count(DISTINCT at) FROM audit WHERE token LIKE '350000filled%'"), 60_001);
    assert_eq!(number("SELECT max(length(token))::BIGINT FROM audit WHERE token LIKE '350000filled%'"), 38);
    let year = 365 * 24 * 60 * 60 * 1_000;
    let span = number("SELECT max(at) - min(at) FROM audit WHERE token LIKE '350000filled%'");
    assert!((year - 1_000_000..year).contains(&span), "{span}");
    let (out, err) = load("status", &options);
    assert!(out.is_empty() && err.contains("审计表不是空的"), "{out}{err}");
    // The file of a measurement that brings its own is gone after it.
    let report = loaded_with("status", &["--ledger", "4", "--audit", "60001"]).expect("two cores");
    assert_eq!(report["audit"], 60_001);
}
