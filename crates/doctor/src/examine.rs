//! Every reading of the text with every way to decipher it, and what weighs most of what comes out.

use yanmi_protocol::Sm4Key;
use zeroize::Zeroizing;

use crate::cipher::{self, Attempt, BLOCK};
use crate::diagnosis::{Diagnosis, MAX_TOGETHER};
use crate::flaw::Flaw;
use crate::mistake::Mistake;
use crate::padding;
use crate::text::{self, Text};
use crate::writing::{self, Reading};

/// How much a finding proves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// The first block is the beginning of a message.
    Beginning,
    /// The padding is right, and a text stands before it.
    Text,
    /// A JSON object.
    Object,
}

struct Finding {
    weight: Weight,
    mistakes: Vec<Mistake>,
    plain: Zeroizing<String>,
    flaw: Option<Flaw>,
}

impl Finding {
    /// The greater, the better.
    fn rank(&self) -> (Weight, std::cmp::Reverse<usize>) {
        (self.weight, std::cmp::Reverse(self.mistakes.len()))
    }
}

/// The finding that weighs most.
pub(crate) fn examine(key: &Sm4Key, enc_data: &str) -> Option<Diagnosis> {
    let attempts = cipher::attempts(key);
    let mut best: Option<Finding> = None;
    for reading in writing::readings(enc_data) {
        let encoded = reading.mistakes.iter().filter(|mistake| is_encoding(**mistake)).count();
        for attempt in attempts.iter().filter(|attempt| encoded + attempt.mistakes.len() <= MAX_TOGETHER) {
            let Some(mut found) = tried(&reading, attempt) else { continue };
            found.mistakes = [&reading.mistakes[..], &attempt.mistakes, &found.mistakes].concat();
            if best.as_ref().is_none_or(|best| found.rank() > best.rank()) {
                best = Some(found);
            }
        }
    }
    let Finding { mistakes, plain, flaw, .. } = best?;
    Some(Diagnosis { mistakes, plain: Some(plain), flaw })
}

/// What stands around the bytes is seen and not guessed, so it does not count among what is guessed at once.
const fn is_encoding(mistake: Mistake) -> bool {
    !matches!(
        mistake,
        Mistake::Spaced
            | Mistake::Quoted
            | Mistake::Prefixed
            | Mistake::PercentEncoded
            | Mistake::PlusLost
            | Mistake::Separated
            | Mistake::Decimals
    )
}

fn tried(reading: &Reading, attempt: &Attempt) -> Option<Finding> {
    let head = attempt.head(&reading.bytes)?;
    let once = text::is_beginning(&head);
    let twice = attempt.is_ecb() && text::is_beginning(&attempt.raw(&head));
    if !once && !twice {
        return None;
    }
    let plain = attempt.decipher(&reading.bytes);
    let cut = reading.odd || !reading.bytes.len().is_multiple_of(BLOCK);
    if attempt.lost_first() {
        return if cut { None } else { without_first(&plain) };
    }
    if once {
        let found = if cut { None } else { whole(&plain, attempt) };
        return found.or_else(|| beginning(&plain, cut));
    }
    let inner = padding::pkcs7(&plain).filter(|inner| inner.len().is_multiple_of(BLOCK))?;
    doubled(inner, attempt)
}

/// A message that is all there.
fn whole(plain: &[u8], attempt: &Attempt) -> Option<Finding> {
    let mut fallback = None;
    for (body, mistake) in padding::stripped(plain) {
        let Some(read) = text::decoded(body) else {
            if mistake.is_none() {
                fallback = fallback.or_else(|| half_text(body));
            }
            continue;
        };
        if let Some(object) = text::object(&read) {
            let mistakes = mistake.into_iter().chain(object.mistakes).collect();
            return Some(Finding { weight: Weight::Object, mistakes, plain: object.text, flaw: None });
        }
        if mistake.is_none() {
            if let Some(found) = sealed_again(&read.text, attempt) {
                return Some(found);
            }
            fallback = fallback.or_else(|| broken(read, attempt.mistakes.is_empty()));
        }
    }
    fallback
}

