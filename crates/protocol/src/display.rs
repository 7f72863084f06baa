//! The encoder: which names may be shown to a person, and what is shown of one that may not.
//!
//! # The persons of the play
//!
//! An **institution** has a name. It is read by an **insured person** who is about to enter a password on a phone, and by a
//! **clerk**. Whoever chooses the name can try to have it read as another's: with characters that are not seen, that turn
//! the order of others around, that look like others, that pile up over their neighbors, or that push what matters out of
//! sight. [`check`] refuses such a name where it is registered, and says what to write instead. [`encode`] is for the last
//! moment before a name goes out: names were stored before there was this rule, and a database may be written by others.
//! It never fails; what it cannot let through becomes [`MARK`], so that the reader sees that something is wrong.
//!
//! # Why a list of what is allowed
//!
//! Lists of what is forbidden are never complete, and grow with every edition of Unicode. Names of institutions are written
//! in standard Chinese characters, with a few Latin letters, digits and brackets, and in places with the writing of the people
//! that lives there. So a character passes when it is one of
//!
//! * the unified Chinese characters, without their twins (radicals, compatibility forms) and without bare strokes, which
//!   are read as lines or letters;
//! * the Latin letters without marks, the Hangul syllables, the Tibetan letters and the Yi syllables, of which a name has
//!   **one kind** beside the Chinese characters: what looks alike in two kinds cannot stand in one name;
//! * the digits and the marks listed in `is_mark`, not one of which looks like a character: a long dash reads as 一;
//! * single blanks between others.
//!
//! Kana are not among them (ロ reads as 口, ニ as 二), nor are Cyrillic and Greek letters, nor what is written from right to
//! left, for it turns the digits beside it around without any control character.
//!
//! # What is not guaranteed
//!
//! Two Chinese characters may differ by the length of a stroke (未 and 末), and two names by a word. No list tells these from
//! honest names; they are for whoever registers an institution, and the reason that a notice also carries its code.

use std::borrow::Cow;
use std::fmt;

/// Characters a name may have.
pub const MAX_NAME: usize = 40;
/// What stands in place of what may not be shown.
pub const MARK: char = '□';
/// What a name ends with that was cut.
const CUT: char = '…';
/// Marks that may follow a Tibetan letter: the deepest stacks of the written language have four.
const MAX_STACK: usize = 5;

/// Why a name must not be shown as it is. Its text is Chinese, for whoever registers the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trick {
    /// There is nothing to be read.
    Empty,
    /// It has more characters than [`MAX_NAME`].
    TooLong,
    /// A character that is not seen, or changes how others are seen.
    Hidden(char),
    /// A character that is read as another.
    LooksLike(char, &'static str),
    /// A character that names are not written with.
    Foreign(char),
    /// A letter of a second kind beside the Chinese characters.
    Mixed(char),
    /// Too many marks over one letter, or one without a letter.
    Piled(char),
    /// A blank at the beginning, at the end, or after another.
    Blank,
}

impl fmt::Display for Trick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = |c: &char| u32::from(*c);
        match self {
            Self::Empty => f.write_str("没有可读的文字"),
            Self::TooLong => write!(f, "长度超过 {MAX_NAME} 个字符"),
            Self::Hidden(c) => write!(f, "含有看不见或会改变显示顺序的字符 U+{:04X}", code(c)),
            Self::LooksLike(c, advice) => write!(f, "含有易混淆的字符 {c}（U+{:04X}），{advice}", code(c)),
            Self::Foreign(c) => write!(f, "含有名称中不使用的字符 U+{:04X}", code(c)),
            Self::Mixed(c) => write!(f, "混用了多种文字的字母：{c}（U+{:04X}）", code(c)),
            Self::Piled(c) => write!(f, "附加符号堆叠过多：U+{:04X}", code(c)),
            Self::Blank => f.write_str("首尾有空格，或有连续的空格"),
        }
    }
}

impl std::error::Error for Trick {}

/// Writing that may stand beside Chinese characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Script {
    Latin,
    Hangul,
    Tibetan,
    Yi,
}

/// What a character is to a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CharacterClass {
    Chinese,
    Digit,
    Mark,
    Blank,
    Letter(Script),
    /// Stands over or under a Tibetan letter.
    Stacked,
    Refused(Trick),
}

/// Whether a name may be shown as it is.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(name: &str) -> Result<(), Trick> {
    let mut reading = Reading::default();
    for c in name.chars() {
        reading.take(c)?;
    }
    reading.end()
}

