//! The insured person's page in a real browser: every state at every size, and the ways people go through it.
//!
//! With `YANMI_SHOTS` set to a folder (`cargo xtask shots`), each state is also photographed.

mod applications;
mod console;
mod doors;
mod free;
mod live;
mod oidc;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use yanmi_browser::Browser;
use yanmi_center::config::Config;
use yanmi_center::registry::{Administration, ChannelEdit, Handover};
use yanmi_protocol::EcToken;
use yanmi_protocol::message::{notify, password_free};

use crate::insured::Phone;
use crate::party::{App, Mood, National, OUT_OF_ORDER, PASSWORD, WITHOUT_PASSWORD};
use crate::plan::credential;
use crate::register::{NOW, act};
use crate::site::{HOSPITAL, HOSPITAL_NAME, Site};

const WRONG: &str = "000000";
const MINUTE: Duration = Duration::from_mins(1);
/// The phone of most, the narrowest there is, and a desk.
const PHONE: (u32, u32) = (390, 844);
const NARROW: (u32, u32) = (320, 568);
const DESK: (u32, u32) = (1280, 800);
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

/// A site whose page a browser of this machine can open.
struct Ground {
    site: Site,
    national: National,
    app: App,
    folder: TempDir,
    issued: u32,
}

impl Ground {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (site, national) = Site::with_national(change).await;
        let app = site.scripted(&site.channel().clone()).await;
        // The port is known now, and kept.
        let mut stopped = site.stop().await;
        let port = stopped.config.listen.channel.address.expect("an address").port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        stopped.config.insured.public_url = Some(format!("http://{address}").parse().expect("a URL"));
        let site = stopped.start().await;
        Self { site, national, app, folder: tempfile::tempdir().expect("a folder"), issued: 0 }
    }

    /// A browser, with a profile of its own.
    fn browser(&self, name: &str, (width, height): (u32, u32)) -> Browser {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        Browser::start(&folder, width, height)
    }

    fn token(&mut self) -> EcToken {
        self.issued += 1;
        self.national.issue(self.site.channel().chnl_id, self.issued, &format!("D{}", self.issued))
    }

    /// The token of somebody new with this name.
    fn token_of(&mut self, name: &str) -> EcToken {
        self.issued += 1;
        let number = self.issued;
        let mut told = credential(&format!("T{number}"), &format!("P{number}"), &format!("D{number}"));
        (told.channel, told.user_name) = (self.site.channel().chnl_id, Some(name.to_owned()));
        let token = told.token;
        self.national.tell(token.as_str(), Ok(told));
        token
    }

    /// Asks for a notice; the link in it.
    async fn notify(&self, token: EcToken, amount: Option<&str>) -> String {
        let draft =
            notify::Draft { token: token.as_str(), org_code: HOSPITAL, org_name: HOSPITAL_NAME, amount };
        let called = self.site.institution().notify_extended(&draft).await.expect("an answer");
        assert_eq!(called.code(), 0, "{called:?}");
        let notices = self.app.notices();
        notices.iter().rev().find_map(|notice| notice.url.clone()).expect("a link")
    }

    /// Has the app registered with another address for hand-over.
    async fn hand_over(&self, handover: Option<&Handover>) {
        let channel = self.site.channel().chnl_id;
        let edit = ChannelEdit { handover: Some(handover.cloned()), ..ChannelEdit::default() };
        let change =
            async |a: &mut Administration| a.edit_channel(channel, &edit, act(NOW)).await.expect("changed");
        self.site.change(change).await;
    }

    /// The link of a notice about a new visit.
    async fn link(&mut self) -> String {
        let token = self.token();
        self.notify(token, Some("128.50")).await
    }
}

fn heading(browser: &Browser) -> String {
    browser.value("document.querySelector('h1').textContent").as_str().unwrap_or_default().to_owned()
}

fn is_shown(title: &str) -> String {
    format!("document.title.startsWith('{title}') && document.readyState === 'complete'")
}

fn answer(browser: &Browser, password: &str) {
    browser.fill("#p", password);
    browser.click("#ok");
}

