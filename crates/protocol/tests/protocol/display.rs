//! The encoder against every character there is, and against the tricks that are known.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use yanmi_protocol::display::{MARK, encode};
use yanmi_protocol::message::notify;
use yanmi_protocol::{Members, envelope};

use crate::unicode::holds;

/// How many threads share all characters.
const SHARES: usize = 4;

#[test]
fn every_character_there_is_alone_and_among_letters() {
    let walk = |share: usize| {
        for c in (char::MIN..=char::MAX).skip(share).step_by(SHARES) {
            for text in
                [format!("{c}"), format!("医{c}院"), format!("A{c}B"), format!("ཀ{c}ཀ"), format!("7{c}8")]
            {
                holds(&text).expect("it holds of every text");
            }
            // Whatever it is, it takes nothing of its neighbors away.
            let shown = encode(&format!("医{c}院")).into_owned();
            let middle = shown.strip_prefix('医').and_then(|rest| rest.strip_suffix('院'));
            let is_one = |middle: &str| [c, MARK].iter().any(|one| middle.chars().eq([*one]));
            assert!(middle.is_some_and(is_one), "{shown:?}");
        }
    };
    std::thread::scope(|scope| {
        for share in 0..SHARES {
            scope.spawn(move || walk(share));
        }
    });
}

/// An honest name.
const NAMES: [&str; 5] =
    ["福州示范医院", "北京大学第一医院（东院区）", "西安国际医学中心CT室", "ꆈꌠꉙ彝医馆", "བོད་ལྗོངས་སྨན་ཁང།"];

/// Controls that reorder, hide, join and separate.
const UNSEEN: [char; 26] = [
    '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}', '\u{200B}', '\u{200C}', '\u{200D}', '\u{200E}', '\u{200F}', '\u{2060}', '\u{2064}',
    '\u{FEFF}', '\u{AD}', '\u{61C}', '\u{180E}', '\u{3164}', '\u{115F}', '\u{2028}', '\u{0}', '\u{7F}',
    '\u{85}',
];

/// Of each pair the second is read as the first.
const TWINS: [(char, char); 22] = [
    ('一', '—'),
    ('一', 'ー'),
    ('一', '⼀'),
    ('口', 'ロ'),
    ('二', 'ニ'),
    ('八', 'ハ'),
    ('力', 'カ'),
    ('工', 'エ'),
    ('夕', 'タ'),
    ('〇', '○'),
    ('生', '⽣'),
    ('龟', '\u{F9CE}'),
    ('A', 'А'),
    ('A', 'Α'),
    ('A', '𝐀'),
    ('C', 'С'),
    ('T', 'Т'),
    ('o', 'ο'),
    ('I', 'Ⅰ'),
    ('l', '丨'),
    ('·', '・'),
    (' ', '\u{3000}'),
];

/// One trick put into a name.
fn trick() -> impl Strategy<Value = String> {
    let one = |range: std::ops::RangeInclusive<char>| proptest::char::range(*range.start(), *range.end());
    prop_oneof![
        // Runs of what is not seen, balanced or not.
        vec(select(&UNSEEN[..]), 1..6).prop_map(String::from_iter),
        // Words from right to left, with digits in them.
        vec(prop_oneof![one('\u{5D0}'..='\u{5EA}'), one('\u{627}'..='\u{64A}'), one('0'..='9')], 1..8)
            .prop_map(String::from_iter),
        // Piles of marks.
        vec(prop_oneof![one('\u{300}'..='\u{36F}'), one('\u{20D0}'..='\u{20F0}')], 1..30)
            .prop_map(String::from_iter),
        (one('\u{F40}'..='\u{F47}'), vec(one('\u{F71}'..='\u{F84}'), 1..30))
            .prop_map(|(letter, marks)| std::iter::once(letter).chain(marks).collect()),
        // A word in tags, and selectors.
        vec(one('\u{E0020}'..='\u{E007F}'), 1..12).prop_map(String::from_iter),
        vec(prop_oneof![one('\u{FE00}'..='\u{FE0F}'), one('\u{E0100}'..='\u{E01EF}')], 1..4)
            .prop_map(String::from_iter),
        // What has no meaning but that of a font.
        vec(prop_oneof![one('\u{E000}'..='\u{F8FF}'), one('\u{F0000}'..='\u{FFFFD}')], 1..3)
            .prop_map(String::from_iter),
        // Twins, alone and beside what they are twins of.
        select(&TWINS[..]).prop_map(|(honest, twin)| format!("{honest}{twin}")),
        select(&TWINS[..]).prop_map(|(_, twin)| twin.to_string()),
        // A second kind of letters.
        select(&["A", "한", "ꆈ", "ཀ", "Ａ", "ｂ"][..]).prop_map(str::to_owned),
        // Out of sight, and what a page could take for its own.
        (1_usize..60).prop_map(|count| " ".repeat(count)),
        (1_usize..60).prop_map(|count| "院".repeat(count)),
        select(&["<b>", "</p>", "\" onload=\"", "&#x202e;", "\\u202e", "%E2%80%AE", "${x}", "{{x}}"][..])
            .prop_map(str::to_owned),
        any::<char>().prop_map(|c| c.to_string()),
    ]
}

