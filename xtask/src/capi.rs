//! `cargo xtask capi`: builds what institutions' programs load, and says how big it is and what it needs. With `--target` it is the
//! DLL for Windows.

mod windows;

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::cargo::{built, cargo, done, ended, root};

/// Bytes the shared object may have.
const LARGEST: u64 = 6 * 1024 * 1024;
/// The libraries of Debian's package libc6, beside which it may need nothing.
const LIBC: [&str; 5] =
    ["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux.so.2"];
/// What a program linked with `-lyanmi` looks for when it starts. Compilers before 1.97 write no name down by themselves.
const NAMED: &str = "-Clink-arg=-Wl,-soname,libyanmi.so";
const OUT: &str = "target/capi";

pub(crate) const USAGE: &str = "capi [--target i686-pc-windows-gnu | x86_64-pc-windows-gnu]";

pub(crate) fn run(words: &[&str]) -> ExitCode {
    match words {
        [] => ended("capi", build()),
        ["--target", target] => ended("capi", windows::build(target, &root().join(OUT))),
        _ => {
            eprintln!("usage: cargo xtask {USAGE}");
            ExitCode::from(2)
        }
    }
}

fn build() -> Result<(), String> {
    let root = root();
    let out = root.join(OUT);
    let args = ["rustc", "--quiet", "--profile", "release-capi", "--package", "yanmi-shared", "--lib", "--"];
    done(cargo().args(args).arg(NAMED), "the build failed")?;
    std::fs::create_dir_all(&out).map_err(|why| why.to_string())?;
    for (from, to) in [
        (built("release-capi/libyanmi.so"), "libyanmi.so"),
        (built("release-capi/libyanmi.a"), "libyanmi.a"),
        (root.join("crates/capi/include/yanmi.h"), "yanmi.h"),
    ] {
        std::fs::copy(&from, out.join(to)).map_err(|why| format!("{}: {why}", from.display()))?;
    }
    let library = out.join("libyanmi.so");
    let size = library.metadata().map_err(|why| why.to_string())?.len();
    let needed = needed(&library)?;
    println!("{OUT}/libyanmi.so: {size} bytes, needs {}", needed.join(" "));
    let strange: Vec<_> = needed.iter().filter(|name| !LIBC.contains(&name.as_str())).collect();
    if size > LARGEST {
        return Err(format!("larger than {LARGEST} bytes"));
    }
    if !strange.is_empty() {
        return Err(format!("needs more than the C library: {strange:?}"));
    }
    Ok(())
}

/// The libraries it names.
fn needed(library: &Path) -> Result<Vec<String>, String> {
    let told =
        Command::new("readelf").arg("-d").arg(library).output().map_err(|why| format!("readelf: {why}"))?;
    let text = String::from_utf8_lossy(&told.stdout);
    let named = text.lines().filter(|line| line.contains("(NEEDED)"));
    Ok(named.filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned())).collect())
}
