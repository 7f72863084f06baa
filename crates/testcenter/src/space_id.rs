//! What a space is known by: whoever knows it may do everything in it, so nobody can guess it.

use std::fmt;

use yanmi_center::ports::Entropy;

/// Letters and digits that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters: five bits each, so 130 bits.
const LENGTH: usize = 26;

/// The name of a space in addresses and on disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SpaceId([u8; LENGTH]);

impl SpaceId {
    /// One that nobody has.
    pub(crate) fn fresh(entropy: &Entropy) -> Self {
        Self(letters(entropy))
    }

    /// Reads one; a text that is none is as unknown as a space that is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|byte| ALPHABET.contains(byte)).then_some(Self(bytes))
    }

    /// As it stands in addresses.
    pub(crate) fn as_str(&self) -> &str {
        // The alphabet is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Enough to tell spaces apart in a log, and too little to enter one.
    pub(crate) fn short(&self) -> &str {
        &self.as_str()[..4]
    }
}

/// It is a capability: whoever reads a log must not have it.
impl fmt::Debug for SpaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpaceId({}…)", self.short())
    }
}

/// Unpredictable letters and digits.
pub(crate) fn letters<const N: usize>(entropy: &Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes.map(|byte| ALPHABET[usize::from(byte % 32)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_is_read_and_the_log_does_not_have_it() {
        let id = SpaceId::fresh(&Entropy::seeded(1));
        assert_eq!(SpaceId::read(id.as_str()), Some(id));
        let upper = id.as_str().to_ascii_uppercase();
        let long = format!("{}a", id.as_str());
        for wrong in
            ["", "../../../etc/passwd", &upper, &id.as_str()[1..], &long, "<script>alert(1)</script>aa"]
        {
            assert_eq!(SpaceId::read(wrong), None, "{wrong}");
        }
        assert!(!format!("{id:?}").contains(id.as_str()));
        assert_ne!(SpaceId::fresh(&Entropy::seeded(2)), id);
    }
}
