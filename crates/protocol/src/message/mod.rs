//! The messages inside the envelopes, one module an operation: request, answer, limits.
//!
//! Requests are read through [`crate::Members`]; whoever sends writes the same types with their `to_json`. A
//! member that is optional and absent is not written.

pub mod auth_result;
pub mod channel_notice;
pub mod decode;
pub mod national;
pub mod notify;
pub mod password;
pub mod password_free;
pub mod password_free_page;
pub mod pending;
pub mod status;

use serde::Serialize;

/// Characters an institution's name may have (section 1.7.1).
pub const MAX_ORG_NAME: usize = 40;
/// Characters a token, an institution code or another short identifier may have (sections 1.7.1, 1.7.2).
pub const MAX_IDENTIFIER: usize = 40;
/// Characters a person's name may have.
pub const MAX_USER_NAME: usize = 100;
/// Characters an identity number may have.
pub const MAX_ID_NO: usize = 40;

/// The JSON text of a message. Writing these types into memory cannot fail.
fn to_json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}
