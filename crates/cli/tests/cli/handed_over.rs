//! A person goes from the center's page into the channel's app, confirms there in the app's own way, and comes back, in a
//! real browser. The app is the phone on the sandbox's page.

use serde_json::{Value, json};
use yanmi_browser::Browser;

use crate::yanmi::Sandbox;

/// A person at a counter of a sandbox.
struct Visit {
    sandbox: Sandbox,
    index: String,
    channel: String,
}

impl Visit {
    fn begin(folder: &std::path::Path) -> Self {
        let sandbox = Sandbox::start(folder);
        let world: Value =
            serde_json::from_str(&std::fs::read_to_string(&sandbox.file).expect("the sandbox's file"))
                .expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let (index, channel) =
            (text(&world["persons"][0]["ecIndexNo"]), text(&world["channels"][0]["chnlId"]));
        Self { sandbox, index, channel }
    }

    fn say(&self, path: &str, body: &Value) -> Value {
        self.sandbox.ask(9, "POST", path, &body.to_string())
    }

    /// Shows a code and is asked; the link to the center's page.
    fn is_asked(&self) -> String {
        let code = self.say("/qr", &json!({"ecIndexNo": self.index, "chnlId": self.channel}));
        self.say("/counter/scan", &json!({"orgCodg":"H35010000001","ecQrCode":code["ecQrCode"]}));
        self.say("/counter/notify", &json!({"totalAmount": "128.50"}));
        let path = format!("/phones/{}/notices", self.index);
        let shown = self.sandbox.ask(9, "GET", &path, "");
        shown["notices"][0]["authUrl"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned()
    }

    /// Confirms in the app without its page.
    fn confirm(&self, way: &str) {
        let shown = self.sandbox.ask(9, "GET", &format!("/phones/{}/notices", self.index), "");
        let acted = json!({"notcNo": shown["notices"][0]["notcNo"], "action": "confirm", "way": way});
        assert_eq!(self.say(&format!("/phones/{}/act", self.index), &acted)["code"], json!(0));
    }

    /// How the person confirmed, as the counter was told.
    fn way(&self) -> Value {
        self.say("/counter/status", &json!({}))["way"].clone()
    }
}

const FACE: &str = ".away[href*='way=02']";
const PAYMENT: &str = ".away[href*='way=03']";

fn is_shown(title: &str) -> String {
    format!("document.title.startsWith('{title}') && document.readyState === 'complete'")
}

/// Confirms on the phone of the sandbox's page, where the link led.
fn confirm_there(browser: &Browser, words: &str) {
    browser.until(&format!("document.querySelector('#phone.lit #confirm')?.textContent === '{words}'"));
    assert_eq!(browser.value("location.search"), json!(""), "it is not done twice by a reload");
    assert_eq!(browser.value("document.referrer"), json!(""), "the link stays a secret");
    browser.click("#confirm");
    browser.until("document.querySelector('.end.good')");
    assert_eq!(browser.violations(), Vec::<String>::new());
    let way = if words.starts_with("刷脸") { "face" } else { "payment-password" };
    browser.keep_picture(&format!("handed-over-{way}"));
}

#[test]
fn a_face_or_the_apps_password_confirms_and_the_page_knows() {
    let folder = tempfile::tempdir().expect("a folder");
    let visit = Visit::begin(folder.path());
    let browser = Browser::start(folder.path(), 390, 844);
    browser.open(&visit.is_asked());
    let words =
        |selector: &str| browser.value(&format!("document.querySelector(\"{selector}\").textContent"));
    assert_eq!(words(FACE), json!("去「示范渠道甲（正常）」刷脸确认"));
    assert_eq!(words(PAYMENT), json!("去「示范渠道甲（正常）」用支付密码确认"));
    browser.click(FACE);
    confirm_there(&browser, "刷脸确认");
    browser.click(".end a");
    browser.until(&is_shown("已确认"));
    assert_eq!(visit.way(), json!("02"));
    // The next time with the payment password, and back with the browser's own button.
    browser.open(&visit.is_asked());
    browser.click(PAYMENT);
    confirm_there(&browser, "输入支付密码确认");
    browser.back();
    browser.until(&is_shown("已确认"));
    assert_eq!(visit.way(), json!("03"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    drop(browser);
    visit.sandbox.stop();
}

#[test]
fn who_comes_back_to_an_open_page_sees_what_came_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let visit = Visit::begin(folder.path());
    let browser = Browser::start(folder.path(), 320, 568);
    browser.open(&visit.is_asked());
    // As an app's own scheme does it: the page stays where it is while another app is in front.
    browser.run("document.querySelector('.away').addEventListener('click', event => event.preventDefault())");
    browser.click(FACE);
    visit.confirm("02");
    browser.run("document.dispatchEvent(new Event('visibilitychange'))");
    browser.until(&is_shown("已确认"));
    drop(browser);
    // Without JavaScript there is a link for it.
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Browser::start_without_script(folder.path(), 320, 568);
    browser.open(&visit.is_asked());
    visit.confirm("03");
    browser.click(".other .quiet a");
    browser.until(&is_shown("已确认"));
    drop(browser);
    visit.sandbox.stop();
}
