//! The center's database, read while no center runs: what is stored must be one story, and the story that was told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Connection, Row};
use yanmi_protocol::NoticeNo;

use super::belief::{Deed, Said, Standing};
use super::counter::{Entry, Visit};

/// One event of the audit about a verification.
#[derive(Debug)]
struct Event {
    name: String,
    notice: i64,
    serial: i64,
    amount: Option<i64>,
}

/// A verification as it is stored, or as the audit tells it.
#[derive(PartialEq, Eq, Debug, Default)]
struct Record {
    attempt: i64,
    notices: i64,
    notice: i64,
    serial: i64,
    amount: i64,
    state: String,
    reason: Option<String>,
}

/// Everything stored, by token.
#[derive(Debug)]
pub(crate) struct Books {
    verifications: BTreeMap<String, Record>,
    audit: BTreeMap<String, Vec<Event>>,
    tokens: BTreeSet<String>,
}

impl Books {
    pub(crate) async fn open(database: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection = options.connect().await.expect("a database");
        let whole = all(&mut connection, "PRAGMA integrity_check").await;
        assert_eq!(whole.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["ok"]);
        assert!(all(&mut connection, "PRAGMA foreign_key_check").await.is_empty());
        let rows = all(
            &mut connection,
            "SELECT token, attempt, notices, notice, serial, amount, state, reason FROM verifications",
        )
        .await;
        let verifications = rows.iter().map(|row| (row.get(0), Record::of(row))).collect();
        let mut audit: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        let rows = all(
            &mut connection,
            "SELECT token, event, notice, serial, amount FROM audit WHERE token IS NOT NULL ORDER BY id",
        )
        .await;
        for row in &rows {
            audit.entry(row.get(0)).or_default().push(Event::of(row));
        }
        let rows = all(&mut connection, "SELECT token FROM tokens").await;
        let tokens = rows.iter().map(|row| row.get(0)).collect();
        connection.close().await.expect("closed");
        Self { verifications, audit, tokens }
    }

    /// State and audit agree, and no number was given out twice.
    pub(crate) fn agree(&self) {
        let told: Vec<&String> = self.audit.keys().collect();
        assert_eq!(told, self.verifications.keys().collect::<Vec<_>>());
        let (mut serials, mut notices) = (BTreeSet::new(), BTreeSet::new());
        for (token, events) in &self.audit {
            assert_eq!(replay(events), self.verifications[token], "{token}: {events:#?}");
            for event in events {
                let calls = ["asked", "asked-again", "superseded", "voided", "stands"];
                let fresh = !calls.contains(&event.name.as_str()) || serials.insert(event.serial);
                assert!(fresh, "serial number {} twice", event.serial);
                let fresh = !event.opens() || notices.insert(event.notice);
                assert!(fresh, "notice number {} twice", event.notice);
            }
        }
    }

    /// Everything this visit was told is stored, and nothing is stored that it did not do.
    pub(crate) fn tell_of(&self, visit: &Visit, phone: &[NoticeNo]) {
        let token = visit.token.as_str();
        assert!(self.tokens.contains(token), "a decoded token is forgotten: {visit:#?}");
        let none = Vec::new();
        let events = self.audit.get(token).unwrap_or(&none);
        let standing = self.verifications.get(token).map_or(Standing::Never, Record::standing);
        assert!(visit.belief.allows(standing), "{standing:?} is stored: {events:#?} {visit:#?}");
        tell_of_notices(visit, events, phone);
        for (event, deed) in [("confirmed-01", Deed::Confirm), ("cancelled", Deed::Cancel)] {
            let stored: BTreeSet<i64> = numbers(events, |e| e.name == event);
            let was = |said: Option<Said>| -> BTreeSet<i64> {
                let entries = visit.history.iter().filter(|entry| entry.deed == deed);
                let entries = entries.filter(|entry| said.is_none() || entry.said == said);
                entries.filter_map(|entry| entry.notice.map(signed)).collect()
            };
            assert!(stored.is_superset(&was(Some(Said::Accepted))), "{deed:?} is forgotten: {visit:#?}");
            assert!(stored.is_subset(&was(None)), "{deed:?} is invented: {events:#?} {visit:#?}");
        }
    }

