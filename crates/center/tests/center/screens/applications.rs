//! Applications and feedback forms in a real browser.

use yanmi_browser::Browser;

use super::console::{OFFICE, leave, log_in, look};
use crate::applications::{FILLED_IN, begin, cast, done, stay, step, to_accepted, to_province};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_about_applications() {
    let mut cast = cast().await;
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Browser::start(folder.path(), OFFICE.0, OFFICE.1);
    let base = format!("http://{}", cast.site.operator_addr());
    let path = begin(&mut cast.counter, "system").await;
    let show = |page: &str, name: &str| {
        browser.open(&format!("{base}{page}"));
        browser.until("document.readyState === 'complete'");
        look(&browser, name);
    };
    done(&mut cast.counter, &path, &[("do", "save"), ("system", "收费"), ("rate", "x")]).await;
    log_in(&browser, &base, "clerk.35", &mut cast.counter);
    show("/o/applications", "applications");
    show(&path, "application-draft");
    leave(&browser);
    stay(&mut cast.counter).await;
    done(&mut cast.counter, &path, &[&[("do", "submit")][..], &FILLED_IN].concat()).await;

    done(&mut cast.county[0], &path, &[("do", "claim")]).await;
    log_in(&browser, &base, "clerk.350102", &mut cast.county[0]);
    show(&path, "application-desk");
    leave(&browser);
    to_province(&mut cast, &path).await;
    log_in(&browser, &base, "approver.35", &mut cast.approver);
    show("/o/", "home-with-applications");
    show(&path, "application-province");
    leave(&browser);
    to_accepted(&mut cast, &path).await;
    log_in(&browser, &base, "key-keeper.35", &mut cast.keeper);
    show(&path, "application-accepted");
    browser.fill("input[name=account]", "his.new");
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('只显示这一次')");
    look(&browser, "application-issued");
    show(&path, "application-live");
    browser.click("dd a[href^='/o/feedback/']");
    browser.until("document.querySelector('svg.qr') !== null");
    look(&browser, "feedback");
    leave(&browser);
    let stopped = [("do", "suspend"), ("ground", "security"), ("opinion", "疑似冒用")];
    assert_eq!(step(&mut cast.approver, &path, &stopped).await.status, 303);
    log_in(&browser, &base, "approver.35", &mut cast.approver);
    show(&path, "application-suspended");
}
