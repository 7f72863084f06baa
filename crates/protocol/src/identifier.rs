//! The names things go by on the wire, each parsed once and then known to be well formed.

use std::fmt;

use crate::mask;
use crate::time::{UnixMillis, put_digits, shanghai_millis};

/// Why a text is not the identifier it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdentifierError {
    /// What is expected, in the words of the institution's programmer.
    pub expected: &'static str,
}

impl fmt::Display for IdentifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "应为{}", self.expected)
    }
}

impl std::error::Error for IdentifierError {}

/// A short ASCII text held in place, so that a map of a million of them holds no million allocations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Inline<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> Inline<N> {
    fn new(text: &str, fits: impl Fn(u8) -> bool) -> Option<Self> {
        if text.is_empty() || text.len() > N || !text.bytes().all(|b| b.is_ascii() && fits(b)) {
            return None;
        }
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { length: u8::try_from(text.len()).ok()?, bytes })
    }

    fn as_str(&self) -> &str {
        // The constructor took ASCII only, so this is always text.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

/// Declares an identifier around [`Inline`]: documentation, name, bytes, test of a byte, what is expected.
macro_rules! inline_identifier {
    ($(#[$doc:meta])* $name:ident, $size:literal, $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Inline<$size>);

        impl $name {
            /// The longest text, in characters.
            pub const MAX_LENGTH: usize = $size;

            /// Reads the text.
            ///
            /// # Errors
            /// When it is not of the form the type's description gives.
            pub fn new(text: &str) -> Result<Self, IdentifierError> {
                Inline::new(text, $fits).map(Self).ok_or(IdentifierError { expected: $expected })
            }

            /// The text as it stands on the wire.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }
    };
}

inline_identifier! {
    /// 核验令牌, `ecToken`: what decoding a QR code yields and both calls name (sections 1.7.1, 1.7.2).
    ///
    /// 1 to 40 letters and digits, compared exactly. Whoever holds one can ask about a person, so it is masked
    /// to its last eight characters wherever it is shown.
    EcToken, 40, "1 至 40 位字母或数字", |b| b.is_ascii_alphanumeric()
}

impl fmt::Debug for EcToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask::token(self.as_str()))
    }
}

inline_identifier! {
    /// 电子凭证索引, `ecIndexNo`: the number of a person's credential, in the field 32 upper-case hexadecimal digits.
    EcIndexNo, 40, "1 至 40 位字母或数字", |b| b.is_ascii_alphanumeric()
}

impl fmt::Debug for EcIndexNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask::token(self.as_str()))
    }
}

inline_identifier! {
    /// 电子凭证二维码, `ecQrCode`: what the phone shows; in the field 28 digits beginning with `424`.
    QrCode, 64, "1 至 64 位字母或数字", |b| b.is_ascii_alphanumeric()
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask::token(self.as_str()))
    }
}

inline_identifier! {
    /// 授权码, `authNo`: what a face check yields; in the field `ano` and 25 digits.
    AuthNo, 64, "1 至 64 位字母或数字", |b| b.is_ascii_alphanumeric()
}

impl fmt::Debug for AuthNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask::token(self.as_str()))
    }
}

inline_identifier! {
    /// 渠道编码, `chnlId`: a channel app; also the `orgId` of its envelopes. In the field 32 characters.
    ChannelId, 40, "1 至 40 位字母、数字或 . _ -", |b| b.is_ascii_alphanumeric() || b"._-".contains(&b)
}

impl fmt::Debug for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

inline_identifier! {
    /// 业务系统编码, `orgId`: the account whose key seals the envelope, 1 to 40 visible ASCII characters.
    ///
    /// The specification bounds only the length. An account of another alphabet cannot have been issued, so an
    /// `orgId` that is no `AccountId` is answered like any unknown one (E7).
    AccountId, 40, "1 至 40 个可见 ASCII 字符", |b| b.is_ascii_graphic()
}

impl AccountId {
    /// What the codes of trial accounts begin with.
    const TRIAL: &str = "t-";

    /// Whether it is one for joint debugging (联调编码): their codes begin with `t-`, so that none is taken for one of the
    /// other kind.
    pub fn is_trial(&self) -> bool {
        Self::is_trial_text(self.as_str())
    }

