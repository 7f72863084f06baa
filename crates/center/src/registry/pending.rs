//! `pending`: changes that wait for a second person.

use std::time::Duration;

use yanmi_onboarding::Area;
use yanmi_protocol::UnixMillis;

use super::object::Subject;
use super::reach;
use crate::events::{Act, MAX_REASON};
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// How long one waits before it lapses.
const WAITS: Duration = Duration::from_hours(24 * 3);

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "pending (number, action, object_kind, object, region, form, changes, reason, object_changed_at, made_by, made_at, \
            ends_at, decided_by, decided_at, decision)",
    &[Number, Text, Text, Text, Text, Text, Text, Text, Number, Text, Number, Number, Text, Number, Text],
    1,
);

/// A change that waits for a second person, or waited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PendingRow {
    pub(crate) id: i64,
    /// `institution.edit`.
    pub(crate) action: String,
    pub(crate) object_kind: String,
    pub(crate) object: String,
    pub(crate) region: Area,
    /// What was typed.
    pub(crate) form: String,
    /// What it changes, as an event has it.
    pub(crate) changes: String,
    pub(crate) reason: String,
    pub(crate) made_by: String,
    pub(crate) made_at: UnixMillis,
    pub(crate) ends_at: UnixMillis,
    /// Who decided, and when.
    pub(crate) decided: Option<(String, UnixMillis)>,
    /// What.
    pub(crate) decision: Option<Decision>,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    /// It was done.
    Done,
    /// The second person did not agree.
    Refused,
    /// Who had proposed it took it back.
    Withdrawn,
}

impl Decision {
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Done, Self::Refused, Self::Withdrawn].into_iter().find(|decision| decision.word() == word)
    }
}

/// What is proposed.
pub(super) struct NewPending<'a> {
    pub(super) action: &'a str,
    pub(super) subject: Subject,
    pub(super) place: Area,
    pub(super) form: &'a str,
    pub(super) changes: &'a str,
}

impl PendingRow {
    /// Whether it can still be decided.
    pub(crate) fn is_open(&self, now: UnixMillis) -> bool {
        self.decided.is_none() && now < self.ends_at
    }
}

/// Adds one, unless something else of the same object waits already. Within a transaction that holds the version, so that
/// its number is nobody else's.
pub(super) fn insert(new: &NewPending<'_>, act: Act<'_>) -> Statement {
    let row = new.subject.row();
    let text = format!(
        "INSERT INTO pending (number, action, object_kind, object, region, form, changes, reason, \
            object_changed_at, made_by, made_at, ends_at) \
         SELECT COALESCE((SELECT MAX(number) FROM pending), 0) + 1, $1, $2, $3, $4, $5, $6, $7, \
            {key}.changed_at, $8, $9, $10 FROM {key} WHERE {key}.{column} = $3 \
            AND NOT EXISTS (SELECT 1 FROM pending WHERE object_kind = $2 AND object = $3 \
                AND decided_at IS NULL AND ends_at > $9)",
        key = row.table,
        column = row.key,
    );
    let reason: String = act.reason.chars().take(MAX_REASON).collect();
    Statement::composed(text)
        .text(new.action)
        .text(new.subject.kind())
        .text(row.id)
        .text(new.place.as_str())
        .text(new.form)
        .text(new.changes)
        .text(&reason)
        .text(act.actor.as_str())
        .number(act.at.get())
        .number(act.at.plus(WAITS).get())
}

/// Closes one as done, in the transaction that does it and before anything is changed: only while it waits, by another person
/// than who proposed it, and if its object is as it was then.
pub(super) async fn decide(
    connection: &mut Connection,
    id: i64,
    subject: Subject,
    act: Act<'_>,
) -> Result<bool, StoreError> {
    let row = subject.row();
    let text = format!(
        "UPDATE pending SET decided_by = $2, decided_at = $3, decision = 'done' \
         WHERE number = $1 AND decided_at IS NULL AND ends_at > $3 AND made_by <> $2 \
            AND object_kind = $4 AND object = $5 \
            AND object_changed_at = (SELECT changed_at FROM {} WHERE {} = $5)",
        row.table, row.key,
    );
    let statement = Statement::composed(text)
        .number(id)
        .text(act.actor.as_str())
        .number(act.at.get())
        .text(subject.kind())
        .text(row.id);
    Ok(connection.run(statement).await? == 1)
}

/// Closes one that is not done; touches no row when it does not wait any more.
pub(super) fn close(id: i64, decision: Decision, act: Act<'_>) -> Statement {
    const TEXT: &str = "UPDATE pending SET decided_by = $2, decided_at = $3, decision = $4 \
        WHERE number = $1 AND decided_at IS NULL AND ends_at > $3";
    Statement::new(TEXT).number(id).text(act.actor.as_str()).number(act.at.get()).text(decision.word())
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT number, action, object_kind, object, region, form, changes, reason, made_by, made_at, ends_at, \
             decided_by, decided_at, decision FROM pending ",
            $which
        )
    };
}

/// One of them.
pub(super) async fn one(connection: &mut Connection, id: i64) -> Result<Option<PendingRow>, StoreError> {
    const TEXT: &str = select!("WHERE number = $1");
    let found = connection.fetch(Statement::new(TEXT).number(id)).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()))).transpose()
}

/// So many before a number, the newest first, in these areas or by this person.
pub(super) async fn page(
    connection: &mut Connection,
    areas: &[Area],
    made_by: &str,
    before: i64,
    count: usize,
) -> Result<Vec<PendingRow>, StoreError> {
    let statement = reach::newest(select!("WHERE number < $1"), areas, made_by, before, count);
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

fn read(columns: &mut Columns<'_>) -> Result<PendingRow, StoreError> {
    let text = |columns: &mut Columns<'_>| columns.text().map(str::to_owned);
    Ok(PendingRow {
        id: columns.number()?,
        action: text(columns)?,
        object_kind: text(columns)?,
        object: text(columns)?,
        region: Area::new(columns.text()?).map_err(|_| columns.impossible("辖区格式不对"))?,
        form: text(columns)?,
        changes: text(columns)?,
        reason: text(columns)?,
        made_by: text(columns)?,
        made_at: columns.time()?,
        ends_at: columns.time()?,
        decided: {
            let by = columns.optional_text()?.map(str::to_owned);
            by.zip(columns.optional_time()?)
        },
        decision: columns.optional_text()?.and_then(Decision::of_word),
    })
}
