//! `calls`: what was refused, row by row.

use yanmi_protocol::{EcToken, NoticeNo, OrgCode};

use super::seen::{Seen, Whose};
use crate::store::batch::{Insert, Rows};
use crate::store::connection::Kind::{Number, Text};
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// Characters of a cause or a detail that are kept.
const MAX_TEXT: usize = 120;

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "calls (id, at, node, op, org_id, proven, org_code, token, notice, code, cause, detail, us, address) \
            OVERRIDING SYSTEM VALUE",
    kinds: &[
        Number, Number, Number, Text, Text, Number, Text, Text, Number, Number, Text, Text, Number, Text,
    ],
    key: 1,
    written: Some(INSERT),
    queries: &[],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::Calls,
        start: Position::Number(0),
        last: "SELECT id, at FROM calls WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE id > $1 AND id <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    }),
};

pub(super) const INSERT: Insert = Insert {
    into: "calls (at, node, op, org_id, proven, org_code, token, notice, code, cause, detail, us, address)",
    key: 0,
    conflict: "",
};

/// Adds a refusal that this node saw.
pub(super) fn push(rows: &mut Rows, node: i64, seen: &Seen) {
    let (org_id, proven) = match &seen.whose {
        Whose::Proven(account) => (Some(account.as_str()), 1),
        Whose::Claimed(claimed) => (Some(claimed.as_str()), 0),
        Whose::Nobody => (None, 0),
    };
    let address = seen.address.map(|address| address.to_string());
    let (cause, detail) = (cut(seen.cause.as_deref()), cut(seen.detail.as_deref()));
    rows.push(|row| {
        row.number(seen.at.get())
            .number(node)
            .text(seen.op)
            .optional_text(org_id)
            .number(proven)
            .optional_text(seen.org_code.as_ref().map(OrgCode::as_str))
            .optional_text(seen.token.as_ref().map(EcToken::as_str))
            .optional_number(seen.notice.and_then(number))
            .number(seen.code)
            .optional_text(cause.as_deref())
            .optional_text(detail.as_deref())
            .number(seen.us)
            .optional_text(address.as_deref());
    });
}

fn number(notice: NoticeNo) -> Option<i64> {
    i64::try_from(notice.number()).ok()
}

fn cut(text: Option<&str>) -> Option<String> {
    text.map(|text| text.chars().take(MAX_TEXT).collect())
}
