//! Codes with which a space is made: the operator makes them out, each is good once.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use yanmi_center::ports::Entropy;
use yanmi_client::private;
use yanmi_protocol::UnixMillis;

use crate::space_id::letters;

/// Codes that wait for somebody; the operator has to wait or take some back.
pub(crate) const MOST_CODES: usize = 500;
/// How long one is good.
pub(crate) const CODE_LIFE: Duration = Duration::from_hours(30 * 24);
/// Letters and digits: sixty bits, tried a few times an hour at most.
const LENGTH: usize = 12;
/// Characters of what the operator notes beside a code.
pub(crate) const MAX_FOR_WHOM: usize = 40;
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// A code that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeRecord {
    /// For whom, as the operator wrote it.
    pub(crate) for_whom: String,
    /// Until when, in milliseconds since 1970.
    pub(crate) until_ms: i64,
}

/// All that wait, in a file.
pub(crate) struct Codes {
    file: PathBuf,
    waiting: Mutex<BTreeMap<String, CodeRecord>>,
}

/// They are secrets until they are used.
impl std::fmt::Debug for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Codes")
    }
}

impl Codes {
    /// Reads them.
    ///
    /// # Errors
    /// When there is a file that cannot be read or is none of ours.
    pub(crate) fn read(file: PathBuf) -> io::Result<Self> {
        let waiting = if file.exists() {
            let text = private::read(&file, MAX_FILE).map_err(|error| io::Error::other(error.to_string()))?;
            serde_json::from_str(&text)?
        } else {
            BTreeMap::new()
        };
        Ok(Self { file, waiting: Mutex::new(waiting) })
    }

    /// Makes one out; nothing when too many wait.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(crate) fn make(
        &self,
        for_whom: &str,
        now: UnixMillis,
        entropy: &Entropy,
    ) -> io::Result<Option<String>> {
        let letters: [u8; LENGTH] = letters(entropy);
        let code: String = letters.iter().map(|letter| char::from(*letter)).collect();
        let made = self.change(|waiting| {
            waiting.retain(|_, record| record.until_ms > now.get());
            if waiting.len() >= MOST_CODES {
                return None;
            }
            let record = CodeRecord { for_whom: for_whom.to_owned(), until_ms: now.plus(CODE_LIFE).get() };
            waiting.insert(code.clone(), record);
            Some(code)
        })?;
        Ok(made)
    }

    /// Uses one up; whether it was good. However it is written: capitals, blanks and strokes do not matter.
    ///
    /// # Errors
    /// When that cannot be written down; it is still good then.
    pub(crate) fn take(&self, code: &str, now: UnixMillis) -> io::Result<bool> {
        let written: String = code
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(LENGTH + 1)
            .collect::<String>()
            .to_ascii_lowercase();
        self.change(|waiting| waiting.remove(&written).is_some_and(|record| record.until_ms > now.get()))
    }

    /// Those that wait.
    pub(crate) fn waiting(&self, now: UnixMillis) -> Vec<(String, CodeRecord)> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let good = waiting.iter().filter(|(_, record)| record.until_ms > now.get());
        good.map(|(code, record)| (code.clone(), record.clone())).collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, CodeRecord>) -> T) -> io::Result<T> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = waiting.clone();
        let done = change(&mut changed);
        private::replace(&self.file, &serde_json::to_string_pretty(&changed)?)?;
        *waiting = changed;
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_until_it_is_old_and_however_it_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("codes.json");
        let (entropy, now) = (Entropy::seeded(1), UnixMillis::new(1_700_000_000_000));
        let codes = Codes::read(file.clone()).expect("none yet");
        let code = codes.make("榕城软件", now, &entropy).expect("written").expect("room");
        let old = codes.make("海峡信息", now, &entropy).expect("written").expect("room");
        assert!(!codes.take("nonsense", now).expect("written"));
        let again = Codes::read(file).expect("they are kept");
        let spelled = format!(" {}-{} ", &code[..6].to_ascii_uppercase(), &code[6..]);
        assert!(again.take(&spelled, now).expect("written"));
        assert!(!again.take(&code, now).expect("written"), "once");
        assert!(!again.take(&old, now.plus(CODE_LIFE)).expect("written"), "too late");
    }
}
