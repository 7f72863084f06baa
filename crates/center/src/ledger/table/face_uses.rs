//! `face_uses`: which notice a face authorization confirmed: it confirms no other.

use hashbrown::HashMap;
use yanmi_protocol::{NoticeNo, UnixMillis};

use super::{Changes, Name, look_up};
use crate::ledger::key::FaceKey;
use crate::store::StoreError;
use crate::store::batch::{Insert, Query, Session};
use crate::store::connection::Kind::{Bytes, Number};
use crate::store::row::signed;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "face_uses (face, notice, at)",
    kinds: &[Bytes, Number, Number],
    key: 1,
    written: Some(INSERT),
    queries: &[QUERY],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Bytes(Vec::new()),
        last: "SELECT face, CAST(0 AS BIGINT) FROM face_uses WHERE face > $1 ORDER BY face LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM face_uses WHERE face IN (SELECT face FROM face_uses WHERE face > $1 AND face <= $2 \
            AND at < $3",
            ""
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert =
    Insert { into: "face_uses (face, notice, at)", key: 1, conflict: "ON CONFLICT (face) DO NOTHING" };

impl Changes {
    /// The authorization confirms this notice and no other.
    pub(crate) fn face_use(&mut self, face: FaceKey, notice: NoticeNo, at: UnixMillis) {
        self.rows(Name::FaceUses).push(|row| {
            row.bytes(&face.0).number(signed(notice.number())).number(at.get());
        });
    }
}

const QUERY: Query = Query {
    rows: "k (number, face)",
    select: "SELECT k.number, u.notice FROM k JOIN face_uses u ON u.face = k.face",
};

/// Which notices face authorizations confirmed, those that confirmed none left out.
pub(crate) async fn load(
    session: &mut Session<'_>,
    wanted: &[FaceKey],
) -> Result<HashMap<FaceKey, NoticeNo>, StoreError> {
    look_up(
        session,
        (&TABLE, QUERY),
        wanted,
        |row, face| {
            row.bytes(&face.0);
        },
        |columns| columns.notice().map(Some),
    )
    .await
}
