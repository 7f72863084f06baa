//! `tokens`: what the national center said about a token, and who is behind it (V16).

use hashbrown::HashSet;
use yanmi_protocol::{ChannelId, EcToken};
use yanmi_verification::{Credential, Identity, IdentityKey, PersonKey};

use super::{Changes, Name};
use crate::store::StoreError;
use crate::store::batch::{Insert, Rows, Session};
use crate::store::connection::Kind::{Bytes, Number, Text};
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::store::table::{Kept, Old, Position, Removal, Table, removal};

/// The table.
pub(crate) static TABLE: Table = Table {
    into: "tokens (token, person, identity, channel, active, condition, authorized, password_set, decoded_at, \
        holder)",
    kinds: &[Text, Bytes, Bytes, Text, Number, Text, Number, Number, Number, Bytes],
    key: 1,
    written: Some(INSERT),
    queries: &[],
    statements: &[NEWEST],
    updates: &[],
    removal: Some(Removal {
        kept: Kept::State,
        start: Position::Text(String::new()),
        last: "SELECT token, CAST(0 AS BIGINT) FROM tokens WHERE token > $1 ORDER BY token LIMIT 1 OFFSET $2",
        remove: removal!(
            "DELETE FROM tokens WHERE token IN (SELECT t.token FROM tokens t WHERE t.token > $1 AND t.token <= $2 \
            AND t.decoded_at < $3 AND NOT EXISTS (SELECT 1 FROM verifications v WHERE v.token = t.token)",
            " OF t"
        ),
        old: Old::Time,
    }),
};

const INSERT: Insert = Insert {
    into: "tokens (token, person, identity, channel, active, condition, authorized, password_set, \
        decoded_at, holder)",
    key: 1,
    conflict: "ON CONFLICT (token) DO UPDATE SET person = excluded.person, identity = excluded.identity, \
        channel = excluded.channel, active = excluded.active, condition = excluded.condition, \
        authorized = excluded.authorized, password_set = excluded.password_set, decoded_at = excluded.decoded_at, \
        holder = excluded.holder",
};

impl Changes {
    pub(crate) fn token(&mut self, learned: &TokenRecord) {
        push_token(self.rows(Name::Tokens), learned);
    }
}

impl Columns<'_> {
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
}

fn push_token(rows: &mut Rows, learned: &TokenRecord) {
    let c = &learned.credential;
    rows.push(|row| {
        row.text(learned.token.as_str())
            .bytes(&c.person.0)
            .bytes(&c.identity_key.0)
            .text(c.channel.as_str())
            .number(i64::from(c.active))
            .text(identity_word(c.identity))
            .number(i64::from(c.authorized))
            .number(i64::from(c.password_set))
            .number(c.decoded_at.get())
            .bytes(&learned.holder);
    });
}

/// The word stored for an identity's condition.
const fn identity_word(identity: Identity) -> &'static str {
    match identity {
        Identity::Complete => "complete",
        Identity::Empty => "empty",
        Identity::PlaceEmpty => "place-empty",
        Identity::Mismatch => "mismatch",
        Identity::Wrong => "wrong",
    }
}

fn identity(word: &str) -> Option<Identity> {
    let all =
        [Identity::Complete, Identity::Empty, Identity::PlaceEmpty, Identity::Mismatch, Identity::Wrong];
    all.into_iter().find(|identity| identity_word(*identity) == word)
}

/// What the national center said about a token, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct TokenRecord {
    pub(crate) token: EcToken,
    pub(crate) credential: Credential,
    /// Who it is, sealed into its cell.
    pub(crate) holder: Vec<u8>,
}

/// Who the person is, by the newest token in this app.
#[derive(Clone, Debug)]
pub(crate) struct StoredHolder {
    pub(crate) token: EcToken,
    pub(crate) holder: Vec<u8>,
}

const NEWEST: &str = "SELECT token, holder FROM tokens WHERE person = $1 AND channel = $2 \
    ORDER BY decoded_at DESC LIMIT 1";

/// Writes ahead of a batch the tokens that nobody knew; tells which were new. A token that was known is left as it is: what
/// was learned about it is written where it is decided.
pub(crate) async fn insert_new(
    session: &mut Session<'_>,
    learned: &[&TokenRecord],
) -> Result<HashSet<EcToken>, StoreError> {
    const NEW: Insert = Insert { conflict: "ON CONFLICT (token) DO NOTHING RETURNING token", ..INSERT };
    let mut rows = Rows::default();
    for learned in learned {
        push_token(&mut rows, learned);
    }
    let new = session.insert_ahead(rows, NEW).await?;
    new.iter().map(|row| Columns::new(row, "tokens").token()).collect()
}

/// Who a person is, by the newest token in an app.
pub(crate) async fn newest_of(
    connection: &mut Connection,
    person: PersonKey,
    channel: ChannelId,
) -> Result<Option<StoredHolder>, StoreError> {
    let statement = Statement::new(NEWEST).bytes(&person.0).text(channel.as_str());
    let found = connection.fetch(statement).await?;
    let known = found.iter().next().map(|row| {
        let mut columns = Columns::new(row, "tokens");
        Ok(StoredHolder { token: columns.token()?, holder: columns.bytes()?.to_vec() })
    });
    known.transpose()
}
