//! What is wrong with a cipher text that does not open.
//!
//! Everybody who seals for this interface for the first time gets something wrong, and the center may only ever answer
//! "-4", whatever it was (rule E7). Whoever holds the key can be told more. Each mistake of the table [`Mistake`] has been
//! made in the field; here they are undone, alone and two at once, until a message comes out:
//!
//! 1. **How the bytes are written** (`writing`): hexadecimal of hexadecimal, Base64, dashes, quotes.
//! 2. **What they are enciphered with** (`cipher`): what became of the key, SM4 or AES, ECB or CBC.
//! 3. **How the last block is filled up** (`padding`).
//! 4. **What stands inside** (`text`): another character set, JSON within a text, a text that is almost JSON.
//!
//! # Why a guess is right
//! Hundreds of ways are tried, so what counts must not come about by chance. A JSON object does not. A text with the
//! right padding counts for less and is taken only when no object is found, and the mere beginning of one for least
//! (`examine`). Of two findings of one weight that with fewer mistakes is told.
//!
//! # Bounds
//! Texts are at most [`MAX_TEXT`] bytes. Each way is first tried on one block, which must look like a beginning of a text, so
//! the whole is deciphered a handful of times, whatever it holds: the work is that of some 6,000 blocks and a few passes
//! over the text.
//!
//! Nothing here does I/O or reads a clock. What [`Diagnosis`] displays names mistakes and nothing of the message; the message
//! itself is in [`Diagnosis::plain`], for a person who holds the key, and nowhere else.

mod cipher;
mod diagnosis;
mod examine;
mod flaw;
mod look;
mod mistake;
mod padding;
mod text;
mod writing;

use yanmi_protocol::Sm4Key;

pub use diagnosis::{ANOTHER_KEY, Diagnosis, MAX_TOGETHER, NOT_AN_OBJECT, advice};
pub use flaw::Flaw;
pub use look::{Look, UNEXPLAINED, enc_data, look};
pub use mistake::Mistake;

/// Bytes of the longest text that is looked into: the largest message in hexadecimal, in Base64 twice, and room for line breaks.
pub const MAX_TEXT: usize = 256 * 1024;

/// What is wrong with an `encData` that should open with this key; nothing when it opens, or when no mistake of the table
/// explains it, most often because it was sealed with simply another key.
pub fn diagnose(key: &Sm4Key, enc_data: &str) -> Option<Diagnosis> {
    if enc_data.len() > MAX_TEXT {
        return None;
    }
    let found = examine::examine(key, enc_data).or_else(|| writing::damage(enc_data))?;
    (!found.mistakes.is_empty() || found.flaw.is_some()).then_some(found)
}
