//! Realms: operators at the console, and persons of applicants at the applicants' pages. Each realm has persons and sessions of
//! its own, and what proves something in one of them proves nothing in the other.

use super::login::Login;
use super::object::Subject;
use crate::events::Actor;
use crate::sealing::Cell;

/// Where somebody logs in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Realm {
    /// Who works at the console.
    Operators,
    /// Persons of applicants.
    Applicants,
}

impl Realm {
    /// The table of its persons.
    pub(super) const fn persons(self) -> &'static str {
        match self {
            Self::Operators => "operators",
            Self::Applicants => "applicant_users",
        }
    }

    /// The table of its sessions.
    pub(super) const fn sessions(self) -> &'static str {
        match self {
            Self::Operators => "operator_sessions",
            Self::Applicants => "applicant_sessions",
        }
    }

    /// What the hash of an invitation is of.
    pub(super) const fn invitation(self) -> &'static str {
        match self {
            Self::Operators => "operator invitation",
            Self::Applicants => "applicant invitation",
        }
    }

    /// What the hash of a session is of.
    pub(super) const fn session(self) -> &'static str {
        match self {
            Self::Operators => "operator session",
            Self::Applicants => "applicant session",
        }
    }

    /// What a second factor is derived for.
    pub(super) const fn second_factor(self) -> &'static str {
        match self {
            Self::Operators => "operator second factor",
            Self::Applicants => "applicant second factor",
        }
    }

    /// What the token of a form is of.
    pub(crate) const fn form(self) -> &'static str {
        match self {
            Self::Operators => "operator form",
            Self::Applicants => "applicant form",
        }
    }

    /// The cell a second factor is sealed into.
    pub(super) const fn totp_cell(self, login: &str) -> Cell<'_> {
        Cell { table: self.persons(), row: login, column: "totp" }
    }

    /// A person of it, as an event is about him.
    pub(super) const fn subject(self, login: Login) -> Subject {
        match self {
            Self::Operators => Subject::Operator(login),
            Self::Applicants => Subject::ApplicantUser(login),
        }
    }

    /// The same as one who acts.
    pub(crate) fn actor(self, login: &Login) -> Actor {
        match self {
            Self::Operators => Actor::operator(login.as_str()),
            Self::Applicants => Actor::applicant(login.as_str()),
        }
    }
}
