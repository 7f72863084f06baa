//! `applications`: where each application stands, with the form that is being filled in.

use yanmi_onboarding::application::{Application, Field, Form, State, Turn};
use yanmi_onboarding::{Area, Grant};
use yanmi_protocol::{AccountId, UnixMillis};

use super::reach;
use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "applications (number, kind, subject, under_way, region, title, applicant, made_by, made_at, state, data, form, \
            turn, turn_level, due, lapses_at, account, changed_at, offer)",
    &[
        Number, Text, Text, Number, Text, Text, Number, Text, Number, Text, Text, Bytes, Text, Text, Number,
        Number, Text, Number, Text,
    ],
    1,
);

/// An application as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct ApplicationRow {
    pub(crate) number: i64,
    pub(crate) application: Application,
    /// As it is being filled in; what lies at a desk is in `application_forms`, and the same.
    pub(crate) form: Form,
    /// Who filed it, as events name him.
    pub(crate) made_by: String,
    pub(crate) made_at: UnixMillis,
    pub(crate) due: Option<UnixMillis>,
    pub(crate) changed_at: UnixMillis,
}

/// An application as lists show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ListedApplication {
    pub(crate) number: i64,
    pub(crate) application: Application,
    /// The applicant's name.
    pub(crate) title: String,
    pub(crate) made_at: UnixMillis,
    pub(crate) due: Option<UnixMillis>,
}

/// Which of those in reach a list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ApplicationFilter {
    /// Still on their way.
    UnderWay,
    /// All.
    All,
}

fn cell(number: &str) -> Cell<'_> {
    Cell { table: "applications", row: number, column: "form" }
}

/// What is written of an application beside its number and who made it.
struct Written {
    subject: Option<String>,
    title: String,
    turn: (&'static str, Option<&'static str>),
    account: Option<AccountId>,
}

impl Written {
    fn of(row: &ApplicationRow) -> Self {
        let application = &row.application;
        let account = match application.state() {
            State::Live(live) => Some(live.key.account),
            State::Suspended { was, .. } => Some(was.key.account),
            _ => None,
        };
        let under_way = application.is_under_way();
        Self {
            subject: under_way.then(|| row.form.subject(application.kind())),
            title: row.form.text(Field::Applicant).unwrap_or_default().chars().take(100).collect(),
            turn: application.turn(row.changed_at).stored(),
            account,
        }
    }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!("SELECT number, data, form, made_by, made_at, due, changed_at FROM applications ", $which)
    };
}

/// The same for lists, which open no form.
macro_rules! select_listed {
    ($which:literal) => {
        concat!("SELECT number, data, title, made_at, due FROM applications ", $which)
    };
}

/// Writes one: a new one, whose number is nobody's yet, or what one has become.
pub(super) fn put(row: &ApplicationRow, sealer: &Sealer) -> Statement {
    // Who filed it stays, and an account stays known when its application is closed.
    const TEXT: &str = "INSERT INTO applications (number, kind, subject, under_way, region, title, made_by, made_at, state, \
            data, form, turn, turn_level, due, lapses_at, account, changed_at, applicant) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
            (SELECT number FROM applicants WHERE credit_code = $18)) \
        ON CONFLICT (number) DO UPDATE SET subject = excluded.subject, under_way = excluded.under_way, \
            title = excluded.title, state = excluded.state, data = excluded.data, form = excluded.form, \
            turn = excluded.turn, turn_level = excluded.turn_level, due = excluded.due, lapses_at = excluded.lapses_at, \
            account = COALESCE(excluded.account, applications.account), changed_at = excluded.changed_at, \
            applicant = excluded.applicant";
    let (application, written) = (&row.application, Written::of(row));
    let number = row.number.to_string();
    Statement::new(TEXT)
        .number(row.number)
        .text(application.kind().word())
        .optional_text(written.subject.as_deref())
        .number(i64::from(application.is_under_way()))
        .text(application.place().as_str())
        .text(&written.title)
        .text(&row.made_by)
        .number(row.made_at.get())
        .text(application.state().word())
        .text(&application.to_json())
        .bytes(&sealer.seal(cell(&number), row.form.to_json().as_bytes()))
        .text(written.turn.0)
        .optional_text(written.turn.1)
        .optional_number(row.due.map(UnixMillis::get))
        .optional_number(application.lapses_at().map(UnixMillis::get))
        .optional_text(written.account.as_ref().map(AccountId::as_str))
        .number(row.changed_at.get())
        .text(row.form.text(Field::CreditCode).unwrap_or_default())
}

