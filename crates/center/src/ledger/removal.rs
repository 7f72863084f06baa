//! Removing what has outlived its use, a window at a time.
//!
//! A table is walked in the order of its key. A window is a few hundred rows: those of them that are old are deleted
//! by one statement, which is a transaction of its own, on the connection of a ledger and between two of its batches.
//! So nobody waits longer than for a small batch, on the embedded database with its one writer as well as on a shared
//! one.
//!
//! Nothing is looked up by age, and there is no index by age that every notice would have to keep: rows of the
//! large tables have keys that grow with time, so the walk stops at the first window that is young; the others are
//! walked to their end.
//!
//! On a shared database a ledger may hold a row of a window. It is left for the next round rather than waited for, so
//! that whoever removes never waits while it holds something, and is in nobody's way for long. What another ledger may
//! still lean on is therefore settled by the locks it takes: a token that vanished is asked for again, and so is one
//! whose person vanished (`store::batch`, `lock`).

use yanmi_protocol::UnixMillis;

use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// Rows of one window.
const WINDOW: i64 = 500;
/// A day in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// A table that is walked.
#[derive(Debug)]
struct Walk {
    /// The table.
    table: &'static str,
    start: Position,
    /// Key and time of the last row of the window after `$1`; `$2` rows are left out before it. The time is 0 where
    /// the key does not grow with it.
    last: &'static str,
    /// Deletes what is old after `$1` and up to `$2`, by itself and in the company of others.
    remove: [&'static str; 2],
    old: Old,
}

/// What `$3` of the deletion is.
#[derive(Clone, Copy, Debug)]
enum Old {
    /// Nothing.
    Never,
    /// Before when.
    Time,
    /// Before which day.
    Day,
}

/// A row's key.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Position {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Some rows of a table, of which those that ended before a time are to be removed.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    walk: &'static Walk,
    after: Position,
    before: UnixMillis,
}

/// What became of a window.
#[derive(Debug)]
pub(crate) struct Removed {
    /// How many rows are gone.
    pub(crate) rows: u64,
    /// Where to go on.
    pub(crate) next: Option<Window>,
}

impl Position {
    fn bind(&self, statement: Statement) -> Statement {
        match self {
            Self::Number(number) => statement.number(*number),
            Self::Text(text) => statement.text(text),
            Self::Bytes(bytes) => statement.bytes(bytes),
        }
    }

    /// After every key of the same kind.
    fn end(&self) -> Self {
        match self {
            Self::Number(_) => Self::Number(i64::MAX),
            // Keys are ASCII.
            Self::Text(_) => Self::Text("\u{7F}".to_owned()),
            // Keys have sixteen bytes.
            Self::Bytes(_) => Self::Bytes(vec![0xFF; 17]),
        }
    }

    /// The next column, a key of the same kind.
    fn read(&self, columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(match self {
            Self::Number(_) => Self::Number(columns.number()?),
            Self::Text(_) => Self::Text(columns.text()?.to_owned()),
            Self::Bytes(_) => Self::Bytes(columns.bytes()?.to_vec()),
        })
    }
}

impl Window {
    /// The first window of every table: of the state that ended before one time, of the audit before another, and of
    /// refusals before a third.
    pub(crate) fn first_of_each(
        state: UnixMillis,
        audit: UnixMillis,
        calls: UnixMillis,
    ) -> impl Iterator<Item = Self> {
        let first = |walk: &'static Walk, before| Self { walk, after: walk.start.clone(), before };
        let state = STATE.iter().map(move |walk| first(walk, state));
        let audit = AUDIT.iter().map(move |walk| first(walk, audit));
        state.chain(audit).chain(CALLS.iter().map(move |walk| first(walk, calls)))
    }

    /// The table.
    pub(crate) fn table(&self) -> &'static str {
        self.walk.table
    }

    /// Removes what is old.
    pub(crate) async fn remove(&self, connection: &mut Connection) -> Result<Removed, StoreError> {
        let walk = self.walk;
        let find = self.after.bind(Statement::new(walk.last)).number(WINDOW - 1);
        let found = connection.fetch(find).await?;
        let last = match found.iter().next() {
            None => None,
            Some(row) => {
                let mut columns = Columns::new(row, walk.table);
                Some((self.after.read(&mut columns)?, columns.time()?))
            }
        };
        let upto = last.as_ref().map_or_else(|| self.after.end(), |(key, _)| key.clone());
        let text = walk.remove[usize::from(matches!(connection, Connection::Postgres(_)))];
        let statement = upto.bind(self.after.bind(Statement::new(text)));
        let statement = match walk.old {
            Old::Never => statement,
            Old::Time => statement.number(self.before.get()),
            // Whatever the time zone, this day is over.
            Old::Day => statement.number(self.before.get() / DAY - 1),
        };
        let rows = connection.run(statement).await?;
        let next = last.filter(|(_, time)| *time < self.before);
        Ok(Removed { rows, next: next.map(|(after, _)| Self { after, ..self.clone() }) })
    }
}

