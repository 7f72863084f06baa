use std::collections::BTreeMap;
use std::num::NonZeroU32;

use proptest::prelude::*;
use yanmi_protocol::OrgCode;

use super::account_state::INTERFACES;
use super::*;
use crate::contact::ContactField;

const CODE: &str = "H35010000001";

#[derive(Default)]
struct Ground(BTreeMap<OrgCode, PresentEntry>);

impl ImportGround for Ground {
    fn entry(&self, code: &OrgCode) -> Option<PresentEntry> {
        self.0.get(code).cloned()
    }

    fn account(&self, account: &AccountId) -> AccountStanding {
        match account.as_str() {
            "gone" => AccountStanding::Closed,
            known if known.starts_with("his-") => AccountStanding::Open,
            _ => AccountStanding::Unknown,
        }
    }
}

fn area(text: &str) -> Area {
    Area::new(text).expect(text)
}

fn state(name: &str, region: &str, accounts: &[&str], active: bool) -> EntryState {
    let accounts = accounts.iter().map(|account| AccountId::new(account).expect("an account")).collect();
    let contact = Contact::default();
    EntryState { name: name.to_owned(), region: area(region), accounts, active, contact }
}

/// With one institution, in Fuzhou.
fn ground() -> Ground {
    let code = OrgCode::new(CODE).expect("a code");
    let state = state("福州示范医院", "350102", &["his-1"], true);
    Ground([(code, PresentEntry { state, closed: false })].into())
}

fn cell(text: &str) -> ImportCell<'_> {
    match text.strip_prefix('#') {
        _ if text.is_empty() => ImportCell::Empty,
        Some(number) => ImportCell::Number(number),
        None => ImportCell::Text(text),
    }
}

fn read(ground: &Ground, reach: &str, row: [&str; 5]) -> RowVerdict {
    ImportCheck::new(ground, &[area(reach)], 3).row(2, &row.map(cell)).1
}

#[test]
fn rows_without_fault() {
    let before = || state("福州示范医院", "350102", &["his-1"], true);
    let changed =
        |after| RowVerdict::Changed { before: before().into(), after: RowState::Institution(after) };
    let new = "P35010000009";
    for (row, expected) in [
        ([CODE, "", "", "", ""], RowVerdict::Same),
        ([CODE, "福州示范医院", "#350102", "his-1", "启用"], RowVerdict::Same),
        ([CODE, "东院", "", "", ""], changed(state("东院", "350102", &["his-1"], true))),
        ([CODE, "", "350103", "", ""], changed(state("福州示范医院", "350103", &["his-1"], true))),
        (
            [CODE, "", "", "his-2； his-1;his-2;", "停用"],
            changed(state("福州示范医院", "350102", &["his-1", "his-2"], false)),
        ),
        ([CODE, "", "", "-", ""], changed(state("福州示范医院", "350102", &[], true))),
        (
            [new, "药店", "350102", "his-9", ""],
            RowVerdict::New(state("药店", "350102", &["his-9"], true).into()),
        ),
        (
            [new, "药店", "350102", "his-9", "停用"],
            RowVerdict::New(state("药店", "350102", &["his-9"], false).into()),
        ),
    ] {
        assert_eq!(read(&ground(), "35", row), expected, "{row:?}");
    }
}

