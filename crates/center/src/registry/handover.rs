//! Where the person's page sends somebody who confirms in the channel's app.
//!
//! A channel registers an address with places for the notice, as `https://app.example/confirm?no={notcNo}&way={way}`. The
//! page makes a link of it. It is the person's browser that goes there and never the center, so no network has to be
//! allowed for it; what it must not be is anything a browser runs, reads from the machine or shows as a page of the
//! center. Hence the grammar is narrow: `https`, a scheme of the app's own, or `http` to this machine; no user, no
//! fragment of markup, and nothing but digits is ever put into it.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use yanmi_protocol::NoticeNo;
use yanmi_protocol::message::channel_notice::Way;

/// Characters of an address at most.
const MAX_LENGTH: usize = 512;
/// Characters of an app's own scheme.
const SCHEME_LENGTH: std::ops::RangeInclusive<usize> = 2..=32;
/// Where the number of the notice goes.
const NOTICE: &str = "{notcNo}";
/// Where the way of confirming goes.
const WAY: &str = "{way}";
/// What an address has besides letters and digits.
const SIGNS: &str = "-._~:/?#&=+,;!$()*%";
/// Schemes that browsers and systems give a meaning of their own.
const TAKEN: [&str; 26] = [
    "about",
    "android-app",
    "blob",
    "chrome",
    "content",
    "data",
    "edge",
    "facetime",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "itms-apps",
    "itms-services",
    "jar",
    "javascript",
    "mailto",
    "market",
    "resource",
    "shortcuts",
    "sms",
    "tel",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// The address a channel registered.
#[derive(Clone, PartialEq, Eq)]
pub struct Handover(String);

/// Why an address is none to send persons to. Chinese, for the operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HandoverError {
    /// Empty, or too long.
    #[error("跳转地址应为 1 至 {MAX_LENGTH} 个字符")]
    Length,
    /// A scheme that may not be.
    #[error("跳转地址应以 https:// 或应用自己的协议（小写，如 bankapp://）开头；http:// 只能指向本机")]
    Scheme,
    /// No host, one with a user before it, or one that is put together.
    #[error("跳转地址的主机不对")]
    Host,
    /// A character that does not belong there.
    #[error("跳转地址中有不允许的字符（只能是字母、数字、{SIGNS} 与占位）")]
    Character,
    /// The places are not what they have to be.
    #[error("跳转地址应含 {NOTICE} 一次，可含 {WAY} 一次，都在主机之后，没有别的占位")]
    Places,
}

impl Handover {
    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the app wants to know which way the person chose, so that each has a link of its own.
    pub(crate) fn tells_way(&self) -> bool {
        self.0.contains(WAY)
    }

    /// The address for this notice.
    pub(crate) fn address(&self, notice: NoticeNo, way: Way) -> String {
        self.0.replace(NOTICE, &notice.to_string()).replace(WAY, way.code())
    }
}

impl FromStr for Handover {
    type Err = HandoverError;

    fn from_str(text: &str) -> Result<Self, HandoverError> {
        let read = Self::read(text)?;
        if read.has_odd_host() { Err(HandoverError::Host) } else { Ok(read) }
    }
}

impl Handover {
    /// One that is stored: nothing where an earlier version took what is not taken any more.
    ///
    /// # Errors
    /// When no version ever took it.
    pub(super) fn stored(text: &str) -> Result<Option<Self>, HandoverError> {
        Self::read(text).map(|read| Some(read).filter(|read| !read.has_odd_host()))
    }

    /// Whether browsers take its host for an address that nobody else does.
    fn has_odd_host(&self) -> bool {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        matches!(scheme, "http" | "https") && is_odd_number(&rest[..end])
    }

