//! `verifications`: one row for each token at each institution: the latest attempt and where it stands.

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, NoticeNo, SerialNo, UnixMillis};
use yanmi_verification::{Confirmer, DeclineReason, State, Undelivered, Verification};

use super::{Changes, Name};
use crate::ledger::key::Key;
use crate::store::StoreError;
use crate::store::batch::{Insert, Update};
use crate::store::connection::Kind::{Number, Text};
use crate::store::row::{Columns, signed};
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "verifications (id, token, org_code, attempt, notice, serial, serial_at, amount, shown_name, \
        asked_at, expires_at, notices, first_at, state, state_at, reason, valid_until, compared) OVERRIDING SYSTEM VALUE",
    kinds: &[
        Number, Text, Text, Number, Number, Number, Number, Number, Text, Number, Number, Number, Number,
        Text, Number, Text, Number, Number,
    ],
    key: 1,
    written: Some(INSERT),
    queries: &[],
    statements: &[],
    updates: &[STATES],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Number(0),
        last: "SELECT id, first_at FROM verifications WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM verifications WHERE id IN (SELECT id FROM verifications WHERE id > $1 AND id <= $2 \
            AND expires_at < $3 AND coalesce(valid_until, 0) < $3",
            ""
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert = Insert {
    into: "verifications (token, org_code, attempt, notice, serial, serial_at, amount, shown_name, \
        asked_at, expires_at, notices, first_at, state, state_at, reason, valid_until, compared)",
    key: 2,
    conflict: "ON CONFLICT (token, org_code) DO UPDATE SET attempt = excluded.attempt, notice = excluded.notice, \
        serial = excluded.serial, serial_at = excluded.serial_at, amount = excluded.amount, \
        shown_name = coalesce(excluded.shown_name, verifications.shown_name), asked_at = excluded.asked_at, \
        expires_at = excluded.expires_at, notices = excluded.notices, first_at = excluded.first_at, \
        state = excluded.state, state_at = excluded.state_at, reason = excluded.reason, \
        valid_until = excluded.valid_until, compared = coalesce(excluded.compared, verifications.compared)",
};

impl Changes {
    /// Without an `appearance`, what is stored of it is left.
    pub(crate) fn verification(&mut self, key: &Key, v: &Verification, appearance: Option<&Appearance>) {
        let state = state_columns(v.state);
        self.rows(Name::Verifications).push(|row| {
            row.text(key.token.as_str())
                .text(key.org_code.as_str())
                .number(i64::from(v.attempt))
                .number(signed(v.notice.number()))
                .number(signed(v.serial.number()))
                .number(v.serial.at().get())
                .optional_number(v.amount.map(Amount::fen))
                .optional_text(appearance.map(|appearance| appearance.name.as_str()))
                .number(v.asked_at.get())
                .number(v.expires_at.get())
                .number(i64::from(v.notices))
                .number(v.first_at.get())
                .text(state.word)
                .optional_number(state.at.map(UnixMillis::get))
                .optional_text(state.reason)
                .optional_number(state.valid_until.map(UnixMillis::get))
                .optional_number(appearance.map(|appearance| i64::from(appearance.compared)));
        });
    }

    /// Nothing of it has changed but its state.
    pub(crate) fn state(&mut self, key: &Key, state: State) {
        let state = state_columns(state);
        self.updates(Name::Verifications).push(|row| {
            row.text(key.token.as_str())
                .text(key.org_code.as_str())
                .text(state.word)
                .optional_number(state.at.map(UnixMillis::get))
                .optional_text(state.reason)
                .optional_number(state.valid_until.map(UnixMillis::get));
        });
    }
}

impl Columns<'_> {
    /// Thirteen columns of `verifications`; all null when there is none.
    pub(crate) fn verification(&mut self) -> Result<Option<Verification>, StoreError> {
        self.of("verifications");
        let Some(attempt) = self.optional_number()? else {
            self.skip(12);
            return Ok(None);
        };
        let attempt = u32::try_from(attempt).map_err(|_| self.impossible("次数超出范围"))?;
        let notice = self.number_13()?;
        let serial = self.number_13()?;
        let serial_at = self.time()?;
        let amount = self.amount()?;
        let asked_at = self.time()?;
        let expires_at = self.time()?;
        let notices = self.count()?;
        let first_at = self.time()?;
        let (word, at) = (self.text()?, self.optional_number()?.map(UnixMillis::new));
        let (reason, valid_until) = (self.optional_text()?, self.optional_number()?.map(UnixMillis::new));
        let state = state(word, at, reason, valid_until).ok_or(self.impossible("状态与其他列不一致"))?;
        let impossible = self.impossible("流水号不是 13 位");
        let (Some(notice), Some(serial)) =
            (NoticeNo::from_number(notice), SerialNo::from_parts(serial, serial_at))
        else {
            return Err(impossible);
        };
        Ok(Some(Verification {
            attempt,
            notice,
            serial,
            amount,
            asked_at,
            expires_at,
            notices,
            first_at,
            state,
        }))
    }
}

