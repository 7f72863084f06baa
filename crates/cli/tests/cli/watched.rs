//! The page of the sandbox in a real browser.

use serde_json::json;
use yanmi_browser::Browser;

use crate::yanmi::Sandbox;

const ENTER: &str = "\u{E007}";

fn stage(name: &str) -> String {
    format!("document.querySelector('#lamp').dataset.stage === '{name}'")
}

/// A sandbox and a browser that shows its page.
fn set(folder: &std::path::Path) -> (Sandbox, Browser) {
    let sandbox = Sandbox::start(folder);
    let browser = Browser::start(folder, 1440, 900);
    browser.open(&format!("http://127.0.0.1:{}/", sandbox.port + 9));
    browser.until("document.querySelector('#link').dataset.state === 'on'");
    (sandbox, browser)
}

#[test]
fn a_newcomer_walks_the_journey() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    browser.until("!document.querySelector('#empty').hidden && !document.querySelector('#legend').hidden");
    browser.click("#empty-show");
    browser.until("document.querySelector('.qr')?.naturalWidth > 0");
    browser.click("#scan");
    browser.until(&stage("decoded"));
    assert_eq!(browser.value("document.querySelector('#settle').disabled"), json!(true));
    browser.click("#notify");
    browser.until("document.querySelector('#phone.lit #confirm')");
    assert_eq!(browser.value("document.querySelector('.sum').textContent"), json!("¥\u{a0}128.50"));
    browser.until("document.querySelector('.badge.held')");
    // In the middle of it the page is reloaded: the phone is still lit, and what passed is still there.
    let rows = browser.value("document.querySelectorAll('.row').length");
    browser.reload();
    browser.until(&format!("document.querySelectorAll('.row').length === {rows}"));
    browser.until("document.querySelector('#phone.lit #confirm')");
    browser.click(".sheet .quiet");
    browser.until("document.querySelector('.note').textContent.includes('4 次')");
    // A double tap tells the center once.
    browser.value("(document.querySelector('#confirm').click(), document.querySelector('#confirm').click())");
    browser.until(&stage("green"));
    browser.until("document.querySelector('.end.good')");
    let reports = "[...document.querySelectorAll('.row')].filter(row => row.getAttribute('aria-label').startsWith('示范渠道甲（正常） 到 地方电子凭证中心：渠道上报认证结果')).length";
    assert_eq!(browser.value(reports), json!(2), "one wrong, one right");
    browser.click("#settle");
    browser.until(&stage("settled"));
    // Each row can be looked into.
    browser.click(".row");
    browser.until("!document.querySelector('#detail').hidden");
    let section = browser.value("document.querySelector('#d-section').textContent");
    assert!(section.as_str().is_some_and(|text| text.starts_with("规范 1.")), "{section}");
    assert_eq!(browser.violations(), Vec::<String>::new());
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    drop(browser);
    sandbox.stop();
}

#[test]
fn it_plays_by_itself_by_keyboard_and_for_two_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    let other_folder = tempfile::tempdir().expect("a folder");
    let other = Browser::start(other_folder.path(), 1024, 768);
    other.open(&format!("http://127.0.0.1:{}/", sandbox.port + 9));
    browser.value("document.querySelector('#play').focus()");
    browser.press(ENTER);
    browser.until(&stage("settled"));
    // Whoever else looks sees the same.
    other.until(&stage("settled"));
    let rows = browser.value("document.querySelectorAll('.row').length");
    other.until(&format!("document.querySelectorAll('.row').length === {rows}"));
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    assert_eq!(other.complaints(), Vec::<serde_json::Value>::new());
    drop((browser, other));
    sandbox.stop();
}