/// A name with tricks in it.
fn tricked() -> impl Strategy<Value = String> {
    (select(&NAMES[..]), vec((any::<prop::sample::Index>(), trick()), 0..5)).prop_map(|(name, tricks)| {
        let mut text: Vec<char> = name.chars().collect();
        for (at, trick) in tricks {
            let at = at.index(text.len() + 1);
            text.splice(at..at, trick.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn known_tricks_in_honest_names(text in tricked()) {
        holds(&text).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn what_is_shown_of_a_name_is_a_part_of_it_in_its_order(text in tricked()) {
        let shown = encode(&text).into_owned();
        let mut rest = text.chars();
        for c in shown.chars().filter(|c| ![MARK, '…'].contains(c)) {
            prop_assert!(rest.any(|other| other == c), "{text:?} {shown:?}");
        }
    }
}

/// A piece of a JSON text: how it is written, and the units of UTF-16 that it means.
fn piece() -> impl Strategy<Value = (String, Vec<u16>)> {
    let escaped = |unit: u16| (format!("\\u{unit:04x}"), vec![unit]);
    prop_oneof![
        4 => select(&['医', '院', 'A', '𠮷', '\u{202E}'][..])
            .prop_map(|c| (c.to_string(), c.encode_utf16(&mut [0; 2]).to_vec())),
        2 => any::<u16>().prop_map(escaped),
        2 => any::<char>().prop_map(|c| {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            let written: Vec<String> = units.iter().map(|unit| format!("\\u{unit:04X}")).collect();
            (written.concat(), units)
        }),
        1 => (0xD800_u16..0xDC00).prop_map(escaped),
        1 => (0xDC00_u16..0xE000).prop_map(escaped),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Halves of a character are refused, and never completed, dropped, or replaced by something that is shown.
    #[test]
    fn escapes_in_a_message_mean_what_they_say_or_nothing(pieces in vec(piece(), 1..12)) {
        let written: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
        let units: Vec<u16> = pieces.iter().flat_map(|(_, units)| units.iter().copied()).collect();
        let message = format!(
            "{{\"token\":\"350000ec7ioqup8p1o0761820a0000f1f8b13d\",\"orgCodg\":\"H35010000001\",\"orgName\":\"{written}\"}}"
        );
        let read = Members::parse(&message).ok().and_then(|members| notify::Request::read(&members).ok());
        match (String::from_utf16(&units), read) {
            (Ok(meant), Some(read)) => {
                prop_assert_eq!(&read.org_name, &meant);
                holds(&meant).map_err(TestCaseError::fail)?;
            }
            (Err(_), Some(read)) => prop_assert!(false, "half a character was read as {:?}", read.org_name),
            (_, None) => {}
        }
        // Sealed and opened it is the same.
        let key = yanmi_protocol::Sm4Key::from_bytes(&[9; 16]);
        let sealed = envelope::CipherText::from_hex(&envelope::seal(&key, message.as_bytes()));
        let opened = sealed.expect("whole blocks").open(&key).ok();
        prop_assert_eq!(opened.is_some_and(|plain| plain.as_str() == message), Members::parse(&message).is_ok());
    }
}
