//! Keys that a center hands over to an institution's public key, taken with the commands.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use yanmi_papers::{ApplicationNo, Chance, Offer, PrivateKey, PublicKey, Signature, Signed};
use yanmi_protocol::{AccountId, Sm4Key, UnixMillis};

use crate::yanmi::{Ran, run};

const APPLICATION: &str = "A350000-2026-000123";

/// Chance of the machine: nothing here depends on which.
fn fill(place: &mut [u8]) {
    use std::hash::{BuildHasher, Hasher, RandomState};
    for chunk in place.chunks_mut(8) {
        let bytes = RandomState::new().build_hasher().finish().to_le_bytes();
        chunk.copy_from_slice(&bytes[..chunk.len()]);
    }
}

pub(crate) fn new_key() -> PrivateKey {
    PrivateKey::generate(&mut Chance::new(&mut fill))
}

/// What the center hands over.
pub(crate) fn offer(center: &PrivateKey, recipient: &PublicKey, key: &Sm4Key) -> String {
    let application = ApplicationNo::read(APPLICATION).expect("a number");
    let org_id = AccountId::new("his001").expect("an account");
    let made_at = UnixMillis::new(1_795_000_000_000);
    let offer = Offer::new(application, org_id, (1, key), recipient, made_at, &mut Chance::new(&mut fill));
    Signed::new(offer.expect("an offer"), center).expect("signed").to_json()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

fn open(folder: &Path, private: &str, more: &[&str]) -> Ran {
    let path = |name: &str| folder.join(name).to_str().expect("a path").to_owned();
    let (private, offer, out) = (path(private), path("offer.json"), path("account.key"));
    run(&[&["key", "open", "--private", &private, "--out", &out, &offer], more].concat(), "")
}

#[test]
fn a_pair_is_made_and_proven() {
    let folder = tempfile::tempdir().expect("a folder");
    let private = folder.path().join("sm2.pem");
    let path = private.to_str().expect("a path");
    let made = run(&["key", "pair", "--private", path], "");
    assert_eq!((made.code, mode(&private)), (0, 0o600), "{made:?}");
    let (pem, id) = made.out.split_once("公钥标识").expect("both");
    let public = PublicKey::read(pem).expect("a public key");
    assert_eq!(id.trim(), public.id().to_string());
    let before = std::fs::read(&private).expect("a file");
    let again = run(&["key", "pair", "--private", path], "");
    assert!(again.code == 1 && again.err.contains("已经存在"), "{again:?}");
    assert_eq!(std::fs::read(&private).expect("a file"), before, "no key is lost");

    let proven = run(&["key", "prove", "--private", path, APPLICATION], "");
    let proof = Signature::from_base64(&proven.out).expect("a signature");
    let application = ApplicationNo::read(APPLICATION).expect("a number");
    assert_eq!(public.check_proof(application, &proof), Ok(()));
    let wrong = run(&["key", "prove", "--private", path, "350000"], "");
    assert!(wrong.code == 1 && wrong.err.contains("申请编号应为"), "{wrong:?}");
}

#[test]
fn a_key_is_opened_into_a_private_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "SM2", "-out", "sm2.pem"])
        .current_dir(folder)
        .output()
        .expect("openssl 3 is installed");
    assert!(made.status.success(), "{made:?}");
    let private = folder.join("sm2.pem");
    std::fs::set_permissions(&private, Permissions::from_mode(0o600)).expect("a mode");
    let institution =
        PrivateKey::from_pem(&std::fs::read_to_string(&private).expect("a file")).expect("a key");
    let (center, key) = (new_key(), Sm4Key::from_bytes(&[0x5A; 16]));
    std::fs::write(folder.join("center.pem"), center.public().to_pem()).expect("written");
    std::fs::write(folder.join("offer.json"), offer(&center, &institution.public(), &key)).expect("written");
    let issuer = folder.join("center.pem");
    let opened = open(folder, "sm2.pem", &["--issuer", issuer.to_str().expect("a path")]);
    assert_eq!(opened.code, 0, "{opened:?}");
    for words in ["his001", APPLICATION, &key.kcv().to_string()] {
        assert!(opened.out.contains(words), "{opened:?}");
    }
    assert!(!opened.err.contains("没有给出 --issuer") && opened.err.contains("校验值"), "{opened:?}");
    let file = folder.join("account.key");
    assert_eq!(mode(&file), 0o600);
    let written = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(written.trim(), key.to_hex().as_str());
    assert!(!opened.out.contains(key.to_hex().as_str()), "the key is in the file only");
    let again = open(folder, "sm2.pem", &[]);
    assert!(again.code == 1 && again.err.contains("已经存在"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), written);
}

#[test]
fn what_is_not_for_us_or_not_of_the_center_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (center, institution, other) = (new_key(), new_key(), new_key());
    for (name, key) in [("sm2.pem", &institution), ("other.pem", &other)] {
        std::fs::write(folder.join(name), key.to_pem().as_bytes()).expect("written");
        std::fs::set_permissions(folder.join(name), Permissions::from_mode(0o600)).expect("a mode");
    }
    std::fs::write(folder.join("forger.pem"), other.public().to_pem()).expect("written");
    std::fs::write(folder.join("center.pem"), center.public().to_pem()).expect("written");
    let json = offer(&center, &institution.public(), &Sm4Key::from_bytes(&[0x5A; 16]));
    let issuer = |name: &str| ["--issuer".to_owned(), folder.join(name).display().to_string()];
    let refused = |json: &str, private: &str, more: &[String], words: &str| {
        std::fs::write(folder.join("offer.json"), json).expect("written");
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let ran = open(folder, private, &more);
        assert!(ran.code == 1 && ran.err.contains(words) && ran.out.is_empty(), "{words}: {ran:?}");
        assert!(!folder.join("account.key").exists(), "{words}");
    };
    refused(&json, "other.pem", &[], "请换用申请时的私钥");
    refused(&json, "sm2.pem", &issuer("forger.pem"), "签名所用的密钥是");
    let changed = json.replace("his001", "his002");
    refused(&changed, "sm2.pem", &issuer("center.pem"), "签名与内容不符");
    refused(&json, "sm2.pem", &issuer("sm2.pem"), "这是私钥");
    refused("{}", "sm2.pem", &[], "schema 缺失");
    refused(&json, "missing.pem", &[], "文件或文件夹不存在");
    std::fs::set_permissions(folder.join("sm2.pem"), Permissions::from_mode(0o644)).expect("a mode");
    refused(&json, "sm2.pem", &[], "chmod 600");
}
