//! Keys as people write them: 32 hexadecimal digits, or 16 ASCII characters.

use std::path::Path;

use yanmi_client::private;
use yanmi_protocol::Sm4Key;

use crate::failure::Failure;

/// Reads a key of either form; white space around it does not matter.
pub(crate) fn parse(text: &str) -> Result<Sm4Key, Failure> {
    Sm4Key::from_text(text).map_err(|error| Failure::new(error.to_string()))
}

/// Bytes of a key file that are looked at: 32 digits, and some room for blanks around them.
const MAX_KEY_FILE: u64 = 256;

/// Reads a key from a file that only its owner may read.
pub(crate) fn from_file(path: &Path) -> Result<Sm4Key, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::because(&format!("密钥文件 {} 不可用", path.display()), error)
    };
    parse(&private::read(path, MAX_KEY_FILE).map_err(|error| failed(&error))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let hex = parse(" 00112233445566778899aabbccddeeff\n").expect("a key");
        assert_eq!(&*hex.to_hex(), "00112233445566778899AABBCCDDEEFF");
        assert_eq!(parse("yanmi-test-key-1").expect("a key").bytes(), b"yanmi-test-key-1");
        assert!(parse("0011").expect_err("short").to_string().contains("实际为 4 位"));
    }
}
