//! The messages inside the envelopes, one module an operation: request, answer, limits.
//!
//! Requests are read through [`crate::Members`]; whoever sends writes the same types with their `to_json`. A
//! member that is optional and absent is not written.

pub mod auth_result;
mod call;
pub mod channel_notice;
pub mod decode;
pub mod national;
pub mod notify;
pub mod password;
pub mod password_free;
pub mod password_free_page;
pub mod pending;
pub mod status;

use std::io;

use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

pub use self::call::Call;

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

/// The JSON text of a message that holds a password's digest: no part of it is left behind where it grew.
fn to_secret_json(message: &impl Serialize) -> Zeroizing<String> {
    let mut text = SecretBuffer(Zeroizing::new(Vec::with_capacity(USUAL_SECRET)));
    // Writing these types into memory cannot fail.
    let _ = serde_json::to_writer(&mut text, message);
    let bytes = std::mem::take(&mut *text.0);
    Zeroizing::new(String::from_utf8(bytes).unwrap_or_else(|error| {
        error.into_bytes().zeroize();
        String::new()
    }))
}

/// Bytes a message about a password usually has room in.
const USUAL_SECRET: usize = 512;

/// Bytes that are wiped where they were before they are moved to a larger place.
struct SecretBuffer(Zeroizing<Vec<u8>>);

impl io::Write for SecretBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * length));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_message_is_written_as_any_other_however_long_it_is() {
        for length in [0, 1, USUAL_SECRET - 12, USUAL_SECRET, 5 * USUAL_SECRET] {
            let message = serde_json::json!({ "userPwd": "验\"".repeat(length), "idNo": "1" });
            assert_eq!(*to_secret_json(&message), to_json(&message));
        }
    }
}
