//! Which centers run on a shared database, and what their programs know.
//!
//! Each writes a row once a second, by the server's clock, which all of them share.

use yanmi_protocol::UnixMillis;

use super::StoreError;
use super::connection::{Connection, Statement};
use super::row::Columns;

const TABLE: &str = "_yanmi_nodes";

/// A center on a shared database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    id: i64,
    /// The newest migration its program knows.
    knows: i64,
}

/// What a center learns with each beat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Beat {
    /// The newest migration that took something away.
    oldest: i64,
    /// Centers that run, this one among them.
    pub(crate) running: i64,
}

impl Node {
    /// By what it is told from others.
    pub(crate) const fn id(self) -> i64 {
        self.id
    }

    /// Joins. Rows of centers that are long gone are removed.
    pub(super) async fn join(connection: &mut Connection, knows: i64) -> Result<Self, StoreError> {
        let now = now(connection);
        let forget = Statement::composed(format!("DELETE FROM _yanmi_nodes WHERE at < {now} - 86400000"));
        connection.run(forget).await?;
        let join = format!("INSERT INTO _yanmi_nodes (knows, at) VALUES ($1, {now}) RETURNING node");
        Ok(Self { id: number(connection, Statement::composed(join).number(knows)).await?, knows })
    }

    /// Writes that this center runs. Others count as running for five seconds after their last beat.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when what this program needs has been taken away.
    pub(crate) async fn beat(self, connection: &mut Connection) -> Result<Beat, StoreError> {
        let now = now(connection);
        let beats = format!(
            "INSERT INTO _yanmi_nodes (node, knows, at) VALUES ($1, $2, {now}) \
             ON CONFLICT (node) DO UPDATE SET knows = excluded.knows, at = excluded.at"
        );
        let reads = format!(
            "SELECT oldest, (SELECT count(*) FROM _yanmi_nodes WHERE node <> $1 AND at > {now} - 5000) \
             FROM _yanmi_schema WHERE id = 1"
        );
        let of_this = |text: String| Statement::composed(text).number(self.id).number(self.knows);
        let found = if let Connection::Postgres(_) = connection {
            connection.fetch(of_this(format!("WITH beat AS ({beats}) {reads}"))).await?
        } else {
            connection.run(of_this(beats)).await?;
            connection.fetch(Statement::composed(reads).number(self.id)).await?
        };
        let missing = StoreError::Impossible { table: "_yanmi_schema", what: "没有记录" };
        let mut columns = Columns::new(found.iter().next().ok_or(missing)?, "_yanmi_schema");
        let beat = Beat { oldest: columns.number()?, running: columns.number()? + 1 };
        if beat.oldest > self.knows { Err(StoreError::Newer(beat.oldest)) } else { Ok(beat) }
    }

    /// Leaves, so that nobody takes it for running.
    pub(crate) async fn leave(self, connection: &mut Connection) -> Result<(), StoreError> {
        const TEXT: &str = "DELETE FROM _yanmi_nodes WHERE node = $1";
        connection.run(Statement::new(TEXT).number(self.id)).await.map(|_| ())
    }
}

/// How many centers run, this one among them; nothing on a database that one process holds.
pub(crate) async fn running(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    if let Connection::Sqlite(_) = connection {
        return Ok(None);
    }
    let text = format!("SELECT count(*) FROM _yanmi_nodes WHERE at > {} - 5000", now(connection));
    number(connection, Statement::composed(text)).await.map(Some)
}

/// What the server's clock says; nothing on a database that one process holds, which has no clock but that process's.
pub(crate) async fn server_time(connection: &mut Connection) -> Result<Option<UnixMillis>, StoreError> {
    if let Connection::Sqlite(_) = connection {
        return Ok(None);
    }
    let text = Statement::composed(format!("SELECT {}", now(connection)));
    number(connection, text).await.map(|at| Some(UnixMillis::new(at)))
}

/// How many centers run that do not know this migration. Here they count as running for thirty seconds after their last
/// beat: what would be taken away does not come back.
pub(super) async fn older(connection: &mut Connection, migration: i64) -> Result<i64, StoreError> {
    let now = now(connection);
    let text = format!("SELECT count(*) FROM _yanmi_nodes WHERE knows < $1 AND at > {now} - 30000");
    number(connection, Statement::composed(text).number(migration)).await
}

/// The server's clock in milliseconds, as it stands in a statement.
fn now(connection: &Connection) -> String {
    match connection {
        Connection::Shared(connection) => connection.server_millis().to_string(),
        _ => "(extract(epoch FROM clock_timestamp()) * 1000)::bigint".to_owned(),
    }
}

async fn number(connection: &mut Connection, statement: Statement) -> Result<i64, StoreError> {
    let found = connection.fetch(statement).await?;
    let missing = StoreError::Impossible { table: TABLE, what: "没有记录" };
    Columns::new(found.iter().next().ok_or(missing)?, TABLE).number()
}
