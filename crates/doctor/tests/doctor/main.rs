//! Every row of the table with the output of a library that people make the mistake with.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use yanmi_doctor::Mistake::{self, *};
use yanmi_doctor::{Diagnosis, Flaw, diagnose};
use yanmi_protocol::Sm4Key;
use yanmi_protocol::envelope::seal;

const KEY: &str = "00112233445566778899AABBCCDDEEFF";
/// With a character that needs two units in UTF-16.
const MESSAGE: &str = "{\"token\":\"350000ec7ioqup8p1o0761820a0000f1f8b13d\",\"orgCodg\":\"H35010000001\",\"orgName\":\"福州𠮷祥医院\"}";

type Rows = BTreeMap<String, String>;

fn key() -> Sm4Key {
    Sm4Key::from_hex(KEY).expect("a key")
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor"))
}

/// What a program prints, row by row.
fn rows(command: &mut Command) -> Rows {
    let name = format!("{command:?}");
    let ran =
        command.output().unwrap_or_else(|error| panic!("{name}: {error}; see ./test for what to install"));
    assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout).expect("text");
    let row = |line: &str| line.split_once('\t').map(|(name, rest)| (name.to_owned(), rest.to_owned()));
    text.lines().filter_map(row).collect()
}

fn diagnosed(rows: &Rows, name: &str) -> Diagnosis {
    let text = rows.get(name).unwrap_or_else(|| panic!("no row {name}"));
    diagnose(&key(), text).unwrap_or_else(|| panic!("{name} is not explained"))
}

/// Every row is explained so, and nothing is left over; what comes out is the message, where all of it can.
fn check(rows: &Rows, expected: &[(&str, &[Mistake])]) {
    for (name, mistakes) in expected {
        let found = diagnosed(rows, name);
        assert_eq!(found.mistakes(), *mistakes, "{name}");
        let lost = [Cut, LastBlockMissing, CbcUnknown, Damaged, Form, Xml, WholeEnvelope, NoPadding];
        if mistakes.iter().all(|mistake| !lost.contains(mistake)) {
            let plain: serde_json::Value =
                serde_json::from_str(found.plain().expect("a message")).expect(name);
            assert_eq!(plain, serde_json::from_str::<serde_json::Value>(MESSAGE).expect("JSON"), "{name}");
        }
    }
    let told: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    let silent: Vec<_> =
        rows.keys().filter(|name| *name != "right" && !told.contains(&name.as_str())).collect();
    assert!(silent.is_empty(), "rows without a mistake: {silent:?}");
    if let Some(right) = rows.get("right") {
        assert_eq!(*right, seal(&key(), MESSAGE.as_bytes()), "the library seals as we do");
        assert!(diagnose(&key(), right).is_none(), "nothing is wrong with it");
    }
}

#[test]
fn node() {
    let rows = rows(Command::new("node").arg(folder().join("rows.js")).args([KEY, MESSAGE]));
    check(
        &rows,
        &[
            ("base64", &[Base64]),
            ("base64url", &[Base64Url]),
            ("base64-twice", &[Base64Twice]),
            ("base64-of-hex", &[Base64OfHex]),
            ("hex-twice", &[HexTwice]),
            ("hex-of-base64", &[HexOfBase64]),
            ("latin1", &[Latin1]),
            ("damaged", &[Damaged]),
            ("quoted", &[Quoted]),
            ("percent", &[PercentEncoded, Base64]),
            ("plus-lost", &[PlusLost, Base64]),
            ("decimals", &[Decimals]),
            ("prefixed", &[Prefixed]),
            ("hex-key-as-text", &[HexKeyAsText]),
            ("aes256-text", &[Aes, HexKeyAsText]),
            ("half-key", &[HalfKey]),
            ("md5-key", &[Md5Key]),
            ("md5-16-key", &[Md5Key]),
            ("base64-key", &[Base64Key]),
            ("reversed-key", &[ReversedKey]),
            ("aes", &[Aes]),
            ("cbc-zero", &[CbcZero]),
            ("cbc-key", &[CbcKey]),
            ("cbc-front", &[CbcFront]),
            ("cbc-unknown", &[CbcUnknown]),
            ("double-hex", &[Double]),
            ("double-base64", &[Double, Base64]),
            ("double-raw", &[Double]),
            ("bom", &[ByteOrderMark]),
            ("utf16", &[Utf16]),
            ("json-twice", &[JsonTwice]),
            ("escaped", &[Escaped]),
            ("url-encoded", &[UrlEncoded]),
            ("form", &[Form]),
            ("envelope", &[WholeEnvelope]),
            ("last-block", &[LastBlockMissing]),
            ("cut", &[Cut]),
            ("base64+text-key", &[Base64, HexKeyAsText]),
            ("base64+cbc-zero", &[Base64, CbcZero]),
            ("aes+cbc-key", &[Aes, CbcKey]),
            ("aes+text-key", &[Aes, HexKeyAsText]),
            ("cbc-front+md5-key", &[CbcFront, Md5Key]),
            ("base64url+utf16", &[Base64Url, Utf16]),
            ("cbc-zero+bom", &[CbcZero, ByteOrderMark]),
        ],
    );
    let envelope = diagnosed(&rows, "envelope");
    assert!(envelope.plain().is_some_and(|plain| plain.contains("encData")));
    assert!(
        diagnosed(&rows, "cut").plain().is_some_and(|plain| MESSAGE.starts_with(plain) && plain.len() > 16)
    );
    assert!(diagnosed(&rows, "cbc-unknown").plain().is_some_and(|plain| plain.starts_with('…')));
}

