//! The page's markup. What is written here is shown to the clerk, in Chinese.

use std::hash::{DefaultHasher, Hash, Hasher};

use maud::{DOCTYPE, Markup, html};
use yanmi_client::gate::{Medium, Reason, Rules, Settlement, Visit, Way};
use yanmi_protocol::{UnixMillis, mask};

use super::face::{self, Act, Face, Look, Step};
use super::sheet::{Selection, Sheet};
use crate::fault::Fault;
use crate::office::{Note, Office};

/// Visits the list at the side shows.
const MOST_LISTED: usize = 14;
/// Seconds after which a page without a script looks again.
const REFRESH: u32 = 5;

const KINDS: [(&str, Settlement, &str); 4] = [
    ("outpatient", Settlement::Outpatient, "门诊结算"),
    ("inpatient", Settlement::Inpatient, "住院结算"),
    ("pharmacy", Settlement::Pharmacy, "药店结算"),
    ("registration", Settlement::Registration, "挂号"),
];
const MEDIA: [(&str, Medium, &str); 5] = [
    ("qrCode", Medium::QrCode, "医保电子凭证二维码"),
    ("socialSecurityCard", Medium::SocialSecurityCard, "社会保障卡"),
    ("idCard", Medium::IdCard, "居民身份证"),
    ("terminalFace", Medium::TerminalFace, "医保终端刷脸"),
    ("other", Medium::Other, "其他介质"),
];

const OFFLINE: [(Way, &str, &str); 3] = [
    (Way::TerminalFace, "terminalFace", "终端刷脸"),
    (Way::TerminalPassword, "terminalPassword", "终端密码"),
    (Way::LibraryPassword, "libraryPassword", "动态库密码"),
];

/// What went wrong, and what was typed that need not be typed again.
pub(super) struct Trouble {
    pub(super) fault: Fault,
    pub(super) amount: Option<String>,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, amount: None }
    }
}

/// Two texts of one version are the same but by an accident that costs a screen one refresh.
pub(super) fn version(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The whole page.
pub(super) fn page(office: &Office, sheet: &Sheet, trouble: Option<&Trouble>) -> Markup {
    let fault = trouble.map(|trouble| &trouble.fault);
    let face = sheet.chosen.as_ref().map(|chosen| face_of(office, sheet, chosen));
    let waiting = sheet.chosen.as_ref().is_some_and(|chosen| face::is_waiting(&chosen.visit));
    let inner = parts(office, sheet);
    let version = version(&inner.0);
    let body = html! {
        body data-next=(face.as_ref().map_or("scan", |face| face.act.word())) {
            (header(office))
            @if let Some(fault) = fault {
                p.fault role="alert" { strong { "没有办成" } (fault.plain()) }
            }
            main class={ @if sheet.chosen.is_some() { "visit" } @else { "empty" } } {
                (with_version(&inner, &version, sheet.now))
                @match &sheet.chosen {
                    Some(chosen) => (work(office, chosen, face.as_ref())),
                    None => (scan(office, trouble.and_then(|trouble| trouble.amount.as_deref()))),
                }
            }
            @if sheet.chosen.is_some() {
                dialog #leave {
                    p { "扫到了二维码。当前就诊还没有完成，开始新的就诊吗？" }
                    p { "当前就诊保留在“今天的就诊”里。" }
                    button.go type="button" value="yes" { "开始新的就诊" }
                    button.quiet type="button" value="no" { "留在当前就诊" }
                }
            }
        }
    };
    document(waiting, &body)
}

fn document(refreshing: bool, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "医保电子凭证密码核验" }
                link rel="icon" href="/page/icon.svg";
                link rel="stylesheet" href="/page/agent.css";
                script src="/page/agent.js" defer {}
                @if refreshing {
                    noscript { meta http-equiv="refresh" content=(REFRESH); }
                }
            }
            (body)
        }
    }
}

/// What a browser without a session sees.
pub(super) fn outside(office: &Office) -> Markup {
    let body = html! {
        body.outside {
            main {
                h1 { "请用链接打开" }
                p { "此页面供" (office.org_name) "的收费员使用。登录已过期，或链接已经用过。" }
                p { "请在 HIS 中点击“医保密码核验”，或由信息科运行" }
                pre { "yanmi agent --config 配置文件 --link" }
                p { "再打开所给的链接。链接只能打开一次，10 分钟内有效。" }
            }
        }
    };
    document(false, &body)
}