/// One of them.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    number: i64,
) -> Result<Option<ApplicationRow>, StoreError> {
    let found = connection.fetch(Statement::new(select!("WHERE number = $1")).number(number)).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()), sealer)).transpose()
}

/// One of an applicant's, by the credit code of its form.
pub(super) async fn of_applicant(
    connection: &mut Connection,
    sealer: &Sealer,
    (applicant, number): (i64, i64),
) -> Result<Option<ApplicationRow>, StoreError> {
    const TEXT: &str = select!("WHERE number = $1 AND applicant = $2");
    let found = connection.fetch(Statement::new(TEXT).number(number).number(applicant)).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()), sealer)).transpose()
}

/// So many of an applicant's, the newest first.
pub(super) async fn all_of_applicant(
    connection: &mut Connection,
    applicant: i64,
    count: usize,
) -> Result<Vec<ListedApplication>, StoreError> {
    const TEXT: &str = select_listed!("WHERE applicant = $1 ORDER BY number DESC LIMIT $2");
    listed(connection, Statement::new(TEXT).number(applicant).number(signed(count as u64))).await
}

/// Keeps the key as it was made out to the applicant's public key.
pub(super) fn set_offer(number: i64, offer: &str) -> Statement {
    Statement::new("UPDATE applications SET offer = $2 WHERE number = $1").number(number).text(offer)
}

/// The key as it was made out to the applicant's public key, if it was.
pub(super) async fn offer(connection: &mut Connection, number: i64) -> Result<Option<String>, StoreError> {
    const TEXT: &str = "SELECT offer FROM applications WHERE number = $1";
    let found = connection.fetch(Statement::new(TEXT).number(number)).await?;
    let Some(row) = found.iter().next() else { return Ok(None) };
    Ok(Columns::new(row, TABLE.name()).optional_text()?.map(str::to_owned))
}

/// Where one is.
pub(super) async fn place(connection: &mut Connection, number: i64) -> Result<Option<Area>, StoreError> {
    const TEXT: &str = "SELECT region FROM applications WHERE number = $1";
    let found = connection.fetch(Statement::new(TEXT).number(number)).await?;
    let Some(row) = found.iter().next() else { return Ok(None) };
    let mut columns = Columns::new(row, TABLE.name());
    Area::new(columns.text()?).map(Some).map_err(|_| columns.impossible("辖区格式不对"))
}

/// The newest that came to this account, of those that made it.
pub(super) async fn of_account(
    connection: &mut Connection,
    account: &str,
) -> Result<Option<i64>, StoreError> {
    const TEXT: &str = "SELECT number FROM applications WHERE account = $1 ORDER BY number DESC LIMIT 1";
    let found = connection.fetch(Statement::new(TEXT).text(account)).await?;
    found.iter().next().map(|row| Columns::new(row, TABLE.name()).number()).transpose()
}

/// The one of this kind and subject that is under way, but for this number.
pub(super) async fn same(
    connection: &mut Connection,
    row: &ApplicationRow,
) -> Result<Option<i64>, StoreError> {
    const TEXT: &str =
        "SELECT number FROM applications WHERE kind = $1 AND subject = $2 AND under_way = 1 AND number <> $3";
    let kind = row.application.kind();
    let statement = Statement::new(TEXT).text(kind.word()).text(&row.form.subject(kind)).number(row.number);
    let found = connection.fetch(statement).await?;
    found.iter().next().map(|row| Columns::new(row, TABLE.name()).number()).transpose()
}

