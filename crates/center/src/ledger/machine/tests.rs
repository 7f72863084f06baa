//! V16: a batch is only a way of committing. Every sequence of up to three of the commands below, from each of the
//! beginnings below, comes to the same outcomes and the same rows whether it is one batch or as many batches as commands.
//!
//! Sequences of three are of fewer commands in a test run; `cargo xtask walk` takes all of them.

use std::time::Duration;

use hashbrown::HashMap;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, ChannelId, EcToken, NoticeNo, OrgCode, Sm4Key, UnixMillis};
use yanmi_verification::conclude::Conclusion;
use yanmi_verification::password_try::Verdict;
use yanmi_verification::{
    ChannelFacts, ChannelRecord, Confirmer, Credential, DeclineReason, Identity, IdentityKey, PersonKey,
    Policy, Undelivered, Ways, WordLimits,
};

use super::decide::decide_all;
use super::job::{Pending, job};
use super::resident::Resident;
use super::work::Circumstances;
use crate::config::Database;
use crate::delivery::lane::LaneSettings;
use crate::ledger::{
    BeginTry, Conclude, EndTry, FaceKey, Key, Learn, MarkDelivered, MarkUndelivered, Notify, OpenPage,
    PageVisit, SwitchFree, TakeWord, TokenRecord, UseFree, load,
};
use crate::ports::Entropy;
use crate::registry::{self, Actor, Administration, Defaults, MacRule, NewChannel, Snapshot};
use crate::sealing::Sealer;
use crate::store::Store;
use crate::store::batch::Session;
use crate::store::connection::{Connection, Statement};
use crate::store::row::Columns;
use crate::tables::everything;

const START: UnixMillis = UnixMillis::new(1_763_869_440_000);
/// Between a beginning and the sequence: a budget's window later, so that both are told apart.
const LATER: Duration = Duration::from_mins(6);
/// Numbers of the beginnings and of the sequences.
const FIRST: u64 = 1_000_000_000_100;
const FRESH: u64 = 1_000_000_000_200;
/// An app in which people can settle without a password, on either ground, and one without anything.
const APP: &str = "app";
const PLAIN: &str = "plain";
const PERSON: PersonKey = PersonKey([1; 16]);
const DOCUMENT: IdentityKey = IdentityKey([2; 16]);

/// What a sequence is made of. Each is about one of two codes of one person (`A` in the app, `B` in the plain one), at one of
/// two institutions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    /// A notice for so many yuan, which brings what was learned or not.
    Notify(char, u8, i64, bool),
    /// What was learned by a query; for `a` and `b` it is another person, in the other app.
    Learn(char),
    Delivered(char),
    Lost(char),
    Confirm(char, u8),
    NotMe(char),
    UseFree,
    Word,
    Switch(bool),
    Try(Verdict),
    Open(u8),
}

/// Some fifteen.
const ACTS: [Act; 17] = [
    Act::Notify('A', 1, 5, false),
    Act::Notify('A', 1, 6, true),
    Act::Notify('A', 2, 5, true),
    Act::Notify('B', 1, 5, false),
    Act::Notify('B', 1, 5, true),
    Act::Learn('A'),
    Act::Learn('a'),
    Act::Learn('B'),
    Act::Delivered('A'),
    Act::Lost('A'),
    Act::Confirm('A', 7),
    Act::Confirm('B', 7),
    Act::NotMe('A'),
    Act::UseFree,
    Act::Word,
    Act::Switch(true),
    Act::Try(Verdict::Wrong),
];

/// Those that matter most to each other in threes.
const FEWER: [Act; 9] = [
    Act::Notify('A', 1, 5, false),
    Act::Notify('A', 2, 5, true),
    Act::Notify('B', 1, 5, true),
    Act::Learn('A'),
    Act::Learn('a'),
    Act::Delivered('A'),
    Act::Confirm('A', 7),
    Act::NotMe('A'),
    Act::Word,
];

