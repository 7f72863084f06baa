//! An application: what stays the same through its life, and the state it is in.

use serde::{Deserialize, Serialize};
use yanmi_protocol::UnixMillis;

use crate::application::actor::Person;
use crate::application::kind::Kind;
use crate::application::state::{Proposal, State};
use crate::application::stored;
use crate::area::{Area, Level};

/// An application.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    #[serde(with = "stored::word")]
    pub(super) kind: Kind,
    #[serde(with = "stored::area")]
    pub(super) place: Area,
    #[serde(with = "stored::word")]
    pub(super) start: Level,
    pub(super) filer: Person,
    pub(super) contacts: Vec<Person>,
    pub(super) state: State,
    pub(super) proposal: Option<Proposal>,
}

impl Application {
    /// A draft of `filer`, for something at `place`, an area of six digits; nothing for a larger one.
    ///
    /// Its way up begins at the place's own level: a code that ends in 00 or 99 is a city's, one with nothing but zeros
    /// after the province the province's. What concerns several regions (`several`: a vendor with institutions in more
    /// than one) and every channel begins at the province. `contacts` are those of the persons named who have a login
    /// at the center: they decide nothing of it.
    pub fn draft(
        kind: Kind,
        place: Area,
        several: bool,
        filer: Person,
        contacts: Vec<Person>,
        now: UnixMillis,
    ) -> Option<Self> {
        if place.level() != Level::County {
            return None;
        }
        let start = match place.as_str().split_at_checked(2)? {
            _ if several || kind == Kind::Channel => Level::Province,
            (_, "0000") => Level::Province,
            (_, rest) if rest.ends_with("00") || rest.ends_with("99") => Level::City,
            _ => Level::County,
        };
        let state = State::Draft { saved_at: now };
        Some(Self { kind, place, start, filer, contacts, state, proposal: None })
    }

    /// What is applied for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is, by six digits.
    pub const fn place(&self) -> &Area {
        &self.place
    }

    /// The level its way up begins at.
    pub const fn start(&self) -> Level {
        self.start
    }

    /// Who filed it.
    pub const fn filer(&self) -> Person {
        self.filer
    }

    /// The persons named that have a login.
    pub fn contacts(&self) -> &[Person] {
        &self.contacts
    }

    /// Where it stands.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What waits for a second person.
    pub const fn proposal(&self) -> Option<&Proposal> {
        self.proposal.as_ref()
    }

    /// Whether nothing follows any more.
    pub const fn is_over(&self) -> bool {
        matches!(
            self.state,
            State::Refused { .. } | State::Withdrawn { .. } | State::Done { .. } | State::Closed { .. }
        )
    }
}

/// The level above; the province has none.
pub(super) const fn above(level: Level) -> Option<Level> {
    match level {
        Level::County => Some(Level::City),
        Level::City => Some(Level::Province),
        Level::Province => None,
    }
}

/// The levels from one up to the province.
pub(super) fn way(start: Level) -> impl Iterator<Item = Level> {
    std::iter::successors(Some(start), |level| above(*level))
}
