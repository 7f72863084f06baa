//! What is read of several tables at once: the facts for every key of a batch in one query, and verifications with their
//! credentials.

use yanmi_protocol::{ChannelId, NoticeNo, UnixMillis};
use yanmi_verification::{Budget, Credential, FreeUse, PasswordFree, PersonKey, Verification};

use super::key::Key;
use super::recent::Recent;
use super::table::numbered;
use crate::store::StoreError;
use crate::store::batch::{Query, Session};
use crate::store::connection::{Connection, RowRef, Statement};
use crate::store::row::{Columns, signed};

/// What `Columns::credential` and then `Columns::verification` read, of tables named `t` and `v`.
macro_rules! credential_and_verification {
    () => {
        "t.person, t.identity, t.channel, t.active, t.condition, t.authorized, t.password_set, t.decoded_at, \
        v.attempt, v.notice, v.serial, v.serial_at, v.amount, v.asked_at, v.expires_at, v.notices, v.first_at, \
        v.state, v.state_at, v.reason, v.valid_until"
    };
}

/// Everything stored about one key.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredFacts {
    pub(crate) credential: Option<Credential>,
    pub(crate) holder: Vec<u8>,
    pub(crate) verification: Option<Verification>,
    pub(crate) budget: Budget,
    pub(crate) recent: Recent,
    pub(crate) free: Option<PasswordFree>,
    pub(crate) free_use: Option<FreeUse>,
    /// When the person last said "not me" to the institution.
    pub(crate) not_me: Option<UnixMillis>,
}

/// Each row is the key's number, token and institution.
const FACTS: Query = Query {
    rows: "k (number, token, org_code)",
    select: concat!(
        "SELECT k.number, ",
        credential_and_verification!(),
        ", t.holder, \
        p.budget, p.asked, \
        f.open, f.single_limit, f.day_limit, f.day_count, f.day, f.spent, f.used, f.since, \
        u.day, u.amount, u.at, u.called_at, u.ground, u.day_total, \
        q.at \
    FROM k \
    LEFT JOIN tokens t ON t.token = k.token \
    LEFT JOIN verifications v ON v.token = k.token AND v.org_code = k.org_code \
    LEFT JOIN persons p ON p.person = t.person \
    LEFT JOIN password_free f ON f.person = t.person AND f.channel = t.channel \
    LEFT JOIN free_uses u ON u.token = k.token AND u.org_code = k.org_code \
    LEFT JOIN not_me q ON q.person = t.person AND q.org_code = k.org_code"
    ),
};

/// Everything stored about each key, in the order of the keys.
pub(crate) async fn facts(session: &mut Session<'_>, keys: &[Key]) -> Result<Vec<StoredFacts>, StoreError> {
    of_keys(session, keys, FACTS, |columns, slot: &mut StoredFacts| {
        slot.credential = columns.credential()?;
        slot.verification = columns.verification()?;
        slot.holder = columns.of("tokens").optional_bytes()?.unwrap_or_default().to_vec();
        (slot.budget, slot.recent) = columns.person()?;
        slot.free = columns.password_free()?;
        slot.free_use = columns.free_use()?;
        slot.not_me = columns.of("not_me").optional_number()?.map(UnixMillis::new);
        Ok(())
    })
    .await
}

/// The two of [`FACTS`] that say whether the person has confirmed.
const STANDINGS: Query = Query {
    rows: "k (number, token, org_code)",
    select: concat!(
        "SELECT k.number, ",
        credential_and_verification!(),
        " FROM k \
    LEFT JOIN tokens t ON t.token = k.token \
    LEFT JOIN verifications v ON v.token = k.token AND v.org_code = k.org_code"
    ),
};

/// What a status query needs where nobody settles without a password. It is the question asked most, and a third of the
/// look-ups of [`FACTS`] are enough for it.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Standing {
    pub(crate) credential: Option<Credential>,
    pub(crate) verification: Option<Verification>,
}

/// Where each key stands, in the order of the keys.
pub(crate) async fn standings(session: &mut Session<'_>, keys: &[Key]) -> Result<Vec<Standing>, StoreError> {
    of_keys(session, keys, STANDINGS, |columns, slot: &mut Standing| {
        slot.credential = columns.credential()?;
        slot.verification = columns.verification()?;
        Ok(())
    })
    .await
}