/// Some ten.
const BEGINNINGS: [&[Act]; 11] = [
    &[],
    &[Act::Learn('A')],
    &[Act::Learn('A'), Act::Learn('B'), Act::Switch(true)],
    &[Act::Notify('A', 1, 5, true)],
    &[Act::Notify('A', 1, 5, true), Act::Delivered('A'), Act::Open(1)],
    &[Act::Notify('A', 1, 5, true), Act::Delivered('A'), Act::Confirm('A', 7)],
    &[Act::Notify('A', 1, 5, true), Act::Delivered('A'), Act::NotMe('A')],
    &[Act::Notify('A', 1, 5, true), Act::Lost('A'), Act::Learn('B')],
    &[Act::Learn('A'), Act::Switch(true), Act::Notify('A', 1, 5, false)],
    &[Act::Notify('B', 1, 5, true), Act::Notify('A', 2, 5, true)],
    &[Act::Notify('B', 1, 5, true), Act::Delivered('B'), Act::Learn('A'), Act::Try(Verdict::Wrong)],
];

fn key(token: char, org: u8) -> Key {
    Key {
        token: EcToken::new(&token.to_ascii_uppercase().to_string()).expect("a token"),
        org_code: OrgCode::new(&format!("H{org:011}")).expect("a code"),
    }
}

fn learned(token: char) -> TokenRecord {
    let other = token.is_ascii_lowercase();
    let app = if matches!(token, 'A' | 'b') { APP } else { PLAIN };
    let credential = Credential {
        person: if other { PersonKey([9; 16]) } else { PERSON },
        identity_key: DOCUMENT,
        channel: ChannelId::new(app).expect("a channel"),
        active: true,
        identity: Identity::Complete,
        authorized: true,
        password_set: true,
        decoded_at: START,
    };
    TokenRecord { token: key(token, 1).token, credential, holder: vec![token as u8] }
}

fn policy() -> Policy {
    // Small enough to be met within three commands.
    Policy {
        notice_interval: Duration::ZERO,
        notices_per_person_hour: 3,
        notices_per_verification: 4,
        password_tries: 2,
        ..Policy::default()
    }
}

/// A database, and what decides beside it.
struct Ground {
    connection: Connection,
    registry: Snapshot,
    policy: Policy,
    now: UnixMillis,
    next: u64,
}

/// Who registers.
static TEST: Actor = Actor::program("test");

/// Makes a database in which both apps are registered.
pub(super) async fn registered(database: &Database) -> (Store, Sealer) {
    let (kek, entropy) = (Sm4Key::from_bytes(&[7; 16]), || Entropy::seeded(7));
    let sealer = Sealer::new(&kek, entropy());
    let store = Store::made(database, &sealer).await.expect("a store");
    let mut administration = Administration::open(database.clone(), &kek, entropy()).await.expect("opened");
    for (id, free) in [(APP, true), (PLAIN, false)] {
        let word = free.then(|| WordLimits { single: yuan(5), day: yuan(11) });
        let new = NewChannel {
            id: ChannelId::new(id).expect("a channel"),
            name: "示范渠道".to_owned(),
            notice_url: "http://127.0.0.1:1/".parse().expect("an address"),
            facts: ChannelFacts {
                record: ChannelRecord::Active,
                settlement: true,
                password_free: free,
                ways: Ways::ALL,
                word,
            },
            handover: None,
            mac: MacRule::Optional,
            key: kek.clone(),
        };
        administration.add_channel(&new, registry::Act::new(&TEST, "", START)).await.expect("added");
    }
    administration.close().await.expect("closed");
    (store, sealer)
}

/// The verifications there are, by key.
type Stored = HashMap<Key, (Credential, NoticeNo, yanmi_verification::Verification)>;

impl Ground {
    async fn new(database: &Database) -> Self {
        let (store, sealer) = registered(database).await;
        let mut connection = store.connect().await.expect("a connection");
        let one = std::num::NonZeroU32::MIN;
        let lane = LaneSettings { in_flight: 1, failures: 1, open_for: LATER };
        let defaults = Defaults { rate: one, burst: one, lane };
        let registry = Snapshot::load(&mut connection, &sealer, &defaults, UnixMillis::new(0), None)
            .await
            .expect("a registry");
        Self { connection, registry, policy: policy(), now: START, next: FIRST }
    }