#[test]
fn python_and_openssl() {
    let mut rows = rows(Command::new("python3").arg(folder().join("rows.py")).args([KEY, MESSAGE]));
    for text in rows.values_mut() {
        *text = serde_json::from_str(text).expect("a string");
    }
    let flaws: [(&str, Flaw, &str); 6] = [
        ("full-width", Flaw::Character(9, '：'), "第 9 个字符是全角标点“：”"),
        ("comma", Flaw::Character(39, '}'), "“}”"),
        ("ends", Flaw::End(37), "第 37 个字符就结束"),
        ("newline", Flaw::Character(12, '\n'), "U+000A"),
        ("half-gbk", Flaw::Byte(19, 0xB8), "第 19 个字节 B8"),
        ("array", Flaw::AnotherType, "不是对象"),
    ];
    for (name, flaw, words) in flaws {
        let found = diagnosed(&rows, name);
        assert_eq!((found.flaw(), found.mistakes()), (Some(flaw), &[][..]), "{name}");
        assert!(found.to_string().contains(words), "{name}: {found}");
        assert!(found.plain().is_some(), "the key is right: {name}");
        rows.remove(name);
    }
    check(
        &rows,
        &[
            ("spaced", &[Spaced]),
            ("mime", &[Spaced, Base64]),
            ("separated", &[Separated]),
            ("escaped-bytes", &[Prefixed]),
            ("zero", &[ZeroPadding]),
            ("x923", &[X923]),
            ("space", &[SpacePadding]),
            ("none", &[NoPadding]),
            ("gbk", &[Gbk]),
            ("utf16-be", &[Utf16]),
            ("cesu8", &[Cesu8]),
            ("single-quotes", &[SingleQuotes]),
            ("html", &[HtmlEscaped]),
            ("xml", &[Xml]),
            ("cbc-zero", &[CbcZero]),
            ("aes", &[Aes]),
            ("zero+gbk", &[ZeroPadding, Gbk]),
            ("aes+zero", &[Aes, ZeroPadding]),
            ("base64+zero", &[Base64, ZeroPadding]),
            ("cbc-zero+gbk", &[CbcZero, Gbk]),
        ],
    );
}

#[test]
fn java_and_bouncycastle() {
    let mut java = Command::new("java");
    java.args(["-cp", "/usr/share/java/bcprov.jar"]).arg(folder().join("Rows.java")).args([KEY, MESSAGE]);
    check(
        &rows(&mut java),
        &[
            ("iso7816", &[Iso7816]),
            // BouncyCastle fills it with noise.
            ("x923", &[Iso10126]),
            ("iso10126", &[Iso10126]),
            ("zero", &[ZeroPadding]),
            ("decimals", &[Decimals]),
            ("damaged", &[Damaged]),
            ("md5-key", &[Md5Key]),
            ("aes+sha1prng", &[Aes, Sha1PrngKey]),
            ("aes", &[Aes]),
            ("base64+iso7816", &[Base64, Iso7816]),
            ("aes+x923", &[Aes, Iso10126]),
        ],
    );
}

#[test]
fn dotnet() {
    let out = tempfile::tempdir().expect("a folder");
    let program = out.path().join("rows.exe");
    let compiled = Command::new("mcs")
        .arg(format!("-out:{}", program.display()))
        .arg(folder().join("Rows.cs"))
        .status()
        .expect("Debian package mono-mcs");
    assert!(compiled.success());
    let rows = rows(Command::new("mono").arg(program).arg(seal(&key(), MESSAGE.as_bytes())));
    check(&rows, &[("dashes", &[Separated]), ("base64-lines", &[Base64]), ("damaged", &[Damaged])]);
}

/// A library that reads a text as digits turns what is none into zero; OpenSSL's `-K` refuses, old ones do not.
#[test]
fn a_text_key_taken_as_digits() {
    let key = Sm4Key::from_ascii("yanmi-test-key-1").expect("a key");
    let mut digits = [0; 16];
    for (slot, pair) in digits.iter_mut().zip(b"yanmi-test-key-1".chunks(2)) {
        let value = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
        *slot = u8::try_from(value(pair[0]) * 16 + value(pair[1])).expect("a byte");
    }
    let sealed = seal(&Sm4Key::from_bytes(&digits), MESSAGE.as_bytes());
    assert_eq!(diagnose(&key, &sealed).expect("a diagnosis").mistakes(), [TextKeyAsHex]);
}

#[test]
fn nothing_is_made_up() {
    // Simply another key, whatever it is: a hundred messages, none explained.
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed.to_be_bytes()
    };
    for length in 1..=100 {
        let other: [u8; 16] = [next(), next()].concat().try_into().expect("sixteen");
        let message = format!("{{\"token\":\"{}\"}}", "x".repeat(length));
        let found = diagnose(&key(), &seal(&Sm4Key::from_bytes(&other), message.as_bytes()));
        assert!(found.is_none(), "{found:?}");
    }
    let endless = "A".repeat(yanmi_doctor::MAX_TEXT + 1);
    for nothing in ["", "结果", "{}", "00", "0x", "\"", "%", "[1,2]", &endless] {
        assert!(diagnose(&key(), nothing).is_none(), "{nothing:.9}");
    }
}

#[test]
fn what_is_displayed_holds_nothing_of_the_message() {
    let sealed = seal(&key(), b"{\"userName\":\"Zhang\",\"idNo\":\"350501199911173510\",}");
    let found = diagnose(&key(), &sealed).expect("a diagnosis");
    for text in [found.to_string(), format!("{found:?}")] {
        assert!(!text.contains("Zhang") && !text.contains("3505"), "{text}");
    }
}