#[cfg(test)]
pub(crate) fn embedded_texts() -> impl Iterator<Item = &'static str> {
    STATE.iter().chain(&AUDIT).chain(&CALLS).flat_map(|walk| [walk.last, walk.remove[0]])
}

/// The deletion for both databases: `FOR UPDATE` exists where there are others.
macro_rules! remove {
    ($text:literal, $lock:literal) => {
        [concat!($text, ")"), concat!($text, " FOR UPDATE", $lock, " SKIP LOCKED)")]
    };
}

/// What is kept as long as the state, in an order in which nothing is removed that something else leans on.
static STATE: [Walk; 8] = [
    Walk {
        table: "verifications",
        start: Position::Number(0),
        last: "SELECT id, first_at FROM verifications WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM verifications WHERE id IN (SELECT id FROM verifications WHERE id > $1 AND id <= $2 \
                AND expires_at < $3 AND coalesce(valid_until, 0) < $3",
            ""
        ),
        old: Old::Time,
    },
    Walk {
        table: "free_uses",
        start: Position::Text(String::new()),
        last: "SELECT token, CAST(0 AS BIGINT) FROM free_uses WHERE token > $1 ORDER BY token LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM free_uses WHERE (token, org_code) IN (SELECT token, org_code FROM free_uses \
                WHERE token > $1 AND token <= $2 AND day < $3",
            ""
        ),
        old: Old::Day,
    },
    Walk {
        table: "tokens",
        start: Position::Text(String::new()),
        last: "SELECT token, CAST(0 AS BIGINT) FROM tokens WHERE token > $1 ORDER BY token LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM tokens WHERE token IN (SELECT t.token FROM tokens t WHERE t.token > $1 AND t.token <= $2 \
                AND t.decoded_at < $3 AND NOT EXISTS (SELECT 1 FROM verifications v WHERE v.token = t.token)",
            " OF t"
        ),
        old: Old::Time,
    },
    Walk {
        table: "persons",
        start: Position::Bytes(Vec::new()),
        last: "SELECT person, CAST(0 AS BIGINT) FROM persons WHERE person > $1 ORDER BY person LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM persons WHERE person IN (SELECT p.person FROM persons p WHERE p.person > $1 \
                AND p.person <= $2 AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.person = p.person)",
            " OF p"
        ),
        old: Old::Never,
    },
    Walk {
        table: "not_me",
        start: Position::Bytes(Vec::new()),
        last: "SELECT person, CAST(0 AS BIGINT) FROM not_me WHERE person > $1 ORDER BY person LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM not_me WHERE (person, org_code) IN (SELECT person, org_code FROM not_me \
                WHERE person > $1 AND person <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    },
    Walk {
        table: "password_tries",
        start: Position::Bytes(Vec::new()),
        last: "SELECT identity, CAST(0 AS BIGINT) FROM password_tries WHERE identity > $1 ORDER BY identity LIMIT 1 OFFSET $2",
        // Wrong passwords that did not lock have no time, and are not forgotten.
        remove: remove!(
            "DELETE FROM password_tries WHERE identity IN (SELECT identity FROM password_tries WHERE identity > $1 \
                AND identity <= $2 AND (tries = 0 OR locked_until < $3)",
            ""
        ),
        old: Old::Time,
    },
    Walk {
        table: "page_claims",
        start: Position::Number(0),
        last: "SELECT notice, CAST(0 AS BIGINT) FROM page_claims WHERE notice > $1 ORDER BY notice LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM page_claims WHERE notice IN (SELECT notice FROM page_claims WHERE notice > $1 \
                AND notice <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    },
    Walk {
        table: "face_uses",
        start: Position::Bytes(Vec::new()),
        last: "SELECT face, CAST(0 AS BIGINT) FROM face_uses WHERE face > $1 ORDER BY face LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM face_uses WHERE face IN (SELECT face FROM face_uses WHERE face > $1 AND face <= $2 \
                AND at < $3",
            ""
        ),
        old: Old::Time,
    },
];

/// What is kept as long as the audit.
static AUDIT: [Walk; 2] = [
    Walk {
        table: "audit",
        start: Position::Number(0),
        last: "SELECT id, at FROM audit WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id > $1 AND id <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    },
    Walk {
        table: "free_payments",
        start: Position::Number(0),
        last: "SELECT id, at FROM free_payments WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: remove!(
            "DELETE FROM free_payments WHERE id IN (SELECT id FROM free_payments WHERE id > $1 AND id <= $2 \
                AND at < $3",
            ""
        ),
        old: Old::Time,
    },
];

/// What is kept for answering questions.
static CALLS: [Walk; 1] = [Walk {
    table: "calls",
    start: Position::Number(0),
    last: "SELECT id, at FROM calls WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
    remove: remove!(
        "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE id > $1 AND id <= $2 AND at < $3",
        ""
    ),
    old: Old::Time,
}];
