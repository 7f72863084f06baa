//! Bulk import at the console: brought, checked, decided, done, undone; and everything that may go wrong on the way.

mod accounts;
mod contacts;
mod whole;

use std::time::Duration;

use yanmi_center::registry::{
    ImportCursor, InstitutionEdit, InstitutionRow, Object, Switch, read_table, template,
};
use yanmi_onboarding::{ImportSubject, Role};
use yanmi_protocol::OrgCode;
use yanmi_sheet::{write_csv, write_xlsx};

use crate::console::person::Person;
use crate::console::{administrators, somebody, with_console};
use crate::register::{act, administration};
use crate::site::{HOSPITAL, HOSPITAL_NAME, Site, anywhere, eventually};

const HEAD: [&str; 5] = ["机构代码*", "机构名称*", "区划代码*", "业务系统编码", "状态"];
const NEW: &str = "P35010000777";

/// A table in CSV.
fn table(rows: &[[&str; 5]]) -> Vec<u8> {
    write_csv([HEAD].iter().chain(rows))
}

/// The address of what was brought.
async fn brought(person: &mut Person, file: &[u8]) -> String {
    let answer = person.upload("/o/imports", "机构.csv", file).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").expect("an address").to_owned()
}

async fn decide(person: &mut Person, path: &str, step: &str) -> crate::wire::Answer {
    person.act(path, &[("do", step), ("reason", "闽医保函2026年第9号")]).await
}

/// Decided, and done.
async fn done(site: &Site, person: &mut Person, path: &str, step: &str) -> String {
    let answer = decide(person, path, step).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    site.center.work_imports().await.expect("a database");
    person.get(path).await.body
}

/// Submitted by whoever brought it, agreed to by another, and done.
async fn applied(site: &Site, [maker, second]: [&mut Person; 2], path: &str) -> String {
    let answer = decide(maker, path, "apply").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    done(site, second, path, "confirm").await
}

async fn entry(site: &Site, code: &str) -> Option<InstitutionRow> {
    let code = OrgCode::new(code).expect("a code");
    let mut administration = administration(&site.config).await;
    let row = administration.institution(&code).await.expect("a database");
    administration.close().await.expect("closed");
    row
}

/// `so many` new pharmacies of Fuzhou.
fn pharmacies(count: usize) -> Vec<u8> {
    let codes: Vec<String> = (0..count).map(|at| format!("P3501001{at:04}")).collect();
    let rows: Vec<[&str; 5]> =
        codes.iter().map(|code| [code, "测试药店", "350102", "testOrgId", ""]).collect();
    table(&rows)
}

