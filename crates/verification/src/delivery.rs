//! What became of a notice on its way to the channel (step 12).

use yanmi_protocol::{NoticeNo, UnixMillis};

use crate::event::Event;
use crate::state::{State, Undelivered, Verification};

/// The channel took the notice. Nothing changes when the person was faster than the channel's answer (V1), or
/// when another notice has taken the attempt's place meanwhile.
pub fn delivered(current: &Verification, notice: NoticeNo, now: UnixMillis) -> Option<(Verification, Event)> {
    // Undelivered too: of two deliveries of the same notice, the one that failed may have been told first. One that is over
    // stays so, though: another code may have taken its place (V14).
    let waiting = match current.state {
        State::Asked => true,
        State::Undelivered { .. } => current.can_be_taken(now),
        _ => false,
    };
    let next = Verification { state: State::Notified { taken_at: now }, ..*current };
    (current.notice == notice && waiting).then_some((next, Event::Delivered))
}

/// The channel did not take the notice. One that it took before stays with the person: only the repeated call
/// failed, and what the person does about the first must still count.
pub fn undelivered(
    current: &Verification,
    notice: NoticeNo,
    reason: Undelivered,
    now: UnixMillis,
) -> Option<(Verification, Event)> {
    let next = Verification { state: State::Undelivered { reason, at: now }, ..*current };
    (current.notice == notice && current.state == State::Asked).then_some((next, Event::Undelivered))
}
