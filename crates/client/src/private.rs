//! Files that only their owner may read: those with keys, tokens and visits.
//!
//! The center has the same rule in the same words; neither knows the other.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use yanmi_protocol::system::words;

/// Why a file of secrets is not used. Chinese, for whoever runs this.
#[derive(Debug)]
pub enum PrivateError {
    /// There is none, or the system does not let us read it.
    Unreadable(io::Error),
    /// Its group or everybody may read it or change it.
    Open(String),
}

impl std::fmt::Display for PrivateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "无法读取：{}", words(error)),
            Self::Open(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for PrivateError {}

/// Opens a file of secrets, unless others than its owner may use it.
///
/// # Errors
/// [`PrivateError`], which says what to do about it.
pub fn open(path: &Path) -> Result<File, PrivateError> {
    let file = File::open(path).map_err(PrivateError::Unreadable)?;
    refuse_shared(path, &file)?;
    Ok(file)
}

#[cfg(unix)]
fn refuse_shared(path: &Path, file: &File) -> Result<(), PrivateError> {
    use std::os::unix::fs::PermissionsExt;

    /// Read, write or run, for the group and for everybody.
    const OTHERS: u32 = 0o077;

    // Asked of the open file, not of the path: it cannot be exchanged in between.
    let mode = file.metadata().map_err(PrivateError::Unreadable)?.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(PrivateError::Open(format!(
        "文件 {path} 对同组或其他用户开放：请先执行 chmod 600 {path}，并考虑更换其中的密钥"
    )))
}

/// Other systems keep access lists that cannot be judged by a bit.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as where permissions are bits")]
fn refuse_shared(_: &Path, _: &File) -> Result<(), PrivateError> {
    Ok(())
}

/// Options of a file that nobody but its owner may read when it is made.
pub fn making() -> OpenOptions {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
