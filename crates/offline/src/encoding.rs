//! What texts are in: UTF-8, or the code page of Chinese Windows.

use encoding_rs::GBK;

/// What the texts of a program or of a vendor's file are in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// Linux, Android and browsers.
    #[default]
    Utf8,
    /// CP936: what Windows calls ANSI in China.
    Gbk,
}

impl Encoding {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gbk => "GBK",
        }
    }

    /// The text of these bytes, when they are of this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Gbk => GBK.decode_without_bom_handling_and_without_replacement(bytes).map(String::from),
        }
    }

    /// The bytes of this text; what the encoding does not have becomes a question mark. There is room for a NUL behind
    /// them, and they are never moved, so that whoever wipes them wipes all there is.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1);
        for c in text.chars() {
            if c.is_ascii() {
                out.push(c as u8);
            } else {
                out.extend_from_slice(&self.encode_char(c).unwrap_or_else(|| b"?".to_vec()));
            }
        }
        out
    }

    /// The bytes of this character; nothing when the encoding does not have it.
    pub fn encode_char(self, c: char) -> Option<Vec<u8>> {
        let mut room = [0; 4];
        let text = c.encode_utf8(&mut room);
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Gbk => {
                let (bytes, _, strange) = GBK.encode(text);
                (!strange).then(|| bytes.into_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Encoding;

    #[test]
    fn both_encodings_and_what_they_do_not_have() {
        let gbk = b"\xBD\xE1\xCB\xE3\x80 ";
        assert_eq!(Encoding::Gbk.decode(gbk).as_deref(), Some("结算€ "));
        assert_eq!(Encoding::Gbk.encode("结算€ "), gbk);
        assert_eq!(Encoding::Gbk.encode("结😀"), b"\xBD\xE1?");
        assert_eq!(Encoding::Utf8.encode("结😀"), "结😀".as_bytes());
        for strange in [&b"\xFF"[..], b"\xBD", b"\x81\x20"] {
            assert_eq!(Encoding::Gbk.decode(strange), None);
            assert_eq!(Encoding::Utf8.decode(strange), None);
        }
    }
}
