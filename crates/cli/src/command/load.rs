//! `yanmi load`: closed-loop load against a running center, or against one it starts itself.
//!
//! Started by itself, the server has one core and everybody else the other: the server is a child process bound to
//! the first core this process may use, and this process binds itself to the second. What is prepared before the
//! measurement is made by real calls, not by writing into the database, except an audit of years (`--audit`).

mod arena;
mod fill;
mod gate;
mod options;
mod pages;
mod prepare;
mod spaces;
mod streams;
mod tap;
mod target;
mod visitor;

use std::sync::Arc;

use yanmi_sandbox::read_world;
use yanmi_simulator::World;
use yanmi_trial::load::{Report, What, bench_token, spread};

use crate::command::serve::runtime;
use crate::failure::Failure;
use options::{Kind, WARM_UP};
use target::{Printed, Target, plan, run};

pub(crate) use options::Load;

/// Fresh tokens a second that are prepared for notices of a center this command starts.
const TOKENS_PER_SECOND: u64 = 8_000;

impl Load {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.what == Kind::Streams {
            return streams::run(self.connections, self.json);
        }
        if self.what == Kind::Spaces {
            return spaces::run(self.connections, self.seconds, self.json);
        }
        if self.sandbox.is_some() && matches!(self.what, Kind::Tap | Kind::Gate | Kind::Pages) {
            return Err(Failure::new("tap、gate、pages 只能压测自行启动的服务，请去掉 --sandbox"));
        }
        if self.what == Kind::Pages {
            return pages::run(&self);
        }
        let printed = match &self.sandbox {
            Some(file) => {
                let world = read_world(file)?;
                runtime(0)?.block_on(self.against(&world))?
            }
            None => self.own()?,
        };
        self.print(&printed)
    }

    /// Against a center that runs already.
    async fn against(&self, world: &World) -> Result<Printed, Failure> {
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
            let report = runtime(1)?.block_on(run(plan(
                vec![server.address],
                What::Echo,
                self.connections,
                self.until(),
            )))?;
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
            Kind::Echo | Kind::Tap | Kind::Gate | Kind::Streams | Kind::Pages | Kind::Spaces => Ok(0),
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
            Kind::Echo | Kind::Tap | Kind::Gate | Kind::Streams | Kind::Pages | Kind::Spaces => What::Echo,
            Kind::Status => {
                let code = target.org_code;
                let targets = Arc::new(move |n| (bench_token(spread(n, ledger.max(1))), code));
                What::Status { sender: target.sender.clone(), targets }
            }
            Kind::Notify => target.notices(Arc::new(bench_token)),
        };
        run(plan(target.addresses.clone(), what, self.connections, self.until())).await
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
