//! Keys that must never be used here: those of production, known by their check values.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use yanmi_protocol::Sm4Key;

/// Check values there may be.
const MOST: usize = 200_000;
/// Digits of one.
const DIGITS: usize = 6;

/// Check values of keys that are refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefusedKeys(HashSet<String>);

impl RefusedKeys {
    /// Reads a file with one check value at the beginning of each line; whatever follows a blank or a comma is for people, and
    /// so are lines that begin with `#`.
    ///
    /// # Errors
    /// What the system says, or which line is no check value.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut all = HashSet::new();
        for (number, line) in lines {
            let value = line.split([' ', ',', '\t']).next().unwrap_or_default().to_ascii_uppercase();
            if value.len() != DIGITS || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(io::Error::other(format!("第 {number} 行不是密钥校验值（{DIGITS} 位十六进制）")));
            }
            all.insert(value);
            if all.len() > MOST {
                return Err(io::Error::other(format!("超过 {MOST} 个密钥校验值")));
            }
        }
        Ok(Self(all))
    }

    /// Whether this key may not be used. With many check values a key that is none of them can be taken for one: it costs its
    /// owner another key.
    pub(crate) fn refuse(&self, key: &Sm4Key) -> bool {
        self.0.contains(&key.kcv().to_string().to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_check_values() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kcv.txt");
        let (known, other) = (Sm4Key::from_bytes(&[1; 16]), Sm4Key::from_bytes(&[2; 16]));
        fs::write(&file, format!("# 生产\n\n{},his001\n", known.kcv().to_string().to_lowercase()))
            .expect("written");
        let refused = RefusedKeys::read(&file).expect("good");
        assert!(refused.refuse(&known) && !refused.refuse(&other) && !RefusedKeys::default().refuse(&known));
        fs::write(&file, "ABCDEF\nABCDE\n").expect("written");
        assert!(RefusedKeys::read(&file).expect_err("bad").to_string().contains("第 2 行"));
    }
}
