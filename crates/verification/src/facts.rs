//! What the rules are told about the world.

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{ChannelId, UnixMillis};

use crate::budget::Budget;
use crate::password_free::{FreeUse, PasswordFree, WordLimits};
use crate::policy::Policy;
use crate::state::Verification;

/// A person, known by a keyed hash only: equal keys, same person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PersonKey(pub [u8; 16]);

/// An identity document, known by a keyed hash only. Password tries are counted by it, because the password
/// check names a document, not a credential.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentityKey(pub [u8; 16]);

/// What the national center says about the identity behind a credential (step 9).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Identity {
    /// Complete and consistent.
    Complete,
    /// Name or number is empty.
    Empty,
    /// The insured place is empty.
    PlaceEmpty,
    /// It does not match.
    Mismatch,
    /// The person's data are wrong.
    Wrong,
}

/// The credential behind a token, as far as the rules need it. Who the person is stays elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Credential {
    /// Whose it is.
    pub person: PersonKey,
    /// The document it is bound to.
    pub identity_key: IdentityKey,
    /// The app that showed the code.
    pub channel: ChannelId,
    /// Whether it is activated.
    pub active: bool,
    /// Whether the identity is in order.
    pub identity: Identity,
    /// Whether the person authorized the channel.
    pub authorized: bool,
    /// Whether a credential password is set.
    pub password_set: bool,
    /// When the code was decoded: the token's life begins.
    pub decoded_at: UnixMillis,
}

impl Credential {
    /// Whether the token still counts at `now` (V7).
    pub fn lives(&self, now: UnixMillis, policy: &Policy) -> bool {
        now < self.decoded_at.plus(policy.token_life)
    }
}

/// A channel's certification record (step 10).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChannelRecord {
    /// There is none.
    Missing,
    /// It is there and counts.
    Active,
    /// It was disabled.
    Disabled,
}

impl ChannelRecord {
    /// All of them, as they are offered to be chosen.
    pub const ALL: [Self; 3] = [Self::Active, Self::Disabled, Self::Missing];

    /// The word it is stored and named by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Missing => "missing",
        }
    }

    /// The record of a word; nothing for any other text.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|record| record.word() == word)
    }

    /// What operators call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "有效",
            Self::Disabled => "停用",
            Self::Missing => "无",
        }
    }
}

/// The ways of confirming a channel offers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Ways(u8);

impl Ways {
    /// All three.
    pub const ALL: Self = Self(0b111);
    /// None.
    pub const NONE: Self = Self(0);

    /// These and `way`.
    #[must_use]
    pub const fn with(self, way: Way) -> Self {
        Self(self.0 | Self::bit(way))
    }

    /// These without `way`.
    #[must_use]
    pub const fn without(self, way: Way) -> Self {
        Self(self.0 & !Self::bit(way))
    }

    /// Whether `way` is one of them.
    pub const fn contains(self, way: Way) -> bool {
        self.0 & Self::bit(way) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The ways, in the order of their codes.
    pub fn iter(self) -> impl Iterator<Item = Way> {
        Way::ALL.into_iter().filter(move |way| self.contains(*way))
    }

    const fn bit(way: Way) -> u8 {
        match way {
            Way::CredentialPassword => 0b001,
            Way::Face => 0b010,
            Way::ChannelPassword => 0b100,
        }
    }
}

/// A registered channel, as far as the rules need it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelFacts {
    /// Its certification record.
    pub record: ChannelRecord,
    /// Whether it supports settlement.
    pub settlement: bool,
    /// Whether it offers password-free settlement.
    pub password_free: bool,
    /// The ways of confirming it offers.
    pub ways: Ways,
    /// The most that is taken on its word that a person pays without a password (`rcvFlag` "2"); nothing when it is not
    /// registered for that.
    pub word: Option<WordLimits>,
}

/// Everything that decides about one token at one institution.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The credential behind the token; nothing when the token is unknown.
    pub credential: Option<&'a Credential>,
    /// The credential's channel; nothing when it is not registered.
    pub channel: Option<&'a ChannelFacts>,
    /// How often the person was asked lately.
    pub budget: Budget,
    /// The person's password-free setting in this channel.
    pub free: Option<PasswordFree>,
    /// Whether this payment was already let through without a password.
    pub free_use: Option<FreeUse>,
    /// When the person last said "not me" to this institution, under whatever token.
    pub not_me: Option<UnixMillis>,
    /// The verification so far.
    pub verification: Option<Verification>,
}
