//! What may stand before the addresses of the specification in the path of a listener (E15).

/// A path in front: `/pcs`. Sites whose `localUrl` has a path of its own, or whose proxy passes one on, need it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// The longest there may be, in characters: as much of a path as a refusal shows.
    pub const MAX_LENGTH: usize = 80;

    /// Segments of letters, digits, `-`, `_`, `.` and `~`, each behind a slash, and no slash at the end.
    pub fn new(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        let segment =
            |part: &str| part.contains(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain);
        let right = text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment));
        (right && text.len() <= Self::MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::PathPrefix;

    #[test]
    fn only_a_path_is_a_prefix() {
        for right in ["/pcs", "/a/b-1", "/x.y"] {
            assert_eq!(PathPrefix::new(right).expect(right).as_str(), right);
        }
        let long = format!("/{}", "x".repeat(PathPrefix::MAX_LENGTH));
        for wrong in ["", "/", "pcs", "/pcs/", "//a", "/{x}", "/a b", "/..", "/测", &long] {
            assert_eq!(PathPrefix::new(wrong), None, "{wrong}");
        }
    }
}
