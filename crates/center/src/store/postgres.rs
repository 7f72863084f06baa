//! PostgreSQL: finding the server that takes changes, knowing that the database is ours, bringing it up to date.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection as _, Row};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::StoreError;
use super::answer::answer;
use super::connection::Connection;
use super::server_problem::{ServerProblem, Servers};
use crate::config::{PostgresSettings, PostgresTls};

/// How long one server may take until a connection to it can be used.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// Before a server is asked once more whether it takes changes now.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// Prepared statements kept, per connection.
const STATEMENTS: usize = 200;
/// The oldest version that is supported.
const OLDEST: u32 = 130_000;
/// The advisory lock under which one center at a time migrates: "YANM".
const MIGRATING: i64 = 0x5941_4E4D;

/// What a center's connections are called in the server's list of sessions.
pub(crate) const APPLICATION: &str = "yanmi";

/// What every connection asks of its server.
///
/// A statement that changes something is never cancelled by the server (no `statement_timeout`): a commit cancelled
/// while it waits for the standby reports success without having reached it. Every statement is a look-up by key, so
/// plans do not depend on statistics, which lag behind a table that grows.
const OPTIONS: [(&str, &str); 10] = [
    ("default_transaction_isolation", "read committed"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_user_timeout", "10s"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
    ("client_min_messages", "error"),
];

/// A database on one of several servers.
///
/// Which of them takes changes is searched by one connection at a time, whoever needs to know: when the server is lost
/// all connections are, and if each of them asked all servers the standbys would have enough to do with refusing.
#[derive(Clone)]
pub(crate) struct Postgres {
    servers: Arc<[PgConnectOptions]>,
    settings: Arc<PostgresSettings>,
    latest: Arc<Mutex<Option<Search>>>,
    wanted: ServerKind,
}

/// Which servers will do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ServerKind {
    /// The one that takes changes.
    Writable,
    /// Any that can be read, so also those that follow another.
    Readable,
}

/// A search that is over.
struct Search {
    ended: Instant,
    /// Which server it found, or what is wrong with each.
    found: Result<usize, Servers>,
}

/// The driver's options hold the password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postgres({})", self.settings)
    }
}

impl fmt::Display for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.settings)
    }
}

impl Postgres {
    pub(crate) fn new(settings: &PostgresSettings) -> Self {
        Self::of(settings, ServerKind::Writable)
    }

    /// Servers that are only read, so that those which follow another will do.
    pub(super) fn to_read(settings: &PostgresSettings) -> Self {
        Self::of(settings, ServerKind::Readable)
    }

    fn of(settings: &PostgresSettings, wanted: ServerKind) -> Self {
        let servers = settings.hosts.iter().map(|(host, port)| options(settings, host, *port)).collect();
        Self { servers, settings: Arc::new(settings.clone()), latest: Arc::default(), wanted }
    }

