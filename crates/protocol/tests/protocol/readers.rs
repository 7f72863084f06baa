//! Every reader of a message. What strangers write is given to all of them, whichever it is for. The tests of the
//! protocol and the targets in `fuzz` share this file.

use yanmi_protocol::Members;
use yanmi_protocol::message::{
    auth_result, channel_notice, national, notify, password, password_free, pending, status,
};

/// Has every reader look at these members; that none of them panics is all that is asked.
pub(crate) fn look(members: &Members) {
    let _ = notify::Request::read(members);
    let _ = notify::Answer::read(members);
    let _ = status::Request::read(members);
    let _ = status::Answer::read(members);
    let _ = password::Request::read(members);
    let _ = auth_result::Request::read(members);
    let _ = auth_result::Accepted::read(members);
    let _ = channel_notice::Notice::read(members);
    let _ = channel_notice::read_received(members);
    let _ = pending::Request::read(members);
    let _ = pending::read_answer(members);
    let _ = password_free::Request::read(members);
    let _ = national::Credential::read(members);
    let _ = national::read_token_question(members);
    let _ = national::read_qr_code_question(members);
    let _ = national::PasswordQuestion::read(members);
    let _ = national::read_face_question(members);
    let _ = national::read_check_answer(members);
}
