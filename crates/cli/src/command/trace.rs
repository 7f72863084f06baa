//! `yanmi trace`: what happened to a code, a notice, or at an institution.

use std::path::PathBuf;

use serde_json::json;
use yanmi_center::history::{Between, Outwards, Question, Step, Story, Trace, TraceLine, When};
use yanmi_protocol::{EcToken, NoticeNo, OrgCode, UnixMillis, mask};

use crate::ambient;
use crate::command::{denied, serve};
use crate::failure::Failure;
use crate::{table, when};

/// 查一次核验发生过什么：从发起到机构得知结果的每一步、停在哪一步、谁去做什么；中心运行中也可用，不作任何改动
#[derive(Debug, clap::Args)]
pub(crate) struct TraceCommand {
    /// 配置文件
    #[arg(long, value_name = "文件", default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(flatten)]
    about: About,
    /// 从何时起：北京时间 2026-11-23 或 2026-11-23T15:00，或距现在多久，如 30m、1h、7d；--org 须给它或 --around，状态已清理的令牌与通知也须给其一
    #[arg(long, value_name = "时间", conflicts_with = "around")]
    from: Option<String>,
    /// 到何时止，写法相同；不给则到现在
    #[arg(long, value_name = "时间", requires = "from")]
    to: Option<String>,
    /// 大约何时，写法相同：从那一小时起向前、向后逐小时查，直到查到；约 8 秒后停下，打印接着查的命令
    #[arg(long, value_name = "时间")]
    around: Option<String>,
    /// 接着查：之前已查过几个小时
    #[arg(long, value_name = "小时", default_value_t = 0, requires = "around")]
    done: u32,
    /// 以 JSON 打印，供程序读取
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct About {
    /// 核验令牌（ecToken）
    #[arg(long, value_name = "令牌")]
    token: Option<String>,
    /// 流水号（resBizNo），27 位
    #[arg(long, value_name = "流水号")]
    serial: Option<String>,
    /// 通知编号（notcNo），13 位
    #[arg(long, value_name = "编号")]
    notice: Option<String>,
    /// 机构代码（orgCodg）
    #[arg(long, value_name = "机构代码")]
    org: Option<String>,
}

impl About {
    fn question(&self) -> Result<Question, Failure> {
        let wrong = |option: &str, why: &dyn std::fmt::Display| Failure::new(format!("{option} {why}"));
        if let Some(token) = &self.token {
            return EcToken::new(token).map(Question::Token).map_err(|why| wrong("--token", &why));
        }
        if let Some(serial) = &self.serial {
            return Question::serial(serial).map_err(|why| wrong("--serial", &why));
        }
        if let Some(notice) = &self.notice {
            return NoticeNo::new(notice).map(Question::Notice).map_err(|why| wrong("--notice", &why));
        }
        let org = self.org.as_deref().unwrap_or_default();
        OrgCode::new(org).map(Question::Org).map_err(|why| wrong("--org", &why))
    }
}

impl TraceCommand {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        let now = ambient::clock().now();
        let question = self.about.question()?;
        let when = self.when(now)?;
        if matches!(question, Question::Org(_)) && when.is_none() {
            return Err(Failure::new("按 --org 查时要给 --from 或 --around"));
        }
        let trace = serve::runtime(1)?.block_on(async {
            let mut history = denied::open(&config).await?;
            let read = history.trace(question, when, now).await;
            // What was read counts.
            let _ = history.close().await;
            read.map_err(|error| Failure::because("未能读出经过", &error))
        })?;
        if self.json {
            println!("{}", for_programs(&trace));
        } else {
            for_people(&trace);
        }
        Ok(())
    }

    fn when(&self, now: UnixMillis) -> Result<Option<When>, Failure> {
        if let Some(around) = &self.around {
            let moment = when::read("--around", around, now)?.min(now);
            return Ok(Some(When::Around(Outwards { moment, done: self.done })));
        }
        let Some(from) = &self.from else { return Ok(None) };
        when::between(when::read("--from", from, now)?, self.to.as_deref(), now).map(When::Between).map(Some)
    }
}

