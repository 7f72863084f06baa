//! One command of every kind, about as many persons as are wanted, and what must have been before it.
//!
//! Each changes something whenever it is decided, so that once and twice are never the same.

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, ChannelId, EcToken, NoticeNo, OrgCode, UnixMillis};
use yanmi_verification::conclude::Conclusion;
use yanmi_verification::password_try::Verdict;
use yanmi_verification::{Confirmer, Credential, Event, Identity, IdentityKey, PersonKey, Undelivered};

use crate::ledger::{
    BeginTry, Command, Conclude, Decided, EndTry, FaceKey, Key, Learn, Ledger, MarkDelivered,
    MarkUndelivered, Notify, OpenPage, OpenSettings, PageVisit, Record, SwitchFree, TakeWord, TokenRecord,
    Unavailable, UseFree,
};

/// When everything happens.
pub(in crate::ledger::machine) const NOW: UnixMillis = UnixMillis::new(1_763_869_440_000);
/// An app in which people can settle without a password, on either ground.
pub(super) const APP: &str = "app";

/// What a command came to, in words.
pub(in crate::ledger::machine) type Told = Result<Decided<String>, Unavailable>;

macro_rules! kinds {
    ($($kind:ident),*) => {
        /// The commands there are, by the names of their types.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(in crate::ledger::machine) enum Kind {
            $($kind),*
        }

        impl Kind {
            pub(in crate::ledger::machine) const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name of the command's type.
            pub(in crate::ledger::machine) fn name(self) -> &'static str {
                let path = match self {
                    $(Self::$kind => std::any::type_name::<$kind>()),*
                };
                path.rsplit("::").next().expect("a name")
            }
        }
    };
}

kinds!(
    BeginTry,
    Conclude,
    EndTry,
    Learn,
    MarkDelivered,
    MarkUndelivered,
    Notify,
    OpenPage,
    OpenSettings,
    Record,
    SwitchFree,
    TakeWord,
    UseFree
);

impl Kind {
    /// What must have been before.
    pub(in crate::ledger::machine) async fn begin(self, ledger: &Ledger, who: u8) {
        match self {
            Self::BeginTry | Self::OpenSettings => {}
            // Nobody knows the first one's code: it is written ahead, and the batch has nothing to add.
            Self::Learn if who == 0 => {}
            Self::Learn | Self::Record => begun(ledger, Learn(Box::new(learned("T", who)))).await,
            Self::EndTry => begun(ledger, try_of(who)).await,
            Self::SwitchFree => begun(ledger, switch(who, false)).await,
            Self::Conclude => {
                begun(ledger, notify("T", who)).await;
                begun(ledger, delivered(who)).await;
            }
            Self::MarkDelivered | Self::MarkUndelivered | Self::OpenPage | Self::TakeWord => {
                begun(ledger, notify("T", who)).await;
            }
            // Another code of theirs, whose place is taken.
            Self::Notify => begun(ledger, notify("O", who)).await,
            Self::UseFree => {
                begun(ledger, notify("T", who)).await;
                begun(ledger, switch(who, true)).await;
            }
        }
    }

    /// Has the command of this kind decided, about one of the persons.
    pub(in crate::ledger::machine) async fn act(self, ledger: &Ledger, who: u8) -> Told {
        let (key, notice) = (key("T", who), notice("T", who));
        match self {
            Self::BeginTry => told(ledger, try_of(who)).await,
            Self::Conclude => {
                let conclusion = Conclusion::Confirmed { way: Way::Face, by: Confirmer::Another };
                let (confirmer, face) = (Some(vec![who; 32]), Some(face(who)));
                told(ledger, Conclude { key, notice, conclusion, confirmer, by: None, face }).await
            }
            Self::EndTry => told(ledger, EndTry { identity: document(who), verdict: Verdict::Wrong }).await,
            Self::Learn => {
                let mut learned = learned("T", who);
                learned.credential.password_set = false;
                told(ledger, Learn(Box::new(learned))).await
            }
            Self::MarkDelivered => told(ledger, delivered(who)).await,
            Self::MarkUndelivered => {
                told(ledger, MarkUndelivered { key, notice, reason: Undelivered::TimedOut }).await
            }
            Self::Notify => told(ledger, notify("T", who)).await,
            Self::OpenPage => told(ledger, OpenPage { key, visit: visit(who) }).await,
            Self::OpenSettings => told(ledger, OpenSettings { person: person(who), visit: visit(who) }).await,
            Self::Record => told(ledger, Record { key: Some(key), event: Event::Stands }).await,
            Self::SwitchFree => told(ledger, switch(who, true)).await,
            Self::TakeWord => told(ledger, TakeWord { key, notice }).await,
            Self::UseFree => told(ledger, UseFree { key }).await,
        }
    }
}

