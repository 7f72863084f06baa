//! `operator_events`: what was changed of who may call, gapless and chained.

use yanmi_onboarding::Area;
use yanmi_protocol::UnixMillis;

use super::event::{BEGINNING, Hash, OperatorEvent, Outcome};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement, Value};
use crate::store::row::{Columns, contains, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "operator_events (seq, at, actor, action, object_kind, object, outcome, reason, changes, prev, hash, region)",
    &[Number, Number, Text, Text, Text, Text, Text, Text, Text, Bytes, Bytes, Text],
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
    append_all(connection, vec![event]).await
}

/// The same with several, a few hundreds at most, one after the other in the chain.
pub(crate) async fn append_all(
    connection: &mut Connection,
    events: Vec<OperatorEvent>,
) -> Result<(), StoreError> {
    const LAST: &str = "SELECT seq, hash FROM operator_events ORDER BY seq DESC LIMIT 1";
    const INTO: &str = "INSERT INTO operator_events \
        (seq, at, actor, action, object_kind, object, outcome, reason, changes, prev, hash, region)";
    if events.is_empty() {
        return Ok(());
    }
    let found = connection.fetch(Statement::new(LAST)).await?;
    let (mut last, mut prev) = match found.iter().next() {
        None => (0, BEGINNING),
        Some(row) => {
            let mut columns = Columns::new(row, TABLE.name());
            (columns.number()?, hash_of(&mut columns)?)
        }
    };
    let rows = events.into_iter().map(|event| {
        last += 1;
        let event = OperatorEvent { seq: last, ..event };
        let hash = event.hash(&prev);
        let before = std::mem::replace(&mut prev, hash);
        vec![
            (Number, Value::Number(event.seq)),
            (Number, Value::Number(event.at.get())),
            (Text, Value::Text(event.actor)),
            (Text, Value::Text(event.action)),
            (Text, Value::Text(event.object_kind)),
            (Text, Value::Text(event.object)),
            (Text, Value::Text(event.outcome.word().to_owned())),
            (Text, Value::Text(event.reason)),
            (Text, Value::Text(event.changes)),
            (Bytes, Value::Bytes(before.to_vec())),
            (Bytes, Value::Bytes(hash.to_vec())),
            (Text, event.region.map_or(Value::Null, |region| Value::Text(region.as_str().to_owned()))),
        ]
    });
    connection.run(Statement::of_rows(INTO, rows, "")).await.map(drop)
}

/// Who did the last thing to an object that was done.
pub(crate) async fn last_actor(
    connection: &mut Connection,
    object: &str,
) -> Result<Option<String>, StoreError> {
    const TEXT: &str = "SELECT actor FROM operator_events WHERE object = $1 AND outcome = 'done' \
        ORDER BY seq DESC LIMIT 1";
    let found = connection.fetch(Statement::new(TEXT).text(object)).await?;
    let actor = found.iter().next().map(|row| Ok(Columns::new(row, TABLE.name()).text()?.to_owned()));
    actor.transpose()
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT seq, at, actor, action, object_kind, object, outcome, reason, changes, prev, hash, region \
             FROM operator_events ",
            $which
        )
    };
}

