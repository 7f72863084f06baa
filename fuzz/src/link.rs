//! Links, addresses and cookies that come from outside: nobody but the site makes one that it takes, and none leads anywhere
//! but where it may.
//!
//! The first byte says what the rest is: `n` the parts of a notice's link and what is changed of it, `s` those of the link of a
//! person's page, `g` a guessed link or cookie, `c` a cookie header, `h` a link into an app,
//! `o` the address of the pages; anything else is where somebody wants to go.
#![no_main]

use http::Uri;
use url::Url;
use yanmi_center::fuzzing::{
    LinkSite, SettingsLinkParts, cookie, decoded_segment, encoded_segment, handover_link, page_origin,
    place_after_login,
};
use yanmi_center::registry::Handover;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{AccountId, ChannelId, EcToken, NoticeNo, OrgCode, QrCode, Region, UnixMillis};

const COOKIE: &str = "__Host-yanmi";

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [what, rest @ ..] = input else { return };
    match (what, std::str::from_utf8(rest)) {
        (b'n', _) => notice(rest),
        (b's', _) => settings(rest),
        (b'c', _) => in_a_header(rest),
        (b'g', Ok(text)) => guessed(text),
        (b'h', Ok(text)) => into_an_app(text),
        (b'o', Ok(text)) => origin(text),
        (_, Ok(text)) => {
            after_login(text);
            part_of_an_address(text);
            identifiers(text);
        }
        _ => {}
    }
});

/// A link of ours with one letter changed, or cut.
fn bent(link: &str, at: u8, letter: u8) -> String {
    let at = usize::from(at) % link.len();
    let mut bytes = link.as_bytes().to_vec();
    if letter.is_ascii_graphic() {
        bytes[at] = letter;
    } else {
        bytes.truncate(at);
    }
    String::from_utf8(bytes).expect("a link is ASCII")
}

fn is_time(millis: i64) -> bool {
    UnixMillis::new(millis).get() == millis
}

fn notice(input: &[u8]) {
    let Some((parts, [at, letter, ..])) = input.split_first_chunk::<20>() else { return };
    let number =
        |range: std::ops::Range<usize>| parts[range].iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    let (site, other) = (LinkSite::new([1; 16]), LinkSite::new([2; 16]));
    let told =
        (number(0..8), number(8..16).cast_signed(), u32::try_from(number(16..20)).expect("four bytes"));
    // A time is never before 1970, nor after what a date can say.
    let Some(link) = site.notice_link(told.0, told.1, told.2).filter(|_| is_time(told.1)) else { return };
    assert_eq!(site.read_notice_link(&link), Some(told), "our own link is known");
    assert_eq!(other.read_notice_link(&link), None, "another site's is not");
    assert_eq!(site.read_settings_link(&link), None, "nor one of another page");
    let bent = bent(&link, *at, *letter);
    assert!(bent == link || site.read_notice_link(&bent).is_none(), "a changed one is not: {bent}");
}

fn settings(input: &[u8]) {
    let Some((numbers, rest)) = input.split_first_chunk::<16>() else { return };
    let Some((person, [at, letter, channel @ ..])) = rest.split_first_chunk::<16>() else { return };
    let number = |part: &[u8]| part.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    let Ok(channel) = std::str::from_utf8(channel) else { return };
    let (site, other) = (LinkSite::new([1; 16]), LinkSite::new([2; 16]));
    let parts = SettingsLinkParts {
        number: number(&numbers[..8]),
        until: number(&numbers[8..]).cast_signed(),
        person: *person,
        channel: channel.to_owned(),
    };
    let Some(link) = site.settings_link(&parts).filter(|_| is_time(parts.until)) else { return };
    assert_eq!(site.read_settings_link(&link), Some(parts), "our own link is known");
    assert!(other.read_settings_link(&link).is_none() && site.read_notice_link(&link).is_none());
    let bent = bent(&link, *at, *letter);
    assert!(bent == link || site.read_settings_link(&bent).is_none(), "a changed one is not: {bent}");
}

/// What nobody has made is not taken. No other input sees a link of this site: the fuzzer would remember it.
fn guessed(text: &str) {
    let site = LinkSite::new([3; 16]);
    assert_eq!(site.read_notice_link(text), None, "{text}");
    assert_eq!(site.read_settings_link(text), None, "{text}");
    assert!(!site.is_flow(text), "{text}");
}

