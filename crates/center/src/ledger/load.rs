//! Loading the facts for every key of a batch in one query.

use std::hash::Hash;

use hashbrown::HashMap;
use yanmi_protocol::{ChannelId, EcToken, NoticeNo, OrgCode, UnixMillis};
use yanmi_verification::{
    Budget, Credential, FreeUse, IdentityKey, PasswordFree, PasswordTries, PersonKey, Verification,
};

use super::key::{FaceKey, Key};
use super::machine::claim::Claim;
use super::recent::Recent;
use crate::store::StoreError;
use crate::store::batch::{Insert, Query, RowWriter, Rows, Session};
use crate::store::connection::{Connection, Found, RowRef, Statement};
use crate::store::row::Columns;

/// What `Columns::credential` and then `Columns::verification` read, of tables named `t` and `v`.
macro_rules! credential_and_verification {
    () => {
        "t.person, t.identity, t.channel, t.active, t.condition, t.authorized, t.password_set, t.decoded_at, \
        v.attempt, v.notice, v.serial, v.serial_at, v.amount, v.asked_at, v.expires_at, v.notices, v.first_at, \
        v.state, v.state_at, v.reason, v.valid_until"
    };
}

/// What the national center said about a token, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct TokenRecord {
    pub(crate) token: EcToken,
    pub(crate) credential: Credential,
    /// Who it is, sealed into its cell.
    pub(crate) holder: Vec<u8>,
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
pub(crate) const FACTS: Query = Query {
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
pub(crate) const STANDINGS: Query = Query {
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
    for row in session.ask(rows, query).await?.iter() {
        let mut columns = Columns::new(row, "tokens");
        let at = usize::try_from(columns.number()?).unwrap_or(usize::MAX);
        let slot = out.get_mut(at).ok_or(columns.impossible("查询返回了未请求的行"))?;
        read(&mut columns, slot)?;
    }
    Ok(out)
}

/// The number of a key in its batch, which is short.
fn signed(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

pub(crate) const NEWEST: &str = concat!(
    "SELECT v.id, v.token, v.org_code, ",
    credential_and_verification!(),
    " FROM verifications v JOIN tokens t ON t.token = v.token \
    WHERE v.id <= $1 AND v.asked_at > $2 ORDER BY v.id DESC LIMIT $3"
);

/// A stored verification with its credential and its row.
pub(crate) type Stored = (Key, Credential, Verification, i64);

/// The newest verifications asked for after `since`, newest first, from row `below` down.
pub(crate) async fn newest(
    connection: &mut Connection,
    below: i64,
    since: UnixMillis,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let statement = Statement::new(NEWEST).number(below).number(since.get()).number(limit);
    let found = connection.fetch(statement).await?;
    found.iter().map(read_stored).collect()
}

fn read_stored(row: RowRef<'_>) -> Result<Stored, StoreError> {
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

pub(crate) const BY_NOTICE: &str = concat!(
    "SELECT v.token, v.org_code, v.shown_name, v.compared, ",
    credential_and_verification!(),
    ", t.holder FROM verifications v JOIN tokens t ON t.token = v.token WHERE v.notice = $1"
);

/// The verification whose latest attempt has this notice number.
pub(crate) async fn by_notice(
    connection: &mut Connection,
    notice: NoticeNo,
) -> Result<Option<Shown>, StoreError> {
    let number = i64::try_from(notice.number()).unwrap_or(i64::MAX);
    let found = connection.fetch(Statement::new(BY_NOTICE).number(number)).await?;
    found.iter().next().map(read_shown).transpose()
}

pub(crate) const PENDING: &str = concat!(
    "SELECT v.token, v.org_code, v.shown_name, v.compared, ",
    credential_and_verification!(),
    ", t.holder FROM tokens t JOIN verifications v ON v.token = t.token \
    WHERE t.person = $1 AND t.channel = $2 AND v.state IN ('asked', 'notified') AND v.expires_at > $3 \
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

/// The tries of each document, those without a row left out.
pub(crate) async fn tries(
    session: &mut Session<'_>,
    identities: &[IdentityKey],
) -> Result<HashMap<IdentityKey, PasswordTries>, StoreError> {
    const QUERY: Query = Query {
        rows: "k (number, identity)",
        select: "SELECT k.number, w.tries, w.locked_until FROM k JOIN password_tries w ON w.identity = k.identity",
    };
    let rows = numbered(identities, |row, identity| {
        row.bytes(&identity.0);
    });
    found(&session.ask(rows, QUERY).await?, "password_tries", identities, |columns| columns.tries().map(Some))
}

/// The same, on a database with other writers: every document gets a row, kept from the others.
pub(crate) async fn lock_tries(
    session: &mut Session<'_>,
    identities: &[IdentityKey],
) -> Result<HashMap<IdentityKey, PasswordTries>, StoreError> {
    const KEEP: Insert = Insert {
        into: "password_tries (identity, tries, locked_until)",
        key: 1,
        conflict: "ON CONFLICT (identity) DO UPDATE SET tries = password_tries.tries \
            RETURNING identity, tries, locked_until",
    };
    let mut rows = Rows::default();
    for identity in identities {
        rows.push(|row| {
            row.bytes(&identity.0).number(0).optional_number(None);
        });
    }
    let mut out = HashMap::with_capacity(identities.len());
    for row in session.make(rows, KEEP).await?.iter() {
        let mut columns = Columns::new(row, "password_tries");
        out.insert(IdentityKey(columns.key()?), columns.tries()?);
    }
    Ok(out)
}

pub(crate) const CLAIMS: Query = Query {
    rows: "k (number, notice)",
    select: "SELECT k.number, c.sequence, c.browser FROM k JOIN page_claims c ON c.notice = k.notice",
};

/// Who has the pages of notices, those nobody has left out.
pub(crate) async fn claims(
    session: &mut Session<'_>,
    notices: &[NoticeNo],
) -> Result<HashMap<NoticeNo, Claim>, StoreError> {
    let rows = numbered(notices, |row, notice| {
        row.number(i64::try_from(notice.number()).unwrap_or(i64::MAX));
    });
    found(&session.ask(rows, CLAIMS).await?, "page_claims", notices, |columns| {
        Ok(Some(Claim { sequence: columns.count()?, browser: columns.key()? }))
    })
}

/// The budgets of persons and where they were asked, those without a row left out.
pub(crate) async fn persons(
    session: &mut Session<'_>,
    persons: &[PersonKey],
) -> Result<HashMap<PersonKey, (Budget, Recent)>, StoreError> {
    const QUERY: Query = Query {
        rows: "k (number, person)",
        select: "SELECT k.number, p.budget, p.asked FROM k JOIN persons p ON p.person = k.person",
    };
    let rows = numbered(persons, |row, person| {
        row.bytes(&person.0);
    });
    found(&session.ask(rows, QUERY).await?, "persons", persons, |columns| columns.person().map(Some))
}

/// The password-free settings of persons in channels, those without a row left out.
pub(crate) async fn free_settings(
    session: &mut Session<'_>,
    wanted: &[(PersonKey, ChannelId)],
) -> Result<HashMap<(PersonKey, ChannelId), PasswordFree>, StoreError> {
    const QUERY: Query = Query {
        rows: "k (number, person, channel)",
        select: "SELECT k.number, f.open, f.single_limit, f.day_limit, f.day_count, f.day, f.spent, f.used, f.since \
            FROM k JOIN password_free f ON f.person = k.person AND f.channel = k.channel",
    };
    let rows = numbered(wanted, |row, (person, channel)| {
        row.bytes(&person.0).text(channel.as_str());
    });
    let rows = session.ask(rows, QUERY).await?;
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method takes rows of one life only")]
    found(&rows, "password_free", wanted, |columns| columns.password_free())
}

/// When each person last said "not me" to an institution, those who did not left out.
pub(crate) async fn not_me(
    session: &mut Session<'_>,
    wanted: &[(PersonKey, OrgCode)],
) -> Result<HashMap<(PersonKey, OrgCode), UnixMillis>, StoreError> {
    const QUERY: Query = Query {
        rows: "k (number, person, org_code)",
        select: "SELECT k.number, q.at FROM k JOIN not_me q ON q.person = k.person AND q.org_code = k.org_code",
    };
    let rows = numbered(wanted, |row, (person, org_code)| {
        row.bytes(&person.0).text(org_code.as_str());
    });
    found(&session.ask(rows, QUERY).await?, "not_me", wanted, |columns| columns.time().map(Some))
}

pub(crate) const FACE_USES: Query = Query {
    rows: "k (number, face)",
    select: "SELECT k.number, u.notice FROM k JOIN face_uses u ON u.face = k.face",
};

/// Which notices face authorizations confirmed, those that confirmed none left out.
pub(crate) async fn face_uses(
    session: &mut Session<'_>,
    wanted: &[FaceKey],
) -> Result<HashMap<FaceKey, NoticeNo>, StoreError> {
    let rows = numbered(wanted, |row, face| {
        row.bytes(&face.0);
    });
    found(&session.ask(rows, FACE_USES).await?, "face_uses", wanted, |columns| columns.notice().map(Some))
}

/// A row for each of the wanted, its number first.
fn numbered<K>(wanted: &[K], fill: impl Fn(&mut RowWriter<'_>, &K)) -> Rows {
    let mut rows = Rows::default();
    for (at, key) in wanted.iter().enumerate() {
        rows.push(|row| fill(row.number(signed(at)), key));
    }
    rows
}

/// What was found for the wanted, by the number that each row begins with.
fn found<K: Copy + Eq + Hash, V>(
    rows: &Found,
    table: &'static str,
    wanted: &[K],
    read: impl Fn(&mut Columns<'_>) -> Result<Option<V>, StoreError>,
) -> Result<HashMap<K, V>, StoreError> {
    let mut out = HashMap::with_capacity(wanted.len());
    for row in rows.iter() {
        let mut columns = Columns::new(row, table);
        let at = usize::try_from(columns.number()?).unwrap_or(usize::MAX);
        if let (Some(key), Some(value)) = (wanted.get(at), read(&mut columns)?) {
            out.insert(*key, value);
        }
    }
    Ok(out)
}