const STATES: Update = Update {
    rows: "k (token, org_code, state, state_at, reason, valid_until)",
    key: 2,
    set: "verifications SET state = k.state, state_at = k.state_at, reason = k.reason, valid_until = k.valid_until \
        FROM k WHERE verifications.token = k.token AND verifications.org_code = k.org_code",
};

/// A state as four columns: word, time, reason, end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StateColumns {
    pub(crate) word: &'static str,
    pub(crate) at: Option<UnixMillis>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) valid_until: Option<UnixMillis>,
}

/// The columns of a state. Expired is never stored: an attempt expires by the clock, not by a write.
pub(crate) fn state_columns(state: State) -> StateColumns {
    let (word, at, reason, valid_until) = match state {
        State::Asked | State::Expired { .. } => ("asked", None, None, None),
        State::Notified { taken_at } => ("notified", Some(taken_at), None, None),
        State::Verified { way, at, valid_until, by } => {
            ("verified", Some(at), Some(confirmation_word(way, by)), Some(valid_until))
        }
        State::Declined { reason, at } => ("declined", Some(at), Some(decline_word(reason)), None),
        State::Undelivered { reason, at } => ("undelivered", Some(at), Some(reason.code()), None),
    };
    StateColumns { word, at, reason, valid_until }
}

fn state(
    word: &str,
    at: Option<UnixMillis>,
    reason: Option<&str>,
    valid_until: Option<UnixMillis>,
) -> Option<State> {
    Some(match (word, at, reason, valid_until) {
        ("asked", None, None, None) => State::Asked,
        ("notified", Some(taken_at), None, None) => State::Notified { taken_at },
        ("verified", Some(at), Some(reason), Some(valid_until)) => {
            let (way, by) = confirmation(reason)?;
            State::Verified { way, at, valid_until, by }
        }
        ("declined", Some(at), Some(reason), None) => State::Declined { reason: decline(reason)?, at },
        ("undelivered", Some(at), Some(reason), None) => {
            State::Undelivered { reason: Undelivered::from_code(reason)?, at }
        }
        _ => return None,
    })
}

const fn confirmation_word(way: Way, by: Confirmer) -> &'static str {
    match (way, by) {
        (Way::CredentialPassword, Confirmer::Holder) => "01",
        (Way::Face, Confirmer::Holder) => "02",
        (Way::ChannelPassword, Confirmer::Holder) => "03",
        (Way::CredentialPassword, Confirmer::Another) => "01-another",
        (Way::Face, Confirmer::Another) => "02-another",
        (Way::ChannelPassword, Confirmer::Another) => "03-another",
    }
}

fn confirmation(word: &str) -> Option<(Way, Confirmer)> {
    match word.strip_suffix("-another") {
        Some(way) => Way::from_code(way).map(|way| (way, Confirmer::Another)),
        None => Way::from_code(word).map(|way| (way, Confirmer::Holder)),
    }
}

const fn decline_word(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Cancelled => "cancelled",
        DeclineReason::NotMe => "not-me",
        DeclineReason::WrongPassword => "wrong-password",
        DeclineReason::ChannelFailed => "channel-failed",
    }
}

fn decline(word: &str) -> Option<DeclineReason> {
    let all = [
        DeclineReason::Cancelled,
        DeclineReason::NotMe,
        DeclineReason::WrongPassword,
        DeclineReason::ChannelFailed,
    ];
    all.into_iter().find(|reason| decline_word(*reason) == word)
}

/// How a notice is shown to the person, beside what the verification says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Appearance {
    /// The institution's name to show; "" to show the registered one.
    pub(crate) name: String,
    /// Whether the institution knows the number to compare, so that the person can be asked for it.
    pub(crate) compared: bool,
}
