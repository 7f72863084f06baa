//! Rows and values: what a column says, and refusing what no column can say.

use sqlx::Row;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, ChannelId, EcToken, NoticeNo, OrgCode, SerialNo, UnixMillis};
use yanmi_verification::{
    Budget, Confirmer, Credential, DeclineReason, FreeUse, Ground, Identity, IdentityKey, PasswordFree,
    PasswordTries, PersonKey, State, Undelivered, Verification,
};

use super::StoreError;
use super::connection::RowRef;
use crate::ledger::recent::Recent;

/// Reads the columns of a row one after the other.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    row: RowRef<'a>,
    table: &'static str,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(row: RowRef<'a>, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    /// Goes on with the columns of another table.
    pub(crate) fn of(&mut self, table: &'static str) -> &mut Self {
        self.table = table;
        self
    }

    pub(crate) fn skip(&mut self, count: usize) {
        self.next += count;
    }

    fn take<T>(&mut self) -> Result<T, StoreError>
    where
        T: sqlx::Type<sqlx::Sqlite> + sqlx::Decode<'a, sqlx::Sqlite>,
        T: sqlx::Type<sqlx::Postgres> + sqlx::Decode<'a, sqlx::Postgres>,
    {
        let value = self.look()?;
        self.next += 1;
        Ok(value)
    }

    fn look<T>(&self) -> Result<T, StoreError>
    where
        T: sqlx::Type<sqlx::Sqlite> + sqlx::Decode<'a, sqlx::Sqlite>,
        T: sqlx::Type<sqlx::Postgres> + sqlx::Decode<'a, sqlx::Postgres>,
    {
        // Statements and readers are written side by side, so types need no check at run time.
        Ok(match self.row {
            RowRef::Sqlite(row) => row.try_get_unchecked(self.next)?,
            RowRef::Postgres(row) => row.try_get_unchecked(self.next)?,
        })
    }

    pub(crate) fn impossible(&self, what: &'static str) -> StoreError {
        StoreError::Impossible { table: self.table, what }
    }

    pub(crate) fn number(&mut self) -> Result<i64, StoreError> {
        self.take()
    }

    pub(crate) fn optional_number(&mut self) -> Result<Option<i64>, StoreError> {
        self.take()
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, StoreError> {
        self.take()
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>, StoreError> {
        self.take()
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], StoreError> {
        self.take()
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<&'a [u8]>, StoreError> {
        self.take()
    }

    pub(crate) fn flag(&mut self) -> Result<bool, StoreError> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.impossible("标志位不是 0 或 1")),
        }
    }

    pub(crate) fn time(&mut self) -> Result<UnixMillis, StoreError> {
        self.number().map(UnixMillis::new)
    }

    pub(crate) fn notice(&mut self) -> Result<NoticeNo, StoreError> {
        let number = self.number_13()?;
        NoticeNo::from_number(number).ok_or(self.impossible("流水号不是 13 位"))
    }

    pub(crate) fn count(&mut self) -> Result<u32, StoreError> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| self.impossible("计数超出范围"))
    }

    pub(crate) fn amount(&mut self) -> Result<Option<Amount>, StoreError> {
        let fen = self.optional_number()?;
        fen.map(Amount::from_fen).transpose().map_err(|_| self.impossible("金额超出范围"))
    }

    pub(crate) fn token(&mut self) -> Result<EcToken, StoreError> {
        self.optional_token()?.ok_or(self.impossible("令牌格式不对"))
    }

    pub(crate) fn optional_token(&mut self) -> Result<Option<EcToken>, StoreError> {
        let token = self.optional_text()?.map(EcToken::new);
        token.transpose().map_err(|_| self.impossible("令牌格式不对"))
    }

    pub(crate) fn org_code(&mut self) -> Result<OrgCode, StoreError> {
        OrgCode::new(self.text()?).map_err(|_| self.impossible("机构代码格式不对"))
    }

    pub(crate) fn channel(&mut self) -> Result<ChannelId, StoreError> {
        ChannelId::new(self.text()?).map_err(|_| self.impossible("渠道编码格式不对"))
    }

    pub(crate) fn key(&mut self) -> Result<[u8; 16], StoreError> {
        self.bytes()?.try_into().map_err(|_| self.impossible("索引值不是 16 字节"))
    }

    fn number_13(&mut self) -> Result<u64, StoreError> {
        let number = self.number()?;
        u64::try_from(number)
            .ok()
            .filter(|number| NoticeNo::from_number(*number).is_some())
            .ok_or(self.impossible("流水号不是 13 位"))
    }

    /// Eight columns of `tokens`; all null when there is none.
    pub(crate) fn credential(&mut self) -> Result<Option<Credential>, StoreError> {
        self.of("tokens");
        if self.look::<Option<&[u8]>>()?.is_none() {
            self.skip(8);
            return Ok(None);
        }
        Ok(Some(Credential {
            person: PersonKey(self.key()?),
            identity_key: IdentityKey(self.key()?),
            channel: self.channel()?,
            active: self.flag()?,
            identity: {
                let word = self.text()?;
                identity(word).ok_or(self.impossible("身份状态未知"))?
            },
            authorized: self.flag()?,
            password_set: self.flag()?,
            decoded_at: self.time()?,
        }))
    }

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

    /// Two columns of `password_tries`.
    pub(crate) fn tries(&mut self) -> Result<PasswordTries, StoreError> {
        let count = self.count()?;
        let locked_until = self.optional_number()?.map(UnixMillis::new);
        Ok(PasswordTries { count, locked_until })
    }

    /// Two columns of `persons`; a person who was never asked has a fresh budget.
    pub(crate) fn person(&mut self) -> Result<(Budget, Recent), StoreError> {
        self.of("persons");
        let budget = self.optional_bytes()?.map_or(Some(Budget::default()), Budget::from_bytes);
        let budget = budget.ok_or(self.impossible("提醒次数记录无法读取"))?;
        let recent = self.optional_text()?.map_or(Some(Recent::default()), Recent::from_text);
        Ok((budget, recent.ok_or(self.impossible("最近通知记录无法读取"))?))
    }

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

/// The word stored for an identity's condition.
pub(crate) const fn identity_word(identity: Identity) -> &'static str {
    match identity {
        Identity::Complete => "complete",
        Identity::Empty => "empty",
        Identity::PlaceEmpty => "place-empty",
        Identity::Mismatch => "mismatch",
        Identity::Wrong => "wrong",
    }
}

/// The word stored for the ground a payment went through on.
pub(crate) const fn ground_word(ground: Ground) -> &'static str {
    match ground {
        Ground::Person => "person",
        Ground::Channel => "channel",
    }
}

fn identity(word: &str) -> Option<Identity> {
    let all =
        [Identity::Complete, Identity::Empty, Identity::PlaceEmpty, Identity::Mismatch, Identity::Wrong];
    all.into_iter().find(|identity| identity_word(*identity) == word)
}

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
