//! What the ledger is asked to decide, and what it answers.

use yanmi_protocol::{Amount, ChannelId, EcToken, NoticeNo, OrgCode, SerialNo, UnixMillis};
use yanmi_verification::conclude::Conclusion;
use yanmi_verification::password_try::Verdict;
use yanmi_verification::{
    Credential, Event, FreeUse, IdentityKey, PasswordFree, PasswordTries, PersonKey, Refusal, Undelivered,
    Verification, Ways,
};

use super::recent::Recent;

/// Which verification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) token: EcToken,
    pub(crate) org_code: OrgCode,
}

impl Key {
    /// A number of its own, but for rare coincidence, the same in every process.
    pub(crate) fn fingerprint(&self) -> u64 {
        fingerprint([self.token.as_str().as_bytes(), self.org_code.as_str().as_bytes()])
    }
}

/// A face authorization number, known by a keyed hash only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FaceKey(pub(crate) [u8; 16]);

impl FaceKey {
    /// A number of its own, but for rare coincidence, the same in every process.
    pub(crate) fn number(&self) -> i64 {
        // A hash has sixteen bytes.
        self.0.first_chunk().copied().map_or(0, i64::from_be_bytes)
    }
}

/// FNV-1a of the parts, each followed by a byte that is in none of them.
pub(super) fn fingerprint<const PARTS: usize>(parts: [&[u8]; PARTS]) -> u64 {
    let bytes = parts.into_iter().flat_map(|part| part.iter().copied().chain([0xFF]));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// What the national center said about a token, ready to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Learned {
    pub(crate) token: EcToken,
    pub(crate) credential: Credential,
    /// Who it is, sealed into its cell.
    pub(crate) holder: Vec<u8>,
}

/// A person's password-free switch and limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeSwitch {
    pub(crate) person: PersonKey,
    pub(crate) channel: ChannelId,
    pub(crate) open: bool,
    pub(crate) single_limit: Option<Amount>,
    pub(crate) day_limit: Option<Amount>,
    pub(crate) day_count: Option<u32>,
}

/// A browser at the page of a notice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(crate) notice: NoticeNo,
    /// How many notices there had been when its link was made.
    pub(crate) sequence: u32,
    /// The keyed hash of what the browser was given; nothing for one that has nothing to show.
    pub(crate) browser: Option<[u8; 16]>,
    /// Whether it takes the page if nobody has it.
    pub(crate) may_claim: bool,
}

/// Where the page of a notice is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Opened {
    /// Nobody has opened this link or a later one.
    Nowhere,
    /// In the browser that asks.
    Here,
    /// In another one.
    Elsewhere,
}

/// One thing to decide. Each is one durable step: its state, its audit event and its answer agree (V11).
#[derive(Debug)]
pub(crate) enum Command {
    /// 1.7.1: a notice is asked for.
    Notify {
        key: Key,
        amount: Option<Amount>,
        /// The number of this call, and of the attempt if it opens one.
        number: NoticeNo,
        /// The institution's name to show, when it is not the registered one.
        shown_name: Option<String>,
        /// Whether the institution is told the number to compare.
        compared: bool,
        /// What was just learned about the token.
        learned: Option<Box<Learned>>,
    },
    /// The channel took the notice.
    Delivered { key: Key, notice: NoticeNo },
    /// The channel did not take the notice.
    Undelivered { key: Key, notice: NoticeNo, reason: Undelivered },
    /// The channel reports what the person did, its proof checked.
    Conclude {
        key: Key,
        notice: NoticeNo,
        conclusion: Conclusion,
        /// The name of somebody who confirmed for the person, sealed.
        confirmer: Option<Vec<u8>>,
        /// By which way the report came, for the audit; nothing for the channel's own.
        by: Option<&'static str>,
        /// The face authorization that proves it.
        face: Option<FaceKey>,
    },
    /// The channel answered the notice with its word that the person pays without a password.
    TakeWord { key: Key, notice: NoticeNo },
    /// A status query found that no password is needed.
    UseFree { key: Key },
    /// A token was learned outside of a notice.
    Learn(Box<Learned>),
    /// The person switches password-free settlement.
    SwitchFree(FreeSwitch),
    /// A password is about to be checked.
    BeginTry {
        identity: IdentityKey,
        /// How many tries had been counted when it was asked for; with another count it is not begun.
        expected: Option<u32>,
    },
    /// A password was checked.
    EndTry { identity: IdentityKey, verdict: Verdict },
    /// A browser is at the page of a notice.
    OpenPage { key: Key, opening: Opening },
    /// A browser is at the page of a person's settings.
    OpenSettings { person: PersonKey, opening: Opening },
    /// Something happened that changes nothing.
    Record { key: Option<Key>, event: Event },
}

