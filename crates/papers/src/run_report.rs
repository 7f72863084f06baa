//! 验收证明: what a test center says about one acceptance run, as a signed file.
//!
//! The report of a run (`report.json`) is long, and anybody can write one by hand. A [`RunReport`] is short: whose system was
//! tried, what came of it, and the digest of the report. A test center signs it ([`crate::Signed`]) under the distinguishing
//! identifier `yanmi-run-report`, so that an application for production can carry it.
//!
//! What it does not say: that the tried system did what it told. A system that tells another decision than it takes is not
//! found out by any run, and [`RunReport::note`] says so to whoever reads the file.
//!
//! What is read or signed keeps these rules, beside the bounds that stand at the members:
//!
//! * a run ends no earlier than it began;
//! * no institution is there twice, and a run of the institution's suite has at least one;
//! * what passed has no rule and no situation that failed, and no situation that was not seen.

use std::fmt;

use serde::Serialize;
use yanmi_protocol::{AccountId, KeyCheckValue, OrgCode, Region, UnixMillis, hex};

use crate::paper::Paper;
use crate::paper_error::PaperError;
use crate::reader::Reader;
use crate::word::{RunConclusion, SuiteKind};
use crate::written::{self, Written};

/// Characters of the longest number of a run.
pub const MAX_RUN_NO: usize = 32;
/// Characters of the name of a test center, a space or a vendor.
pub const MAX_RUN_NAME: usize = 100;
/// Characters of product and version, which are one text.
pub const MAX_RUN_PRODUCT: usize = 200;
/// Institutions that took part in one run.
pub const MAX_RUN_INSTITUTIONS: usize = 200;
/// What is counted: rules, situations, decisions.
pub const MAX_RUN_COUNT: u32 = 1_000_000;
/// Characters of a version of yanmi.
const MAX_VERSION: usize = 60;
/// Characters of the note.
const MAX_NOTE: usize = 500;
/// Characters of a word of a closed list.
const MAX_WORD: usize = 20;

/// What a test center says about a run. Sign it with [`crate::Signed::new`], which refuses what breaks a rule of this module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The number the test center gave to the run.
    #[serde(serialize_with = "written::text")]
    pub number: RunNo,
    /// Which suite was played.
    #[serde(serialize_with = "written::text")]
    pub suite: SuiteKind,
    /// Who says it.
    pub test_center: TestCenter,
    /// Whose system was tried.
    pub system: TriedSystem,
    /// What came of it.
    #[serde(serialize_with = "written::text")]
    pub conclusion: RunConclusion,
    /// Rules of the specification.
    pub rules: RunTally,
    /// Advice of ours, which decides nothing.
    pub advice: RunTally,
    /// Situations.
    pub situations: RunTally,
    /// How what the system decided was told.
    pub decisions: DecisionCount,
    /// When the run began.
    #[serde(serialize_with = "written::time")]
    pub started_at: UnixMillis,
    /// When its report was written.
    #[serde(serialize_with = "written::time")]
    pub written_at: UnixMillis,
    /// SM3 of the report's file (`report.json`).
    #[serde(serialize_with = "written::text")]
    pub report_sm3: [u8; 32],
    /// The version of yanmi that judged; at most 60 characters.
    pub yanmi_version: String,
    /// What a reader has to know ([`NOTE`]); at most 500 characters.
    pub note: String,
}

/// What a run cannot know. Whoever reads the file reads it too.
pub const NOTE: &str = "结算决定由被测系统的程序报送或由人点击，报送的与系统实际所做的不同，验收发现不了。";

/// The number of a run: 1 to [`MAX_RUN_NO`] letters, digits and `-`, given by the test center.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunNo(String);

/// Who ran it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestCenter {
    /// 省级医保区划代码 of the run's envelopes.
    #[serde(serialize_with = "written::text")]
    pub region: Region,
    /// Its name; at most [`MAX_RUN_NAME`] characters.
    pub name: String,
    /// The vendor's place at it, where it has places; at most [`MAX_RUN_NAME`] characters.
    pub space: Option<String>,
}

/// Whose system was tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TriedSystem {
    /// 业务系统编码 at the test center; 渠道编码 of a channel app.
    #[serde(serialize_with = "written::text")]
    pub org_id: AccountId,
    /// The check value of the key its envelopes were sealed with.
    #[serde(serialize_with = "written::text")]
    pub kcv: KeyCheckValue,
    /// The institutions it called for; a channel app has none. At most [`MAX_RUN_INSTITUTIONS`].
    #[serde(serialize_with = "written::texts")]
    pub institutions: Vec<OrgCode>,
    /// Who made it, as it was typed at the test center; at most [`MAX_RUN_NAME`] characters.
    pub vendor: String,
    /// What it is, and behind a blank its version, as in `report.json`; at most [`MAX_RUN_PRODUCT`] characters.
    pub product: String,
}

/// Numbers of verdicts, each at most [`MAX_RUN_COUNT`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunTally {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
    /// Not observed.
    pub not_observed: u32,
}

