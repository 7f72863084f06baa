//! What long runs have come to, in a file: a run that ended, by whatever, goes on with the next seed and adds up.
//!
//! The file is JSON of one value a line. It is replaced as a whole after each world, by one that was written and synced beside it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What such a file begins with.
const KIND: &str = "yanmi-world long 1";
/// The largest file that is read.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Days of a year, on the average.
const YEAR_DAYS: f64 = 365.25;

/// Something that was found, and what it takes to see it again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The program it was found with.
    pub version: String,
    /// The command that shows it again.
    pub again: String,
    /// What contradicts the contract.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.again, self.what)
    }
}

/// What there was in all runs together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongReport {
    kind: String,
    /// The program of the last run.
    pub version: String,
    /// The seed that is next.
    pub next_seed: u64,
    /// How much time of a core they took, in milliseconds.
    pub ran_millis: u64,
    /// Worlds that were run.
    pub worlds: u64,
    /// How much time passed in them, in milliseconds.
    pub simulated_millis: u64,
    /// How many persons came.
    pub visits: u64,
    /// How often an institution was told that it may settle.
    pub confirmed: u64,
    /// How often a center was started.
    pub lives: u64,
    /// Cuts that were made.
    pub cuts: u64,
    /// What was found.
    pub found: Vec<Finding>,
}

impl LongReport {
    /// One in which nothing has run yet, from this seed on.
    pub fn begin(first: u64, version: String) -> Self {
        Self { kind: KIND.to_owned(), version, next_seed: first, ..Self::default() }
    }

    /// Reads one that was written.
    ///
    /// # Errors
    /// The line at which the text is no such record.
    fn read(text: &str) -> Result<Self, String> {
        let report: Self = serde_json::from_str(text).map_err(|why| why.to_string())?;
        if report.kind != KIND {
            let line = text.lines().position(|line| line.contains("\"kind\"")).map_or(1, |at| at + 1);
            return Err(format!("kind `{}` is not `{KIND}` at line {line}", report.kind));
        }
        Ok(report)
    }
}

/// The last line of a run.
impl fmt::Display for LongReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, visits, confirmed, lives, cuts, found, .. } = self;
        let hours = |millis| Duration::from_millis(millis).as_secs_f64() / 3_600.0;
        let days = hours(self.simulated_millis) / 24.0;
        if days < YEAR_DAYS {
            write!(f, "{days:.1} simulated days")?;
        } else {
            write!(f, "{:.2} simulated years", days / YEAR_DAYS)?;
        }
        write!(
            f,
            ", {worlds} worlds, {visits} visits, {confirmed} times \"1\", {lives} lives, {cuts} cuts, {} found, \
             {:.2} h of a core in all",
            found.len(),
            hours(self.ran_millis)
        )
    }
}

/// Why a record cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        why: io::Error,
    },
    /// What stands in it is no such record.
    #[error("{path} is no record of long runs: {why}")]
    NoRecord {
        /// The file.
        path: String,
        /// What, and at which line.
        why: String,
    },
}

/// A file in which a record is kept.
#[derive(Debug)]
pub(crate) struct RecordFile(PathBuf);

impl RecordFile {
    /// The one of this name.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn failed(&self) -> impl Fn(io::Error) -> RecordError {
        let path = self.0.display().to_string();
        move |why| RecordError::File { path: path.clone(), why }
    }

    /// What stands in it; nothing where there is none yet.
    ///
    /// # Errors
    /// When it cannot be read, or is something else.
    pub(crate) fn read(&self) -> Result<Option<LongReport>, RecordError> {
        match fs::metadata(&self.0) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(file) if file.len() > MAX_BYTES => {
                let why = format!("it is larger than {MAX_BYTES} bytes");
                return Err(RecordError::NoRecord { path: self.0.display().to_string(), why });
            }
            Err(why) => return Err(self.failed()(why)),
            Ok(_) => {}
        }
        let text = fs::read_to_string(&self.0).map_err(self.failed())?;
        let no_record = |why| RecordError::NoRecord { path: self.0.display().to_string(), why };
        LongReport::read(&text).map(Some).map_err(no_record)
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When that cannot be done; what stood in it stands in it then.
    pub(crate) fn write(&self, report: &LongReport) -> Result<(), RecordError> {
        let write = || {
            let mut beside = self.0.clone().into_os_string();
            beside.push(".new");
            let mut text = serde_json::to_string_pretty(report)?;
            text.push('\n');
            let mut file = File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.0)
        };
        write().map_err(self.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> LongReport {
        let found = Finding {
            version: "v1".to_owned(),
            again: "world 7 --drawn".to_owned(),
            what: "\"1\" though nobody confirmed".to_owned(),
        };
        LongReport {
            worlds: 3,
            simulated_millis: 86_400_000,
            ran_millis: 5_400_000,
            found: vec![found],
            ..LongReport::begin(u64::MAX, "v1".to_owned())
        }
    }

    #[test]
    fn a_record_is_read_as_it_is_written_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = RecordFile::at(&folder.path().join("long.json"));
        assert_eq!(file.read().expect("none yet"), None);
        file.write(&LongReport::begin(1, "v0".to_owned())).expect("written");
        file.write(&some()).expect("written again");
        assert_eq!(file.read().expect("a record"), Some(some()));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_is_no_record_is_refused_with_its_line() {
        let text = serde_json::to_string_pretty(&some()).expect("JSON");
        assert_eq!(LongReport::read(&text), Ok(some()));
        let refused = |wrong: &str| LongReport::read(wrong).expect_err(wrong);
        for (wrong, line) in [
            (text.replace("\"worlds\": 3", "\"worlds\": -3"), 6),
            (text.replace("\"worlds\"", "\"planets\""), 6),
            (text.replace("long 1", "long 2"), 2),
            (text.replace("  \"lives\": 0,\n", ""), 18),
            ("[world]\nseed = 1\n".to_owned(), 1),
            (String::new(), 1),
        ] {
            let why = refused(&wrong);
            let expected = format!("line {line}");
            assert!(
                why.split(" column").next().is_some_and(|why| why.ends_with(&expected)),
                "{why}: {wrong}"
            );
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("other.json");
        fs::write(&path, "{\n\"seed\": 1}").expect("a file");
        let why = RecordFile::at(&path).read().expect_err("another file").to_string();
        assert!(why.contains("other.json is no record") && why.contains("line 2"), "{why}");
    }

    #[test]
    fn the_last_line_says_days_and_then_years() {
        let day = some();
        assert_eq!(
            day.to_string(),
            "1.0 simulated days, 3 worlds, 0 visits, 0 times \"1\", 0 lives, 0 cuts, 1 found, 1.50 h of a core in all"
        );
        let years = LongReport { simulated_millis: 86_400_000 * 731, ..day };
        assert!(years.to_string().starts_with("2.00 simulated years, 3 worlds"), "{years}");
    }
}