#[tokio::test]
async fn a_table_is_checked_then_done_and_every_row_leaves_an_event() {
    let site = with_console().await;
    let token = site.token().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let text = format!(
        "业务系统编码,机构名称,机构代码,区划代码,状态\n,福州示范医院东院,{HOSPITAL},350102,\ntestOrgId,东街药店,{NEW},350102,启用\n\
         nobody,西街药店,P35010000778,350102,\n"
    );
    let (gb, ..) = encoding_rs::GB18030.encode(&text);
    let path = brought(&mut approver, &gb).await;
    assert_eq!(path, "/o/imports/1");
    let page = approver.get(&path).await.body;
    for words in [
        "CSV（GB18030）：福州示范医院东院、东街药店、西街药店",
        "<dt>将新增</dt><dd>1</dd>",
        "<dt>将更改</dt><dd>1</dd>",
        "<dt>有错，不会导入</dt><dd>1</dd>",
        "A4",
        "业务系统编码 nobody 没有登记",
        "机构名称：福州示范医院 → 福州示范医院东院",
        "还没有任何更改",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(entry(&site, HOSPITAL).await.expect("it is there").name, HOSPITAL_NAME);
    assert!(entry(&site, NEW).await.is_none());

    let page = applied(&site, [&mut approver, &mut reviewer], &path).await;
    assert!(page.contains("已导入 2 行，0 行没有导入。"), "{page}");
    let row = entry(&site, HOSPITAL).await.expect("it is there");
    assert_eq!((row.name.as_str(), row.region.as_str()), ("福州示范医院东院", "350102"));
    let row = entry(&site, NEW).await.expect("it is new");
    assert_eq!((row.name.as_str(), row.active, row.accounts.len()), ("东街药店", true, 1));
    site.center.refresh().await.expect("looked");
    assert_eq!(site.notify_at(NEW, token).await.code(), 0, "it may ask");

    let [_, _, audit] = &mut three;
    let events = audit.get("/o/events").await.body;
    for words in ["上传导入表", "确认导入", "导入完成", "新增机构", "导入 1：闽医保函2026年第9号", "已办：2"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
    assert!(audit.get("/o/events/chain").await.body.contains("操作记录完整"));
    // The faulty row comes back, is mended, and is new; the rest is as it was said.
    let faults = approver.get(&format!("{path}/faults.csv")).await;
    assert!(faults.header("content-disposition").is_some_and(|it| it.contains("yanmi-import-1-faults.csv")));
    assert!(faults.body.contains("没有登记"), "{}", faults.body);
    let xlsx = approver.download(&format!("{path}/faults.xlsx")).await;
    let back = yanmi_sheet::read(&xlsx, template(ImportSubject::Institutions)).expect("a table");
    let cells: Vec<&str> = back.rows[0].cells.iter().map(yanmi_sheet::Cell::as_str).collect();
    assert_eq!(cells[..4], ["P35010000778", "西街药店", "350102", "nobody"]);
    let template = approver.download("/o/imports/template.xlsx").await;
    assert_eq!(read_table(&template).expect_err("a heading only").to_string(), "表里只有列名，没有行");
    let mended = faults.body.replace("nobody", "testOrgId");
    let page = brought(&mut approver, mended.as_bytes()).await;
    let page = approver.get(&page).await.body;
    assert!(
        page.contains("<dt>将新增</dt><dd>1</dd>") && page.contains("<dt>有错，不会导入</dt><dd>0</dd>"),
        "{page}"
    );
    assert!(page.contains("XLSX") || page.contains("CSV（UTF-8）"), "{page}");
    // What is done is not done again.
    let again = decide(&mut approver, &path, "apply").await;
    assert_eq!((again.status, again.body.contains("“已导入”")), (409, true), "{}", again.body);
}

#[tokio::test]
async fn files_that_are_no_table_are_refused_with_the_cell() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let large = vec![b'a'; yanmi_sheet::MAX_FILE + 1];
    let rows = |second: &str| format!("机构代码,机构名称,区划代码\n{second}").into_bytes();
    for (file, status, words) in [
        (Vec::new(), 422, "没有选择文件"),
        (b"\xD0\xCF\x11\xE0".to_vec(), 413, ".xls"),
        (b"PK\x03\x04 no archive".to_vec(), 422, "压缩包"),
        (b"%PDF-1.7".to_vec(), 422, "不认识的列"),
        (rows(""), 422, "没有行"),
        (rows("H35010000001,=1+1,"), 422, "单元格 B2 是公式"),
        ("机构代码,机构名称,区划代码,传真\n".as_bytes().to_vec(), 422, "D1：不认识的列“传真”"),
        (large, 413, "8 MiB"),
    ] {
        let answer = approver.upload("/o/imports", "x.csv", &file).await;
        assert_eq!((answer.status, answer.body.contains(words)), (status, true), "{words}: {}", answer.body);
    }
    assert_eq!(site.number("SELECT count(*) FROM imports").await, 0);
    // Nor is anything taken without the token, or in another shape.
    let file = table(&[[HOSPITAL, "", "", "", ""]]);
    for token in ["", "AAAA"] {
        let answer = approver.post_file("/o/imports", [("t", token), ("code", "")], ("x.csv", &file)).await;
        assert_eq!(answer.status, 403, "{token}");
    }
    assert_eq!(approver.post("/o/imports", &[("t", "x")], &[]).await.status, 400);
    site.hands.forward(Duration::from_mins(6));
    let token = approver.token("/o/imports").await;
    let answer = approver.post_file("/o/imports", [("t", &token), ("code", "")], ("x.csv", &file)).await;
    assert_eq!(
        (answer.status, answer.body.contains("验证码不对")),
        (409, true),
        "the code is asked for again"
    );
}

#[tokio::test]
async fn markup_and_formulas_are_texts_wherever_they_stand() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let evil = "=cmd|'/c calc'!A0<script>alert(1)</script>";
    let rows = [HEAD, [evil, evil, evil, evil, evil], [HOSPITAL, evil, evil, evil, evil]];
    let file = write_xlsx(5, rows).expect("written");
    let answer = approver.upload("/o/imports", "<b>&.xlsx", &file).await;
    let path = answer.header("location").expect("an address").to_owned();
    let page = approver.get(&path).await.body;
    assert!(page.contains("<dt>有错，不会导入</dt><dd>2</dd>"), "{page}");
    for shown in ["&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b&gt;&amp;.xlsx", "B3", "E3"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let csv = approver.get(&format!("{path}/faults.csv")).await.body;
    assert!(csv.contains("\"'=cmd|'/c calc'!A0<script>"), "{csv}");
    assert!(!csv.contains("\"=cmd"), "{csv}");
    for page in [page, approver.get("/o/imports").await.body] {
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
    }
}

#[tokio::test]
async fn a_clerk_imports_what_is_in_his_reach_and_a_second_person_agrees() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 71)).await;
    let mut other = somebody(&site, &mut three, (Role::Clerk, "3502", 72)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "3501", 73)).await;
    let mut stranger = somebody(&site, &mut three, (Role::Reviewer, "3502", 74)).await;
    let rows = [
        [HOSPITAL, "东院", "", "", ""],
        ["P35020000001", "厦门药店", "350203", "testOrgId", ""],
        [NEW, "药店", "350203", "testOrgId", ""],
    ];
    let path = brought(&mut clerk, &table(&rows)).await;
    let page = clerk.get(&path).await.body;
    assert_eq!(page.matches("不在您的辖区之内").count(), 2, "{page}");
    assert!(page.contains("提交复核"), "{page}");
    // To somebody of another city it is not there, nor is the hospital.
    assert_eq!([other.get(&path).await.status, stranger.get(&path).await.status], [404, 404]);
    // With two areas he brings two tables: whoever agrees needs all of one in his reach.
    let [_, security, _] = &mut three;
    let grant = [("do", "grant"), ("role", "clerk"), ("area", "3502"), ("reason", "兼管")];
    assert_eq!(security.act("/o/operators/clerk.3501", &grant).await.status, 303);
    site.hands.forward(Duration::from_secs(31));
    assert_eq!(clerk.log_in().await, 303);
    let both = table(&[[HOSPITAL, "北院", "", "", ""], [NEW, "药店", "350203", "testOrgId", ""]]);
    let apart = clerk.upload("/o/imports", "x.csv", &both).await;
    assert_eq!((apart.status, apart.body.contains("分属几个辖区")), (422, true), "{}", apart.body);

    let theirs = brought(&mut other, &table(&[[HOSPITAL, "西院", "", "", ""]])).await;
    let page = other.get(&theirs).await.body;
    assert!(page.contains("不在您的辖区之内") && !page.contains(HOSPITAL_NAME), "{page}");

    assert_eq!(decide(&mut clerk, &path, "apply").await.status, 303);
    site.center.work_imports().await.expect("a database");
    assert_eq!(entry(&site, HOSPITAL).await.expect("it is there").name, HOSPITAL_NAME, "nobody agreed");
    // Neither he himself nor a colleague of another city is the second person.
    let confirm = [("do", "confirm"), ("reason", "同意")];
    assert_eq!(clerk.act(&path, &confirm).await.status, 404);
    assert_eq!(stranger.act(&path, &confirm).await.status, 404);
    let page = done(&site, &mut reviewer, &path, "confirm").await;
    assert!(page.contains("已导入 1 行") && page.contains("reviewer.3501"), "{page}");
    assert_eq!(entry(&site, HOSPITAL).await.expect("it is there").name, "东院");
    let actor = site.text("SELECT actor FROM operator_events WHERE action = 'institution.edit'").await;
    assert_eq!(actor, "clerk.3501");
}

