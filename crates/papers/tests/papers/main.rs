//! What is handed to an institution, and OpenSSL beside it.

mod feedback;
mod form;
mod keys;
mod openssl;
mod runs;

use yanmi_papers::{ApplicationNo, Chance, PrivateKey};

/// Bytes that a test can foretell: each run has the same keys.
pub(crate) fn foreseen(seed: u8) -> impl FnMut(&mut [u8]) {
    use sm3::{Digest, Sm3};
    let mut count = 0_u64;
    move |place| {
        for chunk in place.chunks_mut(32) {
            count += 1;
            let block = Sm3::new().chain_update([seed]).chain_update(count.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A key pair of its own for each seed.
pub(crate) fn private_key(seed: u8) -> PrivateKey {
    PrivateKey::generate(&mut Chance::new(&mut foreseen(seed)))
}

pub(crate) fn application(sequence: u32) -> ApplicationNo {
    let text = format!("A350000-2026-{sequence:06}");
    ApplicationNo::read(&text).expect("a number")
}
