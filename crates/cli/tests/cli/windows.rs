//! The DLL for Windows: built for both kinds of programs, looked at, and the 64-bit one tried under Wine by a C program that
//! passes the acceptance. What is not installed is said and left out.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::runtime::Builder;
use yanmi_acceptance::Conclusion;

use crate::examples::suite;

const TARGETS: [(&str, &str); 2] =
    [("i686-pc-windows-gnu", "i686-w64-mingw32-gcc"), ("x86_64-pc-windows-gnu", "x86_64-w64-mingw32-gcc")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

/// Whether this machine can compile for a triple.
fn can_build(target: &str, compiler: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
    let folder = String::from_utf8(told.expect("rustc").stdout).expect("a path");
    Path::new(folder.trim()).is_dir() && has(compiler)
}

/// Builds the DLL, and looks at it; the folder it is in.
fn dll(target: &str) -> PathBuf {
    let made = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["xtask", "capi", "--target", target])
        .output()
        .expect("cargo");
    assert!(made.status.success(), "{target}: {}", String::from_utf8_lossy(&made.stderr));
    root().join("target/capi").join(target)
}

#[test]
fn the_dll_needs_windows_only_and_passes_the_acceptance_under_wine() {
    let mut tried = None;
    for (target, compiler) in TARGETS {
        if !can_build(target, compiler) {
            println!("left out: {target} (rustup target add {target}; Debian package gcc-mingw-w64)");
            continue;
        }
        tried = Some((compiler, dll(target))).filter(|_| target.starts_with("x86_64"));
    }
    let Some((compiler, library)) = tried else { return };
    if !has("wine") {
        println!("left out: running it (Debian packages wine, wine64)");
        return;
    }
    passes_the_acceptance(compiler, &library);
}

/// Wine with a folder of its own, which ends with it.
struct Wine<'a> {
    prefix: &'a Path,
}

impl Wine<'_> {
    fn set(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", self.prefix)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    }
}

impl Drop for Wine<'_> {
    fn drop(&mut self) {
        let mut end = Command::new("wineserver");
        end.args(["-k", "-w"]);
        self.set(&mut end);
        // The folder cannot be removed while it runs; where it is gone already there is nothing to end.
        let _ = end.status();
    }
}

fn compile(compiler: &str, to: &Path, words: &[&str]) {
    let mut made = Command::new(compiler);
    made.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-o"]).arg(to).args(words);
    let made = made.output().expect("MinGW");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn passes_the_acceptance(compiler: &str, library: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("desk.exe");
    let text = |path: PathBuf| path.to_str().expect("a path").to_owned();
    let (example, include) = (text(root().join("examples/c/desk.c")), text(library.to_owned()));
    compile(compiler, &program, &[&example, "-I", &include, &text(library.join("yanmi.dll"))]);
    let missing = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/windows/bcryptprimitives.c");
    let beside = folder.path().join("bcryptprimitives.dll");
    compile(compiler, &beside, &["-shared", missing, "-ladvapi32"]);
    std::fs::copy(library.join("yanmi.dll"), folder.path().join("yanmi.dll")).expect("copied");
    let prefix = folder.path().join("wine");
    let wine = Wine { prefix: &prefix };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let suite = runtime.block_on(suite());
    let brief = folder.path().join("acceptance.json");
    std::fs::write(&brief, serde_json::to_string(&suite.brief()).expect("JSON")).expect("written");
    let mut accept = Command::new("python3");
    accept.arg(root().join("examples/accept.py")).arg(&brief).arg(folder.path().join("report.json"));
    accept.arg("wine").arg(&program).env("YANMI_ATTEMPT", "2500").current_dir(folder.path());
    wine.set(&mut accept);
    let ran = accept.output().expect("python3");
    let told = [ran.stdout, ran.stderr].concat();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&told));
    assert_eq!(suite.judged().conclusion(), Conclusion::Passed);
    runtime.block_on(suite.stop());
}
