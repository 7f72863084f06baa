//! The pages, state by state. Every word is for the insured person: short, calm, and with the next step.

use std::time::Duration;

use maud::{Markup, html};
use yanmi_protocol::{Amount, UnixMillis};

use super::layout::page;
use super::scene::{Asking, Password, Scene, Visit};
use super::words::{clock_text, grouped};

/// What the form before this page came to, where the state does not say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hint {
    /// It was a wrong password.
    Wrong,
    /// It was no password of six digits.
    Digits,
    /// There was no answer: it may be tried again.
    Again,
    /// The person has no password.
    Unset,
    /// Another one is being checked.
    Checking,
}

impl Hint {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Wrong, "wrong"),
        (Self::Digits, "digits"),
        (Self::Again, "again"),
        (Self::Unset, "unset"),
        (Self::Checking, "checking"),
    ];

    /// As it stands in the address.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(hint, _)| *hint == self).map_or("", |(_, word)| word)
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(hint, _)| *hint)
    }
}

/// A page for whoever comes with a link, which says nothing about anybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Closed {
    /// No such link, or no page at all.
    Unknown,
    /// Open in another browser.
    Elsewhere,
    /// Its time is over.
    Expired,
    /// A page of password-free settlement, which no counter sends: open in another browser.
    SettingsElsewhere,
    /// The same: its time is over.
    SettingsExpired,
    /// Another notice took the place of this one.
    Replaced,
    /// Too many wrong links from this address.
    TooMany(Duration),
    /// The center cannot say now.
    Busy,
    /// A form larger than a form can be.
    TooLarge,
    /// No form of this page, or not all of it.
    BadForm,
    /// A form that was not made for this browser, or sent from elsewhere.
    ForeignForm,
    /// Reached by another name than its own.
    OtherHost,
    /// Neither looked at nor answered.
    BadMethod,
    /// A password on a way that others can read.
    InTheOpen,
}

/// What it is, and what to do.
pub(super) struct Words {
    tone: &'static str,
    title: &'static str,
    text: &'static str,
    next: &'static str,
}

pub(super) const fn words(
    tone: &'static str,
    title: &'static str,
    text: &'static str,
    next: &'static str,
) -> Words {
    Words { tone, title, text, next }
}

const UNSET: &str = "您还没有设置医保电子凭证密码。请用其他方式，或先在手机应用里设置。";
const ASK_AGAIN: &str = "如果还要办理，请窗口工作人员重新发送，再从手机应用里打开新的一条。";

fn closed_words(closed: Closed) -> Words {
    match closed {
        Closed::Unknown => words(
            "warn",
            "链接不对",
            "没有这样的认证页面。",
            "请回到您展示二维码的手机应用，从消息里重新打开。",
        ),
        Closed::Elsewhere => words(
            "warn",
            "已在别处打开",
            "为了保护您的信息，这个链接只能在第一次打开它的地方使用。",
            "如果是您自己打开的，请回到原来的页面。不是您打开的，请告诉窗口工作人员，让他们重新发送。",
        ),
        Closed::Expired => words("warn", "链接已过期", "这次请求的时间已经过了。", ASK_AGAIN),
        Closed::SettingsElsewhere => words(
            "warn",
            "已在别处打开",
            "为了保护您的信息，这个链接只能在第一次打开它的地方使用。",
            "请回到原来的页面，或在手机应用里重新打开免密支付设置。",
        ),
        Closed::SettingsExpired => {
            words("warn", "链接已过期", "这个页面只能用半小时。", "请在手机应用里重新打开免密支付设置。")
        }
        Closed::Replaced => words(
            "warn",
            "已有新的请求",
            "窗口重新发送过，这一条不再有效。",
            "请回到您展示二维码的手机应用，打开最新的一条。",
        ),
        Closed::TooMany(_) => {
            words("warn", "打开得太频繁", "为了安全，请先等一会儿。", "请稍后从手机应用里重新打开。")
        }
        Closed::Busy => words(
            "warn",
            "系统正忙",
            "刚才的操作没有结果，您的密码没有保存。",
            "请等几秒钟再试；一直不行的，请告诉窗口工作人员。",
        ),
        Closed::TooLarge => words("warn", "内容太长", "收到的内容太长，没有处理。", "请返回上一页再试一次。"),
        Closed::BadForm => {
            words("warn", "内容不对", "收到的内容不完整，没有处理。", "请返回上一页再试一次。")
        }
        Closed::ForeignForm => words(
            "warn",
            "请重新打开",
            "这个页面不是刚刚打开的，为了安全没有处理。",
            "请回到您展示二维码的手机应用，从消息里重新打开。",
        ),
        Closed::OtherHost => words(
            "warn",
            "地址不对",
            "这个网址不是认证页面的网址。",
            "请回到您展示二维码的手机应用，从消息里重新打开。",
        ),
        Closed::BadMethod => {
            words("warn", "不能这样打开", "", "请回到您展示二维码的手机应用，从消息里重新打开。")
        }
        Closed::InTheOpen => words(
            "warn",
            "连接没有加密",
            "在这里输入密码可能被别人看到，所以没有处理。",
            "请回到您展示二维码的手机应用，从消息里重新打开；仍是这样的，请告诉窗口工作人员。",
        ),
    }
}

