//! Keys of the wire: SM4, 16 bytes, and how people tell two of them apart.

use std::fmt;
use std::sync::{Arc, OnceLock};

use sm4::Sm4;
use sm4::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::mac::MacKey;

pub use crate::block::BLOCK;

/// An SM4 key with its round keys expanded once, so that sealing and opening pay nothing for it.
///
/// Accounts are issued 32 hexadecimal digits; much code in the field uses a text of 16 ASCII characters
/// instead (reading, rule E8). `Debug` shows nothing but the key-check value.
///
/// It is in one place however often it is cloned or moved, and that place is wiped with the last of its clones: a value
/// that moves leaves a copy behind wherever it was, which nobody wipes.
#[derive(Clone)]
pub struct Sm4Key(Arc<KeyPlace>);

/// Where a key is.
struct KeyPlace {
    bytes: Zeroizing<[u8; BLOCK]>,
    cipher: Sm4,
    /// Derived when it is first asked for: most keys seal envelopes without a mac.
    mac: OnceLock<MacKey>,
}

impl KeyPlace {
    /// A place for a key that is written by `write` where it will stay.
    fn of(write: impl FnOnce(&mut [u8; BLOCK])) -> Arc<Self> {
        let empty = [0; BLOCK];
        let mut place = Arc::new(Self {
            bytes: Zeroizing::new(empty),
            cipher: Sm4::new(&empty.into()),
            mac: OnceLock::new(),
        });
        // Nobody else has it yet.
        if let Some(place) = Arc::get_mut(&mut place) {
            write(&mut place.bytes);
            place.cipher = Sm4::new((&*place.bytes).into());
        }
        place
    }
}

/// Why a text is no key. It never repeats the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyError {
    /// Not 32 digits; the number of characters there were.
    HexLength(usize),
    /// A character that is no hexadecimal digit; its position, counted from 1.
    NotHex(usize),
    /// Not 16 characters; the number there were.
    AsciiLength(usize),
    /// A character outside the printable ASCII range; its position, counted from 1.
    NotAscii(usize),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HexLength(n) => write!(f, "密钥应为 32 位十六进制数字，实际为 {n} 位"),
            Self::NotHex(at) => write!(f, "密钥第 {at} 个字符不是十六进制数字"),
            Self::AsciiLength(n) => write!(f, "密钥应为 16 个 ASCII 字符，实际为 {n} 个"),
            Self::NotAscii(at) => write!(f, "密钥第 {at} 个字符不是可见 ASCII 字符"),
        }
    }
}

impl std::error::Error for KeyError {}

impl Sm4Key {
    /// The key of these bytes.
    pub fn from_bytes(bytes: &[u8; BLOCK]) -> Self {
        Self(KeyPlace::of(|place| place.copy_from_slice(bytes)))
    }

