//! Records are sealed under a key derived from the configured one and bound to their visit: moved to another row, one
//! no longer opens. Sealed bytes: format (1), nonce (12), cipher text and tag (16) of SM4-GCM.

use std::fmt;

use yanmi_protocol::Sm4Key;
use yanmi_seal::{HashKey, NONCE, SealKey};
use zeroize::Zeroizing;

use super::error::VisitsError;
use crate::ambient::Ambient;
use crate::gate::{Visit, VisitId};

const FORMAT: u8 = 1;

pub(super) struct Sealer {
    cipher: SealKey,
    index: HashKey,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    pub(super) fn new(key: &Sm4Key) -> Self {
        Self {
            cipher: SealKey::derive(key, "yanmi visits seal 1"),
            index: HashKey::derive(key, "yanmi visits index 1"),
        }
    }

    pub(super) fn seal(&self, visit: &Visit, ambient: &dyn Ambient) -> Vec<u8> {
        // Writing these types into memory cannot fail.
        let text = Zeroizing::new(serde_json::to_vec(visit).unwrap_or_default());
        let mut nonce = [0; NONCE];
        ambient.fill(&mut nonce);
        [&[FORMAT][..], &self.cipher.seal(&bound_to(visit.id()), nonce, &text)].concat()
    }

    pub(super) fn open(&self, id: VisitId, sealed: &[u8]) -> Result<Visit, VisitsError> {
        let opened = || {
            let (_, rest) = sealed.split_first().filter(|(format, _)| **format == FORMAT)?;
            let text = self.cipher.open(&bound_to(id), rest).ok()?;
            serde_json::from_slice(&text).ok()
        };
        opened().ok_or(VisitsError::Broken(id))
    }

    /// The keyed hash a value is found by; `kind` keeps hashes of different things apart.
    pub(super) fn index(&self, kind: &str, value: &str) -> Vec<u8> {
        self.index.hash(&[kind.as_bytes(), value.as_bytes()])[..16].to_vec()
    }
}

fn bound_to(id: VisitId) -> Vec<u8> {
    format!("visits\0{id}\0record").into_bytes()
}
