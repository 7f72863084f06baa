//! The roots of the center's certificates: those in the file are those on the form, and have not ended.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use yanmi_papers::Feedback;
use yanmi_papers::feedback::CenterUrl;
use yanmi_protocol::{UnixMillis, hex};

use super::findings::{Findings, Who, is_soon, note, right};
use crate::paper_file;

/// Bytes of the largest file of roots; a client takes 64 certificates, of some two thousand bytes each.
const MAX_FILE: usize = 256 * 1024;
/// Hexadecimal digits by which a certificate is named.
const SHOWN: usize = 16;

pub(super) fn check(form: &Feedback, path: &Path, now: UnixMillis, findings: &mut Findings) {
    if !form.center.urls.iter().any(CenterUrl::is_secure) {
        note("反馈表给出的地址是明文 HTTP：线路上的人可以看到、改动和重放报文");
        return;
    }
    let found = match digests(path) {
        Ok(found) => found,
        Err(why) => {
            let does = "把中心给出的根证书存为这个文件（PEM），或用 --roots 指明";
            findings.wrong("根证书", format!("{} 不可用：{why}", path.display()), Who::Institution, does);
            return;
        }
    };
    let before = findings.are_well();
    for digest in &found {
        let name = &hex::encode(digest)[..SHOWN];
        match form.center.tls_roots.iter().find(|root| root.sha256 == *digest) {
            None => {
                let found = format!("{} 中的证书 {name}… 不在反馈表上", path.display());
                findings.wrong("根证书", found, Who::Institution, "去掉它，或向中心索取包含它的反馈表");
            }
            Some(root) if root.not_after <= now => {
                let found = format!("证书 {name}… 已于 {} 到期", root.not_after.shanghai_text());
                findings.wrong("根证书", found, Who::Center, "换发根证书与反馈表");
            }
            Some(root) if is_soon(root.not_after, now) => {
                note(format!(
                    "根证书 {name}… 将于 {} 到期，请向中心索取新的",
                    root.not_after.shanghai_text()
                ));
            }
            Some(_) => {}
        }
    }
    if before && findings.are_well() {
        right("根证书", format!("{} 个，都在反馈表上", found.len()));
    }
}

/// SHA-256 of each certificate of a PEM file.
fn digests(path: &Path) -> Result<Vec<[u8; 32]>, String> {
    let bytes = paper_file::bytes(path, MAX_FILE).map_err(|failure| failure.to_string())?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let read = read.map_err(|_| "不是 PEM".to_owned())?;
    if read.is_empty() {
        return Err("其中没有证书".to_owned());
    }
    Ok(read.iter().map(|certificate| Sha256::digest(certificate).into()).collect())
}
