//! `password_tries`: wrong passwords of a document.

use hashbrown::HashMap;
use yanmi_protocol::UnixMillis;
use yanmi_verification::{IdentityKey, PasswordTries};

use super::{Changes, Name, look_up};
use crate::store::StoreError;
use crate::store::batch::{Insert, Query, Rows, Session};
use crate::store::connection::Kind::{Bytes, Number};
use crate::store::row::Columns;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "password_tries (identity, tries, locked_until)",
    kinds: &[Bytes, Number, Number],
    key: 1,
    written: Some(INSERT),
    queries: &[QUERY],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Bytes(Vec::new()),
        last: "SELECT identity, CAST(0 AS BIGINT) FROM password_tries WHERE identity > $1 ORDER BY identity LIMIT 1 OFFSET $2",
        // Wrong passwords that did not lock have no time, and are not forgotten.
        remove: removal!(
            "DELETE FROM password_tries WHERE identity IN (SELECT identity FROM password_tries WHERE identity > $1 \
            AND identity <= $2 AND (tries = 0 OR locked_until < $3)",
            ""
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert = Insert {
    into: "password_tries (identity, tries, locked_until)",
    key: 1,
    conflict: "ON CONFLICT (identity) DO UPDATE SET tries = excluded.tries, locked_until = excluded.locked_until",
};

const QUERY: Query = Query {
    rows: "k (number, identity)",
    select: "SELECT k.number, w.tries, w.locked_until FROM k JOIN password_tries w ON w.identity = k.identity",
};

impl Changes {
    pub(crate) fn tries(&mut self, identity: IdentityKey, tries: PasswordTries) {
        self.rows(Name::PasswordTries).push(|row| {
            row.bytes(&identity.0)
                .number(i64::from(tries.count))
                .optional_number(tries.locked_until.map(UnixMillis::get));
        });
    }
}

impl Columns<'_> {
    /// Two columns of `password_tries`.
    pub(crate) fn tries(&mut self) -> Result<PasswordTries, StoreError> {
        let count = self.count()?;
        let locked_until = self.optional_number()?.map(UnixMillis::new);
        Ok(PasswordTries { count, locked_until })
    }
}

/// The tries of each document, those without a row left out.
pub(crate) async fn load(
    session: &mut Session<'_>,
    identities: &[IdentityKey],
) -> Result<HashMap<IdentityKey, PasswordTries>, StoreError> {
    look_up(
        session,
        (&TABLE, QUERY),
        identities,
        |row, identity| {
            row.bytes(&identity.0);
        },
        |columns| columns.tries().map(Some),
    )
    .await
}

/// The same, on a database with other writers: every document gets a row, kept from the others.
pub(crate) async fn lock(
    session: &mut Session<'_>,
    identities: &[IdentityKey],
) -> Result<HashMap<IdentityKey, PasswordTries>, StoreError> {
    const KEEP: Insert = Insert {
        conflict: "ON CONFLICT (identity) DO UPDATE SET tries = password_tries.tries \
            RETURNING identity, tries, locked_until",
        ..INSERT
    };
    let mut rows = Rows::default();
    for identity in identities {
        rows.push(|row| {
            row.bytes(&identity.0).number(0).optional_number(None);
        });
    }
    let mut out = HashMap::with_capacity(identities.len());
    for row in session.lock_or_insert(rows, KEEP).await?.iter() {
        let mut columns = Columns::new(row, "password_tries");
        out.insert(IdentityKey(columns.key()?), columns.tries()?);
    }
    Ok(out)
}
