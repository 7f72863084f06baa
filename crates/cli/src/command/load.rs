//! `yanmi load`: closed-loop load against a running center, or against one it starts itself.
//!
//! Started by itself, the server has one core and everybody else the other: the server is a child process bound to
//! the first core this process may use, and this process binds itself to the second. What is prepared before the
//! measurement is made by real calls, not by writing into the database, except an audit of years (`--audit`).

mod arena;
mod gate;
mod prepare;
mod streams;
mod tap;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use yanmi_protocol::OrgCode;
use yanmi_simulator::World;
use yanmi_trial::load::{self, LoadPlan, Report, Sender, Until, What, bench_token, spread};

use crate::ambient;
use crate::command::serve::runtime;
use crate::failure::Failure;

/// Load that is not counted, before what is.
const WARM_UP: Duration = Duration::from_secs(2);
/// Verifications that are prepared for status queries unless told otherwise.
const DEFAULT_LEDGER: u64 = 10_000;
/// Fresh tokens a second that are prepared for notices of a center this command starts.
const TOKENS_PER_SECOND: u64 = 8_000;

/// 压测：闭环地发送请求，按 HDR 直方图统计时延
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// 压测什么：echo（基线，原样返回）、status（1.7.2）、notify（1.7.1）、tap（从参保人点下确认到挂住的状态查询得到应答）、gate（机构代理的结算判断，每次查询中心并保存）、streams（沙箱页面的事件流，--connections 个）
    #[arg(long, value_name = "对象")]
    what: Kind,
    /// 并发连接数
    #[arg(long, value_name = "数", default_value_t = 64)]
    connections: usize,
    /// 计入统计的秒数，另有 2 秒预热
    #[arg(long, value_name = "秒", default_value_t = 10)]
    seconds: u64,
    /// 以 JSON 输出
    #[arg(long)]
    json: bool,
    /// 压测正在运行的沙箱：其 sandbox.json；不给则自行启动一个中心，服务与负载各用一个核
    #[arg(long, value_name = "文件")]
    sandbox: Option<PathBuf>,
    /// 自行启动的中心使用的 PostgreSQL 数据库（会写入压测数据）；不给则用一个临时文件
    #[arg(long, value_name = "postgres://…", conflicts_with = "sandbox")]
    database: Option<String>,
    /// 自行启动几个中心，共用 --database 与同一个核；连接平均分给它们
    #[arg(long, value_name = "个", default_value_t = 1, requires = "database",
        value_parser = clap::value_parser!(u8).range(1..=8))]
    centers: u8,
    /// 机构的报文带 mac（status、notify）
    #[arg(long)]
    mac: bool,
    /// 状态查询前准备的核验记录数
    #[arg(long, value_name = "数", default_value_t = DEFAULT_LEDGER)]
    ledger: u64,
    /// 启动中心之前先写入审计表的行数（时间分布在过去一年），看库变大是否拖慢通知；审计表须为空
    #[arg(long, value_name = "行数", default_value_t = 0, conflicts_with = "sandbox")]
    audit: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Kind {
    Echo,
    Status,
    Notify,
    Tap,
    Gate,
    Streams,
}

/// What is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    #[serde(flatten)]
    report: Report,
    /// Memory of the server this command started: before the first request, and after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_memory_kib: Option<(u64, u64)>,
    /// Verifications there were when the measurement began.
    ledger: u64,
    /// Rows that were written into the audit before.
    audit: u64,
}

