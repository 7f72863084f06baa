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
    // A system is brought in, and both are told what came of it.
    browser.click("#onboard");
    browser.until("document.querySelector('#say-head').textContent.includes('新系统第一次得到 1')");
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
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    drop(browser);
    sandbox.stop();
}

#[test]
fn an_account_registered_while_it_runs_is_opened_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    let mut world = sandbox.world();
    let config = std::path::Path::new(&sandbox.file).with_file_name("yanmi.toml");
    let config = config.to_str().expect("a path");
    let key = yanmi_protocol::Sm4Key::from_hex("00112233445566778899AABBCCDDEEFF").expect("a key");
    crate::site::secret(folder.path(), "late.key", &key.to_hex());
    let key_file = folder.path().join("late.key");
    let key_file = key_file.to_str().expect("a path");
    let add = [
        "account",
        "add",
        "--org-id",
        "late",
        "--name",
        "后来的系统",
        "--key-file",
        key_file,
        "--config",
        config,
    ];
    assert_eq!(crate::yanmi::run(&add, "").code, 0);
    let account = &mut world["accounts"][0];
    (account["orgId"], account["key"], account["kcv"]) =
        (json!("late"), json!(*key.to_hex()), json!(key.kcv().to_string()));
    let file = folder.path().join("late.json");
    std::fs::write(&file, world.to_string()).expect("written");
    // The center takes it over within a second; until then it is denied. The institution is another account's, which is refused as well: that the message is opened is what counts.
    let token = world["magicTokens"]["500001"].as_str().expect("a token");
    let call = ["call", "status", "--token", token, "--sandbox", file.to_str().expect("a path")];
    // An address may fail sixty times a minute, and a quick machine calls as often within that second: between two calls the
    // registry is listed, which takes longer than the call.
    while crate::yanmi::run(&call, "").out.contains("-4") {
        for _ in 0..3 {
            assert_eq!(crate::yanmi::run(&["account", "list", "--config", config], "").code, 0);
        }
    }
    let row = "[...document.querySelectorAll('.row')].findLast(r => r.getAttribute('aria-label').includes('外部程序（late） 到'))";
    browser.until(&format!(
        "({row}.click(), document.querySelector('#d-opened').textContent.includes('{token}'))"
    ));
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    drop(browser);
    sandbox.stop();
}

/// Runs a program with this on its standard input; what it printed.
fn piped(program: &str, args: &[&str], input: &str) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("read");
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success(), "{program}: {input}");
    String::from_utf8(out.stdout).expect("UTF-8")
}

#[test]
fn a_message_is_copied_as_a_command_that_runs_linked_and_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    // A program outside, which the page knows nothing of.
    let world = sandbox.world();
    let token = world["magicTokens"]["500001"].as_str().expect("a token");
    let call = |args: &[&str]| crate::yanmi::run(&[&["call", "status", "--token", token], args].concat(), "");
    call(&["--sandbox", &sandbox.file]);
    let row = |words: &str| {
        format!(
            "[...document.querySelectorAll('.row')].find(r => r.getAttribute('aria-label').includes('{words}'))"
        )
    };
    browser.until(&row("外部程序（testOrgId） 到"));
    browser.until(&row("500001"));
    browser.value(&format!("{}.click()", row("外部程序（testOrgId） 到")));
    let opened = browser.value("document.querySelector('#d-opened').textContent");
    assert!(opened.as_str().is_some_and(|text| text.contains(token)), "{opened}");
    for (button, program, args) in [("#copy-curl", "sh", &[][..]), ("#copy-python", "python3", &["-"])] {
        browser.click(button);
        let copied = browser.value("document.querySelector('#copy-text').textContent");
        let said = piped(program, args, copied.as_str().expect("a text"));
        let said: serde_json::Value = serde_json::from_str(&said).expect("an answer in JSON");
        assert_eq!(said["code"], 500_001, "{button}: {copied}");
    }
    // Under a wrong key: the answer does not say why, the page does.
    let file = folder.path().join("wrong.json");
    let mut wrong = world.clone();
    wrong["accounts"][0]["key"] = json!("00112233445566778899AABBCCDDEEFF");
    wrong["accounts"][0].as_object_mut().expect("an account").remove("kcv");
    wrong["accounts"][0]["kcv"] = json!(
        yanmi_protocol::Sm4Key::from_hex("00112233445566778899AABBCCDDEEFF")
            .expect("a key")
            .kcv()
            .to_string()
    );
    std::fs::write(&file, wrong.to_string()).expect("written");
    let denied = call(&["--sandbox", file.to_str().expect("a path")]);
    assert!(denied.out.contains("-4"), "{denied:?}");
    browser.until(&row("真正的原因"));
    // The link leads to the message, also in another browser.
    browser.value(&format!("{}.click()", row("真正的原因")));
    let hash = browser.value("location.hash");
    let hash = hash.as_str().expect("a hash").to_owned();
    assert!(hash.starts_with("#m"), "{hash}");
    browser.open("about:blank");
    browser.open(&format!("http://127.0.0.1:{}/{hash}", sandbox.port + 9));
    browser.until("!document.querySelector('#detail').hidden && document.querySelector('#d-sentence').textContent.includes('真正的原因')");
    browser.fill("#filter", "真正的原因");
    browser.until("document.querySelector('#filtered').textContent === '1 条'");
    assert_eq!(
        browser.value("[...document.querySelectorAll('.row')].filter(r => !r.hidden).length"),
        json!(1)
    );
    // Keys with what they are checked by.
    let keys = browser.value("document.querySelector('#key-list').textContent");
    let kcv = world["accounts"][0]["kcv"].as_str().expect("a value");
    assert!(keys.as_str().is_some_and(|keys| keys.contains(kcv) && keys.contains("testOrgId")), "{keys}");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    drop(browser);
    sandbox.stop();
}

#[test]
fn codes_come_by_a_click_and_password_free_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, browser) = set(folder.path());
    browser.run("document.querySelector('#slow').click()");
    let told = browser.value(
        "[...document.querySelector('#code optgroup:last-child').children].map(option => option.value)",
    );
    let mut told: Vec<String> = serde_json::from_value(told).expect("codes without a token of their own");
    assert!(
        ["-1", "500100", "-6"].into_iter().all(|code| told.iter().any(|known| known == code)),
        "{told:?}"
    );
    // The one whose token has a person notified.
    told.push("0".to_owned());
    for code in told {
        browser.value(&format!(
            "(document.querySelector('#code').value = '{code}', document.querySelector('#code').onchange())"
        ));
        let seen = browser.value("document.querySelectorAll('.row').length");
        browser.click("#try");
        let badge = format!(
            "[...document.querySelectorAll('.row')].slice({seen}).some(r => r.querySelector('.badge')?.textContent === '{code}')"
        );
        browser.until(&badge);
        // A visit that is open is left, so that the next notice is not too soon.
        browser.until("!document.querySelector('#leave').disabled");
    }
    browser.value("(document.querySelector('#app').value = 'C0DE000000000000000000000000000B', document.querySelector('#app').onchange())");
    browser.value(
        "[...document.querySelectorAll('#screen button')].find(b => b.textContent === '开通免密').click()",
    );
    browser.until("document.querySelector('#say-text').textContent.includes('已开通')");
    // What is said stays in sight on a phone, wherever one has scrolled to.
    browser.resize(390, 844);
    browser.run("scrollTo(0, document.documentElement.scrollHeight)");
    let seen = "(() => { const r = document.querySelector('#say').getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight && r.height > 40 })()";
    browser.until(seen);
    browser.keep_picture("watch-narration-phone");
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
