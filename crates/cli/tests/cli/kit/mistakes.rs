//! Every kind of mistake the doctor knows, made on purpose.

use aes::Aes128;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use md5::Md5;
use sha1::{Digest, Sha1};
use sm4::Sm4;
use sm4::cipher::{Block, BlockCipherEncrypt, KeyInit};
use yanmi_doctor::Mistake::{self, *};
use yanmi_doctor::diagnose;
use yanmi_protocol::hex::encode;

use super::vectors::{KEY, Vector, key, opened};

const BLOCK: usize = 16;
const ASCII_KEY: &str = "yanmi-test-key-1";
/// With a character that needs two units in UTF-16.
const MESSAGE: &str = "{\"token\":\"350000ec7ioqup8p1o0761820a0000f1f8b13d\",\"orgCodg\":\"H35010000001\",\"orgName\":\"福州𠮷祥医院\"}";
/// Fills its blocks.
const WHOLE: &str = "{\"token\": \"xxx\"}";
const VECTOR: [u8; BLOCK] = *b"initial-vector-1";

/// A row for each of them: how it was sealed, what opening gives, and what the doctor says.
pub(super) fn all() -> Vec<Vector> {
    Mistake::NAMES
        .iter()
        .map(|(mistake, name)| {
            let (written, text) = (if *mistake == TextKeyAsHex { ASCII_KEY } else { KEY }, made(*mistake));
            let found = diagnose(&key(written), &text).unwrap_or_else(|| panic!("{name} is not explained"));
            assert!(found.mistakes().contains(mistake), "{name}: {:?}", found.mistakes());
            let (result, says) = (opened(&key(written), &text), found.to_string());
            let members = [("key", written), ("encData", &text), ("says", &says), ("result", &result)];
            Vector::new(format!("mistake: {name}"), "unseal", &members)
        })
        .collect()
}

fn made(mistake: Mistake) -> String {
    let right = right();
    let upper = encode(&right);
    match mistake {
        Spaced => upper
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line))
            .collect::<Vec<_>>()
            .join("\n"),
        Separated => right.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join("-"),
        Quoted => format!("\"{upper}\""),
        Prefixed => format!("0x{upper}"),
        PercentEncoded => STANDARD.encode(&right).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        PlusLost => STANDARD.encode(&right).replace('+', " "),
        Decimals => format!("{:?}", right.iter().map(|byte| byte.cast_signed()).collect::<Vec<_>>()),
        Base64 => STANDARD.encode(&right),
        Base64Url => URL_SAFE_NO_PAD.encode(&right),
        Base64Twice => STANDARD.encode(STANDARD.encode(&right)),
        Base64OfHex => STANDARD.encode(upper),
        HexTwice => encode(upper.as_bytes()),
        HexOfBase64 => encode(STANDARD.encode(&right).as_bytes()),
        Latin1 => encode(right.iter().map(|byte| char::from(*byte)).collect::<String>().as_bytes()),
        Damaged => encode(String::from_utf8_lossy(&right).as_bytes()),
        Cut => upper[..77].to_owned(),
        LastBlockMissing => upper[..upper.len() - 2 * BLOCK].to_owned(),
        _ => encode(&enciphered(mistake)),
    }
}

/// Those whose bytes are written as they should be.
fn enciphered(mistake: Mistake) -> Vec<u8> {
    let (bytes, digits) = (*key(KEY).bytes(), KEY.as_bytes());
    let message = MESSAGE.as_bytes();
    let with = |other: [u8; BLOCK]| ecb(&other, &padded(message));
    match mistake {
        HexKeyAsText => with(first(digits)),
        TextKeyAsHex => with(as_digits(ASCII_KEY)),
        HalfKey => with(first(&[&bytes[..8], &[0; 8]].concat())),
        Md5Key => with(Md5::digest(digits).into()),
        Sha1PrngKey => with(first(&Sha1::digest(Sha1::digest(digits)))),
        Base64Key => with(first(&STANDARD.decode(digits).expect("Base64"))),
        ReversedKey => with(first(&bytes.iter().rev().copied().collect::<Vec<_>>())),
        Aes => {
            let cipher = Aes128::new(&bytes.into());
            padded(message).chunks(BLOCK).flat_map(|chunk| block(&cipher, first(chunk))).collect()
        }
        CbcZero => cbc(&bytes, [0; BLOCK]),
        CbcKey => cbc(&bytes, bytes),
        CbcFront => [&VECTOR[..], &cbc(&bytes, VECTOR)].concat(),
        CbcUnknown => cbc(&bytes, VECTOR),
        Double => ecb(&bytes, &padded(&right())),
        _ => ecb(&bytes, &treated(mistake)),
    }
}

