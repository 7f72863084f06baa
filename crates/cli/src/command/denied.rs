//! `yanmi denied`: what was refused, and why.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::json;
use yanmi_center::history::{Between, Denial, DenialGroup, Denials, Filter, History, Refused};

use crate::ambient;
use crate::command::serve;
use crate::failure::Failure;
use crate::{table, when};

/// 列出被拒绝的请求：按业务系统编码、返回码、原因与推测合计，并说明谁去做什么；中心运行中也可用，不作任何改动
#[derive(Debug, clap::Args)]
pub(crate) struct Denied {
    /// 配置文件
    #[arg(long, value_name = "文件", default_value = "yanmi.toml")]
    config: PathBuf,
    /// 只看这个业务系统编码、渠道编码或机构代码的；没有证实的，指报文自称的
    #[arg(long, value_name = "编码")]
    org: Option<String>,
    /// 从何时起：北京时间 2026-11-23 或 2026-11-23T15:00，或距现在多久，如 30m、1h、7d
    #[arg(long, value_name = "时间", default_value = "1d")]
    from: String,
    /// 到何时止，写法相同；不给则到现在
    #[arg(long, value_name = "时间")]
    to: Option<String>,
    /// 再逐条列出
    #[arg(long)]
    each: bool,
    /// 以 JSON 打印，供程序读取
    #[arg(long)]
    json: bool,
}

impl Denied {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        let now = ambient::clock().now();
        let between = when::between(when::read("--from", &self.from, now)?, self.to.as_deref(), now)?;
        let filter = Filter { org: self.org.clone(), between };
        let denials = serve::runtime(1)?.block_on(async {
            let mut history = open(&config).await?;
            let read = history.denied(&filter).await;
            // What was read counts.
            let _ = history.close().await;
            read.map_err(|error| Failure::because("未能读出拒绝记录", &error))
        })?;
        if self.json {
            println!("{}", self.for_programs(between, &denials));
        } else {
            self.for_people(between, &denials);
        }
        Ok(())
    }

    fn for_programs(&self, between: Between, denials: &Denials) -> serde_json::Value {
        let groups: Vec<serde_json::Value> = denials
            .groups()
            .iter()
            .map(|group| {
                let mut out = of_refused(&group.sample);
                let (who, advice) = group.sample.advice();
                out["count"] = group.count.into();
                out["first"] = group.first.shanghai_text().into();
                out["last"] = group.last.shanghai_text().into();
                out["addresses"] = group.addresses.iter().cloned().collect();
                out["who"] = who.into();
                out["advice"] = advice.into();
                out
            })
            .collect();
        let mut out = json!({
            "from": between.from.shanghai_text(), "to": between.to.shanghai_text(), "groups": groups,
            "lost": denials.lost, "cut": denials.cut,
        });
        if self.each {
            let row = |denial: &Denial| {
                let mut out = of_refused(&denial.refused);
                out["at"] = denial.at.shanghai_text().into();
                out["address"] = denial.refused.address.clone().into();
                out
            };
            out["each"] = denials.rows.iter().map(row).collect();
        }
        out
    }

    fn for_people(&self, between: Between, denials: &Denials) {
        let total: u64 = denials.rows.iter().map(|row| row.refused.count()).sum();
        let (from, to) = (between.from.shanghai_text(), between.to.shanghai_text());
        println!("{from} 至 {to}，拒绝 {total} 次");
        let groups = denials.groups();
        if !groups.is_empty() {
            let heading = ["次数", "业务系统", "返回码", "原因", "推测或成员", "最早", "最近", "来源地址"];
            let rows: Vec<[String; 8]> = groups.iter().map(group_row).collect();
            print!("{}", table::text(heading, &rows));
            println!("\n谁去做什么");
            let told: BTreeSet<String> = groups
                .iter()
                .filter(|group| !group.sample.is_summed())
                .map(|group| {
                    let (who, advice) = group.sample.advice();
                    format!("{} {}　{who}：{advice}", group.sample.asker(), group.sample.code)
                })
                .collect();
            for line in told {
                println!("{line}");
            }
        }
        if self.each && !denials.rows.is_empty() {
            println!();
            let heading = ["时间", "操作", "业务系统", "机构", "返回码", "原因", "推测或成员", "来源地址"];
            let rows: Vec<[String; 8]> = denials.rows.iter().map(each_row).collect();
            print!("{}", table::text(heading, &rows));
        }
        if denials.lost > 0 {
            println!("另有 {} 条未记：当时来得太多，或数据库写不进去。", denials.lost);
        }
        if denials.cut {
            println!("太多，没有读完：请缩短 --from 至 --to，或加 --org。");
        }
    }
}

/// Opens the database of a configuration to be read.
pub(super) async fn open(config: &yanmi_center::config::Config) -> Result<History, Failure> {
    History::open(&config.database, &config.encryption_key, ambient::entropy())
        .await
        .map_err(|error| Failure::because("无法打开数据库", &error))
}

/// Who and what, for programs.
fn of_refused(refused: &Refused) -> serde_json::Value {
    let summed = refused.is_summed();
    let member = refused.detail.as_deref().filter(|_| !summed && refused.guess().is_none());
    json!({
        "orgId": refused.org_id, "claimed": !refused.proven, "op": refused.op, "code": refused.code,
        "orgCodg": refused.org_code.as_ref().map(yanmi_protocol::OrgCode::as_str),
        "cause": refused.cause, "guess": refused.guess(), "member": member, "summed": summed,
    })
}

fn group_row(group: &DenialGroup) -> [String; 8] {
    [
        group.count.to_string(),
        group.sample.asker(),
        group.sample.code.to_string(),
        group.sample.why(),
        group.sample.particular().to_owned(),
        group.first.shanghai_text(),
        group.last.shanghai_text(),
        group.places(),
    ]
}

fn each_row(denial: &Denial) -> [String; 8] {
    let refused = &denial.refused;
    let cause = if refused.is_summed() {
        format!("另有 {} 条未逐条记下", refused.count())
    } else {
        refused.why()
    };
    [
        denial.at.shanghai_text(),
        refused.op.clone(),
        refused.asker(),
        refused.org_code.map(|code| code.as_str().to_owned()).unwrap_or_default(),
        refused.code.to_string(),
        cause,
        refused.particular().to_owned(),
        refused.address.clone().unwrap_or_default(),
    ]
}
