//! Tables of accounts: the same life, and keys that nobody sees.

use yanmi_center::registry::{AccountEdit, AccountRow, ImportCursor, Interfaces, MacRule};
use yanmi_onboarding::{ImportSubject, Role};
use yanmi_protocol::{AccountId, OrgCode, Sm4Key};
use yanmi_sheet::write_csv;

use super::{applied, brought, decide, done};
use crate::console::key_offer::{ask, offer_at};
use crate::console::person::Person;
use crate::console::{administrators, somebody, with_console};
use crate::register::{act, administration};
use crate::site::{HOSPITAL, Site, anywhere, eventually};

const HEAD: [&str; 7] = ["业务系统编码*", "名称*", "接口", "每秒上限", "mac", "来源网段", "状态"];

fn table(rows: &[[&str; 7]]) -> Vec<u8> {
    write_csv([HEAD].iter().chain(rows))
}

fn id(text: &str) -> AccountId {
    AccountId::new(text).expect("an account")
}

async fn account(site: &Site, code: &str) -> Option<AccountRow> {
    let mut administration = administration(&site.config).await;
    let row = administration.account(&id(code)).await.expect("a database");
    administration.close().await.expect("closed");
    row
}

/// The key that is offered at this page, as who has link and passcode takes it.
async fn taken(site: &Site, keeper: &mut Person, path: &str) -> Sm4Key {
    let (link, passcode) = offer_at(keeper, path).await;
    let taken = ask(site, 2, "POST", &link, &format!("do=take&passcode={passcode}")).await;
    let key = taken.body.split("class=\"key\">").nth(1).expect("a key").get(..32).expect("32 digits");
    Sm4Key::from_hex(key).expect("a key")
}

