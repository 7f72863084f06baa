//! What is done, whoever asks for it: the person behind a token, the notice as it is told and its way to the channel, what
//! the person did, whether it may be settled, and the check of a password.

pub(crate) mod credential;
pub(crate) mod facts;
pub(crate) mod look;
pub(crate) mod notice;
pub(crate) mod notify;
pub(crate) mod password_check;
pub(crate) mod report;
