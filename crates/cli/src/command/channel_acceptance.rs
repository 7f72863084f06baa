//! `yanmi channel-acceptance`: a center that plays situations against a channel app, and a report of what the app did.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use yanmi_acceptance::Rulebook;
use yanmi_channel_acceptance::{Brief, ChannelSuite, NoticeUrl, Report, Settings, Situation};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, ChannelId, EcIndexNo, Region};

use crate::command::outcome::Outcome;
use crate::command::run::{self, Bench};
use crate::command::serve::runtime;
use crate::command::signature::{Signatory, SignatureOptions};
use crate::failure::Failure;

/// Whether a mac is demanded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum MacRule {
    /// 必需
    Required,
    /// 可选
    Optional,
}

/// 渠道接入验收：扮演中心，逐个情形检验渠道应用，出具报告。全部通过时退出码为 0，否则为 1
#[derive(Debug, clap::Args)]
pub(crate) struct ChannelAcceptance {
    /// 端口，0 为任意空闲端口
    #[arg(long, value_name = "端口", default_value_t = 8410)]
    port: u16,
    /// 监听的本机地址；应用在另一台机器上时，填本机在该网络中的地址
    #[arg(long, value_name = "地址", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// 应用的通知地址，只调用这一个地址
    #[arg(long, value_name = "http://…", required_unless_present = "list")]
    notice_url: Option<String>,
    /// 存放报告（report.html、report.json）与接入信息（channel-acceptance.json）的文件夹
    #[arg(long, value_name = "文件夹", default_value = "./yanmi-channel-acceptance")]
    report: PathBuf,
    /// 渠道编码
    #[arg(long, value_name = "编码", default_value = "C0DEACCEPTANCE0000000000000000CA")]
    channel_id: String,
    /// 省级医保区划代码
    #[arg(long, value_name = "6 位数字", default_value = "350000")]
    region: String,
    /// 参保人的 ecIndexNo：应用自己的测试用户；不给则编造一个
    #[arg(long, value_name = "ecIndexNo")]
    person: Option<String>,
    /// 应用支持的认证方式：01 凭证密码、02 人脸、03 渠道支付密码
    #[arg(long, value_name = "方式,…", value_delimiter = ',', default_value = "01,02,03")]
    ways: Vec<String>,
    /// 登记为 mac 必需还是可选
    #[arg(long, value_name = "required|optional", value_enum, default_value_t = MacRule::Required, hide_possible_values = true)]
    mac: MacRule,
    /// 登记的免密单笔限额（元）：应用可以对限额之内的通知答 rcvFlag 为 2；不给则没有登记
    #[arg(long, value_name = "元")]
    limit: Option<String>,
    /// 应用有“由中心记录的免密”开关（pwdFree），也验收它
    #[arg(long)]
    pwd_free: bool,
    /// 安全建议也决定结论
    #[arg(long)]
    strict: bool,
    /// 厂商名称，写入报告
    #[arg(long, value_name = "名称", default_value = "")]
    vendor: String,
    /// 产品名称与版本，写入报告
    #[arg(long, value_name = "名称", default_value = "")]
    product: String,
    /// 只验收这些情形，以逗号分隔；不给则为全部适用的（名称见 --list）
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

impl ChannelAcceptance {
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
        let wrong = |option: &str, why: &dyn std::fmt::Display| Failure::new(format!("{option} {why}"));
        let region = Region::new(&self.region).map_err(|why| wrong("--region", &why))?;
        let channel = ChannelId::new(&self.channel_id).map_err(|why| wrong("--channel-id", &why))?;
        let url = NoticeUrl::new(self.notice_url.as_deref().unwrap_or_default());
        let mut settings = Settings::new(region, channel, url.map_err(|why| wrong("--notice-url", &why))?);
        let person = self.person.as_deref().map(EcIndexNo::new).transpose();
        settings.person = person.map_err(|why| wrong("--person", &why))?;
        let way = |code: &String| {
            Way::from_code(code).ok_or_else(|| wrong("--ways", &format!("没有方式 {code}，应为 01、02、03")))
        };
        settings.ways = self.ways.iter().map(way).collect::<Result<_, _>>()?;
        settings.mac = self.mac == MacRule::Required;
        let limit = self.limit.as_deref().map(str::parse::<Amount>).transpose();
        settings.word = limit.map_err(|why| wrong("--limit", &why))?;
        (settings.switch, settings.strict) = (self.pwd_free, self.strict);
        settings.vendor.clone_from(&self.vendor);
        settings.product.clone_from(&self.product);
        settings.run_time = Duration::from_secs(self.seconds);
        settings.choose_all();
        if !self.situations.is_empty() {
            let chosen = self.situations.iter().map(|id| chosen(id, &settings));
            settings.situations = chosen.collect::<Result<_, _>>()?;
        }
        Ok(settings)
    }

    async fn play(&self, settings: Settings, signatory: Option<&Signatory>) -> Result<Report, Failure> {
        let bench = Bench::set_up(self.host, self.port, &self.report, "channel-acceptance.json").await?;
        let (clock, entropy) = run::ambience();
        let suite =
            ChannelSuite::start(settings, bench.listener, clock, &entropy).map_err(bench.place.failed())?;
        bench.place.preside(suite, signatory, guide).await
    }
}

fn chosen(id: &str, settings: &Settings) -> Result<usize, Failure> {
    let at = Situation::named(id)
        .ok_or_else(|| Failure::new(format!("没有情形 {id}；运行 yanmi channel-acceptance --list 查看")))?;
    if settings.situations.contains(&at) {
        return Ok(at);
    }
    Err(Failure::new(format!("情形 {id} 不适用于这样登记的渠道（--ways、--mac、--limit、--pwd-free）")))
}

fn listed() -> String {
    let rows = Situation::all().enumerate().map(|(at, situation)| {
        let number = (at + 1).to_string();
        [&number, situation.id, situation.title, situation.about.section()].map(str::to_owned)
    });
    crate::table::text(["序号", "名称", "情形", "章节"], &rows.collect::<Vec<[String; 4]>>())
}

fn guide(brief: &Brief) -> String {
    let Brief { center_url, shown_url, chnl_id, key, kcv, notice_url, region, person, situations, .. } =
        brief;
    let (count, index) = (situations.len(), &person.ec_index_no);
    format!(
        "渠道接入验收：{count} 个情形。请在应用中登记：\n\
         \n  中心地址    {center_url}\
         \n  chnlId      {chnl_id}\
         \n  密钥        {key}（十六进制；密钥校验值 {kcv}）\
         \n  reqtType    前缀&{region}\
         \n  通知地址    {notice_url}\
         \n  参保人      ecIndexNo {index}，{}，凭证密码 {}，错误的密码 {}\
         \n  显示报送    POST {shown_url}\n\
         \n在浏览器中打开 {center_url}/ ，逐个情形点“开始”，照步骤在应用上操作，报送应用显示的内容；判定随时显示。\
         \n全部走完后自动结束；按 Ctrl-C 提前结束，报告写到此时为止所见。",
        person.user_name, person.password, person.wrong_password
    )
}
