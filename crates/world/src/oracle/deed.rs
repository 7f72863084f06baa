//! What persons do about a notice, and what may be heard of it.

use std::time::Duration;

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Code, NoticeNo};

/// Something a person does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    /// Confirms, with what is right.
    Confirm(Way),
    /// Gives a wrong password.
    Mistype,
    Cancel,
    NotMe,
    /// The app says that it failed.
    Fail,
}

impl Deed {
    pub(crate) const fn way(self) -> Option<Way> {
        match self {
            Self::Confirm(way) => Some(way),
            Self::Mistype => Some(Way::CredentialPassword),
            Self::Cancel | Self::NotMe | Self::Fail => None,
        }
    }

    /// `authStas`.
    pub(crate) const fn status(self) -> &'static str {
        match self {
            Self::Confirm(_) | Self::Mistype => "1",
            Self::Cancel => "2",
            Self::NotMe => "3",
            Self::Fail => "0",
        }
    }

    pub(crate) const fn confirms(self) -> bool {
        matches!(self, Self::Confirm(_))
    }
}

/// What the center says to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ActAnswer {
    Accepted,
    WrongPassword,
    Code(i64),
}

impl ActAnswer {
    /// Whether the same is worth to be said again.
    pub(crate) fn is_passing(self) -> bool {
        let passing = [Code::Unknown, Code::Timeout, Code::NationalCenterFailed];
        matches!(self, Self::Code(code) if passing.iter().any(|passing| i64::from(passing.number()) == code))
    }
}

/// Something a person did, said as often as it takes.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) notice: NoticeNo,
    pub(crate) deed: Deed,
    pub(super) face: Option<String>,
    pub(crate) begun: Duration,
    /// When something was heard that decides it.
    pub(crate) ended: Option<Duration>,
    pub(crate) heard: Option<ActAnswer>,
    /// Whether one of the times it was said there was no answer, so that it may have counted.
    pub(super) unheard: bool,
    /// How often it was said.
    pub(super) times: usize,
}

impl Act {
    pub(crate) const fn new(notice: NoticeNo, deed: Deed, face: Option<String>, begun: Duration) -> Self {
        Self { notice, deed, face, begun, ended: None, heard: None, unheard: false, times: 0 }
    }

    /// Whether it may have confirmed.
    pub(super) fn may_have_confirmed(&self) -> bool {
        self.deed.confirms() && (self.unheard || matches!(self.heard, None | Some(ActAnswer::Accepted)))
    }

    /// Whether it may have ended the attempt otherwise.
    pub(super) fn may_have_ended(&self) -> bool {
        !self.deed.confirms()
            && (self.unheard || !matches!(self.heard, Some(ActAnswer::Code(_) | ActAnswer::WrongPassword)))
    }
}