/// Looks at a state as everybody does, and photographs it.
fn look(browser: &Browser, name: &str) {
    for ((width, height), place) in [(NARROW, "narrow"), (DESK, "desktop"), (PHONE, "phone")] {
        browser.resize(width, height);
        browser.until(&format!("innerWidth === {width} && document.readyState === 'complete'"));
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64().is_some_and(|wide| wide <= u64::from(width)), "{name} {width}: {wide}");
        let base = browser.value("parseFloat(getComputedStyle(document.documentElement).fontSize)");
        assert!(base.as_f64().is_some_and(|base| base >= 18.0), "{name} {width}: {base}");
        let low = "[...document.querySelectorAll('.button, input:not([type=hidden]), #pad button')].filter(e => \
            e.offsetParent && Math.round(e.getBoundingClientRect().height) < 48).map(e => e.outerHTML)";
        assert_eq!(browser.value(low), json!([]), "{name} {width}");
        browser.keep_picture(&format!("{name}-{place}"));
    }
    // The page asks about itself, and fetches nothing else.
    let strange = "performance.getEntriesByType('resource').filter(e => !(e.initiatorType === 'fetch' && \
        e.name.split('?')[0] === location.origin + location.pathname)).map(e => e.name)";
    assert_eq!(browser.value(strange), json!([]), "{name}");
    assert_eq!(browser.violations(), Vec::<String>::new(), "{name}");
    browser.prefer_dark(true);
    browser.keep_picture(&format!("{name}-dark"));
    assert_eq!(browser.violations(), Vec::<String>::new(), "{name} in the dark");
    browser.prefer_dark(false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_open_state() {
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", PHONE);
    let link = ground.link().await;
    browser.open(&link);
    assert!(heading(&browser).contains(HOSPITAL_NAME));
    look(&browser, "open");
    answer(&browser, WRONG);
    browser.until("document.querySelector('#said')?.textContent.includes('还可以再试 4 次')");
    look(&browser, "open-wrong-password");
    browser.open(&format!("{link}?r=checking"));
    look(&browser, "open-still-checking");
    browser.open(&format!("{link}?a=notme"));
    look(&browser, "not-me-asked-again");
    for (name, person, said) in [
        ("open-no-answer", OUT_OF_ORDER, "没有得到结果"),
        ("open-no-password-set", WITHOUT_PASSWORD, "还没有设置"),
    ] {
        let token = ground.token_of(person);
        browser.open(&ground.notify(token, Some("128.50")).await);
        answer(&browser, PASSWORD);
        browser.until(&format!("document.querySelector('.said')?.textContent.includes('{said}')"));
        look(&browser, name);
    }
    let token = ground.token();
    browser.open(&ground.notify(token, None).await);
    assert_eq!(browser.value("document.querySelector('.sum strong').textContent"), json!("金额未定"));
    look(&browser, "open-no-amount");
    // Somebody whose password the app has to ask for.
    ground.site.execute("UPDATE tokens SET password_set = 0").await;
    browser.reload();
    assert_eq!(browser.value("document.querySelectorAll('.away.first').length"), json!(2));
    look(&browser, "open-in-the-app-only");
    // An app that does not ask which way it is, and one that registered nothing.
    let one = "bankapp://confirm/{notcNo}".parse().expect("an address");
    ground.hand_over(Some(&one)).await;
    browser.reload();
    let link = browser.value("document.querySelector('.away').getAttribute('href').slice(0, 18)");
    assert_eq!(link, json!("bankapp://confirm/"));
    assert_eq!(browser.value("document.querySelectorAll('.away').length"), json!(1));
    look(&browser, "open-in-the-app-by-one-link");
    ground.hand_over(None).await;
    browser.reload();
    browser.until("document.querySelector('p.other')?.textContent.includes('回到您展示二维码的应用')");
    look(&browser, "open-in-the-app-by-words");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_that_ends_it() {
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", PHONE);
    browser.open(&ground.link().await);
    answer(&browser, PASSWORD);
    browser.until(&is_shown("已确认"));
    look(&browser, "confirmed");
    ground.site.hands.forward(MINUTE * 30);
    browser.reload();
    browser.until(&is_shown("确认已过时"));
    look(&browser, "confirmation-lapsed");
    browser.open(&ground.link().await);
    browser.click("[value=cancel]");
    browser.until(&is_shown("已取消"));
    look(&browser, "cancelled");
    browser.open(&ground.link().await);
    browser.click(".not-me");
    browser.until(&is_shown("确定不是您本人吗"));
    browser.click("[value=notme]");
    browser.until(&is_shown("已告诉窗口"));
    look(&browser, "not-me");
    browser.open(&ground.link().await);
    for left in (0..5).rev() {
        answer(&browser, WRONG);
        if left > 0 {
            browser
                .until(&format!("document.querySelector('#said')?.textContent.includes('再试 {left} 次')"));
        }
    }
    browser.until(&is_shown("密码已锁定"));
    look(&browser, "locked");
    // Somebody who switches password-free settlement on while the page is open.
    let free =
        ground.site.world().channels.iter().find(|channel| channel.password_free).expect("one").clone();
    let app = ground.site.scripted(&free).await;
    let token = ground.national.issue_to("FREE1", free.chnl_id, 901);
    assert_eq!(ground.site.notify(token, Some("10")).await.code(), 0);
    browser.open(app.notices()[0].url.as_deref().expect("a link"));
    let on = json!({ "ecIndexNo": "FREE1", "openFlag": "1" }).to_string();
    let switched = ground.site.app_of(&free).call(password_free::PATH, on).await.expect("an answer");
    assert_eq!(switched.code(), 0, "{switched:?}");
    browser.reload();
    browser.until(&is_shown("不需要密码了"));
    look(&browser, "no-password-needed");
    // The same person at the next counter.
    let same = ground.national.issue(ground.site.channel().chnl_id, 900, &format!("D{}", ground.issued));
    browser.open(&ground.notify(same, Some("20")).await);
    browser.until("document.querySelector('.said.block')?.textContent.includes('之后才可以再用')");
    look(&browser, "open-locked");
    // The app said no, and shows the link all the same.
    let token = ground.token();
    ground.app.will([Mood::Refuse("不收")]);
    assert_eq!(ground.site.notify(token, Some("10")).await.code(), 500_319);
    let refused = ground.app.notices().last().and_then(|notice| notice.url.clone());
    browser.open(&refused.expect("a link"));
    browser.until(&is_shown("这次没有完成"));
    look(&browser, "failed");
    let link = ground.link().await;
    browser.open(&link);
    ground.site.hands.forward(MINUTE * 5);
    browser.reload();
    browser.until(&is_shown("已超过时间"));
    look(&browser, "expired");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_that_shows_nobody() {
    let mut ground = Ground::with(|config| config.limits.failed_openings_per_minute = 2).await;
    let browser = ground.browser("one", PHONE);
    let origin = format!("http://{}", ground.site.channel_addr());
    browser.open(&format!("{origin}/p/nothing"));
    browser.until(&is_shown("链接不对"));
    look(&browser, "unknown-link");
    browser.open(&format!("{origin}/p/nothing"));
    browser.open(&format!("{origin}/p/nothing"));
    browser.until(&is_shown("打开得太频繁"));
    look(&browser, "too-many-requests");
    let link = ground.link().await;
    let path = link.strip_prefix(&origin).expect("the site's address").to_owned();
    assert_eq!(Phone::at(&ground.site).get(&path).await.status, 200);
    browser.open(&link);
    browser.until(&is_shown("已在别处打开"));
    look(&browser, "opened-elsewhere");
    let mine = ground.link().await;
    browser.open(&mine);
    browser.open(&link.replace("127.0.0.1", "localhost"));
    browser.until(&is_shown("地址不对"));
    look(&browser, "other-host");
    // Another site sends the browser to a page it has: the strict cookie stays at home once, and is fetched.
    browser.value(&format!("location.href = '{mine}'"));
    browser.until(&is_shown("请您确认"));
    ground.site.hands.forward(MINUTE * 5);
    browser.open(&link);
    browser.until(&is_shown("链接已过期"));
    look(&browser, "link-expired");
    let token = ground.token();
    let old = ground.notify(token, Some("10")).await;
    browser.open(&old);
    ground.site.hands.forward(MINUTE);
    let new = ground.notify(token, Some("20")).await;
    browser.reload();
    browser.until(&is_shown("已有新的请求"));
    look(&browser, "replaced");
    browser.open(&new);
    browser.value("document.querySelector('#pay [name=t]').value = 'x'");
    answer(&browser, PASSWORD);
    browser.until(&is_shown("请重新打开"));
    look(&browser, "form-of-another-page");
    browser.open(&new);
    browser.value("document.querySelector('#pay [name=t]').value = 'x'.repeat(3000)");
    answer(&browser, PASSWORD);
    browser.until(&is_shown("内容太长"));
    look(&browser, "form-too-large");
    ground.site.execute("ALTER TABLE page_claims RENAME TO gone").await;
    browser.open(&new);
    browser.until(&is_shown("系统正忙"));
    look(&browser, "busy");
    assert_eq!(ground.national.passwords_asked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_journey_on_a_phone_and_every_way_to_disturb_it() {
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", PHONE);
    let token = ground.token();
    let link = ground.notify(token, Some("128.50")).await;
    browser.open(&link);
    // The keypad types: each digit once, wherever it is this time.
    browser.run("for (const digit of '000000') [...document.querySelectorAll('#pad button')].find(b => b.textContent === digit).click()");
    assert_eq!(browser.value("document.querySelector('#p').value"), json!("000000"));
    // Reloaded in the middle, nothing of it is left, and the visit is the same.
    browser.reload();
    assert_eq!(browser.value("document.querySelector('#p').value"), json!(""));
    // Five digits are not sent.
    answer(&browser, "00000");
    browser.until("document.querySelector('#said').textContent.includes('六位数字')");
    assert_eq!(ground.national.passwords_asked(), 0);
    // A double tap is one try.
    browser.fill("#p", "0");
    browser.value("(document.querySelector('#ok').click(), document.querySelector('#ok').click())");
    browser.until("document.querySelector('#said')?.textContent.includes('还可以再试 4 次')");
    assert_eq!(ground.national.passwords_asked(), 1);
    answer(&browser, PASSWORD);
    browser.until(&is_shown("已确认"));
    assert_eq!(ground.site.check_stas(token).await, "1");
    // The back button, and forms it brings back, change nothing.
    browser.back();
    browser.until(&is_shown("已确认"));
    browser.reload();
    browser.until(&is_shown("已确认"));
    assert_eq!(ground.national.passwords_asked(), 2);
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_phones_at_once() {
    let mut ground = Ground::start().await;
    let (one, two) = (ground.browser("one", PHONE), ground.browser("two", NARROW));
    let [first, second] = [ground.token(), ground.token()];
    let [mine, other] = [ground.notify(first, Some("1.00")).await, ground.notify(second, Some("2.00")).await];
    one.open(&mine);
    two.open(&other);
    two.open(&mine);
    two.until(&is_shown("已在别处打开"));
    two.open(&other);
    answer(&two, PASSWORD);
    two.until(&is_shown("已确认"));
    assert_eq!(ground.site.check_stas(first).await, "0");
    answer(&one, PASSWORD);
    one.until(&is_shown("已确认"));
    assert_eq!([ground.site.check_stas(first).await, ground.site.check_stas(second).await], ["1", "1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_keyboard_alone_in_the_order_that_is_read() {
    const FOCUSED: &str = "document.activeElement.textContent || document.activeElement.id";
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", DESK);
    let token = ground.token();
    browser.open(&ground.notify(token, Some("128.50")).await);
    let mut order = Vec::new();
    for _ in 0..20 {
        browser.press(TAB);
        order.push(browser.value(FOCUSED).as_str().unwrap_or_default().to_owned());
        let outline = browser.value("getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(outline, json!("solid"), "the focus is seen: {order:?}");
    }
    assert_eq!(order[0], "p", "{order:?}");
    let mut digits: Vec<&str> = order[1..13].iter().map(String::as_str).collect();
    digits.sort_unstable();
    assert_eq!(digits, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "清除", "退格"]);
    let [face, payment] = ["刷脸", "用支付密码"].map(|deed| format!("去「示范渠道甲（正常）」{deed}确认"));
    assert_eq!(
        order[13..],
        ["数字按顺序排列", "确认 128.50 元", &face, &payment, "看结果", "取消", "不是我"]
    );
    browser.reload();
    browser.press(TAB);
    for digit in PASSWORD.chars() {
        browser.press(&digit.to_string());
    }
    browser.press(ENTER);
    browser.until(&is_shown("已确认"));
    assert_eq!(ground.site.check_stas(token).await, "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_javascript_everything_but_the_keypad_is_there() {
    let mut ground = Ground::start().await;
    let folder = ground.folder.path().join("plain");
    std::fs::create_dir(&folder).expect("a folder");
    let browser = Browser::start_without_script(&folder, PHONE.0, PHONE.1);
    let token = ground.token();
    browser.open(&ground.notify(token, Some("128.50")).await);
    assert_eq!(browser.value("document.querySelector('#pad').hidden"), json!(true));
    assert_eq!(browser.value("document.querySelector('#p').inputMode"), json!("numeric"));
    answer(&browser, WRONG);
    browser.until("document.querySelector('#said')?.textContent.includes('还可以再试 4 次')");
    browser.click(".not-me");
    browser.until(&is_shown("确定不是您本人吗"));
    browser.click(".second");
    browser.until(&is_shown("请您确认"));
    answer(&browser, PASSWORD);
    browser.until(&is_shown("已确认"));
    assert_eq!(ground.site.check_stas(token).await, "1");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}
