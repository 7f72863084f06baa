//! What a refusal says: never what may be about a person. Targets share this file.

/// Digits in a row that are somebody's: a telephone number has eleven, a document fifteen or more.
const PERSONAL: usize = 11;

/// Refuses words that repeat a long run of digits of what was refused.
///
/// # Panics
/// When they do.
pub(crate) fn tells_nothing(said: &str, input: &str) {
    let runs = said.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= PERSONAL);
    for run in runs {
        assert!(!input.contains(run), "a refusal repeats {run}: {said}");
    }
}