#[tokio::test]
async fn a_table_takes_a_second_person_who_is_another() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut first = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let mut second = somebody(&site, &mut three, (Role::Reviewer, "3501", 74)).await;
    for row in [["东院", "", "", ""], ["", "", "", "停用"], ["", "", "-", ""]] {
        let rows = table(&[[HOSPITAL, row[0], row[1], row[2], row[3]]]);
        let path = brought(&mut approver, &rows).await;
        assert_eq!(decide(&mut approver, &path, "apply").await.status, 303);
        assert!(approver.get(&path).await.body.contains("等待第二人复核"));
        // He has one that waits.
        let again = approver.upload("/o/imports", "x.csv", &rows).await;
        assert_eq!((again.status, again.body.contains("等待或进行")), (409, true), "{}", again.body);
        assert_eq!(decide(&mut approver, &path, "drop").await.status, 303);
    }
    let path = brought(&mut approver, &pharmacies(101)).await;
    assert_eq!(decide(&mut approver, &path, "apply").await.status, 303);
    let own = approver.act(&path, &[("do", "confirm"), ("reason", "同意")]).await;
    assert_eq!((own.status, own.body.contains("上传人不能复核")), (409, true), "{}", own.body);
    // Both have the page open, and decide at once.
    let mut forms = Vec::new();
    for person in [&mut first, &mut second] {
        site.hands.forward(Duration::from_secs(31));
        assert_eq!(person.log_in().await, 303);
        forms.push(person.token(&path).await);
    }
    let form = |step: &'static str, at: usize| [("do", step), ("reason", "同意"), ("t", forms[at].as_str())];
    let (agreed, dropped) = (form("confirm", 0), form("drop", 1));
    let (one, two) = tokio::join!(first.post(&path, &agreed, &[]), second.post(&path, &dropped, &[]));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 409], "{} {}", one.body, two.body);
    let loser = if one.status == 409 { one } else { two };
    assert!(loser.body.contains("刚才的操作没有做"), "{}", loser.body);
    site.center.work_imports().await.expect("a database");
    let expected = if loser.status == 409 && loser.body.contains("已放弃") { 0 } else { 101 };
    let there = site.number("SELECT count(*) FROM institutions WHERE org_code LIKE 'P3501001%'").await;
    assert_eq!(there, expected);
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_left_and_what_is_undone_is_as_it_was() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let account = site.world().accounts[1].org_id;
    let second = site.world().accounts[0].institutions[1].org_codg;
    let rows = [
        [HOSPITAL, "东院", "350103", account.as_str(), ""],
        [second.as_str(), "西院", "", "", ""],
        [NEW, "药店", "350102", "testOrgId", ""],
        ["P35010000778", "药店二", "350102", "testOrgId", ""],
    ];
    let file = table(&rows);
    let path = brought(&mut approver, &file).await;
    let edit = |name: &str| InstitutionEdit { name: Some(name.to_owned()), ..InstitutionEdit::default() };
    site.change(async |a| {
        a.edit_institution(second, &edit("北院"), act(site.hands.now())).await.expect("edited");
    })
    .await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let page = applied(&site, [&mut approver, &mut reviewer], &path).await;
    assert!(page.contains("已导入 3 行，1 行没有导入。") && page.contains("核对之后被改动"), "{page}");
    let before = entry(&site, second.as_str()).await.expect("it is there");
    assert_eq!(before.name, "北院");
    assert_eq!(entry(&site, HOSPITAL).await.expect("it is there").accounts, [account]);
    // The row of its own follows, for programs of the version before.
    let own = site.text("SELECT org_id FROM institutions WHERE org_code = 'H35010000001'").await;
    assert_eq!(own, account.as_str());
    let new = OrgCode::new("P35010000778").expect("a code");
    site.change(async |a| {
        a.switch(Object::Institution(new), Switch::Off, act(site.hands.now())).await.expect("off");
    })
    .await;
    let undone = done(&site, &mut reviewer, &path, "undo").await;
    assert!(
        undone.contains("已撤销 2 行，1 行没有撤销。") && undone.contains("导入之后被 test 改动"),
        "{undone}"
    );
    let hospital = entry(&site, HOSPITAL).await.expect("it is there");
    assert_eq!((hospital.name.as_str(), hospital.accounts[0].as_str()), (HOSPITAL_NAME, "testOrgId"));
    let row = entry(&site, NEW).await.expect("nothing is deleted");
    assert_eq!((row.active, row.accounts.len()), (false, 0));
    assert_eq!(entry(&site, new.as_str()).await.expect("it is there").accounts.len(), 1);
    let [_, _, audit] = &mut three;
    assert!(audit.get("/o/events/chain").await.body.contains("操作记录完整"));
}

