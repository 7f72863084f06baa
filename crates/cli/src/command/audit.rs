//! `yanmi audit`: what was changed of who may call, by whom and why, and whether all of it is as it was written.

use std::fmt::Write as _;
use std::path::PathBuf;

use yanmi_center::registry::{Administration, Break, OperatorEvent, Outcome, action_words, field_words};

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
    let last = hex(&report.last);
    let Some(broken) = report.broken else {
        println!("操作记录完整，共 {} 条\n末尾摘要  {last}", report.whole);
        println!("请把条数与末尾摘要抄录到别处：只凭数据库自身，看不出有人把记录全部重写过。");
        return Ok(());
    };
    let how = match broken.how {
        Break::Gap => "之前的记录缺失",
        Break::Order => "与前一条接不上",
        Break::Content => "内容与写入时不符",
    };
    Err(Failure::new(format!(
        "操作记录不完整：第 {} 条{how}；它之前的 {} 条完整，末尾摘要 {last}。请保留数据库与备份，查明谁改动过数据库",
        broken.seq, report.whole
    )))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing into a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
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
        "reason": event.reason,
        "changes": serde_json::from_str::<serde_json::Value>(&event.changes).unwrap_or_default(),
    })
}

fn person(event: &OperatorEvent) -> [String; 7] {
    let outcome = match event.outcome {
        Outcome::Done => "已更改",
        Outcome::Refused => "被拒绝",
    };
    let changes = changes(&event.changes);
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

/// `mac：optional → required`, each change.
fn changes(json: &str) -> String {
    let all: Vec<(String, Option<String>, Option<String>)> = serde_json::from_str(json).unwrap_or_default();
    let shown = |value: Option<String>| match value.as_deref() {
        None => "无".to_owned(),
        Some("true") => "是".to_owned(),
        Some("false") => "否".to_owned(),
        Some(text) => text.to_owned(),
    };
    let one = |(field, before, after): (String, Option<String>, Option<String>)| {
        let name = field_words(&field);
        match before {
            None if field == "refusal" => shown(after),
            None => format!("{name}：{}", shown(after)),
            before => format!("{name}：{} → {}", shown(before), shown(after)),
        }
    };
    all.into_iter().map(one).collect::<Vec<_>>().join("，")
}

#[cfg(test)]
mod tests {
    #[test]
    fn changes_are_read_by_people() {
        let json = r#"[["mac","optional","required"],["rate",null,"5"],["older_key","8C9B2A",null]]"#;
        assert_eq!(super::changes(json), "mac：optional → required，每秒上限：5，旧密钥校验值：8C9B2A → 无");
        let json = r#"[["enabled","true","false"],["later","a","b"]]"#;
        assert_eq!(super::changes(json), "启用：是 → 否，later：a → b");
        assert_eq!(super::changes(r#"[["refusal",null,"业务系统编码 x 不存在"]]"#), "业务系统编码 x 不存在");
        assert_eq!(super::changes("[]"), "");
    }
}
