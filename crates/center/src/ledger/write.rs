//! Writing everything a batch changed: one statement for each table it touched.

use hashbrown::HashSet;
use yanmi_protocol::{Amount, ChannelId, EcToken, NoticeNo, OrgCode, UnixMillis};
use yanmi_verification::{
    Budget, Credential, Event, FreeUse, IdentityKey, PasswordFree, PasswordTries, PersonKey, State,
    Verification,
};

use super::key::{FaceKey, Key};
use super::load::TokenRecord;
use super::machine::claim::Claim;
use super::machine::mark::{MARK, Mark};
use super::recent::Recent;
use crate::store::StoreError;
use crate::store::batch::{Insert, Rows, Script, Session, Update};
use crate::store::row::{Columns, ground_word, identity_word, state_columns};

/// How a notice is shown to the person, beside what the verification says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Appearance {
    /// The institution's name to show; "" to show the registered one.
    pub(crate) name: String,
    /// Whether the institution knows the number to compare, so that the person can be asked for it.
    pub(crate) compared: bool,
}

/// The rows of one batch, by table.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    tokens: Rows,
    verifications: Rows,
    states: Rows,
    persons: Rows,
    tries: Rows,
    free: Rows,
    free_uses: Rows,
    claims: Rows,
    free_payments: Rows,
    not_me: Rows,
    face_uses: Rows,
    audit: Rows,
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

impl Changes {
    pub(crate) fn token(&mut self, learned: &TokenRecord) {
        push_token(&mut self.tokens, learned);
    }

