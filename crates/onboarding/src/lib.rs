//! Who may do what, and where, and how somebody is let in.
//!
//! An **operator** works at the center's console. What he may do there follows from his *grants* and from nothing else: a
//! [`Grant`] is a [`Role`] in an [`Area`], perhaps until some moment. An [`Action`] names the roles it is for, and
//! everything it can be done to has a place, which is an area too. [`may`] puts the two together, and is the only check.
//!
//! An [`application`] goes its way from the draft to the account that may call, through the desks of county, city and province.
//! What a table of institutions or accounts would change is decided here too ([`ImportCheck`], [`AccountCheck`]), and what can be a [`Contact`]. An applicant is known by its
//! [`CreditCode`].
//!
//! What was counted or seen is an alarm, or is none, by its numbers alone ([`Observation`]).
//!
//! This crate has no I/O and no clock: grants and time come in as arguments, and what comes out is yes or why not.
//!
//! # What is guaranteed
//!
//! * Without a grant nothing is allowed; no role is above the others, and none is allowed everything.
//! * Lists and single things agree: an action is allowed at a place exactly when [`reach`] has an area that covers it.
//! * Whoever gives rights uses none of them: the administrators exclude each other and every business role
//!   ([`Role::excludes`]), and nobody grants to himself ([`may_grant`]).
//! * Whoever proposes a change is not the second person of it ([`may_decide`]).

pub mod action;
pub mod alarm;
pub mod applicant;
pub mod application;
pub mod area;
pub mod contact;
pub mod credit_code;
pub mod grant;
pub mod import;
pub mod role;

pub use action::Action;
pub use alarm::{Alarm, AlarmRule, Observation};
pub use applicant::{ApplicantKind, ApplicantRole};
pub use application::Application;
pub use area::{Area, AreaError, Level};
pub use contact::{Contact, ContactEdit, ContactError, ContactField};
pub use credit_code::{CreditCode, CreditCodeError};
pub use grant::{Denied, Grant, may, may_decide, may_grant, reach};
pub use import::{
    AccountCheck, AccountGround, AccountStanding, AccountState, EntryState, ImportCell, ImportCheck,
    ImportField, ImportGround, ImportSubject, PresentAccount, PresentEntry, RowState, RowVerdict,
};
pub use role::Role;