#[test]
fn parties_in_a_bad_mood_and_return_codes_show_on_the_counter() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    let mood = |name: &str| {
        let button = format!(
            "[...document.querySelectorAll('#channel-moods button')].find(b => b.textContent === '{name}')"
        );
        browser.value(&format!("{button}.click()"));
        browser.until(&format!("{button}.getAttribute('aria-pressed') === 'true'"));
    };
    mood("断开连接");
    browser.click("#show");
    browser.until("!document.querySelector('#scan').disabled");
    browser.click("#scan");
    browser.until(&stage("decoded"));
    browser.click("#notify");
    browser.until(&stage("red"));
    let words = browser.value("document.querySelector('#lamp-words').textContent");
    assert!(words.as_str().is_some_and(|words| words.starts_with("500319")), "{words}");
    browser.until("document.querySelector('.shaft.silent')");
    mood("正常");
    browser.value(
        "(document.querySelector('#code').value = '500320', document.querySelector('#code').onchange())",
    );
    browser.click("#try");
    browser.until(&stage("free"));
    // A code without a token says how to get it instead.
    browser
        .value("(document.querySelector('#code').value = '-4', document.querySelector('#code').onchange())");
    browser.until(
        "document.querySelector('#try').disabled && document.querySelector('#how').textContent.length > 5",
    );
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    drop(browser);
    sandbox.stop();
}

/// Looks at a moment at every size, and photographs it.
fn look(browser: &Browser, name: &str) {
    for ((width, height), place) in [((1440, 900), "desktop"), ((390, 844), "phone"), ((320, 568), "narrow")]
    {
        browser.resize(width, height);
        browser.until(&format!("innerWidth === {width}"));
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64().is_some_and(|wide| wide <= u64::from(width)), "{name} {width}: {wide}");
        assert_eq!(browser.violations(), Vec::<String>::new(), "{name} {width}");
        let cut = "[...document.querySelectorAll('#screen > div')].filter(e => e.scrollHeight > e.clientHeight + 1 \
            || e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)";
        assert_eq!(browser.value(cut), json!([]), "{name} {width}: the phone shows all there is");
        browser.keep_picture(&format!("watch-{name}-{place}"));
    }
    browser.resize(1440, 900);
}

#[test]
fn every_moment_of_the_journey() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    look(&browser, "empty");
    browser.click("#empty-show");
    browser.until("document.querySelector('.qr')?.naturalWidth > 0");
    look(&browser, "code");
    browser.click("#scan");
    browser.until(&stage("decoded"));
    look(&browser, "scanned");
    browser.click("#notify");
    browser.until("document.querySelector('#phone.lit #confirm')");
    browser.until("document.querySelector('#check-no').checkVisibility() && document.querySelector('#check-no').textContent.length === 2");
    look(&browser, "asked");
    browser.click(".sheet .quiet");
    browser.until("document.querySelector('.note').textContent.includes('4 次')");
    look(&browser, "wrong-password");
    browser.click("#confirm");
    browser.until(&stage("green"));
    browser.until("document.querySelector('.end.good')");
    look(&browser, "confirmed");
    browser.click(".row");
    browser.until("!document.querySelector('#detail').hidden");
    look(&browser, "message");
    browser.click("#settle");
    browser.until(&stage("settled"));
    look(&browser, "settled");
    for (code, expected) in [("500320", "free"), ("500319", "red")] {
        browser.value(&format!(
            "(document.querySelector('#code').value = '{code}', document.querySelector('#code').onchange())"
        ));
        browser.click("#try");
        browser.until(&stage(expected));
        look(&browser, &format!("code-{code}"));
    }
    sandbox.stop();
    browser.until("document.querySelector('#link').dataset.state === 'off'");
    browser.keep_picture("watch-stopped-desktop");
}

#[test]
fn it_fits_every_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    for (width, height) in [(1920, 1080), (1440, 900), (1024, 768), (768, 1024), (390, 844), (320, 568)] {
        browser.resize(width, height);
        browser.until(&format!("innerWidth === {width}"));
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64().is_some_and(|wide| wide <= u64::from(width)), "{width}: {wide}");
        // Whoever stands in front of a desk sees the whole stage without scrolling.
        let foot =
            browser.value("Math.round(document.querySelector('#stage').getBoundingClientRect().bottom)");
        assert!(
            width < 1024 || foot.as_u64().is_some_and(|foot| foot <= u64::from(height)),
            "{width}: {foot}"
        );
    }
    drop(browser);
    sandbox.stop();
}