    fn read(text: &str) -> Result<Self, HandoverError> {
        if !(1..=MAX_LENGTH).contains(&text.len()) {
            return Err(HandoverError::Length);
        }
        let (scheme, rest) = text.split_once("://").ok_or(HandoverError::Scheme)?;
        // A host ends where path, query or fragment begins.
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, behind) = rest.split_at(end);
        match scheme {
            "https" => check_host(host)?,
            "http" if check_host(host).is_ok() && is_this_machine(host) => {}
            _ if is_own(scheme) => check_letters(host)?,
            _ => return Err(HandoverError::Scheme),
        }
        let count = |place: &str| behind.matches(place).count();
        if count(NOTICE) != 1 || count(WAY) > 1 {
            return Err(HandoverError::Places);
        }
        let bare = behind.replacen(NOTICE, "x", 1).replacen(WAY, "x", 1);
        if bare.contains(['{', '}']) {
            return Err(HandoverError::Places);
        }
        check_letters(&bare)?;
        Ok(Self(text.to_owned()))
    }
}

/// Letters, digits, and signs; a percent sign begins a written byte.
fn check_letters(text: &str) -> Result<(), HandoverError> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || SIGNS.contains(letter);
    let is_byte = |behind: &str| {
        behind.get(..2).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let fit = text.chars().all(fits) && text.split('%').skip(1).all(is_byte);
    if fit { Ok(()) } else { Err(HandoverError::Character) }
}

/// A name or an IPv4 address, perhaps with a port.
fn check_host(host: &str) -> Result<(), HandoverError> {
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    let named = format!("https://{host}").parse::<Uri>().ok().filter(|uri| {
        let port = host.contains(':');
        uri.host().is_some_and(|host| !host.is_empty()) && port == uri.port_u16().is_some()
    });
    if plain && named.is_some() { Ok(()) } else { Err(HandoverError::Host) }
}

/// Whether browsers take a host for an IPv4 address that nobody else does: `1.2` is 1.0.0.2 for them, and `app.1` nothing at
/// all. Whatever ends in a number is one.
fn is_odd_number(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_number =
        last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    is_number && name.parse::<std::net::Ipv4Addr>().is_err()
}

