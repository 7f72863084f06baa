//! What the person did, as the channel reports it (V6, V12).

use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{NoticeNo, UnixMillis};

use crate::event::Event;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::state::{Confirmer, DeclineReason, State, Verification};

/// What the person did. A confirmation stands here only after its proof was checked (V12): the center asked for
/// the password itself, the national center knew the face, or the way is 03.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conclusion {
    /// Confirmed.
    Confirmed {
        /// How.
        way: Way,
        /// Who.
        by: Confirmer,
    },
    /// Ended without a confirmation.
    Declined(DeclineReason),
}

/// What a report comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Concluded {
    /// It ends the attempt.
    Changed {
        /// The verification, ended.
        next: Verification,
        /// What happened, for the audit.
        event: Event,
    },
    /// It was said before: success, and nothing changes, for channels repeat what was not answered.
    Repeated,
}

/// Decides about a report, before its proof is checked: whether the notice is one that can still be answered so.
///
/// # Errors
/// [`Refusal::NoticeNotLive`] for a notice that is superseded, expired, or finished otherwise.
pub fn check_live(current: &Verification, notice: NoticeNo, now: UnixMillis) -> Result<(), Refusal> {
    let live = current.notice == notice && current.is_open(now);
    if live { Ok(()) } else { Err(Refusal::NoticeNotLive) }
}

/// V12: a face authorization confirms one notice. `confirmed` is the one it confirmed already.
///
/// # Errors
/// [`Refusal::AuthorizationUsed`] when that was another.
pub fn check_authorization(confirmed: Option<NoticeNo>, notice: NoticeNo) -> Result<(), Refusal> {
    if confirmed.is_none_or(|confirmed| confirmed == notice) {
        Ok(())
    } else {
        Err(Refusal::AuthorizationUsed)
    }
}

/// Decides about a report whose proof was checked.
///
/// # Errors
/// [`Refusal::NoticeNotLive`] for a notice that is superseded, expired, or finished otherwise.
pub fn conclude(
    current: &Verification,
    notice: NoticeNo,
    conclusion: Conclusion,
    now: UnixMillis,
    policy: &Policy,
) -> Result<Concluded, Refusal> {
    if is_repeated(current, notice, conclusion) {
        return Ok(Concluded::Repeated);
    }
    check_live(current, notice, now)?;
    let (state, event) = match conclusion {
        Conclusion::Confirmed { way, by } => {
            let valid_until = now.plus(policy.confirmation_life);
            (State::Verified { way, at: now, valid_until, by }, Event::Confirmed(way))
        }
        Conclusion::Declined(reason) => {
            let event = match reason {
                DeclineReason::Cancelled => Event::Cancelled,
                DeclineReason::NotMe => Event::NotMe,
                DeclineReason::WrongPassword => Event::PasswordLocked,
                DeclineReason::ChannelFailed => Event::ChannelFailed,
            };
            (State::Declined { reason, at: now }, event)
        }
    };
    Ok(Concluded::Changed { next: Verification { state, ..*current }, event })
}

/// Whether the same was reported before for the same notice.
pub fn is_repeated(current: &Verification, notice: NoticeNo, conclusion: Conclusion) -> bool {
    current.notice == notice
        && match (current.state, conclusion) {
            (State::Verified { way, .. }, Conclusion::Confirmed { way: again, .. }) => way == again,
            (State::Declined { reason, .. }, Conclusion::Declined(again)) => reason == again,
            _ => false,
        }
}
