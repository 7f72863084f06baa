//! The database goes away and comes back.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::{JoinHandle, JoinSet};
use yanmi_center::config::{Database, PostgresSettings};

use crate::server;
use crate::site::{Site, eventually};
use crate::wire::Wire;

/// What happens to the next commit that passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// It passes.
    Passes,
    /// The connection is cut before the server hears of it.
    Unheard,
    /// The connection is cut when the server has answered.
    Unanswered,
}

/// A way to the server that can be cut.
struct Way {
    port: u16,
    fate: Arc<Mutex<Fate>>,
    open: Mutex<Option<JoinHandle<()>>>,
}

impl Way {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let way = Self { port, fate: Arc::new(Mutex::new(Fate::Passes)), open: Mutex::new(None) };
        way.serve(listener);
        way
    }

    fn serve(&self, listener: TcpListener) {
        let fate = Arc::clone(&self.fate);
        let open = tokio::spawn(async move {
            let mut passing = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                passing.spawn(pass(client, Arc::clone(&fate)));
            }
        });
        *self.open.lock().expect("no panic") = Some(open);
    }

    /// Cuts everything; nobody listens any more.
    async fn close(&self) {
        let open = self.open.lock().expect("no panic").take();
        if let Some(open) = open {
            open.abort();
            let _ = open.await;
        }
    }

    async fn open(&self) {
        self.serve(TcpListener::bind(("127.0.0.1", self.port)).await.expect("the same port"));
    }

    fn next_commit(&self, next: Fate) {
        *self.fate.lock().expect("no panic") = next;
    }

    /// The same database, by this way.
    fn to(&self, database: &Database) -> Database {
        let Database::Postgres(settings) = database else { panic!("on PostgreSQL") };
        let hosts = vec![("127.0.0.1".to_owned(), self.port)];
        Database::Postgres(PostgresSettings { hosts, ..settings.clone() })
    }
}

async fn pass(mut client: TcpStream, fate: Arc<Mutex<Fate>>) {
    let socket: PathBuf = server::folder().join(".s.PGSQL.5432");
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut last = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                let commits = asked[..count].windows(7).any(|part| part == b"COMMIT\0");
                let meets = if commits {
                    std::mem::replace(&mut *fate.lock().expect("no panic"), Fate::Passes)
                } else {
                    Fate::Passes
                };
                if meets == Fate::Unheard || server.write_all(&asked[..count]).await.is_err() {
                    return;
                }
                last = meets == Fate::Unanswered;
            }
            read = server.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                if last || client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn site_by(way: &Way) -> Site {
    Site::with(|config| config.database = way.to(&config.database)).await
}

/// A number, asked for past the way, which must not be cut for it.
async fn number(site: &Site, query: &'static str) -> i64 {
    let Database::Postgres(settings) = &site.config.database else { panic!("on PostgreSQL") };
    let mut connection = server::connect(&settings.name).await;
    sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a number")
}

const ASKED: &str = "SELECT count(*) FROM audit WHERE event = 'asked'";
const NOTICES: &str = "SELECT coalesce(sum(notices), 0)::bigint FROM verifications";
const CONFIRMED: &str = "SELECT count(*) FROM audit WHERE event = 'confirmed-02'";

#[tokio::test]
async fn a_commit_the_server_never_heard_of_is_done_again_and_one_it_did_is_not() {
    let way = Way::new().await;
    let site = site_by(&way).await;
    for (times, fate) in
        (1..).zip([Fate::Passes, Fate::Unheard, Fate::Unanswered, Fate::Unheard, Fate::Unanswered])
    {
        let token = site.token().await;
        way.next_commit(fate);
        assert_eq!(site.notify(token, Some("10")).await.code(), 0, "{fate:?}");
        assert_eq!((number(&site, ASKED).await, number(&site, NOTICES).await), (times, times), "{fate:?}");
        let notice = site.newest_notice().await;
        way.next_commit(fate);
        assert_eq!(site.act(&notice, "confirm", "02").await["data"]["acptFlag"], "1", "{fate:?}");
        assert_eq!(site.check_stas(token).await, "1", "{fate:?}");
        assert_eq!(number(&site, CONFIRMED).await, times, "{fate:?}");
    }
    assert_eq!(site.metric("yanmi_ledger_failed_total").await, 0);
    assert!(site.metric("yanmi_database_retries_total{cause=\"lost\"}").await >= 8);
    assert!(site.metric("yanmi_database_outage_seconds_count").await >= 8);
}

