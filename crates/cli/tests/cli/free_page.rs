//! The person's page of password-free settlement in a real browser, on a small phone.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::yanmi::Sandbox;

#[test]
fn a_person_switches_on_pays_looks_and_switches_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let world: Value =
        serde_json::from_str(&std::fs::read_to_string(&sandbox.file).expect("the sandbox's file"))
            .expect("JSON");
    let person = &world["persons"][0];
    let (index, password) = (person["ecIndexNo"].as_str().expect("an index"), &person["password"]);
    let channel = &world["channels"][1]["chnlId"];
    let say = |path: &str, body: Value| sandbox.ask(9, "POST", path, &body.to_string());
    let scan = || {
        let code = say("/qr", json!({"ecIndexNo": index, "chnlId": channel}));
        say("/counter/scan", json!({"orgCodg":"H35010000001","ecQrCode":code["ecQrCode"]}));
    };
    scan();
    let link = say(&format!("/phones/{index}/passwordFreePage"), json!({"chnlId": channel}));
    let link = link["data"]["pageUrl"].as_str().unwrap_or_else(|| panic!("{link}")).to_owned();
    let browser = Browser::start(folder.path(), 320, 720);
    let says = |text: &str| browser.until(&format!("document.body.innerText.includes('{text}')"));
    let fits = || {
        let width = browser.value("document.documentElement.scrollWidth");
        assert!(width.as_u64().is_some_and(|width| width <= 320), "{width}");
    };
    browser.open(&link);
    says("免密支付：未开通");
    fits();
    // The keypad stands in place of the phone's own; typed is typed.
    assert_eq!(browser.value("document.querySelectorAll('#pad button').length"), json!(12));
    browser.value(
        "(document.querySelector('#single').value = '200', document.querySelector('#count').value = '3')",
    );
    browser.value(&format!("document.querySelector('#p').value = {password}"));
    browser.click("#ok");
    says("免密支付：已开通");
    says("200.00 元");
    fits();
    say("/counter/notify", json!({"totalAmount": "128.50"}));
    browser.reload();
    says("128.50 元");
    says("福州示范医院");
    says("1 次，共 128.50 元");
    fits();
    browser.click(".danger");
    says("免密支付：未开通");
    says("128.50 元");
    fits();
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    drop(browser);
    sandbox.stop();
}
