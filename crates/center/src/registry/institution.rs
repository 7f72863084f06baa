//! 定点医药机构: institutions.

use yanmi_onboarding::{Area, Contact, ContactField, EntryState};
use yanmi_protocol::{AccountId, OrgCode, UnixMillis};

use super::account_institutions::{self, Pairs};
use super::institution_contact;
use crate::events::Fields;
use crate::sealing::Sealer;
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement, Value};
use crate::store::row::{Columns, contains, signed};
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "institutions (org_code, name, org_id, active, changed_at, stopped_until, closed_at, region, contact_name, \
            contact_phone, contact_note)",
    &[Text, Text, Text, Number, Number, Number, Number, Text, Bytes, Bytes, Bytes],
    1,
);

/// An institution to be added.
#[derive(Clone, Debug)]
pub struct NewInstitution {
    /// `orgCodg`.
    pub org_code: OrgCode,
    /// The registered name, which the insured person is shown.
    pub name: String,
    /// The account it calls through.
    pub account: AccountId,
}

/// An institution as it is stored and listed.
#[derive(Clone, Debug)]
pub struct InstitutionRow {
    /// `orgCodg`.
    pub org_code: OrgCode,
    /// The registered name.
    pub name: String,
    /// The accounts it calls through, in the order of their codes.
    pub accounts: Vec<AccountId>,
    /// Where it is: six digits, those of its code unless told otherwise.
    pub region: Area,
    /// Whether it may be served.
    pub active: bool,
    /// Until when it is stopped, if it was stopped for a time.
    pub stopped_until: Option<UnixMillis>,
    /// When it was closed for good.
    pub closed_at: Option<UnixMillis>,
    /// When it was last changed.
    pub changed_at: UnixMillis,
}

impl InstitutionRow {
    /// As a table has it.
    pub(super) fn state(&self, contact: Contact) -> EntryState {
        let (name, accounts) = (self.name.clone(), self.accounts.clone());
        EntryState { name, region: self.region, accounts, active: self.active, contact }
    }

    /// What a row becomes by a table; its contact is stored beside it.
    pub(super) fn of_state(
        org_code: OrgCode,
        before: Option<&Self>,
        state: EntryState,
        at: UnixMillis,
    ) -> Self {
        let EntryState { name, region, accounts, active, contact: _ } = state;
        let stopped_until = before.and_then(|row| row.stopped_until);
        Self { org_code, name, accounts, region, active, stopped_until, closed_at: None, changed_at: at }
    }

    /// As an event shows it, and whom to call.
    pub(super) fn fields(&self, contact: &Contact) -> Fields {
        let fields = vec![
            ("name", Some(self.name.clone())),
            ("accounts", Some(self.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(","))),
            ("region", Some(self.region.to_string())),
            ("active", Some(self.active.to_string())),
            ("stopped_until", self.stopped_until.map(UnixMillis::shanghai_text)),
            ("closed_at", self.closed_at.map(UnixMillis::shanghai_text)),
        ];
        institution_contact::add_fields(fields.into(), contact)
    }
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT org_code, name, org_id, active, changed_at, stopped_until, closed_at, \
             COALESCE(region, substr(org_code, 2, 6)) AS place FROM institutions ",
            $which
        )
    };
}

/// One institution, if there is one.
pub(super) async fn one(
    connection: &mut Connection,
    code: &OrgCode,
) -> Result<Option<InstitutionRow>, StoreError> {
    Ok(some(connection, &[*code]).await?.pop())
}

/// Those of these codes that there are; few hundreds.
pub(super) async fn some(
    connection: &mut Connection,
    codes: &[OrgCode],
) -> Result<Vec<InstitutionRow>, StoreError> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = account_institutions::of(connection, codes).await?;
    let text = format!("{} ({})", select!("WHERE org_code IN"), Statement::places(1, codes.len()));
    let statement = codes.iter().fold(Statement::composed(text), |s, code| s.text(code.as_str()));
    let rows = connection.fetch(statement).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, TABLE.name()), &pairs)).collect()
}

