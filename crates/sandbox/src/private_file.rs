//! Files that only their owner may read: those with keys.

use std::path::Path;

use yanmi_client::private;

use crate::sandbox_error::SandboxError;

/// Writes a file, whole or not at all, in the place of one that may be there.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), SandboxError> {
    private::replace(path, text)
        .map_err(|error| SandboxError::because(&format!("无法写入 {}", path.display()), &error))
}
