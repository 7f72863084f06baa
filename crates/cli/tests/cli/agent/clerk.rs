//! The clerk's page in a real browser of 1024×768, by keyboard only.

use serde_json::json;

use super::{Site, act, shown_code};
use crate::yanmi::{Sandbox, run};
use yanmi_browser::Browser;

const ENTER: &str = "\u{E007}";
const TAB: &str = "\u{E004}";
const F2: &str = "\u{E032}";
const F3: &str = "\u{E033}";
const F4: &str = "\u{E034}";
const F8: &str = "\u{E038}";
const F9: &str = "\u{E039}";

fn sign(allowed: bool) -> String {
    let (class, words) = if allowed { ("allowed", "可以结算") } else { ("denied", "不能结算") };
    format!(
        "document.querySelector('.sign').className === 'sign {class}' && document.querySelector('.sign h2').textContent.trim() === '{words}'"
    )
}

/// The person has been asked and may still confirm: neither sign.
fn waiting() -> String {
    "document.querySelector('.sign').className === 'sign waiting' && document.querySelector('.sign h2').textContent.trim() === '等待认证' && !document.querySelector('.allowed')".to_owned()
}

/// A scanner into whatever has the focus: keys at once, which no machine is too busy for, and then Enter.
fn scan(browser: &Browser, text: &str) {
    browser.value(&format!(
        "(() => {{ const field = document.activeElement; const press = (key) => field.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }})); \
         for (const key of '{text}') {{ press(key); if ('value' in field) field.value += key; }} press('Enter'); }})()"
    ));
}

fn next(act: &str) -> String {
    format!(
        "document.querySelector('#stage').dataset.next === '{act}' && document.body.dataset.next === '{act}'"
    )
}

/// Nothing is wider than the screen, and what counts is seen without scrolling.
fn fits(browser: &Browser) {
    let wide = browser.value("document.documentElement.scrollWidth");
    let foot = browser.value("Math.round(document.querySelector('#work').getBoundingClientRect().bottom)");
    assert!(wide.as_u64() <= Some(1024), "{wide} wide");
    assert!(foot.as_u64() <= Some(768), "{foot} high");
}

#[test]
fn a_visit_from_the_scan_to_the_sign_by_keyboard() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(&folder.path().join("sandbox"));
    let site = Site::of(&sandbox, folder.path(), "page_offline = [\"terminalFace\", \"terminalPassword\"]\n");
    let mut agent = site.start("127.0.0.1:0");
    let browser = Browser::start(folder.path(), 1024, 768);

    // Without a link there is no way in, and a link opens once.
    browser.open(&format!("http://{}/", agent.address));
    browser.until("document.body.className === 'outside'");
    browser.keep_picture("outside");
    browser.complaints();
    browser.open(&agent.link);
    browser.until("document.activeElement.id === 'code'");
    browser.keep_picture("empty");
    fits(&browser);

    // A scanner types, and ends with Enter: the amount is what is missing.
    browser.type_text(&shown_code(&sandbox, 0));
    browser.press(ENTER);
    browser.until("document.activeElement.id === 'amount'");
    browser.type_text("128.50");
    browser.press(ENTER);
    browser.until(&next("wait"));
    browser.until(&waiting());
    browser.until("document.querySelector('.sum').textContent.includes('128.50')");
    // The number the person compares, and how long there is time.
    browser.until("/^[0-9]{2}$/.test(document.querySelector('.check b').textContent)");
    browser.until("document.querySelector('[data-until]').textContent.startsWith('剩余 ')");
    browser.keep_picture("waiting");
    fits(&browser);
    browser.press(F8);
    browser.until("document.querySelector('.why').textContent.includes('尚未完成线上认证')");
    browser.until(&waiting());

    // The person is slow, then confirms; the screen says so by itself.
    act(&sandbox, 0, "wrongPassword");
    act(&sandbox, 0, "confirm");
    browser.until(&sign(true));
    browser.until(&next("settle"));
    assert_eq!(browser.value("document.querySelector('.sum').textContent.includes('128.50')"), json!(true));
    browser.keep_picture("allowed");
    fits(&browser);

    // Another amount is another question.
    browser.value("document.querySelector('#amount').select()");
    browser.value("document.querySelector('#amount').focus()");
    browser.type_text("200");
    browser
        .until("getComputedStyle(document.querySelector('.sign'), '::after').content.includes('不能结算')");
    assert_eq!(browser.value("document.querySelector('.sign h2').checkVisibility()"), json!(false));
    browser.keep_picture("edited");
    browser.press(F8);
    browser.until("document.querySelector('.why').textContent.includes('确认的金额低于')");
    browser.until(&next("send"));
    assert_eq!(browser.value(&sign(false)), json!(true));
    browser.keep_picture("more");

    // A power cut in the middle: the page says that it is cut off, and goes on when the agent is back.
    agent.kill();
    browser.until("document.body.dataset.lost === '1'");
    browser.keep_picture("lost");
    let agent = site.start(&agent.address.to_string());
    browser.until("!document.body.dataset.lost");
    browser.complaints();
    browser.press(F4);
    browser.until(&next("wait"));
    act(&sandbox, 0, "confirm");
    browser.until(&sign(true));

    // The next person; the list remembers the first.
    browser.press(F2);
    browser.until("document.activeElement.id === 'code'");
    browser.until("document.querySelectorAll('#today .ok').length === 1");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    drop((browser, agent));
    sandbox.stop();
}

