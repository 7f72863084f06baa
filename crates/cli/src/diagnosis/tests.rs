use sm4::cipher::BlockCipherEncrypt;

use super::*;
use yanmi_protocol::envelope::seal;

const MESSAGE: &str = "{\"token\":\"350000ec7ioqup8p1o0761820a0000f1f8b13d\",\"orgCodg\":\"H35010000001\"}";

fn key() -> Sm4Key {
    Sm4Key::from_hex("00112233445566778899AABBCCDDEEFF").expect("a key")
}

/// Enciphers whole blocks, each first mixed with what was enciphered before it if `chained`.
fn encipher(key: &Sm4Key, padded: &[u8], chained: bool) -> Vec<u8> {
    let cipher = Sm4::new(&(*key.bytes()).into());
    let mut out: Vec<u8> = Vec::new();
    for chunk in padded.as_chunks::<BLOCK>().0 {
        let mut block = *chunk;
        if chained && !out.is_empty() {
            let before = out.len() - BLOCK;
            block.iter_mut().zip(&out[before..]).for_each(|(byte, old)| *byte ^= old);
        }
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        out.extend_from_slice(&block);
    }
    out
}

fn padded(message: &str) -> Vec<u8> {
    let mut bytes = message.as_bytes().to_vec();
    let padding = BLOCK - bytes.len() % BLOCK;
    bytes.resize(bytes.len() + padding, u8::try_from(padding).expect("small"));
    bytes
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |w, b| (w << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = LETTERS[((word >> (18 - 6 * at)) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

fn bytes(digits: &str) -> Vec<u8> {
    from_hex(digits).expect("digits")
}

#[test]
fn every_mistake_of_the_field_is_named() {
    let right = seal(&key(), MESSAGE.as_bytes());
    let ascii = Sm4Key::from_ascii("yanmi-test-key-1").expect("a key");
    let hex_as_text = Sm4Key::from_ascii("0011223344556677").expect("a key");
    let mut zero = MESSAGE.as_bytes().to_vec();
    zero.resize(zero.len().next_multiple_of(BLOCK), 0);
    let gbk = [b"{\"orgName\":\"".as_slice(), &[0xB8, 0xA3, 0xD6, 0xDD], b"\"}"].concat();
    let rows: Vec<(Sm4Key, String, &str)> = vec![
        (key(), base64(&bytes(&right)), "Base64 编码：应为"),
        (key(), base64(base64(&bytes(&right)).as_bytes()), "Base64 编码了两次"),
        (key(), base64(right.as_bytes()), "又作了 Base64"),
        (key(), hex(right.as_bytes()), "两次十六进制"),
        (key(), hex(base64(&bytes(&right)).as_bytes()), "Base64 之后又转成十六进制"),
        (key(), format!("{}\n{}", &right[..64], &right[64..]), "换行或空格"),
        (key(), hex(&encipher(&key(), &zero, false)), "零填充"),
        (key(), hex(&encipher(&key(), &padded(MESSAGE), true)), "CBC"),
        (key(), seal(&key(), &gbk), "GBK"),
        (key(), seal(&key(), format!("\u{FEFF}{MESSAGE}").as_bytes()), "BOM"),
        (key(), seal(&key(), serde_json::json!(MESSAGE).to_string().as_bytes()), "带引号的字符串"),
        (key(), seal(&key(), b"[{\"encData\":\"AB\",\"orgId\":\"x\"}]"), "整个报文"),
        (key(), right[..right.len() - 32].to_owned(), "缺少最后一块"),
        (key(), right[..right.len() - 7].to_owned(), "被截断"),
        (key(), seal(&hex_as_text, MESSAGE.as_bytes()), "当作文本使用"),
    ];
    for (key, sealed, words) in rows {
        let said = explain(&key, &sealed).unwrap_or_default();
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(explain(&ascii, &right), None, "simply another key");
}

#[test]
fn a_text_key_taken_as_digits_is_named() {
    let key = Sm4Key::from_ascii("yanmi-test-key-1").expect("a key");
    let mut digits = [0; BLOCK];
    let pairs = "yanmi-test-key-1".as_bytes().chunks(2);
    for (slot, pair) in digits.iter_mut().zip(pairs) {
        let value = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
        *slot = u8::try_from(value(pair[0]) * 16 + value(pair[1])).expect("a byte");
    }
    let sealed = seal(&Sm4Key::from_bytes(digits), MESSAGE.as_bytes());
    assert!(explain(&key, &sealed).unwrap_or_default().contains("当作十六进制"));
}
