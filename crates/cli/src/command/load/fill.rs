//! Filling a database before a measurement, so that the audit is as long as after years and the registry as large as a
//! province's.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, query, query_scalar};
use yanmi_center::config::{Database, PostgresSettings};
use yanmi_protocol::UnixMillis;

/// Rows of one statement.
const PORTION: i64 = 50_000;
/// A year, in milliseconds.
const YEAR: i64 = 365 * DAY;
/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Rows that three million verifications a day leave.
const ROWS_OF_A_DAY: i64 = 9_000_000;
/// How long the known verification stands, in milliseconds.
const STANDS: i64 = 30 * 60 * 1_000;

/// How many rows there are, but for the second.
const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM audit LIMIT 1) AS a";

/// The code of institution `n`: nine cities of twelve counties, in turn.
macro_rules! code_of {
    ($n:literal) => {
        concat!(
            "'H' || (35000000000 + (1 + (",
            $n,
            ") % 9) * 10000000 + (1 + (",
            $n,
            ") / 9 % 12) * 100000 + (",
            $n,
            ") / 108 + 10000)"
        )
    };
}

/// Rows `$1` and up to `$2`, of which the first is of `$3`, and each one `$4` milliseconds younger; three are a verification, at
/// one of `$6` institutions. They are about as long as those of a confirmation.
const ROWS: &str = concat!(
    "INSERT INTO audit (at, event, token, org_code, channel, person, notice, serial, amount) \
    WITH RECURSIVE n (i) AS (\
        SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS BIGINT)\
    ) SELECT CAST($3 AS BIGINT) + (i - CAST($1 AS BIGINT)) * CAST($4 AS BIGINT), \
        CASE i % 3 WHEN 0 THEN 'asked' WHEN 1 THEN 'delivered' ELSE 'confirmed-01' END, \
        '350000filled0000000' || (1000000000000000000 + i / 3), ",
    code_of!("i / 3 % CAST($6 AS BIGINT)"),
    ", '0000000000000001', $5, 2000000000000 + i / 3, 2000000000000 + i / 3, 1000 FROM n"
);

/// Institutions `$1` and up to `$2`, each with one of `$3` accounts.
const INSTITUTIONS: &str = concat!(
    "INSERT INTO institutions (org_code, name, org_id, active, changed_at) \
    WITH RECURSIVE n (i) AS (\
        SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS BIGINT)\
    ) SELECT ",
    code_of!("i"),
    ", '示范医院' || i, 'bench-' || (i % CAST($3 AS BIGINT)), 1, CAST($4 AS BIGINT) FROM n"
);
/// What the institutions say themselves of their accounts.
const PAIRS: &str = "INSERT INTO account_institutions (org_code, org_id, since) \
    SELECT org_code, org_id, changed_at FROM institutions WHERE org_id LIKE 'bench-%'";
/// One of the verifications in the audit that is still known.
const VERIFICATION: &str = "INSERT INTO verifications (token, org_code, attempt, notice, serial, serial_at, asked_at, \
    expires_at, notices, first_at, state, state_at, reason, valid_until) \
    VALUES ($1, $2, 1, $3, $3, $4, $4, $5, 1, $4, 'verified', $4, '01', $5)";

/// Stands for a person: as long as what the center has there.
const PERSON: &[u8] = &[7; 16];

/// The database of a measurement.
enum Filled {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What stands in for `$1` and so on.
#[derive(Clone, Copy)]
enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// What is filled in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling {
    /// Rows of the audit.
    pub(super) audit: u64,
    /// Institutions, whose the rows are; none for a registry that is left as it is.
    pub(super) institutions: u32,
    /// Accounts the institutions are spread over: `bench-0` and so on.
    pub(super) accounts: u32,
    /// Before when.
    pub(super) now: UnixMillis,
}

/// A verification that somebody may ask about.
#[derive(Clone, Debug)]
pub(super) struct KnownVerification {
    pub(super) token: String,
    pub(super) org_code: String,
    pub(super) notice: i64,
    at: i64,
}

impl KnownVerification {
    /// Its `resBizNo`.
    pub(super) fn serial(&self) -> String {
        let digits: String =
            UnixMillis::new(self.at).shanghai_text().chars().filter(char::is_ascii_digit).collect();
        format!("{}{digits}", self.notice)
    }
}

