//! The words of a person's password-free page.

use maud::{Markup, html};
use yanmi_protocol::{Amount, UnixMillis};
use yanmi_verification::{PasswordFree, PasswordTries};

use crate::insured::layout::page;
use crate::insured::view::{head, keypad, words};
use crate::insured::words::{clock_text, grouped};
use crate::ledger::MAX_PAYMENTS;

/// What the form before this page came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    On,
    Off,
    Wrong,
    Digits,
    Limits,
    Again,
    Unset,
}

impl Said {
    const ALL: [(Self, &'static str); 7] = [
        (Self::On, "on"),
        (Self::Off, "off"),
        (Self::Wrong, "wrong"),
        (Self::Digits, "digits"),
        (Self::Limits, "limits"),
        (Self::Again, "again"),
        (Self::Unset, "unset"),
    ];

    /// As it stands in the address.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(said, _)| *said == self).map_or("", |(_, word)| word)
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(said, _)| *said)
    }
}

/// Why the switch cannot be switched on here; nothing when it can.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hindrance {
    NotOffered,
    Unknown,
    InTheOpen,
    /// Until when.
    Locked(UnixMillis),
}

/// A line of the list.
#[derive(Clone, Debug)]
pub(super) struct PaymentLine {
    pub(super) institution: String,
    pub(super) amount: Option<Amount>,
    /// Day and minute in Asia/Shanghai.
    pub(super) at: String,
}

/// Everything the page says.
#[derive(Debug)]
pub(super) struct SettingsView {
    pub(super) app: String,
    pub(super) free: Option<PasswordFree>,
    /// What was used today: amount and count.
    pub(super) today: (Amount, u32),
    pub(super) hindrance: Option<Hindrance>,
    pub(super) tries: PasswordTries,
    pub(super) left: u32,
    pub(super) lines: Vec<PaymentLine>,
    /// Bound to browser and link.
    pub(super) token: String,
    pub(super) path: String,
    pub(super) said: Option<Said>,
}

/// The door of a link nobody has opened.
pub(super) fn door() -> Markup {
    let middle = html! {
        (head(&words("ask", "免密支付设置", "查看和修改您的免密支付。", "打开后，这个链接只能在本机使用。")))
        form method="post" { button.button.first name="do" value="open" { "打开" } }
    };
    page("免密支付设置", &middle)
}

/// The page.
pub(super) fn shown(shown: &SettingsView) -> Markup {
    let open = shown.free.is_some_and(|free| free.open);
    let title = if open { "免密支付：已开通" } else { "免密支付：未开通" };
    let text = format!("在「{}」出示医保电子凭证付款时", shown.app);
    let what = if open { "，额度之内不用再输密码。" } else { "，每次都要您确认。" };
    let middle = html! {
        p #net role="status" {}
        h1 { (title) }
        p.text { (text) (what) }
        @match shown.said {
            Some(Said::On) => p.next role="status" { "已保存。" },
            Some(Said::Off) => p.next role="status" { "已关闭，从现在起每次都要您确认。" },
            _ => {},
        }
        @if let Some(free) = shown.free.filter(|free| free.open) {
            (limits(&free, shown))
            form method="post" action=(shown.path) {
                input type="hidden" name="t" value=(shown.token);
                button.button.danger name="do" value="off" { "关闭免密支付" }
            }
        }
        (switch_on(shown, open))
        (list(&shown.lines))
    };
    page(title, &middle)
}

fn yuan(amount: Option<Amount>) -> String {
    amount.map_or_else(|| "不限".to_owned(), |amount| format!("{} 元", grouped(amount)))
}

