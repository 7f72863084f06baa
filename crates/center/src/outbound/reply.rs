//! What a call is answered with.

use bytes::Bytes;

/// An answer of any status.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The whole body, at most [`super::MAX_ANSWER_BYTES`].
    pub body: Bytes,
}

/// Bodies may be personal: only the size.
impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}
