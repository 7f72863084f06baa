//! `imports`: tables of institutions or accounts that people brought, and how far each has come.

use std::fmt;

use yanmi_onboarding::{Area, ImportSubject};
use yanmi_protocol::{UnixMillis, hex};

use super::reach;
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "imports (number, made_by, made_at, file_name, digest, encoding, samples, region, state, added, changed, same, \
     faulty, needs_second, reason, started_at, second_by, ended_at, undone_by, undo_reason, undone_at, subject, whole)",
    &[
        Number, Text, Number, Text, Bytes, Text, Text, Text, Text, Number, Number, Number, Number, Number,
        Text, Number, Text, Number, Text, Text, Number, Text, Number,
    ],
    1,
);

/// How far an import has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportState {
    /// Its rows are being compared with what is registered.
    Reading,
    /// It is known what it would change, and nothing is changed.
    Checked,
    /// It waits for a second person.
    Waiting,
    /// Its rows are being done.
    Applying,
    /// It was done.
    Applied,
    /// What it did is being taken back.
    Undoing,
    /// What it did was taken back, but for what others have changed since.
    Undone,
    /// Nobody wants it; nothing was changed.
    Dropped,
}

/// What a table comes to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ImportCounts {
    /// Entries that are new.
    pub added: u64,
    /// That become another.
    pub changed: u64,
    /// That are what the table says.
    pub same: u64,
    /// Rows that cannot be done.
    pub faulty: u64,
}

/// An import as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportRecord {
    /// Its number, from 1.
    pub number: i64,
    /// What it is about.
    pub subject: ImportSubject,
    /// Who brought it, as events name him.
    pub made_by: String,
    /// When.
    pub made_at: UnixMillis,
    /// What the file was called there.
    pub file_name: String,
    /// SM3 of the file.
    pub digest: [u8; 32],
    /// What it was read as, in words.
    pub encoding: String,
    /// Some names from it.
    pub samples: String,
    /// The smallest area that has all of its institutions; of accounts the province.
    pub region: Area,
    /// How far it has come.
    pub state: ImportState,
    /// What it comes to.
    pub counts: ImportCounts,
    /// Whether it takes a second person.
    pub needs_second: bool,
    /// Whether all of it is done or nothing, as who submitted it wants.
    pub whole: bool,
    /// Why it is done, once somebody said so.
    pub reason: Option<String>,
    /// When somebody said so.
    pub started_at: Option<UnixMillis>,
    /// The second person.
    pub second_by: Option<String>,
    /// When it was done.
    pub ended_at: Option<UnixMillis>,
    /// Who had it undone.
    pub undone_by: Option<String>,
    /// Why.
    pub undo_reason: Option<String>,
    /// When.
    pub undone_at: Option<UnixMillis>,
}

impl ImportRecord {
    /// The digest in hexadecimal digits.
    pub fn digest_text(&self) -> String {
        hex::encode(&self.digest).to_ascii_lowercase()
    }
}

impl ImportState {
    const ALL: [Self; 8] = [
        Self::Reading,
        Self::Checked,
        Self::Waiting,
        Self::Applying,
        Self::Applied,
        Self::Undoing,
        Self::Undone,
        Self::Dropped,
    ];

    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Checked => "checked",
            Self::Waiting => "waiting",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Dropped => "dropped",
        }
    }
}

/// What an operator reads.
impl fmt::Display for ImportState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reading => "正在核对",
            Self::Checked => "已核对，未导入",
            Self::Waiting => "等待第二人复核",
            Self::Applying => "正在导入",
            Self::Applied => "已导入",
            Self::Undoing => "正在撤销",
            Self::Undone => "已撤销",
            Self::Dropped => "已放弃",
        })
    }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT number, made_by, made_at, file_name, digest, encoding, samples, region, state, added, changed, \
             same, faulty, needs_second, reason, started_at, second_by, ended_at, undone_by, undo_reason, undone_at, \
             subject, whole FROM imports ",
            $which
        )
    };
}

/// One, if there is one.
pub(super) async fn one(
    connection: &mut Connection,
    number: i64,
) -> Result<Option<ImportRecord>, StoreError> {
    let found = connection.fetch(Statement::new(select!("WHERE number = $1")).number(number)).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()))).transpose()
}