async fn begun(ledger: &Ledger, command: impl Command) {
    ledger.follow(command).await.expect("decided");
}

async fn told<C: Command>(ledger: &Ledger, command: C) -> Told {
    let Decided { answer, batch } = ledger.follow(command).await?;
    Ok(Decided { answer: format!("{answer:?}"), batch })
}

pub(in crate::ledger::machine) fn key(code: &str, who: u8) -> Key {
    let token = EcToken::new(&format!("{code}{who}")).expect("a token");
    Key { token, org_code: OrgCode::new("H35010000001").expect("a code") }
}

pub(in crate::ledger::machine) fn person(who: u8) -> PersonKey {
    PersonKey([who + 1; 16])
}

pub(in crate::ledger::machine) fn document(who: u8) -> IdentityKey {
    IdentityKey([who + 101; 16])
}

pub(in crate::ledger::machine) fn face(who: u8) -> FaceKey {
    FaceKey([who; 16])
}

/// The number of the notice for a code.
fn notice(code: &str, who: u8) -> NoticeNo {
    let of_code = if code == "O" { 100 } else { 200 };
    NoticeNo::from_number(1_000_000_000_000 + of_code + u64::from(who)).expect("a number")
}

fn visit(who: u8) -> PageVisit {
    PageVisit { notice: notice("T", who), sequence: 1, browser: Some([who; 16]), may_claim: true }
}

fn yuan(amount: i64) -> Option<Amount> {
    Amount::from_fen(amount * 100).ok()
}

fn learned(code: &str, who: u8) -> TokenRecord {
    let credential = Credential {
        person: person(who),
        identity_key: document(who),
        channel: ChannelId::new(APP).expect("a channel"),
        active: true,
        identity: Identity::Complete,
        authorized: true,
        password_set: true,
        decoded_at: NOW,
    };
    TokenRecord { token: key(code, who).token, credential, holder: vec![who] }
}

pub(super) fn notify(code: &str, who: u8) -> Notify {
    Notify {
        key: key(code, who),
        amount: yuan(5),
        number: notice(code, who),
        shown_name: Some("别名".to_owned()),
        compared: true,
        learned: Some(Box::new(learned(code, who))),
    }
}

fn delivered(who: u8) -> MarkDelivered {
    MarkDelivered { key: key("T", who), notice: notice("T", who) }
}

fn try_of(who: u8) -> BeginTry {
    BeginTry { identity: document(who), expected: None }
}

fn switch(who: u8, open: bool) -> SwitchFree {
    SwitchFree {
        person: person(who),
        channel: ChannelId::new(APP).expect("a channel"),
        open,
        single_limit: yuan(5),
        day_limit: yuan(11),
        day_count: Some(2),
    }
}

#[test]
fn every_command_of_the_ledger_is_here() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ledger/command");
    let mut decided = Vec::new();
    for file in std::fs::read_dir(folder).expect("the commands") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
        let names = text.split("impl Command for ").skip(1).filter_map(|rest| rest.split_once(" {"));
        decided.extend(names.map(|(name, _)| name.to_owned()));
    }
    decided.sort_unstable();
    let here: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(here, decided);
}
