//! What is stored about persons and keys is sealed, and found again by keyed hash.
//!
//! One key-encryption key comes from a file or the environment, never from the database; everything else is
//! derived from it. A sealed value is bound to its cell: moved to another row or column it no longer opens. Two
//! sealings of the same value differ, so they tell nothing when compared; to find a row again, a keyed hash
//! (HMAC-SM3) of the value stands beside it.
//!
//! Sealed bytes: one byte of format (1), the key-check value of the key-encryption key (3), nonce (12), cipher text
//! and tag (16) of SM4-GCM.

use std::fmt;
use std::sync::Arc;

use yanmi_protocol::Sm4Key;
pub(crate) use yanmi_seal::SealBroken;
use yanmi_seal::{HashKey, NONCE, SealKey};
use zeroize::Zeroizing;

use crate::ports::Entropy;

const FORMAT: u8 = 1;
const HEAD: usize = 1 + 3;

/// The cell a sealed value belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
    pub(crate) column: &'static str,
}

impl Cell<'_> {
    fn bytes(self) -> Vec<u8> {
        format!("{}\0{}\0{}", self.table, self.row, self.column).into_bytes()
    }
}

/// Seals, opens and hashes with keys derived from the key-encryption key.
#[derive(Clone)]
pub(crate) struct Sealer {
    cipher: Arc<SealKey>,
    index: Arc<HashKey>,
    proof: Arc<HashKey>,
    kcv: [u8; 3],
    entropy: Entropy,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    pub(crate) fn new(key: &Sm4Key, entropy: Entropy) -> Self {
        Self {
            cipher: Arc::new(SealKey::derive(key, "yanmi seal 1")),
            index: Arc::new(HashKey::derive(key, "yanmi index 1")),
            proof: Arc::new(HashKey::derive(key, "yanmi proof 1")),
            kcv: key.kcv().bytes(),
            entropy,
        }
    }

    /// Seals a value into its cell.
    pub(crate) fn seal(&self, cell: Cell<'_>, value: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        self.entropy.fill(&mut nonce);
        let sealed = self.cipher.seal(&cell.bytes(), nonce, value);
        let mut out = Vec::with_capacity(HEAD + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&self.kcv);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens a value from its cell.
    pub(crate) fn open(&self, cell: Cell<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(SealBroken)?;
        if head[0] != FORMAT || head[1..] != self.kcv {
            return Err(SealBroken);
        }
        self.cipher.open(&cell.bytes(), rest)
    }

    /// The keyed hash a value is found by; `kind` keeps hashes of different things apart.
    pub(crate) fn index(&self, kind: &'static str, value: &[&str]) -> [u8; 16] {
        let mut parts: Vec<&[u8]> = vec![kind.as_bytes()];
        parts.extend(value.iter().map(|part| part.as_bytes()));
        let full = self.index.hash(&parts);
        let mut out = [0; 16];
        out.copy_from_slice(&full[..16]);
        out
    }
}

impl Sealer {
    /// What only this site can say about a value it handed out: links, forms. `kind` keeps those of different things
    /// apart. Compare in constant time.
    pub(crate) fn proof(&self, kind: &'static str, parts: &[&[u8]]) -> [u8; 16] {
        let mut all: Vec<&[u8]> = vec![kind.as_bytes()];
        all.extend(parts);
        let full = self.proof.hash(&all);
        let mut out = [0; 16];
        out.copy_from_slice(&full[..16]);
        out
    }

    /// Bytes that nobody can guess.
    pub(crate) fn fresh(&self) -> [u8; 16] {
        let mut out = [0; 16];
        self.entropy.fill(&mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(key: &str) -> Sealer {
        Sealer::new(&Sm4Key::from_ascii(key).expect("a key"), Entropy::seeded(7))
    }

    const CELL: Cell<'_> = Cell { table: "tokens", row: "T", column: "holder" };

    #[test]
    fn a_value_opens_in_its_cell_with_its_key_and_nowhere_else() {
        let mine = sealer("yanmi-test-key-1");
        let sealed = mine.seal(CELL, "测试".as_bytes());
        assert_eq!(mine.open(CELL, &sealed).expect("opens").as_slice(), "测试".as_bytes());
        assert_eq!(mine.open(Cell { row: "U", ..CELL }, &sealed), Err(SealBroken));
        assert_eq!(mine.open(Cell { column: "name", ..CELL }, &sealed), Err(SealBroken));
        assert_eq!(sealer("yanmi-test-key-2").open(CELL, &sealed), Err(SealBroken));
        assert_ne!(sealed, mine.seal(CELL, "测试".as_bytes()), "sealing twice must not look alike");
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(mine.open(CELL, &bent), Err(SealBroken), "byte {at}");
            assert_eq!(mine.open(CELL, &sealed[..at]), Err(SealBroken), "cut at {at}");
        }
    }

    #[test]
    fn indexes_tell_kinds_and_parts_apart() {
        let sealer = sealer("yanmi-test-key-1");
        assert_eq!(sealer.index("person", &["a", "b"]), sealer.index("person", &["a", "b"]));
        assert_ne!(sealer.index("person", &["a", "b"]), sealer.index("person", &["ab", ""]));
        assert_ne!(sealer.index("person", &["a"]), sealer.index("identity", &["a"]));
        assert_ne!(sealer.index("person", &["a"]), self::sealer("yanmi-test-key-2").index("person", &["a"]));
    }
}
