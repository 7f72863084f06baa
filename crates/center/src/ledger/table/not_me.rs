//! `not_me`: when a person last said "not me" to an institution.

use hashbrown::HashMap;
use yanmi_protocol::{OrgCode, UnixMillis};
use yanmi_verification::PersonKey;

use super::{Changes, Name, look_up};
use crate::store::StoreError;
use crate::store::batch::{Insert, Query, Session};
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "not_me (person, org_code, at)",
    kinds: &[Bytes, Text, Number],
    key: 2,
    written: Some(INSERT),
    queries: &[QUERY],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Bytes(Vec::new()),
        last: "SELECT person, CAST(0 AS BIGINT) FROM not_me WHERE person > $1 ORDER BY person LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM not_me WHERE (person, org_code) IN (SELECT person, org_code FROM not_me \
            WHERE person > $1 AND person <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert = Insert {
    into: "not_me (person, org_code, at)",
    key: 2,
    conflict: "ON CONFLICT (person, org_code) DO UPDATE SET at = excluded.at",
};

const QUERY: Query = Query {
    rows: "k (number, person, org_code)",
    select: "SELECT k.number, q.at FROM k JOIN not_me q ON q.person = k.person AND q.org_code = k.org_code",
};

impl Changes {
    pub(crate) fn not_me(&mut self, person: PersonKey, org_code: OrgCode, at: UnixMillis) {
        self.rows(Name::NotMe).push(|row| {
            row.bytes(&person.0).text(org_code.as_str()).number(at.get());
        });
    }
}

/// When each person last said "not me" to an institution, those who did not left out.
pub(crate) async fn load(
    session: &mut Session<'_>,
    wanted: &[(PersonKey, OrgCode)],
) -> Result<HashMap<(PersonKey, OrgCode), UnixMillis>, StoreError> {
    look_up(
        session,
        (&TABLE, QUERY),
        wanted,
        |row, (person, org_code)| {
            row.bytes(&person.0).text(org_code.as_str());
        },
        |columns| columns.time().map(Some),
    )
    .await
}
