//! What a load is told.

use std::path::PathBuf;
use std::time::Duration;

use yanmi_trial::load::Until;

/// Load that is not counted, before what is.
pub(super) const WARM_UP: Duration = Duration::from_secs(2);
/// Verifications that are prepared for status queries unless told otherwise.
const DEFAULT_LEDGER: u64 = 10_000;

/// 压测：闭环地发送请求，按 HDR 直方图统计时延
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// 压测什么：echo（基线，原样返回）、status（1.7.2）、notify（1.7.1）、tap（从参保人点下确认到挂住的状态查询得到应答）、gate（机构代理的结算判断，每次查询中心并保存）、streams（沙箱页面的事件流，--connections 个）、pages（管理台的每一页与一次追踪，逐页地反复打开）、spaces（联调中心的 --connections 个空间，每个每秒 20 次请求）
    #[arg(long, value_name = "对象")]
    pub(super) what: Kind,
    /// 并发连接数
    #[arg(long, value_name = "数", default_value_t = 64)]
    pub(super) connections: usize,
    /// 计入统计的秒数，另有 2 秒预热
    #[arg(long, value_name = "秒", default_value_t = 10)]
    pub(super) seconds: u64,
    /// 以 JSON 输出
    #[arg(long)]
    pub(super) json: bool,
    /// 压测正在运行的沙箱：其 sandbox.json；不给则自行启动一个中心，服务与负载各用一个核
    #[arg(long, value_name = "文件")]
    pub(super) sandbox: Option<PathBuf>,
    /// 自行启动的中心使用的 PostgreSQL 数据库（会写入压测数据）；不给则用一个临时文件
    #[arg(long, value_name = "postgres://…", conflicts_with = "sandbox")]
    pub(super) database: Option<String>,
    /// 自行启动几个中心，共用 --database 与同一个核；连接平均分给它们
    #[arg(long, value_name = "个", default_value_t = 1, requires = "database",
        value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(super) centers: u8,
    /// 机构的报文带 mac（status、notify）
    #[arg(long)]
    pub(super) mac: bool,
    /// 状态查询前准备的核验记录数
    #[arg(long, value_name = "数", default_value_t = DEFAULT_LEDGER)]
    pub(super) ledger: u64,
    /// 启动中心之前先写入审计表的行数（时间分布在过去一年），看库变大是否拖慢通知；审计表须为空
    #[arg(long, value_name = "行数", default_value_t = 0, conflicts_with = "sandbox")]
    pub(super) audit: u64,
    /// pages：事先登记的机构数，审计的行分给它们
    #[arg(long, value_name = "家", default_value_t = 0, conflicts_with = "sandbox",
        value_parser = clap::value_parser!(u32).range(..=9_999_999))]
    pub(super) institutions: u32,
    /// pages：事先登记的业务系统数
    #[arg(long, value_name = "个", default_value_t = 0, conflicts_with = "sandbox",
        value_parser = clap::value_parser!(u32).range(..=99_999))]
    pub(super) accounts: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Kind {
    Echo,
    Status,
    Notify,
    Tap,
    Gate,
    Streams,
    Pages,
    Spaces,
}

impl Load {
    /// How long the load lasts.
    pub(super) fn until(&self) -> Until {
        Until::Time { warm_up: WARM_UP, measured: Duration::from_secs(self.seconds) }
    }
}
