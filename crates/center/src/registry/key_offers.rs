//! `key_offers`: keys on their way to those who asked for them, and what became of each.

use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};

use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::Table;

/// Wrong passcodes that end an offer.
pub(super) const TRIES: i64 = 5;

/// The table.
pub(crate) static TABLE: Table = Table::still(
    "key_offers (offer, account, kcv, key, passcode, tries, made_by, made_at, ends_at, taken_at, taken_from, \
            checked_at, mismatches, void_at, void_why)",
    &[
        Bytes, Text, Text, Bytes, Bytes, Number, Text, Number, Number, Number, Text, Number, Number, Number,
        Text,
    ],
    1,
);

/// By what an offer is known: the keyed hash of its link.
pub(super) type OfferHash = [u8; 16];

/// An offer as it is stored. `Debug` does not show its key.
#[derive(Debug)]
pub(crate) struct KeyOfferRow {
    pub(super) offer: OfferHash,
    pub(crate) account: AccountId,
    /// The key's check value.
    pub(crate) kcv: String,
    /// The key, until it is taken.
    pub(super) key: Option<Sm4Key>,
    pub(super) passcode: OfferHash,
    pub(crate) made_by: String,
    pub(crate) made_at: UnixMillis,
    pub(crate) ends_at: UnixMillis,
    /// When it was taken, and from where.
    pub(crate) taken: Option<(UnixMillis, String)>,
    /// When the check value was told that the system shows.
    pub(crate) checked_at: Option<UnixMillis>,
    /// When it ended before it was taken or checked, and why.
    pub(crate) void: Option<(UnixMillis, Void)>,
}

/// Why an offer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Void {
    /// Too many wrong passcodes.
    Passcode,
    /// The check value that was told back was twice another.
    Mismatch,
    /// Another offer was made.
    Replaced,
    /// An operator ended it.
    Operator,
}

impl Void {
    const ALL: [Self; 4] = [Self::Passcode, Self::Mismatch, Self::Replaced, Self::Operator];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Passcode => "passcode",
            Self::Mismatch => "mismatch",
            Self::Replaced => "replaced",
            Self::Operator => "operator",
        }
    }

    /// What operators read.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Passcode => "提取码连续输错",
            Self::Mismatch => "回报的校验值两次不同",
            Self::Replaced => "另发了一次",
            Self::Operator => "由操作员作废",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|void| void.word() == word)
    }
}

impl KeyOfferRow {
    /// Whether it can still be taken.
    pub(crate) fn is_open(&self, now: UnixMillis) -> bool {
        self.taken.is_none() && self.void.is_none() && now < self.ends_at
    }
}

/// The cell of an offered key; an offer has no text of its own, so it is bound to the account.
pub(super) fn cell(account: &str) -> Cell<'_> {
    Cell { table: "key_offers", row: account, column: "key" }
}

/// A new offer.
pub(super) struct NewOffer<'a> {
    pub(super) offer: OfferHash,
    pub(super) account: &'a str,
    pub(super) kcv: &'a str,
    /// Sealed.
    pub(super) key: &'a [u8],
    pub(super) passcode: OfferHash,
    pub(super) made_by: &'a str,
    pub(super) made_at: UnixMillis,
    pub(super) ends_at: UnixMillis,
}

/// Adds an offer.
pub(super) fn insert(new: &NewOffer<'_>) -> Statement {
    const TEXT: &str = "INSERT INTO key_offers \
        (offer, account, kcv, key, passcode, tries, made_by, made_at, ends_at, mismatches) \
        VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, 0)";
    Statement::new(TEXT)
        .bytes(&new.offer)
        .text(new.account)
        .text(new.kcv)
        .bytes(new.key)
        .bytes(&new.passcode)
        .text(new.made_by)
        .number(new.made_at.get())
        .number(new.ends_at.get())
}

/// Ends the offers of an account that were not taken; their keys are gone.
pub(super) fn end(account: &AccountId, why: Void, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE key_offers SET key = NULL, void_at = $2, void_why = $3 \
        WHERE account = $1 AND taken_at IS NULL AND void_at IS NULL";
    Statement::new(TEXT).text(account.as_str()).number(at.get()).text(why.word())
}

/// Marks an offer as taken; its key is gone. Touches no row when it cannot be taken any more.
pub(super) fn take(offer: &OfferHash, from: &str, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE key_offers SET key = NULL, taken_at = $2, taken_from = $3 \
        WHERE offer = $1 AND taken_at IS NULL AND void_at IS NULL AND ends_at > $2";
    Statement::new(TEXT).bytes(offer).number(at.get()).text(from)
}

/// Counts a wrong passcode; the last one ends the offer.
pub(super) fn miss(offer: &OfferHash, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE key_offers SET tries = tries + 1, \
        key = CASE WHEN tries + 1 >= $3 THEN NULL ELSE key END, \
        void_at = CASE WHEN tries + 1 >= $3 THEN $2 ELSE void_at END, \
        void_why = CASE WHEN tries + 1 >= $3 THEN 'passcode' ELSE void_why END \
        WHERE offer = $1 AND taken_at IS NULL AND void_at IS NULL";
    Statement::new(TEXT).bytes(offer).number(at.get()).number(TRIES)
}