#[test]
fn faults_name_their_column_and_say_what_to_do() {
    let new = "P35010000009";
    for (row, column, words) in [
        (["", "x", "", "", ""], ImportField::Code, "H 或 P"),
        (["X35010000001", "", "", "", ""], ImportField::Code, "H 或 P"),
        (["#35010000001", "", "", "", ""], ImportField::Code, "文本格式"),
        ([CODE, "#12", "", "", ""], ImportField::Name, "文本格式"),
        ([CODE, "-", "", "", ""], ImportField::Name, "不能清空"),
        ([CODE, "=1+1", "", "", ""], ImportField::Name, "U+003D"),
        ([CODE, "<script>", "", "", ""], ImportField::Name, "U+003C"),
        ([CODE, "", "3501", "", ""], ImportField::Region, "6 位"),
        ([CODE, "", "-", "", ""], ImportField::Region, "不能清空"),
        ([CODE, "", "360102", "", ""], ImportField::Region, "辖区"),
        ([CODE, "", "", "#12", ""], ImportField::Accounts, "文本格式"),
        ([CODE, "", "", "医院", ""], ImportField::Accounts, "不是业务系统编码"),
        ([CODE, "", "", "other", ""], ImportField::Accounts, "没有登记"),
        ([CODE, "", "", "his-1;gone", ""], ImportField::Accounts, "已注销"),
        ([CODE, "", "", "his-1;his-2;his-3;his-4", ""], ImportField::Accounts, "至多 3"),
        ([CODE, "", "", "", "是"], ImportField::Active, "启用"),
        ([CODE, "", "", "", "-"], ImportField::Active, "不能清空"),
        ([new, "", "350102", "his-1", ""], ImportField::Name, "须填写"),
        ([new, "药店", "", "his-1", ""], ImportField::Region, "须填写"),
        ([new, "药店", "350102", "", ""], ImportField::Accounts, "须填写"),
        ([new, "药店", "350102", "-", ""], ImportField::Accounts, "须填写"),
        ([new, "药店", "350102", ";；", ""], ImportField::Accounts, "须填写"),
    ] {
        let RowVerdict::Faulty(faults) = read(&ground(), "35", row) else { panic!("{row:?}") };
        assert_eq!(faults.len(), 1, "{row:?}: {faults:?}");
        let told = faults[0].problem.to_string();
        assert!(faults[0].field == column && told.contains(words), "{row:?}: {:?} {told}", faults[0].field);
        let at =
            ImportSubject::Institutions.fields().iter().position(|field| *field == column).expect("a column");
        assert_eq!(faults[0].value, row[at].trim_start_matches('#'), "{row:?}");
    }
    let RowVerdict::Faulty(all) = read(&ground(), "35", [CODE, "-", "x", "other", "x"]) else { panic!() };
    assert_eq!(all.len(), 4, "all that is wrong is said at once");
}

#[test]
fn out_of_reach_closed_and_double_rows() {
    let only = |verdict, problem| match verdict {
        RowVerdict::Faulty(faults) => {
            assert!(faults.len() == 1 && faults[0].problem == problem, "{faults:?}");
        }
        other => panic!("{other:?}"),
    };
    // Whatever else is wrong: nothing of it is told.
    only(read(&ground(), "3502", [CODE, "-", "x", "other", "x"]), Problem::OutOfReach);
    let mut closed = ground();
    closed.0.values_mut().for_each(|entry| entry.closed = true);
    only(read(&closed, "35", [CODE, "", "", "", ""]), Problem::Closed);
    let ground = ground();
    let reach = [area("35")];
    let mut check = ImportCheck::new(&ground, &reach, 3);
    assert_eq!(check.row(2, &[CODE, "", "", "", ""].map(cell)).1, RowVerdict::Same);
    only(check.row(7, &[CODE, "东院", "", "", ""].map(cell)).1, Problem::Twice(2));
}

#[test]
fn changes_in_words_and_who_is_cut_off() {
    let state = |name: &str, region: &str, accounts: &[&str], active: bool| -> RowState {
        state(name, region, accounts, active).into()
    };
    let before = state("甲", "350102", &["his-1"], true);
    let after = state("乙", "350102", &[], false);
    let told: Vec<_> = field_changes(Some(&before), &after)
        .into_iter()
        .map(|change| format!("{}：{} → {}", change.field.name(), change.old.unwrap_or_default(), change.new))
        .collect();
    assert_eq!(told, ["机构名称：甲 → 乙", "业务系统编码：his-1 → -", "状态：启用 → 停用"]);
    assert_eq!(field_changes(None, &after).len(), 4);
    for (after, loses) in [
        (state("乙", "350103", &["his-1", "his-2"], true), false),
        (state("甲", "350102", &["his-1"], false), true),
        (state("甲", "350102", &["his-2"], true), true),
    ] {
        assert_eq!(before.loses_by(&after), loses, "{after:?}");
    }
    assert_eq!(before.retired(), state("甲", "350102", &[], false));
    for (changed, cuts_off, may_edit, second) in [
        (100, false, true, false),
        (101, false, true, true),
        (1, true, true, true),
        (1, false, false, true),
        (0, false, true, false),
    ] {
        assert_eq!(needs_second(changed, cuts_off, may_edit), second, "{changed} {cuts_off} {may_edit}");
    }
}

