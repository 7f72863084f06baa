//! `alarms`: what was found to be wrong, since when, and who looks after it.

use std::time::Duration;

use yanmi_onboarding::{Alarm, AlarmRule, Area};
use yanmi_protocol::UnixMillis;

use super::{reach, version};
use crate::events::{Act, MAX_REASON};
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// Open alarms of one rule: strangers have as many addresses as they like, and nobody reads more.
const MOST_OPEN: i64 = 200;

/// How long an alarm is tried to be told outside of the console; then it is only there.
pub(crate) const TELL_WITHIN: Duration = Duration::from_hours(24);

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "alarms (number, rule, object_kind, object, region, detail, since, latest, times, taken_by, taken_at, closed_by, \
            closed_at, close_reason, told_at)",
    &[Number, Text, Text, Text, Text, Text, Number, Number, Number, Text, Number, Text, Number, Text, Number],
    1,
);

/// An alarm about something somewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    pub(crate) alarm: Alarm,
    /// Which of the rule's kind of objects.
    pub(crate) object: String,
    pub(crate) region: Area,
}

/// An alarm as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AlarmRow {
    pub(crate) number: i64,
    pub(crate) finding: Finding,
    /// When it was found first, and last.
    pub(crate) since: UnixMillis,
    pub(crate) latest: UnixMillis,
    /// How often it was found.
    pub(crate) times: i64,
    /// Who looks after it, and since when.
    pub(crate) taken: Option<(String, UnixMillis)>,
    /// Who closed it, when and why.
    pub(crate) closed: Option<(String, UnixMillis, String)>,
}

/// Which alarms somebody wants to see.
#[derive(Clone, Debug)]
pub(crate) struct AlarmFilter {
    pub(crate) areas: Vec<Area>,
    pub(crate) rules: Vec<AlarmRule>,
    /// Whether those that are open, or those that were closed.
    pub(crate) is_open: bool,
}

/// Writes down what was found, within a transaction: as new, or as found once more. Tells what is new; what was closed a short
/// while ago, or is one too many of its rule, is neither.
pub(crate) async fn raise<'a>(
    connection: &mut Connection,
    findings: &'a [Finding],
    now: UnixMillis,
) -> Result<Vec<&'a Finding>, StoreError> {
    const TEXT: &str = "\
        INSERT INTO alarms (number, rule, object_kind, object, region, detail, since, latest, times) \
        SELECT COALESCE((SELECT MAX(number) FROM alarms), 0) + 1, $1, $2, $3, $4, $5, $6, $6, 1 \
        WHERE NOT EXISTS (SELECT 1 FROM alarms WHERE rule = $1 AND object = $3 AND closed_at > $7) \
            AND (EXISTS (SELECT 1 FROM alarms WHERE rule = $1 AND object = $3 AND closed_at IS NULL) \
                OR (SELECT count(*) FROM alarms WHERE rule = $1 AND closed_at IS NULL) < $8) \
        ON CONFLICT (rule, object) WHERE closed_at IS NULL DO UPDATE SET \
            latest = excluded.latest, times = alarms.times + 1, detail = excluded.detail \
        RETURNING times";
    if findings.is_empty() {
        return Ok(Vec::new());
    }
    // So that its number is nobody else's.
    version::hold(connection).await?;
    let mut new = Vec::new();
    for finding in findings {
        let rule = finding.alarm.rule;
        let statement = Statement::new(TEXT)
            .text(rule.word())
            .text(rule.object_kind())
            .text(&finding.object)
            .text(finding.region.as_str())
            .text(&finding.alarm.detail)
            .number(now.get())
            .number(now.minus(rule.quiet()).get())
            .number(MOST_OPEN);
        let found = connection.fetch(statement).await?;
        let times = found.iter().next().map(|row| Columns::new(row, TABLE.name()).number()).transpose()?;
        if times == Some(1) {
            new.push(finding);
        }
    }
    Ok(new)
}

/// The same in a transaction of its own.
pub(crate) async fn raise_alone(
    connection: &mut Connection,
    findings: &[Finding],
    now: UnixMillis,
) -> Result<(), StoreError> {
    if findings.is_empty() {
        return Ok(());
    }
    connection.begin().await?;
    let raised = raise(connection, findings, now).await;
    tell(&connection.settle(raised).await?);
    Ok(())
}

/// Says what is new: whoever gathers the log hears of it.
pub(crate) fn tell(new: &[&Finding]) {
    for finding in new {
        let (rule, object) = (finding.alarm.rule, finding.object.as_str());
        tracing::warn!(rule = rule.word(), object, detail = finding.alarm.detail, "告警：{}", rule.name());
    }
}

/// How many are open, by rule; those of which none is are left out.
pub(crate) async fn open_by_rule(connection: &mut Connection) -> Result<Vec<(AlarmRule, i64)>, StoreError> {
    const TEXT: &str = "SELECT rule, count(*) FROM alarms WHERE closed_at IS NULL GROUP BY rule";
    let found = connection.fetch(Statement::new(TEXT)).await?;
    let mut all = Vec::new();
    for row in found.iter() {
        let mut columns = Columns::new(row, TABLE.name());
        // What a newer version has found is left out.
        if let Some(rule) = AlarmRule::of_word(columns.text()?) {
            all.push((rule, columns.number()?));
        }
    }
    Ok(all)
}