/// What is shown of a name: the name itself when it may be shown, otherwise with [`MARK`] for what may not, without
/// superfluous blanks, and cut to [`MAX_NAME`] characters. Empty when there is nothing to be read in it.
pub fn encode(name: &str) -> Cow<'_, str> {
    if check(name).is_ok() {
        return Cow::Borrowed(name);
    }
    let (body, was_cut) = name.strip_suffix(CUT).map_or((name, false), |body| (body, true));
    let mut reading = Reading::default();
    let mut shown: Vec<char> = Vec::with_capacity(MAX_NAME + 1);
    for c in body.chars() {
        match reading.take(c) {
            Ok(()) => shown.push(c),
            Err(Trick::Blank) => {}
            Err(_) if shown.last() == Some(&MARK) => {}
            Err(_) => {
                reading.passed_over();
                shown.push(MARK);
            }
        }
        if shown.len() > MAX_NAME {
            break;
        }
    }
    let too_long = shown.len() + usize::from(was_cut) > MAX_NAME;
    if too_long {
        shown.truncate(MAX_NAME - 1);
    }
    while shown.last() == Some(&' ') {
        shown.pop();
    }
    if !shown.iter().any(|c| is_readable(*c)) {
        return Cow::Borrowed("");
    }
    if too_long || was_cut {
        shown.push(CUT);
    }
    Cow::Owned(shown.into_iter().collect())
}

/// A name as far as it was read.
#[derive(Debug, Default)]
struct Reading {
    count: usize,
    readable: bool,
    script: Option<Script>,
    /// Marks over the letter at hand; nothing when there is none.
    stack: Option<usize>,
    after_blank: bool,
}

impl Reading {
    /// Reads one more character; one that is refused changes nothing.
    fn take(&mut self, c: char) -> Result<(), Trick> {
        let class = class(c);
        let stack = match class {
            CharacterClass::Refused(trick) => return Err(trick),
            CharacterClass::Blank if self.count == 0 || self.after_blank => return Err(Trick::Blank),
            CharacterClass::Letter(script) if self.script.is_some_and(|other| other != script) => {
                return Err(Trick::Mixed(c));
            }
            CharacterClass::Stacked => match self.stack {
                Some(marks) if marks < MAX_STACK => Some(marks + 1),
                _ => return Err(Trick::Piled(c)),
            },
            CharacterClass::Letter(Script::Tibetan) => Some(0),
            _ => None,
        };
        if let CharacterClass::Letter(script) = class {
            self.script = Some(script);
        }
        self.stack = stack;
        self.readable |=
            matches!(class, CharacterClass::Chinese | CharacterClass::Digit | CharacterClass::Letter(_));
        self.after_blank = class == CharacterClass::Blank;
        self.count += 1;
        Ok(())
    }

    /// Something was put in place of a character that was refused.
    fn passed_over(&mut self) {
        self.stack = None;
        self.after_blank = false;
        self.count += 1;
    }

    fn end(&self) -> Result<(), Trick> {
        match self {
            Self { readable: false, .. } => Err(Trick::Empty),
            Self { after_blank: true, .. } => Err(Trick::Blank),
            Self { count, .. } if *count > MAX_NAME => Err(Trick::TooLong),
            _ => Ok(()),
        }
    }
}

fn is_readable(c: char) -> bool {
    matches!(class(c), CharacterClass::Chinese | CharacterClass::Digit | CharacterClass::Letter(_))
}

fn class(c: char) -> CharacterClass {
    match c {
        ' ' => CharacterClass::Blank,
        '0'..='9' | '\u{FF10}'..='\u{FF19}' => CharacterClass::Digit,
        'A'..='Z' | 'a'..='z' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => {
            CharacterClass::Letter(Script::Latin)
        }
        c if is_mark(c) => CharacterClass::Mark,
        c if look_alike(c).is_some() => {
            CharacterClass::Refused(Trick::LooksLike(c, look_alike(c).unwrap_or_default()))
        }
        c if is_chinese(c) => CharacterClass::Chinese,
        '\u{AC00}'..='\u{D7A3}' => CharacterClass::Letter(Script::Hangul),
        '\u{A000}'..='\u{A48C}' => CharacterClass::Letter(Script::Yi),
        '\u{0F40}'..='\u{0F47}' | '\u{0F49}'..='\u{0F6C}' | '\u{0F88}'..='\u{0F8C}' => {
            CharacterClass::Letter(Script::Tibetan)
        }
        // Between syllables, and at the end.
        '\u{0F0B}' | '\u{0F0D}' => CharacterClass::Mark,
        '\u{0F71}'..='\u{0F84}' | '\u{0F8D}'..='\u{0F97}' | '\u{0F99}'..='\u{0FBC}' => {
            CharacterClass::Stacked
        }
        c if is_hidden(c) => CharacterClass::Refused(Trick::Hidden(c)),
        c => CharacterClass::Refused(Trick::Foreign(c)),
    }
}