/// What a query finds for each key, in the order of the keys; its rows begin with the key's number.
async fn of_keys<T: Clone + Default>(
    session: &mut Session<'_>,
    keys: &[Key],
    query: Query,
    read: impl Fn(&mut Columns<'_>, &mut T) -> Result<(), StoreError>,
) -> Result<Vec<T>, StoreError> {
    let rows = numbered(keys, |row, key| {
        row.text(key.token.as_str()).text(key.org_code.as_str());
    });
    let mut out = vec![T::default(); keys.len()];
    for row in session.query(rows, query).await?.iter() {
        let mut columns = Columns::new(row, "tokens");
        let at = usize::try_from(columns.number()?).unwrap_or(usize::MAX);
        let slot = out.get_mut(at).ok_or(columns.impossible("查询返回了未请求的行"))?;
        read(&mut columns, slot)?;
    }
    Ok(out)
}

const NEWEST: &str = concat!(
    "SELECT v.id, v.token, v.org_code, ",
    credential_and_verification!(),
    " FROM verifications v JOIN tokens t ON t.token = v.token \
    WHERE v.id <= $1 AND v.asked_at > $2 ORDER BY v.id DESC LIMIT $3"
);

/// A stored verification with its credential and its row.
pub(crate) type StoredRow = (Key, Credential, Verification, i64);

/// The newest verifications asked for after `since`, newest first, from row `below` down.
pub(crate) async fn newest(
    connection: &mut Connection,
    below: i64,
    since: UnixMillis,
    limit: i64,
) -> Result<Vec<StoredRow>, StoreError> {
    let statement = Statement::new(NEWEST).number(below).number(since.get()).number(limit);
    let found = connection.fetch(statement).await?;
    found.iter().map(read_stored).collect()
}

fn read_stored(row: RowRef<'_>) -> Result<StoredRow, StoreError> {
    let mut columns = Columns::new(row, "verifications");
    let id = columns.number()?;
    let key = Key { token: columns.token()?, org_code: columns.org_code()? };
    let credential = columns.credential()?.ok_or(columns.impossible("核验记录没有对应的令牌"))?;
    let verification = columns.verification()?.ok_or(columns.impossible("核验记录为空"))?;
    Ok((key, credential, verification, id))
}

/// A verification as a channel asks for it: with who the person is and under which name the institution is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) key: Key,
    pub(crate) credential: Credential,
    pub(crate) holder: Vec<u8>,
    pub(crate) verification: Verification,
    /// The institution's name to show; nothing for the registered one.
    pub(crate) org_name: Option<String>,
    /// Whether the institution knows the number to compare.
    pub(crate) compared: bool,
}

const BY_NOTICE: &str = concat!(
    "SELECT v.token, v.org_code, v.shown_name, v.compared, ",
    credential_and_verification!(),
    ", t.holder FROM verifications v JOIN tokens t ON t.token = v.token WHERE v.notice = $1"
);

/// The verification whose latest attempt has this notice number.
pub(crate) async fn by_notice(
    connection: &mut Connection,
    notice: NoticeNo,
) -> Result<Option<Shown>, StoreError> {
    let found = connection.fetch(Statement::new(BY_NOTICE).number(signed(notice.number()))).await?;
    found.iter().next().map(read_shown).transpose()
}

const PENDING: &str = concat!(
    "SELECT v.token, v.org_code, v.shown_name, v.compared, ",
    credential_and_verification!(),
    ", t.holder FROM tokens t JOIN verifications v ON v.token = t.token \
    WHERE t.person = $1 AND t.channel = $2 AND v.state IN ('asked', 'notified') AND v.expires_at > $3 AND v.expires_at > v.asked_at \
    ORDER BY v.asked_at DESC LIMIT $4"
);

/// A person's open attempts in one channel, the newest first.
pub(crate) async fn pending(
    connection: &mut Connection,
    person: PersonKey,
    channel: ChannelId,
    now: UnixMillis,
    limit: i64,
) -> Result<Vec<Shown>, StoreError> {
    let statement =
        Statement::new(PENDING).bytes(&person.0).text(channel.as_str()).number(now.get()).number(limit);
    let found = connection.fetch(statement).await?;
    found.iter().map(read_shown).collect()
}

fn read_shown(row: RowRef<'_>) -> Result<Shown, StoreError> {
    let mut columns = Columns::new(row, "verifications");
    let key = Key { token: columns.token()?, org_code: columns.org_code()? };
    let org_name = columns.optional_text()?.filter(|name| !name.is_empty()).map(str::to_owned);
    let compared = columns.optional_number()? == Some(1);
    let credential = columns.credential()?.ok_or(columns.impossible("核验记录没有对应的令牌"))?;
    let verification = columns.verification()?.ok_or(columns.impossible("核验记录为空"))?;
    let holder = columns.of("tokens").bytes()?.to_vec();
    Ok(Shown { key, credential, holder, verification, org_name, compared })
}

/// The queries of several tables, whose plans are looked at.
#[cfg(test)]
pub(crate) const JOINS: [Query; 2] = [FACTS, STANDINGS];
/// The statements of several tables, whose plans are looked at.
#[cfg(test)]
pub(crate) const JOINED_STATEMENTS: [&str; 3] = [NEWEST, BY_NOTICE, PENDING];
