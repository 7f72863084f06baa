//! Files that only their owner may read: those with keys, tokens and visits.
//!
//! The center has the same rule in the same words; neither knows the other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use yanmi_protocol::system::words;
use zeroize::Zeroizing;

/// Why a file of secrets is not used. Chinese, for whoever runs this.
#[derive(Debug)]
pub enum PrivateError {
    /// There is none, or the system does not let us read it.
    Unreadable(io::Error),
    /// Its group or everybody may read it or change it.
    Open(String),
    /// It has more than so many bytes.
    TooLong(u64),
    /// It is no text.
    NotUtf8,
}

impl std::fmt::Display for PrivateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "无法读取：{}", words(error)),
            Self::Open(why) => f.write_str(why),
            Self::TooLong(most) => write!(f, "超过 {most} 字节"),
            Self::NotUtf8 => f.write_str("不是 UTF-8 编码"),
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

/// The text of a file of secrets, unless others than its owner may use it.
///
/// # Errors
/// [`PrivateError`], also when it is longer or no text.
pub fn read(path: &Path, most: u64) -> Result<Zeroizing<String>, PrivateError> {
    text_of(open(path)?, most)
}

/// The text of a file of at most so many bytes. It is read into one place that has room for all of it: what grows is
/// moved, and leaves behind what nobody wipes.
///
/// # Errors
/// [`PrivateError`].
pub(crate) fn text_of(file: File, most: u64) -> Result<Zeroizing<String>, PrivateError> {
    let room = usize::try_from(most).unwrap_or(0) + ROOM_AT_END;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(most + 1).read_to_end(&mut bytes).map_err(PrivateError::Unreadable)?;
    if bytes.len() as u64 > most {
        return Err(PrivateError::TooLong(most));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| PrivateError::NotUtf8)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// With less room than this the library reads into a place of its own first.
const ROOM_AT_END: usize = 64;

/// Says no when others than its owner may use an open file that is at this path.
///
/// # Errors
/// [`PrivateError`].
#[cfg(unix)]
pub(crate) fn refuse_shared(path: &Path, file: &File) -> Result<(), PrivateError> {
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
pub(crate) fn refuse_shared(_: &Path, _: &File) -> Result<(), PrivateError> {
    Ok(())
}

/// Options of a file that nobody but its owner may read when it is made.
pub fn making() -> OpenOptions {
    let mut options = File::options();
    options.create_new(true).write(true);
    own_only(&mut options);
    options
}

/// Writes a file of secrets, whole or not at all, in the place of one that may be there. For a moment there is a second one
/// beside it, whose name ends in `.new`.
///
/// # Errors
/// What the system says; the file that was there is untouched then.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("new");
    // One that was left half written may have been made by somebody else.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = making().open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// Takes a file as a lock, making it when it is not there; nothing while another process has it. It is given back when the file is
/// dropped, however the process ends.
///
/// # Errors
/// What the system says.
pub fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    own_only(&mut options);
    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A file that is made so is its owner's only.
#[cfg(unix)]
fn own_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

/// Who may read a file follows from the folder it is in.
#[cfg(not(unix))]
fn own_only(_: &mut OpenOptions) {}
