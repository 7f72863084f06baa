//! `yanmi audit`: what was changed of who may call, by whom and why, and whether all of it is as it was written.

use std::path::PathBuf;

use yanmi_center::registry::{Administration, OperatorEvent, Outcome, action_words, change_words};

use crate::command::registry;
use crate::failure::Failure;
use crate::table;

/// Events a list shows at most unless told otherwise.
const DEFAULT_COUNT: usize = 100;

/// 操作记录：谁在何时为何改了账号、机构、渠道，改前改后各是什么
#[derive(Debug, clap::Args)]
pub(crate) struct Audit {
    /// 配置文件
    #[arg(long, value_name = "文件", global = true, default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(subcommand)]
    what: AuditAction,
}

#[derive(Debug, clap::Subcommand)]
enum AuditAction {
    /// 核对操作记录是否完整：序号无缺、首尾相连、内容未改；打印末尾摘要，请抄录到别处
    Verify,
    /// 列出操作记录，最近的在后
    List(AuditListing),
}

#[derive(Debug, clap::Args)]
struct AuditListing {
    /// 以 JSON 打印，供程序读取
    #[arg(long)]
    json: bool,
    /// 只列关于这个编码的（账号、机构或渠道）
    #[arg(long, value_name = "编码")]
    object: Option<String>,
    /// 只列这个操作人的
    #[arg(long, value_name = "操作人")]
    actor: Option<String>,
    /// 至多列出最近的几条
    #[arg(long, value_name = "条数", default_value_t = DEFAULT_COUNT)]
    count: usize,
}

impl Audit {
    pub(crate) fn run(self) -> Result<(), Failure> {
        registry::administer(&self.config, async |administration, _| match self.what {
            AuditAction::Verify => verify(administration).await,
            AuditAction::List(listing) => listing.print(administration).await,
        })
    }
}

async fn verify(administration: &mut Administration) -> Result<(), Failure> {
    let report = administration.verify_events().await.map_err(registry::unread)?;
    let last = report.last_text();
    let Some(broken) = report.broken else {
        println!("操作记录完整，共 {} 条\n末尾摘要  {last}", report.whole);
        println!("请把条数与末尾摘要抄录到别处：只凭数据库自身，看不出有人把记录全部重写过。");
        return Ok(());
    };
    Err(Failure::new(format!(
        "{broken}；它之前的 {} 条完整，末尾摘要 {last}。请保留数据库与备份，查明谁改动过数据库",
        report.whole
    )))
}

impl AuditListing {
    async fn print(&self, administration: &mut Administration) -> Result<(), Failure> {
        let events = self.wanted(administration).await?;
        if self.json {
            let all: Vec<serde_json::Value> = events.iter().map(program).collect();
            println!("{}", serde_json::Value::Array(all));
            return Ok(());
        }
        let rows: Vec<[String; 7]> = events.iter().map(person).collect();
        print!("{}", table::text(["序号", "时间", "操作人", "操作", "对象", "结果", "理由与变更"], &rows));
        Ok(())
    }

    /// The newest of those that are wanted.
    async fn wanted(&self, administration: &mut Administration) -> Result<Vec<OperatorEvent>, Failure> {
        let mut wanted = std::collections::VecDeque::new();
        let mut after = 0;
        loop {
            let page = administration.events(after).await.map_err(registry::unread)?;
            let Some(last) = page.last() else { return Ok(wanted.into()) };
            after = last.seq;
            for event in page.into_iter().filter(|event| self.wants(event)) {
                wanted.push_back(event);
                if wanted.len() > self.count {
                    wanted.pop_front();
                }
            }
        }
    }

    fn wants(&self, event: &OperatorEvent) -> bool {
        self.object.as_ref().is_none_or(|object| event.object == *object)
            && self.actor.as_ref().is_none_or(|actor| event.actor == *actor)
    }
}

fn program(event: &OperatorEvent) -> serde_json::Value {
    serde_json::json!({
        "seq": event.seq, "at": event.at.get(), "actor": event.actor, "action": event.action,
        "objectKind": event.object_kind, "object": event.object, "outcome": event.outcome.word(),
        "region": event.region.map(|region| region.as_str().to_owned()),
        "reason": event.reason,
        "changes": serde_json::from_str::<serde_json::Value>(&event.changes).unwrap_or_default(),
    })
}

fn person(event: &OperatorEvent) -> [String; 7] {
    let outcome = match event.outcome {
        Outcome::Done => "已更改",
        Outcome::Refused => "被拒绝",
    };
    let changes = change_words(&event.changes);
    let reason = if event.reason.is_empty() { changes } else { format!("{}；{changes}", event.reason) };
    [
        event.seq.to_string(),
        event.at.shanghai_text(),
        event.actor.clone(),
        action_words(&event.action).to_owned(),
        event.object.clone(),
        outcome.to_owned(),
        reason,
    ]
}