/// A cookie among others: what is read of it stands there, behind its name.
fn in_a_header(header: &[u8]) {
    let Some(value) = cookie(header, COOKIE) else { return };
    let text = std::str::from_utf8(header).expect("it was read");
    assert!(!value.contains(';') && value == value.trim(), "{value}");
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    assert!(pairs.into_iter().any(|(name, found)| name.trim() == COOKIE && found.trim() == value), "{text}");
}

/// Where somebody goes after the login stays on this site and below the face, as a browser understands it.
fn after_login(next: &str) {
    for root in ["/o/", "/a/"] {
        let place = place_after_login(root, next);
        assert!(place == next || place == root);
        let here = Url::parse("https://center.example/o/login").expect("an address");
        let there = here.join(place).expect("an address");
        assert_eq!(there.origin(), here.origin(), "{next}");
        assert!(there.path().starts_with(root), "{next} leads to {}", there.path());
        assert!(there.query().is_none() && there.fragment().is_none(), "{next}");
    }
}

/// A text as a part of an address is that text again.
fn part_of_an_address(text: &str) {
    let written = encoded_segment(text);
    assert_eq!(decoded_segment(&written).as_deref(), Some(text));
    let here = Url::parse("https://center.example/o/").expect("an address");
    // A browser takes dots that stand alone for a way, however they are written.
    if !matches!(text, "" | "." | "..") {
        let there = here.join(&format!("accounts/{written}")).expect("an address");
        assert_eq!(there.path(), format!("/o/accounts/{written}"), "a browser asks for it as it is written");
    }
    if let Some(read) = decoded_segment(text) {
        assert_eq!(decoded_segment(&encoded_segment(&read)), Some(read), "{text}");
    }
}

/// What is read of an identifier is what was written.
fn identifiers(text: &str) {
    assert!(EcToken::new(text).is_ok_and(|id| id.as_str() == text) || EcToken::new(text).is_err());
    assert!(AccountId::new(text).map_or(true, |id| id.as_str() == text));
    assert!(ChannelId::new(text).map_or(true, |id| id.as_str() == text));
    assert!(OrgCode::new(text).map_or(true, |id| id.as_str() == text));
    assert!(Region::new(text).map_or(true, |id| id.as_str() == text));
    assert!(QrCode::new(text).map_or(true, |id| id.as_str() == text));
    assert!(NoticeNo::new(text).map_or(true, |id| id.to_string() == text));
}

/// A link into an app, as it was registered: what a browser makes of it for a notice is the same place, and nothing that
/// it runs itself.
fn into_an_app(text: &str) {
    let Ok(registered) = text.parse::<Handover>() else { return };
    assert_eq!(registered.as_str(), text);
    let notice = NoticeNo::from_number(NoticeNo::FIRST).expect("a number");
    let number = notice.to_string();
    let link = handover_link(&registered, notice, Way::Face);
    let (Ok(there), Ok(bare)) = (Url::parse(&link), Url::parse(&text.replace(['{', '}'], "x"))) else {
        // What stands behind an app's own scheme is the app's to read, and whether a name of another script is one is
        // not known here.
        if link.to_ascii_lowercase().contains("xn--") {
            return;
        }
        return assert!(!link.starts_with("http"), "a browser cannot read {link}");
    };
    assert_eq!(
        (there.scheme(), there.host(), there.port()),
        (bare.scheme(), bare.host(), bare.port()),
        "{link}"
    );
    assert!(!matches!(there.scheme(), "javascript" | "data" | "file" | "blob" | "intent"), "{link}");
    assert!(there.scheme() != "http" || is_this_machine(&there), "{link}");
    assert!(there.username().is_empty() && there.password().is_none(), "{link}");
    assert!(link.contains(&number) && !link.contains(['{', '}', '"', '<', '>', ' ']), "{link}");
}

fn is_this_machine(there: &Url) -> bool {
    match there.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        _ => false,
    }
}

/// The address of the pages: what links begin with is where a browser finds them, and the host is as it says it.
fn origin(text: &str) {
    let Ok(uri) = text.parse::<Uri>() else { return };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return;
    }
    let Some((begin, host)) = page_origin(&uri) else { return };
    let (Ok(written), Ok(link)) = (Url::parse(text), Url::parse(&format!("{begin}/p/x"))) else { return };
    // Browsers know more ways to write a host; who configures one of those finds no page at all.
    if written.host_str() != uri.host().map(str::to_ascii_lowercase).as_deref() {
        return;
    }
    assert_eq!(link.origin(), written.origin(), "{text}: {begin}");
    let port = link.port().map(|port| format!(":{port}")).unwrap_or_default();
    assert_eq!(host, format!("{}{port}", link.host_str().unwrap_or_default()), "{text}");
}
