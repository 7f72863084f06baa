//! `operator_events`: what was changed of who may call, gapless and chained.

use yanmi_protocol::UnixMillis;

use super::event::{BEGINNING, Hash, OperatorEvent, Outcome};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::{Columns, contains, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "operator_events (seq, at, actor, action, object_kind, object, outcome, reason, changes, prev, hash)",
    &[Number, Number, Text, Text, Text, Text, Text, Text, Text, Bytes, Bytes],
    1,
);

/// Events of one page.
const PAGE: i64 = 1_000;

/// An event with its links of the chain.
pub(crate) struct ChainLink {
    pub(crate) event: OperatorEvent,
    pub(crate) prev: Hash,
    pub(crate) hash: Hash,
}

/// Adds an event within the transaction of its change, which holds the row of `site`: so its number is the next one, and
/// nobody else's. The number of `event` is given here.
pub(crate) async fn append(connection: &mut Connection, event: OperatorEvent) -> Result<(), StoreError> {
    const LAST: &str = "SELECT seq, hash FROM operator_events ORDER BY seq DESC LIMIT 1";
    const INSERT: &str = "INSERT INTO operator_events \
        (seq, at, actor, action, object_kind, object, outcome, reason, changes, prev, hash) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let found = connection.fetch(Statement::new(LAST)).await?;
    let (last, prev) = match found.iter().next() {
        None => (0, BEGINNING),
        Some(row) => {
            let mut columns = Columns::new(row, TABLE.name());
            (columns.number()?, hash_of(&mut columns)?)
        }
    };
    let event = OperatorEvent { seq: last + 1, ..event };
    let hash = event.hash(&prev);
    let statement = Statement::new(INSERT)
        .number(event.seq)
        .number(event.at.get())
        .text(&event.actor)
        .text(&event.action)
        .text(&event.object_kind)
        .text(&event.object)
        .text(event.outcome.word())
        .text(&event.reason)
        .text(&event.changes)
        .bytes(&prev)
        .bytes(&hash);
    connection.run(statement).await.map(drop)
}

/// The events after a number, so many as a page has.
pub(crate) async fn page(connection: &mut Connection, after: i64) -> Result<Vec<ChainLink>, StoreError> {
    const TEXT: &str = "\
        SELECT seq, at, actor, action, object_kind, object, outcome, reason, changes, prev, hash \
        FROM operator_events WHERE seq > $1 ORDER BY seq LIMIT $2";
    let found = connection.fetch(Statement::new(TEXT).number(after).number(PAGE)).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

/// So many events before a number, the newest first, of which actor or object contain a text.
pub(crate) async fn before(
    connection: &mut Connection,
    before: i64,
    find: &str,
    count: usize,
) -> Result<Vec<OperatorEvent>, StoreError> {
    const TEXT: &str = "\
        SELECT seq, at, actor, action, object_kind, object, outcome, reason, changes, prev, hash \
        FROM operator_events WHERE seq < $1 AND (actor LIKE $2 ESCAPE '!' OR object LIKE $2 ESCAPE '!') \
        ORDER BY seq DESC LIMIT $3";
    let statement = Statement::new(TEXT).number(before).text(&contains(find)).number(signed(count as u64));
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| Ok(read(&mut Columns::new(row, TABLE.name()))?.event)).collect()
}

/// How often somebody has done something since then.
pub(crate) async fn count(
    connection: &mut Connection,
    actor: &str,
    action: &str,
    since: UnixMillis,
) -> Result<u64, StoreError> {
    const TEXT: &str = "SELECT count(*) FROM operator_events \
        WHERE actor = $1 AND at >= $2 AND action = $3 AND outcome = 'done'";
    counted(connection, Statement::new(TEXT).text(actor).number(since.get()).text(action)).await
}

/// How much somebody has done since then, whatever it was.
pub(crate) async fn count_all(
    connection: &mut Connection,
    actor: &str,
    since: UnixMillis,
) -> Result<u64, StoreError> {
    const TEXT: &str =
        "SELECT count(*) FROM operator_events WHERE actor = $1 AND at >= $2 AND outcome = 'done'";
    counted(connection, Statement::new(TEXT).text(actor).number(since.get())).await
}

async fn counted(connection: &mut Connection, statement: Statement) -> Result<u64, StoreError> {
    let found = connection.fetch(statement).await?;
    let count = found.iter().next().map(|row| Columns::new(row, TABLE.name()).number()).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

fn read(columns: &mut Columns<'_>) -> Result<ChainLink, StoreError> {
    let event = OperatorEvent {
        seq: columns.number()?,
        // Shown as it is stored, also where somebody has put in what cannot be.
        at: UnixMillis::new(columns.number()?),
        actor: columns.text()?.to_owned(),
        action: columns.text()?.to_owned(),
        object_kind: columns.text()?.to_owned(),
        object: columns.text()?.to_owned(),
        outcome: {
            let word = columns.text()?;
            Outcome::of_word(word).ok_or(columns.impossible("结果未知"))?
        },
        reason: columns.text()?.to_owned(),
        changes: columns.text()?.to_owned(),
    };
    Ok(ChainLink { event, prev: hash_of(columns)?, hash: hash_of(columns)? })
}

fn hash_of(columns: &mut Columns<'_>) -> Result<Hash, StoreError> {
    columns.bytes()?.try_into().map_err(|_| columns.impossible("摘要长度不对"))
}
