//! Filling the audit before a measurement, so that it is as long as after years.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, query, query_scalar};
use yanmi_center::config::{Database, PostgresSettings};
use yanmi_protocol::UnixMillis;

/// Rows of one statement.
const PORTION: i64 = 50_000;
/// The rows are spread over the year before now, in milliseconds.
const YEAR: i64 = 365 * 24 * 60 * 60 * 1_000;

/// How many rows there are, but for the second.
const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM audit LIMIT 1) AS a";

/// Rows `$1` and up to `$2`, of which the first is of `$3`, and each one `$4` milliseconds younger. They are about as
/// long as those of a confirmation.
const ROWS: &str = "\
    INSERT INTO audit (at, event, token, org_code, channel, person, notice, serial, amount) \
    WITH RECURSIVE n (i) AS (\
        SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS BIGINT)\
    ) SELECT CAST($3 AS BIGINT) + (i - CAST($1 AS BIGINT)) * CAST($4 AS BIGINT), 'confirmed', \
        '350000filled0000000' || (1000000000000000000 + i), 'H35010000001', '0000000000000001', $5, \
        2000000000000 + i, 2000000000000 + i, 1000 FROM n";

/// Stands for a person: as long as what the center has there.
const PERSON: &[u8] = &[7; 16];

/// The database of a measurement.
enum Filled {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Adds as many rows to an empty audit, as a measurement wants them; tells whether it was empty. One that is not is
/// left as it is. No center may run on the database.
///
/// # Errors
/// When the database fails.
pub(super) async fn fill_audit(database: &Database, rows: u64, now: UnixMillis) -> Result<bool, sqlx::Error> {
    let mut filled = Filled::open(database).await?;
    let empty = filled.is_empty().await?;
    if empty {
        filled.fill(i64::try_from(rows).unwrap_or(i64::MAX), now.get()).await?;
        filled.settle().await?;
    }
    filled.close().await?;
    Ok(empty)
}

impl Filled {
    async fn open(database: &Database) -> Result<Self, sqlx::Error> {
        match database {
            Database::Sqlite(path) => {
                SqliteConnectOptions::new().filename(path).connect().await.map(Self::Sqlite)
            }
            Database::Postgres(settings) => options(settings).connect().await.map(Self::Postgres),
            _ => Err(sqlx::Error::Configuration("不支持的数据库".into())),
        }
    }

    async fn is_empty(&mut self) -> Result<bool, sqlx::Error> {
        let rows: i64 = match self {
            Self::Sqlite(connection) => query_scalar(COUNT).fetch_one(connection).await?,
            Self::Postgres(connection) => query_scalar(COUNT).fetch_one(connection).await?,
        };
        Ok(rows == 0)
    }

    async fn fill(&mut self, rows: i64, now: i64) -> Result<(), sqlx::Error> {
        let step = YEAR / rows.max(1);
        let mut done = 0;
        while done < rows {
            let (first, upto) = (done + 1, rows.min(done.saturating_add(PORTION)));
            let first_at = now - (rows - done) * step;
            match self {
                Self::Sqlite(connection) => {
                    let rows = query(ROWS).bind(first).bind(upto).bind(first_at).bind(step).bind(PERSON);
                    rows.execute(connection).await.map(drop)?;
                }
                Self::Postgres(connection) => {
                    let rows = query(ROWS).bind(first).bind(upto).bind(first_at).bind(step).bind(PERSON);
                    rows.execute(connection).await.map(drop)?;
                }
            }
            done = upto;
        }
        Ok(())
    }

    /// Has a server do now what it would do by itself within a minute of so many new rows: in the middle of what is to be
    /// measured.
    async fn settle(&mut self) -> Result<(), sqlx::Error> {
        if let Self::Postgres(connection) = self {
            query("VACUUM (ANALYZE) audit").execute(connection).await?;
        }
        Ok(())
    }

    async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}

/// The first server of the address: a database for measurements has no standby.
fn options(settings: &PostgresSettings) -> PgConnectOptions {
    let mut options =
        PgConnectOptions::new_without_pgpass().username(&settings.user).database(&settings.name);
    if let Some(password) = &settings.password {
        options = options.password(password);
    }
    match settings.hosts.first() {
        Some((host, port)) if host.starts_with('/') => options.socket(host).port(*port),
        Some((host, port)) => options.host(host).port(*port),
        None => options,
    }
}
