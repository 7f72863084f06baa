//! Tables that are done as a whole: all of it, or nothing.

use yanmi_center::registry::{InstitutionEdit, Object, Switch};
use yanmi_onboarding::Role;
use yanmi_protocol::{AccountId, OrgCode};
use yanmi_sheet::write_csv;

use super::{NEW, applied, brought, decide, done, entry, pharmacies, table};
use crate::console::person::Person;
use crate::console::{administrators, somebody, with_console};
use crate::register::act;
use crate::site::{HOSPITAL, HOSPITAL_NAME, Site, anywhere, eventually};

const WHOLE: [(&str, &str); 3] = [("do", "apply"), ("whole", "1"), ("reason", "闽医保函2026年第9号")];

/// A site, who brings and who agrees.
async fn two(site: &Site) -> [Person; 2] {
    let mut three = administrators(site).await;
    let approver = somebody(site, &mut three, (Role::Approver, "35", 70)).await;
    [approver, somebody(site, &mut three, (Role::Reviewer, "35", 73)).await]
}

async fn rename(site: &Site, code: &str, name: &str) {
    let code = OrgCode::new(code).expect("a code");
    let edit = InstitutionEdit { name: Some(name.to_owned()), ..InstitutionEdit::default() };
    site.change(async |a| a.edit_institution(code, &edit, act(site.hands.now())).await.expect("edited"))
        .await;
}

#[tokio::test]
async fn a_row_that_was_changed_meanwhile_keeps_all_of_the_table_from_being_done() {
    let site = with_console().await;
    let [mut approver, mut reviewer] = two(&site).await;
    let file = table(&[[HOSPITAL, "东院", "", "", ""], [NEW, "东街药店", "350102", "testOrgId", ""]]);
    let path = brought(&mut approver, &file).await;
    assert!(approver.get(&path).await.body.contains("整表要么全部导入，要么不导入："), "the tick");
    assert_eq!(approver.act(&path, &WHOLE).await.status, 303);
    let page = reviewer.get(&path).await.body;
    assert!(page.contains("<dd>整表要么全部导入，要么不导入</dd>"), "the second person sees it: {page}");
    rename(&site, HOSPITAL, "北院").await;
    let page = done(&site, &mut reviewer, &path, "confirm").await;
    for words in ["整表都没有导入", "核对之后被改动", "别的行没有导入，所以这一行也没有"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(entry(&site, NEW).await.is_none());
    assert_eq!(entry(&site, HOSPITAL).await.expect("it is there").name, "北院");
    let events = "SELECT count(*) FROM operator_events WHERE object = 'P35010000777'";
    assert_eq!(site.number(events).await, 0);
    // Nothing was done, so the same file is not asked about; compared anew, all of it is done.
    let path = brought(&mut approver, &file).await;
    assert_eq!(approver.act(&path, &WHOLE).await.status, 303);
    let page = done(&site, &mut reviewer, &path, "confirm").await;
    assert!(page.contains("已导入 2 行，0 行没有导入。"), "{page}");
    assert!(entry(&site, NEW).await.is_some());
    // Undone row by row, as ever.
    rename(&site, NEW, "西街药店").await;
    let undone = done(&site, &mut reviewer, &path, "undo").await;
    assert!(undone.contains("已撤销 1 行，1 行没有撤销。"), "{undone}");
}

#[tokio::test]
async fn accounts_are_done_as_a_whole_too() {
    let site = with_console().await;
    let [mut approver, mut reviewer] = two(&site).await;
    let file = write_csv([
        ["业务系统编码", "名称", "每秒上限"],
        ["testOrgId", "门诊系统", ""],
        ["his-new-01", "药店联网", "7"],
    ]);
    let account = Object::Account(AccountId::new("testOrgId").expect("an account"));
    let mut shown = Vec::new();
    for switch in [Some(Switch::Off), None] {
        let path = brought(&mut approver, &file).await;
        assert_eq!(approver.act(&path, &WHOLE).await.status, 303);
        if let Some(switch) = switch {
            site.change(async |a| a.switch(account, switch, act(site.hands.now())).await.expect("switched"))
                .await;
        }
        shown.push(done(&site, &mut reviewer, &path, "confirm").await);
        let there = site.number("SELECT count(*) FROM accounts WHERE org_id = 'his-new-01'").await;
        let renamed = site.number("SELECT count(*) FROM accounts WHERE name = '门诊系统'").await;
        let expected = i64::from(switch.is_none());
        assert_eq!((there, renamed), (expected, expected), "{shown:?}");
    }
    assert!(shown[0].contains("整表都没有导入") && shown[1].contains("已导入 2 行"), "{shown:?}");
}

#[tokio::test]
async fn a_table_with_faults_or_too_many_rows_is_not_submitted_as_a_whole() {
    let site = with_console().await;
    let [mut approver, mut reviewer] = two(&site).await;
    let faulty = table(&[[HOSPITAL, "东院", "", "", ""], [NEW, "东街药店", "350102", "nobody", ""]]);
    for (file, words) in [(faulty, "表里有 1 行有错"), (pharmacies(501), "至多 500 行更改，这张表有 501 行")]
    {
        let path = brought(&mut approver, &file).await;
        let page = approver.get(&path).await.body;
        assert!(page.contains(words) && !page.contains("name=\"whole\""), "{page}");
        let refused = approver.act(&path, &WHOLE).await;
        assert_eq!((refused.status, refused.body.contains(words)), (409, true), "{}", refused.body);
        assert!(approver.get(&path).await.body.contains("还没有任何更改"));
    }
    assert_eq!(site.number("SELECT count(*) FROM imports WHERE whole = 1").await, 0);
    // Without the tick it goes on as ever.
    let path = brought(&mut approver, &table(&[[HOSPITAL, "东院", "", "", ""]])).await;
    applied(&site, [&mut approver, &mut reviewer], &path).await;
    assert_ne!(entry(&site, HOSPITAL).await.expect("it is there").name, HOSPITAL_NAME);
    assert_eq!(decide(&mut approver, &path, "apply").await.status, 409);
}

#[tokio::test]
async fn one_that_was_killed_is_done_as_a_whole_by_the_next_or_was_done_before() {
    let mut stopped = Site::start().await.stop().await;
    stopped.config.listen.operator = anywhere();
    let (mut site, mortal) = stopped.start_mortal().await;
    let [mut approver, mut reviewer] = two(&site).await;
    let path = brought(&mut approver, &pharmacies(500)).await;
    assert_eq!(approver.act(&path, &WHOLE).await.status, 303);
    assert_eq!(decide(&mut reviewer, &path, "confirm").await.status, 303);
    let kept = site.number("SELECT count(*) FROM institutions WHERE org_code LIKE 'P3501001%'").await;
    assert!(kept == 0 || kept == 500, "{kept}");
    site = site.kill(mortal).await.start().await;
    let kept = site.number("SELECT count(*) FROM institutions WHERE org_code LIKE 'P3501001%'").await;
    assert!(kept == 0 || kept == 500, "{kept}");
    site.center.work_imports().await.expect("a database");
    eventually(async || site.text("SELECT state FROM imports").await == "applied").await;
    assert_eq!(site.number("SELECT count(*) FROM import_rows WHERE outcome = 'done'").await, 500);
    assert_eq!(site.number("SELECT count(*) FROM operator_events WHERE object LIKE 'P3501001%'").await, 500);
}
