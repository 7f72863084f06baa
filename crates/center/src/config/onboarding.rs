//! Applications and feedback forms: what is printed on a form, and with which key it is signed.

use std::path::{Path, PathBuf};

use yanmi_onboarding::application::{Calendar, MAX_HOLIDAYS};
use yanmi_papers::feedback::{CenterUrl, MAX_NAME, MAX_SHORT, MAX_URLS};
use yanmi_protocol::text::first_deceptive_character;

/// What a site says of itself on the forms it issues.
#[derive(Clone, Default, Debug)]
pub struct Onboarding {
    /// Whether this is a test center, where accounts of joint debugging (`t-`) are registered.
    pub trial_accounts: bool,
    /// Days that are not worked on, beside Saturdays and Sundays.
    pub holidays: Option<Holidays>,
    /// The SM2 private key that forms are signed with, in PEM.
    pub signing_key: Option<PathBuf>,
    /// What is printed above a form.
    pub title: PrintedText<MAX_NAME>,
    /// The authority that issues.
    pub issuer: Option<PrintedText<MAX_NAME>>,
    /// How institutions reach the center.
    pub urls: Option<CenterUrls>,
    /// The roots its certificates are checked with, in PEM.
    pub tls_roots: Option<PathBuf>,
    /// The clock that machines are set by.
    pub time_source: Option<PrintedText<MAX_SHORT>>,
    /// Who is asked while systems are connected.
    pub debugging_phone: Option<PrintedText<MAX_SHORT>>,
    /// Who is asked when something fails.
    pub duty_phone: Option<PrintedText<MAX_SHORT>>,
    /// The applicant's pages.
    pub portal: Option<PrintedText<MAX_SHORT>>,
    /// The public keys of test centers whose signed reports count, in PEM.
    pub test_centers: Option<TestCenterKeys>,
    /// After how many days a key has to be another; 0 where that is not set.
    pub key_days: u32,
}

impl Onboarding {
    /// The days that are worked on.
    pub fn calendar(&self) -> Calendar {
        self.holidays.as_ref().and_then(|days| Calendar::new(days.0.iter().copied())).unwrap_or_default()
    }
}

/// Test centers whose reports count.
pub const MAX_TEST_CENTERS: usize = 8;

/// Files with public keys of test centers, at most [`MAX_TEST_CENTERS`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestCenterKeys(pub(crate) Vec<PathBuf>);

impl TestCenterKeys {
    /// Reads paths separated by commas, from this folder on.
    ///
    /// # Errors
    /// When there are too many, or one is empty.
    pub fn new(folder: &Path, text: &str) -> Result<Self, String> {
        let paths: Vec<&str> = text.split(',').map(str::trim).collect();
        if paths.iter().any(|path| path.is_empty()) {
            return Err("有空的文件路径".to_owned());
        }
        if paths.len() > MAX_TEST_CENTERS {
            return Err(format!("至多 {MAX_TEST_CENTERS} 个公钥文件"));
        }
        Ok(Self(paths.into_iter().map(|path| folder.join(path)).collect()))
    }
}

/// Days as numbers of eight digits: 20270101.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holidays(pub(super) Vec<u32>);

impl Holidays {
    /// Reads days separated by commas; nothing for anything else, or too many of them.
    pub fn new(text: &str) -> Option<Self> {
        let day = |part: &str| {
            let part = part.trim();
            let number: u32 = part.parse().ok().filter(|_| part.len() == 8)?;
            let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
            let at = yanmi_protocol::UnixMillis::from_shanghai([year, month, day, 0, 0, 0])?;
            (at.shanghai_day() == number).then_some(number)
        };
        let days: Vec<u32> = text.split(',').map(day).collect::<Option<_>>()?;
        (days.len() <= MAX_HOLIDAYS).then_some(Self(days))
    }
}

/// Addresses of the center, as institutions call it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CenterUrls(pub(crate) Vec<CenterUrl>);

impl CenterUrls {
    /// Reads addresses separated by commas.
    ///
    /// # Errors
    /// What is wrong with the first that is none, or that there are too many.
    pub fn new(text: &str) -> Result<Self, String> {
        let urls = text.split(',').map(|part| CenterUrl::new(part.trim()).map_err(|error| error.to_string()));
        let urls: Vec<CenterUrl> = urls.collect::<Result<_, _>>()?;
        if urls.len() > MAX_URLS { Err(format!("至多 {MAX_URLS} 个地址")) } else { Ok(Self(urls)) }
    }
}

/// A text of so many characters that is printed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PrintedText<const MOST: usize>(String);

impl<const MOST: usize> PrintedText<MOST> {
    /// A text that is not too long and has nothing in it that cannot be seen.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=MOST).contains(&text.chars().count()) && first_deceptive_character(text).is_none();
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_are_days() {
        assert_eq!(Holidays::new("20270101, 20270102"), Some(Holidays(vec![20_270_101, 20_270_102])));
        for text in ["", "2027-01-01", "20270230", "270101", "20270101,", "20270101;20270102"] {
            assert_eq!(Holidays::new(text), None, "{text}");
        }
    }

    #[test]
    fn files_of_test_centers_are_few() {
        let folder = Path::new("/etc/yanmi");
        let keys = TestCenterKeys::new(folder, "a.pem, /other/b.pem").expect("two");
        assert_eq!(keys.0, [PathBuf::from("/etc/yanmi/a.pem"), PathBuf::from("/other/b.pem")]);
        assert!(TestCenterKeys::new(folder, &["a.pem"; MAX_TEST_CENTERS].join(",")).is_ok());
        let many = TestCenterKeys::new(folder, &["a.pem"; MAX_TEST_CENTERS + 1].join(","));
        assert_eq!(many, Err("至多 8 个公钥文件".to_owned()));
        for text in ["", "a.pem,", ",a.pem"] {
            assert!(TestCenterKeys::new(folder, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_printed_can_be_seen() {
        assert!(PrintedText::<3>::new("医保局").is_some());
        for text in ["", "医保局局", "医\u{202E}保"] {
            assert_eq!(PrintedText::<3>::new(text), None, "{text}");
        }
    }
}
