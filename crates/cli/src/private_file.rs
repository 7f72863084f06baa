//! Files that only their owner may read: those with keys.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use yanmi_client::private;

use crate::failure::Failure;

/// Writes a file, whole or not at all, in the place of one that may be there.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    private::replace(path, text)
        .map_err(|error| Failure::because(&format!("无法写入 {}", path.display()), &error))
}

/// Writes a file that is not there yet, whole or not at all: a key that is overwritten is lost.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::because(&format!("无法写入 {}", path.display()), &error);
    let mut file = match private::making().open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Failure::new(format!("{} 已经存在：请先移走，或另外指明文件", path.display())));
        }
        Err(error) => return Err(failed(error)),
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half of a key is none.
        let _ = fs::remove_file(path);
        failed(error)
    })
}
