//! `yanmi acceptance`: a center that plays situations against a vendor's HIS, and a report of what the HIS did.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use yanmi_acceptance::{Brief, Report, Settings, Situation, Suite};
use yanmi_protocol::{OrgCode, Region};

use crate::command::outcome::Outcome;
use crate::command::run::{self, Bench};
use crate::command::serve::runtime;
use crate::command::signature::{Signatory, SignatureOptions};
use crate::failure::Failure;

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
    signature: SignatureOptions,
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
        Outcome::from(&report).end(&self.report)
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
        let bench = Bench::set_up(self.host, self.port, &self.report, "acceptance.json").await?;
        let (clock, entropy) = run::ambience();
        let suite = Suite::start(settings, bench.listener, clock, &entropy).map_err(bench.place.failed())?;
        bench.place.preside(suite, signatory, guide).await
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
