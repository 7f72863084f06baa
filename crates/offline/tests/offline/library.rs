//! The port to the dynamic library, with a shared object that behaves as a vendor's does.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use yanmi_client::Desk;
use yanmi_client::gate::{Medium, OfflineOutcome, ProofWay, Reason, VisitId, Way};
use yanmi_client::visits::NewVisit;
use yanmi_protocol::EcToken;

use crate::plugged::config;
use crate::{No, failed, gate, open, outcome, serial, typed, unavailable};

const TOKEN: &str = "350000s0000m7c249p6b0441480000a1e8cb41";

fn library(folder: &Path, operation: &str) -> Desk {
    library_with(folder, operation, "")
}

/// With these lines in its table as well.
fn library_with(folder: &Path, operation: &str, lines: &str) -> Desk {
    let file = folder.join("libvendor.so");
    if !file.exists() {
        compile(&file);
    }
    let more = format!(
        "[library]\nfile = '{}'\nurl = 'http://vendor.invalid'\noperation = '{operation}'\npassword_member = 'pwd'\n{lines}",
        file.display()
    );
    open(&config(folder, &more)).expect("opened")
}

fn compile(out: &Path) {
    let done = Command::new("cc")
        .args(["-std=c99", "-g", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offline/vendor.c"))
        .arg("-o")
        .arg(out)
        .output()
        .expect("a C compiler: Debian package gcc");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A visit whose code was scanned.
fn scanned(desk: &Desk) -> VisitId {
    let token = EcToken::new(TOKEN).expect("a token");
    desk.begin(&NewVisit::scanned(token)).expect("begun").id()
}

fn check(desk: &Desk, visit: VisitId, password: &str) -> OfflineOutcome {
    outcome(&desk.verify_offline(visit, Way::LibraryPassword, typed(password)).expect("recorded"))
}

#[test]
fn the_password_is_checked_by_the_vendors_library() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = library(folder.path(), "cn.vendor.pwd");
    let visit = scanned(&desk);

    let mut heard = String::new();
    let mut hear = |outcome: &OfflineOutcome| {
        let visit = desk.visits().get(visit).expect("kept");
        write!(heard, "{outcome:?}{:?}{:?}", visit.offline(), visit.decision()).expect("a text");
    };
    let wrong = check(&desk, visit, "654321");
    assert_eq!(wrong, failed("密码错误"));
    assert_eq!(gate(&desk, visit, "10"), Err(No::Refuse(Reason::OfflineFailed)));
    hear(&wrong);
    let broken = check(&desk, visit, "000000");
    assert_eq!(broken, unavailable("动态库的应答不是 JSON"));
    assert_eq!(gate(&desk, visit, "10"), Err(No::Refuse(Reason::OfflineUnavailable)));
    hear(&broken);
    let right = check(&desk, visit, "123456");
    assert!(matches!(right, OfflineOutcome::Passed { .. }), "{right:?}");
    assert_eq!(gate(&desk, visit, "10"), Ok(ProofWay::LibraryPassword));
    assert_eq!(serial(&desk, visit).as_deref(), Some("V77"));
    hear(&right);
    assert!(!heard.contains("123456") && !heard.contains("654321"), "{heard}");
}

/// The vendor's library here says that it is of 2022040801.
#[test]
fn what_an_old_library_says_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |lines: &str| {
        let desk = library_with(folder.path(), "cn.vendor.pwd", lines);
        let visit = scanned(&desk);
        (check(&desk, visit, "123456"), gate(&desk, visit, "1").is_ok())
    };
    let (outcome, settle) = check("date_member = 'libDate'\n");
    assert!(matches!(outcome, OfflineOutcome::Passed { .. }) && settle, "{outcome:?}");
    let said = |lines: &str| match check(lines) {
        (OfflineOutcome::Unavailable { message }, false) => message,
        other => panic!("{other:?}"),
    };
    let message = said("min_date = '2023010101'\ndate_member = 'libDate'\n");
    assert!(message.contains("动态库的版本日期 2022040801 早于 2023010101"), "{message}");
    assert!(message.contains("请换用新版动态库"), "{message}");
    let message = said("date_member = 'version'\n");
    assert!(message.contains("没有版本日期") && message.contains("version"), "{message}");
}

#[test]
fn what_a_library_refuses_or_lacks_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = library(folder.path(), "another");
    let visit = desk.begin(&NewVisit::with(Medium::SocialSecurityCard)).expect("begun").id();
    assert_eq!(check(&desk, visit, ""), failed("不认识"));

    for (table, said) in [
        ("file = 'nowhere.so'\nurl = ''\noperation = 'x'\n", "library.file：无法加载"),
        ("file = 'nowhere.so'\nurl = ''\noperation = 'x'\n", "nowhere.so: cannot open shared object file"),
        (
            "file = 'libvendor.so'\nfunction = 'Nothing'\nurl = ''\noperation = 'x'\n",
            "动态库没有函数 Nothing",
        ),
        ("file = 'libvendor.so'\nencoding = 'big5'\nurl = ''\noperation = 'x'\n", "library.encoding"),
        (
            "file = 'libvendor.so'\nmin_date = '2022-03-30'\nurl = ''\noperation = 'x'\n",
            "library.min_date：应为 10 位数字",
        ),
        (
            "file = 'libvendor.so'\nmin_date = '2022032901'\nurl = ''\noperation = 'x'\n",
            "library.min_date：不能早于 2022033001：规范 1.5.4(3)",
        ),
        (
            "file = 'libvendor.so'\ndate = '2021120101'\nurl = ''\noperation = 'x'\n",
            "library.date：动态库的版本日期 2021120101 早于 2022033001：规范 1.5.4(3) 要求升级",
        ),
        (
            "file = 'libvendor.so'\nmin_date = '2023010101'\ndate = '2022040801'\nurl = ''\noperation = 'x'\n",
            "早于 2023010101",
        ),
    ] {
        let table =
            table.replace("libvendor.so", folder.path().join("libvendor.so").to_str().expect("a path"));
        let wrong = open(&config(folder.path(), &format!("[library]\n{table}"))).expect_err("unusable");
        assert!(wrong.contains(said), "{wrong}");
    }
}