/// With one account.
struct Accounts(bool);

impl AccountGround for Accounts {
    fn present(&self, account: &AccountId) -> Option<PresentAccount> {
        (account.as_str() == "his-1").then(|| PresentAccount { state: system(), closed: self.0 })
    }

    fn takes_trial(&self) -> bool {
        false
    }

    fn networks(&self, text: &str) -> Result<String, String> {
        if text.starts_with("10.") { Ok(text.to_owned()) } else { Err(format!("“{text}”不是网段")) }
    }
}

fn system() -> AccountState {
    AccountState {
        name: "门诊".to_owned(),
        interfaces: vec!["notify", "status"],
        rate: NonZeroU32::new(20),
        must_mac: false,
        networks: "10.1.0.0/16".to_owned(),
        active: true,
    }
}

fn read_account(closed: bool, row: [&str; 7]) -> RowVerdict {
    AccountCheck::new(&Accounts(closed)).row(2, &row.map(cell)).1
}

#[test]
fn rows_about_accounts() {
    let changed = |after: AccountState| RowVerdict::Changed { before: system().into(), after: after.into() };
    let plain = AccountState { name: "药店".to_owned(), rate: None, networks: String::new(), ..system() };
    for (row, expected) in [
        (["his-1", "", "", "", "", "", ""], RowVerdict::Same),
        (["his-1", "门诊", "status、notify", "#20", "有则核对", "10.1.0.0/16", "启用"], RowVerdict::Same),
        (
            ["his-1", "", "decode；notify", "", "", "", ""],
            changed(AccountState { interfaces: vec!["notify", "decode"], ..system() }),
        ),
        (
            ["his-1", "", "-", "-", "必须", "-", "停用"],
            changed(AccountState {
                interfaces: Vec::new(),
                rate: None,
                must_mac: true,
                networks: String::new(),
                active: false,
                ..system()
            }),
        ),
        (
            ["his-1", "", "", "5", "", "10.2.0.0/16； 10.3.0.1", ""],
            changed(AccountState {
                rate: NonZeroU32::new(5),
                networks: "10.2.0.0/16,10.3.0.1".to_owned(),
                ..system()
            }),
        ),
        (["his-2", "药店", "", "", "", "", ""], RowVerdict::New(plain.into())),
    ] {
        assert_eq!(read_account(false, row), expected, "{row:?}");
    }
    let told: Vec<String> = field_changes(
        Some(&system().into()),
        &AccountState { rate: None, networks: String::new(), active: false, ..system() }.into(),
    )
    .into_iter()
    .map(|change| change.to_string())
    .collect();
    assert_eq!(told, ["每秒上限：20 → -", "来源网段：10.1.0.0/16 → -", "状态：启用 → 停用"]);
}