/// All of these states, the oldest first.
pub(super) async fn of_states(
    connection: &mut Connection,
    states: &[ImportState],
) -> Result<Vec<ImportRecord>, StoreError> {
    let places = Statement::places(1, states.len());
    let text = format!("{} IN ({places}) ORDER BY number", select!("WHERE state"));
    let statement = states.iter().fold(Statement::composed(text), |s, state| s.text(state.word()));
    read_all(connection, statement).await
}

/// So many before a number, the newest first: those within the areas, and one's own.
pub(super) async fn page(
    connection: &mut Connection,
    areas: &[Area],
    own: &str,
    before: i64,
    count: usize,
) -> Result<Vec<ImportRecord>, StoreError> {
    read_all(connection, reach::newest(select!("WHERE number < $1"), areas, own, before, count)).await
}

/// The newest that did something of the same file since then or is at it, but for this one.
pub(super) async fn same_file(
    connection: &mut Connection,
    record: &ImportRecord,
    since: UnixMillis,
) -> Result<Option<ImportRecord>, StoreError> {
    const TEXT: &str = select!(
        "WHERE digest = $1 AND number <> $2 AND started_at >= $3 AND (state = 'applying' OR (state = 'applied' AND EXISTS \
         (SELECT 1 FROM import_rows AS r WHERE r.import = imports.number AND r.outcome = 'done'))) \
         ORDER BY number DESC LIMIT 1"
    );
    let statement = Statement::new(TEXT).bytes(&record.digest).number(record.number).number(since.get());
    Ok(read_all(connection, statement).await?.pop())
}

/// Writes a new one, whose number is given here; within a transaction that holds the row of `site`.
pub(super) async fn insert(connection: &mut Connection, record: &ImportRecord) -> Result<i64, StoreError> {
    const INSERT: &str = "INSERT INTO imports (number, made_by, made_at, file_name, digest, encoding, samples, region, \
        state, added, changed, same, faulty, needs_second, subject) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let number = TABLE.next_number(connection).await?;
    let counts = record.counts;
    let statement = Statement::new(INSERT)
        .number(number)
        .text(&record.made_by)
        .number(record.made_at.get())
        .text(&record.file_name)
        .bytes(&record.digest)
        .text(&record.encoding)
        .text(&record.samples)
        .text(record.region.as_str())
        .text(record.state.word())
        .number(signed(counts.added))
        .number(signed(counts.changed))
        .number(signed(counts.same))
        .number(signed(counts.faulty))
        .number(i64::from(record.needs_second))
        .text(record.subject.word());
    connection.run(statement).await?;
    Ok(number)
}

/// Takes one from a state to another.
pub(super) fn step(number: i64, from: ImportState, to: ImportState) -> Statement {
    const TEXT: &str = "UPDATE imports SET state = $3 WHERE number = $1 AND state = $2";
    Statement::new(TEXT).number(number).text(from.word()).text(to.word())
}

async fn read_all(
    connection: &mut Connection,
    statement: Statement,
) -> Result<Vec<ImportRecord>, StoreError> {
    let found = connection.fetch(statement).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()))).collect()
}

fn read(columns: &mut Columns<'_>) -> Result<ImportRecord, StoreError> {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Ok(ImportRecord {
        number: columns.number()?,
        made_by: columns.text()?.to_owned(),
        made_at: columns.time()?,
        file_name: columns.text()?.to_owned(),
        digest: columns.bytes()?.try_into().map_err(|_| columns.impossible("摘要长度不对"))?,
        encoding: columns.text()?.to_owned(),
        samples: columns.text()?.to_owned(),
        region: Area::new(columns.text()?).map_err(|_| columns.impossible("区划代码格式不对"))?,
        state: {
            let word = columns.text()?;
            let found = ImportState::ALL.into_iter().find(|state| state.word() == word);
            found.ok_or(columns.impossible("状态未知"))?
        },
        counts: ImportCounts {
            added: u64::from(columns.count()?),
            changed: u64::from(columns.count()?),
            same: u64::from(columns.count()?),
            faulty: u64::from(columns.count()?),
        },
        needs_second: columns.flag()?,
        reason: own(columns.optional_text()?),
        started_at: columns.optional_time()?,
        second_by: own(columns.optional_text()?),
        ended_at: columns.optional_time()?,
        undone_by: own(columns.optional_text()?),
        undo_reason: own(columns.optional_text()?),
        undone_at: columns.optional_time()?,
        subject: ImportSubject::of_word(columns.text()?).ok_or(columns.impossible("导入的内容未知"))?,
        whole: columns.flag()?,
    })
}
