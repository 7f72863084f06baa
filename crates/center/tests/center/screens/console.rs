//! The operators' console in a real browser.

use serde_json::json;
use yanmi_browser::Browser;
use yanmi_center::registry::{InstitutionEdit, Login};
use yanmi_onboarding::{ContactEdit, Role};
use yanmi_protocol::OrgCode;

use crate::alarms::not_me;
use crate::console::applicants;
use crate::console::insight::refused_visit;
use crate::console::person::Person;
use crate::console::{administrators, somebody, with_console};
use crate::register::{NOW, act, administration};
use crate::site::{HOSPITAL, Site, anywhere};

/// The screen of most offices, and a phone.
pub(super) const OFFICE: (u32, u32) = (1366, 768);
const PHONE: (u32, u32) = (390, 844);

/// Looks at a page as everybody does, and photographs it.
pub(super) fn look(browser: &Browser, name: &str) {
    for ((width, height), place) in [(PHONE, "phone"), (OFFICE, "office")] {
        browser.resize(width, height);
        browser.until(&format!("innerWidth === {width} && document.readyState === 'complete'"));
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64().is_some_and(|wide| wide <= u64::from(width)), "{name} {width}: {wide}");
        browser.keep_picture(&format!("console-{name}-{place}"));
    }
    let fetched = "performance.getEntriesByType('resource').map(e => e.name)";
    assert_eq!(browser.value(fetched), json!([]), "{name}");
    assert_eq!(browser.violations(), Vec::<String>::new(), "{name}");
    browser.prefer_dark(true);
    browser.keep_picture(&format!("console-{name}-dark"));
    assert_eq!(browser.violations(), Vec::<String>::new(), "{name} in the dark");
    browser.prefer_dark(false);
}

pub(super) fn log_in(browser: &Browser, base: &str, login: &str, person: &mut Person) {
    log_in_at(browser, &format!("{base}/o/"), login, person);
}

/// The same at any face that people log in to.
pub(super) fn log_in_at(browser: &Browser, first_page: &str, login: &str, person: &mut Person) {
    browser.open(first_page);
    browser.until("document.title.startsWith('登录')");
    browser.fill("input[name=login]", login);
    let password = person.password.clone();
    browser.fill("input[name=password]", &password);
    let code = person.next_code();
    browser.fill("input[name=code]", &code);
    browser.click("button");
    browser.until("document.title.startsWith('首页')");
}

/// Logs out, and waits until that is done: what is opened meanwhile would be overtaken.
pub(super) fn leave(browser: &Browser) {
    browser.click("button.link");
    browser.until("document.title.startsWith('登录')");
}

