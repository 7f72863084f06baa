//! What a database holds in the end: one number for all rows, one story in itself, and the story that was told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqlSafeStr, TypeInfo, ValueRef};
use yanmi_disk::{MemoryDisk, VFS};

use crate::life::FILE;
use crate::oracle::{Deed, LIFE, Oracle};
use crate::trace::{empty_hash, hash};

/// An event of the audit.
#[derive(Clone, Debug)]
struct Event {
    at: i64,
    name: String,
    notice: Option<i64>,
    serial: Option<i64>,
    amount: Option<i64>,
}

/// A verification as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Record {
    attempt: i64,
    notices: i64,
    notice: i64,
    serial: i64,
    amount: Option<i64>,
    state: String,
}

/// What the audit says of a verification.
#[derive(Clone, Debug, Default)]
struct Story {
    record: Record,
    /// Whether another code took its place: it is over, and stored as it was, with its time cut short.
    over: bool,
    /// When it was asked for the last time.
    asked_at: i64,
    /// Whether the center's clock was set: then an attempt may have been ended that was over by a clock that was wrong, which nobody
    /// is told.
    clock_set: bool,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// One number for everything in every table.
    pub(crate) hash: u64,
    /// One number for which tables there are, and how many rows each has.
    pub(crate) shape: u64,
    /// The events there are.
    pub(crate) kinds: BTreeSet<String>,
    verifications: BTreeMap<(String, String), Record>,
    audit: BTreeMap<(String, String), Vec<Event>>,
}

/// Reads a database that no center runs on, beside the time of any world.
///
/// # Errors
/// When it cannot be read, or is not sound.
///
/// # Panics
/// When the runtime cannot be made.
pub(crate) fn read(disk: &MemoryDisk) -> Result<Books, sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(read_all(disk))
}

/// The same from within a runtime.
pub(crate) fn read_beside(disk: &MemoryDisk) -> Result<Books, sqlx::Error> {
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| read(disk));
        reading.join().unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed))
    })
}

async fn read_all(disk: &MemoryDisk) -> Result<Books, sqlx::Error> {
    let options =
        SqliteConnectOptions::new().filename(disk.path(FILE)).vfs(VFS).pragma("temp_store", "MEMORY");
    let mut connection = options.connect().await?;
    let sound: Vec<String> = all(&mut connection, "PRAGMA integrity_check".to_owned())
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    if sound != ["ok"] {
        return Err(sqlx::Error::Protocol(sound.join("; ")));
    }
    let (hash, shape) = hashes(&mut connection).await?;
    let mut books = Books { hash, shape, ..Books::default() };
    let columns = "token, org_code, attempt, notices, notice, serial, amount, state";
    for row in all(&mut connection, format!("SELECT {columns} FROM verifications")).await? {
        let record = Record {
            attempt: row.get(2),
            notices: row.get(3),
            notice: row.get(4),
            serial: row.get(5),
            amount: row.get(6),
            state: row.get(7),
        };
        books.verifications.insert((row.get(0), row.get(1)), record);
    }
    let columns = "token, org_code, event, notice, serial, amount, at";
    let audit = format!("SELECT {columns} FROM audit WHERE token IS NOT NULL ORDER BY id");
    for row in all(&mut connection, audit).await? {
        let event = Event {
            name: row.get(2),
            notice: row.get(3),
            serial: row.get(4),
            amount: row.get(5),
            at: row.get(6),
        };
        let org_code: Option<String> = row.get(1);
        books.audit.entry((row.get(0), org_code.unwrap_or_default())).or_default().push(event);
    }
    let kinds = all(&mut connection, "SELECT DISTINCT event FROM audit".to_owned()).await?;
    books.kinds = kinds.iter().map(|row| row.get(0)).collect();
    connection.close().await?;
    Ok(books)
}

async fn all(connection: &mut SqliteConnection, query: String) -> Result<Vec<SqliteRow>, sqlx::Error> {
    sqlx::query(AssertSqlSafe(query).into_sql_str()).fetch_all(connection).await
}

/// Everything in every table, whatever order it lies in; and which tables there are, with how many rows.
async fn hashes(connection: &mut SqliteConnection) -> Result<(u64, u64), sqlx::Error> {
    let tables = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name";
    let (mut whole, mut shape) = (empty_hash(), empty_hash());
    for table in all(connection, tables.to_owned()).await? {
        let (name, sql): (String, String) = (table.get(0), table.get(1));
        let mut rows: Vec<Vec<u8>> = Vec::new();
        for row in all(connection, format!("SELECT * FROM {name}")).await? {
            let mut bytes = Vec::new();
            for column in 0..row.len() {
                cell(&row, column, &mut bytes)?;
            }
            rows.push(bytes);
        }
        rows.sort_unstable();
        shape = hash(hash(shape, sql.as_bytes()), &rows.len().to_be_bytes());
        whole = rows.iter().fold(hash(whole, name.as_bytes()), |whole, row| hash(whole, row));
    }
    Ok((whole, shape))
}

fn cell(row: &SqliteRow, column: usize, onto: &mut Vec<u8>) -> Result<(), sqlx::Error> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        onto.push(0);
        return Ok(());
    }
    let kind = value.type_info().name().to_owned();
    onto.push(1);
    match kind.as_str() {
        "TEXT" => onto.extend(row.try_get::<String, _>(column)?.as_bytes()),
        "BLOB" => onto.extend(row.try_get::<Vec<u8>, _>(column)?),
        _ => onto.extend(row.try_get::<i64, _>(column)?.to_be_bytes()),
    }
    Ok(())
}

