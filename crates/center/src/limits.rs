//! What is counted by the minute, whoever it is: a limiter a file.

mod attempts;
mod by_source;
mod decodes;
mod recorded;

pub(crate) use attempts::{AttemptSum, Attempts};
pub(crate) use by_source::SourceLimiter;
pub(crate) use decodes::Decodes;
pub(crate) use recorded::RecordedLinks;
