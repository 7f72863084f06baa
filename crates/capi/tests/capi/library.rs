//! The port to the dynamic library, with a shared object that behaves as a vendor's does.

use std::path::Path;

use yanmi_capi::answer::{DONE, REFUSE};
use yanmi_capi::fault::Kind;
use yanmi_capi::setup::Session;
use zeroize::Zeroizing;

use crate::{compile, config};

const TOKEN: &str = "350000s0000m7c249p6b0441480000a1e8cb41";

fn library(folder: &Path, operation: &str) -> Session {
    library_with(folder, operation, "")
}

/// With these lines in its table as well.
fn library_with(folder: &Path, operation: &str, lines: &str) -> Session {
    let file = folder.join("libvendor.so");
    if !file.exists() {
        compile("vendor.c", &file, &["-shared", "-fPIC"]);
    }
    let more = format!(
        "[library]\nfile = '{}'\nurl = 'http://vendor.invalid'\noperation = '{operation}'\npassword_member = 'pwd'\n{lines}",
        file.display()
    );
    Session::open(&config(folder, &more)).expect("opened")
}

#[test]
fn the_password_is_checked_by_the_vendors_library() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = library(folder.path(), "cn.vendor.pwd");
    let begun = session.begin(0, TOKEN, "", "", "").expect("begun");
    let visit = begun.data["visit"].as_str().expect("a number");
    let check = |password: &str| {
        session.verify_offline(visit, 3, Zeroizing::new(password.to_owned())).expect("recorded")
    };
    let gate = || session.gate(visit, "2207", "10").expect("decided");

    let wrong = check("654321");
    assert_eq!((wrong.code, wrong.message.as_str()), (REFUSE, "线下核验未通过：密码错误"));
    assert_eq!((gate().code, &gate().data["reason"]), (REFUSE, &"offlineFailed".into()));
    let broken = check("000000");
    assert_eq!((broken.code, broken.message.as_str()), (REFUSE, "线下核验不可用：动态库的应答不是 JSON"));
    assert_eq!(gate().data["reason"], "offlineUnavailable");
    let right = check("123456");
    assert_eq!(right.code, DONE, "{right:?}");
    let settled = gate();
    assert_eq!(settled.code, DONE, "{settled:?}");
    assert_eq!(settled.data["proof"]["way"], "libraryPassword");
    assert_eq!(settled.data["proof"]["resBizNo"], "V77");
    for answer in [wrong, broken, right, settled] {
        let text = answer.json();
        assert!(!text.contains("123456") && !text.contains("654321"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn what_a_session_writes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let session = library(folder.path(), "cn.vendor.pwd");
    session
        .desk
        .begin(&yanmi_client::visits::NewVisit::with(yanmi_client::gate::Medium::SocialSecurityCard))
        .expect("a visit");
    let mut written = 0;
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if name.starts_with("visits.sqlite") {
            let mode = entry.metadata().expect("there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name}");
            written += 1;
        }
    }
    // The file, and what the database keeps beside it.
    assert!(written >= 2, "{written}");
    // A configuration with a key in it that others may read is not used.
    let file = folder.path().join("his.toml");
    std::fs::write(&file, config(folder.path(), "")).expect("written");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("set");
    mode(0o640);
    let name = file.to_str().expect("a path");
    let refused = Session::open(name).expect_err("shared").message;
    assert!(refused.contains(&format!("key：文件 {name} 对同组或其他用户开放")), "{refused}");
    drop(session);
    mode(0o600);
    Session::open(name).expect("opened");
}

/// The vendor's library here says that it is of 2022040801.
#[test]
fn what_an_old_library_says_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |lines: &str| {
        let session = library_with(folder.path(), "cn.vendor.pwd", lines);
        let begun = session.begin(0, TOKEN, "", "", "").expect("begun");
        let visit = begun.data["visit"].as_str().expect("a number").to_owned();
        let answer =
            session.verify_offline(&visit, 3, Zeroizing::new("123456".to_owned())).expect("recorded");
        let gate = session.gate(&visit, "2207", "1").expect("decided");
        (answer.code, answer.message, gate.code == DONE)
    };
    let (code, _, settle) = check("date_member = 'libDate'\n");
    assert_eq!((code, settle), (DONE, true));
    let (code, message, settle) = check("min_date = '2023010101'\ndate_member = 'libDate'\n");
    assert_eq!((code, settle), (REFUSE, false), "{message}");
    assert!(message.contains("动态库的版本日期 2022040801 早于 2023010101"), "{message}");
    assert!(message.contains("请换用新版动态库"), "{message}");
    let (code, message, settle) = check("date_member = 'version'\n");
    assert_eq!((code, settle), (REFUSE, false), "{message}");
    assert!(message.contains("没有版本日期") && message.contains("version"), "{message}");
}

#[test]
fn what_a_library_refuses_or_lacks_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = library(folder.path(), "another");
    let begun = session.begin(2, "", "", "", "").expect("begun");
    let visit = begun.data["visit"].as_str().expect("a number");
    let answer = session.verify_offline(visit, 3, Zeroizing::default()).expect("recorded");
    assert_eq!((answer.code, answer.message.as_str()), (REFUSE, "线下核验未通过：不认识"));

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
        let fault =
            Session::open(&config(folder.path(), &format!("[library]\n{table}"))).expect_err("unusable");
        assert_eq!(fault.kind, Kind::Config);
        assert!(fault.message.contains(said), "{fault}");
    }
}
