//! Files that are no secret: papers of the center, and public keys.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use yanmi_papers::{Paper, PublicKey, Signed};

use crate::failure::Failure;

/// Bytes of the longest file with a public key.
const MAX_PUBLIC: usize = 4_096;

/// A paper with its signature, which has still to be checked.
pub(crate) fn read<P: Paper>(path: &Path) -> Result<Signed<P>, Failure> {
    Signed::read(&bytes(path, P::MAX_BYTES)?)
        .map_err(|error| Failure::because(&format!("{} 不可用", path.display()), &error))
}

/// A public key.
pub(crate) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let text = String::from_utf8(bytes(path, MAX_PUBLIC)?)
        .map_err(|_| Failure::new(format!("公钥文件 {} 不可用：不是 UTF-8 编码", path.display())))?;
    PublicKey::read(&text)
        .map_err(|error| Failure::because(&format!("公钥文件 {} 不可用", path.display()), &error))
}

/// A file of at most so many bytes.
pub(crate) fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::because(&format!("无法读取 {}", path.display()), &error);
    let mut out = Vec::new();
    File::open(path).map_err(failed)?.take(most as u64 + 1).read_to_end(&mut out).map_err(failed)?;
    if out.len() > most {
        return Err(Failure::new(format!("{} 超过 {most} 字节", path.display())));
    }
    Ok(out)
}
