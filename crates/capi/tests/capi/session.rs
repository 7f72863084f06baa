//! The files of a session.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use yanmi_capi::setup::Session;
use yanmi_client::gate::Medium;
use yanmi_client::visits::NewVisit;

use crate::plugged::config;

#[test]
fn what_a_session_writes_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = Session::open(&config(folder.path(), "")).expect("opened");
    session.desk.begin(&NewVisit::with(Medium::SocialSecurityCard)).expect("a visit");
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
