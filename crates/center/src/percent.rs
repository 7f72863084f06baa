//! Texts as parts of an address (RFC 3986).

use std::fmt::Write;

/// Percent encoding of everything that is not unreserved, a colon and a blank too.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into memory cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_unreserved_is_encoded() {
        assert_eq!(encoded("aZ09-._~"), "aZ09-._~");
        assert_eq!(encoded("a b&c=d%e+f:/某"), "a%20b%26c%3Dd%25e%2Bf%3A%2F%E6%9F%90");
    }
}
