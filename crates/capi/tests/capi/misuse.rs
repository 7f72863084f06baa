//! What bad input gets, through the real border, with every access of memory watched.

use std::process::Command;

use crate::plugged::config;
use crate::{built, compile};

#[test]
fn nothing_handed_in_wrongly_is_more_than_a_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, lib) = (folder.path().join("misuse"), built());
    let flags = ["-pthread", "-L", lib.to_str().expect("a path"), "-lyanmi"];
    // Where the library watches itself (`cargo xtask asan`), so does the program.
    let mut watched = if std::env::var_os("YANMI_ASAN").is_some() {
        compile("misuse.c", &program, &[&flags[..], &["-fsanitize=address"]].concat());
        let mut itself = Command::new(&program);
        itself.env("ASAN_OPTIONS", "detect_leaks=1");
        itself
    } else {
        compile("misuse.c", &program, &flags);
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--quiet", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite"])
            .args(["--errors-for-leak-kinds=definite", "--fair-sched=yes"])
            .arg(&program);
        valgrind
    };
    let ran = watched
        .arg(config(folder.path(), ""))
        .arg(config(folder.path(), "[c]\nencoding = 'gbk'\nescape = false\n"))
        .arg(config(folder.path(), "").replace("visits.sqlite", "visits%d.sqlite"))
        .arg(config(folder.path(), "[c]\ntrans_bytes = 256\n").replace("visits.sqlite", "narrow.sqlite"))
        .env("LD_LIBRARY_PATH", &lib)
        .env_remove("YANMI_CONFIG")
        .current_dir(folder.path())
        .output()
        .expect("Debian package valgrind");
    let told = [ran.stdout, ran.stderr].concat();
    assert!(ran.status.success() && told.is_empty(), "{}: {}", ran.status, String::from_utf8_lossy(&told));
}