    /// Without an `appearance`, what is stored of it is left.
    pub(crate) fn verification(&mut self, key: &Key, v: &Verification, appearance: Option<&Appearance>) {
        let state = state_columns(v.state);
        self.verifications.push(|row| {
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
        self.states.push(|row| {
            row.text(key.token.as_str())
                .text(key.org_code.as_str())
                .text(state.word)
                .optional_number(state.at.map(UnixMillis::get))
                .optional_text(state.reason)
                .optional_number(state.valid_until.map(UnixMillis::get));
        });
    }

    pub(crate) fn person(&mut self, person: PersonKey, budget: Budget, recent: &Recent) {
        self.persons.push(|row| {
            row.bytes(&person.0).bytes(&budget.to_bytes()).text(&recent.to_text());
        });
    }

    pub(crate) fn tries(&mut self, identity: IdentityKey, tries: PasswordTries) {
        self.tries.push(|row| {
            row.bytes(&identity.0)
                .number(i64::from(tries.count))
                .optional_number(tries.locked_until.map(UnixMillis::get));
        });
    }

    pub(crate) fn free(&mut self, person: PersonKey, channel: ChannelId, setting: &PasswordFree) {
        self.free.push(|row| {
            row.bytes(&person.0)
                .text(channel.as_str())
                .number(i64::from(setting.open))
                .optional_number(setting.single_limit.map(Amount::fen))
                .optional_number(setting.day_limit.map(Amount::fen))
                .optional_number(setting.day_count.map(i64::from))
                .number(i64::from(setting.day))
                .number(setting.spent.fen())
                .number(i64::from(setting.used))
                .number(setting.since.get());
        });
    }

    pub(crate) fn free_use(&mut self, key: &Key, used: FreeUse) {
        self.free_uses.push(|row| {
            row.text(key.token.as_str())
                .text(key.org_code.as_str())
                .number(i64::from(used.day))
                .optional_number(used.amount.map(Amount::fen))
                .number(used.at.get())
                .number(used.called_at.get())
                .text(ground_word(used.ground))
                .number(used.day_total.fen());
        });
    }

    pub(crate) fn claim(&mut self, notice: NoticeNo, claim: Claim, at: UnixMillis) {
        self.claims.push(|row| {
            row.number(signed(notice.number()))
                .number(i64::from(claim.sequence))
                .bytes(&claim.browser)
                .number(at.get());
        });
    }

    /// What went through at an institution under a token that day, as the person reads it: one line however many payments
    /// it were, with what they add up to.
    pub(crate) fn free_payment(&mut self, key: &Key, credential: &Credential, used: FreeUse, at: UnixMillis) {
        // Where no amount was ever named there is none to be shown.
        let named = used.amount.is_some() || used.day_total > Amount::ZERO;
        let day_total = named.then_some(used.day_total);
        self.free_payments.push(|row| {
            row.bytes(&credential.person.0)
                .text(credential.channel.as_str())
                .number(i64::from(used.day))
                .text(key.token.as_str())
                .text(key.org_code.as_str())
                .optional_number(day_total.map(Amount::fen))
                .number(at.get());
        });
    }

    /// The authorization confirms this notice and no other.
    pub(crate) fn face_use(&mut self, face: FaceKey, notice: NoticeNo, at: UnixMillis) {
        self.face_uses.push(|row| {
            row.bytes(&face.0).number(signed(notice.number())).number(at.get());
        });
    }

    pub(crate) fn not_me(&mut self, person: PersonKey, org_code: OrgCode, at: UnixMillis) {
        self.not_me.push(|row| {
            row.bytes(&person.0).text(org_code.as_str()).number(at.get());
        });
    }

    pub(crate) fn audit(&mut self, entry: &Audited<'_>) {
        self.audit.push(|row| {
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

    fn tables(&self) -> [&Rows; 12] {
        let Self {
            tokens,
            verifications,
            states,
            persons,
            tries,
            free,
            free_uses,
            claims,
            free_payments,
            not_me,
            face_uses,
            audit,
        } = self;
        [
            tokens,
            verifications,
            states,
            persons,
            tries,
            free,
            free_uses,
            claims,
            free_payments,
            not_me,
            face_uses,
            audit,
        ]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tables().iter().all(|rows| rows.is_empty())
    }

    /// The statements that write it all, under the mark of its batch.
    pub(crate) fn script(self, mark: Option<Mark>) -> Script {
        let mut script = Script::default();
        script.update(self.states, STATES);
        let mut insert = |rows, insert| script.insert(rows, insert);
        insert(self.tokens, TOKENS);
        insert(self.verifications, VERIFICATIONS);
        insert(self.persons, PERSONS);
        insert(self.tries, TRIES);
        insert(self.free, FREE);
        insert(self.free_uses, FREE_USES);
        insert(self.claims, CLAIMS);
        insert(self.free_payments, FREE_PAYMENTS);
        insert(self.not_me, NOT_ME);
        insert(self.face_uses, FACE_USES);
        insert(self.audit, AUDIT);
        if let Some(mark) = mark {
            insert(mark.rows(), MARK);
        }
        script
    }
}

/// Writes ahead of a batch the tokens that nobody knew, and makes sure that persons have a row to be locked: theirs, and
/// those who switch. Tells which tokens were new. A token that was known is left as it is: what was learned about it is
/// written where it is decided.
pub(crate) async fn ahead(
    session: &mut Session<'_>,
    learned: &[&TokenRecord],
    switching: &[PersonKey],
) -> Result<HashSet<EcToken>, StoreError> {
    const NEW_TOKENS: Insert =
        Insert { conflict: "ON CONFLICT (token) DO NOTHING RETURNING token", ..TOKENS };
    const PERSONS: Insert =
        Insert { into: "persons (person, budget)", key: 1, conflict: "ON CONFLICT (person) DO NOTHING" };
    let (mut persons, mut tokens) = (Rows::default(), Rows::default());
    for person in learned.iter().map(|learned| learned.credential.person).chain(switching.iter().copied()) {
        persons.push(|row| {
            row.bytes(&person.0).bytes(&Budget::default().to_bytes());
        });
    }
    for learned in learned {
        push_token(&mut tokens, learned);
    }
    session.ahead(persons, PERSONS).await?;
    let new = session.ahead(tokens, NEW_TOKENS).await?;
    new.iter().map(|row| Columns::new(row, "tokens").token()).collect()
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

/// Numbers of thirteen digits fit either way.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const TOKENS: Insert = Insert {
    into: "tokens (token, person, identity, channel, active, condition, authorized, password_set, \
        decoded_at, holder)",
    key: 1,
    conflict: "ON CONFLICT (token) DO UPDATE SET person = excluded.person, identity = excluded.identity, \
        channel = excluded.channel, active = excluded.active, condition = excluded.condition, \
        authorized = excluded.authorized, password_set = excluded.password_set, decoded_at = excluded.decoded_at, \
        holder = excluded.holder",
};

const VERIFICATIONS: Insert = Insert {
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

pub(crate) const STATES: Update = Update {
    rows: "k (token, org_code, state, state_at, reason, valid_until)",
    key: 2,
    set: "verifications SET state = k.state, state_at = k.state_at, reason = k.reason, valid_until = k.valid_until \
        FROM k WHERE verifications.token = k.token AND verifications.org_code = k.org_code",
};

const PERSONS: Insert = Insert {
    into: "persons (person, budget, asked)",
    key: 1,
    conflict: "ON CONFLICT (person) DO UPDATE SET budget = excluded.budget, asked = excluded.asked",
};

const TRIES: Insert = Insert {
    into: "password_tries (identity, tries, locked_until)",
    key: 1,
    conflict: "ON CONFLICT (identity) DO UPDATE SET tries = excluded.tries, locked_until = excluded.locked_until",
};

const FREE: Insert = Insert {
    into: "password_free (person, channel, open, single_limit, day_limit, day_count, day, spent, used, since)",
    key: 2,
    conflict: "ON CONFLICT (person, channel) DO UPDATE SET open = excluded.open, single_limit = excluded.single_limit, \
        day_limit = excluded.day_limit, day_count = excluded.day_count, day = excluded.day, \
        spent = excluded.spent, used = excluded.used, since = excluded.since",
};

const FREE_USES: Insert = Insert {
    into: "free_uses (token, org_code, day, amount, at, called_at, ground, day_total)",
    key: 2,
    conflict: "ON CONFLICT (token, org_code) DO UPDATE SET day = excluded.day, amount = excluded.amount, \
        at = excluded.at, called_at = excluded.called_at, ground = excluded.ground, day_total = excluded.day_total",
};

const CLAIMS: Insert = Insert {
    into: "page_claims (notice, sequence, browser, at)",
    key: 1,
    conflict: "ON CONFLICT (notice) DO UPDATE SET sequence = excluded.sequence, browser = excluded.browser, \
        at = excluded.at",
};

const FREE_PAYMENTS: Insert = Insert {
    into: "free_payments (person, channel, day, token, org_code, amount, at)",
    key: 5,
    conflict: "ON CONFLICT (person, channel, day, token, org_code) DO UPDATE SET amount = excluded.amount",
};

const NOT_ME: Insert = Insert {
    into: "not_me (person, org_code, at)",
    key: 2,
    conflict: "ON CONFLICT (person, org_code) DO UPDATE SET at = excluded.at",
};

const FACE_USES: Insert =
    Insert { into: "face_uses (face, notice, at)", key: 1, conflict: "ON CONFLICT (face) DO NOTHING" };

const AUDIT: Insert = Insert {
    into: "audit (at, event, token, org_code, channel, person, notice, serial, amount, detail, confirmer)",
    key: 0,
    conflict: "",
};

/// Every insertion of a commit.
#[cfg(test)]
pub(crate) const INSERTIONS: [Insert; 11] =
    [TOKENS, VERIFICATIONS, PERSONS, TRIES, FREE, FREE_USES, CLAIMS, FREE_PAYMENTS, NOT_ME, FACE_USES, AUDIT];