/// Notes that the check value was told back and is the key's.
pub(super) fn check(offer: &OfferHash, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE key_offers SET checked_at = $2 \
        WHERE offer = $1 AND taken_at IS NOT NULL AND checked_at IS NULL AND void_at IS NULL";
    Statement::new(TEXT).bytes(offer).number(at.get())
}

/// Counts that another check value was told back; the second one ends the offer.
pub(super) fn mismatch(offer: &OfferHash, at: UnixMillis) -> Statement {
    const TEXT: &str = "UPDATE key_offers SET mismatches = mismatches + 1, \
        void_at = CASE WHEN mismatches >= 1 THEN $2 ELSE void_at END, \
        void_why = CASE WHEN mismatches >= 1 THEN 'mismatch' ELSE void_why END \
        WHERE offer = $1 AND taken_at IS NOT NULL AND checked_at IS NULL AND void_at IS NULL";
    Statement::new(TEXT).bytes(offer).number(at.get())
}

/// Which rows, with the columns that `read` takes.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT offer, account, kcv, key, passcode, made_by, made_at, ends_at, taken_at, taken_from, \
             checked_at, void_at, void_why FROM key_offers ",
            $which
        )
    };
}

/// One of them.
pub(super) async fn one(
    connection: &mut Connection,
    sealer: &Sealer,
    offer: &OfferHash,
) -> Result<Option<KeyOfferRow>, StoreError> {
    const TEXT: &str = select!("WHERE offer = $1");
    fetch_one(connection, sealer, Statement::new(TEXT).bytes(offer)).await
}

/// The newest of an account.
pub(super) async fn newest(
    connection: &mut Connection,
    sealer: &Sealer,
    account: &AccountId,
) -> Result<Option<KeyOfferRow>, StoreError> {
    const TEXT: &str = select!(
        "WHERE account = $1 ORDER BY made_at DESC, CASE WHEN void_at IS NULL THEN 0 ELSE 1 END LIMIT 1"
    );
    fetch_one(connection, sealer, Statement::new(TEXT).text(account.as_str())).await
}

/// The newest of each account of an applicant, as far as its check value was not told back; a few hundreds at most, for each is
/// something that somebody has to do.
pub(super) async fn unsettled(
    connection: &mut Connection,
    sealer: &Sealer,
    applicant: i64,
) -> Result<Vec<KeyOfferRow>, StoreError> {
    const TEXT: &str = select!(
        "WHERE checked_at IS NULL AND (void_why IS NULL OR void_why <> 'replaced') \
         AND account IN (SELECT org_id FROM accounts WHERE applicant = $1 AND closed_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM key_offers AS newer WHERE newer.account = key_offers.account \
             AND newer.made_at > key_offers.made_at) ORDER BY account LIMIT 200"
    );
    let found = connection.fetch(Statement::new(TEXT).number(applicant)).await?;
    found.iter().map(|row| read(&mut Columns::new(row, TABLE.name()), sealer)).collect()
}

/// Whether a key of this check value was offered to an account and not taken: nobody has it.
pub(super) async fn is_untaken(
    connection: &mut Connection,
    account: &AccountId,
    kcv: &str,
) -> Result<bool, StoreError> {
    const TEXT: &str = "SELECT made_at FROM key_offers WHERE account = $1 AND kcv = $2 AND taken_at IS NULL";
    let statement = Statement::new(TEXT).text(account.as_str()).text(kcv);
    Ok(connection.fetch(statement).await?.len() > 0)
}

async fn fetch_one(
    connection: &mut Connection,
    sealer: &Sealer,
    statement: Statement,
) -> Result<Option<KeyOfferRow>, StoreError> {
    let found = connection.fetch(statement).await?;
    found.iter().next().map(|row| read(&mut Columns::new(row, TABLE.name()), sealer)).transpose()
}

fn read(columns: &mut Columns<'_>, sealer: &Sealer) -> Result<KeyOfferRow, StoreError> {
    let hash = |columns: &mut Columns<'_>| {
        columns.bytes()?.try_into().map_err(|_| columns.impossible("摘要长度不对"))
    };
    let offer = hash(columns)?;
    let (account, kcv) = (columns.account()?, columns.text()?.to_owned());
    let stored = columns.optional_bytes()?;
    let key = stored.and_then(|stored| sealer.open(cell(account.as_str()), stored).ok());
    let key = key.and_then(|bytes| Some(Sm4Key::from_bytes(bytes.as_slice().try_into().ok()?)));
    Ok(KeyOfferRow {
        offer,
        account,
        kcv,
        key,
        passcode: hash(columns)?,
        made_by: columns.text()?.to_owned(),
        made_at: columns.time()?,
        ends_at: columns.time()?,
        taken: {
            let at = columns.optional_time()?;
            at.zip(columns.optional_text()?.map(str::to_owned))
        },
        checked_at: columns.optional_time()?,
        void: {
            let at = columns.optional_time()?;
            at.zip(columns.optional_text()?.and_then(Void::of_word))
        },
    })
}
