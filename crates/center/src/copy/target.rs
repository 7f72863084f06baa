//! What the target says about itself: empty, an unfinished copy of a certain site, or a site.
//!
//! It says so in the row of `site`, whose canary no center opens while it holds one of the marks below. Behind the mark
//! stands the source's canary, which is like no other site's; version and next number are the source's. They change
//! whenever a center is started on the source or its registry is changed, so a copy is continued only when nothing of
//! what was copied before can have changed.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;

use super::error::{CopyError, TargetProblem};
use super::page;
use crate::sealing::Sealer;
use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::fault::Fault;
use crate::store::postgres::APPLICATION;
use crate::store::row::Columns;
use crate::store::site_row::{BEGUN, CANARY, CANARY_CELL, COLUMNS, SPOILED, is_unfinished};
use crate::store::table::Table;
use crate::tables;

/// Numbers between the source's last and the target's first, as many as a center reserves at a time: should a center be
/// started on the source once more, it gives out none of the target's.
const NUMBERS_BETWEEN: i64 = 1_000_000;
/// The number after the last.
const NO_NUMBER: i64 = 10_000_000_000_000;
/// The advisory lock of whoever copies into a database: "YANC".
const COPYING: i64 = 0x5941_4E43;

/// How long a server may show a connection that was closed, of a command that has just ended.
const LINGERS: Duration = Duration::from_secs(1);
/// How often it is asked meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The row of `site`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SiteRow {
    canary: Vec<u8>,
    registry_version: i64,
    next_number: i64,
}

/// How things stand when a copy begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beginning {
    /// The target was empty.
    Fresh,
    /// An unfinished copy is continued.
    Continued,
    /// The source has changed since a copy was left unfinished, or that copy was spoiled: the target was emptied.
    Again,
    /// Everything was copied before, and no center has run on the target since.
    Finished,
}

impl SiteRow {
    /// Reads the row, if there is one.
    pub(super) async fn read(connection: &mut Connection) -> Result<Option<Self>, StoreError> {
        let found = connection.fetch(Statement::composed(format!("SELECT {COLUMNS} FROM site"))).await?;
        let Some(row) = found.iter().next() else { return Ok(None) };
        let mut columns = Columns::new(row, "site");
        columns.skip(1);
        let canary = columns.bytes()?.to_vec();
        Ok(Some(Self { canary, registry_version: columns.number()?, next_number: columns.number()? }))
    }

    /// Whether it was made with this key.
    pub(super) fn opens(&self, sealer: &Sealer) -> bool {
        sealer.open(CANARY_CELL, &self.canary).is_ok_and(|opened| opened.as_slice() == CANARY)
    }

    /// What the target holds of this source until the copy is finished.
    fn marked(&self, mark: &[u8]) -> Self {
        Self { canary: [mark, &self.canary].concat(), ..*self }
    }

    /// What it holds then.
    fn moved(&self) -> Self {
        let next_number = self.next_number.saturating_add(NUMBERS_BETWEEN).min(NO_NUMBER);
        Self { next_number, ..self.clone() }
    }

    /// What there is to do about a target that says this.
    fn beginning(&self, found: &Self, sealer: &Sealer) -> ControlFlow<TargetProblem, Option<Beginning>> {
        let [begun, spoiled] = [BEGUN, SPOILED].map(|mark| self.marked(mark));
        if *found == begun {
            ControlFlow::Continue(Some(Beginning::Continued))
        } else if found.canary == begun.canary || found.canary == spoiled.canary {
            ControlFlow::Continue(Some(Beginning::Again))
        } else if is_unfinished(&found.canary) {
            ControlFlow::Break(TargetProblem::OtherSource)
        } else if *found == self.moved() {
            ControlFlow::Continue(Some(Beginning::Finished))
        } else if found.canary == self.canary {
            ControlFlow::Break(TargetProblem::Served)
        } else if found.opens(sealer) {
            // A site that nobody has begun to use, perhaps: `yanmi migrate` makes one.
            ControlFlow::Continue(None)
        } else {
            ControlFlow::Break(TargetProblem::OtherSite)
        }
    }
}

/// Makes sure that nobody else copies into the target until the connection ends.
pub(super) async fn lock(connection: &mut Connection) -> Result<(), CopyError> {
    let lock = Statement::new("SELECT pg_advisory_lock($1)").number(COPYING);
    match connection.fetch(lock).await {
        Ok(_) => Ok(()),
        // Every connection waits for a lock for a bounded time only.
        Err(error) if Fault::of(&error) == Fault::Conflict => Err(TargetProblem::Busy.into()),
        Err(error) => Err(CopyError::Target(error)),
    }
}