fn is_this_machine(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a scheme can be an app's own.
fn is_own(scheme: &str) -> bool {
    let letters = scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'.' | b'-'));
    letters
        && scheme.starts_with(|letter: char| letter.is_ascii_lowercase())
        && SCHEME_LENGTH.contains(&scheme.len())
        && !TAKEN.contains(&scheme)
        // The systems' own: `ms-settings`, `chrome-extension`, …
        && !["http", "ms-", "chrome-", "moz-", "x-apple"].iter().any(|taken| scheme.starts_with(taken))
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handover({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_the_notice_and_perhaps_the_way_in_its_place() {
        let notice = NoticeNo::from_number(1_234_567_890_123).expect("a number");
        for (text, tells, address) in [
            (
                "https://app.example.com:8443/m/%E7%A1%AE?no={notcNo}&way={way}#x",
                true,
                "https://app.example.com:8443/m/%E7%A1%AE?no=1234567890123&way=02#x",
            ),
            ("bankapp://confirm/{notcNo}", false, "bankapp://confirm/1234567890123"),
            ("com.bank.app:///{way}/{notcNo}", true, "com.bank.app:///02/1234567890123"),
            ("http://127.0.0.1:8359/?n={notcNo}", false, "http://127.0.0.1:8359/?n=1234567890123"),
            ("http://localhost/{notcNo}", false, "http://localhost/1234567890123"),
        ] {
            let handover: Handover = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(handover.tells_way(), tells, "{text}");
            assert_eq!(handover.address(notice, Way::Face), address);
            assert_eq!(handover.as_str(), text);
        }
    }

    #[test]
    fn the_bounds_are_those_the_guide_names() {
        use HandoverError::{Character, Length, Scheme};
        let of_length = |length: usize| {
            let begin = "https://a.example/{notcNo}?";
            format!("{begin}{}", "x".repeat(length - begin.len()))
        };
        let of_scheme = |length: usize| format!("{}://confirm/{{notcNo}}", "a".repeat(length));
        for (text, read) in [
            (of_length(512), Ok(())),
            (of_length(513), Err(Length)),
            (of_scheme(1), Err(Scheme)),
            (of_scheme(2), Ok(())),
            (of_scheme(32), Ok(())),
            (of_scheme(33), Err(Scheme)),
        ] {
            assert_eq!(text.parse::<Handover>().map(|_| ()), read, "{text}");
        }
        // Of all that can be typed: letters, digits and these signs, a percent sign only before two digits.
        for letter in ('!'..='~').filter(|letter| !"{}%".contains(*letter)) {
            let fits = letter.is_ascii_alphanumeric() || "-._~:/?#&=+,;!$()*".contains(letter);
            let read = format!("https://a.example/{{notcNo}}?{letter}").parse::<Handover>().map(|_| ());
            assert_eq!(read, if fits { Ok(()) } else { Err(Character) }, "{letter}");
        }
        for scheme in TAKEN {
            assert_eq!(format!("{scheme}://x/{{notcNo}}").parse::<Handover>(), Err(Scheme), "{scheme}");
        }
    }

    #[test]
    fn what_a_browser_would_run_or_misread_is_refused() {
        use HandoverError::{Character, Host, Length, Places, Scheme};
        let long = format!("https://a.example/{{notcNo}}?{}", "x".repeat(512));
        for (text, why) in [
            ("", Length),
            (long.as_str(), Length),
            ("javascript://%0aalert(1)//{notcNo}", Scheme),
            ("JavaScript://x/{notcNo}", Scheme),
            ("java\tscript://x/{notcNo}", Scheme),
            (" javascript://x/{notcNo}", Scheme),
            ("javascript:alert({notcNo})", Scheme),
            ("data:text/html,{notcNo}", Scheme),
            ("data://text/html,{notcNo}", Scheme),
            ("file:///etc/{notcNo}", Scheme),
            ("blob:https://a.example/{notcNo}", Scheme),
            ("blob://a.example/{notcNo}", Scheme),
            ("about://blank/{notcNo}", Scheme),
            ("intent://x/{notcNo}#Intent;end", Scheme),
            ("ms-settings://x/{notcNo}", Scheme),
            ("HTTPS://a.example/{notcNo}", Scheme),
            ("http://a.example/{notcNo}", Scheme),
            ("http://127.0.0.1.a.example/{notcNo}", Scheme),
            ("http://127.0.0.1@a.example/{notcNo}", Scheme),
            ("httpx://a.example/{notcNo}", Scheme),
            ("a://x/{notcNo}", Scheme),
            ("9app://x/{notcNo}", Scheme),
            ("//a.example/{notcNo}", Scheme),
            ("/p/{notcNo}", Scheme),
            ("https:///{notcNo}", Host),
            ("https://bank@a.example/{notcNo}", Host),
            ("https://{notcNo}.a.example/", Host),
            ("https://a.example:/{notcNo}", Host),
            ("https://a.example:99999/{notcNo}", Host),
            ("https://a.example\\@b.example/{notcNo}", Host),
            ("https://例.example/{notcNo}", Host),
            ("https://app.1/{notcNo}", Host),
            ("https://10.1/{notcNo}", Host),
            ("https://a.0x7f:8443/{notcNo}", Host),
            ("https://a.example/", Places),
            ("https://a.example/{notcNo}{notcNo}", Places),
            ("https://a.example/{way}", Places),
            ("https://a.example/{notcNo}{way}{way}", Places),
            ("https://a.example/{notcNo}{userName}", Places),
            ("https://a.example/{notcNo}}", Places),
            ("https://a.example/{{notcNo}}", Places),
            ("bankapp://{notcNo}", Character),
            ("https://a.example/{notcNo}?\"><script>", Character),
            ("https://a.example/{notcNo}?a b", Character),
            ("https://a.example/{notcNo}?a\nb", Character),
            ("https://a.example/{notcNo}?确认", Character),
            ("https://a.example/{notcNo}?%4", Character),
            ("https://a.example/%4{notcNo}", Character),
            ("bank@app://x/{notcNo}", Scheme),
            ("bankapp://x@y/{notcNo}", Character),
        ] {
            assert_eq!(text.parse::<Handover>(), Err(why), "{text:?}");
            assert!(!why.to_string().is_empty());
        }
    }
}
