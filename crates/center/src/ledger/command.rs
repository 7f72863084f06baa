//! What the ledger is asked to decide: one file a command, with what it must find, what decides it and what it answers.
//!
//! `ledger.decide(Notify { … })` answers a `NotifyDecision`; the way from the caller to the rule is
//! [`Command::decide`](super::Command) in the file of that name.

mod begin_try;
mod conclude;
mod end_try;
mod learn;
mod mark_delivered;
mod mark_undelivered;
mod notify;
mod open_page;
mod open_settings;
mod record;
mod switch_free;
mod take_word;
mod use_free;

pub(crate) use begin_try::{BeginTry, TryDecision};
pub(crate) use conclude::Conclude;
pub(crate) use end_try::EndTry;
pub(crate) use learn::Learn;
pub(crate) use mark_delivered::MarkDelivered;
pub(crate) use mark_undelivered::MarkUndelivered;
pub(crate) use notify::{Dispatch, Notify, NotifyDecision};
pub(crate) use open_page::OpenPage;
pub(crate) use open_settings::OpenSettings;
pub(crate) use record::Record;
pub(crate) use switch_free::SwitchFree;
pub(crate) use take_word::TakeWord;
pub(crate) use use_free::UseFree;
