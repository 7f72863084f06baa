//! The port to the dynamic library, with a shared object that behaves as a vendor's does.

use std::path::Path;

use yanmi_capi::answer::{DONE, REFUSE};
use yanmi_capi::fault::Kind;
use yanmi_capi::setup::Session;
use zeroize::Zeroizing;

use crate::{compile, config};

const TOKEN: &str = "350000s0000m7c249p6b0441480000a1e8cb41";

fn library(folder: &Path, operation: &str) -> Session {
    let file = folder.join("libvendor.so");
    if !file.exists() {
        compile("vendor.c", &file, &["-shared", "-fPIC"]);
    }
    let more = format!(
        "[library]\nfile = '{}'\nurl = 'http://vendor.invalid'\noperation = '{operation}'\npassword_member = 'pwd'\n",
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
    ] {
        let table =
            table.replace("libvendor.so", folder.path().join("libvendor.so").to_str().expect("a path"));
        let fault =
            Session::open(&config(folder.path(), &format!("[library]\n{table}"))).expect_err("unusable");
        assert_eq!(fault.kind, Kind::Config);
        assert!(fault.message.contains(said), "{fault}");
    }
}