#[tokio::test]
async fn a_table_of_accounts_is_done_and_a_new_one_gets_its_key_by_an_offer() {
    let site = Site::with(|config| {
        config.listen.operator = anywhere();
        config.listen.applicant = anywhere();
    })
    .await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let mut keeper = somebody(&site, &mut three, (Role::KeyKeeper, "35", 75)).await;
    let rows = [
        ["testOrgId", "门诊系统", "", "30", "", "-", ""],
        ["his-new-01", "药店联网", "notify；status", "", "有则核对", "10.1.0.0/16,127.0.0.0/8", ""],
        ["his-new-02", "", "", "", "", "", ""],
        ["his-new-03", "住院", "all", "0", "是", "10.1.2.3/16", "开"],
    ];
    let before = account(&site, "testOrgId").await.expect("it is there");
    let path = brought(&mut approver, &table(&rows)).await;
    let page = approver.get(&path).await.body;
    for words in [
        "<dt>内容</dt><dd>业务系统</dd>",
        "<dt>将新增</dt><dd>1</dd>",
        "<dt>将更改</dt><dd>1</dd>",
        "<dt>有错，不会导入</dt><dd>2</dd>",
        "名称：测试账号 → 门诊系统",
        "每秒上限：- → 30",
        "来源网段：10.1.0.0/16,127.0.0.0/8",
        "/o/accounts/his-new-01\"",
        "新账号的密钥由中心生成，请到账号页交付",
        "没有接口“all”",
        "大于 0 的整数",
        "“有则核对”或“必须”",
        "主机位不为 0",
        "“启用”或“停用”",
        "新增的须填写此列",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let page = applied(&site, [&mut approver, &mut reviewer], &path).await;
    assert!(page.contains("已导入 2 行，0 行没有导入。"), "{page}");
    let after = account(&site, "testOrgId").await.expect("it is there");
    assert_eq!((after.name.as_str(), after.rate.map(u32::from)), ("门诊系统", Some(30)));
    assert_eq!(after.newest, before.newest, "its key is what it was");
    let new = account(&site, "his-new-01").await.expect("it is there");
    assert!(new.enabled && new.interfaces == Interfaces::parse("notify,status").expect("words"));
    assert_eq!((new.rate, new.mac, new.older), (None, MacRule::Optional, None));
    assert_eq!(new.networks.to_string(), "10.1.0.0/16,127.0.0.0/8");

    // Whoever guesses is refused; who took the key that was offered is served.
    let code = site.token().await;
    site.center.refresh().await.expect("looked");
    assert_eq!(site.status_by("his-new-01", code, Sm4Key::from_bytes(&[0; 16])).await.code(), -4);
    let key = taken(&site, &mut keeper, "/o/accounts/his-new-01/key").await;
    assert_ne!(key.kcv(), new.newest);
    let hospital = OrgCode::new(HOSPITAL).expect("a code");
    site.change(async |a| {
        a.attach(hospital, id("his-new-01"), act(site.hands.now())).await.expect("attached");
    })
    .await;
    assert_eq!(site.status_by("his-new-01", code, key.clone()).await.code(), 0);
    let events = three[2].get("/o/events").await.body;
    for words in ["新增账号", "更改账号", "导入 1：闽医保函2026年第9号"] {
        assert!(events.contains(words), "{words}: {events}");
    }

    // Undone: what is new is 停用, and who has its key is not served any more.
    let undone = done(&site, &mut reviewer, &path, "undo").await;
    assert!(undone.contains("已撤销 2 行，0 行没有撤销。"), "{undone}");
    site.center.refresh().await.expect("looked");
    assert_ne!(site.status_by("his-new-01", code, key).await.code(), 0);
    assert!(!account(&site, "his-new-01").await.expect("nothing is deleted").enabled);
    let back = account(&site, "testOrgId").await.expect("it is there");
    assert_eq!((back.name, back.rate), (before.name, before.rate));
    assert_eq!(site.status(code).await.code(), 0, "it never stopped");
    assert!(three[2].get("/o/events/chain").await.body.contains("操作记录完整"));
}

#[tokio::test]
async fn an_account_of_joint_debugging_is_imported_at_a_test_center_only() {
    for trial in [false, true] {
        let site = Site::with(|config| {
            config.listen.operator = anywhere();
            config.onboarding.trial_accounts = trial;
        })
        .await;
        let mut three = administrators(&site).await;
        let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
        let path = brought(&mut approver, &table(&[["t-his", "联调", "", "", "", "", ""]])).await;
        let page = approver.get(&path).await.body;
        assert_eq!(page.contains("只在联调中心登记"), !trial, "{page}");
        assert_eq!(page.contains("<dt>将新增</dt><dd>1</dd>"), trial, "{page}");
    }
}

#[tokio::test]
async fn accounts_are_of_the_province_and_no_table_shows_or_takes_a_key() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 71)).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut city = somebody(&site, &mut three, (Role::Reviewer, "3501", 73)).await;
    let file = table(&[["his-new-01", "药店联网", "", "", "", "", ""]]);
    let refused = clerk.upload("/o/imports", "x.csv", &file).await;
    assert_eq!((refused.status, refused.body.contains("辖区是全省的人")), (422, true), "{}", refused.body);
    for (column, words) in [("密钥", "不认识的列"), ("区划代码", "不认识的列")] {
        let file = format!("业务系统编码,名称,{column}\nhis-new-01,药店联网,00");
        let refused = approver.upload("/o/imports", "x.csv", file.as_bytes()).await;
        assert_eq!((refused.status, refused.body.contains(words)), (422, true), "{}", refused.body);
    }
    assert_eq!(site.number("SELECT count(*) FROM imports").await, 0);
    // What is there of the province is not there for a city.
    let path = brought(&mut approver, &file).await;
    assert_eq!([clerk.get(&path).await.status, city.get(&path).await.status], [404, 404]);
    let own = decide(&mut approver, &path, "apply").await;
    assert_eq!(own.status, 303);
    assert!(approver.get(&path).await.body.contains("等待第二人复核"), "he is not alone");
    let confirm = decide(&mut city, &path, "confirm").await;
    assert_eq!(confirm.status, 404, "{}", confirm.body);

    let template = approver.download("/o/imports/template-accounts.xlsx").await;
    let read = yanmi_sheet::read(&template, yanmi_center::registry::template(ImportSubject::Accounts));
    assert!(read.expect("a heading").rows.is_empty());
    let template = approver.get("/o/imports/template-accounts.csv").await.body;
    assert!(template.contains("业务系统编码*") && !template.contains("密钥"), "{template}");
}

