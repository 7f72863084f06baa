//! What happened, in the words of the command line and of the console: who did what to whom.

use std::collections::BTreeMap;

use yanmi_protocol::Code;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_verification::Event;

use super::explain::{Happened, StepKind, delivery_failure};
use super::trace::Story;
use super::{LOST, SUMMED};

impl Story {
    /// The institution in words.
    pub fn institution(&self) -> String {
        match (&self.org_name, &self.org_code) {
            (Some(name), Some(code)) => format!("{name}（{}）", code.as_str()),
            (None, Some(code)) => format!("{}（没有登记）", code.as_str()),
            _ => "机构不明".to_owned(),
        }
    }
}

/// One line of the account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceLine {
    /// Who did it.
    pub who: String,
    /// To whom.
    pub whom: String,
    /// What.
    pub what: String,
    /// The same for programs.
    pub word: String,
    /// The return code of a refusal.
    pub code: Option<i64>,
    /// The way of a confirmation, or why something was refused.
    pub reason: String,
}

impl TraceLine {
    /// The line of one thing in a story; `channels` are the names of a trace.
    pub fn of(one: &Happened, story: &Story, channels: &BTreeMap<String, String>) -> Self {
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
                let detail = detail.as_deref().map(in_words).unwrap_or_default();
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
                let cause = refused.cause.as_deref().map_or_else(|| message.to_owned(), in_words);
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

/// Why a delivery failed, in words and as the metrics have it; anything else as it is.
fn in_words(detail: &str) -> String {
    delivery_failure(detail).map_or_else(|| detail.to_owned(), |(words, ..)| format!("{words}（{detail}）"))
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