    async fn say(&mut self, statement: &'static str) {
        self.connection.run(Statement::new(statement)).await.expect(statement);
    }

    async fn stored(&mut self) -> Stored {
        let rows = load::newest(&mut self.connection, i64::MAX, UnixMillis::new(0), 100).await.expect("rows");
        rows.into_iter().map(|(key, credential, v, _)| (key, (credential, v.notice, v))).collect()
    }

    /// The command of an act, about the notice of this number where it is about one.
    fn command(&self, act: Act, at: usize, stored: &Stored) -> Box<dyn Pending> {
        let fresh = NoticeNo::from_number(self.next + at as u64).expect("a number");
        let of = |token| stored.get(&key(token, 1)).map_or(fresh, |(_, notice, _)| *notice);
        let conclude = |token, conclusion, face: Option<u8>| {
            let (key, notice, face) = (key(token, 1), of(token), face.map(|face| FaceKey([face; 16])));
            waiting(Conclude { key, notice, conclusion, confirmer: None, by: None, face })
        };
        match act {
            Act::Notify(token, org, amount, brings) => waiting(Notify {
                key: key(token, org),
                amount: Some(yuan(amount)),
                number: fresh,
                shown_name: (org == 2).then(|| "别名".to_owned()),
                compared: org == 2,
                learned: brings.then(|| Box::new(learned(token))),
            }),
            Act::Learn(token) => waiting(Learn(Box::new(learned(token)))),
            Act::Delivered(token) => waiting(MarkDelivered { key: key(token, 1), notice: of(token) }),
            Act::Lost(token) => {
                let reason = Undelivered::TimedOut;
                waiting(MarkUndelivered { key: key(token, 1), notice: of(token), reason })
            }
            Act::Confirm(token, face) => {
                let confirmed = Conclusion::Confirmed { way: Way::Face, by: Confirmer::Holder };
                conclude(token, confirmed, Some(face))
            }
            Act::NotMe(token) => conclude(token, Conclusion::Declined(DeclineReason::NotMe), None),
            Act::UseFree => waiting(UseFree { key: key('A', 1) }),
            Act::Word => waiting(TakeWord { key: key('A', 1), notice: of('A') }),
            Act::Switch(open) => waiting(SwitchFree {
                person: PERSON,
                channel: ChannelId::new(APP).expect("a channel"),
                open,
                single_limit: Some(yuan(5)),
                day_limit: Some(yuan(11)),
                day_count: Some(2),
            }),
            Act::Try(Verdict::Wrong) => waiting(BeginTry { identity: DOCUMENT, expected: None }),
            Act::Try(verdict) => waiting(EndTry { identity: DOCUMENT, verdict }),
            Act::Open(browser) => {
                let browser = Some([browser; 16]);
                let visit = PageVisit { notice: of('A'), sequence: 1, browser, may_claim: true };
                waiting(OpenPage { key: key('A', 1), visit })
            }
        }
    }

    /// Decides and writes a batch within the transaction; what its commands come to.
    async fn batch(&mut self, commands: &mut [Box<dyn Pending>], resident: &Resident) -> Vec<String> {
        let with = Circumstances { registry: &self.registry, policy: &self.policy, now: self.now };
        let mut session = Session::reading(&mut self.connection);
        let (committed, changes) =
            decide_all(&mut session, commands, resident, with).await.expect("a decision");
        if !changes.is_empty() {
            session.write_within(changes.script(None)).await.expect("written");
        }
        drop(committed);
        commands.iter().map(|command| command.answer()).collect()
    }

    /// Every row there is.
    async fn rows(&mut self) -> String {
        let shared = matches!(self.connection, Connection::Postgres(_));
        let found = self.connection.fetch(everything(shared)).await.expect("rows");
        let line = |row| Columns::new(row, "everything").text().map(str::to_owned);
        found.iter().map(|row| line(row).expect("a line")).collect::<Vec<_>>().join("\n")
    }

