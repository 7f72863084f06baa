//! Rows and values: what a column says, and refusing what no column can say.

use sqlx::Row;
use yanmi_protocol::{AccountId, Amount, ChannelId, EcToken, NoticeNo, OrgCode, UnixMillis};

use super::StoreError;
use super::connection::RowRef;

/// What `LIKE … ESCAPE '!'` finds everything by that contains a text.
pub(crate) fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern + "%"
}

/// Numbers of thirteen digits fit either way.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

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

    /// The next column, which is not gone past.
    pub(crate) fn look<T>(&self) -> Result<T, StoreError>
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

    pub(crate) fn optional_time(&mut self) -> Result<Option<UnixMillis>, StoreError> {
        Ok(self.optional_number()?.map(UnixMillis::new))
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

    pub(crate) fn account(&mut self) -> Result<AccountId, StoreError> {
        AccountId::new(self.text()?).map_err(|_| self.impossible("业务系统编码格式不对"))
    }

    pub(crate) fn channel(&mut self) -> Result<ChannelId, StoreError> {
        ChannelId::new(self.text()?).map_err(|_| self.impossible("渠道编码格式不对"))
    }

    pub(crate) fn key(&mut self) -> Result<[u8; 16], StoreError> {
        self.bytes()?.try_into().map_err(|_| self.impossible("索引值不是 16 字节"))
    }

    pub(crate) fn number_13(&mut self) -> Result<u64, StoreError> {
        let number = self.number()?;
        u64::try_from(number)
            .ok()
            .filter(|number| NoticeNo::from_number(*number).is_some())
            .ok_or(self.impossible("流水号不是 13 位"))
    }
}
