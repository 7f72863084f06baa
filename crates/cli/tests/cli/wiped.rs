//! What stays in a running center's memory of passwords and keys.
//!
//! Passwords are checked, rightly and wrongly, by an institution (`userPwdCheck`) and by a channel (`authRslt`); after the
//! answers everything that the process can write to is read from outside and searched. A center decodes what is sealed,
//! asks the national center with it, and is to leave nothing behind, neither where values were moved nor where they grew.
//!
//! Not to be found at all: a digest, as bytes or as digits in either case, and a key as digits, for the digits of a key are
//! only on the way from a file to the key. What is searched for is any sixteen bytes of them, a block of the cipher, so
//! that pieces are found as well. Allowed is each key once, as sixteen bytes, with its round keys beside it: it is needed
//! as long as the center runs, and a copy more is a copy that nobody wipes.
//!
//! What the test does not see is what the sender's half holds (the simulator is the test's own process), and what was typed
//! on the center's page, whose six digits travel in forms that the HTTP library reads (`docs/operating/keys.md`).
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;
use yanmi_center::ports::Clock;
use yanmi_protocol::message::password::Draft;
use yanmi_protocol::{PasswordDigest, Sm4Key};
use yanmi_simulator::Institution;
use yanmi_trial::oracle::{Deed, Said};

use crate::killed::ground::Ground;

/// Bytes searched for: a block of the cipher.
const PIECE: usize = 16;
/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;
/// What the oracle's persons mistype.
const WRONG: &str = "000000";

/// What is searched for.
#[derive(Default)]
struct Needles {
    pieces: HashMap<[u8; PIECE], String>,
    first: Vec<bool>,
}

impl Needles {
    /// All pieces of these bytes, under this name.
    fn add(&mut self, name: &str, bytes: &[u8]) {
        self.first.resize(256, false);
        for piece in bytes.windows(PIECE) {
            self.first[usize::from(piece[0])] = true;
            self.pieces.insert(piece.try_into().expect("its length"), name.to_owned());
        }
    }

    fn add_digits(&mut self, name: &str, digits: &str) {
        self.add(&format!("{name}, digits"), digits.to_uppercase().as_bytes());
        self.add(&format!("{name}, digits in lower case"), digits.to_lowercase().as_bytes());
    }

    fn count(&self, bytes: &[u8], found: &mut HashMap<String, usize>) {
        for (at, first) in bytes.iter().enumerate() {
            if self.first[usize::from(*first)]
                && let Some(piece) = bytes.get(at..at + PIECE)
                && let Some(name) = self.pieces.get(piece)
            {
                *found.entry(name.clone()).or_default() += 1;
            }
        }
    }
}

/// How often what is searched for stands in the memory that a process can write to; nothing when the system does not let
/// us look.
fn search(process: Pid, needles: &Needles) -> Option<HashMap<String, usize>> {
    let of = |what: &str| format!("/proc/{}/{what}", process.as_raw_nonzero());
    let memory = match File::open(of("mem")) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        opened => opened.expect("a process"),
    };
    let maps = match std::fs::read_to_string(of("maps")) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        read => read.expect("a process"),
    };
    let mut found = HashMap::new();
    let (empty, mut chunk) = (vec![0; CHUNK + PIECE], vec![0; CHUNK + PIECE]);
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")))
    {
        let (begin, end) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let address = |digits: &str| u64::from_str_radix(digits, 16).expect("an address");
        let (mut at, end) = (address(begin), address(end));
        while at < end {
            // A little of the next as well, so that nothing is missed in between; but nothing is counted twice.
            let most = usize::try_from(end - at).unwrap_or(usize::MAX).min(CHUNK + PIECE - 1);
            let Ok(read) = memory.read_at(&mut chunk[..most], at) else { break };
            if read == 0 {
                break;
            }
            if chunk[..read] != empty[..read] {
                needles.count(&chunk[..read], &mut found);
            }
            at += CHUNK as u64;
        }
    }
    Some(found)
}

/// An institution has a person's password checked: whether it is right.
async fn check(ground: &Ground, password: &str) -> bool {
    let (world, clock) = (ground.world(), Clock::system());
    let (account, person) = (&world.accounts[0], &world.persons[0]);
    let clock = Arc::new(move || clock.now());
    let key = account.key.clone();
    let institution =
        Institution::new(&world.institution_url, account.org_id.as_str(), key, world.region, clock);
    let institution = institution.with_deadline(Duration::from_mins(2));
    let draft = Draft {
        id_type: &person.id_type,
        request_serial: "1234567890123",
        password: &PasswordDigest::of(password).expect("six digits").to_hex(),
        user_name: &person.user_name,
        id_no: &person.id_no,
    };
    let called = institution.password(&draft).await.expect("an answer");
    let plain = called.plain.as_ref().unwrap_or_else(|| panic!("{:?}", called.answer));
    plain.members().expect("an object").flag("chkFlag").expect("a flag")
}

/// The person confirms what the institution asks, at the second try.
async fn confirm(ground: &Ground) {
    let parties = ground.parties();
    let token = parties.decode(0).await.expect("a token");
    let notified = parties.act(Deed::Notify(100), 0, token, None).await.expect("an answer");
    assert_eq!(notified.said, Said::Notified);
    let notice = parties.act(Deed::Pending, 0, token, None).await.expect("an answer").notice;
    for (deed, said) in [(Deed::Mistype, Said::WrongPassword), (Deed::Confirm, Said::Accepted)] {
        assert_eq!(parties.act(deed, 0, token, notice).await.expect("an answer").said, said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_digests_nor_the_digits_of_keys_stay_in_memory() {
    let kek = Sm4Key::from_hex("3C9A51E7D2046FB81D7EA3905B62C8F4").expect("a key");
    let ground = Ground::lay_under(&kek, 1).await;
    let center = ground.start().await;
    let password = ground.world().persons[0].password.clone().expect("a password");
    assert!(!check(&ground, WRONG).await);
    assert!(check(&ground, &password).await);
    confirm(&ground).await;

    let mut needles = Needles::default();
    for (name, password) in [("right digest", password.as_str()), ("wrong digest", WRONG)] {
        let digits = PasswordDigest::of(password).expect("six digits").to_hex();
        needles.add_digits(name, &digits);
        let byte = |pair| u8::from_str_radix(pair, 16).expect("digits");
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(|at| byte(&digits[at..at + 2])).collect();
        needles.add(&format!("{name}, bytes"), &bytes);
    }
    let world = ground.world();
    let keys = [
        ("key-encryption key", &kek),
        ("account's key", &world.accounts[0].key),
        ("channel's key", &world.channels[0].key),
        ("national center's key", &world.national.key),
    ];
    for (name, key) in keys {
        needles.add_digits(name, &key.to_hex());
        needles.add(name, key.bytes());
    }
    // What is there: if this is not found, nothing was searched.
    needles.add("an institution's name", world.accounts[0].institutions[0].org_name.as_bytes());
    let Some(mut found) = search(center.pid(), &needles) else {
        eprintln!(
            "skipped: the system lets nobody but root read this process (kernel.yama.ptrace_scope, PR_SET_DUMPABLE)"
        );
        return;
    };
    assert!(found.remove("an institution's name").is_some(), "nothing was searched: {found:?}");
    println!("{found:?}");
    for (name, _) in keys {
        let count = found.remove(name).unwrap_or(0);
        assert!(count <= 1, "{name}: in {count} places");
    }
    assert!(found.is_empty(), "left behind: {found:?}");
}
