//! Whom to call, in tables: compared as it is, kept sealed, shown masked, and brought back.

use yanmi_center::registry::{InstitutionEdit, read_table};
use yanmi_onboarding::{Contact, ContactEdit, Role};
use yanmi_protocol::OrgCode;
use yanmi_sheet::write_csv;

use super::{NEW, applied, brought, done, table};
use crate::console::contacts::{PHONE, kept, registered};
use crate::console::person::Person;
use crate::console::{administrators, somebody, with_console};
use crate::register::{act, administration};
use crate::site::{HOSPITAL, Site};

const HEAD: [&str; 6] = ["机构代码", "机构名称", "区划代码", "联系人", "联系电话", "备注"];
/// Of one mask with [`PHONE`].
const OTHER_PHONE: &str = "13700001234";

fn contacts(rows: &[[&str; 6]]) -> Vec<u8> {
    write_csv([HEAD].iter().chain(rows))
}

fn of(name: &str, phone: &str, note: &str) -> Contact {
    Contact { name: name.to_owned(), phone: phone.to_owned(), note: note.to_owned() }
}

/// Who brings, who agrees, and who reads the events.
async fn three(site: &Site) -> [Person; 3] {
    let mut administrators = administrators(site).await;
    let clerk = somebody(site, &mut administrators, (Role::Clerk, "35", 70)).await;
    let reviewer = somebody(site, &mut administrators, (Role::Reviewer, "35", 73)).await;
    let [_, _, audit] = administrators;
    [clerk, reviewer, audit]
}

/// Changed by somebody else.
async fn change(site: &Site, phone: &str) {
    let code = OrgCode::new(HOSPITAL).expect("a code");
    let contact = ContactEdit { phone: Some(phone.to_owned()), ..ContactEdit::default() };
    let edit = InstitutionEdit { contact, ..InstitutionEdit::default() };
    site.change(async |a| a.edit_institution(code, &edit, act(site.hands.now())).await.expect("edited"))
        .await;
}

/// Nothing that is kept or shown has one of these.
async fn nowhere(site: &Site, pages: &[&str], words: &[&str]) {
    let kept = kept(site).await;
    for word in words {
        assert!(!kept.contains(word), "{word} is kept as it is: {kept}");
        for page in pages {
            assert!(!page.contains(word), "{word} is shown: {page}");
        }
    }
}

