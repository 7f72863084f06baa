//! Keys from outside the configuration file: from a file of their own, or from the environment.
//!
//! The configuration file is copied, mailed and pasted into tickets; keys must not travel with it. Nor may two
//! places name a key, because then nobody knows which of them the data is sealed under.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use yanmi_protocol::Sm4Key;
use yanmi_protocol::system::words;
use zeroize::Zeroizing;

/// The most a key file may hold, in bytes: 32 digits, and some room for blanks around them.
const MAX_KEY_FILE: u64 = 256;

/// Digits of a key in hexadecimal.
const HEX_DIGITS: usize = 32;

/// Reads a key as it stands in a file or a variable; blanks and line breaks around it do not matter.
pub(super) fn from_text(text: &str, ascii: bool) -> Result<Sm4Key, String> {
    let text = text.trim();
    let key = if ascii && text.chars().count() != HEX_DIGITS {
        Sm4Key::from_ascii(text)
    } else {
        Sm4Key::from_hex(text)
    };
    key.map_err(|error| error.to_string())
}

/// Reads a key file.
pub(super) fn from_file(path: &Path, ascii: bool) -> Result<Sm4Key, String> {
    let text = read(open_private(path)?, MAX_KEY_FILE)
        .map_err(|error| format!("无法读取密钥文件 {}：{}", path.display(), words(&error)))?;
    if text.len() as u64 > MAX_KEY_FILE {
        return Err(format!("密钥文件 {} 超过 {MAX_KEY_FILE} 字节，不像是密钥", path.display()));
    }
    from_text(&text, ascii).map_err(|error| format!("密钥文件 {}：{error}", path.display()))
}

/// The most a password file may hold, in bytes.
const MAX_PASSWORD_FILE: u64 = 1_024;

/// Reads a password file; one line break at its end does not belong to the password.
pub(super) fn password(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = read(open_private(path)?, MAX_PASSWORD_FILE)
        .map_err(|error| format!("无法读取口令文件 {}：{}", path.display(), words(&error)))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if text.len() as u64 > MAX_PASSWORD_FILE || line.is_empty() || line.contains(['\n', '\0']) {
        return Err(format!("口令文件 {} 应只有一行，至多 {MAX_PASSWORD_FILE} 字节", path.display()));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// The most a file with a private key may hold, in bytes.
const MAX_PRIVATE_KEY_FILE: u64 = 16 * 1024;

/// The text of a file that holds a private key.
pub(crate) fn private_text(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = read(open_private(path)?, MAX_PRIVATE_KEY_FILE)
        .map_err(|error| format!("无法读取文件 {}：{}", path.display(), words(&error)))?;
    if text.len() as u64 > MAX_PRIVATE_KEY_FILE {
        return Err(format!("超过 {MAX_PRIVATE_KEY_FILE} 字节，不像是私钥"));
    }
    Ok(text)
}

/// The text of a file, and of a longer one a byte more than the most. It is read into one place that has room for all of
/// it: what grows is moved, and leaves behind what nobody wipes.
pub(super) fn read(file: File, most: u64) -> std::io::Result<Zeroizing<String>> {
    let room = usize::try_from(most).unwrap_or(0) + ROOM_AT_END;
    let mut text = Zeroizing::new(String::with_capacity(room));
    file.take(most + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// With less room than this the library reads into a place of its own first.
const ROOM_AT_END: usize = 64;

/// Opens a file of secrets, unless others than its owner may use it.
pub(super) fn open_private(path: &Path) -> Result<File, String> {
    let file =
        File::open(path).map_err(|error| format!("无法打开文件 {}：{}", path.display(), words(&error)))?;
    refuse_public(path, &file)?;
    Ok(file)
}

#[cfg(unix)]
fn refuse_public(path: &Path, file: &File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;

    /// Read, write or run, for the group and for everybody. The institution's side has the same rule in the same words.
    const OTHERS: u32 = 0o077;

    // Asked of the open file, not of the path: it cannot be exchanged in between.
    let metadata = file
        .metadata()
        .map_err(|error| format!("无法读取文件 {} 的权限：{}", path.display(), words(&error)))?;
    if metadata.permissions().mode() & OTHERS != 0 {
        let path = path.display();
        return Err(format!(
            "文件 {path} 对同组或其他用户开放：请先执行 chmod 600 {path}，并考虑更换其中的密钥"
        ));
    }
    Ok(())
}

/// Other systems keep access lists that cannot be judged by a bit.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as where permissions are bits")]
fn refuse_public(_: &Path, _: &File) -> Result<(), String> {
    Ok(())
}
