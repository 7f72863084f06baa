//! Applications and feedback forms in a real browser.

use yanmi_browser::Browser;

use super::console::{OFFICE, leave, log_in, log_in_at, look};
use crate::applications::{FILLED_IN, begin, cast, done, stay, step, to_accepted, to_province};
use crate::console::applicants::{VENDOR, add, person_of, with_both};

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
    show(&format!("{path}/attachments"), "application-papers-none");
    let paper = folder.path().join("盖章申请表.pdf");
    std::fs::write(&paper, b"%PDF-1.7\n").expect("written");
    browser.fill("input[name=file]", &paper.display().to_string());
    browser.click("form[enctype] button");
    browser.until("document.querySelector('.said')?.textContent.includes('已办')");
    look(&browser, "application-papers");
    show(&path, "application-draft-with-papers");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_an_applicants_applications() {
    let site = with_both().await;
    add(&site, VENDOR, "3501").await;
    let mut admin = person_of(&site, VENDOR, ("admin.one", 140)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Browser::start(folder.path(), OFFICE.0, OFFICE.1);
    let base = format!("http://{}", site.applicant_addr());
    log_in_at(&browser, &format!("{base}/a/"), "admin.one", &mut admin);
    look(&browser, "applicant-home-without-applications");
    browser.click("a[href='/a/applications']");
    browser.until("document.title.startsWith('新建申请')");
    look(&browser, "applicant-new");
    browser.fill("input[name=region]", "350102");
    browser.click("form.act button");
    browser.until("document.title.startsWith('申请 A350000')");
    browser.fill("input[name=system]", "门诊收费");
    browser.fill("input[name=rate]", "许多");
    browser.click("button[value=save]");
    browser.until("document.querySelector('.said.bad') !== null");
    look(&browser, "applicant-draft");
    browser.click("button[value=submit]");
    browser.until("document.querySelector('.said.bad')?.textContent.includes('缺少')");
    look(&browser, "applicant-refused");
    browser.open(&format!("{base}/a/applications/1/attachments"));
    browser.until("document.title.startsWith('申请 A350000')");
    look(&browser, "applicant-papers");
    browser.open(&format!("{base}/a/"));
    browser.until("document.title.startsWith('首页')");
    look(&browser, "applicant-home-with-applications");
}
