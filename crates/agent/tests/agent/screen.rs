//! The page in a real browser, on a clock that is moved: what the person did, and signs that end with their truth.

use std::time::Duration;

use yanmi_browser::Browser;

use crate::door::Door;

const ENTER: &str = "\u{E007}";
const F4: &str = "\u{E034}";
const F8: &str = "\u{E038}";

/// A clerk before the page of an agent.
struct Counter {
    door: Door,
    browser: Browser,
    _folder: tempfile::TempDir,
}

impl Counter {
    fn open() -> Self {
        let door = Door::open();
        let folder = tempfile::tempdir().expect("a folder");
        let browser = Browser::start(folder.path(), 1024, 768);
        browser.open(&door.agent.link());
        browser.until("document.activeElement.id === 'code'");
        Self { door, browser, _folder: folder }
    }

    /// Scans the first person's code and asks for a confirmation of 128.50.
    fn ask(&self) {
        self.browser.type_text(&self.door.site.shown_code(0));
        self.browser.press(ENTER);
        self.browser.until("document.activeElement.id === 'amount'");
        self.browser.type_text("128.50");
        self.browser.press(ENTER);
        self.browser.until("document.querySelector('.sign.waiting')");
    }

    /// Waits for the red sign with these words in its reason, and this mark in the list of the day.
    fn denied(&self, why: &str, mark: &str) {
        self.browser.until(&format!(
            "document.querySelector('.sign.denied') && document.querySelector('.why').textContent.includes('{why}')"
        ));
        self.browser
            .until(&format!("document.querySelector('#today [aria-current] .no').textContent === '{mark}'"));
    }
}

#[test]
fn after_not_me_staff_verify_and_nothing_is_sent() {
    let counter = Counter::open();
    counter.ask();
    counter.door.site.act("notMe", "01");
    counter.denied("非本人", "✕ 非本人");
    counter
        .browser
        .until("![...document.querySelectorAll('[data-key=F4]')].some(button => button.checkVisibility())");
    counter.browser.until("document.querySelector('.next').textContent.includes('核实')");
    counter.browser.keep_picture("not-me");
    counter.browser.press(F4);
    counter.browser.press(F8);
    counter.denied("非本人", "✕ 非本人");
    counter
        .browser
        .until("document.querySelector('dd')?.textContent && document.body.innerText.includes('1 次')");
}

#[test]
fn a_locked_password_leads_to_another_way() {
    let counter = Counter::open();
    counter.ask();
    for _ in 0..5 {
        counter.door.site.act("wrongPassword", "01");
        // The same report at the same moment would be the same envelope, which acts once.
        counter.door.site.hands.forward(Duration::from_millis(1));
    }
    counter.denied("锁定", "✕ 已锁定");
    counter.browser.until("document.querySelector('.next').textContent.includes('刷脸')");
    counter.browser.keep_picture("locked");
}

#[test]
fn what_was_not_answered_in_time_is_over_and_asked_again() {
    let counter = Counter::open();
    counter.ask();
    counter.door.site.hands.forward(Duration::from_mins(6));
    counter.browser.press(F8);
    counter.denied("未在有效时间内认证", "✕ 已过期");
    counter.browser.keep_picture("lapsed");
    counter.door.site.hands.forward(Duration::from_secs(1));
    counter.browser.press(F4);
    counter.browser.until("document.querySelector('.sign.waiting')");
    counter.door.site.act("confirm", "01");
    counter.browser.until("document.querySelector('.sign.allowed h2').checkVisibility()");
}

/// However the clock of the machine is set: the sign lives by a stopwatch.
#[test]
fn a_green_sign_ends_by_itself() {
    let counter = Counter::open();
    let browser = &counter.browser;
    counter.ask();
    counter.door.site.act("confirm", "01");
    browser.until("document.querySelector('.sign.allowed h2').checkVisibility()");
    browser.run("window.beginning = performance.now.bind(performance); performance.now = () => window.beginning() + 299000");
    browser.run("Date.now = () => 0");
    browser.until("document.querySelector('#today .ok')");
    assert_eq!(browser.value("document.body.dataset.old ?? ''"), "", "not before its time");
    browser.run("performance.now = () => window.beginning() + 301000");
    browser.until("document.body.dataset.old === '1'");
    browser.until("!document.querySelector('.sign h2').checkVisibility()");
    browser.until("getComputedStyle(document.body, '::after').content.includes('F8')");
    browser.keep_picture("over");
    // What the clerk then presses decides anew.
    counter.door.site.hands.forward(Duration::from_mins(5) + Duration::from_secs(1));
    browser.press(F8);
    browser
        .until("!document.body.dataset.old && document.querySelector('.sign.allowed h2').checkVisibility()");
}