/// Instead of the page, when not even that can be drawn.
pub(super) fn trouble(fault: &Fault) -> Markup {
    let body = html! {
        body.outside {
            main {
                h1 { "不能结算" }
                p role="alert" { (fault.plain()) }
                p { a href="/" { "重新打开" } }
            }
        }
    };
    document(false, &body)
}

fn header(office: &Office) -> Markup {
    html! {
        header {
            h1 { "医保电子凭证密码核验" }
            p { (office.org_name) }
            a.key href="/" data-key="F2" { kbd { "F2" } "新就诊" }
        }
        @if let Some(clock) = office.clock() {
            p.clock role="alert" { (clock) }
        }
    }
}

fn face_of(office: &Office, sheet: &Sheet, chosen: &Selection) -> Face {
    face::face(&chosen.visit, chosen.ask, office.desk.rules(), sheet.now)
}

/// What changes by itself: the stage and the list.
pub(super) fn parts(office: &Office, sheet: &Sheet) -> Markup {
    html! {
        @if let Some(chosen) = &sheet.chosen {
            (stage(chosen, &face_of(office, sheet, chosen)))
        }
        div #side {
            (today(office, sheet))
            @if let Some(chosen) = &sheet.chosen { (facts(&chosen.visit)) }
        }
    }
}

/// The same in the element a script exchanges, with the agent's time: a screen measures the rest by its own stopwatch, so
/// that a wrong clock of the machine before it neither ends a sign early nor lets it stand too long.
pub(super) fn with_version(parts: &Markup, version: &str, now: UnixMillis) -> Markup {
    html! { div #parts data-version=(version) data-now=(now) { (parts) } }
}

fn stage(chosen: &Selection, face: &Face) -> Markup {
    let (sign, words) = face.look.words();
    let decision = chosen.visit.decision().filter(|_| face.look == Look::Yes);
    let good = decision.map(|decision| decision.at.plus(face::SIGN_FRESH).to_string());
    html! {
        section #stage data-next=(face.act.word()) data-quiet[!face.notify] {
            div class=(sign) role="status" aria-live="assertive" data-good=[good] {
                @match face.look { Look::Yes => (tick()), Look::Wait => (hourglass()), Look::No => (cross()) }
                div {
                    h2 { (words) }
                    @match (face.look, decision) {
                        (Look::Yes, Some(decision)) => {
                            p.sum { "¥ " (decision.amount) small { (decision.kind.name()) } }
                            p.why { (face.why) " · " (clock_of(decision.at)) " 判断" }
                        }
                        (Look::Wait, _) => (waiting(chosen, face)),
                        _ => p.why { (face.why) }
                    }
                }
                @if let Some(number) = chosen.visit.check_number().filter(|_| face.look == Look::Wait) {
                    p.check { span { "核对号" } b { (number) } }
                }
            }
            ol.steps {
                @for (name, step) in face.steps {
                    @let (class, said) = match step {
                        Step::Done => ("done", "完成"),
                        Step::Now => ("now", "进行中"),
                        Step::Failed => ("failed", "未成功"),
                        Step::Ahead => ("ahead", "未到"),
                    };
                    li class=(class) aria-label={ (name) "：" (said) } { span { (name) } }
                }
            }
            p.next { b { "下一步" } span { (face.next) } }
        }
    }
}

/// Who is waited for, for how much, and how long still. It is not settled meanwhile.
fn waiting(chosen: &Selection, face: &Face) -> Markup {
    html! {
        p.sum {
            @if let Some(ask) = chosen.ask { "¥ " (ask.amount) }
            small {
                "尚不能结算"
                @if let Some(until) = face::until(&chosen.visit) {
                    " · " span data-until=(until) { "至 " (clock_of(until)) }
                }
            }
        }
        p.why { i.pulse {} (face.why) }
    }
}

fn hourglass() -> Markup {
    html! {
        svg viewBox="0 0 100 100" aria-hidden="true" {
            circle cx="50" cy="50" r="44" fill="#fff" stroke="#8a5300" stroke-width="8" {}
            path d="M50 24v28l18 12" fill="none" stroke="#8a5300" stroke-width="9" stroke-linecap="round" stroke-linejoin="round" {}
        }
    }
}

fn tick() -> Markup {
    html! {
        svg viewBox="0 0 100 100" aria-hidden="true" {
            circle cx="50" cy="50" r="46" fill="#fff" {}
            path d="M26 52l17 18 32-38" fill="none" stroke="#0a6b3b" stroke-width="12" stroke-linecap="round" stroke-linejoin="round" {}
        }
    }
}

