//! What a run came to, signed by the test center, so that an application for production can carry it.

use std::fs;
use std::path::Path;

use yanmi_acceptance::RunFacts;
use yanmi_center::ports::Entropy;
use yanmi_client::private;
use yanmi_papers::run_report::{self, MAX_RUN_NAME};
use yanmi_papers::{Chance, PrivateKey, RunNo, RunReport, Signed};
use yanmi_protocol::{Region, UnixMillis};

/// The private half, and the public one that provinces are given.
const PRIVATE: &str = "report.pem";
const PUBLIC: &str = "report.pub.pem";
/// Largest key file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024;

/// Who signs.
pub(crate) struct Signer {
    key: PrivateKey,
    name: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// Reads the key in the folder, making one when there is none; its public half is written beside it.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub(crate) fn open(data: &Path, name: &str, entropy: &Entropy) -> Result<Self, String> {
        let path = data.join(PRIVATE);
        let key = if path.exists() {
            let text = private::read(&path, MAX_FILE).map_err(|error| error.to_string())?;
            PrivateKey::from_pem(&text).map_err(|error| error.to_string())?
        } else {
            let key = PrivateKey::generate(&mut Chance::new(&mut |bytes| entropy.fill(bytes)));
            private::replace(&path, &key.to_pem()).map_err(|error| error.to_string())?;
            key
        };
        fs::write(data.join(PUBLIC), key.public().to_pem()).map_err(|error| error.to_string())?;
        Ok(Self { key, name: name.chars().take(MAX_RUN_NAME).collect() })
    }

    /// What is to be said of a run beside what it came to: whose it is. The number is the test center's own: the day, and the
    /// run within its space.
    pub(crate) fn facts(&self, region: Region, space: &str, run: u32, now: UnixMillis) -> Option<RunFacts> {
        let digits = now.shanghai_digits();
        let digits = std::str::from_utf8(&digits).unwrap_or_default();
        let number = RunNo::read(&format!("R{}-{digits}-{run}", region.as_str()))?;
        let test_center =
            run_report::TestCenter { region, name: self.name.clone(), space: Some(space.to_owned()) };
        Some(RunFacts { number, test_center })
    }

    /// The file for a run; nothing for what cannot be said, as of a run that nothing was asked in.
    pub(crate) fn sign(&self, statement: RunReport) -> Option<String> {
        Signed::new(statement, &self.key).map(|signed| signed.to_json()).ok()
    }
}