/// Those that call through an account and are not closed, by code, so many at most.
pub(super) async fn through(
    connection: &mut Connection,
    account: &AccountId,
    most: usize,
) -> Result<Vec<InstitutionRow>, StoreError> {
    /// Institutions of one query, so that it has no more values than both databases take.
    const ROWS: usize = 500;
    const TEXT: &str = "SELECT org_code FROM account_institutions WHERE org_id = $1 AND until IS NULL \
        UNION SELECT org_code FROM institutions AS i WHERE org_id = $1 AND NOT EXISTS \
            (SELECT 1 FROM account_institutions AS a WHERE a.org_code = i.org_code AND a.org_id = $1) \
        ORDER BY org_code LIMIT $2";
    let statement = Statement::new(TEXT).text(account.as_str()).number(signed(most as u64));
    let found = connection.fetch(statement).await?;
    let codes = found.iter().map(|row| Columns::new(row, TABLE.name()).org_code());
    let codes: Vec<OrgCode> = codes.collect::<Result<_, _>>()?;
    let mut all = Vec::with_capacity(codes.len());
    for part in codes.chunks(ROWS) {
        all.extend(some(connection, part).await?.into_iter().filter(|row| row.closed_at.is_none()));
    }
    all.sort_by_key(|row| row.org_code);
    Ok(all)
}

/// All institutions, by code.
pub(super) async fn all(connection: &mut Connection) -> Result<Vec<InstitutionRow>, StoreError> {
    const TEXT: &str = select!("ORDER BY org_code");
    let pairs = account_institutions::all(connection).await?;
    let rows = connection.fetch(Statement::new(TEXT)).await?;
    rows.iter().map(|row| read(&mut Columns::new(row, TABLE.name()), &pairs)).collect()
}

/// So many institutions of these areas after a code, of which code or name contain a text.
pub(super) async fn page(
    connection: &mut Connection,
    areas: &[Area],
    after: &str,
    find: &str,
    count: usize,
) -> Result<Vec<InstitutionRow>, StoreError> {
    const PLACE: &str = "COALESCE(region, substr(org_code, 2, 6))";
    let within: Vec<String> = (0..areas.len())
        .map(|at| format!("{PLACE} >= ${} AND {PLACE} < ${}", 4 + 2 * at, 5 + 2 * at))
        .collect();
    let within = if within.is_empty() { "1 = 0".to_owned() } else { within.join(" OR ") };
    let text = format!(
        "{} AND (org_code LIKE $2 ESCAPE '!' OR name LIKE $2 ESCAPE '!') AND ({within}) \
         ORDER BY org_code LIMIT $3",
        select!("WHERE org_code > $1")
    );
    let statement = Statement::composed(text).text(after).text(&contains(find)).number(signed(count as u64));
    let statement = areas.iter().fold(statement, |statement, area| {
        let (from, to) = area.bounds();
        statement.text(&from).text(&to)
    });
    let found = connection.fetch(statement).await?;
    let codes = found.iter().map(|row| Columns::new(row, TABLE.name()).org_code());
    let pairs = account_institutions::of(connection, &codes.collect::<Result<Vec<_>, _>>()?).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()), &pairs)).collect()
}

/// Writes what institutions are, new ones and others, at least one and few hundreds. The account in the row is that of a new
/// one; of others it stays, and follows when it ends.
pub(super) fn put<'a>(
    states: impl Iterator<Item = (OrgCode, &'a EntryState)>,
    sealer: &Sealer,
    at: UnixMillis,
) -> Statement {
    const INTO: &str = "INSERT INTO institutions (org_code, name, org_id, active, changed_at, region, \
        contact_name, contact_phone, contact_note)";
    const TAIL: &str = "ON CONFLICT (org_code) DO UPDATE SET name = excluded.name, active = excluded.active, \
        changed_at = excluded.changed_at, region = excluded.region, contact_name = excluded.contact_name, \
        contact_phone = excluded.contact_phone, contact_note = excluded.contact_note";
    let rows = states.map(|(code, state)| {
        let account = state.accounts.first().map_or("", AccountId::as_str);
        let mut row = vec![
            (Text, Value::Text(code.as_str().to_owned())),
            (Text, Value::Text(state.name.clone())),
            (Text, Value::Text(account.to_owned())),
            (Number, Value::Number(i64::from(state.active))),
            (Number, Value::Number(at.get())),
            (Text, Value::Text(state.region.to_string())),
        ];
        row.extend(ContactField::ALL.map(|field| {
            let value = institution_contact::sealed(sealer, &code, field, state.contact.text(field));
            (Bytes, value.map_or(Value::Null, Value::Bytes))
        }));
        row
    });
    Statement::of_rows(INTO, rows, TAIL)
}

fn read(columns: &mut Columns<'_>, pairs: &Pairs) -> Result<InstitutionRow, StoreError> {
    let org_code = columns.org_code()?;
    Ok(InstitutionRow {
        org_code,
        name: columns.text()?.to_owned(),
        accounts: pairs.of(&org_code, columns.account()?),
        active: columns.flag()?,
        changed_at: columns.time()?,
        stopped_until: columns.optional_time()?,
        closed_at: columns.optional_time()?,
        region: Area::new(columns.text()?).map_err(|_| columns.impossible("区划代码格式不对"))?,
    })
}