/// A page without anybody's data.
pub(super) fn closed(closed: Closed) -> Markup {
    let words = closed_words(closed);
    let wait = match closed {
        Closed::TooMany(wait) => Some(wait.as_secs() + 1),
        _ => None,
    };
    let middle = html! {
        (head(&words))
        @if let Some(seconds) = wait { p.next { "大约 " (seconds) " 秒后可以再试。" } }
        @if closed == Closed::Busy { p { a.button.second href="" { "再试一次" } } }
    };
    page(words.title, &middle)
}

/// The door of a link nobody has opened: robots that look at links do not press buttons.
pub(super) fn door() -> Markup {
    let middle = html! {
        (head(&words("ask", "查看认证请求", "有一家医药机构请您确认一笔医保业务。", "打开后，这个链接只能在本机使用。")))
        form method="post" {
            button.button.first name="do" value="open" { "打开" }
        }
    };
    page("查看认证请求", &middle)
}

/// Sends a browser that came from another site to the same page again, this time from here.
pub(super) fn bounce(path: &str) -> Markup {
    let middle = html! {
        meta http-equiv="refresh" content=(format!("0; url={path}?s"));
        (head(&words("ask", "正在打开", "", "没有自动打开的，请按下面的按钮。")))
        p { a.button.first href=(format!("{path}?s")) { "打开" } }
    };
    page("正在打开", &middle)
}

pub(super) fn head(words: &Words) -> Markup {
    html! {
        div.sign.(words.tone) aria-hidden="true" {}
        h1 { (words.title) }
        @if !words.text.is_empty() { p.text { (words.text) } }
        @if !words.next.is_empty() { p.next { (words.next) } }
    }
}

/// What forms of this page carry.
#[derive(Clone, Debug)]
pub(super) struct FormAddress {
    /// Bound to browser and notice.
    pub(super) token: String,
    /// The page's own address, without anything behind it.
    pub(super) path: String,
}

/// The page of a visit.
pub(super) fn shown(
    visit: &Visit,
    scene: Scene,
    form: &FormAddress,
    hint: Option<Hint>,
    now: UnixMillis,
) -> Markup {
    if let Scene::Open(asking) = scene {
        return open(visit, asking, form, hint, now);
    }
    let words = scene_words(scene);
    let middle = html! {
        (head(&words))
        @match scene {
            Scene::Confirmed { until, .. } => p.next { "请在 " strong { (clock_text(until)) } " 之前在窗口办完结算。" },
            Scene::Locked { until: Some(until) } => {
                p.next { "密码在 " strong { (clock_text(until)) } " 之后可以再用。" }
            },
            _ => {},
        }
        (summary(visit, matches!(scene, Scene::Confirmed { .. })))
        p.quiet { "可以关闭这个页面了。" }
    };
    page(words.title, &middle)
}

