//! A connection to an embedded database, whose trips go as its disk has them.

use sqlx::Connection as _;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteQueryResult, SqliteRow};

use crate::ports::{Disk, DiskWork};

/// A connection of the driver, and the disk its database lies on.
#[derive(Debug)]
pub(crate) struct EmbeddedConnection {
    driver: SqliteConnection,
    disk: Disk,
}

impl EmbeddedConnection {
    pub(super) fn new(driver: SqliteConnection, disk: Disk) -> Self {
        Self { driver, disk }
    }

    /// Runs statements.
    pub(super) async fn execute(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<SqliteQueryResult, sqlx::Error> {
        self.disk.trip(query.execute(&mut self.driver)).await
    }

    /// Runs a query; all its rows.
    pub(super) async fn fetch_all(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        self.disk.trip(query.fetch_all(&mut self.driver)).await
    }

    /// Lets the time pass that what was just done took.
    pub(super) async fn settle(&self, work: DiskWork) {
        self.disk.settle(work).await;
    }

    /// The driver's own connection and the disk, for what knows only that.
    pub(super) fn parts(&mut self) -> (&mut SqliteConnection, &Disk) {
        (&mut self.driver, &self.disk)
    }

    /// Ends a connection that is being dropped. What its transaction has not committed is rolled back by then.
    pub(super) fn end(self) {
        // What is lost with it was lost before.
        let _ = Disk::last_trip(self.driver.close());
    }

    /// The driver's own connection, for a test.
    #[cfg(test)]
    pub(crate) fn driver(&mut self) -> &mut SqliteConnection {
        &mut self.driver
    }

    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        self.disk.trip(self.driver.close()).await
    }
}