impl Load {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.what == Kind::Streams {
            return streams::run(self.connections, self.json);
        }
        let printed = match &self.sandbox {
            Some(file) => {
                let world = arena::read_world(file)?;
                runtime(0)?.block_on(self.against(&world))?
            }
            None => self.own()?,
        };
        self.print(&printed)
    }

    /// Against a center that runs already.
    async fn against(&self, world: &World) -> Result<Printed, Failure> {
        if matches!(self.what, Kind::Tap | Kind::Gate) {
            return Err(Failure::new("tap、gate 只能压测自行启动的服务，请去掉 --sandbox"));
        }
        let address = arena::address_of(&world.institution_url)?;
        let target = Target::of(world, vec![address], self.mac)?;
        let ledger = self.prepare(&target).await?;
        let report = self.measure(&target, ledger).await?;
        Ok(Printed { report, server_memory_kib: None, ledger, audit: 0 })
    }

    /// Against a server of its own.
    fn own(&self) -> Result<Printed, Failure> {
        let bound = arena::bind_to_cores()?;
        if self.what == Kind::Echo {
            let server = arena::echo(&bound)?;
            let report = runtime(1)?.block_on(run(self.plan(vec![server.address], What::Echo)))?;
            return Ok(Printed { report, server_memory_kib: Some(server.memory()?), ledger: 0, audit: 0 });
        }
        if self.what == Kind::Gate {
            return runtime(1)?.block_on(gate::measure(&bound, self));
        }
        runtime(1)?.block_on(async {
            let arena = arena::Arena::start(&bound, self).await?;
            if self.what == Kind::Tap {
                let printed = tap::run(&arena, self.connections, self.until()).await?;
                return Ok(Printed { audit: self.audit, ..printed });
            }
            let target = Target::of(&arena.world, arena.addresses(), self.mac)?;
            let ledger = self.prepare(&target).await?;
            let report = self.measure(&target, ledger).await?;
            Ok(Printed {
                report,
                server_memory_kib: Some(arena.first()?.memory()?),
                ledger,
                audit: self.audit,
            })
        })
    }

    /// Makes what the measurement needs; how many verifications there are then.
    async fn prepare(&self, target: &Target) -> Result<u64, Failure> {
        match self.what {
            Kind::Echo | Kind::Tap | Kind::Gate | Kind::Streams => Ok(0),
            Kind::Status => prepare::verifications(target, self.ledger, self.connections).await,
            Kind::Notify => {
                let tokens = TOKENS_PER_SECOND * (self.seconds + WARM_UP.as_secs());
                prepare::tokens(target, tokens, self.connections).await?;
                Ok(0)
            }
        }
    }

    async fn measure(&self, target: &Target, ledger: u64) -> Result<Report, Failure> {
        let what = match self.what {
            Kind::Echo | Kind::Tap | Kind::Gate | Kind::Streams => What::Echo,
            Kind::Status => {
                let code = target.org_code;
                let targets = Arc::new(move |n| (bench_token(spread(n, ledger.max(1))), code));
                What::Status { sender: target.sender.clone(), targets }
            }
            Kind::Notify => target.notices(Arc::new(bench_token)),
        };
        run(self.plan(target.addresses.clone(), what)).await
    }

    fn plan(&self, addrs: Vec<SocketAddr>, what: What) -> LoadPlan {
        plan(addrs, what, self.connections, self.until())
    }

    fn until(&self) -> Until {
        Until::Time { warm_up: WARM_UP, measured: Duration::from_secs(self.seconds) }
    }

    fn print(&self, printed: &Printed) -> Result<(), Failure> {
        if self.json {
            let text =
                serde_json::to_string(printed).map_err(|error| Failure::because("无法输出 JSON", &error))?;
            println!("{text}");
            return Ok(());
        }
        let r = &printed.report;
        println!("{}：{} 个连接，{:.1} 秒，{} 次请求", r.what, r.connections, r.seconds, r.requests);
        println!(
            "  每秒 {:.0} 次；请求 {} 字节，应答 {} 字节",
            r.requests_per_second, r.request_bytes, r.answer_bytes
        );
        println!(
            "  时延（微秒）：中位 {}，90% {}，99% {}，99.9% {}，最长 {}",
            r.p50_micros, r.p90_micros, r.p99_micros, r.p999_micros, r.max_micros
        );
        if printed.audit > 0 {
            println!("  审计表中预先有 {} 行", printed.audit);
        }
        for (error, count) in &r.errors {
            println!("  失败 {error}：{count} 次");
        }
        if let Some((idle, after)) = printed.server_memory_kib {
            println!("  服务内存：启动后 {idle} KiB，压测后 {after} KiB");
        }
        Ok(())
    }
}

fn plan(addrs: Vec<SocketAddr>, what: What, connections: usize, until: Until) -> LoadPlan {
    let clock = ambient::clock();
    LoadPlan { addrs, what, connections, until, clock: Arc::new(move || clock.now()) }
}

async fn run(plan: LoadPlan) -> Result<Report, Failure> {
    load::run(plan).await.map_err(|error| Failure::because("压测未能进行", &error))
}

/// Who is asked, and in whose name.
struct Target {
    addresses: Vec<SocketAddr>,
    sender: Sender,
    org_code: OrgCode,
}

impl Target {
    fn of(world: &World, addresses: Vec<SocketAddr>, mac: bool) -> Result<Self, Failure> {
        let account = world.accounts.first();
        let member = account.and_then(|account| account.institutions.first());
        let (Some(account), Some(member)) = (account, member) else {
            return Err(Failure::new("sandbox.json 中没有账号或机构"));
        };
        let (org_id, key, region) = (account.org_id, account.key.clone(), world.region);
        let sender = Sender { org_id, key, region, mac };
        Ok(Self { addresses, sender, org_code: member.org_codg })
    }

    /// Notices, a token of `tokens` each.
    fn notices(&self, tokens: load::Tokens) -> What {
        What::Notify {
            sender: self.sender.clone(),
            tokens,
            org_code: self.org_code,
            org_name: "医院".to_owned(),
            amount: None,
        }
    }
}
