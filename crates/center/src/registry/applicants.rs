//! `applicants`: who asks for access, vendors and institutions.

use yanmi_onboarding::{ApplicantKind, Area, CreditCode};
use yanmi_protocol::UnixMillis;

use crate::events::Fields;
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::{Columns, contains, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "applicants (number, kind, name, credit_code, region, made_at, closed_at, changed_at)",
    &[Number, Text, Text, Text, Text, Number, Number, Number],
    1,
);

/// An applicant as listed.
#[derive(Clone, Debug)]
pub struct ApplicantRow {
    /// Its number, from 1.
    pub number: i64,
    /// What it is.
    pub kind: ApplicantKind,
    /// What it is called.
    pub name: String,
    /// 统一社会信用代码.
    pub credit_code: CreditCode,
    /// Whose clerks look after it.
    pub region: Area,
    /// When it was added.
    pub made_at: UnixMillis,
    /// When it was closed for good.
    pub closed_at: Option<UnixMillis>,
}

impl ApplicantRow {
    /// As an event shows it.
    pub(super) fn fields(&self) -> Fields {
        vec![
            ("applicant", Some(self.number.to_string())),
            ("kind", Some(self.kind.name().to_owned())),
            ("name", Some(self.name.clone())),
            ("region", Some(self.region.to_string())),
            ("closed_at", self.closed_at.map(UnixMillis::shanghai_text)),
        ]
        .into()
    }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!("SELECT number, kind, name, credit_code, region, made_at, closed_at FROM applicants ", $which)
    };
}

/// The one with this code.
pub(super) async fn one(
    connection: &mut Connection,
    code: &CreditCode,
) -> Result<Option<ApplicantRow>, StoreError> {
    const TEXT: &str = select!("WHERE credit_code = $1");
    fetch_one(connection, Statement::new(TEXT).text(code.as_str())).await
}

/// The one with this number.
pub(super) async fn numbered(
    connection: &mut Connection,
    number: i64,
) -> Result<Option<ApplicantRow>, StoreError> {
    const TEXT: &str = select!("WHERE number = $1");
    fetch_one(connection, Statement::new(TEXT).number(number)).await
}

/// So many of these areas before a number, the newest first, of which code or name contain a text.
pub(super) async fn page(
    connection: &mut Connection,
    areas: &[Area],
    before: i64,
    find: &str,
    count: usize,
) -> Result<Vec<ApplicantRow>, StoreError> {
    // An area is within another when its digits begin with the other's.
    let within = (0..areas.len()).map(|at| format!("substr(region, 1, length(${0})) = ${0}", at + 4));
    let within: Vec<String> = within.collect();
    let within = if within.is_empty() { "1 = 0".to_owned() } else { within.join(" OR ") };
    let text = format!(
        "{} AND (credit_code LIKE $2 ESCAPE '!' OR name LIKE $2 ESCAPE '!') AND ({within}) \
         ORDER BY number DESC LIMIT $3",
        select!("WHERE number < $1")
    );
    let statement =
        Statement::composed(text).number(before).text(&contains(find)).number(signed(count as u64));
    let statement = areas.iter().fold(statement, |statement, area| statement.text(area.as_str()));
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

async fn fetch_one(
    connection: &mut Connection,
    statement: Statement,
) -> Result<Option<ApplicantRow>, StoreError> {
    let found = connection.fetch(statement).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()))).transpose()
}

fn read(columns: &mut Columns<'_>) -> Result<ApplicantRow, StoreError> {
    Ok(ApplicantRow {
        number: columns.number()?,
        kind: ApplicantKind::of_word(columns.text()?).ok_or(columns.impossible("申请方类型未知"))?,
        name: columns.text()?.to_owned(),
        credit_code: CreditCode::new(columns.text()?)
            .map_err(|_| columns.impossible("统一社会信用代码格式不对"))?,
        region: Area::new(columns.text()?).map_err(|_| columns.impossible("区划代码格式不对"))?,
        made_at: columns.time()?,
        closed_at: columns.optional_time()?,
    })
}

/// Adds one under the next number; touches no row when there is or was one of this code. Whoever runs it holds the lock of the
/// registry, so no two have one number.
pub(super) fn insert(
    kind: ApplicantKind,
    name: &str,
    code: &CreditCode,
    region: Area,
    at: UnixMillis,
) -> Statement {
    const TEXT: &str = "INSERT INTO applicants (number, kind, name, credit_code, region, made_at, changed_at) \
        SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $5 \
        FROM applicants WHERE 1 = 1 ON CONFLICT DO NOTHING";
    Statement::new(TEXT)
        .text(kind.word())
        .text(name)
        .text(code.as_str())
        .text(region.as_str())
        .number(at.get())
}
