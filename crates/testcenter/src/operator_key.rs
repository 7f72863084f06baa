//! What the operator logs in with: a line in a file on this machine.

use std::path::Path;

use yanmi_center::ports::Entropy;
use yanmi_client::private;

use crate::space_id::letters;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 256;
/// Characters of the shortest key.
const LEAST: usize = 16;
/// Characters of one that is made here: 130 bits.
const LENGTH: usize = 26;

/// Reads the key, making it when there is none.
///
/// # Errors
/// A sentence about what is wrong with the file.
pub(crate) fn open(path: &Path, entropy: &Entropy) -> Result<String, String> {
    if path.exists() {
        let text = private::read(path, MAX_FILE).map_err(|error| error.to_string())?;
        let key = text.trim().to_owned();
        return if key.len() >= LEAST {
            Ok(key)
        } else {
            Err(format!("登录口令短于 {LEAST} 个字符"))
        };
    }
    let key: String = letters::<LENGTH>(entropy).iter().map(|letter| char::from(*letter)).collect();
    private::replace(path, &key).map_err(|error| error.to_string())?;
    Ok(key)
}
