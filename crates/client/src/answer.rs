//! What the center answers to a notice and to a status query, as it is recorded.

use std::time::Duration;

use yanmi_protocol::{Amount, MemberError, Members, UnixMillis};

/// What came of a notice that was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoticeAnswer {
    /// The channel has it (`notcFlag` "1").
    Notified {
        /// 响应流水号.
        serial: String,
        /// `checkNo`, where the center tells it.
        check_number: Option<String>,
        /// How long before the serial was made the person may have been asked: where the call was made more than once, an
        /// earlier request may have arrived though its answer did not.
        asked_earlier: Duration,
    },
    /// Code 0, but `notcFlag` "0": the notice failed.
    NotNotified {
        /// 响应流水号.
        serial: String,
    },
    /// 500320: no password is needed, settle.
    PasswordFree,
}

/// What the center says of a verification beyond the specification (section 6 of the reading).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusExtension {
    /// `stage`: a fixed English word.
    pub stage: String,
    /// `stageDesc`: the same for people.
    pub description: String,
    /// `nextStep`: what the clerk does next.
    pub next_step: String,
    /// `checkWay`: 01 credential password, 02 face, 03 the channel's own payment password.
    pub way: Option<String>,
    /// `checkTime`.
    pub at: Option<UnixMillis>,
    /// `checkAmount`: what was confirmed; nothing when it was confirmed without an amount.
    pub amount: Option<Amount>,
    /// `validUntil`: of a confirmation, until when it counts; of a notice, until when it can be answered.
    pub valid_until: Option<UnixMillis>,
    /// `checkNo`: what the person is asked to compare with the counter.
    pub check_number: Option<String>,
}

/// What came of a status query that was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StatusAnswer {
    /// `checkStas`.
    Checked {
        /// Whether it is "1".
        confirmed: bool,
        /// 响应流水号.
        serial: String,
        /// What the center says of a verification beyond the specification.
        told: Option<StatusExtension>,
        /// Whether a mac proves that it is of now, and the answer to this very query.
        proven: bool,
    },
    /// 500320: no password is needed, settle.
    PasswordFree,
}

/// Digits a check number may have; yanmi's has two.
const MAX_CHECK_NUMBER: usize = 6;

/// `checkNo`: what the person sees and the counter says aloud. Nothing else than digits is shown as one.
pub(crate) fn check_number(members: &Members<'_>) -> Result<Option<String>, MemberError> {
    let told = members.optional_text("checkNo", MAX_CHECK_NUMBER)?;
    Ok(told.filter(|number| number.bytes().all(|b| b.is_ascii_digit())).map(String::from))
}