    /// Verifications and tokens in the books.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.verifications.len(), self.tokens.len())
    }
}

/// Every answered notice is stored, and on the phone is what is stored as delivered.
fn tell_of_notices(visit: &Visit, events: &[Event], phone: &[NoticeNo]) {
    let calls: Vec<&Entry> =
        visit.history.iter().filter(|entry| matches!(entry.deed, Deed::Notify(_))).collect();
    let stored: BTreeSet<i64> = events.iter().map(|event| event.serial).collect();
    for entry in calls.iter().filter(|entry| entry.said.is_some()) {
        let number = entry.serial.as_ref().and_then(|serial| serial[..13].parse().ok());
        let kept = number.is_some_and(|number| stored.contains(&number));
        assert!(kept, "an answered notice is forgotten: {entry:?} {visit:#?}");
    }
    assert!(stored.len() <= calls.len(), "a notice is invented: {events:#?} {visit:#?}");
    let asked = numbers(events, Event::opens);
    let pushed: BTreeSet<i64> = phone.iter().copied().map(signed).collect();
    assert!(pushed.is_subset(&asked), "the phone shows what is not stored: {pushed:?} {events:#?}");
    let delivered = numbers(events, |event| event.name == "delivered");
    assert!(delivered.is_subset(&pushed), "what was delivered is on no phone: {pushed:?} {events:#?}");
}

impl Event {
    fn of(row: &SqliteRow) -> Self {
        Self { name: row.get(1), notice: row.get(2), serial: row.get(3), amount: row.get(4) }
    }

    /// Whether it opens an attempt, with a notice number of its own.
    fn opens(&self) -> bool {
        matches!(self.name.as_str(), "asked" | "superseded" | "voided")
    }
}

impl Record {
    fn of(row: &SqliteRow) -> Self {
        Self {
            attempt: row.get(1),
            notices: row.get(2),
            notice: row.get(3),
            serial: row.get(4),
            amount: row.get(5),
            state: row.get(6),
            reason: row.get(7),
        }
    }

    fn standing(&self) -> Standing {
        let amount = u32::try_from(self.amount).expect("a small amount");
        match self.state.as_str() {
            "asked" | "notified" => Standing::Open(amount),
            "verified" => Standing::Confirmed(amount),
            "declined" => Standing::Declined,
            other => panic!("nothing here makes a verification {other}"),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "asked" | "notified")
    }

    fn becomes(&mut self, state: &str, reason: Option<&str>) {
        state.clone_into(&mut self.state);
        self.reason = reason.map(str::to_owned);
    }
}

/// What the audit says has become of a verification, each event possible after the one before.
fn replay(events: &[Event]) -> Record {
    let mut record = Record::default();
    for event in events {
        let (open, verified) = (record.is_open(), record.state == "verified");
        let possible = match event.name.as_str() {
            "asked" => !open && !verified,
            "superseded" | "asked-again" | "confirmed-01" | "cancelled" => open,
            "voided" | "stands" => verified,
            "delivered" => record.state == "asked",
            _ => false,
        };
        assert!(possible, "{event:?} after {record:?}: {events:#?}");
        match event.name.as_str() {
            "delivered" => record.becomes("notified", None),
            "confirmed-01" => record.becomes("verified", Some("01")),
            "cancelled" => record.becomes("declined", Some("cancelled")),
            "stands" => record.serial = event.serial,
            _ => {
                record.serial = event.serial;
                record.notices += 1;
            }
        }
        if event.opens() {
            record.attempt += 1;
            record.notice = event.notice;
            record.amount = event.amount.expect("an amount");
            record.becomes("asked", None);
        }
        let same = (record.notice, record.serial) == (event.notice, event.serial);
        assert!(same, "{event:?} is about another notice than {record:?}: {events:#?}");
    }
    record
}

fn numbers(events: &[Event], of: impl Fn(&Event) -> bool) -> BTreeSet<i64> {
    events.iter().filter(|event| of(event)).map(|event| event.notice).collect()
}

fn signed(notice: NoticeNo) -> i64 {
    i64::try_from(notice.number()).expect("thirteen digits")
}

async fn all(connection: &mut SqliteConnection, query: &'static str) -> Vec<SqliteRow> {
    sqlx::query(query).fetch_all(connection).await.expect("rows")
}
