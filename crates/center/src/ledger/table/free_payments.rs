//! `free_payments`: payments without a password, as the person reads them.

use yanmi_protocol::{Amount, ChannelId, OrgCode, UnixMillis};
use yanmi_verification::{Credential, FreeUse, PersonKey};

use super::{Changes, Name};
use crate::ledger::key::Key;
use crate::store::StoreError;
use crate::store::batch::Insert;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "free_payments (id, person, channel, day, token, org_code, amount, at) OVERRIDING SYSTEM VALUE",
    kinds: &[Number, Bytes, Text, Number, Text, Text, Number, Number],
    key: 1,
    written: Some(INSERT),
    queries: &[],
    statements: &[NEWEST],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::Audit,
        start: Position::Number(0),
        last: "SELECT id, at FROM free_payments WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM free_payments WHERE id IN (SELECT id FROM free_payments WHERE id > $1 AND id <= $2 \
            AND at < $3",
            ""
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert = Insert {
    into: "free_payments (person, channel, day, token, org_code, amount, at)",
    key: 5,
    conflict: "ON CONFLICT (person, channel, day, token, org_code) DO UPDATE SET amount = excluded.amount",
};

impl Changes {
    /// What went through at an institution under a token that day, as the person reads it: one line however many payments
    /// it were, with what they add up to.
    pub(crate) fn free_payment(&mut self, key: &Key, credential: &Credential, used: FreeUse, at: UnixMillis) {
        // Where no amount was ever named there is none to be shown.
        let named = used.amount.is_some() || used.day_total > Amount::ZERO;
        let day_total = named.then_some(used.day_total);
        self.rows(Name::FreePayments).push(|row| {
            row.bytes(&credential.person.0)
                .text(credential.channel.as_str())
                .number(i64::from(used.day))
                .text(key.token.as_str())
                .text(key.org_code.as_str())
                .optional_number(day_total.map(Amount::fen))
                .number(at.get());
        });
    }
}

/// A payment without a password.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payment {
    pub(crate) org_code: OrgCode,
    pub(crate) amount: Option<Amount>,
    pub(crate) at: UnixMillis,
}

const NEWEST: &str = "SELECT org_code, amount, at FROM free_payments \
    WHERE person = $1 AND channel = $2 ORDER BY day DESC, id DESC LIMIT $3";

/// The newest payments of a person in an app.
pub(crate) async fn newest(
    connection: &mut Connection,
    person: PersonKey,
    channel: ChannelId,
    limit: i64,
) -> Result<Vec<Payment>, StoreError> {
    let statement = Statement::new(NEWEST).bytes(&person.0).text(channel.as_str()).number(limit);
    let found = connection.fetch(statement).await?;
    let payments = found.iter().map(|row| {
        let mut columns = Columns::new(row, "free_payments");
        Ok(Payment { org_code: columns.org_code()?, amount: columns.amount()?, at: columns.time()? })
    });
    payments.collect()
}