    /// Each command in a batch of its own. The commands can be made again by the notices they were about.
    async fn one_by_one(&mut self, acts: &[Act]) -> (Vec<Stored>, Vec<String>, String) {
        let nobody = Resident::new(0);
        let (mut stored, mut outcomes) = (Vec::new(), Vec::new());
        for (at, act) in acts.iter().enumerate() {
            let before = self.stored().await;
            let command = self.command(*act, at, &before);
            outcomes.extend(self.batch(&mut [command], &nobody).await);
            stored.push(before);
        }
        (stored, outcomes, self.rows().await)
    }

    /// Plays every continuation of `prefix` by up to `more` of `acts`, alone and as one batch.
    async fn compare(&mut self, acts: &[Act], longest: usize) -> usize {
        let beginning = self.stored().await;
        let resident = Resident::new(16);
        for (key, (credential, _, verification)) in &beginning {
            resident.put(*key, *credential, *verification);
        }
        let mut sequences: Vec<Vec<Act>> = vec![Vec::new()];
        let mut compared = 0;
        while let Some(sequence) = sequences.pop() {
            if sequence.len() < longest {
                sequences.extend(acts.iter().map(|act| [&sequence[..], &[*act]].concat()));
            }
            if sequence.len() < 2 {
                continue;
            }
            self.say("SAVEPOINT beginning").await;
            let (stored, outcomes, rows) = self.one_by_one(&sequence).await;
            self.say("ROLLBACK TO SAVEPOINT beginning").await;
            let mut commands: Vec<_> =
                sequence.iter().enumerate().map(|(at, act)| self.command(*act, at, &stored[at])).collect();
            let together = self.batch(&mut commands, &resident).await;
            assert_eq!(together, outcomes, "{sequence:?}");
            assert_eq!(self.rows().await, rows, "{sequence:?}");
            self.say("ROLLBACK TO SAVEPOINT beginning").await;
            self.say("RELEASE SAVEPOINT beginning").await;
            compared += 1;
        }
        compared
    }

    /// All sequences of up to three acts from some of the beginnings.
    async fn walk(mut self, beginnings: impl IntoIterator<Item = &'static [Act]>) {
        let acts = if std::env::var_os("YANMI_WALK_DEPTH").is_some() { &ACTS[..] } else { &FEWER };
        for beginning in beginnings {
            self.connection.begin().await.expect("begun");
            self.now = START;
            self.next = FIRST;
            self.one_by_one(beginning).await;
            self.now = START.plus(LATER);
            self.next = FRESH;
            let compared = self.compare(&ACTS, 2).await + self.compare(acts, 3).await;
            assert!(compared > ACTS.len() * ACTS.len(), "{compared}");
            self.connection.roll_back().await.expect("rolled back");
        }
    }
}

/// Nobody waits for it: its answer is compared where it is kept.
fn waiting<C: crate::ledger::Command>(command: C) -> Box<dyn Pending> {
    job(command).0
}

fn yuan(amount: i64) -> Amount {
    Amount::from_fen(amount * 100).expect("an amount")
}

async fn on_sqlite(beginnings: impl IntoIterator<Item = &'static [Act]>) {
    let folder = tempfile::tempdir().expect("a folder");
    let ground = Ground::new(&Database::Sqlite(folder.path().join("yanmi.sqlite"))).await;
    ground.walk(beginnings).await;
}

async fn on_postgres(beginnings: impl IntoIterator<Item = &'static [Act]>) {
    let ground = Ground::new(&crate::server::database().await).await;
    ground.walk(beginnings).await;
}

/// Some of the beginnings, so that what takes longest is several tests.
fn share(of: usize) -> impl Iterator<Item = &'static [Act]> {
    BEGINNINGS.into_iter().skip(of).step_by(2)
}

#[tokio::test]
async fn a_batch_equals_its_commands_one_by_one_from_even_beginnings() {
    on_sqlite(share(0)).await;
}

#[tokio::test]
async fn a_batch_equals_its_commands_one_by_one_from_odd_beginnings() {
    on_sqlite(share(1)).await;
}

#[tokio::test]
async fn a_batch_on_postgresql_equals_its_commands_one_by_one_from_even_beginnings() {
    on_postgres(share(0)).await;
}

#[tokio::test]
async fn a_batch_on_postgresql_equals_its_commands_one_by_one_from_odd_beginnings() {
    on_postgres(share(1)).await;
}
