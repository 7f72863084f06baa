//! `cargo xtask doctor-page FILE`: the tool kit's page, with its program compiled for browsers.

use std::path::Path;
use std::process::ExitCode;

use yanmi_doctor_page::{TARGET, page};

use crate::cargo::{built, cargo, done, ended, root};

/// Bytes the page may have: it is mailed and carried about.
const LARGEST: usize = 2 * 1024 * 1024;

pub(crate) fn run(file: &str) -> ExitCode {
    ended("doctor-page", write(Path::new(file)))
}

fn write(file: &Path) -> Result<(), String> {
    let page = make()?;
    std::fs::write(file, &page).map_err(|why| format!("{}: {why}", file.display()))?;
    println!("{}: {} bytes", file.display(), page.len());
    Ok(())
}

/// Builds it.
pub(crate) fn make() -> Result<String, String> {
    let args =
        ["build", "--quiet", "--profile", "page", "--target", TARGET, "--package", "yanmi-doctor-page"];
    let missing = format!("the build failed; it needs `rustup target add {TARGET}`");
    // Where this machine keeps its sources is nothing for a file that is published.
    let home =
        std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=/yanmi", root().display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={home}=/cargo")));
    done(cargo().args(args).env("RUSTFLAGS", flags.join(" ")), &missing)?;
    let program = built(&format!("{TARGET}/page/yanmi-doctor-page.wasm"));
    let program = std::fs::read(&program).map_err(|why| format!("{}: {why}", program.display()))?;
    let page = page(&program);
    if page.len() > LARGEST {
        return Err(format!("{} bytes are more than {LARGEST}", page.len()));
    }
    Ok(page)
}