/// Takes the target for a copy of this source, and marks it.
pub(super) async fn claim(
    connection: &mut Connection,
    source: &SiteRow,
    sealer: &Sealer,
) -> Result<Beginning, CopyError> {
    let found = SiteRow::read(connection).await.map_err(CopyError::Target)?;
    let beginning = match &found {
        Some(found) => match source.beginning(found, sealer) {
            ControlFlow::Break(problem) => return Err(problem.into()),
            ControlFlow::Continue(beginning) => beginning,
        },
        None => None,
    };
    match beginning {
        Some(Beginning::Again) => {
            empty(connection, source).await.map_err(CopyError::Target)?;
            Ok(Beginning::Again)
        }
        Some(beginning) => Ok(beginning),
        None => {
            is_unused(connection).await?;
            let marked = mark(connection, found.as_ref(), &source.marked(BEGUN)).await;
            if marked.map_err(CopyError::Target)? {
                Ok(Beginning::Fresh)
            } else {
                Err(TargetProblem::OtherSite.into())
            }
        }
    }
}

/// Whether the target holds nothing, and nobody works on it.
async fn is_unused(connection: &mut Connection) -> Result<(), CopyError> {
    const OTHERS: &str = "\
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1";
    let until = Instant::now() + LINGERS;
    loop {
        let others = Statement::new(OTHERS).text(APPLICATION);
        if page::count(connection, others).await.map_err(CopyError::Target)? == 0 {
            break;
        }
        if Instant::now() >= until {
            return Err(TargetProblem::InUse.into());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    for table in tables::all() {
        if page::last_key(connection, table).await.map_err(CopyError::Target)?.is_some() {
            return Err(TargetProblem::OtherSite.into());
        }
    }
    Ok(())
}

/// Writes the mark in place of what was found; tells whether that was still there.
async fn mark(
    connection: &mut Connection,
    found: Option<&SiteRow>,
    marked: &SiteRow,
) -> Result<bool, StoreError> {
    if let Some(found) = found {
        return replace(connection, &found.canary, marked).await;
    }
    let text = format!("INSERT INTO site ({COLUMNS}) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING");
    let insert = Statement::composed(text).bytes(&marked.canary);
    let insert = insert.number(marked.registry_version).number(marked.next_number);
    connection.run(insert).await.map(|rows| rows == 1)
}

/// Puts one row of `site` in the place of the one with this canary; tells whether that was there.
async fn replace(connection: &mut Connection, canary: &[u8], with: &SiteRow) -> Result<bool, StoreError> {
    const TEXT: &str = "\
        UPDATE site SET canary = $2, registry_version = $3, next_number = $4 WHERE id = 1 AND canary = $1";
    let update = Statement::new(TEXT).bytes(canary).bytes(&with.canary);
    let update = update.number(with.registry_version).number(with.next_number);
    connection.run(update).await.map(|rows| rows == 1)
}

/// Empties every table and marks the target anew.
async fn empty(connection: &mut Connection, source: &SiteRow) -> Result<(), StoreError> {
    let names: Vec<&str> = tables::all().map(Table::name).collect();
    let names = names.join(", ");
    let marked = source.marked(BEGUN);
    let text = "UPDATE site SET canary = $1, registry_version = $2, next_number = $3 WHERE id = 1";
    let update = Statement::new(text).bytes(&marked.canary);
    connection.begin().await?;
    connection.run(Statement::composed(format!("TRUNCATE {names}"))).await?;
    connection.run(update.number(marked.registry_version).number(marked.next_number)).await?;
    connection.commit().await
}

/// Makes the target a site. From here on a center may run on it.
pub(super) async fn finish(connection: &mut Connection, source: &SiteRow) -> Result<(), StoreError> {
    for table in tables::all().filter(|table| table.is_numbered()) {
        connection.fetch(table.go_on()).await?;
    }
    // What was committed without waiting for the disk, or for a standby, is there when this commit is.
    connection.run(Statement::new("RESET synchronous_commit")).await?;
    let marked = source.marked(BEGUN);
    let gone = StoreError::Impossible { table: "site", what: "搬迁的标记不见了" };
    if replace(connection, &marked.canary, &source.moved()).await? { Ok(()) } else { Err(gone) }
}

/// Marks the target as not like the source, so that nobody serves it and the next copy begins anew.
pub(super) async fn spoil(connection: &mut Connection, source: &SiteRow) -> Result<(), StoreError> {
    let begun = source.marked(BEGUN);
    replace(connection, &begun.canary, &source.marked(SPOILED)).await.map(|_| ())
}
