//! Operators' passwords: which are good enough, and how they are stored.
//!
//! Stored is what argon2id (RFC 9106) makes of a password, in the PHC string format:
//! `$argon2id$v=19$m=47104,t=1,p=1$salt$hash`, salt and hash in base64 without padding. The parameters stand in the
//! text, so that they can be raised and what was stored before still be checked.
//!
//! One hash takes [`MEMORY_KIB`] and some tens of milliseconds of a core. Whoever asks for it does so on a thread that
//! may block, and bounds how many do at once.

use std::fmt;
use std::hint;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The memory of a hash made here, in KiB: 46 MiB with one pass is what OWASP recommends first.
const MEMORY_KIB: u32 = 47_104;
/// The memory for a password that was drawn at random, in KiB: nobody guesses it, however quickly he could.
const MEMORY_OF_RANDOM_KIB: u32 = 64;
const PASSES: u32 = 1;
const LANES: u32 = 1;
const SALT: usize = 16;
const HASH: usize = 32;

/// The most memory a stored text may ask for, in KiB: 256 MiB.
const MOST_MEMORY_KIB: u32 = 262_144;
/// The most passes a stored text may ask for.
const MOST_PASSES: u32 = 16;
/// The most lanes a stored text may ask for; they are computed one after the other.
const MOST_LANES: u32 = 16;
/// The salts a stored text may have, in bytes; the algorithm takes no shorter one.
const SALTS: std::ops::RangeInclusive<usize> = 8..=64;

/// The fewest characters of a password.
const FEWEST: usize = 12;
/// The most characters of a password.
const MOST: usize = 128;
/// The shortest login that is looked for in a password: shorter ones are in words by chance.
const LOGIN_FROM: usize = 4;
/// The fewest different characters of a password.
const FEWEST_DIFFERENT: usize = 5;
/// A run of this many neighboring or equal characters is too plain.
const RUN: usize = 8;

/// The machine had no memory for a hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("内存不足，无法处理密码，请稍后再试")]
pub(crate) struct MemoryShortage;

/// What is stored of a password. It does not give the password away, but lets whoever has it guess without limit, so
/// `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl PasswordHash {
    /// Hashes a password with a salt nobody had before. Whether the password is good enough is for [`check`].
    ///
    /// # Errors
    /// [`MemoryShortage`] when there is no memory for it.
    pub(crate) fn make(password: &str, salt: &[u8]) -> Result<Self, MemoryShortage> {
        Self::with_memory(password, salt, MEMORY_KIB)
    }

    /// The same of a password that nobody chose: it has 80 random bits at least. Takes next to no time.
    ///
    /// # Errors
    /// [`MemoryShortage`] when there is no memory for it.
    pub(crate) fn of_random(password: &str, salt: &[u8]) -> Result<Self, MemoryShortage> {
        Self::with_memory(password, salt, MEMORY_OF_RANDOM_KIB)
    }

    fn with_memory(password: &str, salt: &[u8], memory: u32) -> Result<Self, MemoryShortage> {
        let params = Params::new(memory, PASSES, LANES, Some(HASH)).map_err(|_| MemoryShortage)?;
        let hash = hashed(password, salt, params)?;
        let (salt, hash) = (BASE64.encode(salt), BASE64.encode(hash.as_slice()));
        Ok(Self(format!("$argon2id$v=19$m={memory},t={PASSES},p={LANES}${salt}${hash}")))
    }

    /// Takes a stored text; nothing for one that is none, or asks for more memory or time than a login may take.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Recipe::read(text).map(|_| Self(text.to_owned()))
    }

    /// As it is stored.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the password it was made from. Takes as long for another one. When there is no memory to find
    /// out, no password fits.
    pub(crate) fn fits(&self, password: &str) -> bool {
        let Some(Recipe { params, salt, hash }) = Recipe::read(&self.0) else { return false };
        hashed(password, &salt, params).is_ok_and(|found| found.ct_eq(&hash).into())
    }
}

/// Does for a login that does not exist what [`PasswordHash::fits`] does for one that does, so that the time of an
/// answer does not tell which exist. It takes as long as a hash with the parameters of today.
pub(crate) fn spend(password: &str) {
    if let Some(params) = usual() {
        // The result is of no use, but must not be left out for that.
        let _ = hint::black_box(hashed(hint::black_box(password), &[0; SALT], params));
    }
}

/// What stands in a stored text.
struct Recipe {
    params: Params,
    salt: Vec<u8>,
    hash: [u8; HASH],
}

