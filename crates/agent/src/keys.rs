//! The keys of the door: the token programs send, one-time links, and the sessions of the page.
//!
//! The token is made at the first start, in a file only its owner may read. Whoever has it may ask for a link that works
//! once and soon goes stale; a browser that opens the link gets a session in a cookie, and never sees the token. Sessions are
//! signed with a key that comes from the token, so they outlive a restart, and end, all of them, when the file is
//! replaced.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sm3::Sm3;
use subtle::ConstantTimeEq;
use yanmi_client::Ambient;
use yanmi_client::private::{self, PrivateError};
use yanmi_protocol::UnixMillis;
use yanmi_protocol::system::words;
use zeroize::Zeroizing;

/// Digits of a token that is made here.
const TOKEN_DIGITS: usize = 64;
/// The least a token that somebody else wrote must have.
const LEAST_TOKEN: usize = 32;
/// Bytes of the file that are looked at.
const MOST_FILE: u64 = 1_024;
/// How long a link may lie about.
pub const LINK_LIFE: Duration = Duration::from_mins(10);
/// Links that wait to be opened; the oldest gives way.
pub const MOST_LINKS: usize = 16;
/// How long a session lasts: a long shift.
pub const SESSION_LIFE: Duration = Duration::from_hours(14);
const SM3_BLOCK: usize = 64;

/// The keys.
pub(crate) struct Keys {
    token: Zeroizing<String>,
    session: Zeroizing<[u8; 32]>,
    links: Mutex<Vec<(String, UnixMillis)>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Reads the token, or makes it when there is none.
    pub(crate) fn open(file: &Path, ambient: &dyn Ambient) -> Result<Self, String> {
        let unusable = |why: &str| format!("agent.token_file：{} {why}", file.display());
        let token = match read_token(file) {
            Err(PrivateError::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
                make_token(file, ambient)
                    .map_err(|error| unusable(&format!("无法写入：{}", words(&error))))?
            }
            read => read.map_err(|error| unusable(&format!("不可用：{error}")))?,
        };
        if token.len() < LEAST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(unusable(&format!(
                "应为至少 {LEAST_TOKEN} 个字母或数字；删去此文件，下次启动会重新生成"
            )));
        }
        Ok(Self::of(token))
    }

    /// Those of this token.
    pub(crate) fn of(token: Zeroizing<String>) -> Self {
        let session = Zeroizing::new(mac(token.as_bytes(), b"yanmi agent session 1"));
        Self { token, session, links: Mutex::default() }
    }

    /// Whether a program sent the token.
    pub(crate) fn is_token(&self, offered: &str) -> bool {
        bool::from(self.token.as_bytes().ct_eq(offered.as_bytes()))
    }

    /// A new link's word, and until when it works.
    pub(crate) fn new_link(&self, ambient: &dyn Ambient) -> (String, UnixMillis) {
        let (word, until) = (random_hex(ambient, 16), ambient.now().plus(LINK_LIFE));
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() >= MOST_LINKS {
            links.remove(0);
        }
        links.push((word.clone(), until));
        (word, until)
    }

    /// Opens a session for whoever has the word of a link; the link is over then.
    pub(crate) fn open_link(&self, word: &str, ambient: &dyn Ambient) -> Option<String> {
        let now = ambient.now();
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|(_, until)| *until > now);
        let at = links.iter().position(|(known, _)| bool::from(known.as_bytes().ct_eq(word.as_bytes())))?;
        links.remove(at);
        let said = format!("{}.{}", now.plus(SESSION_LIFE), random_hex(ambient, 8));
        Some(format!("{said}.{}", hex(&mac(&*self.session, said.as_bytes()))))
    }

    /// Whether a cookie's value is a session of ours that is not over.
    pub(crate) fn is_session(&self, value: &str, now: UnixMillis) -> bool {
        let Some((said, signed)) = value.rsplit_once('.') else { return false };
        let ours = hex(&mac(&*self.session, said.as_bytes()));
        let until = said.split_once('.').and_then(|(until, _)| until.parse().ok()).map(UnixMillis::new);
        bool::from(ours.as_bytes().ct_eq(signed.as_bytes())) && until.is_some_and(|until| until > now)
    }
}

fn read_token(file: &Path) -> Result<Zeroizing<String>, PrivateError> {
    let text = private::read(file, MOST_FILE)?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn make_token(file: &Path, ambient: &dyn Ambient) -> io::Result<Zeroizing<String>> {
    let token = Zeroizing::new(random_hex(ambient, TOKEN_DIGITS / 2));
    let mut made = private::making().open(file)?;
    made.write_all(token.as_bytes())?;
    made.write_all(b"\n")?;
    made.sync_all()?;
    Ok(token)
}

fn random_hex(ambient: &dyn Ambient, bytes: usize) -> String {
    let mut chance = Zeroizing::new(vec![0; bytes]);
    ambient.fill(&mut chance);
    hex(&chance)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    // With room for all of it: what grows is moved, and leaves behind what nobody wipes.
    let mut out = String::with_capacity(2 * bytes.len());
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    out
}

/// HMAC-SM3; of a key longer than a block its first block, which no key here is.
fn mac(key: &[u8], said: &[u8]) -> [u8; 32] {
    let mut block = Zeroizing::new([0; SM3_BLOCK]);
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let mut mac = Hmac::<Sm3>::new(&(*block).into());
    mac.update(said);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use yanmi_client::Machine;

    use super::*;

    #[test]
    fn the_token_is_made_once_and_sessions_outlive_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, machine) = (folder.path().join("agent.token"), Machine::new());
        let keys = Keys::open(&file, &machine).expect("made");
        let token = std::fs::read_to_string(&file).expect("written");
        assert_eq!(token.trim().len(), TOKEN_DIGITS);
        assert!(keys.is_token(token.trim()) && !keys.is_token(&token.trim()[1..]) && !keys.is_token(""));
        let (word, _) = keys.new_link(&machine);
        let session = keys.open_link(&word, &machine).expect("a session");
        assert_eq!(keys.open_link(&word, &machine), None, "once");
        assert_eq!(keys.open_link("", &machine), None);

        let again = Keys::open(&file, &machine).expect("read");
        let now = machine.now();
        assert!(again.is_token(token.trim()) && again.is_session(&session, now));
        assert!(!again.is_session(&session, now.plus(SESSION_LIFE)), "over");
        let later = session.replacen(&session[..4], "9999", 1);
        for wrong in [later.as_str(), "", ".", "1.2.3", &session[..session.len() - 1]] {
            assert!(!again.is_session(wrong, now), "{wrong}");
        }
        std::fs::remove_file(&file).expect("removed");
        assert!(!Keys::open(&file, &machine).expect("made anew").is_session(&session, now));
    }

    #[test]
    fn links_go_stale_and_give_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = Machine::new();
        let keys = Keys::open(&folder.path().join("t"), &machine).expect("made");
        let (first, _) = keys.new_link(&machine);
        for _ in 0..MOST_LINKS {
            keys.new_link(&machine);
        }
        assert_eq!(keys.open_link(&first, &machine), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (file, machine) = (folder.path().join("agent.token"), Machine::new());
        Keys::open(&file, &machine).expect("made");
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode));
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        mode(0o644).expect("set");
        assert!(Keys::open(&file, &machine).expect_err("open").contains("chmod 600"));
        mode(0o600).expect("set");
        std::fs::write(&file, "short").expect("written");
        assert!(Keys::open(&file, &machine).expect_err("short").contains("至少 32"));
    }
}
