//! PostgreSQL: finding the server that takes changes, knowing that the database is ours, bringing it up to date.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection as _, Row};
use tokio::task::JoinSet;

use super::connection::answer;
use super::fault::{ServerProblem, Servers};
use super::{StoreError, migrate};
use crate::config::{PostgresSettings, PostgresTls};

/// How long one server may take until a connection to it can be used.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// Prepared statements kept, per connection.
const STATEMENTS: usize = 200;
/// The oldest version that is supported.
const OLDEST: u32 = 130_000;
/// The advisory lock under which one center at a time migrates: "YANM".
const MIGRATING: i64 = 0x5941_4E4D;

/// What a center's connections are called in the server's list of sessions.
pub(super) const APPLICATION: &str = "yanmi";

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
#[derive(Clone)]
pub(super) struct Postgres {
    servers: Arc<[PgConnectOptions]>,
    settings: Arc<PostgresSettings>,
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
    pub(super) fn new(settings: &PostgresSettings) -> Self {
        let servers = settings.hosts.iter().map(|(host, port)| options(settings, host, *port)).collect();
        Self { servers, settings: Arc::new(settings.clone()) }
    }

    /// Brings the database up to date, after making sure that it is ours.
    pub(super) async fn prepare(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        // Held until the connection ends, so that of several centers that start at once one migrates.
        sqlx::query("SELECT set_config('lock_timeout', '60s', false)").execute(&mut *connection).await?;
        sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATING).execute(&mut *connection).await?;
        self.check_ours(connection).await?;
        migrate::postgres(connection).await
    }

    /// A connection to the server that takes changes, whichever it is now. All are asked at once: one that is cut off
    /// must not keep the others waiting.
    pub(super) async fn connect(&self) -> Result<PgConnection, StoreError> {
        let (_, connection) = self.find().await?;
        Ok(connection)
    }

    /// The options of the server that takes changes now, for a listener, which connects by itself.
    pub(super) async fn writable(&self) -> Result<PgConnectOptions, StoreError> {
        let (server, connection) = self.find().await?;
        answer(connection.close()).await?;
        Ok(server)
    }

    async fn find(&self) -> Result<(PgConnectOptions, PgConnection), StoreError> {
        let mut attempts = JoinSet::new();
        for (at, server) in self.servers.iter().cloned().enumerate() {
            attempts.spawn(async move {
                let opened = tokio::time::timeout(CONNECT_WITHIN, open(&server)).await;
                (at, opened.unwrap_or(Err(ServerProblem::NoAnswer)).map(|connection| (server, connection)))
            });
        }
        let mut problems = Vec::new();
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok((_, Ok(found))) => return Ok(found),
                Ok((at, Err(problem))) => problems.push((at, problem)),
                // An attempt that panicked has been logged by its panic.
                Err(_) => {}
            }
        }
        problems.sort_by_key(|(at, _)| *at);
        let named = |(at, problem): (usize, ServerProblem)| {
            let (host, port) = &self.settings.hosts[at];
            (format!("{host}:{port}"), problem)
        };
        Err(StoreError::Servers(Servers(problems.into_iter().map(named).collect())))
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

/// Connects to one server, if it is one to work with.
async fn open(server: &PgConnectOptions) -> Result<PgConnection, ServerProblem> {
    let host = server.get_host();
    if !host.starts_with('/') && tokio::net::lookup_host((host, server.get_port())).await.is_err() {
        return Err(ServerProblem::UnknownHost);
    }
    let mut connection = server.connect().await.map_err(|error| ServerProblem::of(&error))?;
    let version = connection.server_version_num().unwrap_or(0);
    if version < OLDEST {
        return Err(ServerProblem::TooOld(version));
    }
    // A standby, or a server whose operator keeps it from changes.
    let asked =
        sqlx::query("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")
            .fetch_one(&mut connection)
            .await;
    let standby = asked.and_then(|row| row.try_get(0)).map_err(|error| ServerProblem::of(&error))?;
    if standby { Err(ServerProblem::Standby) } else { Ok(connection) }
}
