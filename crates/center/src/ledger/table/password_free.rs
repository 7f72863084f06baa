//! `password_free`: a person's password-free settings in a channel, and what was used of them (V10).

use hashbrown::HashMap;
use yanmi_protocol::{Amount, ChannelId};
use yanmi_verification::{PasswordFree, PersonKey};

use super::{Changes, Name, look_up};
use crate::store::StoreError;
use crate::store::batch::{Insert, Query, Session};
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::row::Columns;
use crate::store::table::Table;

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "password_free (person, channel, open, single_limit, day_limit, day_count, day, spent, used, since)",
    kinds: &[Bytes, Text, Number, Number, Number, Number, Number, Number, Number, Number],
    key: 2,
    written: Some(INSERT),
    queries: &[QUERY],
    statements: &[],
    updates: &[],
    removal: None,
};

const INSERT: Insert = Insert {
    into: "password_free (person, channel, open, single_limit, day_limit, day_count, day, spent, used, since)",
    key: 2,
    conflict: "ON CONFLICT (person, channel) DO UPDATE SET open = excluded.open, single_limit = excluded.single_limit, \
        day_limit = excluded.day_limit, day_count = excluded.day_count, day = excluded.day, \
        spent = excluded.spent, used = excluded.used, since = excluded.since",
};

const QUERY: Query = Query {
    rows: "k (number, person, channel)",
    select: "SELECT k.number, f.open, f.single_limit, f.day_limit, f.day_count, f.day, f.spent, f.used, f.since \
        FROM k JOIN password_free f ON f.person = k.person AND f.channel = k.channel",
};

impl Changes {
    pub(crate) fn free(&mut self, person: PersonKey, channel: ChannelId, setting: &PasswordFree) {
        self.rows(Name::PasswordFree).push(|row| {
            row.bytes(&person.0)
                .text(channel.as_str())
                .number(i64::from(setting.open))
                .optional_number(setting.single_limit.map(Amount::fen))
                .optional_number(setting.day_limit.map(Amount::fen))
                .optional_number(setting.day_count.map(i64::from))
                .number(i64::from(setting.day))
                .number(setting.spent.fen())
                .number(i64::from(setting.used))
                .number(setting.since.get());
        });
    }
}

impl Columns<'_> {
    /// Eight columns of `password_free`; all null when there is no setting.
    pub(crate) fn password_free(&mut self) -> Result<Option<PasswordFree>, StoreError> {
        self.of("password_free");
        let Some(open) = self.optional_number()? else {
            self.skip(7);
            return Ok(None);
        };
        let (single_limit, day_limit) = (self.amount()?, self.amount()?);
        let day_count = self.optional_number()?.map(u32::try_from).transpose();
        let day_count = day_count.map_err(|_| self.impossible("次数超出范围"))?;
        let day = self.count()?;
        let spent = self.amount()?.ok_or(self.impossible("累计金额缺失"))?;
        Ok(Some(PasswordFree {
            open: open == 1,
            single_limit,
            day_limit,
            day_count,
            day,
            spent,
            used: self.count()?,
            since: self.time()?,
        }))
    }
}

/// The password-free settings of persons in channels, those without a row left out.
pub(crate) async fn load(
    session: &mut Session<'_>,
    wanted: &[(PersonKey, ChannelId)],
) -> Result<HashMap<(PersonKey, ChannelId), PasswordFree>, StoreError> {
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method takes rows of one life only")]
    look_up(
        session,
        (&TABLE, QUERY),
        wanted,
        |row, (person, channel)| {
            row.bytes(&person.0).text(channel.as_str());
        },
        |columns| columns.password_free(),
    )
    .await
}
