//! A server that is there but lacks something: disk, connections, a password that still holds. The center says what,
//! and goes on by itself when it is put right.

use sqlx::{AssertSqlSafe, Executor};
use yanmi_center::config::Database;
use yanmi_protocol::EcToken;

use crate::server;
use crate::site::{Site, eventually};

/// Institutions are told -1, readiness says these words, and all is well when `repair` was run.
async fn suffers_and_recovers(site: &Site, token: EcToken, words: &[&str], repair: &str) {
    assert_eq!(site.notify(token, Some("10")).await.code(), -1, "{words:?}");
    let (status, text) = site.ready().await;
    assert_eq!(status, 503, "{text}");
    for word in words {
        assert!(text.contains(word), "{word} in {text}");
    }
    server::connect(name(site)).await.execute(AssertSqlSafe(repair.to_owned())).await.expect("repaired");
    eventually(async || site.ready().await.0 == 200).await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0, "{words:?}");
}

fn name(site: &Site) -> &str {
    let Database::Postgres(settings) = &site.config.database else { panic!("on PostgreSQL") };
    &settings.name
}

/// On a real disk that is full the server answers with the same code, but not to everything: rows are still changed where
/// they are. Here triggers do, in front of every table of the site and of tables that are made.
const FULL: &str = "\
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$; \
    CREATE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$; \
    CREATE EVENT TRIGGER no_room ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION no_room(); \
    DO $$ DECLARE t text; BEGIN \
        FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_%' LOOP \
            EXECUTE format('CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON %I EXECUTE FUNCTION full_disk()', t); \
        END LOOP; END $$";
const ROOM: &str = "DROP EVENT TRIGGER no_room; DROP FUNCTION no_room; DROP FUNCTION full_disk CASCADE";

#[tokio::test]
async fn a_full_disk() {
    let site = Site::start().await;
    let (known, token) = (site.token().await, site.token().await);
    assert_eq!(site.notify(known, None).await.code(), 0);
    server::connect(name(&site)).await.execute(FULL).await.expect("full");
    assert_eq!(site.check_stas(known).await, "0", "what was stored can be read");
    suffers_and_recovers(&site, token, &["磁盘已满"], ROOM).await;
}

/// A site whose user is not a superuser, who is let in without regard to limits.
async fn site_of(role: &'static str) -> Site {
    let Database::Postgres(mut settings) = server::database().await else { panic!("on PostgreSQL") };
    let mut connection = server::connect(&settings.name).await;
    let make = format!(
        "CREATE ROLE {role} LOGIN; ALTER DATABASE {} OWNER TO {role}; ALTER SCHEMA public OWNER TO {role}",
        settings.name
    );
    connection.execute(AssertSqlSafe(make)).await.expect("a role");
    settings.user = role.to_owned();
    let site = Site::with(|config| config.database = Database::Postgres(settings)).await;
    assert_eq!(site.ready().await.0, 200);
    site
}

/// Keeps a role out, and ends what it has open.
async fn keep_out(site: &Site, role: &str, change: &str) {
    let mut connection = server::connect(name(site)).await;
    let change = format!("ALTER ROLE {role} {change}");
    connection.execute(AssertSqlSafe(change)).await.expect("altered");
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'");
    connection.execute(AssertSqlSafe(end)).await.expect("ended");
}

#[tokio::test]
async fn no_connection_left() {
    let site = site_of("crowded").await;
    let token = site.token().await;
    keep_out(&site, "crowded", "CONNECTION LIMIT 0").await;
    let words = ["连接数已达上限", "max_connections", "CONNECTION LIMIT", "limits.ledgers"];
    suffers_and_recovers(&site, token, &words, "ALTER ROLE crowded CONNECTION LIMIT -1").await;
}

#[tokio::test]
async fn a_user_who_is_not_let_in_any_more() {
    let site = site_of("banned").await;
    let token = site.token().await;
    keep_out(&site, "banned", "NOLOGIN").await;
    let words = ["用户名或口令不对", "database_password_file"];
    suffers_and_recovers(&site, token, &words, "ALTER ROLE banned LOGIN").await;
}
