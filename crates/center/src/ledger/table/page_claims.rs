//! `page_claims`: in which browser the page of a notice is open.

use hashbrown::HashMap;
use yanmi_protocol::{NoticeNo, UnixMillis};

use super::{Changes, Name, look_up};
use crate::store::StoreError;
use crate::store::batch::{Insert, Query, Session};
use crate::store::connection::Kind::{Bytes, Number};
use crate::store::row::signed;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// Who has the page of a notice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// How many notices there had been when its link was made.
    pub(crate) sequence: u32,
    /// The keyed hash of what the browser was given.
    pub(crate) browser: [u8; 16],
}

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "page_claims (notice, sequence, browser, at)",
    kinds: &[Number, Number, Bytes, Number],
    key: 1,
    written: Some(INSERT),
    queries: &[QUERY],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Number(0),
        last: "SELECT notice, CAST(0 AS BIGINT) FROM page_claims WHERE notice > $1 ORDER BY notice LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM page_claims WHERE notice IN (SELECT notice FROM page_claims WHERE notice > $1 \
            AND notice <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert = Insert {
    into: "page_claims (notice, sequence, browser, at)",
    key: 1,
    conflict: "ON CONFLICT (notice) DO UPDATE SET sequence = excluded.sequence, browser = excluded.browser, \
        at = excluded.at",
};

impl Changes {
    pub(crate) fn claim(&mut self, notice: NoticeNo, claim: Claim, at: UnixMillis) {
        self.rows(Name::PageClaims).push(|row| {
            row.number(signed(notice.number()))
                .number(i64::from(claim.sequence))
                .bytes(&claim.browser)
                .number(at.get());
        });
    }
}

const QUERY: Query = Query {
    rows: "k (number, notice)",
    select: "SELECT k.number, c.sequence, c.browser FROM k JOIN page_claims c ON c.notice = k.notice",
};

/// Who has the pages of notices, those nobody has left out.
pub(crate) async fn load(
    session: &mut Session<'_>,
    notices: &[NoticeNo],
) -> Result<HashMap<NoticeNo, Claim>, StoreError> {
    look_up(
        session,
        (&TABLE, QUERY),
        notices,
        |row, notice| {
            row.number(signed(notice.number()));
        },
        |columns| Ok(Some(Claim { sequence: columns.count()?, browser: columns.key()? })),
    )
    .await
}