/// A console with these people, and a browser.
async fn ground() -> (Site, [Person; 3], Person, tempfile::TempDir, Browser) {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Browser::start(folder.path(), OFFICE.0, OFFICE.1);
    (site, three, approver, folder, browser)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_about_the_registry() {
    let (site, mut three, mut approver, _folder, browser) = ground().await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 71)).await;
    let [name, phone, note] = ["王试", "13900001234", "夜间打总机"].map(|text| Some(text.to_owned()));
    let contact = ContactEdit { name, phone, note };
    let edit = InstitutionEdit { contact, ..InstitutionEdit::default() };
    let code = OrgCode::new(HOSPITAL).expect("a code");
    site.change(async |a| a.edit_institution(code, &edit, act(NOW)).await.expect("edited")).await;
    let base = format!("http://{}", site.operator_addr());

    browser.open(&base);
    browser.until("document.title.startsWith('登录')");
    look(&browser, "login");
    browser.fill("input[name=login]", "nobody");
    browser.fill("input[name=password]", "no password at all");
    browser.fill("input[name=code]", "000000");
    browser.click("button");
    browser.until("document.querySelector('.said')?.textContent.includes('验证码不对')");
    look(&browser, "login-refused");

    log_in(&browser, &base, "approver.35", &mut approver);
    look(&browser, "home");
    browser.click("nav a[href='/o/institutions']");
    browser.until("document.title.startsWith('机构')");
    look(&browser, "institutions");
    browser.click(&format!("a[href='/o/institutions/{HOSPITAL}']"));
    browser.until("document.querySelector('input[name=region]') !== null");
    look(&browser, "institution");
    // Done as somebody does it: typed, pressed, and said.
    browser.run("document.querySelector('form.act input[name=name]').value = ''");
    browser.fill("form.act input[name=name]", "福州示范医院东院");
    browser.fill("form.act input[name=reason]", "更名");
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('已提出')");
    look(&browser, "institution-proposed");
    browser.open(&format!("{base}/o/institutions/{HOSPITAL}/contact"));
    browser.until("document.querySelector('input[name=more]') !== null");
    look(&browser, "contact");
    browser.open(&format!("{base}/o/accounts"));
    look(&browser, "accounts");
    browser.open(&format!("{base}/o/accounts/testOrgId"));
    look(&browser, "account");
    browser.open(&format!("{base}/o/channels"));
    look(&browser, "channels");
    browser.open(&format!("{base}/o/channels/{}", site.channel().chnl_id.as_str()));
    look(&browser, "channel");
    browser.click("a[href$='/test']");
    browser.until("document.title.startsWith('试投')");
    look(&browser, "channel-test");
    browser.fill("form.act input[name=reason]", "用户说收不到");
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('通：')");
    look(&browser, "channel-tested");
    browser.open(&format!("{base}/o/operators"));
    look(&browser, "nowhere");
    leave(&browser);
    // The second person is told at once, looks, and agrees.
    log_in(&browser, &base, "reviewer.35", &mut reviewer);
    look(&browser, "home-of-the-second-person");
    browser.click(".said a[href='/o/pending']");
    browser.until("document.title.startsWith('待复核')");
    look(&browser, "pending");
    browser.click("a[href='/o/pending/1']");
    browser.until("document.querySelector('button[value=agree]') !== null");
    look(&browser, "change");
    browser.fill("form.act input[name=reason]", "核对无误");
    browser.click("button[value=agree]");
    browser.until("document.querySelector('.said')?.textContent.includes('已更改')");
    look(&browser, "change-done");
    browser.open(&format!("{base}/o/institutions/{HOSPITAL}"));
    assert_eq!(browser.value("document.querySelector('h1').textContent"), json!("福州示范医院东院"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_about_operators() {
    let (site, [mut system, mut security, mut audit], _approver, _folder, browser) = ground().await;
    let base = format!("http://{}", site.operator_addr());
    log_in(&browser, &base, "system", &mut system);
    browser.open(&format!("{base}/o/operators"));
    look(&browser, "operators");
    browser.open(&format!("{base}/o/settings"));
    look(&browser, "settings");
    browser.open(&format!("{base}/o/operators"));
    for (name, text) in [("login", "wang.wu"), ("name", "王五"), ("unit", "市医保局"), ("reason", "到岗")]
    {
        browser.fill(&format!("form.act input[name={name}]"), text);
    }
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('只显示这一次')");
    let place = browser.value("document.querySelector('p.box code').textContent");
    leave(&browser);
    log_in(&browser, &base, "security", &mut security);
    browser.open(&format!("{base}/o/operators/wang.wu"));
    look(&browser, "operator");
    browser.open(&format!("{base}/o/grants"));
    look(&browser, "grants");
    leave(&browser);
    log_in(&browser, &base, "auditor", &mut audit);
    browser.open(&format!("{base}/o/events"));
    look(&browser, "events");
    browser.open(&format!("{base}/o/events/chain"));
    look(&browser, "chain");
    leave(&browser);
    browser.open(&format!("{base}{}", place.as_str().expect("an address")));
    look(&browser, "invitation");
    let mut wang = Person::new(&site, 99);
    let key = browser.value("document.querySelector('.key').textContent");
    wang.learn(key.as_str().expect("a key"));
    let (password, code) = (wang.password.clone(), wang.next_code());
    for (name, text) in [("password", &password), ("again", &password), ("code", &code)] {
        browser.fill(&format!("input[name={name}]"), text);
    }
    browser.click("button");
    browser.until("document.title.startsWith('登录')");
    log_in(&browser, &base, "wang.wu", &mut wang);
    assert!(browser.value("document.body.textContent").as_str().is_some_and(|text| text.contains("还没有")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_and_what_happened() {
    let (site, _three, mut approver, _folder, browser) = ground().await;
    let base = format!("http://{}", site.operator_addr());
    let token = refused_visit(&site).await;
    log_in(&browser, &base, "approver.35", &mut approver);
    // The first page asks the three questions, and leads to their answers.
    browser.click("form[action='/o/errors'] button");
    browser.until("document.title.startsWith('为什么失败') && document.querySelector('table')");
    look(&browser, "errors");
    browser.click("nav a[href='/o/trace']");
    browser.until("document.title.startsWith('追踪')");
    look(&browser, "trace");
    browser.fill("input[name=number]", &token);
    browser.click("main form button");
    browser.until("document.querySelector('.chain .stopped')?.textContent.includes('停在这里')");
    browser.click(".story details summary");
    look(&browser, "story");
    browser.fill("input[name=more]", "来电人报出姓名");
    let code = approver.next_code();
    browser.fill("input[name=code]", &code);
    browser.click(".story form button");
    let name = site.person().user_name.clone();
    browser.until(&format!("document.body.textContent.includes('{name}')"));
    look(&browser, "story-in-full");
    assert!(!browser.value("location.href").to_string().contains(&token));
    site.hands.forward(std::time::Duration::from_mins(3));
    site.center.count_statistics().await;
    browser.open(&format!("{base}/o/statistics"));
    browser.until("document.querySelector('svg') !== null");
    look(&browser, "statistics");
    browser.open(&format!("{base}/o/statistics?by=institution"));
    look(&browser, "statistics-by-institution");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_from_the_keeper_to_who_takes_it() {
    let site = Site::with(|config| {
        config.listen.operator = anywhere();
        config.listen.applicant = anywhere();
    })
    .await;
    let mut three = administrators(&site).await;
    let mut keeper = somebody(&site, &mut three, (Role::KeyKeeper, "35", 70)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Browser::start(folder.path(), OFFICE.0, OFFICE.1);
    let base = format!("http://{}", site.operator_addr());
    log_in(&browser, &base, "key-keeper.35", &mut keeper);
    browser.open(&format!("{base}/o/accounts/testOrgId/key"));
    look(&browser, "key-none");
    browser.fill("form.act input[name=reason]", "接入");
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('只显示这一次')");
    look(&browser, "key-offered");
    let text = |selector: &str| {
        let value = browser.value(&format!("document.querySelector('{selector}').textContent"));
        value.as_str().expect("a text").to_owned()
    };
    let (link, passcode) = (text("dd code"), text("code.key"));
    browser.open(&format!("http://{}{link}", site.applicant_addr()));
    browser.until("document.querySelector('input[name=passcode]') !== null");
    look(&browser, "key-link");
    browser.fill("input[name=passcode]", &passcode);
    browser.click("button");
    browser.until("document.querySelector('a[download]') !== null");
    let kcv = browser.value("document.querySelectorAll('dd code')[1].textContent");
    look(&browser, "key-taken");
    browser.fill("input[name=kcv]", kcv.as_str().expect("a check value"));
    browser.click("button");
    browser.until("document.querySelector('.said')?.textContent.includes('已核对')");
    look(&browser, "key-checked");
    browser.open(&format!("{base}/o/accounts/testOrgId/key"));
    look(&browser, "key-state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_about_alarms() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 70)).await;
    not_me(&site, 0..3).await;
    let mut administration = administration(&site.config).await;
    let login = Login::new("security").expect("a login");
    administration.recover(login, act(site.hands.now())).await.expect("invited");
    administration.close().await.expect("closed");
    site.center.look_for_alarms().await;
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Browser::start(folder.path(), OFFICE.0, OFFICE.1);
    let base = format!("http://{}", site.operator_addr());
    log_in(&browser, &base, "duty.3501", &mut duty);
    look(&browser, "home-with-an-alarm");
    browser.click(".said a[href='/o/alarms']");
    browser.until("document.title.startsWith('告警')");
    look(&browser, "alarms");
    browser.click("td a[href^='/o/alarms/']");
    browser.until("document.querySelector('button[value=take]') !== null");
    look(&browser, "alarm");
    browser.fill("form.act input[name=reason]", "我来问窗口");
    browser.click("button[value=take]");
    browser.until("document.querySelector('.said')?.textContent.includes('已记下')");
    look(&browser, "alarm-taken");
    browser.fill("form.act input[name=reason]", "窗口认错人，已提醒");
    browser.click("button[value=close]");
    browser.until("document.querySelector('form.act') === null");
    browser.open(&format!("{base}/o/alarms?state=closed"));
    browser.until("document.querySelector('table') !== null");
    look(&browser, "alarms-closed");
    browser.open(&format!("{base}/o/me"));
    look(&browser, "own-events");
    leave(&browser);
    log_in(&browser, &base, "auditor", &mut three[2]);
    look(&browser, "home-after-a-recovery");
}

/// A clerk adds an applicant and invites a person; the address that the page shows once.
fn invite(browser: &Browser, base: &str) -> String {
    browser.click("nav a[href='/o/applicants']");
    browser.until("document.title.startsWith('申请方')");
    look(browser, "applicants-none");
    let (credit, name) = applicants::VENDOR;
    for (field, text) in [("name", name), ("credit", credit), ("region", "35"), ("reason", "来窗口申请")]
    {
        browser.fill(&format!("form.act input[name={field}]"), text);
    }
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('已更改')");
    let fields =
        [("login", "jiang"), ("name", "江经理"), ("phone", "0591-80000001"), ("reason", "经办负责人")];
    for (field, text) in fields {
        browser.fill(&format!("form.act.box input[name={field}]"), text);
    }
    browser.click("form.act.box button");
    browser.until("document.querySelector('.said')?.textContent.includes('只显示这一次')");
    look(browser, "applicant-invited");
    let place = browser.value("document.querySelector('p.box code').textContent");
    browser.open(&format!("{base}/o/applicants/1"));
    look(browser, "applicant");
    browser.open(&format!("{base}/o/applicants"));
    look(browser, "applicants");
    place.as_str().expect("an address").to_owned()
}

/// The person takes the invitation up and logs in.
fn take_up(browser: &Browser, person: &mut Person) {
    look(browser, "portal-invitation");
    let key = browser.value("document.querySelector('.key').textContent");
    person.learn(key.as_str().expect("a key"));
    let (password, code) = (person.password.clone(), person.next_code());
    for (name, text) in [("password", &password), ("again", &password), ("code", &code)] {
        browser.fill(&format!("input[name={name}]"), text);
    }
    browser.click("button");
    browser.until("document.title.startsWith('登录')");
    look(browser, "portal-login");
    let code = person.next_code();
    for (name, text) in [("login", "jiang"), ("password", &password), ("code", &code)] {
        browser.fill(&format!("input[name={name}]"), text);
    }
    browser.click("button");
    browser.until("document.title.startsWith('首页')");
    look(browser, "portal-home-empty");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_applicants() {
    let site = applicants::with_both().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "35", 70)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Browser::start(folder.path(), OFFICE.0, OFFICE.1);
    let base = format!("http://{}", site.operator_addr());
    log_in(&browser, &base, "clerk.35", &mut clerk);
    let place = invite(&browser, &base);

    let base = format!("http://{}", site.applicant_addr());
    browser.open(&format!("{base}{place}"));
    let mut jiang = Person::of_applicant(&site, 99);
    take_up(&browser, &mut jiang);
    applicants::assign(&site, 0, applicants::VENDOR).await;
    refused_visit(&site).await;
    let mut keeper = somebody(&site, &mut three, (Role::KeyKeeper, "35", 71)).await;
    let offered = keeper.act("/o/accounts/testOrgId/key", &[("do", "offer"), ("reason", "接入")]).await.body;
    let passcode = offered.split("class=\"key\">").nth(1).expect("a passcode").get(..8).expect("8 digits");
    browser.open(&format!("{base}/a/"));
    look(&browser, "portal-home");
    browser.click("a[href='/a/accounts/testOrgId/key']");
    browser.until("document.querySelector('input[name=passcode]') !== null");
    look(&browser, "portal-key");
    browser.fill("input[name=passcode]", passcode);
    if browser.value("document.querySelector('input[name=code]') !== null") == json!(true) {
        browser.fill("input[name=code]", &jiang.next_code());
    }
    browser.click("main button");
    browser.until("document.querySelector('a[download]') !== null");
    look(&browser, "portal-key-taken");
    browser.open(&format!("{base}/a/accounts/testOrgId"));
    look(&browser, "portal-account");
    browser.open(&format!("{base}/a/me"));
    look(&browser, "portal-me");
    browser.open(&format!("{base}/a/accounts/hisVendor2"));
    browser.until("document.title.startsWith('没有这一页')");
    look(&browser, "portal-nowhere");
}

/// Puts a file into the form, as somebody who has chosen it.
fn choose(browser: &Browser, name: &str, text: &str) {
    let (name, text) = (json!(name), json!(text));
    browser.run(&format!(
        "{{ const chosen = new DataTransfer(); chosen.items.add(new File([{text}], {name})); \
         document.querySelector('input[type=file]').files = chosen.files; }}"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_about_imports() {
    let (site, mut three, mut approver, _folder, browser) = ground().await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let base = format!("http://{}", site.operator_addr());
    log_in(&browser, &base, "approver.35", &mut approver);
    browser.click("nav a[href='/o/imports']");
    browser.until("document.title.startsWith('批量导入')");
    look(&browser, "imports");
    choose(&browser, "x.csv", "机构代码,机构名称,区划代码\nH35010000001,=1+1,");
    browser.click("form.act button");
    browser.until("document.querySelector('.said.bad')?.textContent.includes('B2 是公式')");
    look(&browser, "import-refused");
    browser.open(&format!("{base}/o/imports"));
    let rows = "业务系统编码,名称,接口,每秒上限,来源网段\ntestOrgId,门诊系统,,30,\nhis-fz-03,药店联网,\"notify,status\",,10.1.0.0/16\n\
        his-fz-04,,all,,\n";
    choose(&browser, "业务系统.csv", rows);
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('还没有任何更改')");
    look(&browser, "import-accounts");
    browser.open(&format!("{base}/o/imports"));
    let rows = format!(
        "机构代码,机构名称,区划代码,业务系统编码,状态\n{HOSPITAL},福州示范医院东院,350102,,\n\
         P35010000777,东街药店,350102,testOrgId,启用\nP35010000778,<b>药店</b>,350102,nobody,\n"
    );
    choose(&browser, "福州市机构.csv", &rows);
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('还没有任何更改')");
    look(&browser, "import-checked");
    browser.fill("form.act input[name=reason]", "闽医保函2026年第9号");
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('等待第二人复核')");
    look(&browser, "import-waiting");
    leave(&browser);
    log_in(&browser, &base, "reviewer.35", &mut reviewer);
    browser.open(&format!("{base}/o/imports/2"));
    browser.fill("form.act input[name=reason]", "名录与批文相符");
    browser.click("form.act button");
    // Loaded again by itself until it is done.
    browser.until("document.querySelector('.said')?.textContent.includes('已导入 2 行')");
    look(&browser, "import-applied");
    browser.fill("form.act input[name=reason]", "名录有误");
    browser.click("form.act button");
    browser.until("document.querySelector('.said')?.textContent.includes('已撤销 2 行')");
    look(&browser, "import-undone");
}
