//! What is counted by the minute, whoever it is: a limiter a file.

mod decodes;
mod openings;
mod recorded;

pub(crate) use decodes::Decodes;
pub(crate) use openings::FailedOpenings;
pub(crate) use recorded::RecordedLinks;