    /// Takes the lock under which databases are brought up to date, and makes sure that this one is ours.
    pub(crate) async fn prepare(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let foreign = || StoreError::Foreign(self.settings.to_string());
        let Connection::Postgres(connection) = connection else { return Err(foreign()) };
        // Held until the connection ends, so that of several centers that start at once one migrates.
        sqlx::query("SELECT set_config('lock_timeout', '60s', false)").execute(&mut *connection).await?;
        sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATING).execute(&mut *connection).await?;
        // Whoever waits for a lock on a table has everybody wait behind it.
        sqlx::query("SELECT set_config('lock_timeout', '1s', false)").execute(&mut *connection).await?;
        self.check_ours(connection).await
    }

    /// A connection to the server that takes changes, whichever it is now. All are asked at once: one that is cut off
    /// must not keep the others waiting.
    pub(crate) async fn connect(&self) -> Result<PgConnection, StoreError> {
        let (_, connection) = self.find().await?;
        Ok(connection)
    }

    /// The options of the server that takes changes now, for a listener, which connects by itself.
    pub(crate) async fn writable(&self) -> Result<PgConnectOptions, StoreError> {
        let (server, connection) = self.find().await?;
        answer(connection.close()).await?;
        Ok(server)
    }

    async fn find(&self) -> Result<(PgConnectOptions, PgConnection), StoreError> {
        loop {
            let asked = Instant::now();
            let mut latest = self.latest.lock().await;
            match latest.as_ref().filter(|search| search.ended >= asked).map(|search| &search.found) {
                // Somebody searched while this one waited.
                Some(Err(servers)) => return Err(StoreError::Servers(servers.clone())),
                Some(Ok(at)) => {
                    let server = self.servers[*at].clone();
                    drop(latest);
                    if let Ok(connection) = attempt(&server, self.wanted).await {
                        return Ok((server, connection));
                    }
                }
                None => {
                    let searched = self.search().await;
                    let found = searched.as_ref().map(|(at, _)| *at).map_err(Clone::clone);
                    *latest = Some(Search { ended: Instant::now(), found });
                    let (at, connection) = searched.map_err(StoreError::Servers)?;
                    return Ok((self.servers[at].clone(), connection));
                }
            }
        }
    }

    /// Asks all servers at once. While one of them says nothing at all, the others are asked again: one of them may
    /// take the silent one's place just now.
    async fn search(&self) -> Result<(usize, PgConnection), Servers> {
        let began = Instant::now();
        let mut attempts = JoinSet::new();
        let ask = |attempts: &mut JoinSet<_>, at: usize, pause: Duration| {
            let (server, wanted) = (self.servers[at].clone(), self.wanted);
            attempts.spawn(async move {
                tokio::time::sleep(pause).await;
                (at, attempt(&server, wanted).await)
            });
        };
        (0..self.servers.len()).for_each(|at| ask(&mut attempts, at, Duration::ZERO));
        let mut problems = vec![None; self.servers.len()];
        while let Some(done) = attempts.join_next().await {
            // An attempt that panicked has been logged by its panic.
            let Ok((at, answered)) = done else { continue };
            match answered {
                Ok(connection) => return Ok((at, connection)),
                Err(problem) => problems[at] = Some(problem),
            }
            if problems.iter().all(Option::is_some) {
                break;
            }
            if began.elapsed() < CONNECT_WITHIN {
                ask(&mut attempts, at, ASK_AGAIN);
            }
        }
        let named = self.settings.hosts.iter().zip(problems);
        let named = named.filter_map(|((host, port), problem)| Some((format!("{host}:{port}"), problem?)));
        Err(Servers(named.collect()))
    }

    /// A database without tables is ours to take; one with tables and without our mark is left alone.
    async fn check_ours(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        const TABLES: &str = "\
            SELECT count(*) FILTER (WHERE c.relname <> '_sqlx_migrations'), count(*) FILTER (WHERE c.relname = 'site' \
                AND obj_description(c.oid, 'pg_class') = 'yanmi') \
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = current_schema()";
        let row = sqlx::query(TABLES).fetch_one(connection).await?;
        match (row.try_get::<i64, _>(0)?, row.try_get::<i64, _>(1)?) {
            (0, _) | (_, 1) => Ok(()),
            _ => Err(StoreError::Foreign(self.settings.to_string())),
        }
    }
}

fn options(settings: &PostgresSettings, host: &str, port: u16) -> PgConnectOptions {
    let tls = match settings.tls {
        PostgresTls::Disable => PgSslMode::Disable,
        PostgresTls::Prefer => PgSslMode::Prefer,
        PostgresTls::Require => PgSslMode::Require,
        PostgresTls::VerifyCa => PgSslMode::VerifyCa,
        PostgresTls::VerifyFull => PgSslMode::VerifyFull,
    };
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(host)
        .port(port)
        .username(&settings.user)
        // A password of the environment would be another one than the configuration's.
        .password(settings.password.as_ref().map_or("", |password| password.as_str()))
        .database(&settings.name)
        .ssl_mode(tls)
        .application_name(APPLICATION)
        .statement_cache_capacity(STATEMENTS)
        .options(OPTIONS)
        .disable_statement_logging();
    if host.starts_with('/') {
        options = options.socket(host);
    }
    if let Some(roots) = &settings.roots {
        options = options.ssl_root_cert(roots);
    }
    options
}