#[tokio::test]
async fn the_same_file_within_a_day_is_asked_about_and_old_imports_keep_their_counts() {
    let site = with_console().await;
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let file = table(&[[HOSPITAL, "东院", "", "", ""]]);
    let path = brought(&mut approver, &file).await;
    applied(&site, [&mut approver, &mut reviewer], &path).await;
    let code = OrgCode::new(HOSPITAL).expect("a code");
    let edit = InstitutionEdit { name: Some(HOSPITAL_NAME.to_owned()), ..InstitutionEdit::default() };
    site.change(async |a| a.edit_institution(code, &edit, act(site.hands.now())).await.expect("edited"))
        .await;
    let again = brought(&mut approver, &file).await;
    assert!(approver.get(&again).await.body.contains("已经导入过这个文件（第 1 号）"));
    let refused = decide(&mut approver, &again, "apply").await;
    assert_eq!((refused.status, refused.body.contains("第 1 号")), (409, true), "{}", refused.body);
    let meant = [("do", "apply"), ("meant", "1"), ("reason", "再改一次")];
    assert_eq!(approver.act(&again, &meant).await.status, 303);
    assert_eq!(decide(&mut reviewer, &again, "confirm").await.status, 303);
    site.center.work_imports().await.expect("a database");
    assert_eq!(site.number("SELECT count(*) FROM import_rows").await, 2);
    site.hands.forward(Duration::from_hours(31 * 24));
    assert_eq!(approver.log_in().await, 303);
    let late = decide(&mut approver, &path, "undo").await;
    assert_eq!((late.status, late.body.contains("满 30 天")), (409, true), "{}", late.body);
    site.center.work_imports().await.expect("a database");
    assert_eq!(site.number("SELECT count(*) FROM import_rows").await, 0);
    assert!(approver.get(&path).await.body.contains("<dt>更改</dt><dd>1</dd>"));
}

