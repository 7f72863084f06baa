use proptest::prelude::*;

use super::*;

#[test]
fn ordinary_names_pass_unchanged() {
    for name in [
        "福州示范医院",
        "解放军第三〇二医院",
        "北京大学第一医院（东院区）",
        "国药控股国大药房(福州)有限公司五一北路店",
        "A-1 药店·总店",
        "西安国际医学中心医院CT室",
        "St. Mary's（一院）",
        "𠮷林村卫生室",
        "福建省立医院“互联网+”门诊部",
        "２４小时药房",
        "연변대학부속병원（延边大学附属医院）",
        "བོད་ལྗོངས་མི་དམངས་སྨན་ཁང།",
        "ꆈꌠꉙ彝医馆",
        "院",
        "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十",
    ] {
        assert_eq!(check(name), Ok(()), "{name}");
        assert!(matches!(encode(name), Cow::Borrowed(shown) if shown == name), "{name}");
    }
}

/// A name, what is wrong with it, and what is shown of it.
const TRICKS: [(&str, &str, &str); 38] = [
    ("", "没有可读的文字", ""),
    ("（）", "没有可读的文字", ""),
    ("□□", "含有名称中不使用的字符 U+25A1", ""),
    (" 医院", "首尾有空格，或有连续的空格", "医院"),
    ("医院 ", "首尾有空格，或有连续的空格", "医院"),
    ("医  院", "首尾有空格，或有连续的空格", "医 院"),
    ("医\n院", "含有看不见或会改变显示顺序的字符 U+000A", "医□院"),
    ("医\u{202E}院", "含有看不见或会改变显示顺序的字符 U+202E", "医□院"),
    ("医\u{2066}\u{2067}院", "含有看不见或会改变显示顺序的字符 U+2066", "医□院"),
    ("医\u{200B}院", "含有看不见或会改变显示顺序的字符 U+200B", "医□院"),
    ("医\u{200D}院", "含有看不见或会改变显示顺序的字符 U+200D", "医□院"),
    ("医\u{FEFF}院", "含有看不见或会改变显示顺序的字符 U+FEFF", "医□院"),
    ("医\u{E0041}\u{E007F}院", "含有看不见或会改变显示顺序的字符 U+E0041", "医□院"),
    ("医\u{FE0F}院", "含有看不见或会改变显示顺序的字符 U+FE0F", "医□院"),
    ("医\u{E000}院", "含有看不见或会改变显示顺序的字符 U+E000", "医□院"),
    ("医\u{10FFFD}院", "含有看不见或会改变显示顺序的字符 U+10FFFD", "医□院"),
    ("医\u{301}\u{302}\u{303}院", "含有看不见或会改变显示顺序的字符 U+0301", "医□院"),
    ("医院שלום100", "含有看不见或会改变显示顺序的字符 U+05E9", "医院□100"),
    ("医院مستشفى", "含有看不见或会改变显示顺序的字符 U+0645", "医院□"),
    ("医\u{FFFE}院", "含有名称中不使用的字符 U+FFFE", "医□院"),
    ("第—医院", "含有易混淆的字符 —（U+2014），与汉字“一”相似，请改用半角 -", "第□医院"),
    ("第ー医院", "含有易混淆的字符 ー（U+30FC），与汉字“一”相似，请改用半角 -", "第□医院"),
    ("第三○二医院", "含有易混淆的字符 ○（U+25CB），请改用汉字“〇”", "第三□二医院"),
    ("人民医院ロ腔科", "含有易混淆的字符 ロ（U+30ED），假名与汉字相似，请改用汉字", "人民医院□腔科"),
    ("⽣生医院", "含有易混淆的字符 ⽣（U+2F63），是部首或笔画而不是汉字，请重新输入该字", "□生医院"),
    ("福\u{F9A0}医院", "含有易混淆的字符 \u{F9A0}（U+F9A0），是兼容汉字，请重新输入该字", "福□医院"),
    ("丨CU", "含有易混淆的字符 丨（U+4E28），是笔画，易读作字母或符号", "□CU"),
    ("СT室", "含有易混淆的字符 С（U+0421），与拉丁字母相似，请改用 A 至 Z", "□T室"),
    ("ΑΒΟ医院", "含有易混淆的字符 Α（U+0391），与拉丁字母相似，请改用 A 至 Z", "□医院"),
    ("𝐂𝐓室", "含有易混淆的字符 𝐂（U+1D402），与拉丁字母相似，请改用 A 至 Z", "□室"),
    ("医院Ⅰ部", "含有易混淆的字符 Ⅰ（U+2160），与字母 I 相似，请改用字母或汉字数字", "医院□部"),
    ("医院　东院", "含有易混淆的字符 　（U+3000），请改用半角空格", "医院□东院"),
    ("医院<b>", "含有名称中不使用的字符 U+003C", "医院□b□"),
    ("医院😀", "含有名称中不使用的字符 U+1F600", "医院□"),
    ("CT연변", "混用了多种文字的字母：연（U+C5F0）", "CT□"),
    (
        "ཀ\u{F72}\u{F72}\u{F72}\u{F72}\u{F72}\u{F72}院",
        "附加符号堆叠过多：U+0F72",
        "ཀ\u{F72}\u{F72}\u{F72}\u{F72}\u{F72}□院",
    ),
    ("ཀ\u{F73}", "含有易混淆的字符 \u{F73}（U+0F73），是藏文的合成形式，请改用分开的字母与附标", "ཀ□"),
    ("院\u{F72}", "附加符号堆叠过多：U+0F72", "院□"),
];

