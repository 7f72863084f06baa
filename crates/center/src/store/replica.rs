//! The servers that follow those of the database, for questions that read much: what scans the audit for seconds takes
//! nothing there from who settles.

use super::StoreError;
use super::connection::{Connection, Statement};
use super::postgres::Postgres;
use super::site_row;
use crate::config::PostgresSettings;
use crate::sealing::Sealer;

/// Servers that are only read. What stands there may be some seconds old.
#[derive(Debug)]
pub(crate) struct Replica(Postgres);

impl Replica {
    pub(crate) fn new(settings: &PostgresSettings) -> Self {
        Self(Postgres::to_read(settings))
    }

    /// A connection that can change nothing, to a database that belongs to the key.
    ///
    /// # Errors
    /// When no server answers, or what it has belongs to somebody else.
    pub(crate) async fn connect(&self, sealer: &Sealer) -> Result<Connection, StoreError> {
        let mut connection = Connection::Postgres(self.0.connect().await?);
        // One that takes changes may be named too.
        connection.run(Statement::new("SET default_transaction_read_only = on")).await?;
        site_row::check(&mut connection, sealer).await?;
        Ok(connection)
    }
}