/// The events after a number, so many as a page has.
pub(crate) async fn page(connection: &mut Connection, after: i64) -> Result<Vec<ChainLink>, StoreError> {
    const TEXT: &str = select!("WHERE seq > $1 ORDER BY seq LIMIT $2");
    let found = connection.fetch(Statement::new(TEXT).number(after).number(PAGE)).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

/// Whose events somebody may see.
#[derive(Clone, Debug)]
pub(crate) enum EventScope {
    /// Everybody's, wherever.
    All,
    /// Those of these areas, and his own.
    Areas(Vec<Area>, String),
    /// His own.
    Own(String),
}

/// So many events before a number, the newest first, of which actor or object contain a text.
pub(crate) async fn before(
    connection: &mut Connection,
    scope: &EventScope,
    before: i64,
    find: &str,
    count: usize,
) -> Result<Vec<OperatorEvent>, StoreError> {
    const TEXT: &str = select!("WHERE seq < $1 AND (actor LIKE $2 ESCAPE '!' OR object LIKE $2 ESCAPE '!')");
    let (areas, own) = match scope {
        EventScope::All => (None, None),
        EventScope::Areas(areas, own) => (Some(&areas[..]), Some(own)),
        EventScope::Own(own) => (None, Some(own)),
    };
    // An area is within another when its digits begin with the other's.
    let within = (5..5 + areas.map_or(0, <[Area]>::len))
        .map(|at| format!(" OR substr(region, 1, length(${at})) = ${at}"))
        .collect::<Vec<_>>();
    let whose = own.map_or_else(String::new, |_| format!(" AND (actor = $4{})", within.concat()));
    let text = format!("{TEXT}{whose} ORDER BY seq DESC LIMIT $3");
    let statement =
        Statement::composed(text).number(before).text(&contains(find)).number(signed(count as u64));
    let statement = own.into_iter().fold(statement, |statement, own| statement.text(own));
    let areas = areas.into_iter().flatten();
    let statement = areas.fold(statement, |statement, area| statement.text(area.as_str()));
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| Ok(read(&mut Columns::new(row, TABLE.name()))?.event)).collect()
}

/// What was done since then of one kind, the newest first, so many at most.
pub(crate) async fn done_since(
    connection: &mut Connection,
    action: &str,
    since: UnixMillis,
    count: usize,
) -> Result<Vec<OperatorEvent>, StoreError> {
    const TEXT: &str =
        select!("WHERE action = $1 AND at >= $2 AND outcome = 'done' ORDER BY at DESC LIMIT $3");
    let statement = Statement::new(TEXT).text(action).number(since.get()).number(signed(count as u64));
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| Ok(read(&mut Columns::new(row, TABLE.name()))?.event)).collect()
}

/// A login, good or not.
#[derive(Clone, Debug)]
pub(crate) struct LoginEvent {
    pub(crate) at: UnixMillis,
    /// From where.
    pub(crate) how: String,
}

/// What logins are called; a failed one by a provider is nobody's.
macro_rules! logins {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " FROM operator_events WHERE actor = $1 AND at < $2 \
             AND action IN ('operator.login', 'operator.login_oidc', 'applicant_user.login') ",
            $after
        )
    };
}

/// The last login of somebody before then that came to this.
pub(crate) async fn last_login(
    connection: &mut Connection,
    actor: &str,
    outcome: &str,
    before: UnixMillis,
) -> Result<Option<LoginEvent>, StoreError> {
    const TEXT: &str = logins!("SELECT at, reason", "AND outcome = $3 ORDER BY at DESC, seq DESC LIMIT 1");
    let statement = Statement::new(TEXT).text(actor).number(before.get()).text(outcome);
    let found = connection.fetch(statement).await?;
    let login = found.iter().next().map(|row| {
        let mut columns = Columns::new(row, TABLE.name());
        Ok(LoginEvent { at: UnixMillis::new(columns.number()?), how: columns.text()?.to_owned() })
    });
    login.transpose()
}

/// How many logins of somebody failed between two moments.
pub(crate) async fn failed_logins(
    connection: &mut Connection,
    actor: &str,
    since: UnixMillis,
    before: UnixMillis,
) -> Result<u64, StoreError> {
    const TEXT: &str = logins!("SELECT count(*)", "AND outcome = 'refused' AND at >= $3");
    let statement = Statement::new(TEXT).text(actor).number(before.get()).number(since.get());
    counted(connection, statement).await
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
        region: None,
    };
    let (prev, hash) = (hash_of(columns)?, hash_of(columns)?);
    let region = columns.optional_text()?.map(Area::new).transpose();
    let event = event.in_region(region.map_err(|_| columns.impossible("辖区格式不对"))?);
    Ok(ChainLink { event, prev, hash })
}

fn hash_of(columns: &mut Columns<'_>) -> Result<Hash, StoreError> {
    columns.bytes()?.try_into().map_err(|_| columns.impossible("摘要长度不对"))
}
