//! The keys of a span of time in a table whose keys grow with time, and reading it in parts.

use std::time::Duration;

use tokio::time::Instant;

use yanmi_protocol::UnixMillis;

use super::connection::{Connection, Statement};
use super::error::StoreError;
use super::row::Columns;

/// How long one question may read.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Keys of one question.
const MOST_KEYS: i64 = 20_000_000;
/// Keys of one part: what a server reads within a fraction of the time it has for an answer.
pub(crate) const PART: i64 = 20_000;
/// Rows are written in the order of their time to within this: several ledgers commit side by side, and clocks are set.
pub(crate) const OUT_OF_ORDER: Duration = Duration::from_mins(2);

/// A span of time; its end does not belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Between {
    /// From when.
    pub from: UnixMillis,
    /// Until when.
    pub to: UnixMillis,
}

/// A table, as far as its keys are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyed {
    table: &'static str,
    last: &'static str,
    /// Key and time of the first row from `$1` on.
    from: &'static str,
}

pub(crate) const AUDIT: Keyed = Keyed {
    table: "audit",
    last: "SELECT id FROM audit ORDER BY id DESC LIMIT 1",
    from: "SELECT id, at FROM audit WHERE id >= $1 ORDER BY id LIMIT 1",
};
pub(crate) const CALLS: Keyed = Keyed {
    table: "calls",
    last: "SELECT id FROM calls ORDER BY id DESC LIMIT 1",
    from: "SELECT id, at FROM calls WHERE id >= $1 ORDER BY id LIMIT 1",
};

/// The keys that are still to be read.
#[derive(Debug)]
pub(crate) struct Span {
    keyed: Keyed,
    next: i64,
    end: i64,
    keys: i64,
    until: Instant,
}

impl Keyed {
    /// The first row from a key on: its key, and when it was written.
    pub(crate) async fn first_from(
        self,
        connection: &mut Connection,
        key: i64,
    ) -> Result<Option<(i64, UnixMillis)>, StoreError> {
        let found = connection.fetch(Statement::new(self.from).number(key)).await?;
        let Some(row) = found.iter().next() else { return Ok(None) };
        let mut columns = Columns::new(row, self.table);
        Ok(Some((columns.number()?, columns.time()?)))
    }

    /// The smallest key from which on rows are not older than `at`.
    pub(crate) async fn key_at(
        self,
        connection: &mut Connection,
        last: i64,
        at: UnixMillis,
    ) -> Result<i64, StoreError> {
        let (mut low, mut high) = (0, last.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.first_from(connection, middle).await? {
                // All between are gone, so that what is before the middle decides.
                Some((_, time)) if time >= at => high = middle,
                Some((key, _)) => low = key + 1,
                None => high = middle,
            }
        }
        Ok(low)
    }

    /// The last key; nothing of an empty table.
    pub(crate) async fn last(self, connection: &mut Connection) -> Result<Option<i64>, StoreError> {
        let found = connection.fetch(Statement::new(self.last)).await?;
        found.iter().next().map(|row| Columns::new(row, self.table).number()).transpose()
    }

    /// The keys of what was written in a span of time.
    pub(crate) async fn span(
        self,
        connection: &mut Connection,
        between: Between,
    ) -> Result<Span, StoreError> {
        let until = Instant::now() + READ_WITHIN;
        let Some(last) = self.last(connection).await? else {
            return Ok(Span { keyed: self, next: 1, end: 1, keys: 0, until });
        };
        let next = self.key_at(connection, last, between.from.minus(OUT_OF_ORDER)).await?;
        let end = self.key_at(connection, last, between.to.plus(OUT_OF_ORDER)).await?;
        Ok(Span { keyed: self, next, end, keys: 0, until })
    }
}

impl Span {
    /// The next part, as its first key and the key behind its last; nothing at the end.
    pub(crate) async fn part(
        &mut self,
        connection: &mut Connection,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        if self.next >= self.end || self.is_cut() {
            return Ok(None);
        }
        // Keys of rows that are gone are left out at once.
        let Some((first, _)) = self.keyed.first_from(connection, self.next).await? else { return Ok(None) };
        if first >= self.end {
            self.next = self.end;
            return Ok(None);
        }
        let behind = first.saturating_add(PART).min(self.end);
        self.next = behind;
        self.keys += behind - first;
        Ok(Some((first, behind)))
    }

    /// Whether there was more than is read for one question.
    pub(crate) fn is_cut(&self) -> bool {
        self.next < self.end && (self.keys >= MOST_KEYS || Instant::now() >= self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Database;
    use crate::ports::Entropy;
    use crate::sealing::Sealer;
    use crate::store::Store;

    async fn filled(rows: &'static str) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::Sqlite(folder.path().join("center.sqlite"));
        let sealer = Sealer::new(&yanmi_protocol::Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        let mut connection =
            Store::made(&database, &sealer).await.expect("a store").connect().await.expect("a connection");
        connection.run(Statement::new(rows)).await.expect("rows");
        (folder, connection)
    }

    /// One row every ten seconds, with keys that leave gaps: 7, 14, …, 70,000.
    const ROWS: &str = "INSERT INTO audit (id, at, event) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
        SELECT 7 * i, 1000000000 + 10000 * i, 'asked' FROM n";

    #[tokio::test]
    async fn a_span_of_time_is_found_by_halving_and_read_without_gaps_or_repetitions() {
        let (_folder, mut connection) = filled(ROWS).await;
        let at = |i: i64| UnixMillis::new(1_000_000_000 + 10_000 * i);
        for (from, to) in [(100, 200), (1, 10_000), (5_000, 5_001), (0, 1), (9_999, 20_000)] {
            let between = Between { from: at(from), to: at(to) };
            let mut span = AUDIT.span(&mut connection, between).await.expect("a span");
            let mut read = Vec::new();
            while let Some((first, behind)) = span.part(&mut connection).await.expect("a part") {
                read.extend((first..behind).filter(|key| key % 7 == 0));
            }
            // Two minutes, which are twelve rows, more on either side.
            let wanted: Vec<i64> = ((from - 12).max(1)..(to + 12).min(10_001)).map(|i| 7 * i).collect();
            assert_eq!(read, wanted, "{from} to {to}");
            assert!(!span.is_cut());
        }
        let nothing = Between { from: at(20_000), to: at(30_000) };
        let mut span = AUDIT.span(&mut connection, nothing).await.expect("a span");
        assert_eq!(span.part(&mut connection).await.expect("none"), None);
        let mut span = CALLS.span(&mut connection, nothing).await.expect("a span of an empty table");
        assert_eq!(span.part(&mut connection).await.expect("none"), None);
    }

    #[tokio::test]
    async fn who_has_read_for_long_enough_stops_and_says_so() {
        let (_folder, mut connection) = filled(ROWS).await;
        let all = Between { from: UnixMillis::new(0), to: UnixMillis::MAX };
        let mut span = AUDIT.span(&mut connection, all).await.expect("a span");
        assert!(span.part(&mut connection).await.expect("a part").is_some());
        span.until = Instant::now();
        assert_eq!(span.part(&mut connection).await.expect("none"), None);
        assert!(span.is_cut());
    }
}