#[tokio::test]
async fn connections_the_server_ends_are_made_anew_and_nobody_notices() {
    let site = Site::start().await;
    let token = site.token().await;
    let Database::Postgres(settings) = &site.config.database else { panic!("on PostgreSQL") };
    for _ in 0..3 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        server::connect(&settings.name).await.execute(AssertSqlSafe(end)).await.expect("ended");
        site.hands.forward(Duration::from_secs(4));
        assert_eq!(site.notify(token, Some("10")).await.code(), 0);
        assert_eq!(site.check_stas(token).await, "0");
        assert_eq!(site.ready().await.0, 200);
    }
}

#[tokio::test]
async fn while_it_is_away_readiness_says_why_and_all_goes_on_when_it_is_back() {
    let way = Way::new().await;
    let site = site_by(&way).await;
    let token = site.token().await;
    way.close().await;
    let (status, why) = site.ready().await;
    assert_eq!(status, 503);
    assert!(why.contains("拒绝") && why.contains("设置 database") && !why.contains("127.0.0.1"), "{why}");
    assert_eq!(Wire::to(site.operations_addr()).await.ask("GET", "/healthz", "").await.status, 200);
    assert_eq!(site.notify(token, Some("10")).await.code(), -1);
    way.open().await;
    eventually(async || site.ready().await.0 == 200).await;
    assert_eq!(site.notify(token, Some("10")).await.code(), 0);
    assert_eq!(site.check_stas(token).await, "0");
}

#[tokio::test]
async fn a_short_absence_is_waited_through() {
    let way = Arc::new(Way::new().await);
    let site = site_by(&way).await;
    let token = site.token().await;
    way.close().await;
    let asking = site.asking(token, Some("10"));
    // The notice finds nobody there at least once.
    eventually(async || site.metric("yanmi_database_retries_total{cause=\"lost\"}").await > 2).await;
    way.open().await;
    assert_eq!(asking.await.expect("no panic").code(), 0);
}

#[tokio::test]
async fn a_limit_reached_or_a_server_that_became_read_only_is_named_and_over_when_it_is_lifted() {
    let Database::Postgres(settings) = server::database().await else { panic!("on PostgreSQL") };
    let name = settings.name.clone();
    let execute = async |text: String| {
        server::connect("postgres").await.execute(AssertSqlSafe(text)).await.expect("a superuser");
    };
    execute("CREATE ROLE limited LOGIN".to_owned()).await;
    execute(format!("ALTER DATABASE {name} OWNER TO limited")).await;
    let own = PostgresSettings { user: "limited".to_owned(), ..settings };
    let site = Site::with(|config| config.database = Database::Postgres(own)).await;
    let token = site.token().await;
    assert_eq!(site.ready().await.0, 200);
    let limits = [
        (
            "ALTER ROLE limited CONNECTION LIMIT 0",
            "ALTER ROLE limited CONNECTION LIMIT -1",
            "max_connections",
        ),
        (
            "ALTER ROLE limited SET default_transaction_read_only = on",
            "ALTER ROLE limited RESET default_transaction_read_only",
            "只读",
        ),
    ];
    for (limit, lift, said) in limits {
        execute(limit.to_owned()).await;
        execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'limited'".to_owned(),
        )
        .await;
        eventually(async || site.ready().await.1.contains(said)).await;
        assert_eq!(site.ready().await.0, 503);
        assert_eq!(site.notify(token, Some("10")).await.code(), -1);
        execute(lift.to_owned()).await;
        eventually(async || site.ready().await.0 == 200).await;
        site.hands.forward(Duration::from_secs(4));
        assert_eq!(site.notify(token, Some("10")).await.code(), 0, "{said}");
    }
}
