//! The person's page of password-free settlement in a real browser, on a small phone.

use serde_json::{Value, json};
use yanmi_browser::Browser;

use crate::yanmi::Sandbox;

/// A sandbox whose first person has shown a code in the app that offers it, with the link to the page and the password.
fn set(folder: &std::path::Path) -> (Sandbox, String, String) {
    let sandbox = Sandbox::start(folder);
    let world: Value =
        serde_json::from_str(&std::fs::read_to_string(&sandbox.file).expect("the sandbox's file"))
            .expect("JSON");
    let person = &world["persons"][0];
    let (index, password) = (person["ecIndexNo"].as_str(), person["password"].as_str());
    let (index, password) = (index.expect("an index"), password.expect("a password").to_owned());
    let channel = &world["channels"][1]["chnlId"];
    let say = |path: &str, body: Value| sandbox.ask(9, "POST", path, &body.to_string());
    let code = say("/qr", json!({"ecIndexNo": index, "chnlId": channel}));
    say("/counter/scan", json!({"orgCodg":"H35010000001","ecQrCode":code["ecQrCode"]}));
    let link = say(&format!("/phones/{index}/passwordFreePage"), json!({"chnlId": channel}));
    let link = link["data"]["pageUrl"].as_str().unwrap_or_else(|| panic!("{link}")).to_owned();
    (sandbox, link, password)
}

/// On a phone of 320 pixels nothing is cut off, and nothing stands in the way of who cannot see it.
fn is_fit(browser: &Browser) {
    let width = browser.value("document.documentElement.scrollWidth");
    assert!(width.as_u64().is_some_and(|width| width <= 320), "{width}");
    assert_eq!(browser.violations(), Vec::<String>::new());
}

#[test]
fn a_person_switches_on_pays_looks_and_switches_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, link, password) = set(folder.path());
    let browser = Browser::start(folder.path(), 320, 720);
    let says = |text: &str| browser.until(&format!("document.body.innerText.includes('{text}')"));
    browser.open(&link);
    says("免密支付：未开通");
    is_fit(&browser);
    // The keypad stands in place of the phone's own keyboard; a real one still types.
    assert_eq!(browser.value("document.querySelectorAll('#pad button').length"), json!(12));
    browser.fill("#single", "200");
    browser.fill("#count", "3");
    browser.fill("#p", &password);
    browser.click("#ok");
    says("免密支付：已开通");
    says("200.00 元");
    is_fit(&browser);
    sandbox.ask(9, "POST", "/counter/notify", &json!({"totalAmount": "128.50"}).to_string());
    browser.reload();
    says("福州示范医院");
    says("1 次，共 128.50 元");
    is_fit(&browser);
    browser.click(".danger");
    says("免密支付：未开通");
    says("128.50 元");
    is_fit(&browser);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    drop(browser);
    sandbox.stop();
}

#[test]
fn without_javascript_it_is_the_same_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sandbox, link, password) = set(folder.path());
    let browser = Browser::start_without_script(folder.path(), 320, 720);
    let says = |text: &str| browser.until(&format!("document.body.innerText.includes('{text}')"));
    browser.open(&link);
    browser.fill("#p", &password);
    browser.click("#ok");
    says("免密支付：已开通");
    browser.click(".danger");
    says("免密支付：未开通");
    drop(browser);
    sandbox.stop();
}