    /// The key written as 32 hexadecimal digits, in either case.
    ///
    /// # Errors
    /// [`KeyError::HexLength`] or [`KeyError::NotHex`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let count = text.chars().count();
        if let Some(at) = text.chars().position(|c| !c.is_ascii_hexdigit()) {
            return Err(if count == 2 * BLOCK {
                KeyError::NotHex(at + 1)
            } else {
                KeyError::HexLength(count)
            });
        }
        if count != 2 * BLOCK {
            return Err(KeyError::HexLength(count));
        }
        Ok(Self(KeyPlace::of(|place| {
            // They are as many as there have to be, and digits all of them.
            crate::hex::decode_into(text, place);
        })))
    }

    /// The key whose bytes are these 16 printable ASCII characters.
    ///
    /// # Errors
    /// [`KeyError::AsciiLength`] or [`KeyError::NotAscii`].
    pub fn from_ascii(text: &str) -> Result<Self, KeyError> {
        if let Some(at) = text.chars().position(|c| !c.is_ascii_graphic() && c != ' ') {
            return Err(KeyError::NotAscii(at + 1));
        }
        let bytes = text.as_bytes().try_into().map_err(|_| KeyError::AsciiLength(text.len()))?;
        Ok(Self::from_bytes(bytes))
    }

    /// The key as people write one: 16 characters are a key of ASCII characters, whatever they are, and everything else is
    /// meant as hexadecimal. White space around it does not matter.
    ///
    /// # Errors
    /// As [`Sm4Key::from_hex`] and [`Sm4Key::from_ascii`].
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.len() == BLOCK { Self::from_ascii(text) } else { Self::from_hex(text) }
    }

    /// The 16 bytes, to be sealed and stored.
    pub fn bytes(&self) -> &[u8; BLOCK] {
        &self.0.bytes
    }

    /// 32 upper-case hexadecimal digits, for the one moment a key is handed out.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(crate::hex::encode(&*self.0.bytes))
    }

    /// The key-check value shown wherever a key is shown or entered.
    pub fn kcv(&self) -> KeyCheckValue {
        let mut block = [0; BLOCK];
        self.encrypt_block(&mut block);
        KeyCheckValue([block[0], block[1], block[2]])
    }

    /// What the macs of its envelopes are made with (E13), derived once.
    pub fn mac(&self) -> &MacKey {
        self.0.mac.get_or_init(|| MacKey::derive(&self.0.bytes))
    }

    pub(crate) fn encrypt_block(&self, block: &mut [u8; BLOCK]) {
        self.0.cipher.encrypt_block(as_block(block));
    }

    pub(crate) fn decrypt_block(&self, block: &mut [u8; BLOCK]) {
        self.0.cipher.decrypt_block(as_block(block));
    }
}

fn as_block(bytes: &mut [u8; BLOCK]) -> &mut Block<Sm4> {
    bytes.into()
}

/// Compares in constant time.
impl PartialEq for Sm4Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes.ct_eq(&*other.0.bytes).into()
    }
}

impl Eq for Sm4Key {}

impl fmt::Debug for Sm4Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sm4Key(kcv {})", self.kcv())
    }
}

/// The first three bytes of a zero block under the key, as six hexadecimal digits: enough for two people on
/// the telephone to see that they hold the same key, useless to anyone else (reading, rule E8).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyCheckValue([u8; 3]);

impl KeyCheckValue {
    /// Reads six hexadecimal digits, in either case, as people tell each other; nothing for another text.
    pub fn read(text: &str) -> Option<Self> {
        crate::hex::decode(text)?.try_into().ok().map(Self)
    }

    /// The value's bytes.
    pub const fn bytes(self) -> [u8; 3] {
        self.0
    }
}

impl fmt::Display for KeyCheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:02X}{b:02X}{c:02X}")
    }
}

impl fmt::Debug for KeyCheckValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_told_apart() {
        let key = Sm4Key::from_hex("0123456789abcdefFEDCBA9876543210").expect("a key");
        assert_eq!(&*key.to_hex(), "0123456789ABCDEFFEDCBA9876543210");
        assert_eq!(key, Sm4Key::from_bytes(key.bytes()));
        assert_ne!(key, Sm4Key::from_ascii("yanmi-test-key-1").expect("a key"));
        assert_eq!(format!("{key:?}"), format!("Sm4Key(kcv {})", key.kcv()));
    }

    #[test]
    fn bad_keys_are_refused_with_the_place() {
        assert_eq!(Sm4Key::from_hex(&"0".repeat(31)), Err(KeyError::HexLength(31)));
        assert_eq!(Sm4Key::from_hex(&format!("{}g", "0".repeat(31))), Err(KeyError::NotHex(32)));
        assert_eq!(Sm4Key::from_hex("密钥"), Err(KeyError::HexLength(2)));
        assert_eq!(Sm4Key::from_ascii("short"), Err(KeyError::AsciiLength(5)));
        assert_eq!(Sm4Key::from_ascii("yanmi-test-key-密"), Err(KeyError::NotAscii(16)));
    }
}
