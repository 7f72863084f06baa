//! What was found, and how it is told.

use std::fmt;

use zeroize::Zeroizing;

use crate::flaw::Flaw;
use crate::mistake::Mistake;

/// Mistakes of writing, key, cipher and mode that are looked for at once. What is found inside is told besides.
pub const MAX_TOGETHER: usize = 2;

/// What is wrong, and what comes out when it is undone.
pub struct Diagnosis {
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) plain: Option<Zeroizing<String>>,
    pub(crate) flaw: Option<Flaw>,
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