/// Connects to one server within its time, if it is one to work with.
async fn attempt(server: &PgConnectOptions, wanted: ServerKind) -> Result<PgConnection, ServerProblem> {
    tokio::time::timeout(CONNECT_WITHIN, open(server, wanted)).await.unwrap_or(Err(ServerProblem::NoAnswer))
}

/// Connects to one server, if it is one to work with.
async fn open(server: &PgConnectOptions, wanted: ServerKind) -> Result<PgConnection, ServerProblem> {
    let host = server.get_host();
    if !host.starts_with('/') && tokio::net::lookup_host((host, server.get_port())).await.is_err() {
        return Err(ServerProblem::UnknownHost);
    }
    let mut connection = server.connect().await.map_err(|error| ServerProblem::of(&error))?;
    check_version(connection.server_version_num().unwrap_or(0))?;
    // A standby, or a server whose operator keeps it from changes.
    let asked =
        sqlx::query("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")
            .fetch_one(&mut connection)
            .await;
    let standby = asked.and_then(|row| row.try_get(0)).map_err(|error| ServerProblem::of(&error))?;
    if standby && wanted == ServerKind::Writable { Err(ServerProblem::Standby) } else { Ok(connection) }
}

/// `server_version_num`: the version times 10,000.
fn check_version(number: u32) -> Result<(), ServerProblem> {
    if number < OLDEST { Err(ServerProblem::TooOld(number)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    /// Connections a ledger of each kind would hold.
    const LINKS: usize = 12;

    fn postgres(ports: &[u16]) -> Postgres {
        let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let url = format!("postgres://u@{}/db?sslmode=disable", hosts.join(","));
        Postgres::new(&PostgresSettings::parse(&url).expect("an address"))
    }

    /// A server that reads the first message and hangs up; how often it was asked.
    async fn hangs_up() -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 1]).await;
            }
        });
        (port, asked)
    }

    #[tokio::test]
    async fn those_who_lost_the_server_together_search_once() {
        let (port, asked) = hangs_up().await;
        let postgres = postgres(&[port]);
        let mut searching = JoinSet::new();
        for _ in 0..LINKS {
            let postgres = postgres.clone();
            searching.spawn(async move { postgres.connect().await });
        }
        while let Some(searched) = searching.join_next().await {
            let error = searched.expect("no panic").expect_err("no server");
            assert!(matches!(error, StoreError::Servers(_)), "{error}");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert!(postgres.connect().await.is_err());
        assert_eq!(asked.load(Ordering::SeqCst), 2, "who comes later searches anew");
    }

    #[tokio::test]
    async fn while_one_server_is_silent_the_others_are_asked_again() {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (port, asked) = hangs_up().await;
        let error = postgres(&[silent.local_addr().expect("an address").port(), port]).connect().await;
        let Err(StoreError::Servers(Servers(problems))) = error else { panic!("no server") };
        assert_eq!(problems[0].1, ServerProblem::NoAnswer);
        assert_eq!(problems.len(), 2);
        assert!(asked.load(Ordering::SeqCst) > 2);
    }

    #[test]
    fn a_server_of_before_13_is_too_old() {
        for (number, expected) in
            [(90_624, Some("9")), (120_022, Some("12")), (130_000, None), (180_001, None)]
        {
            let problem = check_version(number).err();
            assert_eq!(problem, expected.map(|_| ServerProblem::TooOld(number)));
            if let (Some(problem), Some(version)) = (problem, expected) {
                let text = problem.to_string();
                assert!(
                    text.contains(&format!("版本是 {version}，须为 13")) && text.contains("设置 database")
                );
            }
        }
    }
}
