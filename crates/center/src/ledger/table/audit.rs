//! `audit`: what happened, in order.

use yanmi_protocol::{Amount, ChannelId, UnixMillis};
use yanmi_verification::{Event, Verification};

use super::{Changes, Name};
use crate::ledger::key::Key;
use crate::store::batch::Insert;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::row::signed;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "audit (id, at, event, token, org_code, channel, person, notice, serial, amount, detail, confirmer) \
        OVERRIDING SYSTEM VALUE",
    kinds: &[Number, Number, Text, Text, Text, Text, Bytes, Number, Number, Number, Text, Bytes],
    key: 1,
    written: Some(INSERT),
    queries: &[],
    statements: &[],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::Audit,
        start: Position::Number(0),
        last: "SELECT id, at FROM audit WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id > $1 AND id <= $2 AND at < $3",
            ""
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert = Insert {
    into: "audit (at, event, token, org_code, channel, person, notice, serial, amount, detail, confirmer)",
    key: 0,
    conflict: "",
};

impl Changes {
    pub(crate) fn audit(&mut self, entry: &Audited<'_>) {
        self.rows(Name::Audit).push(|row| {
            row.number(entry.at.get())
                .text(entry.event.code())
                .optional_text(entry.key.map(|key| key.token.as_str()))
                .optional_text(entry.key.map(|key| key.org_code.as_str()))
                .optional_text(entry.channel.as_ref().map(ChannelId::as_str))
                .optional_bytes(entry.person.map(<[u8; 16]>::as_slice))
                .optional_number(entry.verification.map(|v| signed(v.notice.number())))
                .optional_number(entry.verification.map(|v| signed(v.serial.number())))
                .optional_number(entry.amount.map(Amount::fen))
                .optional_text(entry.detail)
                .optional_bytes(entry.confirmer);
        });
    }
}

/// One event of the audit, with what it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audited<'a> {
    pub(crate) at: UnixMillis,
    pub(crate) event: Event,
    pub(crate) key: Option<&'a Key>,
    pub(crate) channel: Option<ChannelId>,
    /// The keyed hash of a person, or of a document whose holder need not be known.
    pub(crate) person: Option<&'a [u8; 16]>,
    pub(crate) verification: Option<&'a Verification>,
    pub(crate) amount: Option<Amount>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) confirmer: Option<&'a [u8]>,
}

impl Audited<'_> {
    /// An event about nothing yet.
    pub(crate) fn new(at: UnixMillis, event: Event) -> Self {
        Self {
            at,
            event,
            key: None,
            channel: None,
            person: None,
            verification: None,
            amount: None,
            detail: None,
            confirmer: None,
        }
    }
}