impl Recipe {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut costs = costs.split(',');
        let memory = cost(costs.next()?, "m=", MOST_MEMORY_KIB)?;
        let passes = cost(costs.next()?, "t=", MOST_PASSES)?;
        let lanes = cost(costs.next()?, "p=", MOST_LANES)?;
        if parts.next().is_some() || costs.next().is_some() {
            return None;
        }
        let salt = BASE64.decode(salt).ok().filter(|salt| SALTS.contains(&salt.len()))?;
        let hash = BASE64.decode(hash).ok()?.try_into().ok()?;
        Some(Self { params: Params::new(memory, passes, lanes, Some(HASH)).ok()?, salt, hash })
    }
}

/// A number behind its name; nothing when it is more than `most` or written in another way than we write it.
fn cost(text: &str, name: &str, most: u32) -> Option<u32> {
    let digits = text.strip_prefix(name)?;
    let number: u32 = digits.parse().ok().filter(|number| *number <= most)?;
    (number.to_string() == digits).then_some(number)
}

/// The parameters of a hash made here.
fn usual() -> Option<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH)).ok()
}

fn hashed(password: &str, salt: &[u8], params: Params) -> Result<Zeroizing<[u8; HASH]>, MemoryShortage> {
    let (count, mut blocks) = (params.block_count(), Zeroizing::new(Vec::new()));
    // A machine that has no memory left for a login still answers everybody else.
    blocks.try_reserve_exact(count).map_err(|_| MemoryShortage)?;
    blocks.resize(count, Block::new());
    let mut out = Zeroizing::new([0; HASH]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, out.as_mut_slice(), blocks.as_mut_slice())
        // The lengths are right, and so much memory is there: nothing else can fail.
        .map_err(|_| MemoryShortage)?;
    Ok(out)
}

/// Why a password is not good enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WeakPassword {
    /// It has fewer than 12 characters.
    Short,
    /// It has more than 128 characters.
    Long,
    /// The login stands in it.
    Login,
    /// It has fewer than five different characters, or eight in a row that are the same or neighbors.
    Plain,
}

/// What the operator is told.
impl std::error::Error for WeakPassword {}

impl fmt::Display for WeakPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "密码至少应有 {FEWEST} 个字符"),
            Self::Long => write!(f, "密码不能超过 {MOST} 个字符"),
            Self::Login => f.write_str("密码不能包含登录名"),
            Self::Plain => write!(
                f,
                "密码过于简单：至少应有 {FEWEST_DIFFERENT} 种不同的字符，\
                 且不能有 {RUN} 个及以上顺序或重复的字符（如 12345678、hgfedcba、aaaaaaaa）"
            ),
        }
    }
}

/// Whether a password is good enough for this login.
///
/// # Errors
/// The first reason why it is not.
pub(crate) fn check(password: &str, login: &str) -> Result<(), WeakPassword> {
    let length = password.chars().count();
    if length < FEWEST {
        return Err(WeakPassword::Short);
    }
    if length > MOST {
        return Err(WeakPassword::Long);
    }
    if login.chars().count() >= LOGIN_FROM && contains(password, login) {
        return Err(WeakPassword::Login);
    }
    if different(password) < FEWEST_DIFFERENT || longest_run(password) >= RUN {
        return Err(WeakPassword::Plain);
    }
    Ok(())
}

/// Whether a login stands in a password, whatever the case of its ASCII letters. `login` is not empty.
fn contains(password: &str, login: &str) -> bool {
    let login = login.as_bytes();
    password.as_bytes().windows(login.len()).any(|part| part.eq_ignore_ascii_case(login))
}

/// How many different characters there are. Counted in place: a set of them would be a copy nobody wipes.
fn different(password: &str) -> usize {
    let is_first = |(at, letter): &(usize, char)| !password[..*at].contains(*letter);
    password.char_indices().filter(is_first).count()
}

