//! What the head of a file for Windows says, in the words of `objdump`.

use std::path::Path;
use std::process::Command;

/// Libraries of every Windows 10 and 11, in small letters.
const SYSTEM: [&str; 16] = [
    "advapi32.dll",
    "api-ms-win-core-synch-l1-2-0.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "combase.dll",
    "crypt32.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "psapi.dll",
    "secur32.dll",
    "shell32.dll",
    "user32.dll",
    "userenv.dll",
    "ws2_32.dll",
];

/// All of it.
pub(crate) fn told(file: &Path) -> Result<String, String> {
    let told = Command::new("objdump").arg("-p").arg(file).output();
    let told = told.map_err(|why| format!("objdump: {why}"))?;
    Ok(String::from_utf8_lossy(&told.stdout).into_owned())
}

/// Refuses what needs more than every Windows has.
pub(crate) fn needs_only_windows(told: &str) -> Result<(), String> {
    let needed: Vec<String> = after(told, "DLL Name:").map(str::to_ascii_lowercase).collect();
    let strange: Vec<&String> = needed.iter().filter(|name| !SYSTEM.contains(&name.as_str())).collect();
    if needed.is_empty() || !strange.is_empty() {
        return Err(format!("needs more than Windows: {strange:?}"));
    }
    Ok(())
}

/// The last word of each line with this mark.
pub(crate) fn after<'a>(told: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    told.lines()
        .filter(move |line| line.contains(mark))
        .filter_map(|line| line.split_whitespace().next_back())
}
