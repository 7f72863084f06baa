//! The shared object is to need the C library only. The compiler's runtime names `libgcc_s.so` for unwinding; the linker
//! is shown a file of that name that leads to libgcc's static half instead.
//!
//! For Windows, MinGW's compiler of resources adds what Explorer shows of a file: its name and version.

use std::error::Error;
use std::path::Path;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    let folder = std::env::var("OUT_DIR")?;
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        std::fs::write(Path::new(&folder).join("libgcc_s.so"), "INPUT(-l:libgcc_eh.a -l:libgcc.a)\n")?;
        println!("cargo::rustc-cdylib-link-arg=-L{folder}");
    }
    if is("CARGO_CFG_TARGET_OS", "windows") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        let object = resource(Path::new(&folder), &std::env::var("CARGO_CFG_TARGET_ARCH")?)?;
        println!("cargo::rustc-cdylib-link-arg={object}");
    }
    Ok(())
}

/// The resource with the version, compiled.
fn resource(folder: &Path, arch: &str) -> Result<String, Box<dyn Error>> {
    let version = env!("CARGO_PKG_VERSION");
    let numbers = format!("{},0", version.split(['-', '+']).next().unwrap_or(version).replace('.', ","));
    let (source, object) = (folder.join("version.rc"), folder.join("version.o"));
    let arch = if arch == "x86" { "i686" } else { arch };
    std::fs::write(&source, text(version, &numbers))?;
    let windres = format!("{arch}-w64-mingw32-windres");
    let made = Command::new(&windres).args(["-c", "65001"]).arg(&source).arg(&object).status();
    match made {
        Ok(status) if status.success() => Ok(object.display().to_string()),
        Ok(status) => Err(format!("{windres}: {status}").into()),
        Err(why) => Err(format!("{windres} (of MinGW): {why}").into()),
    }
}

/// Its source; the translation is "Chinese, Unicode".
fn text(version: &str, numbers: &str) -> String {
    format!(
        "1 VERSIONINFO\nFILEVERSION {numbers}\nPRODUCTVERSION {numbers}\nFILEOS 0x40004\nFILETYPE 2\nBEGIN\n\
         BLOCK \"StringFileInfo\"\nBEGIN\nBLOCK \"080404B0\"\nBEGIN\n\
         VALUE \"FileDescription\", \"医保电子凭证线上密码核验认证，机构一侧\"\nVALUE \"FileVersion\", \"{version}\"\n\
         VALUE \"InternalName\", \"yanmi\"\nVALUE \"OriginalFilename\", \"yanmi.dll\"\n\
         VALUE \"ProductName\", \"验密 yanmi\"\nVALUE \"ProductVersion\", \"{version}\"\nEND\nEND\n\
         BLOCK \"VarFileInfo\"\nBEGIN\nVALUE \"Translation\", 0x804, 1200\nEND\nEND\n"
    )
}
