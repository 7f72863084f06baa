//! `yanmi report`: what anybody can find out about a report that a test center signed.

use std::path::PathBuf;

use sm3::{Digest, Sm3};
use yanmi_papers::run_report::RunTally;
use yanmi_papers::{RunReport, Signed};
use yanmi_protocol::OrgCode;

use crate::failure::Failure;
use crate::paper_file;

/// Bytes of the longest `report.json`: a record of twenty thousand events has less.
const MAX_REPORT: usize = 64 * 1024 * 1024;

/// 联调中心签署的验收报告：核对签名
#[derive(Debug, clap::Args)]
pub(crate) struct SignedReport {
    #[command(subcommand)]
    what: ReportAction,
}

#[derive(Debug, clap::Subcommand)]
enum ReportAction {
    /// 核对签名，打印内容；签名不对时退出码为 1
    Check(ReportCheck),
}

#[derive(Debug, clap::Args)]
struct ReportCheck {
    /// 联调中心签署的报告
    #[arg(value_name = "report.signed.json")]
    file: PathBuf,
    /// 联调中心的公钥文件
    #[arg(long, value_name = "文件")]
    issuer: PathBuf,
    /// 同一次验收的 report.json；给出则核对摘要
    #[arg(long, value_name = "文件")]
    report: Option<PathBuf>,
}

impl SignedReport {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match &self.what {
            ReportAction::Check(check) => check.run(),
        }
    }
}

impl ReportCheck {
    fn run(&self) -> Result<(), Failure> {
        let signed: Signed<RunReport> = paper_file::read(&self.file)?;
        signed
            .check(&paper_file::public_key(&self.issuer)?)
            .map_err(|error| Failure::because(&format!("{} 的签名不对", self.file.display()), &error))?;
        let said = signed.paper();
        if let Some(report) = &self.report {
            let digest: [u8; 32] = Sm3::digest(paper_file::bytes(report, MAX_REPORT)?).into();
            if digest != said.report_sm3 {
                return Err(Failure::new(format!("{} 不是所签的那份报告：摘要不同", report.display())));
            }
        }
        print!("{}", shown(said));
        println!("签名正确");
        Ok(())
    }
}

fn shown(said: &RunReport) -> String {
    let (center, system) = (&said.test_center, &said.system);
    let space = center.space.as_ref().map(|space| format!("（{space}）")).unwrap_or_default();
    let institutions: Vec<&str> = system.institutions.iter().map(OrgCode::as_str).collect();
    let rows = [
        ("验收编号", said.number.to_string()),
        ("联调中心", format!("{}{space}，{}", center.name, center.region.as_str())),
        ("验收的是", said.suite.name().to_owned()),
        ("厂商", system.vendor.clone()),
        ("产品与版本", system.product.clone()),
        ("账号", format!("{}，密钥校验值 {}", system.org_id.as_str(), system.kcv)),
        ("机构代码", institutions.join("、")),
        ("结论", said.conclusion.name().to_owned()),
        ("规范要求", tally(said.rules)),
        ("安全建议", tally(said.advice)),
        ("情形", tally(said.situations)),
        (
            "决定的报送",
            format!("程序 {} 次，页面点击 {} 次", said.decisions.by_program, said.decisions.by_page),
        ),
        ("开始", said.started_at.shanghai_text()),
        ("写出", said.written_at.shanghai_text()),
        ("yanmi", said.yanmi_version.clone()),
        ("注意", said.note.clone()),
    ];
    rows.into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| name.to_owned() + "  " + &text + "\n")
        .collect()
}

fn tally(tally: RunTally) -> String {
    let RunTally { passed, failed, not_observed } = tally;
    format!("通过 {passed}，不通过 {failed}，未观察到 {not_observed}")
}
