//! How the last block may have been filled up.

use crate::cipher::BLOCK;
use crate::mistake::Mistake;

type Strip = fn(&[u8]) -> Option<&[u8]>;

/// What is left without the padding, and the mistake it was; in the order in which they are told apart: what says more of
/// itself comes first.
pub(crate) fn stripped(plain: &[u8]) -> impl Iterator<Item = (&[u8], Option<Mistake>)> {
    let ways: [(Strip, Option<Mistake>); 7] = [
        (pkcs7, None),
        (x923, Some(Mistake::X923)),
        (iso7816, Some(Mistake::Iso7816)),
        (zeros, Some(Mistake::ZeroPadding)),
        (spaces, Some(Mistake::SpacePadding)),
        (iso10126, Some(Mistake::Iso10126)),
        (|plain| Some(plain), Some(Mistake::NoPadding)),
    ];
    ways.into_iter().filter_map(move |(strip, mistake)| Some((strip(plain)?, mistake)))
}

/// n bytes of the value n.
pub(crate) fn pkcs7(plain: &[u8]) -> Option<&[u8]> {
    let (body, padding) = counted(plain)?;
    padding.iter().all(|byte| usize::from(*byte) == padding.len()).then_some(body)
}

fn x923(plain: &[u8]) -> Option<&[u8]> {
    let (body, padding) = counted(plain)?;
    let (_, filled) = padding.split_last()?;
    filled.iter().all(|byte| *byte == 0).then_some(body)
}

fn iso10126(plain: &[u8]) -> Option<&[u8]> {
    counted(plain).map(|(body, _)| body)
}

/// The last byte says how many there are.
fn counted(plain: &[u8]) -> Option<(&[u8], &[u8])> {
    let count = usize::from(*plain.last()?);
    let body = plain.len().checked_sub(count)?;
    (1..=BLOCK).contains(&count).then(|| plain.split_at(body))
}

fn iso7816(plain: &[u8]) -> Option<&[u8]> {
    let (body, filled) = ending(plain, 0);
    let (last, body) = body.split_last()?;
    (*last == 0x80 && filled < BLOCK).then_some(body)
}

fn zeros(plain: &[u8]) -> Option<&[u8]> {
    let (body, filled) = ending(plain, 0);
    // In UTF-16 the last character ends in a zero of its own.
    let even = body.len() % 2 == 1 && plain.get(1) == Some(&0);
    (1..=BLOCK).contains(&filled).then(|| &plain[..body.len() + usize::from(even)])
}

fn spaces(plain: &[u8]) -> Option<&[u8]> {
    let (body, filled) = ending(plain, b' ');
    (1..=BLOCK).contains(&filled).then_some(body)
}

/// What stands before the last bytes of one value, and how many those are.
fn ending(plain: &[u8], value: u8) -> (&[u8], usize) {
    let length = plain.iter().rposition(|byte| *byte != value).map_or(0, |at| at + 1);
    (&plain[..length], plain.len() - length)
}
