//! `yanmi acceptance`: a center that plays situations against a vendor's HIS, and a report of what the HIS did.

mod signature;

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use yanmi_acceptance::{Brief, Conclusion, End, Report, Settings, Situation, Suite};
use yanmi_protocol::{OrgCode, Region};

use crate::ambient;
use crate::command::serve::{runtime, stop_signal};
use crate::failure::Failure;
use crate::private_file;

use signature::Signatory;

/// 接入验收：扮演中心，逐个情形检验机构信息系统（HIS），出具报告。全部通过时退出码为 0，否则为 1
#[derive(Debug, clap::Args)]
pub(crate) struct Acceptance {
    /// 端口，0 为任意空闲端口
    #[arg(long, value_name = "端口", default_value_t = 8400)]
    port: u16,
    /// 监听的本机地址；HIS 在另一台机器上时，填本机在该网络中的地址
    #[arg(long, value_name = "地址", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// 存放报告（report.html、report.json）与接入信息（acceptance.json）的文件夹
    #[arg(long, value_name = "文件夹", default_value = "./yanmi-acceptance")]
    report: PathBuf,
    /// 定点医药机构代码，HIS 须以此代码调用
    #[arg(long, value_name = "代码", default_value = "H35010000001")]
    org_code: String,
    /// 省级医保区划代码
    #[arg(long, value_name = "6 位数字", default_value = "350000")]
    region: String,
    /// 厂商名称，写入报告
    #[arg(long, value_name = "名称", default_value = "")]
    vendor: String,
    /// 产品名称与版本，写入报告
    #[arg(long, value_name = "名称", default_value = "")]
    product: String,
    /// 只验收这些情形，以逗号分隔；不给则为全部（名称见 --list）
    #[arg(long, value_name = "名称,…", value_delimiter = ',')]
    situations: Vec<String>,
    /// 最多运行多少秒
    #[arg(long, value_name = "秒", default_value_t = 7_200, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    #[command(flatten)]
    signature: signature::SignatureOptions,
    /// 列出全部情形后退出
    #[arg(long)]
    list: bool,
}

impl Acceptance {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.list {
            print!("{}", listed());
            return Ok(());
        }
        let settings = self.settings()?;
        let signatory = self.signature.signatory(settings.region, &settings.vendor, &settings.product)?;
        let report = runtime(0)?.block_on(self.play(settings, signatory.as_ref()))?;
        println!("{}", said(&report, &self.report));
        match report.conclusion {
            Conclusion::Passed => Ok(()),
            Conclusion::Failed => Err(Failure::new("验收不通过")),
            Conclusion::Incomplete => Err(Failure::new("验收未完成：有情形没有走完")),
        }
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let region = Region::new(&self.region).map_err(|why| Failure::new(format!("--region {why}")))?;
        let org_code =
            OrgCode::new(&self.org_code).map_err(|why| Failure::new(format!("--org-code {why}")))?;
        let mut settings = Settings::new(region, org_code);
        settings.vendor.clone_from(&self.vendor);
        settings.product.clone_from(&self.product);
        settings.run_time = Duration::from_secs(self.seconds);
        if !self.situations.is_empty() {
            settings.situations = self.situations.iter().map(|id| chosen(id)).collect::<Result<_, _>>()?;
        }
        Ok(settings)
    }

    async fn play(&self, settings: Settings, signatory: Option<&Signatory>) -> Result<Report, Failure> {
        let address = SocketAddr::new(self.host, self.port);
        let failed = |error: std::io::Error| {
            Failure::because(&format!("无法监听 {address}（用 --port 换端口）"), &error)
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        std::fs::create_dir_all(&self.report).map_err(|error| {
            Failure::because(&format!("无法建立文件夹 {}", self.report.display()), &error)
        })?;
        let clock = ambient::clock();
        let clock: yanmi_acceptance::Clock = Arc::new(move || clock.now());
        let entropy: yanmi_acceptance::Entropy = Arc::new(ambient::fill);
        let suite = Suite::start(settings, listener, clock, &entropy).map_err(failed)?;
        if let Some(signatory) = signatory {
            // What cannot be signed is said now, and not after two hours.
            signatory.signed(&suite, &suite.report(), "")?;
        }
        let brief = suite.brief();
        let file = self.report.join("acceptance.json");
        private_file::write(&file, &json(&brief)?)?;
        let stop = stop_signal()?;
        println!("{}", guide(&brief));
        println!("ready: {}", file.display());
        tokio::select! {
            () = stop.received() => {}
            end = suite.finished() => if end == End::Late {
                println!("时间已到（--seconds）。");
            },
        }
        let report = suite.report();
        let text = json(&report)?;
        write(&self.report.join("report.json"), &text)?;
        if let Some(signatory) = signatory {
            write(&self.report.join(signature::FILE), &signatory.signed(&suite, &report, &text)?)?;
        }
        write(&self.report.join("report.html"), &suite.report_html())?;
        suite.stop().await;
        Ok(report)
    }
}

fn chosen(id: &str) -> Result<usize, Failure> {
    Situation::named(id)
        .ok_or_else(|| Failure::new(format!("没有情形 {id}；运行 yanmi acceptance --list 查看")))
}

fn listed() -> String {
    let rows = Situation::all().enumerate().map(|(at, situation)| {
        let number = (at + 1).to_string();
        [&number, situation.id, situation.title, situation.section].map(str::to_owned)
    });
    crate::table::text(["序号", "名称", "情形", "章节"], &rows.collect::<Vec<[String; 4]>>())
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|error| Failure::because("无法写成 JSON", &error))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|error| Failure::because(&format!("无法写入 {}", file.display()), &error))
}

fn guide(brief: &Brief) -> String {
    let Brief { center_url, settle_url, org_id, key, kcv, org_codg, region, situations, .. } = brief;
    let count = situations.len();
    format!(
        "接入验收：{count} 个情形。请把 HIS 指向：\n\
         \n  中心地址    {center_url}\
         \n  orgId       {org_id}\
         \n  密钥        {key}（十六进制；密钥校验值 {kcv}）\
         \n  reqtType    sys&{region}\
         \n  orgCodg     {org_codg}\
         \n  决定报送    POST {settle_url}\n\
         \n在浏览器中打开 {center_url}/ ，按所列步骤办理每个情形；进度与判定随时显示。\
         \nHIS 的决定由程序报送，或在页面上点击。全部走完后自动结束；按 Ctrl-C 提前结束，报告写到此时为止所见。"
    )
}

fn said(report: &Report, folder: &Path) -> String {
    let (rules, advice, situations) = (report.rule_totals, report.advice_totals, report.situation_totals);
    let mut out = format!(
        "结论：{}\n规范要求：通过 {}，不通过 {}，未观察到 {}\n安全建议：通过 {}，未采纳 {}，未观察到 {}\n情形：通过 {}，不通过 {}，未观察到 {}\n",
        report.conclusion.name(),
        rules.passed,
        rules.failed,
        rules.not_observed,
        advice.passed,
        advice.failed,
        advice.not_observed,
        situations.passed,
        situations.failed,
        situations.not_observed
    );
    for row in &report.rules {
        for evidence in &row.evidence {
            let at = evidence.situation.map(|id| format!("（{id}）")).unwrap_or_default();
            let (section, title, why) = (row.section, row.title, &evidence.why);
            // Writing text into memory cannot fail.
            let verdict = row.verdict.of(row.kind);
            let _ = writeln!(out, "  {verdict} {section} {title}{at}：{why}");
        }
    }
    out + &format!("报告：{}", folder.join("report.html").display())
}