#[test]
fn faults_of_accounts_and_what_cuts_one_off() {
    for (row, column, words) in [
        (["", "x", "", "", "", "", ""], ImportField::Account, "40 个"),
        (["医院", "x", "", "", "", "", ""], ImportField::Account, "40 个"),
        (["#350100", "x", "", "", "", "", ""], ImportField::Account, "文本格式"),
        (["t-his", "x", "", "", "", "", ""], ImportField::Account, "联调中心"),
        (["his-2", "", "", "", "", "", ""], ImportField::AccountName, "须填写"),
        (["his-1", "-", "", "", "", "", ""], ImportField::AccountName, "不能清空"),
        (["his-1", "=1+1", "", "", "", "", ""], ImportField::AccountName, "U+003D"),
        (["his-1", "", "notify,all", "", "", "", ""], ImportField::Interfaces, "“all”"),
        (["his-1", "", "", "0", "", "", ""], ImportField::Rate, "大于 0"),
        (["his-1", "", "", "#1.5", "", "", ""], ImportField::Rate, "大于 0"),
        (["his-1", "", "", "", "是", "", ""], ImportField::Mac, "必须"),
        (["his-1", "", "", "", "-", "", ""], ImportField::Mac, "不能清空"),
        (["his-1", "", "", "", "", "his.example", ""], ImportField::Networks, "不是网段"),
        (["his-1", "", "", "", "", "", "是"], ImportField::Active, "启用"),
    ] {
        let RowVerdict::Faulty(faults) = read_account(false, row) else { panic!("{row:?}") };
        let told = faults[0].problem.to_string();
        assert!(faults.len() == 1 && faults[0].field == column && told.contains(words), "{faults:?}");
    }
    let RowVerdict::Faulty(faults) = read_account(true, ["his-1", "乙", "", "", "", "", ""]) else {
        panic!()
    };
    assert_eq!(faults[0].problem, Problem::Closed);
    let mut check = AccountCheck::new(&Accounts(false));
    let row = ["his-2", "甲", "", "", "", "", ""].map(cell);
    assert!(matches!(check.row(2, &row).1, RowVerdict::New(_)));
    let RowVerdict::Faulty(faults) = check.row(3, &row).1 else { panic!() };
    assert_eq!(faults[0].problem, Problem::Twice(2));

    let before: RowState = system().into();
    for (after, loses) in [
        (AccountState { name: "乙".to_owned(), rate: NonZeroU32::new(1), ..system() }, false),
        (AccountState { networks: String::new(), interfaces: INTERFACES.to_vec(), ..system() }, false),
        (AccountState { networks: "10.2.0.0/16".to_owned(), ..system() }, true),
        (AccountState { interfaces: vec!["notify"], ..system() }, true),
        (AccountState { must_mac: true, ..system() }, true),
        (AccountState { active: false, ..system() }, true),
    ] {
        assert_eq!(before.loses_by(&after.clone().into()), loses, "{after:?}");
    }
    assert_eq!(before.retired(), AccountState { active: false, ..system() }.into());
}