#[tokio::test]
async fn a_table_says_whom_to_call_and_undoing_it_brings_the_old_one_back() {
    let site = with_console().await;
    let [mut clerk, mut reviewer, mut audit] = three(&site).await;
    let first = contacts(&[
        [HOSPITAL, "", "", "王试", PHONE, "总机夜间无人"],
        [NEW, "东街药店", "350102", "李试", "0591-87654321", ""],
    ]);
    // A new one needs an account.
    let path = brought(&mut clerk, &first).await;
    let page = clerk.get(&path).await.body;
    for words in [
        "<dt>将更改</dt><dd>1</dd>",
        "<dt>有错，不会导入</dt><dd>1</dd>",
        "联系人：- → *试",
        "联系电话：- → *******1234",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let seen = reviewer.get(&path).await.body;
    let page = applied(&site, [&mut clerk, &mut reviewer], &path).await;
    assert!(page.contains("已导入 1 行，0 行没有导入。"), "{page}");
    assert!(registered(&site).await == of("王试", PHONE, "总机夜间无人"));
    let sealed = "SELECT count(*) FROM import_rows WHERE after LIKE 'sealed:%' OR fault LIKE 'sealed:%'";
    assert_eq!(site.number(sealed).await, 2, "what was done, and what was faulty");
    let events = audit.get("/o/events").await.body;
    assert!(events.contains("联系人：*试"), "{events}");
    nowhere(&site, &[&seen, &page, &events], &["王试", "李试", "0000123", "87654321", "夜间"]).await;

    // Another number of the same mask is a change; what is empty stays, and a dash empties.
    let path = brought(&mut clerk, &contacts(&[[HOSPITAL, "", "", "", OTHER_PHONE, "-"]])).await;
    let page = clerk.get(&path).await.body;
    assert!(page.contains("联系电话：*******1234 → *******1234（掩去的部分不同）"), "{page}");
    assert!(page.contains("备注：6 字 → -"), "{page}");
    let page = applied(&site, [&mut clerk, &mut reviewer], &path).await;
    assert!(page.contains("已导入 1 行"), "{page}");
    assert!(registered(&site).await == of("王试", OTHER_PHONE, ""));
    let last = "SELECT changes FROM operator_events WHERE object = 'H35010000001' ORDER BY seq DESC LIMIT 1";
    let told = r#"[["contact_phone","*******1234","*******1234"],["contact_note","6 字",null]]"#;
    assert_eq!(site.text(last).await, told);
    let page = done(&site, &mut reviewer, &path, "undo").await;
    assert!(page.contains("已撤销 1 行，0 行没有撤销。"), "{page}");
    assert!(registered(&site).await == of("王试", PHONE, "总机夜间无人"));
    nowhere(&site, &[&page], &["王试", "0000123", "夜间"]).await;
}

#[tokio::test]
async fn a_contact_that_was_changed_since_is_left_as_it_is() {
    let site = with_console().await;
    let [mut clerk, mut reviewer, _] = three(&site).await;
    change(&site, PHONE).await;
    // Before it is done, by a number of the same mask.
    let path = brought(&mut clerk, &contacts(&[[HOSPITAL, "", "", "王试", "", ""]])).await;
    change(&site, OTHER_PHONE).await;
    let page = applied(&site, [&mut clerk, &mut reviewer], &path).await;
    assert!(page.contains("已导入 0 行，1 行没有导入。") && page.contains("核对之后被改动"), "{page}");
    assert!(registered(&site).await == of("", OTHER_PHONE, ""));
    // And before it is undone.
    let path = brought(&mut clerk, &contacts(&[[HOSPITAL, "", "", "李试", "", ""]])).await;
    applied(&site, [&mut clerk, &mut reviewer], &path).await;
    assert!(registered(&site).await == of("李试", OTHER_PHONE, ""));
    change(&site, PHONE).await;
    let page = done(&site, &mut reviewer, &path, "undo").await;
    assert!(page.contains("已撤销 0 行，1 行没有撤销。"), "{page}");
    assert!(registered(&site).await == of("李试", PHONE, ""));
}

#[tokio::test]
async fn a_table_without_the_columns_leaves_whom_to_call() {
    let site = with_console().await;
    let [mut clerk, mut reviewer, _] = three(&site).await;
    // Nobody is to be called yet: what is kept is as it was before there were contacts.
    let path = brought(&mut clerk, &table(&[[HOSPITAL, "东院", "", "", ""]])).await;
    assert_eq!(site.number("SELECT count(*) FROM import_rows WHERE after LIKE '{%'").await, 1);
    applied(&site, [&mut clerk, &mut reviewer], &path).await;
    done(&site, &mut reviewer, &path, "undo").await;
    change(&site, PHONE).await;
    let path = brought(&mut clerk, &table(&[[HOSPITAL, "东院", "", "", ""]])).await;
    assert_eq!(site.number("SELECT count(*) FROM import_rows WHERE after LIKE '{%'").await, 1, "sealed");
    let page = applied(&site, [&mut clerk, &mut reviewer], &path).await;
    assert!(page.contains("已导入 1 行"), "{page}");
    assert!(registered(&site).await == of("", PHONE, ""));
}

#[tokio::test]
async fn faulty_contacts_come_back_in_full_to_who_brought_them_and_masked_to_others() {
    let site = with_console().await;
    let [mut clerk, mut reviewer, _] = three(&site).await;
    let rows = [
        [HOSPITAL, "", "", "王试", "1390000123", "夜间"],
        [NEW, "东街\u{202E}药店", "350102", "李试", PHONE, ""],
    ];
    let path = brought(&mut clerk, &contacts(&rows)).await;
    let page = clerk.get(&path).await.body;
    for words in ["E2", "联系电话应为 11 位手机号", "******0123", "U+202E"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let own = clerk.get(&format!("{path}/faults.csv")).await.body;
    for words in ["王试", "1390000123", "夜间", "李试", PHONE, "问题", "联系电话：联系电话应为"]
    {
        assert!(own.contains(words), "{words}: {own}");
    }
    let others = reviewer.get(&format!("{path}/faults.csv")).await.body;
    assert!(others.contains("*试") && others.contains("联系电话：联系电话应为"), "{others}");
    let seen = reviewer.get(&path).await.body;
    nowhere(&site, &[&page, &seen, &others], &["王试", "李试", "139000", "夜间"]).await;
    // What came back and was mended is read again, its last column and all.
    let mended = own.replace("1390000123", PHONE).replace("东街\u{202E}药店", "东街药店");
    let brought_again = read_table(mended.as_bytes()).expect("a table");
    let mut administration = administration(&site.config).await;
    let ground = administration.import_ground().await.expect("a database");
    administration.close().await.expect("closed");
    let province = [yanmi_onboarding::Area::new("35").expect("an area")];
    let comparison =
        yanmi_center::registry::compare(&brought_again, &ground, &province).expect("contacts open");
    assert_eq!((comparison.counts.changed, comparison.counts.faulty), (1, 1), "{comparison:?}");
    let all = format!("{comparison:?} {brought_again:?} {ground:?}");
    for word in ["王试", "李试", "1390000"] {
        assert!(!all.contains(word), "{word}: {all}");
    }
}
