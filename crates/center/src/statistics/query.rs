//! What the pages ask of the statistics.

use std::collections::BTreeMap;

use yanmi_onboarding::Area;
use yanmi_protocol::{OrgCode, UnixMillis};

use super::count::hour_of;
use super::figure::{COUNT, Figure, Figures};
use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// By what the rows of cities and hours are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Grouping {
    Hour,
    Day,
    City,
    Channel,
}

impl Grouping {
    const fn expression(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "hour / 100",
            Self::City => "city",
            Self::Channel => "channel",
        }
    }
}

/// Days, both of which belong to it (20261123).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Days {
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// Figures of these areas, province or city, by what they are put together by, in its order.
pub(crate) async fn grouped(
    connection: &mut Connection,
    areas: &[Area],
    grouping: Grouping,
    days: Days,
) -> Result<Vec<(String, Figures)>, StoreError> {
    let within: Vec<String> =
        (0..areas.len()).map(|at| format!("(city >= ${} AND city < ${})", 3 + 2 * at, 4 + 2 * at)).collect();
    let within = if within.is_empty() { "1 = 0".to_owned() } else { within.join(" OR ") };
    let by = grouping.expression();
    let text = format!(
        "SELECT CAST({by} AS TEXT) AS name, {} FROM stat_city_hour \
         WHERE hour >= $1 AND hour < $2 AND ({within}) GROUP BY {by} ORDER BY {by}",
        sums()
    );
    let statement = Statement::composed(text)
        .number(i64::from(days.first) * 100)
        .number(i64::from(days.last) * 100 + 100);
    let statement = areas.iter().fold(statement, |statement, area| {
        let (from, to) = area.bounds();
        // The first four digits, and what follows after the last code of all.
        let city = |text: &str| text.get(..4).unwrap_or(text).to_owned();
        statement.text(&city(&from)).text(&city(&to))
    });
    let found = connection.fetch(statement).await?;
    found
        .iter()
        .map(|row| {
            let mut columns = Columns::new(row, "stat_city_hour");
            Ok((columns.text()?.to_owned(), read(&mut columns)?))
        })
        .collect()
}

/// Figures of these institutions; those without any are left out.
pub(crate) async fn of_institutions(
    connection: &mut Connection,
    codes: &[OrgCode],
    days: Days,
) -> Result<BTreeMap<OrgCode, Figures>, StoreError> {
    if codes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let text = format!(
        "SELECT org_code, {} FROM stat_org_day WHERE org_code IN ({}) AND day >= $1 AND day <= $2 GROUP BY org_code",
        sums(),
        Statement::places(3, codes.len())
    );
    let statement = Statement::composed(text).number(i64::from(days.first)).number(i64::from(days.last));
    let statement = codes.iter().fold(statement, |statement, code| statement.text(code.as_str()));
    let found = connection.fetch(statement).await?;
    found
        .iter()
        .map(|row| {
            let mut columns = Columns::new(row, "stat_org_day");
            Ok((columns.org_code()?, read(&mut columns)?))
        })
        .collect()
}

/// Figures of one institution, day by day.
pub(crate) async fn of_institution(
    connection: &mut Connection,
    code: &OrgCode,
    days: Days,
) -> Result<Vec<(String, Figures)>, StoreError> {
    let text = format!(
        "SELECT CAST(day AS TEXT) AS name, {} FROM stat_org_day \
         WHERE org_code = $3 AND day >= $1 AND day <= $2 ORDER BY day",
        Figure::columns("", "")
    );
    let statement = Statement::composed(text).number(i64::from(days.first)).number(i64::from(days.last));
    let found = connection.fetch(statement.text(code.as_str())).await?;
    found
        .iter()
        .map(|row| {
            let mut columns = Columns::new(row, "stat_org_day");
            Ok((columns.text()?.to_owned(), read(&mut columns)?))
        })
        .collect()
}

/// What became of the notices of each channel since the hour of a moment: taken, and not.
pub(crate) async fn deliveries(
    connection: &mut Connection,
    from: UnixMillis,
) -> Result<Vec<(String, i64, i64)>, StoreError> {
    const TEXT: &str = "\
        SELECT channel, CAST(SUM(delivered) AS BIGINT), CAST(SUM(undelivered) AS BIGINT) FROM stat_city_hour \
        WHERE hour >= $1 AND channel <> '' GROUP BY channel ORDER BY channel";
    let found = connection.fetch(Statement::new(TEXT).number(hour_of(from))).await?;
    found
        .iter()
        .map(|row| {
            let mut columns = Columns::new(row, "stat_city_hour");
            Ok((columns.text()?.to_owned(), columns.number()?, columns.number()?))
        })
        .collect()
}

/// Figures of all institutions of which something is counted in a day.
pub(super) async fn of_day(
    connection: &mut Connection,
    day: u32,
) -> Result<BTreeMap<OrgCode, Figures>, StoreError> {
    let text = format!("SELECT org_code, {} FROM stat_org_day WHERE day = $1", Figure::columns("", ""));
    let found = connection.fetch(Statement::composed(text).number(i64::from(day))).await?;
    found
        .iter()
        .map(|row| {
            let mut columns = Columns::new(row, "stat_org_day");
            Ok((columns.org_code()?, read(&mut columns)?))
        })
        .collect()
}

/// An institution that asked for nothing in a day, and what it asked for on those before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SilentDay {
    pub(super) code: OrgCode,
    /// On how many of the days before.
    pub(super) days: i64,
    /// How much on all of them.
    pub(super) asked: i64,
}

/// Those that asked for something on so many of the days before a day, or on more, and for nothing in it.
pub(super) async fn silent(
    connection: &mut Connection,
    before: Days,
    day: u32,
    fewest: i64,
) -> Result<Vec<SilentDay>, StoreError> {
    const TEXT: &str = "\
        SELECT b.org_code, count(*), CAST(SUM(b.asked) AS BIGINT) FROM stat_org_day b \
        WHERE b.day >= $1 AND b.day <= $2 AND b.asked > 0 AND NOT EXISTS \
            (SELECT 1 FROM stat_org_day t WHERE t.day = $3 AND t.org_code = b.org_code AND t.asked > 0) \
        GROUP BY b.org_code HAVING count(*) >= $4 ORDER BY b.org_code";
    let statement = Statement::new(TEXT).number(i64::from(before.first)).number(i64::from(before.last));
    let found = connection.fetch(statement.number(i64::from(day)).number(fewest)).await?;
    found
        .iter()
        .map(|row| {
            let mut columns = Columns::new(row, "stat_org_day");
            Ok(SilentDay { code: columns.org_code()?, days: columns.number()?, asked: columns.number()? })
        })
        .collect()
}

/// A sum of whole numbers is one on either database.
fn sums() -> String {
    Figure::columns("CAST(SUM(", ") AS BIGINT)")
}

fn read(columns: &mut Columns<'_>) -> Result<Figures, StoreError> {
    let mut all = [0; COUNT];
    for figure in &mut all {
        *figure = columns.number()?;
    }
    Ok(Figures::of(all))
}