/// What a command came to, durable by the time it is told.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The token is not held, or its life is over: ask the national center and come again.
    TokenNotHeld,
    /// A rule says no; nothing changed.
    Refused(Refusal),
    /// No password is needed.
    Free,
    /// The channel's word does not count.
    NotFree,
    /// The confirmation at hand stands.
    Stands { serial: SerialNo },
    /// Send the notice.
    Deliver(Box<Delivery>),
    /// Done.
    Done,
    /// The tries as they are now.
    Tries(PasswordTries),
    /// There have been other tries since.
    OtherTries,
    /// Where the page is open.
    Opened(Opened),
}

/// What the channel is to be told.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) verification: Verification,
    pub(crate) credential: Credential,
    pub(crate) holder: Vec<u8>,
    pub(crate) ways: Ways,
    pub(crate) withdraw: Option<NoticeNo>,
    /// The notice under another token that this one takes the place of.
    pub(crate) handed_over: Option<NoticeNo>,
}

/// Everything stored about one key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) credential: Option<Credential>,
    pub(crate) holder: Vec<u8>,
    pub(crate) verification: Option<Verification>,
    pub(crate) budget: yanmi_verification::Budget,
    pub(crate) recent: Recent,
    pub(crate) free: Option<PasswordFree>,
    pub(crate) free_use: Option<FreeUse>,
    /// When the person last said "not me" to the institution.
    pub(crate) not_me: Option<UnixMillis>,
}

impl Command {
    /// The key whose facts decide it, if it is about a verification.
    pub(crate) fn key(&self) -> Option<Key> {
        match self {
            Self::Notify { key, .. }
            | Self::Delivered { key, .. }
            | Self::Undelivered { key, .. }
            | Self::Conclude { key, .. }
            | Self::TakeWord { key, .. }
            | Self::OpenPage { key, .. }
            | Self::Record { key: Some(key), .. }
            | Self::UseFree { key } => Some(*key),
            Self::Record { key: None, .. }
            | Self::Learn(_)
            | Self::SwitchFree(_)
            | Self::OpenSettings { .. }
            | Self::BeginTry { .. }
            | Self::EndTry { .. } => None,
        }
    }

    /// Which of several ledgers decides it: all commands about one token go to the same.
    pub(crate) fn route(&self) -> u64 {
        match self {
            Self::Notify { key, .. }
            | Self::Delivered { key, .. }
            | Self::Undelivered { key, .. }
            | Self::Conclude { key, .. }
            | Self::TakeWord { key, .. }
            | Self::OpenPage { key, .. }
            | Self::Record { key: Some(key), .. }
            | Self::UseFree { key } => fingerprint([key.token.as_str().as_bytes()]),
            Self::Learn(learned) => fingerprint([learned.token.as_str().as_bytes()]),
            Self::SwitchFree(switch) => fingerprint([&switch.person.0]),
            Self::OpenSettings { person, .. } => fingerprint([&person.0]),
            Self::Record { key: None, .. } => 0,
            Self::BeginTry { identity, .. } | Self::EndTry { identity, .. } => fingerprint([&identity.0]),
        }
    }

    /// Whether credential and verification alone decide it, so that what is in memory is enough.
    pub(crate) fn needs_only_verification(&self) -> bool {
        matches!(self, Self::Delivered { .. } | Self::Undelivered { .. })
    }
}