#[test]
fn tricks_are_refused_by_name_and_shown_as_marks() {
    for (name, why, shown) in TRICKS {
        assert_eq!(check(name).map_err(|trick| trick.to_string()), Err(why.to_owned()), "{name:?}");
        assert_eq!(encode(name), shown, "{name:?}");
    }
}

#[test]
fn what_is_too_long_is_cut_where_everybody_sees_it() {
    let name = "院".repeat(MAX_NAME + 1);
    assert_eq!(check(&name), Err(Trick::TooLong));
    let shown = encode(&name).into_owned();
    assert_eq!(shown.chars().count(), MAX_NAME);
    assert!(shown.ends_with("院…"));
    assert_eq!(encode(&shown), shown);
}

/// Any text, with more of the troublesome than chance would bring.
fn text() -> impl Strategy<Value = String> {
    let troublesome = proptest::sample::select(vec![
        ' ', '…', MARK, '\u{202E}', '\u{200B}', '\u{F72}', 'ཀ', 'A', 'А', '한', 'ꆈ', '—', '医', '一',
        '\u{301}', '0',
    ]);
    let one = prop_oneof![any::<char>(), troublesome, proptest::char::range('\u{4E00}', '\u{9FFF}')];
    proptest::collection::vec(one, 0..64).prop_map(|characters| characters.into_iter().collect())
}

fn is_forbidden(c: char) -> bool {
    c != MARK && matches!(class(c), CharacterClass::Refused(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_comes_nothing_forbidden_goes_out(text in text()) {
        let shown = encode(&text);
        let body = shown.strip_suffix(CUT).unwrap_or(&shown);
        prop_assert!(!body.chars().any(is_forbidden), "{shown:?}");
        prop_assert!(shown.chars().count() <= MAX_NAME);
        prop_assert!(!shown.contains("  ") && !shown.starts_with(' ') && !shown.ends_with(' '));
        // One kind of letters at most.
        let mut kinds: Vec<_> = body.chars().filter_map(|c| match class(c) {
            CharacterClass::Letter(script) => Some(script),
            _ => None,
        }).collect();
        kinds.dedup();
        prop_assert!(kinds.len() <= 1, "{shown:?}");
    }

    #[test]
    fn encoding_twice_is_encoding_once(text in text()) {
        let once = encode(&text).into_owned();
        prop_assert_eq!(encode(&once), once.as_str());
    }

    #[test]
    fn what_passes_is_unchanged_and_what_is_unchanged_passes(text in text()) {
        let unchanged = !text.is_empty() && encode(&text) == text && !text.contains([MARK, CUT]);
        prop_assert_eq!(check(&text).is_ok(), unchanged, "{:?}", text);
    }

    #[test]
    fn whatever_is_refused_elsewhere_is_refused_here(text in text()) {
        if crate::text::first_deceptive_character(&text).is_some() {
            prop_assert!(check(&text).is_err());
        }
    }
}
