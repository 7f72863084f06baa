//! Where: the part of the country that a right is for, or that a thing is in.

use std::fmt;

use yanmi_protocol::{OrgCode, Region};

/// Digits of the code of a county, the longest there is.
const DIGITS: usize = 6;

/// What comes after the last code of all: a colon follows the digit nine, so it sorts after every text of digits.
const AFTER_ALL: &str = ":";

/// A province, a city or a county: the first 2, 4 or 6 digits of the code of a region.
///
/// Areas are sorted as their texts are, so an area stands right before all that it covers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area {
    /// ASCII digits, and zero bytes behind them.
    digits: [u8; DIGITS],
    level: Level,
}

/// How large an area is, the largest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Two digits.
    Province,
    /// Four digits.
    City,
    /// Six digits.
    County,
}

/// A text that names no area: it is not of 2, 4 or 6 ASCII digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AreaError;

impl Area {
    /// The area of these digits. Whether there is such a place in the country is not looked up.
    ///
    /// # Errors
    /// [`AreaError`] for anything but 2, 4 or 6 ASCII digits.
    pub fn new(text: &str) -> Result<Self, AreaError> {
        let level = match text.len() {
            2 => Level::Province,
            4 => Level::City,
            DIGITS => Level::County,
            _ => return Err(AreaError),
        };
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AreaError);
        }
        let mut digits = [0; DIGITS];
        digits[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { digits, level })
    }

    /// Where an institution is by its code: an insurance region, which may be that of its city.
    pub fn of_code(code: &OrgCode) -> Self {
        let mut digits = [0; DIGITS];
        // A letter and eleven digits.
        digits.copy_from_slice(&code.as_str().as_bytes()[1..=DIGITS]);
        Self { digits, level: Level::County }
    }

    /// The province of a site, by the code of its region.
    pub fn of_province(region: Region) -> Self {
        let mut digits = [0; DIGITS];
        // A region has six digits.
        digits[..2].copy_from_slice(&region.as_str().as_bytes()[..2]);
        Self { digits, level: Level::Province }
    }

    /// The digits, as they were given.
    pub fn as_str(&self) -> &str {
        // Never the default: they are ASCII digits.
        std::str::from_utf8(&self.digits[..self.level.digits()]).unwrap_or_default()
    }

    /// Whether it is a province, a city or a county.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Whether `other` is this area or lies within it.
    pub fn covers(&self, other: &Area) -> bool {
        other.as_str().starts_with(self.as_str())
    }

    /// The smallest area that has both in it; nothing for two provinces.
    #[must_use]
    pub fn joined(&self, other: &Area) -> Option<Area> {
        let within = |length| self.as_str().get(..length).and_then(|text| Area::new(text).ok());
        let areas = [Level::County, Level::City, Level::Province].into_iter().map(Level::digits);
        areas.filter_map(within).find(|area| area.covers(self) && area.covers(other))
    }

    /// The codes of six digits that are within, as a range of texts for a query: from the first text on, and before the
    /// second. Texts have to be compared byte by byte (collation `C`).
    ///
    /// The second text is the first code of the next area of this level, or ":" when there is none, as after "99": a
    /// colon sorts after every text of digits.
    pub fn bounds(&self) -> (String, String) {
        let mut next = self.digits;
        let mut carried = true;
        for digit in next[..self.level.digits()].iter_mut().rev() {
            carried = *digit == b'9';
            *digit = if carried { b'0' } else { *digit + 1 };
            if !carried {
                break;
            }
        }
        let first = filled(self.digits);
        if carried { (first, AFTER_ALL.to_owned()) } else { (first, filled(next)) }
    }
}

/// The text of these digits, with "0" for those that are missing.
fn filled(digits: [u8; DIGITS]) -> String {
    digits.into_iter().map(|digit| char::from(digit.max(b'0'))).collect()
}

impl Level {
    /// All of them, the largest first.
    pub const ALL: [Self; 3] = [Self::Province, Self::City, Self::County];

    /// What operators read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Province => "省",
            Self::City => "市",
            Self::County => "县",
        }
    }

    /// How many digits the code of such an area has.
    const fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::City => 4,
            Self::County => DIGITS,
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for Area {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Area").field(&self.as_str()).finish()
    }
}

impl fmt::Display for AreaError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("辖区应为 2、4 或 6 位数字（省、市、县）")
    }
}

impl std::error::Error for AreaError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn areas_their_levels_and_bounds() {
        for (text, level, bounds) in [
            ("35", Level::Province, ("350000", "360000")),
            ("39", Level::Province, ("390000", "400000")),
            ("99", Level::Province, ("990000", ":")),
            ("3501", Level::City, ("350100", "350200")),
            ("3599", Level::City, ("359900", "360000")),
            ("9999", Level::City, ("999900", ":")),
            ("350102", Level::County, ("350102", "350103")),
            ("350199", Level::County, ("350199", "350200")),
            ("999999", Level::County, ("999999", ":")),
            ("000000", Level::County, ("000000", "000001")),
        ] {
            let area = Area::new(text).expect(text);
            assert_eq!(area.level(), level, "{text}");
            assert_eq!(area.as_str(), text);
            assert_eq!(area.to_string(), text);
            assert_eq!(format!("{area:?}"), format!("Area({text:?})"));
            assert_eq!(area.bounds(), (bounds.0.to_owned(), bounds.1.to_owned()), "{text}");
        }
        for text in ["", "3", "350", "35010", "3501021", "3a", " 35", "35 ", "-1", "3%", "３５", "五1"] {
            assert_eq!(Area::new(text), Err(AreaError), "{text:?}");
        }
        let code = OrgCode::new("H35010200001").expect("a code");
        assert_eq!(Area::of_code(&code).as_str(), "350102");
        assert_eq!(Level::ALL.map(Level::name), ["省", "市", "县"]);
        assert_eq!(AreaError.to_string(), "辖区应为 2、4 或 6 位数字（省、市、县）");
    }

    /// Areas of few digits, so that some cover others and some are the last.
    fn any_area() -> impl Strategy<Value = Area> {
        "([089]{2}){1,3}".prop_map(|text| Area::new(&text).expect("digits"))
    }

    proptest! {
        #[test]
        fn a_code_is_within_the_bounds_if_the_area_covers_it(area in any_area(), code in "[0189]{6}") {
            let place = Area::new(&code).expect("a county");
            let (from, to) = area.bounds();
            prop_assert!(from < to);
            prop_assert_eq!(area.covers(&place), from <= code && code < to);
        }

        #[test]
        fn what_two_areas_are_in_is_the_smallest(one in any_area(), other in any_area(), third in any_area()) {
            prop_assert_eq!(one.joined(&other), other.joined(&one));
            match one.joined(&other) {
                Some(area) => {
                    prop_assert!(area.covers(&one) && area.covers(&other));
                    let larger = third.covers(&one) && third.covers(&other);
                    prop_assert!(!larger || third.covers(&area));
                }
                None => prop_assert!(one.as_str()[..2] != other.as_str()[..2]),
            }
        }

        #[test]
        fn areas_are_sorted_as_their_texts_are(one in any_area(), other in any_area()) {
            prop_assert_eq!(one.cmp(&other), one.as_str().cmp(other.as_str()));
            prop_assert_eq!(one.covers(&other) && other.covers(&one), one == other);
            prop_assert!(!one.covers(&other) || one.level() <= other.level());
        }
    }
}