/// Those that are enciphered as they should be: padding, character set and JSON.
fn treated(mistake: Mistake) -> Vec<u8> {
    let message = MESSAGE.as_bytes();
    let count = BLOCK - message.len() % BLOCK;
    let tail = |filling: &[u8]| [message, filling].concat();
    let last = u8::try_from(count).expect("a small number");
    let ended = |byte: fn(usize) -> u8| (1..count).map(byte).chain([last]).collect::<Vec<_>>();
    let quoted = serde_json::to_string(MESSAGE).expect("a text");
    match mistake {
        ZeroPadding => tail(&vec![0; count]),
        Iso7816 => tail(&(0..count).map(|at| if at == 0 { 0x80 } else { 0 }).collect::<Vec<_>>()),
        X923 => tail(&ended(|_| 0)),
        Iso10126 => tail(&ended(|at| VECTOR[at])),
        SpacePadding => tail(&vec![b' '; count]),
        NoPadding => WHOLE.as_bytes().to_vec(),
        ByteOrderMark => padded(format!("\u{FEFF}{MESSAGE}").as_bytes()),
        Gbk => padded(&encoding_rs::GBK.encode(&MESSAGE.replace('𠮷', "吉")).0),
        Utf16 => padded(&MESSAGE.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        Cesu8 => padded(&cesu8(MESSAGE)),
        JsonTwice => padded(quoted.as_bytes()),
        Escaped => padded(quoted.trim_matches('"').as_bytes()),
        UrlEncoded => padded(percent(MESSAGE).as_bytes()),
        HtmlEscaped => padded(MESSAGE.replace('"', "&quot;").as_bytes()),
        SingleQuotes => padded(MESSAGE.replace('"', "'").as_bytes()),
        Form => padded(b"token=350000ec7ioqup8p1o0761820a0000f1f8b13d&orgCodg=H35010000001"),
        Xml => padded(b"<req><token>350000ec7ioqup8p1o0761820a0000f1f8b13d</token></req>"),
        WholeEnvelope => {
            padded(format!("{{\"orgId\":\"testOrgId\",\"encData\":\"{}\"}}", encode(&right())).as_bytes())
        }
        other => panic!("{} is not made", other.word()),
    }
}

fn right() -> Vec<u8> {
    ecb(key(KEY).bytes(), &padded(MESSAGE.as_bytes()))
}

fn first(bytes: &[u8]) -> [u8; BLOCK] {
    bytes[..BLOCK].try_into().expect("a block")
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let count = BLOCK - bytes.len() % BLOCK;
    [bytes, &vec![u8::try_from(count).expect("a small number"); count]].concat()
}

fn block<C: BlockCipherEncrypt>(cipher: &C, bytes: [u8; BLOCK]) -> Vec<u8> {
    let mut out = Block::<C>::try_from(&bytes[..]).expect("a block");
    cipher.encrypt_block(&mut out);
    out.to_vec()
}

fn ecb(key: &[u8; BLOCK], bytes: &[u8]) -> Vec<u8> {
    let cipher = Sm4::new(&(*key).into());
    bytes.chunks(BLOCK).flat_map(|chunk| block(&cipher, first(chunk))).collect()
}

fn cbc(key: &[u8; BLOCK], vector: [u8; BLOCK]) -> Vec<u8> {
    let (cipher, mut before, mut out) = (Sm4::new(&(*key).into()), vector, Vec::new());
    for chunk in padded(MESSAGE.as_bytes()).chunks(BLOCK) {
        let mixed: Vec<u8> = chunk.iter().zip(before).map(|(byte, other)| byte ^ other).collect();
        before = first(&block(&cipher, first(&mixed)));
        out.extend(before);
    }
    out
}

/// What is no digit becomes zero, as in libraries that do not look.
fn as_digits(text: &str) -> [u8; BLOCK] {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0);
    let byte = |pair: &[u8]| {
        u8::try_from(pair.iter().fold(0, |value, byte| value * 16 + digit(byte))).expect("a byte")
    };
    let mut out = [0; BLOCK];
    out.iter_mut().zip(text.as_bytes().chunks(2)).for_each(|(slot, pair)| *slot = byte(pair));
    out
}

/// Each unit of UTF-16 as three bytes where it is half a character.
fn cesu8(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(whole) => out.extend(whole.to_string().bytes()),
            None => out.extend([
                0xE0 | (unit >> 12) as u8,
                0x80 | (unit >> 6 & 0x3F) as u8,
                0x80 | (unit & 0x3F) as u8,
            ]),
        }
    }
    out
}

fn percent(text: &str) -> String {
    let written = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(written).collect()
}