fn limits(free: &PasswordFree, shown: &SettingsView) -> Markup {
    let count = free.day_count.map_or_else(|| "不限".to_owned(), |count| format!("{count} 次"));
    let (spent, used) = shown.today;
    html! {
        dl {
            div { dt { "每次不超过" } dd { (yuan(free.single_limit)) } }
            div { dt { "每天不超过" } dd { (yuan(free.day_limit)) } }
            div { dt { "每天次数" } dd { (count) } }
            div { dt { "今天已用" } dd { (used) " 次，共 " (grouped(spent)) " 元" } }
        }
    }
}

fn switch_on(shown: &SettingsView, open: bool) -> Markup {
    if let Some(hindrance) = shown.hindrance {
        let text = match hindrance {
            Hindrance::NotOffered => "这个应用没有免密支付。".to_owned(),
            Hindrance::Unknown => "请先用这个应用在窗口出示一次医保电子凭证，再来开通。".to_owned(),
            Hindrance::InTheOpen => "连接没有加密，不能在这里输入密码。".to_owned(),
            Hindrance::Locked(until) => {
                format!("密码输错的次数太多，{} 之后才可以再用。", clock_text(until))
            }
        };
        return html! { p.said.block role="alert" { (text) } };
    }
    let (single, day, count) =
        shown.free.map_or((None, None, None), |f| (f.single_limit, f.day_limit, f.day_count));
    let wrong = matches!(shown.said, Some(Said::Wrong | Said::Digits));
    let alarm = match shown.said {
        Some(Said::Wrong) => Some(format!("密码不对，还可以再试 {} 次。", shown.left)),
        Some(Said::Digits) => Some("密码是六位数字，请再输入一次。".to_owned()),
        Some(Said::Again) => Some("刚才没有结果，请再试一次。".to_owned()),
        Some(Said::Unset) => Some("您还没有设置医保电子凭证密码。请先在手机应用里设置。".to_owned()),
        _ => None,
    };
    html! {
        form #pay method="post" action=(shown.path) autocomplete="off" {
            h2 { @if open { "修改额度" } @else { "开通免密支付" } }
            p.small { "额度不填的不限。" }
            @if shown.said == Some(Said::Limits) {
                p.said role="alert" { "额度没有填对：金额最多两位小数，次数为 1 至 1000。" }
            }
            input type="hidden" name="t" value=(shown.token);
            input type="hidden" name="n" value=(shown.tries.count);
            (limit("single", "每次不超过（元）", single.map(|a| a.to_string())))
            (limit("day", "每天不超过（元）", day.map(|a| a.to_string())))
            (limit("count", "每天次数", count.map(|c| c.to_string())))
            label for="p" { "医保电子凭证密码" span.small { "六位数字" } }
            p #said .said role="alert" { @if let Some(alarm) = &alarm { (alarm) } }
            input #p name="p" type="password" inputmode="numeric" autocomplete="off" pattern="[0-9]{6}"
                minlength="6" maxlength="6" required aria-describedby="said" aria-invalid=[wrong.then_some("true")]
                title="六位数字";
            (keypad())
            button #ok .button.first name="do" value="on" { @if open { "保存额度" } @else { "开通" } }
        }
    }
}

fn limit(name: &str, label: &str, value: Option<String>) -> Markup {
    html! {
        label for=(name) { (label) }
        input id=(name) name=(name) type="text" inputmode="decimal" maxlength="17" autocomplete="off"
            value=(value.unwrap_or_default());
    }
}

fn list(lines: &[PaymentLine]) -> Markup {
    html! {
        h2 { "免密付款记录" }
        @if lines.is_empty() {
            p.small { "还没有。" }
        } @else {
            ul.paid {
                @for line in lines {
                    li {
                        span.at { (line.at) }
                        strong { @match line.amount { Some(amount) => { (grouped(amount)) " 元" }, None => { "金额未报" } } }
                        span.by { (line.institution) }
                    }
                }
            }
            @if i64::try_from(lines.len()).is_ok_and(|count| count >= MAX_PAYMENTS) {
                p.quiet { "只列出最近 " (MAX_PAYMENTS) " 笔。" }
            }
        }
    }
}