impl Story {
    /// Whether what is open can be over by the clock.
    fn is_past(&self, at: i64) -> bool {
        let since = u64::try_from(at - self.asked_at).map(Duration::from_millis);
        self.clock_set || !since.is_ok_and(|since| since < LIFE)
    }

    /// Takes in the next event, if it is possible after those before.
    fn follow(&mut self, event: &Event) -> Option<()> {
        let state = self.record.state.as_str();
        let open = !self.over && matches!(state, "asked" | "notified");
        let next = match event.name.as_str() {
            // Nothing is written when an attempt expires.
            "asked" if !open || self.is_past(event.at) => "asked",
            "superseded" if open => "asked",
            "asked-again" if open => state,
            "voided" if state == "verified" => "asked",
            "delivered" if matches!(state, "asked" | "notified" | "undelivered") => "notified",
            "undelivered" if matches!(state, "asked" | "notified") => "undelivered",
            "confirmed-01" | "confirmed-02" | "confirmed-03" if open => "verified",
            "cancelled" | "not-me" | "channel-failed" | "password-locked" if open => "declined",
            "stands" if state == "verified" => state,
            "handed-over" if open || state == "undelivered" => state,
            "wrong-password" | "took-over" | "page-opened" | "link-unknown" | "link-expired"
            | "link-shared" | "free-used" | "free-on-word" => state,
            _ => return None,
        };
        let next = next.to_owned();
        let record = &mut self.record;
        record.state = next;
        if matches!(event.name.as_str(), "asked" | "asked-again" | "superseded" | "voided") {
            self.asked_at = event.at;
        }
        match event.name.as_str() {
            "asked" | "superseded" | "voided" => {
                record.attempt += 1;
                record.notices += 1;
                record.notice = event.notice?;
                record.serial = event.serial?;
                record.amount = event.amount;
                self.over = false;
            }
            "asked-again" => {
                record.notices += 1;
                record.serial = event.serial?;
            }
            "stands" => record.serial = event.serial?,
            "handed-over" => self.over = true,
            _ => {}
        }
        Some(())
    }
}

impl Books {
    /// Has the oracle hear of everything in here that contradicts itself, or what was told.
    pub(crate) fn judge(&self, oracle: &mut Oracle) {
        for what in [self.agree(oracle.clock_was_ever_set()), self.tell(oracle)].concat() {
            oracle.found(what);
        }
    }

    /// What is wrong with the story in itself: state and audit, and numbers that were given out twice.
    fn agree(&self, clock_set: bool) -> Vec<String> {
        let mut found = Vec::new();
        let (mut serials, mut notices) = (BTreeSet::new(), BTreeSet::new());
        for (key, events) in &self.audit {
            let mut story = Story { clock_set, ..Story::default() };
            for event in events {
                if story.follow(event).is_none() {
                    found.push(format!("{key:?}: {event:?} after {story:?} of {events:?}"));
                    break;
                }
                let is_call = ["asked", "asked-again", "superseded", "voided", "stands"];
                if is_call.contains(&event.name.as_str()) && !serials.insert(event.serial) {
                    found.push(format!("{key:?}: serial number {:?} twice", event.serial));
                }
                let opens = ["asked", "superseded", "voided"];
                if opens.contains(&event.name.as_str()) && !notices.insert(event.notice) {
                    found.push(format!("{key:?}: notice number {:?} twice", event.notice));
                }
            }
            match self.verifications.get(key) {
                Some(stored) if *stored == story.record => {}
                None if story.record == Record::default() => {}
                stored => {
                    found
                        .push(format!("{key:?}: {stored:?} is stored, the audit says {story:?}: {events:?}"));
                }
            }
        }
        for key in self.verifications.keys().filter(|key| !self.audit.contains_key(*key)) {
            found.push(format!("{key:?} is stored, and the audit knows nothing of it"));
        }
        found
    }

    /// What was told and is not there, and what is there and was never asked for.
    fn tell(&self, oracle: &Oracle) -> Vec<String> {
        let mut found = Vec::new();
        let events = |token: &str, org_code: &str| {
            self.audit.get(&(token.to_owned(), org_code.to_owned())).map_or(&[][..], Vec::as_slice)
        };
        for ((token, org_code), serial) in oracle.serials_answered() {
            let number: Option<i64> = serial.get(..13).and_then(|digits| digits.parse().ok());
            if !events(token.as_str(), org_code.as_str()).iter().any(|event| event.serial == number) {
                found.push(format!("an answered notice is lost: {serial} of {token:?}"));
            }
        }
        for prompt in oracle.all_prompts() {
            let (token, org_code) = &prompt.key;
            let number = i64::try_from(prompt.number.number()).ok();
            if !events(token.as_str(), org_code.as_str()).iter().any(|event| event.notice == number) {
                found.push(format!("a phone shows what is not stored: {prompt:?}"));
            }
        }
        for (prompt, act) in oracle.accepted() {
            let (token, org_code) = &prompt.key;
            let number = i64::try_from(prompt.number.number()).ok();
            let names: &[&str] = match act.deed {
                Deed::Confirm(_) => &["confirmed-01", "confirmed-02", "confirmed-03"],
                Deed::Cancel => &["cancelled"],
                Deed::NotMe => &["not-me"],
                Deed::Fail => &["channel-failed"],
                Deed::Mistype => continue,
            };
            let there = events(token.as_str(), org_code.as_str()).iter();
            if !there.filter(|event| event.notice == number).any(|event| names.contains(&event.name.as_str()))
            {
                found.push(format!("an accepted answer is lost: {act:?}"));
            }
        }
        found
    }
}
