//! `free_uses`: the latest payment without a password under a token at an institution.

use yanmi_protocol::{Amount, UnixMillis};
use yanmi_verification::{FreeUse, Ground};

use super::{Changes, Name};
use crate::ledger::key::Key;
use crate::store::StoreError;
use crate::store::batch::Insert;
use crate::store::connection::Kind::{Number, Text};
use crate::store::row::Columns;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "free_uses (token, org_code, day, amount, at, called_at, ground, day_total)",
    kinds: &[Text, Text, Number, Number, Number, Number, Text, Number],
    key: 2,
    written: Some(INSERT),
    queries: &[],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Text(String::new()),
        last: "SELECT token, CAST(0 AS BIGINT) FROM free_uses WHERE token > $1 ORDER BY token LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM free_uses WHERE (token, org_code) IN (SELECT token, org_code FROM free_uses \
            WHERE token > $1 AND token <= $2 AND day < $3",
            ""
        ),
        old: Old::Day,
    }),
};

const INSERT: Insert = Insert {
    into: "free_uses (token, org_code, day, amount, at, called_at, ground, day_total)",
    key: 2,
    conflict: "ON CONFLICT (token, org_code) DO UPDATE SET day = excluded.day, amount = excluded.amount, \
        at = excluded.at, called_at = excluded.called_at, ground = excluded.ground, day_total = excluded.day_total",
};

impl Changes {
    pub(crate) fn free_use(&mut self, key: &Key, used: FreeUse) {
        self.rows(Name::FreeUses).push(|row| {
            row.text(key.token.as_str())
                .text(key.org_code.as_str())
                .number(i64::from(used.day))
                .optional_number(used.amount.map(Amount::fen))
                .number(used.at.get())
                .number(used.called_at.get())
                .text(ground_word(used.ground))
                .number(used.day_total.fen());
        });
    }
}

impl Columns<'_> {
    /// Six columns of `free_uses`; all null when there is none. A row that a center of the version before wrote lets
    /// nothing through, but what it counted is not counted twice in what the person reads.
    pub(crate) fn free_use(&mut self) -> Result<Option<FreeUse>, StoreError> {
        self.of("free_uses");
        let Some(day) = self.optional_number()? else {
            self.skip(5);
            return Ok(None);
        };
        let day = u32::try_from(day).map_err(|_| self.impossible("日期超出范围"))?;
        let amount = self.amount()?;
        let at = self.optional_number()?.map_or(UnixMillis::new(0), UnixMillis::new);
        let called_at = self.optional_number()?.map_or(at, UnixMillis::new);
        let ground = match self.optional_text()? {
            Some("channel") => Ground::Channel,
            None | Some("person") => Ground::Person,
            Some(_) => return Err(self.impossible("免密依据未知")),
        };
        let day_total = self.amount()?.or(amount).unwrap_or(Amount::ZERO);
        Ok(Some(FreeUse { ground, at, called_at, day, amount, day_total }))
    }
}

/// The word stored for the ground a payment went through on.
const fn ground_word(ground: Ground) -> &'static str {
    match ground {
        Ground::Person => "person",
        Ground::Channel => "channel",
    }
}
