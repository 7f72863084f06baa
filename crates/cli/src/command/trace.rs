//! `yanmi trace`: what happened to a code, a notice, or at an institution.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;
use yanmi_center::history::{Between, Happened, LOST, Question, SUMMED, Step, StepKind, Story, Trace};
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Code, EcToken, NoticeNo, OrgCode, SerialNo, UnixMillis, mask};
use yanmi_verification::Event;

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
    /// 从何时起：北京时间 2026-11-23 或 2026-11-23T15:00，或距现在多久，如 30m、1h、7d；--org 必须给，状态已清理的令牌与通知也须给
    #[arg(long, value_name = "时间")]
    from: Option<String>,
    /// 到何时止，写法相同；不给则到现在
    #[arg(long, value_name = "时间", requires = "from")]
    to: Option<String>,
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
    #[arg(long, value_name = "机构代码", requires = "from")]
    org: Option<String>,
}

impl About {
    fn question(&self) -> Result<Question, Failure> {
        let wrong = |option: &str, why: &dyn std::fmt::Display| Failure::new(format!("{option} {why}"));
        if let Some(token) = &self.token {
            return EcToken::new(token).map(Question::Token).map_err(|why| wrong("--token", &why));
        }
        if let Some(serial) = &self.serial {
            let (number, at) = serial_parts(serial)
                .ok_or_else(|| wrong("--serial", &"应为 27 位数字：13 位编号与 14 位时间"))?;
            return Ok(Question::Serial(number, at));
        }
        if let Some(notice) = &self.notice {
            return NoticeNo::new(notice).map(Question::Notice).map_err(|why| wrong("--notice", &why));
        }
        let org = self.org.as_deref().unwrap_or_default();
        OrgCode::new(org).map(Question::Org).map_err(|why| wrong("--org", &why))
    }
}

/// The number and the moment of a serial.
fn serial_parts(serial: &str) -> Option<(i64, UnixMillis)> {
    let within = |at: &UnixMillis| UnixMillis::new(0) < *at && *at < UnixMillis::MAX;
    let at = SerialNo::made_at(serial).filter(within)?;
    Some((serial.get(..13)?.parse().ok()?, at))
}