fn scene_words(scene: Scene) -> Words {
    match scene {
        Scene::Open(_) => words("ask", "请您确认", "", ""),
        Scene::Free => words(
            "good",
            "不需要密码了",
            "您开通了免密支付，这笔业务在您设定的额度之内。",
            "请直接在窗口办理。",
        ),
        Scene::Confirmed { .. } => words("good", "已确认", "窗口已经收到，可以继续办理。", ""),
        Scene::Lapsed => words("warn", "确认已过时", "您确认过，但已超过可以结算的时间。", ASK_AGAIN),
        Scene::Cancelled => words("still", "已取消", "没有确认，不会用您的医保结算。", ASK_AGAIN),
        Scene::NotMe => words(
            "warn",
            "已告诉窗口：不是您本人",
            "核实之前，窗口不能用您的医保结算。",
            "如果担心有人冒用您的电子凭证，请在手机应用里修改密码，并向医保部门反映。",
        ),
        Scene::Locked { .. } => words(
            "warn",
            "密码已锁定",
            "密码输错的次数太多，这次请求已结束。",
            "忘记密码的，可以在手机应用里刷脸重设；也可以请窗口用其他方式办理。",
        ),
        Scene::Failed => words("warn", "这次没有完成", "认证没有完成，不会用您的医保结算。", ASK_AGAIN),
        Scene::HandedOver => words(
            "still",
            "已换了二维码",
            "您重新展示了二维码，窗口已按新的一个发送请求，这一条不再有效。",
            "请在刚才展示二维码的手机应用里，打开最新的一条。",
        ),
        Scene::Expired => words("warn", "已超过时间", "这次请求的时间已经过了，没有确认。", ASK_AGAIN),
    }
}

fn amount_text(amount: Option<Amount>) -> String {
    amount.map_or_else(|| "金额未定".to_owned(), |amount| format!("{} 元", grouped(amount)))
}

fn summary(visit: &Visit, with_number: bool) -> Markup {
    html! {
        dl {
            div { dt { "机构" } dd { (visit.institution) } }
            div { dt { "金额" } dd { (amount_text(visit.amount)) } }
            div { dt { "办理人" } dd { (visit.name) } }
            div { dt { "发起时间" } dd { (clock_text(visit.asked_at)) } }
            @if let Some(number) = visit.check_number.as_ref().filter(|_| with_number) {
                div { dt { "核对号" } dd { (number) } }
            }
        }
    }
}

/// The person is asked.
fn open(visit: &Visit, asking: Asking, form: &FormAddress, hint: Option<Hint>, now: UnixMillis) -> Markup {
    let left = visit.expires_at.since(now).as_secs();
    let middle = html! {
        (watching(Scene::Open(asking)))
        h1.who { span.small { "请您确认" } (visit.institution) }
        p.sum { span.label { "本次金额" } strong { (amount_text(visit.amount)) } }
        dl {
            div { dt { "办理人" } dd { (visit.name) } }
            div { dt { "发起时间" } dd { (clock_text(visit.asked_at)) } }
            div {
                dt { "请在此前确认" }
                dd { (clock_text(visit.expires_at)) span #left data-seconds=(left) aria-hidden="true" {} }
            }
        }
        @if let Some(number) = &visit.check_number {
            p.check {
                span.label { "核对号" }
                strong { (number) }
                span.label { "与窗口说的一样才确认" }
            }
        }
        (password(asking.password, visit.amount, form, hint))
        @if asking.in_app || !matches!(asking.password, Password::Asked { .. }) { (other_ways(visit, asking, form)) }
        form.row method="post" action=(form.path) {
            input type="hidden" name="t" value=(form.token);
            button.button.second name="do" value="cancel" { "取消" }
            a.button.second.not-me href=(format!("{}?a=notme", form.path)) { "不是我" }
        }
        p.quiet { "任何人都不会向您索要密码，窗口工作人员也不会。" }
    };
    page("请您确认", &middle)
}

fn password(password: Password, amount: Option<Amount>, form: &FormAddress, hint: Option<Hint>) -> Markup {
    let Password::Asked { counted, wrong, left } = password else { return not_asked(password, hint) };
    let said = said(hint, wrong, left);
    html! {
        form #pay method="post" action=(form.path) autocomplete="off" {
            input type="hidden" name="t" value=(form.token);
            input type="hidden" name="n" value=(counted);
            label for="p" { "请输入医保电子凭证密码" span.small { "六位数字" } }
            p #said .said role="alert" { @if let Some(said) = &said { (said) } }
            input #p name="p" type="password" inputmode="numeric" autocomplete="off" pattern="[0-9]{6}"
                minlength="6" maxlength="6" required aria-describedby="said" aria-invalid=[wrong_now(hint)]
                title="六位数字";
            (keypad())
            button #ok .button.first name="do" value="password" {
                @match amount {
                    Some(amount) => { "确认 " (grouped(amount)) " 元" },
                    None => "确认",
                }
            }
        }
    }
}

