//! `--sign` of the acceptance suites: what a test center says about the run, beside its report.

use std::path::PathBuf;

use yanmi_acceptance::RunFacts;
use yanmi_papers::run_report::TestCenter;
use yanmi_papers::{PrivateKey, RunNo, RunReport, Signed};
use yanmi_protocol::Region;

use crate::failure::Failure;
use crate::{ambient, sm2_key_file};

/// The file's name.
pub(super) const FILE: &str = "report.signed.json";

/// Whether and by whom the report is signed.
#[derive(Debug, clap::Args)]
pub(super) struct SignatureOptions {
    /// 联调中心用：以这个 SM2 私钥（PEM）签署报告，另写出 report.signed.json；须同时给出 --vendor、--product
    #[arg(long, value_name = "文件", requires = "test_center")]
    sign: Option<PathBuf>,
    /// 联调中心的名称，写入签署的报告
    #[arg(long, value_name = "名称", requires = "sign")]
    test_center: Option<String>,
    /// 本次验收的编号，写入签署的报告；不给出则由区划代码与开始时间组成
    #[arg(long, value_name = "编号", requires = "sign")]
    run_no: Option<String>,
}

/// A test center, ready to sign.
pub(super) struct Signatory {
    key: PrivateKey,
    facts: RunFacts,
}

impl SignatureOptions {
    /// Who signs; nobody when nothing was asked for. Whatever is missing is said before the run and not after it.
    pub(super) fn signatory(
        &self,
        region: Region,
        vendor: &str,
        product: &str,
    ) -> Result<Option<Signatory>, Failure> {
        let Some((file, name)) = self.sign.as_ref().zip(self.test_center.clone()) else { return Ok(None) };
        if vendor.is_empty() || product.is_empty() {
            return Err(Failure::new("签署报告须给出 --vendor 与 --product"));
        }
        let key = sm2_key_file::read(file)?;
        let number = self.run_no.clone().unwrap_or_else(|| {
            let now = ambient::clock().now().shanghai_text();
            let digits: String = now.chars().filter(char::is_ascii_digit).collect();
            format!("R{}-{digits}", region.as_str())
        });
        let number =
            RunNo::read(&number).ok_or_else(|| Failure::new(format!("--run-no 应为{}", RunNo::EXPECTED)))?;
        let test_center = TestCenter { region, name, space: None };
        Ok(Some(Signatory { key, facts: RunFacts { number, test_center } }))
    }
}

impl Signatory {
    /// The file for a statement that is made with what only the test center knows.
    pub(super) fn signed(&self, statement: impl FnOnce(RunFacts) -> RunReport) -> Result<String, Failure> {
        let signed = Signed::new(statement(self.facts.clone()), &self.key);
        signed.map(|signed| signed.to_json()).map_err(|error| Failure::because("无法签署报告", &error))
    }
}
