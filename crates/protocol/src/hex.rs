//! Hexadecimal digits: read in either case, written in upper case (E5).

/// The value of a hexadecimal digit; 0xFF for any other byte.
const fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0xFF,
    }
}

const VALUES: [u8; 256] = {
    let mut table = [0xFF; 256];
    let mut digit: u8 = 0;
    loop {
        table[digit as usize] = value(digit);
        if digit == u8::MAX {
            break table;
        }
        digit += 1;
    }
};

/// The byte two digits stand for; what is no digit sets bits of `bad`.
fn byte(pair: &[u8], bad: &mut u8) -> u8 {
    let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
    *bad |= (high | low) & 0xF0;
    (high << 4) | (low & 0x0F)
}

/// The bytes an even number of hexadecimal digits stands for; nothing for another text.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bad = 0;
    let bytes = text.as_bytes().chunks_exact(2).map(|pair| byte(pair, &mut bad)).collect();
    (bad == 0).then_some(bytes)
}

/// Reads digits to where a secret will stay; whether there were as many as it takes and nothing else.
pub(crate) fn decode_into(text: &str, place: &mut [u8]) -> bool {
    let mut bad = 0;
    for (slot, pair) in place.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *slot = byte(pair, &mut bad);
    }
    bad == 0 && text.len() == 2 * place.len()
}

/// The upper-case digits of these bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    push(bytes, &mut out);
    out
}

/// Writes the digits of these bytes behind what is there.
pub(crate) fn push(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 0x0F)]));
    }
}
