//! `import_rows`: what each row of an import would change, did, or was kept from.
//!
//! What a row was, becomes and is faulty in are JSON texts. One that says whom to call about an institution is sealed into
//! its cell, with [`SEALED`] before it; every other is as it is, and so were all before there were contacts.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use yanmi_onboarding::{AccountState, Area, Contact, ContactField, EntryState, RowState};
use yanmi_protocol::{AccountId, OrgCode};
use zeroize::Zeroizing;

use super::object::Object;
use crate::sealing::{Cell, Sealer};
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

/// What a text begins with that is sealed; JSON begins with a brace.
const SEALED: &str = "sealed:";

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

/// A row that cannot be done: its cells as they were, and what is wrong. `Debug` does not show the cells.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultyLine {
    /// In the order of the template; those at the end may be missing.
    pub cells: Vec<String>,
    /// At least one.
    pub faults: Vec<CellFault>,
    /// Whether one of the cells says whom to call: then it is stored sealed.
    #[serde(skip)]
    pub has_contact: bool,
}

/// What is wrong with a cell. `Debug` does not show what is written there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl fmt::Debug for FaultyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.faults).finish()
    }
}

impl fmt::Debug for CellFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CellFault({}, {}, {})", self.cell, self.column, self.problem)
    }
}

impl CellFault {
    /// What is written there, masked where it says whom to call.
    pub fn shown_value(&self) -> String {
        let field = ContactField::ALL.into_iter().find(|field| field.name() == self.column);
        field.map_or_else(|| self.value.clone(), |field| field.masked(&self.value))
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<ContactText>,
}

/// Whom to call, as it is stored here.
#[derive(Serialize, Deserialize)]
struct ContactText {
    name: String,
    phone: String,
    note: String,
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
            contact: contact_text(&state.contact),
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

fn contact_text(contact: &Contact) -> Option<ContactText> {
    let Contact { name, phone, note } = contact.clone();
    (!contact.is_empty()).then_some(ContactText { name, phone, note })
}

/// Whether it says whom to call.
fn has_contact(state: &RowState) -> bool {
    matches!(state, RowState::Institution(state) if !state.contact.is_empty())
}

fn entry_state(text: &str) -> Option<RowState> {
    let stored: EntryText = serde_json::from_str(text).ok()?;
    let accounts = stored.accounts.iter().map(|account| AccountId::new(account).ok());
    let state =
        EntryState {
            name: stored.name,
            region: Area::new(&stored.region).ok()?,
            accounts: accounts.collect::<Option<_>>()?,
            active: stored.active,
            contact: stored.contact.map_or_else(Contact::default, |ContactText { name, phone, note }| {
                Contact { name, phone, note }
            }),
        };
    Some(state.into())
}

fn account_state(text: &str) -> Option<RowState> {
    let AccountText { name, interfaces, rate, must_mac, networks, active } =
        serde_json::from_str(text).ok()?;
    let interfaces = AccountState::interfaces_of(&interfaces)?;
    Some(AccountState { name, interfaces, rate, must_mac, networks, active }.into())
}

/// The place of a text: nowhere else does it open.
struct TextPlace<'a> {
    sealer: &'a Sealer,
    /// The import and the row of its file.
    row: String,
}

impl<'a> TextPlace<'a> {
    fn new(sealer: &'a Sealer, import: i64, line: u32) -> Self {
        Self { sealer, row: format!("{import} {line}") }
    }