/// So many that are open, found lately and not told outside of the console yet, the oldest first.
pub(crate) async fn untold(
    connection: &mut Connection,
    now: UnixMillis,
    count: usize,
) -> Result<Vec<AlarmRow>, StoreError> {
    let text = format!(
        "SELECT {} FROM alarms WHERE closed_at IS NULL AND told_at IS NULL AND since > $1 ORDER BY number LIMIT $2",
        TABLE.columns()
    );
    let statement = Statement::composed(text).number(now.minus(TELL_WITHIN).get());
    let found = connection.fetch(statement.number(signed(count as u64))).await?;
    let rows = found.iter().map(|row| read(&mut Columns::new(row, TABLE.name())));
    // What a newer version has found it tells itself.
    Ok(rows.filter_map(Result::ok).collect())
}

/// How many are open that were found before this time and not told outside of the console.
pub(crate) async fn count_untold(connection: &mut Connection, before: UnixMillis) -> Result<i64, StoreError> {
    const TEXT: &str =
        "SELECT count(*) FROM alarms WHERE closed_at IS NULL AND told_at IS NULL AND since <= $1";
    let found = connection.fetch(Statement::new(TEXT).number(before.get())).await?;
    let count = found.iter().next().map(|row| Columns::new(row, TABLE.name()).number()).transpose()?;
    Ok(count.unwrap_or(0))
}

/// Notes that one was told.
pub(crate) async fn note_told(
    connection: &mut Connection,
    number: i64,
    at: UnixMillis,
) -> Result<(), StoreError> {
    const TEXT: &str = "UPDATE alarms SET told_at = $2 WHERE number = $1 AND told_at IS NULL";
    connection.run(Statement::new(TEXT).number(number).number(at.get())).await.map(drop)
}

/// Makes somebody the one who looks after it; touches no row when it is closed, or he does already.
pub(super) fn take(number: i64, act: Act<'_>) -> Statement {
    const TEXT: &str = "UPDATE alarms SET taken_by = $2, taken_at = $3 \
        WHERE number = $1 AND closed_at IS NULL AND COALESCE(taken_by, '') <> $2";
    Statement::new(TEXT).number(number).text(act.actor.as_str()).number(act.at.get())
}

/// Closes it; touches no row when it is closed.
pub(super) fn close(number: i64, act: Act<'_>) -> Statement {
    const TEXT: &str = "UPDATE alarms SET closed_by = $2, closed_at = $3, close_reason = $4 \
        WHERE number = $1 AND closed_at IS NULL";
    let reason: String = act.reason.chars().take(MAX_REASON).collect();
    Statement::new(TEXT).number(number).text(act.actor.as_str()).number(act.at.get()).text(&reason)
}

/// One of them.
pub(super) async fn one(connection: &mut Connection, number: i64) -> Result<Option<AlarmRow>, StoreError> {
    let text = format!("SELECT {} FROM alarms WHERE number = $1", TABLE.columns());
    let found = connection.fetch(Statement::composed(text).number(number)).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()))).transpose()
}

/// So many before a number, the newest first.
pub(super) async fn page(
    connection: &mut Connection,
    filter: &AlarmFilter,
    before: i64,
    count: usize,
) -> Result<Vec<AlarmRow>, StoreError> {
    let text = format!(
        "SELECT {} FROM alarms WHERE number < $1 AND {} ORDER BY number DESC LIMIT $2",
        TABLE.columns(),
        filter.condition(3)
    );
    let statement = Statement::composed(text).number(before).number(signed(count as u64));
    let found = connection.fetch(filter.bind(statement)).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

/// How many there are.
pub(super) async fn count(connection: &mut Connection, filter: &AlarmFilter) -> Result<i64, StoreError> {
    let text = format!("SELECT count(*) FROM alarms WHERE {}", filter.condition(1));
    let found = connection.fetch(filter.bind(Statement::composed(text))).await?;
    let count = found.iter().next().map(|row| Columns::new(row, TABLE.name()).number()).transpose()?;
    Ok(count.unwrap_or(0))
}

impl AlarmFilter {
    /// Its condition; its values are those from this place on.
    fn condition(&self, first: usize) -> String {
        let state = if self.is_open { "closed_at IS NULL" } else { "closed_at IS NOT NULL" };
        let within = reach::within(first, self.areas.len());
        let rules = Statement::places(first + self.areas.len(), self.rules.len());
        // Of no rule there is no list.
        let rules = if rules.is_empty() { "NULL".to_owned() } else { rules };
        format!("{state} AND ({within}) AND rule IN ({rules})")
    }

    fn bind(&self, statement: Statement) -> Statement {
        let areas = self.areas.iter().fold(statement, |statement, area| statement.text(area.as_str()));
        self.rules.iter().fold(areas, |statement, rule| statement.text(rule.word()))
    }
}

fn read(columns: &mut Columns<'_>) -> Result<AlarmRow, StoreError> {
    let number = columns.number()?;
    let rule = AlarmRule::of_word(columns.text()?).ok_or(columns.impossible("告警的种类未知"))?;
    // The kind follows from the rule.
    columns.text()?;
    let object = columns.text()?.to_owned();
    let region = Area::new(columns.text()?).map_err(|_| columns.impossible("辖区格式不对"))?;
    let alarm = Alarm { rule, detail: columns.text()?.to_owned() };
    Ok(AlarmRow {
        number,
        finding: Finding { alarm, object, region },
        since: columns.time()?,
        latest: columns.time()?,
        times: columns.number()?,
        taken: {
            let by = columns.optional_text()?.map(str::to_owned);
            by.zip(columns.optional_time()?)
        },
        closed: {
            let by = columns.optional_text()?.map(str::to_owned);
            let by = by.zip(columns.optional_time()?);
            let why = columns.optional_text()?.map(str::to_owned);
            by.zip(why).map(|((by, at), why)| (by, at, why))
        },
    })
}