/// The marks a name may have. Left out are those that a page or a message may take for its own (`<`, `"`), and the long
/// dashes.
const fn is_mark(c: char) -> bool {
    matches!(
        c,
        '&' | '\''
            | '('
            | ')'
            | '+'
            | ','
            | '-'
            | '.'
            | '/'
            | ':'
            | '#'
            | '（'
            | '）'
            | '《'
            | '》'
            | '【'
            | '】'
            | '「'
            | '」'
            | '〔'
            | '〕'
            | '“'
            | '”'
            | '‘'
            | '’'
            | '、'
            | '，'
            | '。'
            | '：'
            | '·'
            | '＆'
            | '＋'
            | '／'
            | '．'
    )
}

/// The unified Chinese characters, by the blocks of Unicode 16 as far as they are assigned.
const fn is_chinese(c: char) -> bool {
    matches!(
        c,
        '〇' | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            // Twelve of the compatibility block are unified ones, with no twin.
            | '\u{FA0E}' | '\u{FA0F}' | '\u{FA11}' | '\u{FA13}' | '\u{FA14}' | '\u{FA1F}' | '\u{FA21}'
            | '\u{FA23}' | '\u{FA24}' | '\u{FA27}'..='\u{FA29}'
            | '\u{20000}'..='\u{2A6DF}'
            | '\u{2A700}'..='\u{2B739}'
            | '\u{2B740}'..='\u{2B81D}'
            | '\u{2B820}'..='\u{2CEA1}'
            | '\u{2CEB0}'..='\u{2EBE0}'
            | '\u{2EBF0}'..='\u{2EE5D}'
            | '\u{30000}'..='\u{3134A}'
            | '\u{31350}'..='\u{323AF}'
    )
}

/// What to do about characters that are met in honest names too, but are read as others.
const fn look_alike(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{FF0D}'
        | '\u{2500}'
        | '\u{30FC}'
        | '\u{FF70}'
        | '\u{3161}' => "与汉字“一”相似，请改用半角 -",
        '\u{25CB}' | '\u{25EF}' | '\u{2B58}' => "请改用汉字“〇”",
        '\u{2E80}'..='\u{2FDF}' | '\u{31C0}'..='\u{31E3}' => "是部首或笔画而不是汉字，请重新输入该字",
        '丨' | '丶' | '丿' | '乀' | '乁' | '乚' | '亅' => "是笔画，易读作字母或符号",
        '\u{F900}'..='\u{FA0D}'
        | '\u{FA10}'
        | '\u{FA12}'
        | '\u{FA15}'..='\u{FA1E}'
        | '\u{FA20}'
        | '\u{FA22}'
        | '\u{FA25}'
        | '\u{FA26}'
        | '\u{FA2A}'..='\u{FAD9}'
        | '\u{2F800}'..='\u{2FA1D}' => "是兼容汉字，请重新输入该字",
        '\u{3041}'..='\u{30FA}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{FF66}'..='\u{FF6F}'
        | '\u{FF71}'..='\u{FF9D}' => "假名与汉字相似，请改用汉字",
        '\u{0370}'..='\u{052F}' | '\u{1D400}'..='\u{1D7FF}' => "与拉丁字母相似，请改用 A 至 Z",
        '\u{2160}'..='\u{217F}' | '\u{FF5C}' | '|' => "与字母 I 相似，请改用字母或汉字数字",
        '\u{2022}' | '\u{2027}' | '\u{22C5}' | '\u{30FB}' | '\u{FF65}' => "请改用间隔号 ·",
        // Composed ones: each is the same as a letter and marks, which is how keyboards write it.
        '\u{0F43}'
        | '\u{0F4D}'
        | '\u{0F52}'
        | '\u{0F57}'
        | '\u{0F5C}'
        | '\u{0F69}'
        | '\u{0F73}'
        | '\u{0F75}'..='\u{0F79}'
        | '\u{0F81}'
        | '\u{0F93}'
        | '\u{0F9D}'
        | '\u{0FA2}'
        | '\u{0FA7}'
        | '\u{0FAC}'
        | '\u{0FB9}' => "是藏文的合成形式，请改用分开的字母与附标",
        '\u{3000}' | '\u{00A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{1680}' => {
            "请改用半角空格"
        }
        _ => return None,
    })
}

/// What is not seen by itself: controls, joiners, marks over other characters, selectors, tags, private use, surrogates'
/// neighbors that are no characters. The list only chooses the words; what is on no list is refused all the same.
fn is_hidden(c: char) -> bool {
    crate::text::first_deceptive_character(c.encode_utf8(&mut [0; 4])).is_some()
        || matches!(c,
            '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
            | '\u{302A}'..='\u{302F}' | '\u{3099}' | '\u{309A}' | '\u{FE20}'..='\u{FE2F}'
            | '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' | '\u{10800}'..='\u{10FFF}'
            | '\u{1E800}'..='\u{1EFFF}' // written from right to left
            | '\u{2800}' // blank Braille pattern
            | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests;
