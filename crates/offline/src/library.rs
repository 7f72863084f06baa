//! The dynamic library of section 1.5 (医保电子凭证动态库) as a port of the desk: table `[library]`.
//!
//! It has to be of 2022033001 or later (1.5.4(3)). How a library says of which date it is, only its vendor knows: the site
//! writes down what it installed (`date`), or names the member of the answers that tells (`date_member`), or neither.

use std::fmt;
use std::path::Path;

use yanmi_client::config::Table;
use yanmi_client::offline::{CredentialPassword, DynamicLibrary, PortAnswer, PortFailure, Subject};
use yanmi_protocol::time::is_day;

use crate::failure::LoadError;
use crate::vendor::{self, MAX_NAME, Vendor, VendorAnswer, VendorSettings};

/// Table `[library]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LibrarySettings {
    /// The file, and the names in its messages.
    pub vendor: VendorSettings,
    /// `transType` of the password check.
    pub operation: String,
    /// Where the password goes, in `data`.
    pub password_member: String,
    /// The oldest library whose checks count.
    pub min_date: LibraryDate,
    /// Of which date the installed one is, as far as the site has written it down.
    pub date: Option<LibraryDate>,
    /// Where the answer's `data` say so; when empty, it is not looked for.
    pub date_member: String,
}

/// Of which date a library is: a day and the number of the version of that day, as vendors write it, `2022033001`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LibraryDate(u32);

impl LibraryDate {
    /// What the specification demands (1.5.4(3)).
    pub const LEAST: Self = Self(2_022_033_001);

    /// The date of ten digits; nothing for any other text, or a day that is not in the calendar.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number =
            |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<u32>().ok());
        let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
        // Ten digits of a year that vendors have lived in are less than four thousand million.
        (year < 4_000 && is_day(year, month, day)).then(|| text.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for LibraryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

/// What is said of a library that is too old.
fn too_old(date: LibraryDate, min_date: LibraryDate) -> String {
    format!("动态库的版本日期 {date} 早于 {min_date}：规范 1.5.4(3) 要求升级，请换用新版动态库")
}

fn date(table: &Table<'_>, member: &'static str) -> Option<LibraryDate> {
    let text = table.optional_text(member)?;
    let date = LibraryDate::new(text.trim());
    if date.is_none() {
        table.problem(member, "应为 10 位数字的版本日期：年月日与两位序号，如 \"2022033001\"");
    }
    date
}

impl LibrarySettings {
    /// Takes the members out of the table; what is wrong with them is noted there.
    pub fn read(table: &Table<'_>) -> Option<Self> {
        let vendor = VendorSettings::read(table);
        let password_member = table.text("password_member", "password", MAX_NAME);
        let operation = table.text("operation", "", MAX_NAME);
        if operation.is_empty() {
            table.problem("operation", "缺失：厂商文档中的密码核验操作名");
        }
        let min_date = date(table, "min_date").unwrap_or(LibraryDate::LEAST);
        if min_date < LibraryDate::LEAST {
            let least = LibraryDate::LEAST;
            table.problem(
                "min_date",
                format!("不能早于 {least}：规范 1.5.4(3) 要求动态库升级到该日期及以上版本"),
            );
        }
        let installed = date(table, "date");
        if let Some(date) = installed.filter(|date| *date < min_date) {
            table.problem("date", too_old(date, min_date));
        }
        let date_member = table.text("date_member", "", MAX_NAME);
        Some(Self { vendor: vendor?, operation, password_member, min_date, date: installed, date_member })
    }
}

/// A vendor's dynamic library, loaded until this is dropped.
#[derive(Debug)]
pub struct Library {
    vendor: Vendor,
    operation: String,
    password_member: String,
    min_date: LibraryDate,
    date_member: String,
}

impl Library {
    /// Loads the file. `org_code` is sent along as the institution's code.
    ///
    /// # Errors
    /// [`LoadError`] when the file cannot be loaded or does not have the function.
    pub fn open(settings: LibrarySettings, folder: &Path, org_code: &str) -> Result<Self, LoadError> {
        let LibrarySettings { vendor, operation, password_member, min_date, date_member, .. } = settings;
        let vendor = Vendor::open("library", "动态库", vendor, folder, org_code)?;
        Ok(Self { vendor, operation, password_member, min_date, date_member })
    }

    /// What a library that is too old says does not count; nor does what one says that does not tell, where it should.
    fn check_date(&self, said: &VendorAnswer) -> Result<(), PortFailure> {
        if self.date_member.is_empty() {
            return Ok(());
        }
        let told = said.member(&self.date_member);
        match told.as_deref().and_then(LibraryDate::new) {
            Some(date) if date >= self.min_date => Ok(()),
            Some(date) => Err(vendor::failure(too_old(date, self.min_date))),
            None => {
                let member = &self.date_member;
                Err(vendor::failure(format!(
                    "动态库的应答没有版本日期（library.date_member = \"{member}\"）"
                )))
            }
        }
    }
}

impl DynamicLibrary for Library {
    fn password(
        &self,
        subject: &Subject,
        password: Option<&CredentialPassword>,
    ) -> Result<PortAnswer, PortFailure> {
        let typed = password.map(|password| (self.password_member.as_str(), password.reveal()));
        let said = self.vendor.ask(&self.operation, subject.token, typed)?;
        let answer = self.vendor.judge_password(&said)?;
        // What it refuses to do at all says nothing of its date.
        if said.is_done() {
            self.check_date(&said)?;
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_and_numbers_in_order() {
        let date = |text| LibraryDate::new(text).expect("a date");
        assert_eq!(date("2022033001"), LibraryDate::LEAST);
        assert_eq!(LibraryDate::LEAST.to_string(), "2022033001");
        assert!(date("2022033000") < LibraryDate::LEAST && date("2024022901") > LibraryDate::LEAST);
        for bad in
            ["", "20220330", "2022133001", "2022023001", "2023022901", "2022-03-30", "二〇二二", "9999123101"]
        {
            assert_eq!(LibraryDate::new(bad), None, "{bad}");
        }
    }
}
