//! What is for Windows. The DLL: built for both kinds of programs, looked at, and the 64-bit one tried under Wine by a C program that
//! passes the acceptance. The command line: built, and its tools used under Wine. What is not installed is said and left out.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::runtime::Builder;
use yanmi_acceptance::Conclusion;

use crate::examples::suite;
use crate::yanmi::Sandbox;

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

/// What Wine 8 lacks, made beside a program.
fn stand_in(compiler: &str, folder: &Path) {
    let missing = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/windows/bcryptprimitives.c");
    let beside = folder.join("bcryptprimitives.dll");
    compile(compiler, &beside, &["-shared", missing, "-ladvapi32"]);
}

#[test]
fn the_program_for_windows_seals_opens_and_calls_under_wine() {
    let (target, compiler) = TARGETS[1];
    if !can_build(target, compiler) || !has("wine") {
        println!(
            "left out: {target} (rustup target add {target}; Debian packages gcc-mingw-w64, wine, wine64)"
        );
        return;
    }
    let made = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--quiet", "--package", "yanmi", "--target", target])
        .output()
        .expect("cargo");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let folder = tempfile::tempdir().expect("a folder");
    let built = std::env::current_exe().expect("a path");
    let built = built.ancestors().nth(3).expect("the target folder").join(target).join("debug/yanmi.exe");
    let program = folder.path().join("yanmi.exe");
    std::fs::copy(built, &program).expect("the program");
    stand_in(compiler, folder.path());
    let prefix = folder.path().join("wine");
    let wine = Wine::begin(&prefix);
    let run = |words: &[&str], input: &str| {
        let mut ran = Command::new("wine");
        ran.arg(&program).args(words).current_dir(folder.path()).stdin(Stdio::piped());
        ran.stdout(Stdio::piped()).stderr(Stdio::piped());
        wine.set(&mut ran);
        let mut ran = ran.spawn().expect("wine");
        ran.stdin.take().expect("an input").write_all(input.as_bytes()).expect("written");
        let ran = ran.wait_with_output().expect("it ends");
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("text").trim().to_owned()
    };
    let key = ["--key", "00112233445566778899AABBCCDDEEFF"];
    let message = r#"{"orgName":"𠮷林医院"}"#;
    let sealed = run(&[&["seal"], &key[..]].concat(), message);
    assert_eq!(sealed, "8A7BBE39CC74AB15D0A7E3A3384558E13588C3653258B248021AA7CA8AB6A24C");
    assert_eq!(run(&[&["open"], &key[..]].concat(), &sealed), message);
    // A call of a center that runs on this machine, outside of Wine.
    let sandbox = Sandbox::start(&folder.path().join("yanmi-sandbox"));
    let called = run(&["call", "notify", "--token", "350000magicwine00000500320000000500320"], "");
    assert!(called.contains("500320"), "{called}");
    sandbox.stop();
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

impl<'a> Wine<'a> {
    /// Makes the folder whole first: programs that begin together in a folder that is not there yet find each other's
    /// half of it, and end before their first line.
    fn begin(prefix: &'a Path) -> Self {
        let wine = Self { prefix };
        let mut made = Command::new("wine");
        made.args(["wineboot", "--init"]);
        wine.set(&mut made);
        let made = made.output().expect("wine");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        wine
    }

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
    stand_in(compiler, folder.path());
    std::fs::copy(library.join("yanmi.dll"), folder.path().join("yanmi.dll")).expect("copied");
    let prefix = folder.path().join("wine");
    let wine = Wine::begin(&prefix);
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
