//! What rows of the ledger are found by.

use yanmi_protocol::{EcToken, OrgCode};

/// Which verification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) token: EcToken,
    pub(crate) org_code: OrgCode,
}

impl Key {
    /// A number of its own, but for rare coincidence, the same in every process.
    pub(crate) fn fingerprint(&self) -> u64 {
        fingerprint([self.token.as_str().as_bytes(), self.org_code.as_str().as_bytes()])
    }
}

/// A face authorization number, known by a keyed hash only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FaceKey(pub(crate) [u8; 16]);

impl FaceKey {
    /// A number of its own, but for rare coincidence, the same in every process.
    pub(crate) fn number(&self) -> i64 {
        // A hash has sixteen bytes.
        self.0.first_chunk().copied().map_or(0, i64::from_be_bytes)
    }
}

/// FNV-1a of the parts, each followed by a byte that is in none of them.
pub(super) fn fingerprint<const PARTS: usize>(parts: [&[u8]; PARTS]) -> u64 {
    let bytes = parts.into_iter().flat_map(|part| part.iter().copied().chain([0xFF]));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