#[test]
fn trouble_leads_to_the_one_next_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(&folder.path().join("sandbox"));
    let site = Site::of(&sandbox, folder.path(), "page_offline = [\"terminalFace\", \"terminalPassword\"]\n");
    let agent = site.start("127.0.0.1:0");
    let browser = Browser::start(folder.path(), 1024, 768);
    // Whoever may read the configuration gets another link.
    let link = run(&["agent", "--config", &site.config(&agent.address.to_string()), "--link"], "");
    assert_eq!(link.code, 0, "{link:?}");
    browser.open(link.out.trim());
    browser.until("document.activeElement.id === 'code'");

    // What is no code is said to be none, and what was typed is not lost.
    browser.type_text("https:99");
    browser.press(TAB);
    browser.type_text("66.60");
    browser.press(ENTER);
    browser.until("document.querySelector('.fault')?.textContent.includes('请使用医保电子凭证二维码')");
    assert_eq!(browser.value("document.querySelector('#amount').value"), json!("66.60"));
    browser.keep_picture("fault");
    browser.complaints();

    // The channel fails: offline, and only what the terminal says passed lets settle.
    let world = sandbox.world();
    let token = world["magicTokens"]["500319"].as_str().expect("a token");
    browser.press(F2);
    browser.until("document.activeElement.id === 'code' && !document.querySelector('.fault')");
    browser.type_text(token);
    browser.press(TAB);
    browser.type_text("66.60");
    browser.press(ENTER);
    // Once more, as the words say; then offline.
    browser.until(&next("send"));
    browser.press(F4);
    browser.until(&next("offline"));
    browser.until("document.querySelector('#offline').open && document.activeElement.name === 'serial'");
    browser.keep_picture("offline");
    fits(&browser);
    browser.press(TAB);
    browser.press(ENTER);
    browser.until("document.querySelector('.fault')?.textContent.includes('流水号')");
    browser.complaints();
    browser.press(F9);
    browser.press(F9);
    browser.until("document.activeElement.name === 'serial'");
    browser.type_text("T20251123001");
    browser.press(TAB);
    browser.press(ENTER);
    browser.until(&sign(true));
    browser.keep_picture("offline-allowed");

    // Another code in the same visit voids all of that.
    browser.press(F3);
    browser.until("document.activeElement.name === 'code'");
    browser.type_text(&shown_code(&sandbox, 1));
    browser.press(ENTER);
    browser.until(&next("wait"));
    assert_eq!(browser.value(&waiting()), json!(true));
    browser.keep_picture("switched");

    // Cancelled, and not me: red, said in the list, and the step that fits; no notice is offered after "not me".
    act(&sandbox, 1, "cancel");
    browser.until("document.querySelector('.why').textContent.includes('取消了认证')");
    browser.until(&next("send"));
    assert_eq!(browser.value(&sign(false)), json!(true));
    browser.until("document.querySelector('#today [aria-current] .no').textContent === '✕ 已取消'");
    browser.keep_picture("cancelled");

    // A pay code while a visit is open: refused before anything is sent, and the amount keeps what it had.
    browser.value("document.querySelector('#amount').focus()");
    scan(&browser, "134567890123456789");
    browser.until("document.querySelector('.fault')?.textContent.includes('请使用医保电子凭证二维码')");
    assert_eq!(browser.value("document.querySelector('#amount').value"), json!("66.60"));
    // A credential's code begins a new visit, after a question.
    scan(&browser, &shown_code(&sandbox, 2));
    browser.until("document.querySelector('#leave').open");
    browser.keep_picture("leave");
    browser.press(ENTER);
    browser.until(
        "document.querySelector('#code')?.value.startsWith('424') && document.activeElement.id === 'amount'",
    );
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    drop((browser, agent));
    sandbox.stop();
}

/// A machine that swaps, a virus scanner, a debugger: the agent is there and says nothing.
#[test]
fn an_agent_that_hangs_takes_the_sign_back_and_f8_leaves_the_page_in_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(&folder.path().join("sandbox"));
    let mut agent = Site::of(&sandbox, folder.path(), "").start("127.0.0.1:0");
    let browser = Browser::start(folder.path(), 1024, 768);
    browser.open(&agent.link);
    browser.until("document.activeElement.id === 'code'");
    browser.type_text(&shown_code(&sandbox, 0));
    browser.press(ENTER);
    browser.until("document.activeElement.id === 'amount'");
    browser.type_text("128.50");
    browser.press(ENTER);
    browser.until(&waiting());
    act(&sandbox, 0, "confirm");
    browser.until(&sign(true));
    let address = browser.value("location.href");

    agent.hang(true);
    browser
        .until("document.body.dataset.lost === '1' && !document.querySelector('.sign h2').checkVisibility()");
    agent.hang(false);
    browser.until("!document.body.dataset.lost && document.querySelector('.sign h2').checkVisibility()");

    // F8 before an agent that is gone: the screen stays, and says that it may be old.
    agent.kill();
    browser.press(F8);
    browser.until("document.body.dataset.lost === '1' && !document.body.dataset.busy");
    assert_eq!(browser.value("location.href"), address);
    assert_eq!(browser.value("document.querySelector('.sign h2').checkVisibility()"), json!(false));
    browser.until("document.querySelector('#work button:not([disabled])')");
    drop((browser, agent));
    sandbox.stop();
}
