//! Counting the audit as it grows: on a connection of its own, a part of it at a time, each in one transaction with the mark
//! that says how far it has come. So nothing is counted twice and nothing is left out, whoever counts and however it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use yanmi_onboarding::Area;
use yanmi_protocol::UnixMillis;

use super::close::{Closer, close_day};
use super::count::{AskedTimes, Counts};
use super::figure::{Figure, Figures};
use super::marks::{self, CountMark, MarkSource};
use super::read::each;
use super::{city_hour, org_day};
use crate::config::Retention;
use crate::ports::Clock;
use crate::registry::Registry;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Kind, Statement, Value};
use crate::store::span::{AUDIT, OUT_OF_ORDER, PART};
use crate::store::table::Table;
use crate::store::{Store, StoreError};
use crate::telemetry::chain;

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(10);
/// Between two parts of one round: whoever is behind by years leaves room for others.
const PAUSE: Duration = Duration::from_millis(50);
/// Parts of one round, after which one looks at the clock again.
const PARTS: usize = 100;
/// How far back one looks for notices that were asked for and not answered.
const BEFORE: Duration = Duration::from_mins(10);
/// Rows of one statement: with their columns they are within what either database takes.
const ROWS: usize = 50;

/// What counting works with.
#[derive(Clone, Debug)]
pub(crate) struct RollerParts {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) retention: Retention,
    pub(crate) province: Area,
}

/// Counts the audit.
#[derive(Debug)]
pub(crate) struct Roller {
    parts: RollerParts,
    /// Which of several processes this is.
    node: i64,
    connection: Option<Connection>,
    asked: AskedTimes,
    /// Where it has counted to; nothing when it has not counted, or somebody else has since.
    counted: Option<i64>,
    /// The day on which what is old was last removed.
    cleaned: u32,
    /// The newest day of which it is known that it was counted again.
    closed: u32,
    failing: bool,
}

/// Rounds, until the process stops; the first after a while, for a start has other things to do.
pub(crate) async fn follow(roller: Arc<Mutex<Roller>>) {
    let mut tick = tokio::time::interval_at(Instant::now() + EVERY, EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        roller.lock().await.round().await;
    }
}

impl Roller {
    /// As this process.
    pub(crate) fn new(node: i64, parts: RollerParts) -> Self {
        let asked = AskedTimes::default();
        Self { parts, node, connection: None, asked, counted: None, cleaned: 0, closed: 0, failing: false }
    }

    /// Counts what there is to be counted.
    pub(crate) async fn round(&mut self) {
        let connection = match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.parts.store.connect_aside().await,
        };
        let rolled = match connection {
            Ok(mut connection) => {
                let rolled = self.roll(&mut connection).await;
                // One on which something went wrong is not used again.
                self.connection = rolled.is_ok().then_some(connection);
                rolled
            }
            Err(error) => Err(error),
        };
        match rolled {
            Ok(()) => self.failing = false,
            Err(error) if !std::mem::replace(&mut self.failing, true) => {
                tracing::warn!(cause = %chain(&error), "统计未能更新，稍后重试；业务不受影响");
            }
            Err(_) => {}
        }
    }

    /// Closes the connection, at a stop.
    pub(crate) async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Everything that counts is committed.
            let _ = connection.close().await;
        }
    }

    async fn roll(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        for _ in 0..PARTS {
            let now = self.parts.clock.now();
            let mark = marks::read(connection, MarkSource::Audit).await?;
            if !mark.is_for(self.node, now) {
                self.counted = None;
                return Ok(());
            }
            if self.counted != Some(mark.upto) || !mark.is_of(self.node) {
                self.remember(connection, mark).await?;
            }
            let Some((first, behind)) = self.part(connection, mark, now).await? else { break };
            self.count(connection, mark, (first, behind), now).await?;
            tokio::time::sleep(PAUSE).await;
        }
        self.close_days(connection).await?;
        self.clean(connection).await
    }

    /// Counts yesterday again, once a night, when all of it is counted.
    async fn close_days(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let RollerParts { registry, clock, province, .. } = &self.parts;
        let Some(counted) = self.counted else { return Ok(()) };
        let closer =
            Closer { node: self.node, now: clock.now(), snapshot: &registry.snapshot(), province: *province };
        if let Some(closed) = close_day(connection, &closer, (self.closed, counted)).await? {
            self.closed = closed;
        }
        Ok(())
    }

    /// The keys that are counted next. Where several write, keys are given out before rows are committed, so that the newest ones
    /// may still be missing some; those of two minutes ago are not.
    async fn part(
        &self,
        connection: &mut Connection,
        mark: CountMark,
        now: UnixMillis,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        let Some(last) = AUDIT.last(connection).await? else { return Ok(None) };
        let end = if self.parts.store.is_shared() {
            AUDIT.key_at(connection, last, now.minus(OUT_OF_ORDER)).await?
        } else {
            last + 1
        };
        // Keys of rows that are gone are left out at once.
        let first = AUDIT.first_from(connection, mark.upto + 1).await?;
        let Some((first, _)) = first.filter(|(first, _)| *first < end) else { return Ok(None) };
        Ok(Some((first, first.saturating_add(PART).min(end))))
    }

    /// Counts these keys, and says so.
    async fn count(
        &mut self,
        connection: &mut Connection,
        mark: CountMark,
        (first, behind): (i64, i64),
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut counts = Counts::default();
        let snapshot = self.parts.registry.snapshot();
        let asked = &mut self.asked;
        each(connection, first, behind, |one| {
            let registered = snapshot.institution(&one.org_code).map(|institution| institution.region);
            let place = registered.unwrap_or_else(|| Area::of_code(&one.org_code));
            counts.take(one, place, asked);
        })
        .await?;
        connection.begin().await?;
        let written = write(connection, mark, behind - 1, self.node, now, &counts).await;
        let counted = connection.settle(written).await?;
        // Somebody else has counted meanwhile: what was remembered is not what he saw.
        self.counted = counted.then_some(behind - 1);
        Ok(())
    }

    /// Remembers what was asked for shortly before the mark, without counting it.
    async fn remember(&mut self, connection: &mut Connection, mark: CountMark) -> Result<(), StoreError> {
        self.asked = AskedTimes::default();
        self.counted = Some(mark.upto);
        if let Some((_, at)) = AUDIT.first_from(connection, mark.upto).await?.filter(|_| mark.upto > 0) {
            let from = AUDIT.key_at(connection, mark.upto, at.minus(BEFORE)).await?;
            let asked = &mut self.asked;
            let mut next = from;
            while next <= mark.upto {
                let behind = next.saturating_add(PART).min(mark.upto + 1);
                each(connection, next, behind, |one| {
                    asked.see(one);
                })
                .await?;
                next = behind;
            }
        }
        Ok(())
    }

    /// Removes what is older than the audit, once a day.
    async fn clean(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        const ORG_DAY: &str = "DELETE FROM stat_org_day WHERE day < $1";
        const CITY_HOUR: &str = "DELETE FROM stat_city_hour WHERE hour < $1";
        let now = self.parts.clock.now();
        if self.cleaned == now.shanghai_day() {
            return Ok(());
        }
        let oldest = i64::from(now.minus(self.parts.retention.audit()).shanghai_day());
        connection.run(Statement::new(ORG_DAY).number(oldest)).await?;
        connection.run(Statement::new(CITY_HOUR).number(oldest * 100)).await?;
        self.cleaned = now.shanghai_day();
        Ok(())
    }
}

