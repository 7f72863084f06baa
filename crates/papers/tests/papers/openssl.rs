//! The same by OpenSSL, in both directions: whoever has it needs nothing of ours.

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sm3::{Digest, Sm3};
use yanmi_papers::{
    Chance, DEFAULT_ID, Feedback, Offer, Paper, PrivateKey, PublicKey, RunReport, Signature, Signed,
};
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};

use crate::{application, foreseen, private_key};

/// Runs `openssl` in a folder; what it wrote.
fn openssl(folder: &Path, words: &str) -> Vec<u8> {
    let ran = Command::new("openssl")
        .args(words.split(' '))
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("openssl 3 is installed");
    assert!(ran.status.success(), "{words}: {}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("written");
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("a text")
}

/// A key pair made by OpenSSL.
fn pair(folder: &Path) -> (String, PublicKey) {
    openssl(folder, "genpkey -algorithm SM2 -out sm2.pem");
    openssl(folder, "pkey -in sm2.pem -pubout -out public.pem");
    let public = PublicKey::read(&text(folder, "public.pem")).expect("a public key");
    (text(folder, "sm2.pem"), public)
}

#[test]
fn a_proof_by_openssl_is_taken_and_ours_by_openssl() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (pem, public) = pair(folder);
    write(folder, "number", application(7).to_string().as_bytes());
    let options = format!("-rawin -digest sm3 -pkeyopt distid:{DEFAULT_ID}");
    openssl(folder, &format!("pkeyutl -sign {options} -inkey sm2.pem -in number -out proof"));
    let proof = std::fs::read(folder.join("proof")).expect("a signature");
    let proof = Signature::from_der(&proof).expect("a signature");
    assert_eq!(public.check_proof(application(7), &proof), Ok(()));
    openssl(folder, "base64 -in proof -out proof.txt");
    assert_eq!(Signature::from_base64(&text(folder, "proof.txt")), Ok(proof));

    let ours = PrivateKey::from_pem(&pem).expect("a private key");
    assert_eq!(ours.public(), public);
    write(folder, "ours", &ours.prove(application(7)).expect("a signature").to_der());
    openssl(folder, &format!("pkeyutl -verify {options} -pubin -inkey public.pem -in number -sigfile ours"));

    let made = private_key(1);
    write(folder, "made.pem", made.to_pem().as_bytes());
    openssl(folder, "pkey -in made.pem -pubout -out made-public.pem");
    assert_eq!(text(folder, "made-public.pem"), made.public().to_pem());
}

/// Checks the signature of a file: what is signed is the file without its last member.
fn checked(folder: &Path, id: &str, json: &str) {
    let (content, signature) = json.split_once(",\"signature\"").expect("a signature");
    let signature =
        signature.split_once("\"sm2\":\"").and_then(|(_, rest)| rest.split_once('"')).expect("it").0;
    write(folder, "content", format!("{content}}}").as_bytes());
    write(folder, "signature", &STANDARD.decode(signature).expect("Base64"));
    write(folder, "center.pem", private_key(1).public().to_pem().as_bytes());
    let options = format!("-rawin -digest sm3 -pkeyopt distid:{id} -pubin -inkey center.pem");
    openssl(folder, &format!("pkeyutl -verify {options} -in content -sigfile signature"));
}

#[test]
fn a_feedback_form_is_checked_by_openssl() {
    let folder = tempfile::tempdir().expect("a folder");
    let form = Signed::new(crate::form::full(), &private_key(1)).expect("signed");
    checked(folder.path(), Feedback::ID, &form.to_json());
    let digest = openssl(folder.path(), "dgst -sm3 -binary content");
    assert_eq!(digest, form.digest());
}

#[test]
fn what_a_test_center_says_is_checked_by_openssl() {
    let folder = tempfile::tempdir().expect("a folder");
    let paper = Signed::new(crate::runs::run_report(), &private_key(1)).expect("signed");
    checked(folder.path(), RunReport::ID, &paper.to_json());
    assert_eq!(openssl(folder.path(), "dgst -sm3 -binary content"), paper.digest());
}

#[test]
fn an_offer_is_checked_and_opened_by_openssl() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (_, recipient) = pair(folder);
    let (center, key) = (private_key(1), Sm4Key::from_bytes(&[0x5A; 16]));
    let offer = Offer::new(
        application(7),
        AccountId::new("his001").expect("an account"),
        (1, &key),
        &recipient,
        UnixMillis::new(1_795_000_000_000),
        &mut Chance::new(&mut foreseen(3)),
    );
    let json = Signed::new(offer.expect("an offer"), &center).expect("signed").to_json();
    let between = |from: &str, to: &str| {
        json.split_once(from).and_then(|(_, rest)| rest.split_once(to)).expect("it is there").0.to_owned()
    };
    checked(folder, Offer::ID, &json);

    write(folder, "cipher", &STANDARD.decode(between("\"cipher\":\"", "\"")).expect("Base64"));
    let plain = openssl(folder, "pkeyutl -decrypt -inkey sm2.pem -in cipher");
    let expected = [&key.bytes()[..], &Sm3::digest("A350000-2026-000007")].concat();
    assert_eq!(plain, expected);
}

#[test]
fn what_openssl_encrypts_opens_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (pem, _) = pair(folder);
    let key = PrivateKey::from_pem(&pem).expect("a private key");
    write(folder, "plain", &[0xA5; 48]);
    let cipher = openssl(folder, "pkeyutl -encrypt -pubin -inkey public.pem -in plain");
    assert_eq!(&key.decrypt(&cipher).expect("it opens")[..], &[0xA5; 48]);
    for at in 0..cipher.len() {
        let mut changed = cipher.clone();
        changed[at] ^= 1;
        assert!(key.decrypt(&changed).is_err(), "byte {at}");
        assert!(key.decrypt(&cipher[..at]).is_err(), "{at} bytes");
    }
}