#[tokio::test]
async fn an_account_that_was_changed_meanwhile_is_left() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let other = site.world().accounts[1].org_id;
    let rows = [
        ["testOrgId", "甲", "", "", "", "", ""],
        [other.as_str(), "乙", "", "", "", "", "停用"],
        ["his-new-01", "丙", "", "", "", "", ""],
    ];
    let path = brought(&mut approver, &table(&rows)).await;
    let edit = |name: &str| AccountEdit { name: Some(name.to_owned()), ..AccountEdit::default() };
    site.change(async |a| {
        a.edit_account(id("testOrgId"), &edit("丁"), act(site.hands.now())).await.expect("edited");
    })
    .await;
    let page = applied(&site, [&mut approver, &mut reviewer], &path).await;
    assert!(page.contains("已导入 2 行，1 行没有导入。") && page.contains("核对之后被改动"), "{page}");
    assert_eq!(account(&site, "testOrgId").await.expect("it is there").name, "丁");
    assert!(!account(&site, other.as_str()).await.expect("it is there").enabled);
    site.change(async |a| {
        a.edit_account(id("his-new-01"), &edit("戊"), act(site.hands.now())).await.expect("edited");
    })
    .await;
    let undone = done(&site, &mut reviewer, &path, "undo").await;
    assert!(undone.contains("已撤销 1 行，1 行没有撤销。"), "{undone}");
    assert!(undone.contains("导入之后被 test 改动"), "{undone}");
    assert!(account(&site, "his-new-01").await.expect("it is there").enabled);
    assert!(account(&site, other.as_str()).await.expect("it is there").enabled);
}

#[tokio::test]
async fn an_import_of_accounts_that_was_killed_is_taken_up_and_each_has_one_key() {
    const ROWS: i64 = 600;
    let mut stopped = Site::start().await.stop().await;
    stopped.config.listen.operator = anywhere();
    let (mut site, mortal) = stopped.start_mortal().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer: Person = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let codes: Vec<String> = (0..ROWS).map(|at| format!("his-{at:04}")).collect();
    let rows: Vec<[&str; 7]> = codes.iter().map(|code| [code, "药店联网", "", "", "", "", ""]).collect();
    let path = brought(&mut approver, &table(&rows)).await;
    assert_eq!(decide(&mut approver, &path, "apply").await.status, 303);
    assert_eq!(decide(&mut reviewer, &path, "confirm").await.status, 303);
    // Once the first rows are there, it dies.
    let there = "SELECT count(*) FROM import_rows WHERE outcome = 'done'";
    eventually(async || site.number(there).await > 0).await;
    site = site.kill(mortal).await.start().await;
    let mut beside = administration(&site.config).await;
    beside.advance_import(&mut ImportCursor::default(), site.hands.now()).await.expect("a database");
    beside.close().await.expect("closed");
    site.center.work_imports().await.expect("a database");
    assert_eq!(site.number(there).await, ROWS);
    let events = "SELECT count(*) FROM operator_events WHERE action = 'account.add' AND object LIKE 'his-%'";
    assert_eq!(site.number(events).await, ROWS);
    let mut administration = administration(&site.config).await;
    let accounts = administration.accounts().await.expect("every key opens");
    let imported: Vec<&AccountRow> =
        accounts.iter().filter(|row| codes.iter().any(|code| *code == row.id.as_str())).collect();
    assert_eq!(i64::try_from(imported.len()).expect("few"), ROWS);
    // What the event of each says of its key is what it has.
    let told = site.text("SELECT changes FROM operator_events WHERE object = 'his-0599'").await;
    let value = imported.last().expect("many").newest.to_string();
    assert!(told.contains(&value), "{value}: {told}");
    let keys: std::collections::BTreeSet<String> =
        imported.iter().map(|row| row.newest.to_string()).collect();
    // Each process of a test draws the same numbers from its start on, so some come again.
    assert!(keys.len() > 400, "{} different keys", keys.len());
    assert!(administration.verify_events().await.expect("a database").broken.is_none());
    administration.close().await.expect("closed");
    assert_eq!(site.text("SELECT state FROM imports").await, "applied");
}
