//! `persons`: a person's budget of notices, and where they were asked lately.

use hashbrown::HashMap;
use yanmi_verification::{Budget, PersonKey};

use super::{Changes, Name, look_up};
use crate::ledger::recent::Recent;
use crate::store::StoreError;
use crate::store::batch::{Insert, Query, Rows, Session};
use crate::store::connection::Kind::{Bytes, Text};
use crate::store::row::Columns;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "persons (person, budget, asked)",
    kinds: &[Bytes, Bytes, Text],
    key: 1,
    written: Some(INSERT),
    queries: &[QUERY],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Bytes(Vec::new()),
        last: "SELECT person, CAST(0 AS BIGINT) FROM persons WHERE person > $1 ORDER BY person LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM persons WHERE person IN (SELECT p.person FROM persons p WHERE p.person > $1 \
            AND p.person <= $2 AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.person = p.person)",
            " OF p"
        ),
        old: Old::Never,
    }),
};

const INSERT: Insert = Insert {
    into: "persons (person, budget, asked)",
    key: 1,
    conflict: "ON CONFLICT (person) DO UPDATE SET budget = excluded.budget, asked = excluded.asked",
};

const QUERY: Query = Query {
    rows: "k (number, person)",
    select: "SELECT k.number, p.budget, p.asked FROM k JOIN persons p ON p.person = k.person",
};

impl Changes {
    pub(crate) fn person(&mut self, person: PersonKey, budget: Budget, recent: &Recent) {
        self.rows(Name::Persons).push(|row| {
            row.bytes(&person.0).bytes(&budget.to_bytes()).text(&recent.to_text());
        });
    }
}

impl Columns<'_> {
    /// Two columns of `persons`; a person who was never asked has a fresh budget.
    pub(crate) fn person(&mut self) -> Result<(Budget, Recent), StoreError> {
        self.of("persons");
        let budget = self.optional_bytes()?.map_or(Some(Budget::default()), Budget::from_bytes);
        let budget = budget.ok_or(self.impossible("提醒次数记录无法读取"))?;
        let recent = self.optional_text()?.map_or(Some(Recent::default()), Recent::from_text);
        Ok((budget, recent.ok_or(self.impossible("最近通知记录无法读取"))?))
    }
}

/// The budgets of persons and where they were asked, those without a row left out.
pub(crate) async fn load(
    session: &mut Session<'_>,
    persons: &[PersonKey],
) -> Result<HashMap<PersonKey, (Budget, Recent)>, StoreError> {
    look_up(
        session,
        (&TABLE, QUERY),
        persons,
        |row, person| {
            row.bytes(&person.0);
        },
        |columns| columns.person().map(Some),
    )
    .await
}

/// Makes sure ahead of a batch that persons have a row to be locked.
pub(crate) async fn insert_missing(
    session: &mut Session<'_>,
    persons: impl Iterator<Item = PersonKey>,
) -> Result<(), StoreError> {
    const MISSING: Insert =
        Insert { into: "persons (person, budget)", key: 1, conflict: "ON CONFLICT (person) DO NOTHING" };
    let mut rows = Rows::default();
    for person in persons {
        rows.push(|row| {
            row.bytes(&person.0).bytes(&Budget::default().to_bytes());
        });
    }
    session.insert_ahead(rows, MISSING).await.map(|_| ())
}