    /// The same of an `orgId` that may be no account at all.
    pub fn is_trial_text(org_id: &str) -> bool {
        org_id.starts_with(Self::TRIAL)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// 定点医药机构代码, `orgCodg`: `H` (medical institution) or `P` (pharmacy) and 11 digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgCode(Inline<12>);

impl OrgCode {
    /// Reads the text.
    ///
    /// # Errors
    /// When it is not `H` or `P` and 11 digits. The old codes of 11 digits without a letter are what the return
    /// code 500316 exists for.
    pub fn new(text: &str) -> Result<Self, IdentifierError> {
        let error = IdentifierError { expected: "H 或 P 加 11 位数字" };
        let (kind, digits) = text.split_at_checked(1).ok_or(error)?;
        let fits =
            matches!(kind, "H" | "P") && digits.len() == 11 && digits.bytes().all(|b| b.is_ascii_digit());
        if !fits {
            return Err(error);
        }
        Inline::new(text, |_| true).map(Self).ok_or(error)
    }

    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether this is a pharmacy rather than a medical institution.
    pub fn is_pharmacy(&self) -> bool {
        self.as_str().starts_with('P')
    }
}

impl fmt::Debug for OrgCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// 省级医保区划代码: the six digits after `&` in `reqtType` (section 1.3.2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Inline<6>);

impl Region {
    /// Reads the text.
    ///
    /// # Errors
    /// When it is not six digits.
    pub fn new(text: &str) -> Result<Self, IdentifierError> {
        Inline::new(text, |b| b.is_ascii_digit())
            .filter(|inline| inline.length == 6)
            .map(Self)
            .ok_or(IdentifierError { expected: "6 位数字" })
    }

    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// 密码核验认证通知编号, `notcNo`: the number of one attempt to have a person confirm (section 5 of the reading).
///
/// Thirteen digits from the same sequence as [`SerialNo`]. It needs not be a secret: a channel can only answer
/// for the numbers it was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeNo(u64);

impl NoticeNo {
    /// The smallest number of thirteen digits.
    pub const FIRST: u64 = 1_000_000_000_000;
    /// The largest number of thirteen digits.
    pub const LAST: u64 = 9_999_999_999_999;

    /// The notice of this number, when it has thirteen digits.
    pub const fn from_number(number: u64) -> Option<Self> {
        if number >= Self::FIRST && number <= Self::LAST { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Reads thirteen digits.
    ///
    /// # Errors
    /// For any other text.
    pub fn new(text: &str) -> Result<Self, IdentifierError> {
        let error = IdentifierError { expected: "13 位数字" };
        if text.len() != 13 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error);
        }
        text.parse().ok().and_then(Self::from_number).ok_or(error)
    }
}

impl fmt::Display for NoticeNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for NoticeNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 响应流水号, `resBizNo`: 27 digits, a number of thirteen that is unique in the center and the local time
/// `yyyyMMddHHmmss`, as in the specification's sample `161665488196720210609155618`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNo {
    number: u64,
    at: UnixMillis,
}

impl SerialNo {
    /// The serial of a unique number and a moment. The number must have thirteen digits.
    pub const fn from_parts(number: u64, at: UnixMillis) -> Option<Self> {
        match NoticeNo::from_number(number) {
            Some(_) => Some(Self { number, at }),
            None => None,
        }
    }

    /// The moment in a text of 27 digits that ends in one, whosever it is, brought to the ends of what a moment can be;
    /// nothing for a text of another shape.
    pub fn made_at(serial: &str) -> Option<UnixMillis> {
        if serial.len() != 27 || !serial.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize, to: usize| serial.get(13 + from..13 + to)?.parse().ok();
        let parts = [part(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?];
        shanghai_millis(parts).map(UnixMillis::new)
    }

    /// The unique number.
    pub const fn number(self) -> u64 {
        self.number
    }

    /// The moment it was made.
    pub const fn at(self) -> UnixMillis {
        self.at
    }

    /// The 27 digits.
    pub fn digits(self) -> [u8; 27] {
        let mut out = [b'0'; 27];
        let (number, time) = out.split_at_mut(13);
        let high = u32::try_from(self.number / 1_000_000).unwrap_or(0);
        let low = u32::try_from(self.number % 1_000_000).unwrap_or(0);
        put_digits(&mut number[..7], high);
        put_digits(&mut number[7..], low);
        time.copy_from_slice(&self.at.shanghai_digits());
        out
    }
}

impl fmt::Display for SerialNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for SerialNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_both_known_shapes_are_taken_and_masked() {
        for text in ["630000ec7ioqup8p1o0761820a0000f1f8b13d", "ADBHJRS5I01E0F3438C00000B959FA88", "a"] {
            assert_eq!(EcToken::new(text).expect("a token").as_str(), text);
        }
        for text in ["", "a b", "甲", &"x".repeat(41), "a\0"] {
            assert!(EcToken::new(text).is_err(), "{text}");
        }
        let token = EcToken::new("630000ec7ioqup8p1o0761820a0000f1f8b13d").expect("a token");
        assert_eq!(format!("{token:?}"), "…f1f8b13d");
    }

    #[test]
    fn institution_codes() {
        assert!(!OrgCode::new("H35010000001").expect("a code").is_pharmacy());
        assert!(OrgCode::new("P35010000001").expect("a code").is_pharmacy());
        for text in [
            "",
            "35010000001",
            "X35010000001",
            "h35010000001",
            "H3501000000",
            "H350100000011",
            "甲35010000001",
        ] {
            assert!(OrgCode::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn regions_and_notice_numbers() {
        assert_eq!(Region::new("350000").expect("a region").as_str(), "350000");
        for text in ["", "35000", "3500000", "35000a"] {
            assert!(Region::new(text).is_err(), "{text}");
        }
        assert_eq!(NoticeNo::new("1616654881967").expect("a number").to_string(), "1616654881967");
        for text in ["", "0616654881967", "161665488196", "16166548819671", "161665488196x"] {
            assert!(NoticeNo::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_serial_has_the_shape_of_the_sample() {
        let serial =
            SerialNo::from_parts(1_616_654_881_967, UnixMillis::new(1_623_225_378_340)).expect("a serial");
        assert_eq!(serial.to_string(), "161665488196720210609155618");
        assert_eq!(SerialNo::from_parts(12, UnixMillis::new(0)), None);
    }
}
