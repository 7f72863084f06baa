//! What a request to the page says about the browser it comes from, and what is handed to the browser.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;
use yanmi_protocol::NoticeNo;

use crate::face::page::cookie;
use crate::page_link::PageOrigin;
use crate::sealing::Sealer;

/// How long a browser keeps its cookie: longer than any notice lives and than a confirmation is looked at, in seconds.
const COOKIE_SECONDS: u32 = 2 * 60 * 60;

/// What a browser was given to be known by.
#[derive(Clone, Copy)]
pub(super) struct Badge([u8; 16]);

/// It is a secret of the browser.
impl std::fmt::Debug for Badge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Badge(…)")
    }
}

impl Badge {
    pub(super) fn fresh(sealer: &Sealer) -> Self {
        Self(sealer.fresh())
    }

    /// The badge the browser shows.
    pub(super) fn shown(headers: &HeaderMap, place: &PageOrigin) -> Option<Self> {
        let bytes = BASE64.decode(cookie(headers, cookie_name(place))?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The keyed hash it is stored by for one notice.
    pub(super) fn hash(self, sealer: &Sealer, notice: NoticeNo) -> [u8; 16] {
        sealer.proof("page browser", &[&notice.number().to_be_bytes(), &self.0])
    }

    /// The token of a form about this notice in this browser.
    pub(super) fn token(self, sealer: &Sealer, notice: NoticeNo) -> String {
        BASE64.encode(sealer.proof("page form", &[&notice.number().to_be_bytes(), &self.0]))
    }

    /// Whether a form was made for this notice in this browser.
    pub(super) fn made(self, sealer: &Sealer, notice: NoticeNo, token: &str) -> bool {
        self.token(sealer, notice).as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// The header that hands it out. `__Host-` cookies are never set from another host or without TLS.
    pub(super) fn cookie(self, place: &PageOrigin) -> Option<HeaderValue> {
        let secure = if place.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}",
            cookie_name(place),
            BASE64.encode(self.0)
        );
        HeaderValue::from_str(&text).ok()
    }
}

fn cookie_name(place: &PageOrigin) -> &'static str {
    if place.secure { "__Host-yanmi" } else { "yanmi" }
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether the request is for the host this page is at: everything else is a name somebody else gave it.
pub(super) fn is_for(headers: &HeaderMap, place: &PageOrigin) -> bool {
    let host = text(headers, "host").map(str::to_ascii_lowercase);
    let usual = if place.secure { ":443" } else { ":80" };
    host.is_some_and(|host| host.strip_suffix(usual).unwrap_or(&host) == place.host)
}

/// Whether a browser fetches it in case somebody might want it.
pub(super) fn is_ahead(headers: &HeaderMap) -> bool {
    let says =
        |name, word: &str| text(headers, name).is_some_and(|value| value.to_ascii_lowercase().contains(word));
    says("sec-purpose", "prefetch") || says("purpose", "prefetch") || says("x-moz", "prefetch")
}

/// Whether a person goes there, as far as the browser says: robots that look at links do not.
pub(super) fn is_navigation(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-mode") == Some("navigate") && text(headers, "sec-fetch-dest") == Some("document")
}

/// Whether a page of another site sent the browser here, so that a strict cookie stayed at home.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-site") == Some("cross-site")
}

/// Whether the page's script asks, which goes on by itself where a browser would be sent.
pub(super) fn is_script(headers: &HeaderMap) -> bool {
    text(headers, "accept") == Some("application/json")
}

/// Whether a form can have come from this page: no page of anybody else sent it. `null` is what browsers say for a page
/// that tells nobody where they come from.
pub(super) fn is_own_form(headers: &HeaderMap, place: &PageOrigin) -> bool {
    let origin = text(headers, "origin").is_none_or(|origin| origin == "null" || origin == place.origin);
    let site = text(headers, "sec-fetch-site").is_none_or(|site| site == "same-origin");
    origin && site
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::ports::Entropy;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn place(url: &str) -> PageOrigin {
        PageOrigin::new(&url.parse().expect("a URL")).expect("a place")
    }

    #[test]
    fn a_badge_comes_back_among_other_cookies_and_fits_one_notice() {
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        let here = place("https://yanmi.example.com");
        let badge = Badge::fresh(&sealer);
        let cookie = badge.cookie(&here).expect("a header");
        let cookie = cookie.to_str().expect("text");
        assert!(
            cookie.starts_with("__Host-yanmi=") && cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"),
            "{cookie}"
        );
        let value = cookie.split(';').next().expect("a pair");
        let mut said = HeaderMap::new();
        said.insert("cookie", HeaderValue::from_str(&format!("a=b; {value}; c=d")).expect("a header"));
        let shown = Badge::shown(&said, &here).expect("a badge");
        let notice = |n| NoticeNo::from_number(n).expect("a number");
        let [one, other] = [notice(1_000_000_000_001), notice(1_000_000_000_002)];
        assert_eq!(shown.hash(&sealer, one), badge.hash(&sealer, one));
        assert_ne!(badge.hash(&sealer, one), badge.hash(&sealer, other));
        let token = badge.token(&sealer, one);
        assert!(shown.made(&sealer, one, &token));
        assert!(!shown.made(&sealer, other, &token) && !Badge::fresh(&sealer).made(&sealer, one, &token));
        assert!(!shown.made(&sealer, one, ""));
        assert!(Badge::shown(&headers(&[("cookie", "__Host-yanmi=zz")]), &here).is_none());
        assert!(Badge::shown(&headers(&[]), &here).is_none());
    }

    #[test]
    fn what_browsers_say() {
        let here = place("https://yanmi.example.com");
        for (host, ours) in [
            ("yanmi.example.com", true),
            ("Yanmi.Example.com:443", true),
            ("yanmi.example.com:8351", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_for(&headers(&[("host", host)]), &here), ours, "{host}");
        }
        assert!(!is_for(&headers(&[]), &here));
        assert!(is_ahead(&headers(&[("sec-purpose", "prefetch;prerender")])));
        assert!(is_ahead(&headers(&[("purpose", "prefetch")])) && !is_ahead(&headers(&[])));
        assert!(is_navigation(&headers(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")])));
        assert!(!is_navigation(&headers(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")])));
        assert!(!is_navigation(&headers(&[("user-agent", "a robot")])));
        for (said, own) in [
            (&[][..], true),
            (&[("origin", "https://yanmi.example.com"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "http://yanmi.example.com")], false),
            (&[("sec-fetch-site", "same-site")], false),
        ] {
            assert_eq!(is_own_form(&headers(said), &here), own, "{said:?}");
        }
    }
}
