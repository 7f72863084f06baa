//! Files with an SM2 private key, which only their owner may read.

use std::path::Path;

use yanmi_client::private;
use yanmi_papers::PrivateKey;

use crate::failure::Failure;

/// Bytes of the longest file with a private key: one in PEM has about 240.
const MAX_PRIVATE: u64 = 4_096;

/// A private key in PEM.
pub(crate) fn read(path: &Path) -> Result<PrivateKey, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::because(&format!("私钥文件 {} 不可用", path.display()), error)
    };
    let text = private::read(path, MAX_PRIVATE).map_err(|error| failed(&error))?;
    PrivateKey::from_pem(&text).map_err(|error| failed(&error))
}