#[tokio::test]
async fn an_import_that_was_killed_is_taken_up_and_no_row_is_done_twice() {
    const ROWS: i64 = 1_300;
    let stopped = Site::start().await.stop().await;
    let (mut site, mortal) = {
        let mut stopped = stopped;
        stopped.config.listen.operator = anywhere();
        stopped.start_mortal().await
    };
    let mut three = administrators(&site).await;
    let mut approver = somebody(&site, &mut three, (Role::Approver, "35", 70)).await;
    let mut reviewer = somebody(&site, &mut three, (Role::Reviewer, "35", 73)).await;
    let path = brought(&mut approver, &pharmacies(usize::try_from(ROWS).expect("few"))).await;
    assert_eq!(decide(&mut approver, &path, "apply").await.status, 303);
    assert_eq!(decide(&mut reviewer, &path, "confirm").await.status, 303);
    // Once the first rows are there, it dies.
    let there = "SELECT count(*) FROM import_rows WHERE outcome = 'done'";
    eventually(async || site.number(there).await > 0).await;
    site = site.kill(mortal).await.start().await;
    let applying = site.number("SELECT count(*) FROM imports WHERE state = 'applying'").await;
    // Another process does a batch beside it.
    let mut beside = administration(&site.config).await;
    beside.advance_import(&mut ImportCursor::default(), site.hands.now()).await.expect("a database");
    beside.close().await.expect("closed");
    site.center.work_imports().await.expect("a database");
    assert_eq!(site.number(there).await, ROWS, "{applying} were on the way");
    assert_eq!(site.number("SELECT count(*) FROM institutions WHERE org_code LIKE 'P3501001%'").await, ROWS);
    let events = "SELECT count(*) FROM operator_events WHERE object LIKE 'P3501001%'";
    assert_eq!(site.number(events).await, ROWS);
    let mut administration = administration(&site.config).await;
    assert!(administration.verify_events().await.expect("a database").broken.is_none());
    administration.close().await.expect("closed");
    assert_eq!(site.text("SELECT state FROM imports").await, "applied");
}