/// The most characters in a row of which each is the one after, the one before, or the same as the last.
fn longest_run(password: &str) -> usize {
    let (mut longest, mut run, mut before) = (1, 1, None);
    for (letter, next) in password.chars().zip(password.chars().skip(1)) {
        let step = i64::from(u32::from(next)) - i64::from(u32::from(letter));
        run = match step {
            -1..=1 if before == Some(step) => run + 1,
            -1..=1 => 2,
            _ => 1,
        };
        before = Some(step);
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "正确的密码 horse";
    const KNOWN_SALT: &[u8; SALT] = b"yanmi-known-salt";
    /// Made by the reference implementation in C, by way of argon2-cffi for Python.
    const KNOWN: &str =
        "$argon2id$v=19$m=47104,t=1,p=1$eWFubWkta25vd24tc2FsdA$Ov9/hUKU4SLpxd+5mHzRGjRTlHRSVUDuho7s9iIWqZk";
    /// The same with other parameters: two lanes, three passes, a shorter salt.
    const KNOWN_OTHER: &str =
        "$argon2id$v=19$m=1024,t=3,p=2$a25vd24tc2FsdA$tefqh9dhjPgo9zjBmYVfZVEvs2exm61dHi3ri9MafE4";

    #[test]
    fn what_another_implementation_stored_fits() {
        assert_eq!(PasswordHash::make(PASSWORD, KNOWN_SALT).expect("memory").as_str(), KNOWN);
        for known in [KNOWN, KNOWN_OTHER] {
            let hash = PasswordHash::read(known).expect("a stored text");
            assert_eq!(hash.as_str(), known);
            assert!(hash.fits(PASSWORD), "{known}");
            assert!(!hash.fits("正确的密码 Horse") && !hash.fits(""), "{known}");
        }
    }

    #[test]
    fn a_password_fits_what_was_made_of_it_and_looks_different_each_time() {
        let made = |salt| PasswordHash::make(PASSWORD, &[salt; SALT]).expect("memory");
        let [one, other] = [1, 2].map(made);
        assert_ne!(one, other, "each has a salt of its own");
        let read = PasswordHash::read(one.as_str()).expect("what we write we read");
        assert!(read.fits(PASSWORD) && other.fits(PASSWORD) && !read.fits("another password"));
        assert_eq!(format!("{one:?}"), "PasswordHash(…)");
        spend(PASSWORD);
    }

    #[test]
    fn texts_that_are_none_or_ask_for_too_much_are_not_read() {
        let with = |old: &str, new: &str| {
            assert!(KNOWN.contains(old), "{old}");
            PasswordHash::read(&KNOWN.replace(old, new))
        };
        for (old, new) in [("m=47104", "m=262144"), ("t=1", "t=16"), ("p=1", "p=16")] {
            assert!(with(old, new).is_some(), "{new}");
        }
        for (old, new) in [
            ("m=47104", "m=262145"),
            ("m=47104", "m=4294967296"),
            ("m=47104", "m=7"),
            ("m=47104", "m=+47104"),
            ("m=47104", "m=047104"),
            ("m=47104", "m="),
            ("t=1", "t=17"),
            ("t=1", "t=0"),
            ("p=1", "p=17"),
            ("p=1", "p=0"),
            ("p=1", "p=1,x=1"),
            (",p=1", ""),
            ("m=47104,t=1", "t=1,m=47104"),
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("eWFubWkta25vd24tc2FsdA", "eWFubWkta25vd24tc2FsdA=="),
            ("eWFubWkta25vd24tc2FsdA", "eWFubWk"),
            ("eWFubWkta25vd24tc2FsdA", ""),
            ("IWqZk", "IWqZ"),
            ("IWqZk", "IWqZkAAA"),
            ("IWqZk", "IWqZk$"),
            ("IWqZk", "IWqZk\n"),
            ("$argon2id", "argon2id"),
        ] {
            assert!(with(old, new).is_none(), "{old} became {new}");
        }
        assert!(PasswordHash::read("").is_none());
    }

    #[test]
    fn weak_passwords() {
        use WeakPassword::{Login, Long, Plain, Short};
        let long = |count: usize| "七上八下不三不四".chars().cycle().take(count).collect::<String>();
        for (password, login, said) in [
            ("Correct-hrs1", "operator", Ok(())),
            ("Correct-hrs", "operator", Err(Short)),
            ("", "", Err(Short)),
            ("春眠不觉晓处处闻啼鸟夜来", "operator", Ok(())),
            ("春眠不觉晓处处闻啼鸟夜", "operator", Err(Short)),
            (&long(128), "operator", Ok(())),
            (&long(129), "operator", Err(Long)),
            ("my-OpeRator-is-9", "oPerator", Err(Login)),
            ("my-opErator-is-9", "operators", Ok(())),
            ("the-ann-of-2026", "ann", Ok(())),
            ("the-anne-of-2026", "anne", Err(Login)),
            ("张三丰张三丰是道士中的高手", "张三丰张", Err(Login)),
            ("correct-horse-1", "a login longer than the password", Ok(())),
            ("abcdabcdabcdabcd", "operator", Err(Plain)),
            ("abcde.abcde.abcde", "operator", Ok(())),
            ("123456789012", "operator", Err(Plain)),
            ("abcdefghijkl", "operator", Err(Plain)),
            ("qwe-87654321-rty", "operator", Err(Plain)),
            ("qwe-8765432-rtyz", "operator", Ok(())),
            ("qwe-aaaaaaaa-rty", "operator", Err(Plain)),
            ("qwe-aaaaaaa-rtyz", "operator", Ok(())),
            ("qwe-abcdedcba-rty", "operator", Ok(())),
        ] {
            assert_eq!(check(password, login), said, "{password} of {login}");
        }
        assert_eq!(Short.to_string(), "密码至少应有 12 个字符");
        assert_eq!(Long.to_string(), "密码不能超过 128 个字符");
        assert_eq!(Login.to_string(), "密码不能包含登录名");
        assert!(Plain.to_string().contains("至少应有 5 种不同的字符"), "{Plain}");
    }
}
