//! Reports that a test center signed: whose signature counts here, and what was signed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use yanmi_onboarding::application::{ReportConclusion, SignedRun, TestRun};
use yanmi_papers::{Forged, PublicKey, RunConclusion, RunReport, Signed, SuiteKind};
use yanmi_protocol::system::words;

use super::feedback::FeedbackTermsError;
use crate::config::Config;

/// Bytes of the longest file with a public key.
const MAX_FILE: u64 = 4_096;

/// The public keys of test centers whose reports count without a witness.
#[derive(Debug)]
pub(crate) struct TestCenters(Vec<PublicKey>);

/// What every signed file has.
#[derive(Deserialize)]
struct WithSignature {
    #[expect(dead_code, reason = "that it is there is all there is to be known")]
    signature: IgnoredAny,
}

impl TestCenters {
    /// Those of a configuration.
    ///
    /// # Errors
    /// When a file has no public key.
    pub(crate) fn load(config: &Config) -> Result<Self, FeedbackTermsError> {
        let paths = config.onboarding.test_centers.iter().flat_map(|keys| &keys.0);
        let keys = paths.map(|path| {
            public_key(path).map_err(|why| FeedbackTermsError::File {
                setting: "onboarding.test_centers",
                path: path.clone(),
                why,
            })
        });
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// What one of them signed; nothing for a file without a signature.
    ///
    /// # Errors
    /// In Chinese, why what is signed does not count.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Option<Signed<RunReport>>, String> {
        if serde_json::from_slice::<WithSignature>(bytes).is_err() {
            return Ok(None);
        }
        let signed: Signed<RunReport> =
            Signed::read(bytes).map_err(|error| format!("签署的验收报告不可用：{error}"))?;
        let known = self.0.iter().find(|key| key.id() == signed.key());
        let key = known.ok_or_else(|| {
            let id = signed.key();
            format!("签署验收报告的联调中心（公钥标识 {id}）不是本中心认可的：请在认可的联调中心验收，或联系省医保部门登记它的公钥")
        })?;
        match signed.check(key) {
            Ok(()) => Ok(Some(signed)),
            Err(Forged::Changed | Forged::OtherKey { .. }) => {
                Err("验收报告的签名与内容不符：文件被改动过。请从联调中心重新下载，原样提交".to_owned())
            }
        }
    }
}

/// What was signed, as the rules of applications take it.
pub(crate) fn signed_run(report: &RunReport) -> SignedRun<'_> {
    let (center, system) = (&report.test_center, &report.system);
    SignedRun {
        digest: report.report_sm3,
        conclusion: match report.conclusion {
            RunConclusion::Passed => ReportConclusion::Passed,
            // Not every situation was tried: what is left can be made a condition.
            RunConclusion::Incomplete => ReportConclusion::Conditional,
            RunConclusion::Failed => ReportConclusion::Failed,
        },
        at: report.written_at,
        is_channel: report.suite == SuiteKind::Channel,
        product: &system.product,
        institutions: &system.institutions,
        run: TestRun {
            center: center.name.clone(),
            number: report.number.to_string(),
            account: system.org_id,
            vendor: system.vendor.clone(),
        },
    }
}

fn public_key(path: &Path) -> Result<PublicKey, String> {
    let failed = |error: std::io::Error| words(&error).to_string();
    let mut text = String::new();
    File::open(path).map_err(failed)?.take(MAX_FILE + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_FILE {
        return Err(format!("超过 {MAX_FILE} 字节"));
    }
    PublicKey::read(&text).map_err(|error| error.to_string())
}
