//! Whom to call about an institution: three columns of its row, each sealed into its cell. Only who shows or changes one
//! institution, or compares a table, opens them: lists and the snapshot that requests take do not read them.

use std::collections::BTreeMap;

use yanmi_onboarding::{Contact, ContactEdit, ContactField};
use yanmi_protocol::OrgCode;

use super::assignment::Assignments;
use crate::events::Fields;
use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;

/// The table whose row it is.
const TABLE: &str = "institutions";

/// What is stored of a contact, in the order of [`ContactField::ALL`].
#[derive(Clone, Debug)]
pub(super) struct SealedContact([Option<Vec<u8>>; 3]);

/// The column of a text.
const fn column(field: ContactField) -> &'static str {
    match field {
        ContactField::Name => "contact_name",
        ContactField::Phone => "contact_phone",
        ContactField::Note => "contact_note",
    }
}

fn cell(code: &OrgCode, field: ContactField) -> Cell<'_> {
    Cell { table: TABLE, row: code.as_str(), column: column(field) }
}

/// A text as it is stored; nothing for an empty one.
pub(super) fn sealed(sealer: &Sealer, code: &OrgCode, field: ContactField, text: &str) -> Option<Vec<u8>> {
    (!text.is_empty()).then(|| sealer.seal(cell(code, field), text.as_bytes()))
}

impl SealedContact {
    /// What it says.
    ///
    /// # Errors
    /// When it was sealed with another key, or into another row.
    pub(super) fn open(&self, sealer: &Sealer, code: &OrgCode) -> Result<Contact, StoreError> {
        let mut contact = Contact::default();
        for (field, value) in ContactField::ALL.into_iter().zip(&self.0) {
            let Some(value) = value else { continue };
            let opened = sealer.open(cell(code, field), value).ok();
            let text = opened.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
            let unreadable = StoreError::Impossible { table: TABLE, what: "联系人无法打开" };
            text.ok_or(unreadable)?.clone_into(contact.text_mut(field));
        }
        Ok(contact)
    }
}

/// That of one institution; empty where there is none.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    code: &OrgCode,
) -> Result<Contact, StoreError> {
    Ok(some(connection, sealer, &[*code]).await?.remove(code).unwrap_or_default())
}

/// Those of some institutions, few hundreds; none of those that have none.
pub(super) async fn some(
    connection: &mut Connection,
    sealer: &Sealer,
    codes: &[OrgCode],
) -> Result<BTreeMap<OrgCode, Contact>, StoreError> {
    if codes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let which = format!("org_code IN ({})", Statement::places(1, codes.len()));
    let statement = Statement::composed(select(&which));
    let found = read(connection, codes.iter().fold(statement, |s, code| s.text(code.as_str()))).await?;
    found.into_iter().map(|(code, sealed)| Ok((code, sealed.open(sealer, &code)?))).collect()
}

/// Those of all institutions that have one, still sealed.
pub(super) async fn all(connection: &mut Connection) -> Result<BTreeMap<OrgCode, SealedContact>, StoreError> {
    read(connection, Statement::composed(select("1 = 1"))).await
}

fn select(which: &str) -> String {
    format!(
        "SELECT org_code, contact_name, contact_phone, contact_note FROM institutions WHERE ({which}) \
         AND (contact_name IS NOT NULL OR contact_phone IS NOT NULL OR contact_note IS NOT NULL)"
    )
}

async fn read(
    connection: &mut Connection,
    statement: Statement,
) -> Result<BTreeMap<OrgCode, SealedContact>, StoreError> {
    let rows = connection.fetch(statement).await?;
    let row = |columns: &mut Columns<'_>| {
        let code = columns.org_code()?;
        let mut next = || columns.optional_bytes().map(|bytes| bytes.map(<[u8]>::to_vec));
        Ok((code, SealedContact([next()?, next()?, next()?])))
    };
    rows.iter().map(|found| row(&mut Columns::new(found, TABLE))).collect()
}

/// The columns that an edit changes, with what they become.
pub(super) fn assign(set: Assignments, sealer: &Sealer, code: &OrgCode, edit: &ContactEdit) -> Assignments {
    ContactField::ALL.into_iter().fold(set, |set, field| match edit.text(field) {
        None => set,
        Some(text) => match sealed(sealer, code, field, text) {
            Some(value) => set.bytes(column(field), &value),
            None => set.no_bytes(column(field)),
        },
    })
}

/// With whom to call: compared as it is, shown masked.
pub(super) fn add_fields(fields: Fields, contact: &Contact) -> Fields {
    ContactField::ALL.into_iter().fold(fields, |fields, field| {
        let text = contact.text(field);
        let shown = (!text.is_empty()).then(|| field.masked(text));
        fields.with_masked(column(field), text, shown)
    })
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::events::difference;
    use crate::ports::Entropy;

    fn contact(phone: &str) -> Contact {
        Contact { name: "王试".to_owned(), phone: phone.to_owned(), note: String::new() }
    }

    #[test]
    fn two_numbers_that_look_alike_are_a_change_and_neither_is_in_it() {
        let fields = |phone: &str| add_fields(Fields::default(), &contact(phone));
        let (one, other) = (fields("13900001234"), fields("13700001234"));
        assert_eq!(
            difference(Some(&one), Some(&other)),
            r#"[["contact_phone","*******1234","*******1234"]]"#
        );
        assert_eq!(difference(Some(&one), Some(&one)), "[]");
        assert_eq!(
            difference(Some(&Fields::default()), Some(&one)),
            r#"[["contact_name",null,"*试"],["contact_phone",null,"*******1234"]]"#
        );
        assert!(!format!("{one:?}").contains("1390000"), "{one:?}");
    }

    #[test]
    fn a_contact_opens_at_its_institution_and_nowhere_else() {
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        let code = |text: &str| OrgCode::new(text).expect("a code");
        let (here, there) = (code("H35010000001"), code("H35010000002"));
        let texts = contact("13900001234");
        let stored = ContactField::ALL.map(|field| sealed(&sealer, &here, field, texts.text(field)));
        assert!(stored[2].is_none(), "nothing is stored of nothing");
        let stored = SealedContact(stored);
        assert!(stored.open(&sealer, &here).expect("opens") == texts);
        assert!(stored.open(&sealer, &there).is_err());
        let [name, phone, note] = stored.0;
        assert!(SealedContact([phone, name, note]).open(&sealer, &here).is_err(), "columns exchanged");
    }
}