fn for_programs(trace: &Trace) -> serde_json::Value {
    let stories: Vec<serde_json::Value> = trace.stories.iter().map(|story| of_story(story, trace)).collect();
    json!({
        "stories": stories, "cut": trace.cut, "summed": trace.summed, "lost": trace.lost,
        "read": trace.read.map(|Between { from, to }| [from.shanghai_text(), to.shanghai_text()]),
        "next": trace.search.and_then(|search| search.next).map(|next| next.done),
    })
}

fn of_story(story: &Story, trace: &Trace) -> serde_json::Value {
    let happened: Vec<serde_json::Value> = story
        .happened
        .iter()
        .map(|one| {
            let line = TraceLine::of(one, story, &trace.channels);
            json!({
                "at": one.at.shanghai_text(), "who": line.who, "whom": line.whom, "what": line.what,
                "word": line.word, "code": line.code, "reason": line.reason, "notcNo": one.notice,
                "amount": one.amount.map(|amount| amount.to_string()),
            })
        })
        .collect();
    let told = &story.explanation;
    json!({
        "token": story.token.map(|token| mask::token(token.as_str())),
        "orgCodg": story.org_code.as_ref().map(OrgCode::as_str), "orgName": story.org_name,
        "userName": story.holder.as_ref().map(|(name, _)| name),
        "idNo": story.holder.as_ref().map(|(_, number)| number),
        "happened": happened, "now": told.now, "missing": told.missing.map(Step::word), "who": told.who,
        "next": told.next,
    })
}

fn for_people(trace: &Trace) {
    for (number, story) in trace.stories.iter().enumerate() {
        if number > 0 {
            println!();
        }
        one_story(story, trace);
    }
    if trace.stories.is_empty() {
        println!("没有查到。");
    }
    if trace.read.is_none() {
        println!(
            "这个令牌或通知的状态已清理或从未有过，不知道审计中该查哪一段时间：请加 --around，或 --from 与 --to（流水号 --serial 不必）。"
        );
    }
    if let Some(search) = trace.search {
        if let Some(Between { from, to }) = search.searched {
            println!("已查 {} 至 {}。", from.shanghai_text(), to.shanghai_text());
        }
        if let Some(next) = search.next {
            println!(
                "再往外查：加 --around {} --done {}",
                next.moment.shanghai_text().replace(' ', "T"),
                next.done
            );
        }
    }
    if trace.summed > 0 {
        println!("另有 {} 条未逐条记下（同一业务系统一分钟内同一返回码的拒绝过多）。", trace.summed);
    }
    if trace.lost > 0 {
        println!("另有 {} 条未记：当时来得太多，或数据库写不进去。", trace.lost);
    }
    if trace.cut {
        println!("太多，没有读完（至多 10 秒、5000 条）：请缩短 --from 至 --to。");
    }
}

fn one_story(story: &Story, trace: &Trace) {
    let token = story.token.map_or_else(|| "没有令牌".to_owned(), |token| mask::token(token.as_str()));
    let holder = story.holder.as_ref().map(|(name, number)| format!("　参保人 {name}（{number}）"));
    println!("令牌 {token}　{}{}", story.institution(), holder.unwrap_or_default());
    let rows: Vec<[String; 5]> = story
        .happened
        .iter()
        .map(|one| {
            let line = TraceLine::of(one, story, &trace.channels);
            let amount = one.amount.map(|amount| format!("，{amount} 元")).unwrap_or_default();
            [
                one.at.shanghai_text(),
                format!("{} → {}", line.who, line.whom),
                format!("{}{amount}", line.what),
                line.code.map(|code| code.to_string()).unwrap_or_default(),
                line.reason,
            ]
        })
        .collect();
    print!("{}", table::text(["时间", "谁 → 谁", "做什么", "返回码", "方式或原因"], &rows));
    let told = &story.explanation;
    println!("现在　　{}", told.now);
    let chain = Step::ALL.map(Step::words).join(" → ");
    match told.missing {
        Some(step) => println!("停在　　{}（{chain}）", step.words()),
        None => println!("停在　　没有（{chain}）"),
    }
    println!("下一步　{}：{}", told.who, told.next);
}
