//! What the center posts: a notice or a withdrawal, honest and otherwise.

use std::time::Duration;

use yanmi_protocol::message::channel_notice::Kind;

/// Which of a situation's two notices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Which {
    /// The first.
    First,
    /// The second: another number, of the same token and institution unless the situation says otherwise.
    Second,
}

impl Which {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// Its place in a pair.
    pub const fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }

    /// The notice in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "通知一",
            Self::Second => "通知二",
        }
    }
}

/// What the institution is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrgName {
    /// An ordinary name.
    Plain,
    /// One that would be something else as HTML.
    Markup,
    /// One of forty characters, the longest there may be (1.7.1).
    Long,
}

/// Who a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recipient {
    /// The person of the brief.
    Person,
    /// Somebody this app does not know.
    Stranger,
    /// Another channel: that is what `chnlId` says.
    OtherChannel,
}

/// How a message is sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrapping {
    /// As it should be.
    Honest,
    /// Without the mac that this channel requires.
    NoMac,
    /// With a mac that belongs to another message.
    WrongMac,
    /// With another key.
    OtherKey,
    /// In a body of more than 64 KiB.
    Large,
}

/// What the app is to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// `rcvFlag` "1".
    Taken,
    /// -4, because of the mac.
    DeniedMac,
    /// -4, because it does not open.
    DeniedSealed,
    /// A refusal: nobody here is this person.
    Stranger,
    /// A refusal: it is for another channel.
    OtherChannel,
    /// Anything but that it was taken.
    TooLarge,
    /// `rcvFlag` "2", or "1".
    Free,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    /// About which notice.
    pub which: Which,
    /// A notice, or a withdrawal.
    pub kind: Kind,
    /// `notcSeq`.
    pub sequence: u32,
    /// How long from now the notice can be confirmed.
    pub life: Duration,
    /// Hundredths of a yuan; nothing where the amount is not known.
    pub fen: Option<i64>,
    /// The institution's name.
    pub name: OrgName,
    /// Who it is for.
    pub to: Recipient,
    /// Whether it has an `authUrl`.
    pub link: bool,
    /// Whether it reaches the app; what does not is only listed among the pending.
    pub pushed: bool,
    /// How it is sealed.
    pub wrapping: Wrapping,
    /// What the app is to answer.
    pub wanted: Wanted,
}

/// How long a notice lives where nothing is said about it: the center's default (V7).
pub const LIFE: Duration = Duration::from_mins(5);

/// An ordinary notice of this number in the sequence.
pub(crate) const fn notice(which: Which, sequence: u32) -> Post {
    Post {
        which,
        kind: Kind::Notice,
        sequence,
        life: LIFE,
        fen: Some(12_850),
        name: OrgName::Plain,
        to: Recipient::Person,
        link: false,
        pushed: true,
        wrapping: Wrapping::Honest,
        wanted: Wanted::Taken,
    }
}

/// A withdrawal that follows from the decision of this number.
pub(crate) const fn withdrawal(which: Which, sequence: u32) -> Post {
    Post { kind: Kind::Withdrawal, ..notice(which, sequence) }
}
