//! `import_rows`: what each row of an import would change, did, or was kept from.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use yanmi_onboarding::{AccountState, Area, EntryState, RowState};
use yanmi_protocol::{AccountId, OrgCode};

use super::object::Object;
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement, Value};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "import_rows (import, line, org_code, before, after, fault, outcome, note, account)",
    &[Number, Number, Text, Text, Text, Text, Text, Text, Text],
    2,
);

/// A row of an import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportLine {
    /// The row of the file.
    pub line: u32,
    /// Whose row it is; nothing where that cannot be read.
    pub object: Option<Object>,
    /// What was registered when it was checked; nothing of what is new.
    pub before: Option<RowState>,
    /// What it is to become; nothing of a faulty row.
    pub after: Option<RowState>,
    /// What is wrong with it.
    pub fault: Option<FaultyLine>,
    /// What became of it.
    pub outcome: Option<LineOutcome>,
    /// Why, where it needs saying.
    pub note: Option<String>,
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineOutcome {
    /// It was done.
    Done,
    /// It was not done, because somebody had changed it since it was checked.
    Skipped,
    /// It was done and taken back.
    Reversed,
    /// It was done and stays, because somebody has changed it since.
    Kept,
}

/// A row that cannot be done: its cells as they were, and what is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FaultyLine {
    /// In the order of the template.
    pub cells: Vec<String>,
    /// At least one.
    pub faults: Vec<CellFault>,
}

/// What is wrong with a cell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CellFault {
    /// `C17`.
    pub cell: String,
    /// The column.
    pub column: String,
    /// What is written there.
    pub value: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// Which rows of an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// Those with faults.
    Faulty,
    /// Those that change something.
    Changing,
    /// Those of which this became.
    Ended(LineOutcome),
}

impl LineOutcome {
    const ALL: [Self; 4] = [Self::Done, Self::Skipped, Self::Reversed, Self::Kept];

    /// The stored word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Reversed => "reversed",
            Self::Kept => "kept",
        }
    }
}

impl ImportLine {
    /// The code it is about; empty where that cannot be read.
    pub fn code(&self) -> &str {
        self.object.as_ref().map_or("", Object::code)
    }

    /// The institution it is about.
    pub(super) const fn org_code(&self) -> Option<OrgCode> {
        match self.object {
            Some(Object::Institution(code)) => Some(code),
            _ => None,
        }
    }

    /// The account it is about.
    pub(super) const fn account(&self) -> Option<AccountId> {
        match self.object {
            Some(Object::Account(id)) => Some(id),
            _ => None,
        }
    }
}

/// An institution as it is stored here.
#[derive(Serialize, Deserialize)]
struct EntryText {
    name: String,
    region: String,
    accounts: Vec<String>,
    active: bool,
}

/// An account as it is stored here.
#[derive(Serialize, Deserialize)]
struct AccountText {
    name: String,
    interfaces: String,
    rate: Option<NonZeroU32>,
    must_mac: bool,
    networks: String,
    active: bool,
}

fn stored(state: &RowState) -> String {
    let text = match state {
        RowState::Institution(state) => serde_json::to_string(&EntryText {
            name: state.name.clone(),
            region: state.region.to_string(),
            accounts: state.accounts.iter().map(|account| account.as_str().to_owned()).collect(),
            active: state.active,
        }),
        RowState::Account(state) => serde_json::to_string(&AccountText {
            name: state.name.clone(),
            interfaces: state.interfaces.join(","),
            rate: state.rate,
            must_mac: state.must_mac,
            networks: state.networks.clone(),
            active: state.active,
        }),
    };
    // Texts, numbers and flags always can be.
    text.unwrap_or_default()
}

fn entry_state(text: &str) -> Option<RowState> {
    let stored: EntryText = serde_json::from_str(text).ok()?;
    let accounts = stored.accounts.iter().map(|account| AccountId::new(account).ok());
    let state = EntryState {
        name: stored.name,
        region: Area::new(&stored.region).ok()?,
        accounts: accounts.collect::<Option<_>>()?,
        active: stored.active,
    };
    Some(state.into())
}

fn account_state(text: &str) -> Option<RowState> {
    let AccountText { name, interfaces, rate, must_mac, networks, active } =
        serde_json::from_str(text).ok()?;
    let interfaces = AccountState::interfaces_of(&interfaces)?;
    Some(AccountState { name, interfaces, rate, must_mac, networks, active }.into())
}

/// Writes rows, which are few hundreds.
pub(super) fn insert(import: i64, lines: &[ImportLine]) -> Statement {
    const INTO: &str = "INSERT INTO import_rows (import, line, org_code, before, after, fault, account)";
    let text = |text: Option<String>| (Text, text.map_or(Value::Null, Value::Text));
    let rows = lines.iter().map(|line| {
        vec![
            (Number, Value::Number(import)),
            (Number, Value::Number(i64::from(line.line))),
            text(line.org_code().map(|code| code.as_str().to_owned())),
            text(line.before.as_ref().map(stored)),
            text(line.after.as_ref().map(stored)),
            text(line.fault.as_ref().map(|fault| serde_json::to_string(fault).unwrap_or_default())),
            text(line.account().map(|account| account.as_str().to_owned())),
        ]
    });
    Statement::of_rows(INTO, rows, "")
}

