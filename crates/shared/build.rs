//! The shared object is to need the C library only. The compiler's runtime names `libgcc_s.so` for unwinding; the linker
//! is shown a file of that name that leads to libgcc's static half instead.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        let folder = std::env::var("OUT_DIR")?;
        std::fs::write(Path::new(&folder).join("libgcc_s.so"), "INPUT(-l:libgcc_eh.a -l:libgcc.a)\n")?;
        println!("cargo::rustc-cdylib-link-arg=-L{folder}");
    }
    Ok(())
}
