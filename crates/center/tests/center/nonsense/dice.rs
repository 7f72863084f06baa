//! Chance with a seed, so that a failure can be looked at again.

use serde_json::Value;
use yanmi_center::ports::Entropy;

/// What may stand where something else should.
const NASTY: [&str; 20] = [
    "null",
    "\"\"",
    "0",
    "-1",
    "1e400",
    "1.005",
    "true",
    "[]",
    "{}",
    "[[[[[[[[[[[[1]]]]]]]]]]]]",
    "{\"a\":{\"a\":{\"a\":null}}}",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\u{202E}\"",
    "\"𠮷\"",
    "\"1\"",
    "\"2\"",
    "99999999999999999999999999",
    "\"'; DROP TABLE verifications; --\"",
    "\"../../../etc/passwd%00\"",
];

/// Throws.
pub(crate) struct Dice(Entropy);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Entropy::seeded(seed))
    }

    /// A number below `sides`.
    pub(crate) fn below(&self, sides: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        let wide = u64::from_le_bytes(bytes) % u64::try_from(sides).expect("few sides");
        usize::try_from(wide).expect("below a number that fits")
    }

    pub(crate) fn byte(&self) -> u8 {
        u8::try_from(self.below(256)).expect("a byte")
    }

    /// Changes, takes away or puts in up to six bytes.
    pub(crate) fn mutate(&self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len().max(1));
            match self.below(4) {
                0 if !bytes.is_empty() => {
                    bytes.remove(at);
                }
                1 => bytes.insert(at, self.byte()),
                2 => bytes.truncate(at.max(bytes.len() / 2)),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = self.byte();
                    }
                }
            }
        }
    }

    /// The same object with members missing, doubled, out of order, of other types, and with some nobody knows.
    pub(crate) fn scramble(&self, object: &str) -> String {
        let parsed: Value = serde_json::from_str(object).unwrap_or_default();
        let mut members: Vec<String> = Vec::new();
        for (name, value) in parsed.as_object().into_iter().flatten() {
            match self.below(8) {
                0 => {}
                1 => members.push(format!("\"{name}\":{}", NASTY[self.below(NASTY.len())])),
                2 => members.extend([format!("\"{name}\":{value}"), format!("\"{name}\":{value}")]),
                3 => members.insert(0, format!("\"{name}\":{value}")),
                4 => members.push(format!("\"{}\":{value}", name.to_uppercase())),
                _ => members.push(format!("\"{name}\":{value}")),
            }
        }
        for extra in 0..self.below(3) * self.below(40) {
            members.push(format!("\"x{extra}\":{}", NASTY[self.below(NASTY.len())]));
        }
        format!("{{{}}}", members.join(","))
    }
}
