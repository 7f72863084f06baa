//! What the audit records: one event for every decision that changed something or let somebody settle.

use yanmi_protocol::message::channel_notice::Way;

/// A kind of event. Its code is stored and never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// A notice was asked for and opened an attempt.
    Asked,
    /// A notice was asked for again, with the same amount.
    AskedAgain,
    /// A notice with another amount superseded the attempt before it.
    Superseded,
    /// The person was asked under another token at the same institution, and the attempt is over.
    HandedOver,
    /// The attempt takes the place of one under another token.
    TookOver,
    /// Another amount voided a confirmation.
    Voided,
    /// A notice was asked for while a confirmation stood.
    Stands,
    /// The channel took the notice.
    Delivered,
    /// The channel did not take the notice.
    Undelivered,
    /// The person confirmed.
    Confirmed(Way),
    /// The person cancelled.
    Cancelled,
    /// The person says it is not them.
    NotMe,
    /// The channel could not have it confirmed.
    ChannelFailed,
    /// A credential password was wrong.
    WrongPassword,
    /// Too many wrong passwords in a row: the check is locked.
    PasswordLocked,
    /// A payment went through without a password.
    FreeUsed,
    /// A payment went through on the channel's word that the person pays without a password.
    FreeOnWord,
    /// The person switched password-free settlement on.
    FreeOn,
    /// The person switched password-free settlement off.
    FreeOff,
    /// A browser opened the page about a notice, the first to do so.
    PageOpened,
    /// Somebody tried a link to the page that the center never made.
    LinkUnknown,
    /// A link to the page was tried after its time.
    LinkExpired,
    /// A link to the page was tried in another browser than the first.
    LinkShared,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::Asked,
        Self::AskedAgain,
        Self::Superseded,
        Self::HandedOver,
        Self::TookOver,
        Self::Voided,
        Self::Stands,
        Self::Delivered,
        Self::Undelivered,
        Self::Confirmed(Way::CredentialPassword),
        Self::Confirmed(Way::Face),
        Self::Confirmed(Way::ChannelPassword),
        Self::Cancelled,
        Self::NotMe,
        Self::ChannelFailed,
        Self::WrongPassword,
        Self::PasswordLocked,
        Self::FreeUsed,
        Self::FreeOnWord,
        Self::FreeOn,
        Self::FreeOff,
        Self::PageOpened,
        Self::LinkUnknown,
        Self::LinkExpired,
        Self::LinkShared,
    ];

    /// The event of a stored code; nothing for one that a newer version wrote.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.code() == code)
    }

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::AskedAgain => "asked-again",
            Self::Superseded => "superseded",
            Self::HandedOver => "handed-over",
            Self::TookOver => "took-over",
            Self::Voided => "voided",
            Self::Stands => "stands",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Confirmed(Way::CredentialPassword) => "confirmed-01",
            Self::Confirmed(Way::Face) => "confirmed-02",
            Self::Confirmed(Way::ChannelPassword) => "confirmed-03",
            Self::Cancelled => "cancelled",
            Self::NotMe => "not-me",
            Self::ChannelFailed => "channel-failed",
            Self::WrongPassword => "wrong-password",
            Self::PasswordLocked => "password-locked",
            Self::FreeUsed => "free-used",
            Self::FreeOnWord => "free-on-word",
            Self::FreeOn => "free-on",
            Self::FreeOff => "free-off",
            Self::PageOpened => "page-opened",
            Self::LinkUnknown => "link-unknown",
            Self::LinkExpired => "link-expired",
            Self::LinkShared => "link-shared",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_has_a_code_of_its_own_and_is_found_by_it() {
        let codes: BTreeSet<&str> = Event::ALL.iter().map(|event| event.code()).collect();
        assert_eq!(codes.len(), Event::ALL.len());
        assert!(Event::ALL.iter().all(|event| Event::of_code(event.code()) == Some(*event)));
        assert_eq!(Event::of_code("later"), None);
        // One more in `code` is one more here.
        let source = include_str!("event.rs");
        let written = source.lines().filter(|line| line.contains("=> \"")).count();
        assert_eq!(written, Event::ALL.len());
    }
}