/// Where the script puts the digits, shuffled unless the person prefers them in order.
pub(super) fn keypad() -> Markup {
    html! {
        div #pad hidden role="group" aria-label="密码键盘" {}
        p #keys hidden { button #order type="button" aria-pressed="false" { "数字按顺序排列" } }
    }
}

/// By which the script asks whether what is shown still holds, and where it says that there is no network.
fn watching(scene: Scene) -> Markup {
    html! { p #net role="status" data-at=(scene.word()) {} }
}

fn wrong_now(hint: Option<Hint>) -> Option<&'static str> {
    matches!(hint, Some(Hint::Wrong | Hint::Digits)).then_some("true")
}

/// What is said about tries before this one.
fn said(hint: Option<Hint>, wrong: u32, left: u32) -> Option<String> {
    match hint {
        Some(Hint::Digits) => Some("密码是六位数字，请重新输入。".to_owned()),
        Some(Hint::Again) => Some("刚才没有得到结果，请再输入一次。".to_owned()),
        Some(Hint::Checking) => Some("上一次输入正在核对，请稍等再看。".to_owned()),
        Some(Hint::Unset) => Some(UNSET.to_owned()),
        Some(Hint::Wrong) if wrong > 0 => Some(format!("密码不对，还可以再试 {left} 次。")),
        _ if wrong > 0 => Some(format!("之前输错过 {wrong} 次，还可以再试 {left} 次。")),
        _ => None,
    }
}

fn not_asked(password: Password, hint: Option<Hint>) -> Markup {
    let text = match password {
        _ if hint == Some(Hint::Unset) => UNSET.to_owned(),
        Password::Locked(until) => format!("密码输错的次数太多，{} 之后才可以再用。", clock_text(until)),
        Password::InTheOpen => "连接没有加密，不能在这里输入密码。".to_owned(),
        Password::NotOffered | Password::Asked { .. } => return html! {},
    };
    html! { p.said.block role="alert" { (text) } }
}

/// Where else the person can confirm: in the channel's app, over the address it registered, or by going back there.
fn other_ways(visit: &Visit, asking: Asking, form: &FormAddress) -> Markup {
    let first = !matches!(asking.password, Password::Asked { .. });
    html! {
        @if !asking.in_app {
            p.other { "请窗口工作人员用其他方式办理。" }
        } @else if visit.app.is_empty() {
            p.other {
                @if first { "请" } @else { "也可以" }
                "刷脸或用应用自己的支付密码：回到您展示二维码的应用，在消息里打开这一条。"
            }
        } @else {
            section.other aria-label="在应用里确认" {
                p { @if first { "请" } @else { "也可以" } "在您展示二维码的应用里确认：" }
                @for door in &visit.app {
                    a.button.away.(if first { "first" } else { "second" }) href=(door.address) rel="noreferrer" {
                        span { "去「" (door.app) "」" } span { (door.deed) }
                    }
                }
                p.quiet { "在应用里确认之后回到这里，" a href=(form.path) { "看结果" } "。" }
            }
        }
    }
}

/// Asks once more before the counter is told that it is somebody else.
pub(super) fn really_not_me(visit: &Visit, scene: Scene, form: &FormAddress) -> Markup {
    let middle = html! {
        (watching(scene))
        (head(&words("warn", "确定不是您本人吗？", "按“不是我”后，窗口会停止办理并核实身份。", "")))
        (summary(visit, false))
        form method="post" action=(form.path) {
            input type="hidden" name="t" value=(form.token);
            button.button.danger name="do" value="notme" { "不是我，请停止办理" }
        }
        p { a.button.second href=(form.path) { "返回" } }
    };
    page("确定不是您本人吗", &middle)
}