/// How many decisions were told how, each at most [`MAX_RUN_COUNT`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionCount {
    /// By a program.
    pub by_program: u32,
    /// By a person, on the page of the run.
    pub by_page: u32,
}

impl RunNo {
    /// What a number looks like, in Chinese.
    pub const EXPECTED: &'static str = " 1 至 32 位字母、数字或 -";

    /// Reads a number; nothing for another text.
    pub fn read(text: &str) -> Option<Self> {
        let fits = (1..=MAX_RUN_NO).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RunNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Written for RunNo {
    fn text(&self) -> String {
        self.0.clone()
    }
}

impl Paper for RunReport {
    const ID: &'static str = "yanmi-run-report";
    // Two hundred institutions have fifteen bytes each; names of a hundred characters up to six bytes each.
    const MAX_BYTES: usize = 32 * 1024;

    fn written(&self) -> impl Serialize {
        self
    }

    fn read(reader: &Reader<'_>) -> Result<Self, PaperError> {
        let report = report(reader)?;
        whole(reader, &report)?;
        Ok(report)
    }
}

fn report(from: &Reader<'_>) -> Result<RunReport, PaperError> {
    Ok(RunReport {
        number: from.parsed("number", MAX_RUN_NO, RunNo::EXPECTED, RunNo::read)?,
        suite: from.parsed("suite", MAX_WORD, SuiteKind::EXPECTED, SuiteKind::read)?,
        test_center: from.inner("testCenter", test_center)?,
        system: from.inner("system", system)?,
        conclusion: from.parsed("conclusion", MAX_WORD, RunConclusion::EXPECTED, RunConclusion::read)?,
        rules: from.inner("rules", tally)?,
        advice: from.inner("advice", tally)?,
        situations: from.inner("situations", tally)?,
        decisions: from.inner("decisions", |from| {
            Ok(DecisionCount { by_program: count(from, "byProgram")?, by_page: count(from, "byPage")? })
        })?,
        started_at: from.time("startedAt")?,
        written_at: from.time("writtenAt")?,
        report_sm3: from.parsed("reportSm3", 64, " 64 位十六进制数字", |text| {
            hex::decode(text)?.try_into().ok()
        })?,
        yanmi_version: from.text("yanmiVersion", MAX_VERSION)?,
        note: from.text("note", MAX_NOTE)?,
    })
}

fn test_center(from: &Reader<'_>) -> Result<TestCenter, PaperError> {
    Ok(TestCenter {
        region: from.parsed("region", 6, " 6 位数字", |text| Region::new(text).ok())?,
        name: from.text("name", MAX_RUN_NAME)?,
        space: from.optional_text("space", MAX_RUN_NAME)?,
    })
}

fn system(from: &Reader<'_>) -> Result<TriedSystem, PaperError> {
    Ok(TriedSystem {
        org_id: from.parsed("orgId", AccountId::MAX_LENGTH, " 1 至 40 个可见 ASCII 字符", |text| {
            AccountId::new(text).ok()
        })?,
        kcv: from.parsed("kcv", 6, " 6 位十六进制数字", KeyCheckValue::read)?,
        institutions: from.texts("institutions", MAX_RUN_INSTITUTIONS, |text| {
            OrgCode::new(text).map_err(|why| why.to_string())
        })?,
        vendor: from.text("vendor", MAX_RUN_NAME)?,
        product: from.text("product", MAX_RUN_PRODUCT)?,
    })
}

fn tally(from: &Reader<'_>) -> Result<RunTally, PaperError> {
    Ok(RunTally {
        passed: count(from, "passed")?,
        failed: count(from, "failed")?,
        not_observed: count(from, "notObserved")?,
    })
}

/// A number that may be zero.
fn count(from: &Reader<'_>, member: &'static str) -> Result<u32, PaperError> {
    let number = from.integer(member, 0..=i64::from(MAX_RUN_COUNT))?;
    // The range is that of the type, and more.
    Ok(u32::try_from(number).unwrap_or_default())
}

fn whole(reader: &Reader<'_>, report: &RunReport) -> Result<(), PaperError> {
    if report.written_at < report.started_at {
        return Err(reader.other("writtenAt", "早于开始时间 startedAt"));
    }
    let institutions = &report.system.institutions;
    let mut seen = std::collections::BTreeSet::new();
    if let Some(at) = institutions.iter().position(|code| !seen.insert(code)) {
        return Err(reader.other("system.institutions", format!("第 {} 项重复出现", at + 1)));
    }
    if report.suite == SuiteKind::Institution && institutions.is_empty() {
        return Err(reader.other("system.institutions", "至少须有一项"));
    }
    let flawless =
        report.rules.failed == 0 && report.situations.failed == 0 && report.situations.not_observed == 0;
    if report.conclusion == RunConclusion::Passed && !flawless {
        return Err(reader.other("conclusion", "是通过，却有规范要求或情形没有通过"));
    }
    Ok(())
}
