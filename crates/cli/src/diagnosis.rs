//! What is wrong with a cipher text that does not open.
//!
//! Each mistake listed here has been made in the field by people who integrated this very interface. Each is undone
//! in turn, and the one that yields a JSON object, or plainly a text, is named.

use sm4::Sm4;
use sm4::cipher::{BlockCipherDecrypt, KeyInit};
use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::CipherText;

const BLOCK: usize = 16;

/// The mistake that fits, in one Chinese sentence; nothing when none does.
pub(crate) fn explain(key: &Sm4Key, enc_data: &str) -> Option<String> {
    let squeezed: String = enc_data.chars().filter(|c| !c.is_whitespace()).collect();
    if squeezed != enc_data && opens(key, &squeezed) {
        return Some("encData 中夹有换行或空格：去掉后可以解密。".to_owned());
    }
    shape(key, &squeezed).or_else(|| content(key, &squeezed)).map(str::to_owned)
}

/// Mistakes of how the bytes are written.
fn shape(key: &Sm4Key, text: &str) -> Option<&'static str> {
    if let Some(bytes) = from_base64(text) {
        if opens(key, &hex(&bytes)) {
            return Some("encData 是 Base64 编码：应为大写十六进制。");
        }
        let inner = std::str::from_utf8(&bytes).ok();
        if inner.and_then(from_base64).is_some_and(|bytes| opens(key, &hex(&bytes))) {
            return Some("encData 被 Base64 编码了两次：应为大写十六进制。");
        }
        if inner.is_some_and(|inner| opens(key, inner)) {
            return Some("encData 是十六进制之后又作了 Base64 编码：去掉 Base64。");
        }
    }
    let bytes = from_hex(text)?;
    let inner = std::str::from_utf8(&bytes).ok();
    if inner.is_some_and(|inner| opens(key, inner)) {
        return Some("encData 被转成了两次十六进制：只转一次。");
    }
    if inner.and_then(from_base64).is_some_and(|bytes| opens(key, &hex(&bytes))) {
        return Some("encData 是 Base64 之后又转成十六进制：应直接把密文转成十六进制。");
    }
    None
}

/// Mistakes of key, mode, padding and text.
fn content(key: &Sm4Key, text: &str) -> Option<&'static str> {
    let bytes = from_hex(text)?;
    if !bytes.len().is_multiple_of(BLOCK) || bytes.is_empty() {
        return trimmed(key, &bytes);
    }
    let plain = decipher(key, &bytes);
    if looks_like_object(unpad_zero(&plain)) && plain.ends_with(&[0]) {
        return Some("填充用了零填充（ZeroPadding）：应为 PKCS7。");
    }
    if let Some(text) = unpad(&plain) {
        return Some(wrong_text(text));
    }
    if unpad(&decipher_chained(key, &bytes)).is_some_and(looks_like_object) {
        return Some("加密模式用了 CBC（零向量）：应为 ECB。");
    }
    if starts_like_object(&plain) {
        return Some("密文缺少最后一块：加密时多半漏掉了最后的填充块（doFinal）。");
    }
    other_key(key, &bytes)
}

/// The padding is right, so the key is; what is inside is not a JSON object in UTF-8.
fn wrong_text(text: &[u8]) -> &'static str {
    match std::str::from_utf8(text) {
        Err(_) => "明文不是 UTF-8，多半是 GBK：加密前把报文转成 UTF-8。",
        Ok(text) if text.starts_with('\u{FEFF}') => "明文以 BOM（U+FEFF）开头：去掉 BOM 再加密。",
        Ok(text) if text.trim_start().starts_with('"') => {
            "明文是一个带引号的字符串：报文被转成了两次 JSON，应直接加密 JSON 对象的文本。"
        }
        Ok(text) if text.contains("encData") => "加密的是整个报文：只加密业务参数的 JSON，结果放入 encData。",
        Ok(_) => "密钥正确，但明文不是一个 JSON 对象。",
    }
}

/// A cipher text that was cut within a block still shows its beginning.
fn trimmed(key: &Sm4Key, bytes: &[u8]) -> Option<&'static str> {
    let whole = bytes.len() / BLOCK * BLOCK;
    let plain = decipher(key, &bytes[..whole]);
    starts_like_object(&plain).then_some("密文被截断：长度不是整块，但开头可以解密。检查字段长度或打印截断。")
}

/// The other reading of the key's text.
fn other_key(key: &Sm4Key, bytes: &[u8]) -> Option<&'static str> {
    let digits = key.to_hex();
    // 32 digits taken as text: most libraries then use the first sixteen characters.
    for text in [digits.to_uppercase(), digits.to_lowercase()] {
        if let Ok(as_text) = Sm4Key::from_ascii(&text[..BLOCK])
            && opens(&as_text, &hex(bytes))
        {
            return Some("对方把十六进制密钥当作文本使用：应先转成 16 字节。");
        }
    }
    let text = std::str::from_utf8(key.bytes()).ok()?;
    // A library that takes text as digits turns what is no digit into zero, two characters a byte.
    let mut as_digits = [0; BLOCK];
    for (slot, pair) in as_digits.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap_or(0)).unwrap_or(0);
        *slot = pair.iter().fold(0, |value, byte| (value << 4) | digit(*byte));
    }
    opens(&Sm4Key::from_bytes(as_digits), &hex(bytes))
        .then_some("对方把 ASCII 密钥当作十六进制使用：应直接取 16 个字符的字节。")
}

fn opens(key: &Sm4Key, digits: &str) -> bool {
    CipherText::from_hex(digits).is_ok_and(|sealed| sealed.open(key).is_ok())
}

fn decipher(key: &Sm4Key, bytes: &[u8]) -> Vec<u8> {
    let cipher = Sm4::new(&(*key.bytes()).into());
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.as_chunks::<BLOCK>().0 {
        let mut block = (*chunk).into();
        cipher.decrypt_block(&mut block);
        out.extend_from_slice(&block);
    }
    out
}

fn decipher_chained(key: &Sm4Key, bytes: &[u8]) -> Vec<u8> {
    let mut plain = decipher(key, bytes);
    for at in BLOCK..plain.len() {
        plain[at] ^= bytes[at - BLOCK];
    }
    plain
}

fn unpad(plain: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*plain.last()?);
    let length = plain.len().checked_sub(padding)?;
    let right = (1..=BLOCK).contains(&padding) && plain[length..].iter().all(|b| usize::from(*b) == padding);
    right.then(|| &plain[..length])
}

fn unpad_zero(plain: &[u8]) -> &[u8] {
    let length = plain.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    &plain[..length]
}

fn looks_like_object(plain: &[u8]) -> bool {
    std::str::from_utf8(plain).is_ok_and(|text| yanmi_protocol::Members::parse(text).is_ok())
}

fn starts_like_object(plain: &[u8]) -> bool {
    let first = plain.iter().position(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|at| plain[at] == b'{') && plain.iter().take(BLOCK).all(|b| *b >= b' ' || *b == b'\n')
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0F)]).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits?;
    let value = |pair: &[u32]| u8::try_from(pair.iter().fold(0, |value, digit| value * 16 + digit)).ok();
    // A digit too many, as in a cut print, is left out.
    digits.chunks_exact(2).map(value).collect()
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    if body.is_empty() || !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in body.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xFF).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests;
