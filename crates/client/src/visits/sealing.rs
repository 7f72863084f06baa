//! Records are sealed under a key derived from the configured one and bound to their visit: moved to another row, one
//! no longer opens. Sealed bytes: format (1), nonce (12), cipher text and tag (16) of SM4-GCM.

use std::fmt;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{AesGcm, Nonce};
use hmac::{Hmac, Mac};
use sm3::Sm3;
use sm4::Sm4;
use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

use super::error::VisitsError;
use crate::ambient::Ambient;
use crate::gate::{Visit, VisitId};

const FORMAT: u8 = 1;
const NONCE: usize = 12;
const SM3_BLOCK: usize = 64;

pub(super) struct Sealer {
    cipher: AesGcm<Sm4, U12>,
    index: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    pub(super) fn new(key: &Sm4Key) -> Self {
        let derive = |purpose: &str| Zeroizing::new(mac(key.bytes(), &[purpose.as_bytes()]));
        let seal = derive("yanmi visits seal 1");
        // The left half of the derived bytes; an SM4 key has sixteen.
        let mut half = Zeroizing::new([0; 16]);
        half.copy_from_slice(&seal[..16]);
        Self { cipher: AesGcm::new(&(*half).into()), index: derive("yanmi visits index 1") }
    }

    pub(super) fn seal(&self, visit: &Visit, ambient: &dyn Ambient) -> Vec<u8> {
        // Writing these types into memory cannot fail.
        let text = Zeroizing::new(serde_json::to_vec(visit).unwrap_or_default());
        let mut nonce = [0; NONCE];
        ambient.fill(&mut nonce);
        let payload = Payload { msg: &text, aad: &bound_to(visit.id()) };
        // Encryption fails only for values of many gigabytes.
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
        [&[FORMAT][..], &nonce, &sealed].concat()
    }

    pub(super) fn open(&self, id: VisitId, sealed: &[u8]) -> Result<Visit, VisitsError> {
        let opened = || {
            let (format, rest) = sealed.split_first()?;
            let (nonce, text) = rest.split_first_chunk::<NONCE>().filter(|_| *format == FORMAT)?;
            let payload = Payload { msg: text, aad: &bound_to(id) };
            let text = self.cipher.decrypt(&Nonce::from(*nonce), payload).map(Zeroizing::new).ok()?;
            serde_json::from_slice(&text).ok()
        };
        opened().ok_or(VisitsError::Broken(id))
    }

    /// The keyed hash a value is found by; `kind` keeps hashes of different things apart.
    pub(super) fn index(&self, kind: &str, value: &str) -> Vec<u8> {
        mac(&self.index, &[kind.as_bytes(), value.as_bytes()])[..16].to_vec()
    }
}

fn bound_to(id: VisitId) -> Vec<u8> {
    format!("visits\0{id}\0record").into_bytes()
}

/// HMAC-SM3 over parts, each behind its length so that no two lists look alike.
fn mac<const N: usize>(key: &[u8; N], parts: &[&[u8]]) -> [u8; 32] {
    const { assert!(N <= SM3_BLOCK, "a longer key would have to be hashed first") };
    let mut block = Zeroizing::new([0; SM3_BLOCK]);
    block[..N].copy_from_slice(key);
    let mut mac = Hmac::<Sm3>::new(&(*block).into());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
