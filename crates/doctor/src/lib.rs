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
mod examine;
mod flaw;
mod mistake;
mod padding;
mod text;
mod writing;

use std::fmt;

use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

pub use flaw::Flaw;
pub use mistake::Mistake;

/// Bytes of the longest text that is looked into: the largest message in hexadecimal, in Base64 twice, and room for line breaks.
pub const MAX_TEXT: usize = 256 * 1024;

/// Mistakes of writing, key, cipher and mode that are looked for at once. What is found inside is told besides.
pub const MAX_TOGETHER: usize = 2;

/// What is wrong, and what comes out when it is undone.
pub struct Diagnosis {
    mistakes: Vec<Mistake>,
    plain: Option<Zeroizing<String>>,
    flaw: Option<Flaw>,
}

/// The name for what no mistake of the table explains: most often another key.
pub const ANOTHER_KEY: &str = "another-key";
/// The name for a message that came out rightly and is no JSON object.
pub const NOT_AN_OBJECT: &str = "not-an-object";

/// What a name says, a Chinese sentence for each of its parts; nothing for a name that is none.
pub fn advice(name: &str) -> Option<String> {
    match name {
        ANOTHER_KEY => {
            Some("没有找到已知的错误，多半是密钥不是登记的那一个：双方核对密钥校验值。".to_owned())
        }
        NOT_AN_OBJECT => {
            Some("密钥正确，但明文不是一个 JSON 对象：核对明文（如全角标点、未转义的换行）。".to_owned())
        }
        _ => name.split('+').map(|word| Mistake::of_word(word).map(Mistake::advice)).collect(),
    }
}

impl Diagnosis {
    /// What was found, as a name: that of each mistake, in order, by plus signs. Nothing of the message.
    pub fn name(&self) -> String {
        if self.mistakes.is_empty() {
            return NOT_AN_OBJECT.to_owned();
        }
        let words: Vec<&str> = self.mistakes.iter().map(|mistake| mistake.word()).collect();
        words.join("+")
    }

    /// What was done wrong, in the order in which it is to be undone. Empty when only [`Diagnosis::flaw`] is wrong.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The message as far as it could be read. Personal: for whoever holds the key, never for a log.
    pub fn plain(&self) -> Option<&str> {
        self.plain.as_ref().map(|text| text.as_str())
    }

    /// The first character of the message that cannot stand where it stands; the key is right then.
    pub const fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }
}

/// One Chinese sentence for each mistake, a line each. Nothing of the message.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.mistakes.iter().enumerate() {
            f.write_str(if at > 0 { "\n" } else { "" })?;
            f.write_str(mistake.advice())?;
        }
        match self.flaw {
            Some(flaw) if self.mistakes.is_empty() => {
                write!(f, "密钥正确，但明文不是一个 JSON 对象：{flaw}。")
            }
            Some(flaw) => write!(f, "\n改正之后，明文仍不是一个 JSON 对象：{flaw}。"),
            None => Ok(()),
        }
    }
}

/// The names of the mistakes only.
impl fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnosis").field("mistakes", &self.mistakes).finish_non_exhaustive()
    }
}

/// What is wrong with an `encData` that should open with this key; nothing when it opens, or when no mistake of the table
/// explains it, most often because it was sealed with simply another key.
pub fn diagnose(key: &Sm4Key, enc_data: &str) -> Option<Diagnosis> {
    if enc_data.len() > MAX_TEXT {
        return None;
    }
    let found = examine::examine(key, enc_data).or_else(|| writing::damage(enc_data))?;
    (!found.mistakes.is_empty() || found.flaw.is_some()).then_some(found)
}
