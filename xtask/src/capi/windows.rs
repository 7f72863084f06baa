//! The DLL for Windows, built by MinGW, and what is looked at in it: that it needs nothing that is not part of Windows, that it
//! is called by its name wherever it is put, that every function of `yanmi.h` is there under its plain name, and that Windows
//! shows a version of it.

use std::fs;
use std::path::Path;

use crate::cargo::{built, cargo, done, root};
use crate::pe::{after, needs_only_windows, told};

/// What it can be built for: the triples.
pub(super) const TARGETS: [&str; 2] = ["i686-pc-windows-gnu", "x86_64-pc-windows-gnu"];

/// Bytes it may have.
const LARGEST: usize = 8 * 1024 * 1024;
/// What it is loaded by.
const NAME: &str = "yanmi.dll";

/// Builds it for a triple, and puts it beside its header into a folder of that name.
pub(super) fn build(target: &str, out: &Path) -> Result<(), String> {
    if !TARGETS.contains(&target) {
        return Err(format!("{target}: only {}", TARGETS.join(", ")));
    }
    let args = ["build", "--quiet", "--profile", "release-capi", "--package", "yanmi-shared", "--lib"];
    let missing = format!("the build failed; it needs MinGW and `rustup target add {target}`");
    done(cargo().args(args).args(["--target", target]), &missing)?;
    let out = out.join(target);
    fs::create_dir_all(&out).map_err(|why| why.to_string())?;
    let header = root().join("crates/capi/include/yanmi.h");
    let library = built(&format!("{target}/release-capi/{NAME}"));
    for (from, to) in [(&library, NAME), (&header, "yanmi.h")] {
        fs::copy(from, out.join(to)).map_err(|why| format!("{}: {why}", from.display()))?;
    }
    let header = fs::read_to_string(&header).map_err(|why| why.to_string())?;
    let bytes = fs::read(&library).map_err(|why| why.to_string())?;
    check(&told(&library)?, &header, &bytes)?;
    println!("{}: {} bytes", out.join(NAME).display(), bytes.len());
    Ok(())
}

fn check(told: &str, header: &str, bytes: &[u8]) -> Result<(), String> {
    needs_only_windows(told)?;
    let named =
        told.lines().find(|line| line.starts_with("Name ")).and_then(|line| line.split(' ').next_back());
    if named != Some(NAME) {
        return Err(format!("is called {named:?} within, not {NAME}"));
    }
    let mut exported: Vec<&str> = after(told, "]").filter(|name| is_ours(name)).collect();
    let mut declared: Vec<&str> = functions(header);
    exported.sort_unstable();
    declared.sort_unstable();
    if exported != declared {
        return Err(format!("exports {exported:?}, and yanmi.h has {declared:?}"));
    }
    // The resource is kept in characters of two bytes.
    let version = format!("ProductVersion\0{}", env!("CARGO_PKG_VERSION"));
    let wide: Vec<u8> = version.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if !bytes.windows(wide.len()).any(|part| part == wide) {
        return Err("has no version to show".to_owned());
    }
    if bytes.len() > LARGEST {
        return Err(format!("larger than {LARGEST} bytes"));
    }
    Ok(())
}

fn is_ours(name: &str) -> bool {
    name.starts_with("yanmi_") || name.starts_with("Yanmi")
}

/// The functions a header declares.
fn functions(header: &str) -> Vec<&str> {
    let declared = header.lines().filter_map(|line| line.split_once("YANMI_CALL ")?.1.split_once('('));
    declared.map(|(name, _)| name).filter(|name| is_ours(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "int32_t YANMI_CALL yanmi_open(const char *c);\nconst char *YANMI_CALL YanmiTrans(void);\n";
    const TOLD: &str = "\tDLL Name: KERNEL32.dll\nName \t\t\t000000000054c0d2 yanmi.dll\n\t[   0] YanmiTrans\n\t[   1] yanmi_open\n";

    fn bytes() -> Vec<u8> {
        let version = format!("ProductVersion\0{}", env!("CARGO_PKG_VERSION"));
        version.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn what_a_machine_would_not_have_or_find_is_refused() {
        assert_eq!(check(TOLD, HEADER, &bytes()), Ok(()));
        for (told, why) in [
            (TOLD.replace("KERNEL32", "libgcc_s_dw2-1"), "libgcc_s_dw2-1.dll"),
            (TOLD.replace("yanmi.dll", "libyanmi.dll"), "is called"),
            (TOLD.replace("yanmi_open", "_yanmi_open@8"), "exports"),
            (String::new(), "needs more"),
        ] {
            let refused = check(&told, HEADER, &bytes()).expect_err(why);
            assert!(refused.contains(why), "{why}: {refused}");
        }
        assert!(check(TOLD, HEADER, b"no resource").expect_err("none").contains("no version"));
    }
}