fn cross() -> Markup {
    html! {
        svg viewBox="0 0 100 100" aria-hidden="true" {
            path d="M30 4h40l26 26v40L70 96H30L4 70V30z" fill="#b3140e" {}
            path d="M32 32l36 36M68 32L32 68" fill="none" stroke="#fff" stroke-width="11" stroke-linecap="round" {}
        }
    }
}

fn today(office: &Office, sheet: &Sheet) -> Markup {
    let chosen = sheet.chosen.as_ref().map(|chosen| chosen.visit.id());
    let allowed = |visit: &Visit| face::allows(visit, office.desk.rules()).is_some();
    let (done, open): (Vec<_>, Vec<_>) = sheet.today.iter().partition(|(visit, _)| allowed(visit));
    let shown = open.iter().map(|row| (*row, false)).chain(done.iter().map(|row| (*row, true)));
    html! {
        nav #today aria-label="今天的就诊" {
            h2 { "今天的就诊" small { "未完成 " (open.len()) " · 已通过 " (done.len()) } }
            @if sheet.today.is_empty() { p.none { "还没有" } }
            ul {
                @for ((visit, note), allowed) in shown.take(MOST_LISTED) {
                    li {
                        a href={ "/?visit=" (visit.id()) } aria-current=[(Some(visit.id()) == chosen).then_some("page")] {
                            time { (&clock_of(visit.begun_at())[..5]) }
                            b { (who(visit, note)) }
                            @let (class, word) = badge(visit, allowed, office.desk.rules());
                            span class=(class) { (word) }
                        }
                    }
                }
            }
        }
    }
}

fn badge(visit: &Visit, allowed: bool, rules: &Rules) -> (&'static str, &'static str) {
    if allowed {
        ("ok", "✓ 已通过")
    } else if let Some(advice) = face::ended(visit, rules) {
        let word = match advice.reason {
            Reason::Cancelled => "✕ 已取消",
            Reason::NotMe => "✕ 非本人",
            Reason::Locked => "✕ 已锁定",
            Reason::Lapsed => "✕ 已过期",
            _ => "✕ 未成功",
        };
        ("no", word)
    } else if face::is_waiting(visit) {
        ("wait", "… 等待认证")
    } else {
        ("no", "✕ 未完成")
    }
}

/// How the clerk knows a visit again.
fn who(visit: &Visit, note: &Note) -> String {
    let token = || visit.token().map(|token| mask::token(token.as_str()));
    let known = note.name.clone().or_else(|| visit.reference().map(str::to_owned)).or_else(token);
    known.unwrap_or_else(|| visit.medium().name().to_owned())
}

/// `HH:MM:SS` in Asia/Shanghai.
fn clock_of(at: UnixMillis) -> String {
    at.shanghai_text().split_off(11)
}

fn kinds(office: &Office, chosen: Option<Settlement>) -> Markup {
    let chosen = chosen.or(office.kind).unwrap_or(Settlement::Outpatient);
    html! {
        label { span { "结算种类" }
            select name="kind" {
                @for (word, kind, name) in KINDS {
                    option value=(word) selected[kind == chosen] { (name) }
                }
            }
        }
    }
}

fn amount(value: Option<String>, focus: bool) -> Markup {
    html! {
        label { span { "结算金额（元）" }
            input #amount name="amount" inputmode="decimal" autocomplete="off" required pattern="[0-9]{1,14}([.][0-9]{1,2})?"
                title="金额，至多两位小数，如 128.50" placeholder="0.00" value=[value] autofocus[focus];
        }
    }
}

/// Nobody is here yet.
fn scan(office: &Office, sum: Option<&str>) -> Markup {
    html! {
        form #work.scan method="post" action="/page/visits" {
            h2 { "请扫参保人手机上的医保电子凭证二维码" }
            label { span { "二维码" }
                input #code name="code" autocomplete="off" spellcheck="false" maxlength="64" autofocus
                    placeholder="扫码，或粘贴";
            }
            div.row {
                (amount(sum.map(str::to_owned), false))
                (kinds(office, None))
            }
            details {
                summary { "不是扫码" }
                fieldset {
                    legend { "读取的介质" }
                    @for (word, medium, name) in MEDIA {
                        label { input type="radio" name="medium" value=(word) checked[medium == Medium::QrCode]; (name) }
                    }
                }
            }
            button.go type="submit" data-busy="正在通知参保人…" { kbd { "回车" } "登记并通知参保人" }
            ol.way { li { "扫码、金额、回车" } li { "参保人在手机上认证" } li { "看到“可以结算”再结算" } }
        }
    }
}