/// A text with the right padding that is no object. `right` says that it was deciphered as it should be: what comes out of
/// another way has to look like JSON as well.
fn broken(read: Text, right: bool) -> Option<Finding> {
    // Hardly any bytes are no GBK, so a text in it has to look like JSON as well.
    let json = read.text.trim_start().starts_with(['{', '[', '"', '<']);
    if !text::is_text(&read.text) || (!json && (!right || read.mistakes.contains(&Mistake::Gbk))) {
        return None;
    }
    let Text { text, mut mistakes } = read;
    let kind = text::kind(&text);
    mistakes.extend(kind);
    let flaw = if kind.is_some() { None } else { Flaw::of(&text) };
    Some(Finding { weight: Weight::Text, mistakes, plain: text, flaw })
}

/// The right padding, and JSON before it up to a byte that is in no character set.
fn half_text(body: &[u8]) -> Option<Finding> {
    let flaw = Flaw::of_bytes(body)?;
    let Flaw::Byte(at, _) = flaw else { return None };
    // The block that was looked at first is right, and so is all up to there.
    let valid = at > BLOCK && body.starts_with(b"{");
    let plain = Zeroizing::new(String::from_utf8_lossy(body).into_owned());
    valid.then_some(Finding { weight: Weight::Text, mistakes: Vec::new(), plain, flaw: Some(flaw) })
}

/// A message whose end is missing.
fn beginning(plain: &[u8], cut: bool) -> Option<Finding> {
    let valid = match std::str::from_utf8(plain) {
        Ok(text) => text,
        // A character may have been cut in two, and the end may be noise.
        Err(error) => std::str::from_utf8(&plain[..error.valid_up_to()]).unwrap_or_default(),
    };
    let starts = valid.trim_start().starts_with("{\"");
    if !starts || valid.len() < plain.len().min(BLOCK) || !text::is_text(valid) {
        return None;
    }
    let mistake = if cut { Mistake::Cut } else { Mistake::LastBlockMissing };
    let plain = Zeroizing::new(valid.to_owned());
    Some(Finding { weight: Weight::Beginning, mistakes: vec![mistake], plain, flaw: None })
}

/// The rest of a message whose first block is lost: text with the right padding that ends like an object.
fn without_first(plain: &[u8]) -> Option<Finding> {
    let rest = padding::pkcs7(plain)?.get(BLOCK..)?;
    let rest = std::str::from_utf8(rest).ok().filter(|rest| text::is_text(rest))?;
    let looks = rest.len() >= BLOCK && rest.trim_end().ends_with('}');
    let plain = Zeroizing::new(format!("…{rest}"));
    looks.then_some(Finding { weight: Weight::Text, mistakes: Vec::new(), plain, flaw: None })
}

/// The message is a cipher text in hexadecimal or Base64 itself.
fn sealed_again(inner: &str, attempt: &Attempt) -> Option<Finding> {
    let squeezed = inner.trim();
    let written =
        [(writing::from_hex(squeezed), None), (writing::from_base64(squeezed), Some(Mistake::Base64))];
    written.into_iter().find_map(|(bytes, mistake)| {
        let bytes = bytes.filter(|bytes| bytes.len().is_multiple_of(BLOCK))?;
        let mut found = doubled(&bytes, attempt)?;
        found.mistakes.extend(mistake);
        Some(found)
    })
}

fn doubled(inner: &[u8], attempt: &Attempt) -> Option<Finding> {
    let plain = attempt.decipher(inner);
    let read = text::decoded(padding::pkcs7(&plain)?)?;
    let object = text::object(&read)?;
    let mistakes = std::iter::once(Mistake::Double).chain(object.mistakes).collect();
    Some(Finding { weight: Weight::Object, mistakes, plain: object.text, flaw: None })
}
