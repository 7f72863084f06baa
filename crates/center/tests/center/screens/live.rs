//! A page that is open while something else happens: the counter asks anew, the person answers elsewhere, the network goes.

use std::time::{Duration, Instant};

use serde_json::json;
use yanmi_browser::Browser;
use yanmi_protocol::message::auth_result;

use super::{DESK, Ground, MINUTE, PHONE, answer, is_shown, look};
use crate::party::PASSWORD;

/// Within which an open page has to show what happened, and some for a machine that has much to do: far less than the
/// fifteen seconds after which it would ask by itself.
const SOON: Duration = Duration::from_secs(5);

/// Waits until the page shows this by itself.
fn turns(browser: &Browser, title: &str) {
    let begun = Instant::now();
    browser.until(&is_shown(title));
    assert!(begun.elapsed() < SOON, "{title}: {:?}", begun.elapsed());
}

/// What the app of the first channel reports about the newest notice.
async fn report(ground: &Ground, more: serde_json::Value) {
    let notice = ground.app.notices().iter().rfind(|notice| notice.url.is_some()).expect("a notice").number;
    let mut body =
        json!({ "notcNo": notice.to_string(), "authTime": crate::register::NOW.get().to_string() });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let app = ground.site.app_of(&ground.site.channel().clone());
    let called = app.call(auth_result::PATH, body.to_string()).await.expect("an answer");
    assert_eq!(called.code(), 0, "{called:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_follows_what_happens_elsewhere() {
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", PHONE);
    let token = ground.token();
    browser.open(&ground.notify(token, Some("1234567.50")).await);
    assert_eq!(browser.value("document.querySelector('.sum strong').textContent"), json!("1,234,567.50 元"));
    // Another amount.
    ground.site.hands.forward(Duration::from_secs(4));
    let new = ground.notify(token, Some("20")).await;
    turns(&browser, "已有新的请求");
    // Cancelled in the app, while the page asks whether it is really somebody else.
    browser.open(&new);
    browser.click(".not-me");
    browser.until(&is_shown("确定不是您本人吗"));
    report(&ground, json!({ "authStas": "2" })).await;
    turns(&browser, "已取消");
    // Confirmed in the app.
    browser.open(&ground.link().await);
    report(&ground, json!({ "authStas": "1", "authWay": "03" })).await;
    turns(&browser, "已确认");
    // Locked by what was typed in the app.
    let token = ground.token();
    browser.open(&ground.notify(token, Some("10")).await);
    browser.until(&is_shown("请您确认"));
    for _ in 0..5 {
        let wrong = crate::plan::digest(super::WRONG);
        report(&ground, json!({ "authStas": "1", "authWay": "01", "userPwd": wrong })).await;
    }
    turns(&browser, "密码已锁定");
    // The person shows another code.
    let mine = ground.national.issue_to("SAME", ground.site.channel().chnl_id, 901);
    browser.open(&ground.notify(mine, Some("10")).await);
    browser.until(&is_shown("请您确认"));
    let again = ground.national.issue_to("SAME", ground.site.channel().chnl_id, 902);
    ground.site.hands.forward(MINUTE);
    ground.notify(again, Some("10")).await;
    turns(&browser, "已换了二维码");
    assert_eq!(ground.national.passwords_asked(), 5, "none on the page");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_nobody_answers_says_at_its_end_that_it_is_over() {
    const LIFE: Duration = Duration::from_secs(2);
    let mut ground = Ground::with(|config| config.policy.notice_life = LIFE).await;
    let browser = ground.browser("one", PHONE);
    browser.open(&ground.link().await);
    browser.until(&is_shown("请您确认"));
    ground.site.hands.forward(LIFE);
    turns(&browser, "已超过时间");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_it_says_so_before_anybody_types_and_nothing_typed_is_left() {
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", PHONE);
    let token = ground.token();
    browser.open(&ground.notify(token, Some("128.50")).await);
    browser.take_offline(true);
    browser.until("document.querySelector('#net').textContent.includes('现在没有网络')");
    look(&browser, "open-no-network");
    answer(&browser, PASSWORD);
    assert_eq!((ground.national.passwords_asked(), ground.site.check_stas(token).await.as_str()), (0, "0"));
    browser.take_offline(false);
    browser.until("document.querySelector('#net').textContent === ''");
    assert_eq!(
        browser.value("document.querySelector('#p').value"),
        json!(PASSWORD),
        "still there to be sent"
    );
    // The form gets lost on its way: no page of the browser, nothing kept to be sent again, and the page finds out.
    let lose = "const real = fetch; window.fetch = async (a, o) => { \
        if (o?.method === 'POST') { BEFORE; throw new TypeError('lost'); } return real(a, o); }";
    browser.run(&lose.replace("BEFORE", "window.lost = true"));
    browser.click("#ok");
    browser.until("document.querySelector('#p').value === '' && document.title.startsWith('请您确认')");
    browser.until("!window.lost && document.querySelector('#net').textContent === ''");
    assert_eq!(ground.national.passwords_asked(), 0);
    // Its answer gets lost.
    browser.run(&lose.replace("BEFORE", "await real(a, o)"));
    answer(&browser, PASSWORD);
    browser.until(&is_shown("已确认"));
    assert_eq!((ground.national.passwords_asked(), ground.site.check_stas(token).await.as_str()), (1, "1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keypad_is_in_order_for_who_prefers_it_and_stays_so() {
    const DIGITS: &str = "[...document.querySelectorAll('#pad button')].map(b => b.textContent).join(' ')";
    const ORDER: &str = "1 2 3 4 5 6 7 8 9 清除 0 退格";
    let mut ground = Ground::start().await;
    let browser = ground.browser("one", DESK);
    browser.open(&ground.link().await);
    // One shuffle in 3,628,800 is in order; three are never.
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(browser.value(DIGITS));
        browser.reload();
    }
    assert!(seen.iter().any(|digits| *digits != json!(ORDER)), "shuffled: {seen:?}");
    browser.click("#order");
    assert_eq!(browser.value(DIGITS), json!(ORDER));
    browser.open(&ground.link().await);
    assert_eq!(browser.value(DIGITS), json!(ORDER), "remembered");
    look(&browser, "open-keypad-in-order");
    browser.click("#order");
    let token = ground.token();
    browser.open(&ground.notify(token, None).await);
    assert_eq!(
        browser.value("document.querySelector('#order').getAttribute('aria-pressed')"),
        json!("false")
    );
    for digit in PASSWORD.chars() {
        browser.run(&format!(
            "[...document.querySelectorAll('#pad button')].find(b => b.textContent === '{digit}').click()"
        ));
    }
    browser.click("#ok");
    browser.until(&is_shown("已确认"));
}