impl TraceCommand {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let config = serve::load(&self.config)?;
        let now = ambient::clock().now();
        let question = self.about.question()?;
        let between = match &self.from {
            Some(from) => Some(when::between(when::read("--from", from, now)?, self.to.as_deref(), now)?),
            None => None,
        };
        let trace = serve::runtime(1)?.block_on(async {
            let mut history = denied::open(&config).await?;
            let read = history.trace(question, between, now).await;
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
}

fn for_programs(trace: &Trace) -> serde_json::Value {
    let stories: Vec<serde_json::Value> = trace.stories.iter().map(|story| of_story(story, trace)).collect();
    json!({
        "stories": stories, "cut": trace.cut, "summed": trace.summed, "lost": trace.lost,
        "read": trace.read.map(|Between { from, to }| [from.shanghai_text(), to.shanghai_text()]),
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
            "这个令牌或通知的状态已清理或从未有过，不知道审计中该查哪一段时间：请加 --from 与 --to（流水号 --serial 不必）。"
        );
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
    println!("令牌 {token}　{}{}", institution(story), holder.unwrap_or_default());
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
    let chain = [Step::Asked, Step::Taken, Step::Answered, Step::Told].map(Step::words).join(" → ");
    match told.missing {
        Some(step) => println!("停在　　{}（{chain}）", step.words()),
        None => println!("停在　　没有（{chain}）"),
    }
    println!("下一步　{}：{}", told.who, told.next);
}

fn institution(story: &Story) -> String {
    match (&story.org_name, &story.org_code) {
        (Some(name), Some(code)) => format!("{name}（{}）", code.as_str()),
        (None, Some(code)) => format!("{}（没有登记）", code.as_str()),
        _ => "机构不明".to_owned(),
    }
}

/// One line of the account.
struct TraceLine {
    who: String,
    whom: String,
    what: String,
    /// The same for programs.
    word: String,
    code: Option<i64>,
    reason: String,
}

impl TraceLine {
    fn of(one: &Happened, story: &Story, channels: &BTreeMap<String, String>) -> Self {
        const CENTER: &str = "中心";
        let org = story.org_name.clone().unwrap_or_else(|| "机构".to_owned());
        let channel = one.channel.as_ref().map_or("渠道应用", |code| channels.get(code).unwrap_or(code));
        match &one.kind {
            StepKind::Decided(event, detail) => {
                let (who, whom, what, reason) = words(*event);
                let place = |party: Side| match party {
                    Side::Institution => org.clone(),
                    Side::Center => CENTER.to_owned(),
                    Side::Channel => channel.to_owned(),
                    Side::Person => "参保人".to_owned(),
                };
                let detail = detail.clone().unwrap_or_default();
                let reason = if reason.is_empty() { detail } else { reason.to_owned() };
                let word = event.code().to_owned();
                Self { who: place(who), whom: place(whom), what: what.to_owned(), word, code: None, reason }
            }
            StepKind::Refused(refused) => {
                let withdrawal = refused.op == "withdraw";
                let asker = refused.org_id.clone().unwrap_or_else(|| org.clone());
                let asker = if refused.proven { asker } else { format!("{asker}（自称）") };
                let what = match refused.op.as_str() {
                    "notify" => "发起通知，被拒绝",
                    "status" => "查询状态，被拒绝",
                    "decode" => "解码，被拒绝",
                    "withdraw" => "撤回通知，没有送达",
                    SUMMED | LOST => "未逐条记下的拒绝",
                    _ => "请求被拒绝",
                };
                let message = Code::from_number(refused.code).map_or("", Code::message);
                let cause = refused.cause.clone().unwrap_or_else(|| message.to_owned());
                let detail = refused.detail.as_deref().filter(|_| !withdrawal);
                let detail = detail.map(|detail| format!("（{detail}）")).unwrap_or_default();
                let (who, whom) = if withdrawal {
                    (
                        CENTER.to_owned(),
                        refused
                            .detail
                            .as_ref()
                            .map_or(channel, |code| channels.get(code).unwrap_or(code))
                            .to_owned(),
                    )
                } else {
                    (asker, CENTER.to_owned())
                };
                Self {
                    who,
                    whom,
                    what: what.to_owned(),
                    word: format!("refused-{}", refused.op),
                    code: Some(refused.code),
                    reason: format!("{cause}{detail}"),
                }
            }
        }
    }
}

/// Who takes part.
#[derive(Clone, Copy)]
enum Side {
    Institution,
    Center,
    Channel,
    Person,
}

/// Who, whom, what, and the way or reason, where the event says it.
const fn words(event: Event) -> (Side, Side, &'static str, &'static str) {
    use Side::{Center, Channel, Institution, Person};
    match event {
        Event::Asked => (Institution, Center, "发起通知", ""),
        Event::AskedAgain => (Institution, Center, "再次发起，金额相同", "沿用原通知，再次提醒"),
        Event::Superseded => (Institution, Center, "以另一金额发起", "原通知作废"),
        Event::HandedOver => (Center, Channel, "由新的二维码接续，本通知作废", ""),
        Event::TookOver => (Institution, Center, "发起通知", "接替同一人的另一个二维码"),
        Event::Voided => (Institution, Center, "以另一金额发起", "原确认作废"),
        Event::Stands => (Institution, Center, "再次发起，已确认过", "确认仍有效，不再提醒"),
        Event::Delivered => (Center, Channel, "通知已收下", ""),
        Event::Undelivered => (Center, Channel, "通知没有送达", ""),
        Event::Confirmed(Way::CredentialPassword) => (Person, Center, "确认", "医保电子凭证密码"),
        Event::Confirmed(Way::Face) => (Person, Center, "确认", "刷脸"),
        Event::Confirmed(Way::ChannelPassword) => (Person, Center, "确认", "渠道应用支付密码"),
        Event::Cancelled => (Person, Center, "取消", ""),
        Event::NotMe => (Person, Center, "表示非本人办理", ""),
        Event::ChannelFailed => (Channel, Center, "报告确认没有成功", ""),
        Event::WrongPassword => (Person, Center, "输错密码", ""),
        Event::PasswordLocked => (Person, Center, "连续输错密码，已锁定", ""),
        Event::FreeUsed => (Center, Institution, "免密放行", "参保人已开通免密"),
        Event::FreeOnWord => (Channel, Center, "免密放行", "渠道应用答复该参保人免密"),
        Event::FreeOn => (Person, Center, "开通免密", ""),
        Event::FreeOff => (Person, Center, "关闭免密", ""),
        Event::PageOpened => (Person, Center, "打开认证页", ""),
        Event::LinkUnknown => (Person, Center, "打开的链接不是中心发的", ""),
        Event::LinkExpired => (Person, Center, "打开的链接已过期", ""),
        Event::LinkShared => (Person, Center, "在另一个浏览器打开链接", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_a_number_and_a_moment() {
        let (number, at) = serial_parts("161665488196720210609155618").expect("a serial");
        assert_eq!((number, at.shanghai_text().as_str()), (1_616_654_881_967, "2021-06-09 15:56:18"));
        for wrong in ["", "1616654881967", "161665488196720211309155618", "16166548819672021060915561x"] {
            assert_eq!(serial_parts(wrong), None, "{wrong}");
        }
    }
}