fn work(office: &Office, chosen: &Selection, face: Option<&Face>) -> Markup {
    let visit = &chosen.visit;
    let place = format!("/page/visits/{}", visit.id());
    let sum = chosen.ask.map(|ask| ask.amount.to_string());
    let act = face.map_or(Act::Ask, |face| face.act);
    let scanned = visit.medium() == Medium::QrCode;
    let again = if visit.notices() == 0 { "发送认证通知" } else { "再次发送通知" };
    html! {
        section #work {
            form.main method="post" {
                div.row {
                    (amount(sum.clone(), sum.is_none()))
                    (kinds(office, chosen.ask.map(|ask| ask.kind)))
                }
                div.row.buttons {
                    button #ask type="submit" data-key="F8" data-busy="正在判断…" formaction={ (place) "/gate" }
                        autofocus[sum.is_some() && act == Act::Ask] { kbd { "F8" } "确认结算" }
                    @if scanned && face.is_none_or(|face| face.notify) {
                        button #send type="submit" data-key="F4" data-busy="正在通知参保人…" formaction={ (place) "/notice" }
                            autofocus[act == Act::Send] { kbd { "F4" } (again) }
                    }
                }
            }
            div.more {
                @if scanned { (another(&place, sum.as_deref(), act)) }
                (offline(office, &place, act))
            }
        }
    }
}

/// The person shows another code.
fn another(place: &str, sum: Option<&str>, act: Act) -> Markup {
    html! {
        details #another name="more" open[act == Act::Scan] {
            summary data-key="F3" { kbd { "F3" } "换渠道应用重新展码" }
            form method="post" action={ (place) "/token" } {
                label { span { "新的二维码" }
                    input name="code" autocomplete="off" spellcheck="false" maxlength="64" required autofocus[act == Act::Scan];
                }
                input type="hidden" name="amount" value=[sum];
                button type="submit" data-busy="正在通知参保人…" { "换码并通知" }
            }
        }
    }
}

fn offline(office: &Office, place: &str, act: Act) -> Markup {
    let among = |ways: &[Way]| OFFLINE.into_iter().filter(|(way, ..)| ways.contains(way)).collect::<Vec<_>>();
    let (plugged, entered) = (among(&office.plugged), among(&office.entered));
    html! {
        details #offline name="more" open[act == Act::Offline] {
            summary data-key="F9" { kbd { "F9" } "线下密码核验" }
            @if entered.is_empty() && plugged.is_empty() {
                p { "请参保人在医保终端或动态库上自行核验，由 HIS 登记结果。本机页面没有接入线下设备（agent.page_offline、[terminal]、[library]）。" }
            }
            @if !plugged.is_empty() {
                form method="post" action={ (place) "/offline" } {
                    @for (at, (way, word, _)) in plugged.iter().enumerate() {
                        button type="submit" name="way" value=(word) data-busy="请参保人操作…"
                            autofocus[act == Act::Offline && at == 0] { (way.name()) }
                    }
                    small { "由参保人自己刷脸或输入密码，经办人员不可代为输入。" }
                }
            }
            @if !entered.is_empty() {
                form method="post" action={ (place) "/offline" } {
                    label.narrow { span { "核验方式" }
                        select name="way" {
                            @for (_, word, name) in &entered { option value=(word) { (name) } }
                        }
                    }
                    label { span { "终端流水号" }
                        input name="serial" autocomplete="off" maxlength="64" autofocus[act == Act::Offline && plugged.is_empty()];
                    }
                    button type="submit" name="outcome" value="passed" { "终端显示通过" }
                    button.quiet type="submit" name="outcome" value="failed" { "未通过" }
                    button.quiet type="submit" name="outcome" value="unavailable" { "不可用" }
                }
            }
        }
    }
}

fn facts(visit: &Visit) -> Markup {
    let serial = visit.notice().and_then(|notice| notice.serial.as_deref());
    html! {
        dl.facts aria-label="本次就诊" {
            div { dt { "介质" } dd { (visit.medium().name()) } }
            @if let Some(token) = visit.token() { div { dt { "令牌" } dd { (mask::token(token.as_str())) } } }
            @if visit.notices() > 0 { div { dt { "已通知" } dd { (visit.notices()) " 次" } } }
            @if let Some(serial) = serial { div { dt { "流水号" } dd { (serial) } } }
            div { dt { "就诊编号" } dd { (visit.reference().map_or_else(|| visit.id().to_string(), str::to_owned)) } }
        }
    }
}