proptest! {
    #[test]
    fn a_table_that_was_done_changes_nothing_the_second_time(
        name in prop::option::of("[甲乙东院]{1,8}"),
        region in prop::option::of("35010[1-3]"),
        accounts in prop::option::of("his-[1-4](;his-[1-4]){0,3}"),
        active in prop::option::of(prop::sample::select(vec!["启用", "停用"])),
        code in "[HP]3501000000[1-3]",
    ) {
        let mut ground = ground();
        let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
        let active = active.unwrap_or_default();
        let (name, region, accounts) = (text(&name), text(&region), text(&accounts));
        let row = [code.as_str(), &name, &region, &accounts, active];
        match read(&ground, "35", row) {
            RowVerdict::New(RowState::Institution(after))
            | RowVerdict::Changed { after: RowState::Institution(after), .. } => {
                prop_assert!(after.accounts.windows(2).all(|two| two[0] < two[1]));
                let code = OrgCode::new(&code).expect("a code");
                ground.0.insert(code, PresentEntry { state: after, closed: false });
                prop_assert_eq!(read(&ground, "35", row), RowVerdict::Same);
            }
            RowVerdict::Same => {}
            RowVerdict::Faulty(faults) => prop_assert!(!faults.is_empty()),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

fn contact(name: &str, phone: &str, note: &str) -> Contact {
    Contact { name: name.to_owned(), phone: phone.to_owned(), note: note.to_owned() }
}

/// What a row with these three cells of a contact comes to, at an institution with that contact.
fn contact_row(before: &Contact, cells: [&str; 3]) -> RowVerdict {
    let mut ground = ground();
    for present in ground.0.values_mut() {
        present.state.contact = before.clone();
    }
    let row = [CODE, "", "", "", "", cells[0], cells[1], cells[2]];
    ImportCheck::new(&ground, &[area("35")], 3).row(2, &row.map(cell)).1
}

#[test]
fn whom_to_call_is_left_changed_or_emptied() {
    let before = contact("王试", "13900001234", "夜间");
    for (cells, expected) in [
        (["", "", ""], None),
        (["王试", "13900001234", "夜间"], None),
        (["李试", "", ""], Some(contact("李试", "13900001234", "夜间"))),
        // It looks the same, masked.
        (["", "13700001234", ""], Some(contact("王试", "13700001234", "夜间"))),
        (["", "", "-"], Some(contact("王试", "13900001234", ""))),
        (["-", "-", "-"], Some(Contact::default())),
    ] {
        let verdict = contact_row(&before, cells);
        let Some(expected) = expected else {
            assert_eq!(verdict, RowVerdict::Same, "{cells:?}");
            continue;
        };
        let RowVerdict::Changed { before, after } = &verdict else { panic!("{cells:?}: {verdict:?}") };
        let RowState::Institution(state) = after else { panic!("{cells:?}") };
        assert!(state.contact == expected, "{cells:?}");
        let told: Vec<String> = field_changes(Some(before), after).iter().map(ToString::to_string).collect();
        assert!(!told.is_empty(), "{cells:?}");
        let all = format!("{told:?} {verdict:?}");
        for part in ["王试", "李试", "0000", "夜间"] {
            assert!(!all.contains(part), "{cells:?}: {all}");
        }
    }
    let RowVerdict::Changed { before, after } = contact_row(&before, ["", "13700001234", ""]) else {
        panic!("no change")
    };
    let told: Vec<String> = field_changes(Some(&before), &after).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["联系电话：*******1234 → *******1234（掩去的部分不同）"]);
}

#[test]
fn a_contact_that_nobody_could_call_is_a_fault_of_its_cell() {
    for (cells, field, problem) in [
        (["", "1390000", ""], ContactField::Phone, "联系电话应为"),
        (["", "#13900001234", ""], ContactField::Phone, "该列须为文本格式"),
        (["王\u{202E}试", "", ""], ContactField::Name, "U+202E"),
        (["", "", " 夜间"], ContactField::Note, "空格"),
    ] {
        let verdict = contact_row(&Contact::default(), cells);
        let RowVerdict::Faulty(faults) = &verdict else { panic!("{cells:?}: {verdict:?}") };
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].field, ImportField::Contact(field));
        assert!(faults[0].problem.to_string().contains(problem), "{faults:?}");
        assert!(!format!("{verdict:?}").contains("1390000"), "{verdict:?}");
    }
}

#[test]
fn a_new_entry_that_is_taken_back_keeps_nobody_to_call() {
    let ground = Ground::default();
    let row = [CODE, "药店", "350102", "his-9", "", "王试", "0591-87654321", ""];
    let RowVerdict::New(after) = ImportCheck::new(&ground, &[area("35")], 3).row(2, &row.map(cell)).1 else {
        panic!("not new")
    };
    let RowState::Institution(state) = &after else { panic!("an institution") };
    assert!(state.contact == contact("王试", "0591-87654321", ""));
    let told: Vec<String> = field_changes(None, &after).iter().map(ToString::to_string).collect();
    assert!(told.contains(&"联系人：*试".to_owned()), "{told:?}");
    assert!(!told.iter().any(|change| change.starts_with("备注")), "{told:?}");
    let RowState::Institution(retired) = after.retired() else { panic!("an institution") };
    assert!(retired.contact.is_empty());
}