/// Fills a database whose audit is empty; tells whether it was. One that is not is left as it is. No center may run on the
/// database.
///
/// # Errors
/// When the database fails.
pub(super) async fn fill(
    database: &Database,
    filling: Filling,
) -> Result<Option<KnownVerification>, sqlx::Error> {
    let mut filled = Filled::open(database).await?;
    let empty = filled.is_empty().await?;
    let mut known = None;
    if empty {
        if filling.institutions > 0 {
            filled.institutions(filling).await?;
        }
        known = Some(filled.audit(filling).await?);
        filled.settle().await?;
    }
    filled.close().await?;
    Ok(known)
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

    /// Rows of the audit up to now, and one verification of them in the middle.
    async fn audit(&mut self, filling: Filling) -> Result<KnownVerification, sqlx::Error> {
        let rows = i64::try_from(filling.audit).unwrap_or(i64::MAX);
        let now = filling.now.get();
        // As dense as a province's where the registry is one, otherwise as if a small center had run for a year.
        let dense = filling.institutions > 0;
        let step = if dense { DAY / ROWS_OF_A_DAY } else { YEAR / rows.max(1) };
        let institutions = i64::from(filling.institutions.max(1));
        let mut done = 0;
        while done < rows {
            let (first, upto) = (done + 1, rows.min(done.saturating_add(PORTION)));
            let first_at = now - (rows - done) * step;
            let numbers = [first, upto, first_at, step].map(Value::Number);
            let rest = [Value::Bytes(PERSON), Value::Number(institutions)];
            self.run(ROWS, &[&numbers[..], &rest].concat()).await?;
            done = upto;
        }
        let middle = rows / 6;
        let at = now - (rows - middle * 3 + 1) * step;
        let known = KnownVerification {
            token: format!("350000filled0000000{}", 1_000_000_000_000_000_000 + middle),
            org_code: code_of(middle % institutions),
            notice: 2_000_000_000_000 + middle,
            at,
        };
        self.verification(&known).await?;
        Ok(known)
    }

    async fn verification(&mut self, known: &KnownVerification) -> Result<(), sqlx::Error> {
        let KnownVerification { token, org_code, notice, at } = known;
        let numbers = [*notice, *at, at + STANDS].map(Value::Number);
        self.run(VERIFICATION, &[&[Value::Text(token), Value::Text(org_code)], &numbers[..]].concat()).await
    }

    async fn institutions(&mut self, filling: Filling) -> Result<(), sqlx::Error> {
        let last = i64::from(filling.institutions) - 1;
        let accounts = i64::from(filling.accounts.max(1));
        self.run(INSTITUTIONS, &[0, last, accounts, filling.now.get()].map(Value::Number)).await?;
        self.run(PAIRS, &[]).await
    }

    /// Runs a statement, whichever database it is.
    async fn run(&mut self, text: &'static str, values: &[Value<'_>]) -> Result<(), sqlx::Error> {
        macro_rules! run_on {
            ($connection:expr) => {{
                let statement = values.iter().fold(query(text), |statement, value| match *value {
                    Value::Number(number) => statement.bind(number),
                    Value::Text(text) => statement.bind(text),
                    Value::Bytes(bytes) => statement.bind(bytes),
                });
                statement.execute($connection).await.map(drop)
            }};
        }
        match self {
            Self::Sqlite(connection) => run_on!(connection),
            Self::Postgres(connection) => run_on!(connection),
        }
    }

    /// Has a server do now what it would do by itself within a minute of so many new rows: in the middle of what is to be
    /// measured.
    async fn settle(&mut self) -> Result<(), sqlx::Error> {
        if let Self::Postgres(connection) = self {
            for table in ["VACUUM (ANALYZE) audit", "VACUUM (ANALYZE) institutions, account_institutions"] {
                query(table).execute(&mut *connection).await?;
            }
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

/// The code of an institution, as the statements make it.
fn code_of(n: i64) -> String {
    format!("H{}", 35_000_000_000 + (1 + n % 9) * 10_000_000 + (1 + n / 9 % 12) * 100_000 + n / 108 + 10_000)
}
