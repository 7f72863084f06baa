//! Keys: what is refused and why, and keys handed over.

use yanmi_papers::{
    Chance, Forged, KeyId, Offer, OfferError, Paper, PaperError, PrivateKey, PrivateKeyError, PublicKey,
    Signature, Signed,
};
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};

use crate::{application, foreseen, private_key};

const P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----";
const ED25519: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----";

#[test]
fn a_public_key_is_read_or_refused_with_the_reason() {
    let key = private_key(1);
    let (public, hex) = (key.public(), key.public().to_hex());
    assert_eq!(hex.len(), 130);
    for text in [
        hex.clone(),
        hex.to_lowercase(),
        format!(" {hex}\r\n"),
        public.to_pem(),
        public.to_pem().replace('\n', "\r\n"),
    ] {
        assert_eq!(PublicKey::read(&text).as_ref(), Ok(&public), "{text}");
    }
    assert_eq!(KeyId::read(&public.id().to_string()), Some(public.id()));
    let moved = format!("{}{}", &hex[..129], if hex.ends_with('0') { '1' } else { '0' });
    let beyond = format!("04{}{}", "F".repeat(64), &hex[66..]);
    let identity_pem =
        "-----BEGIN PUBLIC KEY-----\nMBkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DAgAA\n-----END PUBLIC KEY-----"
            .to_owned();
    for (text, words) in [
        (String::new(), "应为 PEM"),
        ("密钥".to_owned(), "应为 PEM"),
        ("0".repeat(5_000), "超过 4096 字节"),
        (hex[..128].to_owned(), "实际为 128 位"),
        (hex[..129].to_owned(), "实际为 129 位"),
        (format!("02{}", &hex[2..66]), "压缩形式"),
        (format!("05{}", &hex[2..]), "应以 04 开头"),
        ("00".to_owned(), "无穷远点"),
        (format!("04{}", "0".repeat(128)), "无穷远点"),
        (identity_pem, "无穷远点"),
        (moved, "不是 SM2 曲线上的点"),
        (beyond, "不是 SM2 曲线上的点"),
        (P256.to_owned(), "曲线不是 SM2，而是 P-256"),
        (ED25519.to_owned(), "算法不是 SM2（椭圆曲线），而是 1.3.101.112"),
        (key.to_pem().to_string(), "这是私钥"),
        (public.to_pem().replace("PUBLIC KEY", "CERTIFICATE"), "PEM 的类型是 CERTIFICATE"),
        (public.to_pem().replace("MFkw", "MFow"), "损坏"),
        ("-----BEGIN PUBLIC KEY-----".to_owned(), "损坏"),
    ] {
        let error = PublicKey::read(&text).expect_err(&text);
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

#[test]
fn a_private_key_is_read_as_it_was_written_and_shows_nothing() {
    let key = private_key(1);
    let pem = key.to_pem();
    assert_eq!(PrivateKey::from_pem(&pem).expect("a key").public(), key.public());
    assert_eq!(format!("{key:?}"), format!("PrivateKey(of {})", key.public().id()));
    for (text, error) in [
        ("", PrivateKeyError::Form),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", PrivateKeyError::NotSm2),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", PrivateKeyError::Protected),
        ("-----BEGIN EC PARAMETERS-----\n-----BEGIN EC PRIVATE KEY-----\n", PrivateKeyError::Older),
        (&pem.replace("PRIVATE", "PUBLIC"), PrivateKeyError::Form),
    ] {
        assert_eq!(PrivateKey::from_pem(text).err(), Some(error), "{text}");
    }
}

#[test]
fn a_proof_is_of_one_key_and_one_application() {
    let (key, other) = (private_key(1), private_key(2));
    let proof = key.prove(application(1)).expect("a signature");
    assert_eq!(key.public().check_proof(application(1), &proof), Ok(()));
    assert_eq!(key.prove(application(1)), Some(proof), "the same each time");
    let error = other.public().check_proof(application(1), &proof).expect_err("another key");
    assert!(error.to_string().contains("A350000-2026-000001"), "{error}");
    assert!(key.public().check_proof(application(2), &proof).is_err(), "another application");
    assert_eq!(Signature::from_base64(&proof.to_base64()), Ok(proof));
    let mut der = proof.to_der();
    assert_eq!(Signature::from_der(&der), Ok(proof));
    for at in 0..der.len() {
        der[at] ^= 1;
        let right = Signature::from_der(&der)
            .is_ok_and(|changed| key.public().check_proof(application(1), &changed).is_ok());
        assert!(!right, "byte {at}");
        der[at] ^= 1;
    }
    for text in ["", "AAAA", "不是", &"A".repeat(97)] {
        assert!(Signature::from_base64(text).is_err(), "{text}");
    }
}

fn offer(sequence: u32, recipient: &PublicKey, key: &Sm4Key) -> Offer {
    let org_id = AccountId::new("his001").expect("an account");
    let at = UnixMillis::new(1_795_000_000_000);
    Offer::new(application(sequence), org_id, (1, key), recipient, at, &mut Chance::new(&mut foreseen(9)))
        .expect("an offer")
}

#[test]
fn an_offer_opens_for_its_recipient_alone() {
    let (center, recipient, other) = (private_key(1), private_key(2), private_key(3));
    let key = Sm4Key::from_bytes(&[7; 16]);
    let signed = Signed::new(offer(1, &recipient.public(), &key), &center).expect("signed");
    let read: Signed<Offer> = Signed::read(signed.to_json().as_bytes()).expect("read");
    assert_eq!(read, signed);
    assert_eq!(read.check(&center.public()), Ok(()));
    assert_eq!(read.paper().open(&recipient), Ok(key.clone()));
    let (named, given) = (recipient.public().id(), other.public().id());
    assert_eq!(read.paper().open(&other), Err(OfferError::OtherRecipient { named, given }));
    let elsewhere = Forged::OtherKey { named: center.public().id(), given };
    assert_eq!(read.check(&other.public()), Err(elsewhere));
    let json = signed.to_json();
    assert!(!json.contains(&*key.to_hex()) && !json.contains(&key.kcv().to_string()), "{json}");
    assert!(!format!("{signed:?}").contains(&*key.to_hex()));
}

#[test]
fn what_is_changed_in_an_offer_is_noticed() {
    let (center, recipient) = (private_key(1), private_key(2));
    let key = Sm4Key::from_bytes(&[7; 16]);
    let json = Signed::new(offer(1, &recipient.public(), &key), &center).expect("signed").to_json();
    let another = Signed::new(offer(2, &recipient.public(), &key), &center).expect("signed").to_json();
    let cipher = |json: &str| {
        json.split_once("\"cipher\":\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(text, _)| text.to_owned())
            .expect("it")
    };
    let flipped = |text: &str| text.replacen('A', "B", 1);
    for (from, to) in [
        ("A350000-2026-000001", "A350000-2026-000002".to_owned()),
        ("his001", "his002".to_owned()),
        ("\"generation\":1", "\"generation\":2".to_owned()),
        ("1795000000000", "1795000000001".to_owned()),
        (&recipient.public().id().to_string(), center.public().id().to_string()),
        (&cipher(&json), flipped(&cipher(&json))),
        (&cipher(&json), cipher(&another)),
    ] {
        let changed = json.replace(from, &to);
        assert_ne!(changed, json, "{from}");
        let read: Result<Signed<Offer>, PaperError> = Signed::read(changed.as_bytes());
        assert_eq!(read.expect("a form").check(&center.public()), Err(Forged::Changed), "{from}");
    }
    // Whoever does not check the signature is told by the cipher text.
    let swapped: Signed<Offer> =
        Signed::read(json.replace(&cipher(&json), &cipher(&another)).as_bytes()).expect("a form");
    assert_eq!(swapped.paper().open(&recipient), Err(OfferError::OtherApplication(application(1))));
    let broken: Signed<Offer> =
        Signed::read(json.replace(&cipher(&json), &flipped(&cipher(&json))).as_bytes()).expect("a form");
    assert_eq!(broken.paper().open(&recipient), Err(OfferError::NotOpened));
}

#[test]
fn refusals_of_a_file_name_the_member() {
    let json =
        Signed::new(offer(1, &private_key(2).public(), &Sm4Key::from_bytes(&[7; 16])), &private_key(1))
            .expect("signed")
            .to_json();
    for (from, to, words) in [
        ("{\"schema\":1,", "{\"schema\":2,", "schema 应为 1"),
        ("{\"schema\":1,", "{\"schema\":1,\"note\":\"x\",", "note 不是已知的成员"),
        ("\"kid\":", "\"more\":1,\"kid\":", "signature.more 不是已知的成员"),
        ("\"orgId\":\"his001\",", "", "orgId 缺失"),
        ("A350000", "B350000", "application 应为申请编号"),
        ("\"generation\":1", "\"generation\":0", "generation 应在 1 至"),
        ("\"signature\":{", "\"signature\":{\"kid\":1,", "signature.kid 重复出现"),
        ("\"cipher\":\"", "\"cipher\":\"*", "cipher 应为SM2 密文"),
        ("{\"schema\"", "[{\"schema\"", "JSON"),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json, "{from}");
        let error = Signed::<Offer>::read(changed.as_bytes()).expect_err(from);
        assert!(error.to_string().contains(words), "{from}: {error}");
    }
    let long = " ".repeat(Offer::MAX_BYTES) + &json;
    assert_eq!(Signed::<Offer>::read(long.as_bytes()), Err(PaperError::TooLong(Offer::MAX_BYTES)));
}