/// Adds counts to what is there; false when somebody else has counted these keys.
async fn write(
    connection: &mut Connection,
    mark: CountMark,
    upto: i64,
    node: i64,
    now: UnixMillis,
    counts: &Counts,
) -> Result<bool, StoreError> {
    if !marks::advance(connection, (MarkSource::Audit, mark), upto, node, now).await? {
        return Ok(false);
    }
    let number = |number: i64| (Number, Value::Number(number));
    let text = |text: &str| (Text, Value::Text(text.to_owned()));
    let row = |mut key: Vec<(Kind, Value)>, figures: &Figures| {
        key.extend(figures.all().iter().map(|figure| number(*figure)));
        key
    };
    let by_org = counts.by_org.iter();
    let by_org = by_org.map(|((day, code), figures)| row(vec![number(*day), text(code.as_str())], figures));
    add(connection, &org_day::TABLE, by_org.collect()).await?;
    let by_city = counts
        .by_city
        .iter()
        .map(|((hour, city, channel), figures)| row(vec![number(*hour), text(city), text(channel)], figures));
    add(connection, &city_hour::TABLE, by_city.collect()).await?;
    Ok(true)
}

/// Adds the figures of rows to those of a table.
async fn add(
    connection: &mut Connection,
    table: &Table,
    mut rows: Vec<Vec<(Kind, Value)>>,
) -> Result<(), StoreError> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS));
        connection.run(addition(table, std::mem::replace(&mut rows, rest))).await?;
    }
    Ok(())
}

/// The same of so many as one statement may have.
fn addition(table: &Table, rows: Vec<Vec<(Kind, Value)>>) -> Statement {
    let name = table.name();
    let added = Figure::ALL.map(|figure| {
        let column = figure.column();
        format!("{column} = {name}.{column} + excluded.{column}")
    });
    let tail = format!("ON CONFLICT ({}) DO UPDATE SET {}", table.key_columns(""), added.join(", "));
    Statement::of_rows(&format!("INSERT INTO {name} ({})", table.columns()), rows, &tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_the_figures_in_their_order() {
        let figures = Figure::columns("", "");
        assert_eq!(org_day::TABLE.columns(), format!("day, org_code, {figures}"));
        assert_eq!(city_hour::TABLE.columns(), format!("hour, city, channel, {figures}"));
        let row = vec![(Number, Value::Number(0)); 24];
        let statement = addition(&org_day::TABLE, vec![row.clone(), row]);
        let text = statement.words();
        assert!(
            text.contains("$48)") && text.contains("asked = stat_org_day.asked + excluded.asked"),
            "{text}"
        );
    }
}