    fn cell(&self, column: &'static str) -> Cell<'_> {
        Cell { table: "import_rows", row: &self.row, column }
    }

    /// A text as it is stored.
    fn closed(&self, column: &'static str, text: String, has_contact: bool) -> String {
        if !has_contact {
            return text;
        }
        let text = Zeroizing::new(text);
        format!("{SEALED}{}", BASE64.encode(self.sealer.seal(self.cell(column), text.as_bytes())))
    }

    /// A text that was stored, and whether it was sealed; nothing when it does not open.
    fn opened(&self, column: &'static str, stored: &str) -> Option<(Zeroizing<String>, bool)> {
        let Some(sealed) = stored.strip_prefix(SEALED) else {
            return Some((Zeroizing::new(stored.to_owned()), false));
        };
        let opened = self.sealer.open(self.cell(column), &BASE64.decode(sealed).ok()?).ok()?;
        Some((Zeroizing::new(std::str::from_utf8(&opened).ok()?.to_owned()), true))
    }
}

/// Writes rows, which are few hundreds.
pub(super) fn insert(import: i64, lines: &[ImportLine], sealer: &Sealer) -> Statement {
    const INTO: &str = "INSERT INTO import_rows (import, line, org_code, before, after, fault, account)";
    let text = |text: Option<String>| (Text, text.map_or(Value::Null, Value::Text));
    let rows = lines.iter().map(|line| {
        let place = TextPlace::new(sealer, import, line.line);
        let state = |column, state: &Option<RowState>| {
            state.as_ref().map(|state| place.closed(column, stored(state), has_contact(state)))
        };
        let fault = line.fault.as_ref().map(|fault| {
            place.closed("fault", serde_json::to_string(fault).unwrap_or_default(), fault.has_contact)
        });
        vec![
            (Number, Value::Number(import)),
            (Number, Value::Number(i64::from(line.line))),
            text(line.org_code().map(|code| code.as_str().to_owned())),
            text(state("before", &line.before)),
            text(state("after", &line.after)),
            text(fault),
            text(line.account().map(|account| account.as_str().to_owned())),
        ]
    });
    Statement::of_rows(INTO, rows, "")
}

/// So many rows of a kind after a row of the file, in the order of the file.
pub(super) async fn page(
    connection: &mut Connection,
    sealer: &Sealer,
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
    read_all(connection, sealer, import, statement).await
}

/// So many rows after a row of the file that are still to be done.
pub(super) async fn open(
    connection: &mut Connection,
    sealer: &Sealer,
    import: i64,
    after: u32,
    count: usize,
) -> Result<Vec<ImportLine>, StoreError> {
    const TEXT: &str = "SELECT line, org_code, account, before, after, fault, outcome, note FROM import_rows \
        WHERE import = $1 AND line > $2 AND outcome IS NULL AND after IS NOT NULL ORDER BY line LIMIT $3";
    let statement = Statement::new(TEXT).number(import).number(i64::from(after)).number(signed(count as u64));
    read_all(connection, sealer, import, statement).await
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

async fn read_all(
    connection: &mut Connection,
    sealer: &Sealer,
    import: i64,
    statement: Statement,
) -> Result<Vec<ImportLine>, StoreError> {
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()), sealer, import)).collect()
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer, import: i64) -> Result<ImportLine, StoreError> {
    let wrong = columns.impossible("导入的行读不出来");
    let line = u32::try_from(columns.number()?).map_err(|_| columns.impossible("行号超出范围"))?;
    let org_code = columns.optional_text()?.map(OrgCode::new).transpose();
    let account = columns.optional_text()?.map(AccountId::new).transpose();
    let (Ok(org_code), Ok(account)) = (org_code, account) else { return Err(wrong) };
    let state = if account.is_some() { account_state } else { entry_state };
    let place = TextPlace::new(sealer, import, line);
    let read = |columns: &mut Columns<'_>, column| -> Result<Option<RowState>, StoreError> {
        let unreadable = columns.impossible("导入的行读不出来");
        let read = |text| state(&place.opened(column, text)?.0);
        columns.optional_text()?.map(|text| read(text).ok_or(unreadable)).transpose()
    };
    let (before, after) = (read(columns, "before")?, read(columns, "after")?);
    let faulty = |text| {
        let (text, has_contact) = place.opened("fault", text)?;
        let fault: FaultyLine = serde_json::from_str(&text).ok()?;
        Some(FaultyLine { has_contact, ..fault })
    };
    let fault = columns.optional_text()?.map(faulty);
    let outcome = columns.optional_text()?;
    let outcome = outcome.map(|word| LineOutcome::ALL.into_iter().find(|outcome| outcome.word() == word));
    match (fault, outcome) {
        (fault @ (None | Some(Some(_))), None | Some(Some(_))) => Ok(ImportLine {
            line,
            object: account.map(Object::Account).or(org_code.map(Object::Institution)),
            before,
            after,
            fault: fault.flatten(),
            outcome: outcome.flatten(),
            note: columns.optional_text()?.map(str::to_owned),
        }),
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::ports::Entropy;

    /// As it was written before there were contacts.
    const OLD: &str = r#"{"name":"东院","region":"350102","accounts":["his-1"],"active":true}"#;

    fn sealer() -> Sealer {
        Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7))
    }

    #[test]
    fn a_text_of_before_there_were_contacts_is_read_and_one_without_is_written_so() {
        let sealer = sealer();
        let place = TextPlace::new(&sealer, 1, 2);
        let (text, was_sealed) = place.opened("after", OLD).expect("read");
        let state = entry_state(&text).expect("an institution");
        assert!(!was_sealed && !has_contact(&state));
        assert_eq!(place.closed("after", stored(&state), has_contact(&state)), OLD);
    }

    #[test]
    fn a_text_with_a_contact_opens_in_its_cell_and_nowhere_else() {
        let sealer = sealer();
        let Some(RowState::Institution(state)) = entry_state(OLD) else { panic!("an institution") };
        let contact = Contact { phone: "13900001234".to_owned(), ..Contact::default() };
        let state = RowState::Institution(EntryState { contact, ..state });
        let place = TextPlace::new(&sealer, 1, 2);
        let kept = place.closed("after", stored(&state), has_contact(&state));
        assert!(kept.starts_with(SEALED) && !kept.contains("1390000"), "{kept}");
        let (text, was_sealed) = place.opened("after", &kept).expect("opens");
        assert!(was_sealed && entry_state(&text) == Some(state));
        assert!(place.opened("before", &kept).is_none(), "another column");
        for (import, line) in [(1, 3), (2, 2), (11, 2), (1, 12)] {
            assert!(
                TextPlace::new(&sealer, import, line).opened("after", &kept).is_none(),
                "{import} {line}"
            );
        }
        assert!(place.opened("after", "sealed:").is_none() && place.opened("after", "sealed:%").is_none());
    }

    #[test]
    fn what_is_written_in_a_faulty_cell_is_not_in_debug_and_a_contact_is_masked() {
        let fault = |column: &str| CellFault {
            cell: "F2".to_owned(),
            column: column.to_owned(),
            value: "13900001234".to_owned(),
            problem: "错".to_owned(),
        };
        let (phone, name) = (fault("联系电话"), fault("机构名称"));
        assert_eq!(
            (phone.shown_value().as_str(), name.shown_value().as_str()),
            ("*******1234", "13900001234")
        );
        let line = FaultyLine { cells: vec![phone.value.clone()], faults: vec![phone], has_contact: true };
        assert!(!format!("{line:?}").contains("1390000"), "{line:?}");
    }
}
