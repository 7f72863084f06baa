//! `cargo xtask exe TRIPLE`: `yanmi.exe`, which needs nothing that is not part of Windows.

use std::fs;
use std::process::ExitCode;

use crate::cargo::{built, cargo, done, ended, root};
use crate::pe;

const OUT: &str = "target/exe";

pub(crate) fn run(target: &str) -> ExitCode {
    ended("exe", build(target))
}

fn build(target: &str) -> Result<(), String> {
    let args = ["build", "--quiet", "--profile", "dist", "--package", "yanmi", "--target", target];
    let missing = format!("the build failed; it needs MinGW and `rustup target add {target}`");
    done(cargo().args(args), &missing)?;
    let program = built(&format!("{target}/dist/yanmi.exe"));
    pe::needs_only_windows(&pe::told(&program)?)?;
    let out = root().join(OUT).join(target);
    fs::create_dir_all(&out).map_err(|why| why.to_string())?;
    let size = fs::copy(&program, out.join("yanmi.exe")).map_err(|why| why.to_string())?;
    println!("{OUT}/{target}/yanmi.exe: {size} bytes");
    Ok(())
}
