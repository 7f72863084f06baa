//! Texts across the border: C strings in, C strings out, in UTF-8 or in the code page of Chinese Windows.
//!
//! Nothing is read behind the NUL or behind [`MAX_INPUT`], and nothing is written that does not fit whole: a program
//! that parses half a JSON finds what is not there.

use std::ffi::c_char;

use yanmi_offline::encoding::Encoding;
use zeroize::Zeroizing;

use crate::fault::{Fault, Kind};

/// Bytes of the longest text that is read, without its NUL.
pub const MAX_INPUT: usize = 64 * 1024;

/// The bytes of this JSON. Where `escape` is set, or a character is not in the encoding, it becomes `\uXXXX`;
/// outside of strings JSON is ASCII, so that is always right.
pub fn encode_json(encoding: Encoding, json: &str, escape: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c as u8);
            continue;
        }
        match (!escape).then(|| encoding.encode_char(c)).flatten() {
            Some(bytes) => out.extend_from_slice(&bytes),
            None => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out
}

/// The bytes before the NUL.
///
/// # Safety
/// `text` is NULL, or points to bytes of which one of the first [`MAX_INPUT`] + 1 is NUL, or to that many bytes.
#[expect(unsafe_code, reason = "what a C program hands in is read through its pointer")]
pub(crate) unsafe fn read(name: &str, text: *const c_char) -> Result<Zeroizing<Vec<u8>>, Fault> {
    if text.is_null() {
        return Err(Fault::new(Kind::Null, format!("{name} 为 NULL")));
    }
    let mut length = 0;
    // SAFETY: no byte before this one was NUL, so this one is still of the caller's text; and it is within the bound that
    // the caller vouches for.
    while unsafe { text.cast::<u8>().add(length).read() } != 0 {
        length += 1;
        if length > MAX_INPUT {
            return Err(Fault::new(
                Kind::TooLong,
                format!("{name} 超过 {MAX_INPUT} 字节，或没有以 NUL 结尾"),
            ));
        }
    }
    // Copied at once: what grows is moved, and leaves behind what nobody wipes.
    // SAFETY: all of these bytes were just read.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    Ok(Zeroizing::new(bytes.to_vec()))
}

/// Writes the bytes and a NUL, when both fit; nothing otherwise.
///
/// # Safety
/// `out` is NULL, or `size` bytes may be written from there on.
#[expect(unsafe_code, reason = "what a C program is answered is written through its pointer")]
pub(crate) unsafe fn write(bytes: &[u8], out: *mut c_char, size: usize) -> bool {
    if out.is_null() || bytes.len() >= size {
        return false;
    }
    let out = out.cast::<u8>();
    // SAFETY: `bytes.len() < size` bytes may be written, and a slice of ours does not overlap what is the caller's.
    unsafe { out.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    // SAFETY: the place behind the bytes is the `size`th at the latest.
    let end = unsafe { out.add(bytes.len()) };
    // SAFETY: as above.
    unsafe { end.write(0) };
    true
}

/// Writes a number, unless there is no place for it.
///
/// # Safety
/// `place` is NULL or may be written.
#[expect(unsafe_code, reason = "what a C program is answered is written through its pointer")]
pub(crate) unsafe fn write_number(number: usize, place: *mut i32) {
    if !place.is_null() {
        // SAFETY: it may be written. It need not be aligned: packed records are common where this is called from.
        unsafe { place.write_unaligned(i32::try_from(number).unwrap_or(i32::MAX)) };
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, encode_json};

    #[test]
    fn both_encodings_and_escapes() {
        let text = "{\"m\":\"结算€ 😀\"}";
        assert_eq!(encode_json(Encoding::Utf8, text, false), text.as_bytes());
        assert_eq!(encode_json(Encoding::Utf8, text, true), br#"{"m":"\u7ed3\u7b97\u20ac \ud83d\ude00"}"#);
        let gbk = encode_json(Encoding::Gbk, text, false);
        assert_eq!(gbk, b"{\"m\":\"\xBD\xE1\xCB\xE3\x80 \\ud83d\\ude00\"}");
        assert_eq!(Encoding::Gbk.decode(&gbk[..14]).as_deref(), Some("{\"m\":\"结算€ \\u"));
    }
}
