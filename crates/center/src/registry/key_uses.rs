//! `key_uses`: when each key last opened an envelope, so that no key is retired that somebody still calls with.

use yanmi_protocol::{KeyCheckValue, UnixMillis};

use super::object::{Object, Subject};
use crate::store::StoreError;
use crate::store::connection::Kind::{Number, Text};
use crate::store::connection::{Connection, Statement, Value};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table =
    Table::still("key_uses (kind, object, kcv, last_at)", &[Text, Text, Text, Number], 3);

/// That a key opened an envelope of its owner's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct KeyUse {
    /// `account` or `channel`.
    kind: &'static str,
    id: String,
    kcv: String,
    at: UnixMillis,
}

impl KeyUse {
    /// The key of this check value, at this time.
    pub(super) fn new(object: Object, kcv: KeyCheckValue, at: UnixMillis) -> Self {
        let subject = Subject::from(object);
        Self { kind: subject.kind(), id: subject.names().1.to_owned(), kcv: kcv.to_string(), at }
    }

    /// When it was.
    pub(crate) const fn at(&self) -> UnixMillis {
        self.at
    }
}

/// Notes uses; at least one. Of what several centers say of a key the latest stays.
pub(super) fn note(mut uses: Vec<KeyUse>) -> Statement {
    const INTO: &str = "INSERT INTO key_uses (kind, object, kcv, last_at)";
    const TAIL: &str = "ON CONFLICT (kind, object, kcv) DO UPDATE SET last_at = excluded.last_at \
        WHERE key_uses.last_at < excluded.last_at";
    // Centers that note the same keys at the same moment lock their rows in the same order.
    uses.sort_unstable();
    let rows = uses.into_iter().map(|one| {
        vec![
            (Text, Value::Text(one.kind.to_owned())),
            (Text, Value::Text(one.id)),
            (Text, Value::Text(one.kcv)),
            (Number, Value::Number(one.at.get())),
        ]
    });
    Statement::of_rows(INTO, rows, TAIL)
}

/// When a key last opened an envelope, as far as that is written down: at most some minutes ago is not.
pub(super) async fn last(
    connection: &mut Connection,
    object: Object,
    kcv: KeyCheckValue,
) -> Result<Option<UnixMillis>, StoreError> {
    const TEXT: &str = "SELECT last_at FROM key_uses WHERE kind = $1 AND object = $2 AND kcv = $3";
    let subject = Subject::from(object);
    let statement = Statement::new(TEXT).text(subject.kind()).text(subject.names().1).text(&kcv.to_string());
    let found = connection.fetch(statement).await?;
    found.iter().next().map(|row| Columns::new(row, TABLE.name()).time()).transpose()
}

/// Forgets the keys of somebody but this one; a center that still knew an older one may bring it back until the next rotation.
pub(super) fn forget_others(object: Object, kcv: KeyCheckValue) -> Statement {
    const TEXT: &str = "DELETE FROM key_uses WHERE kind = $1 AND object = $2 AND kcv <> $3";
    let subject = Subject::from(object);
    Statement::new(TEXT).text(subject.kind()).text(subject.names().1).text(&kcv.to_string())
}