/// So many rows of a kind after a row of the file, in the order of the file.
pub(super) async fn page(
    connection: &mut Connection,
    import: i64,
    kind: LineKind,
    after: u32,
    count: usize,
) -> Result<Vec<ImportLine>, StoreError> {
    let which = match kind {
        LineKind::Faulty => "fault IS NOT NULL",
        LineKind::Changing => "after IS NOT NULL",
        LineKind::Ended(_) => "outcome = $4",
    };
    let text = format!(
        "SELECT line, org_code, account, before, after, fault, outcome, note FROM import_rows \
         WHERE import = $1 AND line > $2 AND {which} ORDER BY line LIMIT $3"
    );
    let statement =
        Statement::composed(text).number(import).number(i64::from(after)).number(signed(count as u64));
    let statement = match kind {
        LineKind::Ended(outcome) => statement.text(outcome.word()),
        LineKind::Faulty | LineKind::Changing => statement,
    };
    read_all(connection, statement).await
}

/// So many rows after a row of the file that are still to be done.
pub(super) async fn open(
    connection: &mut Connection,
    import: i64,
    after: u32,
    count: usize,
) -> Result<Vec<ImportLine>, StoreError> {
    const TEXT: &str = "SELECT line, org_code, account, before, after, fault, outcome, note FROM import_rows \
        WHERE import = $1 AND line > $2 AND outcome IS NULL AND after IS NOT NULL ORDER BY line LIMIT $3";
    let statement = Statement::new(TEXT).number(import).number(i64::from(after)).number(signed(count as u64));
    read_all(connection, statement).await
}

/// How many rows of an import came to each outcome.
pub(super) async fn outcomes(
    connection: &mut Connection,
    import: i64,
) -> Result<Vec<(LineOutcome, u64)>, StoreError> {
    const TEXT: &str = "SELECT outcome, count(*) FROM import_rows WHERE import = $1 AND outcome IS NOT NULL GROUP BY outcome";
    let found = connection.fetch(Statement::new(TEXT).number(import)).await?;
    let read = |columns: &mut Columns<'_>| {
        let word = columns.text()?;
        let outcome = LineOutcome::ALL.into_iter().find(|outcome| outcome.word() == word);
        Ok((outcome.ok_or(columns.impossible("结果未知"))?, u64::from(columns.count()?)))
    };
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

/// Writes what became of rows; there is at least one.
pub(super) fn end(import: i64, lines: &[u32], outcome: LineOutcome, note: Option<&str>) -> Statement {
    let text = format!(
        "UPDATE import_rows SET outcome = $2, note = $3 WHERE import = $1 AND line IN ({})",
        Statement::places(4, lines.len())
    );
    let statement = Statement::composed(text).number(import).text(outcome.word()).optional_text(note);
    lines.iter().fold(statement, |statement, line| statement.number(i64::from(*line)))
}

/// Removes so many rows of an import.
pub(super) fn remove(import: i64, count: usize) -> Statement {
    const TEXT: &str = "DELETE FROM import_rows WHERE import = $1 AND line IN \
        (SELECT line FROM import_rows WHERE import = $1 ORDER BY line LIMIT $2)";
    Statement::new(TEXT).number(import).number(signed(count as u64))
}

async fn read_all(connection: &mut Connection, statement: Statement) -> Result<Vec<ImportLine>, StoreError> {
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

fn read(columns: &mut Columns<'_>) -> Result<ImportLine, StoreError> {
    let wrong = columns.impossible("导入的行读不出来");
    let line = u32::try_from(columns.number()?).map_err(|_| columns.impossible("行号超出范围"))?;
    let org_code = columns.optional_text()?.map(OrgCode::new).transpose();
    let account = columns.optional_text()?.map(AccountId::new).transpose();
    let (Ok(org_code), Ok(account)) = (org_code, account) else { return Err(wrong) };
    let state = if account.is_some() { account_state } else { entry_state };
    let read = |columns: &mut Columns<'_>| -> Result<Option<RowState>, StoreError> {
        let unreadable = columns.impossible("导入的行读不出来");
        columns.optional_text()?.map(|text| state(text).ok_or(unreadable)).transpose()
    };
    let (before, after) = (read(columns)?, read(columns)?);
    let fault = columns.optional_text()?.map(serde_json::from_str).transpose();
    let outcome = columns.optional_text()?;
    let outcome = outcome.map(|word| LineOutcome::ALL.into_iter().find(|outcome| outcome.word() == word));
    match (fault, outcome) {
        (Ok(fault), None | Some(Some(_))) => Ok(ImportLine {
            line,
            object: account.map(Object::Account).or(org_code.map(Object::Institution)),
            before,
            after,
            fault,
            outcome: outcome.flatten(),
            note: columns.optional_text()?.map(str::to_owned),
        }),
        _ => Err(wrong),
    }
}