/// So many before a number, the newest first: those within the areas, and those one filed.
pub(super) async fn page(
    connection: &mut Connection,
    filter: ApplicationFilter,
    (areas, own): (&[Area], &str),
    before: i64,
    count: usize,
) -> Result<Vec<ListedApplication>, StoreError> {
    let select = match filter {
        ApplicationFilter::UnderWay => {
            select_listed!("WHERE turn <> 'nobody' AND number < $1")
        }
        ApplicationFilter::All => select_listed!("WHERE number < $1"),
    };
    listed(connection, reach::newest(select, areas, own, before, count)).await
}

/// So many at the desks of somebody with these grants, and his own drafts: what is due first.
pub(super) async fn at_desk(
    connection: &mut Connection,
    grants: &[Grant],
    own: &str,
    count: usize,
) -> Result<Vec<ListedApplication>, StoreError> {
    let desk = |at: usize| {
        let first = 3 + 2 * at;
        let (turn, area) = (format!("${first}"), format!("${}", first + 1));
        format!("OR (turn || ' ' || turn_level = {turn} AND substr(region, 1, length({area})) = {area})")
    };
    let desks: Vec<String> = (0..grants.len()).map(desk).collect();
    let text = format!(
        "{} OR (turn = 'applicant' AND made_by = $1) {} ORDER BY COALESCE(due, lapses_at), number LIMIT $2",
        select_listed!("WHERE 1 = 0"),
        desks.join(" ")
    );
    let statement = Statement::composed(text).text(own).number(signed(count as u64));
    let statement = grants.iter().fold(statement, |statement, grant| {
        let (turn, level) = Turn::Operator(grant.role, grant.area.level()).stored();
        statement.text(&format!("{turn} {}", level.unwrap_or_default())).text(grant.area.as_str())
    });
    listed(connection, statement).await
}

/// So many whose time is over, or that may wait at a level at which nobody works.
pub(super) async fn ended(
    connection: &mut Connection,
    now: UnixMillis,
    after: i64,
    count: usize,
) -> Result<Vec<i64>, StoreError> {
    const TEXT: &str = "SELECT number FROM applications \
        WHERE (lapses_at <= $1 OR (turn = 'clerk' AND state = 'in-review')) AND number > $2 ORDER BY number LIMIT $3";
    let statement = Statement::new(TEXT).number(now.get()).number(after).number(signed(count as u64));
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| Columns::new(row, TABLE.name()).number()).collect()
}

async fn listed(
    connection: &mut Connection,
    statement: Statement,
) -> Result<Vec<ListedApplication>, StoreError> {
    let found = connection.fetch(statement).await?;
    let read = |columns: &mut Columns<'_>| {
        Ok(ListedApplication {
            number: columns.number()?,
            application: application(columns)?,
            title: columns.text()?.to_owned(),
            made_at: columns.time()?,
            due: columns.optional_time()?,
        })
    };
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

fn application(columns: &mut Columns<'_>) -> Result<Application, StoreError> {
    let text = columns.text()?;
    Application::from_json(text).ok_or(columns.impossible("申请的内容不是本程序写的"))
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer) -> Result<ApplicationRow, StoreError> {
    let number = columns.number()?;
    Ok(ApplicationRow {
        number,
        application: application(columns)?,
        form: {
            let opened = sealer.open(cell(&number.to_string()), columns.bytes()?);
            let form = opened.ok().and_then(|text| Form::from_json(std::str::from_utf8(&text).ok()?));
            form.ok_or(columns.impossible("申请表无法打开"))?
        },
        made_by: columns.text()?.to_owned(),
        made_at: columns.time()?,
        due: columns.optional_time()?,
        changed_at: columns.time()?,
    })
}
