//! The life of an application, from the draft to the closed account (section 1.4.2), as pure rules.
//!
//! The persons of the play. An **applicant** files and submits, mends what came back, and withdraws. The **clerks** of the
//! county, the city and the province look at it one after the other, each with a checklist; what a clerk passes on, a
//! **reviewer** of the same level confirms. At the province an **approver** decides, again with a reviewer; he looks at the
//! acceptance report; a **key keeper**, who is somebody else, makes the key out. Whoever is on **duty** may stop a system
//! that runs, for some hours. The **center** itself tells what it saw and when time is over.
//!
//! [`Application::step`] is the only way from one state to another: it takes who, what, when and the circumstances, and gives
//! the next application with the effects to be carried out, or why not. Store all of that in one transaction.
//!
//! # What is guaranteed
//!
//! * Nothing goes live without every level of its way having passed it (or having been skipped because nobody works there),
//!   an approval by two persons, an accepted report, and a key made out by a third. See the properties in the tests.
//! * Who proposes does not confirm, and nobody acts on what he filed himself or is a contact of; there is no exception.
//! * A decision is about one form: it carries the digest of what was looked at, and that of an earlier round is refused.
//! * Time decides nothing but what is written at [`Application::lapses_at`]. At a desk it only warns ([`Application::delay`]).
//! * Every command has an answer in every state, and none of them panics.
//!
//! The state is what was decided; the form itself is kept beside it, by its digest. A form is complete or says which fields
//! are missing ([`Form::missing`]) and which are wrong ([`Form::faults`]).

mod actor;
mod after;
mod attachment;
mod calendar;
mod case;
mod checklist;
mod command;
mod command_name;
mod deadline;
mod desk;
mod form;
mod kind;
mod moment;
mod possible;
mod province;
mod refused;
mod report_file;
mod right;
mod signed_run;
mod state;
mod state_name;
mod step;
mod stored;
mod test_run;
mod turn;

pub use actor::{Actor, Person, PersonId};
pub use attachment::{Attachment, AttachmentError, AttachmentMedia, MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS};
pub use calendar::{Calendar, MAX_HOLIDAYS};
pub use case::Application;
pub use checklist::{CheckItem, checklist};
pub use command::{Command, Effect, Sight, Tiding};
pub use command_name::command_name;
pub use deadline::Delay;
pub use form::{
    Fault, Field, Form, FormDigest, MAX_FAULTS, MAX_OPINION, MAX_SHARED_INSTITUTIONS, MAX_WHY, Product,
};
pub use kind::Kind;
pub use moment::Circumstances;
pub use refused::Refused;
pub use signed_run::SignedRun;
pub use state::{
    Acceptance, Approval, Claim, Decision, Desk, Ground, IssuedKey, Live, Origin, Passed, Proposal, Proposed,
    Report, ReportConclusion, Review, Sightings, State, Trial, Withdrawal,
};
pub use test_run::TestRun;
pub use turn::Turn;
