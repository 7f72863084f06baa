//! Looking for what is wrong, once a minute, beside requests: what it finds becomes rows that somebody takes and closes.
//!
//! Nothing here adds a statement to a request. What is looked at is there already: what persons said, what was refused, what
//! statistics have counted, what operators did. One process of a site looks; which one, the mark says that moves with what was
//! found, in one transaction, so that an event becomes an alarm once, whoever looks. Whether numbers are an alarm is decided by
//! pure rules (`yanmi_onboarding::Observation`). What is new may be told to one address outside of the console, too.

mod look;
mod tell;
mod watch;

pub(crate) use tell::AlarmTeller;
pub(crate) use watch::{AlarmWatch, AlarmWatchParts, follow};
