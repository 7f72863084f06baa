//! `cargo xtask kit DIR`: the tool kit as a province publishes it: a folder and a zip with the same files. The same files make
//! the same bytes, whoever makes them and when. The page is built for it; where it cannot be, the kit is made without, and says so.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::ExitCode;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::cargo::{ended, root};
use crate::doctor_page;

/// Files that stand elsewhere in the repository, and belong into the kit.
const BESIDE: [&str; 3] = ["LICENSE", "examples/accept.py", "examples/person.py"];

/// What is packed of the folder; what an interpreter or a compiler left there is no part of it.
const KINDS: [&str; 12] = ["c", "cs", "example", "go", "java", "js", "json", "md", "pas", "php", "py", "sru"];

/// The page, which is built.
const PAGE: &str = "doctor.html";

/// Name and content.
type KitFile = (String, Vec<u8>);

pub(crate) fn run(folder: &str) -> ExitCode {
    ended("kit", make(Path::new(folder)).map(|zip| println!("{zip}")))
}

/// Writes both; the name of the zip.
fn make(folder: &Path) -> Result<String, String> {
    let name = format!("yanmi-kit-{}", env!("CARGO_PKG_VERSION"));
    let mut files = files()?;
    match doctor_page::make() {
        Ok(page) => files.push((PAGE.to_owned(), page.into_bytes())),
        Err(why) => eprintln!("kit: made without {PAGE}: {why}"),
    }
    let plain = folder.join(&name);
    let said = |why: std::io::Error| why.to_string();
    fs::create_dir_all(&plain).map_err(said)?;
    for (file, content) in &files {
        fs::write(plain.join(file), content).map_err(|why| format!("{file}: {why}"))?;
    }
    let zip = folder.join(format!("{name}.zip"));
    fs::write(&zip, packed(&name, &files).map_err(said)?).map_err(said)?;
    Ok(zip.display().to_string())
}

/// All of them, by name.
fn files() -> Result<Vec<KitFile>, String> {
    let root = root();
    let read = |path: &Path| fs::read(path).map_err(|why| format!("{}: {why}", path.display()));
    let mut out = Vec::new();
    for entry in fs::read_dir(root.join("kit")).map_err(|why| format!("kit: {why}"))? {
        let path = entry.map_err(|why| why.to_string())?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
            out.push((name, read(&path)?));
        }
    }
    for path in BESIDE {
        let name = path.rsplit('/').next().unwrap_or(path);
        out.push((name.to_owned(), read(&root.join(path))?));
    }
    out.sort();
    Ok(out)
}

/// In the order they are given, at the beginning of the time a zip knows.
fn packed(folder: &str, files: &[KitFile]) -> std::io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        out.start_file(format!("{folder}/{name}"), options)?;
        out.write_all(content)?;
    }
    Ok(out.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_kit_is_the_same_each_time_and_its_vectors_are_right() {
        let [one, other] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let [zip, again] = [&one, &other].map(|folder| make(folder.path()).expect("a kit"));
        assert_eq!(fs::read(&zip).expect("a zip"), fs::read(again).expect("a zip"));
        let unpacked = one.path().join("unpacked");
        let python = |args: &[&str], folder: &Path| {
            let ran = Command::new("python3").args(args).current_dir(folder).output().expect("python3");
            assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
            String::from_utf8(ran.stdout).expect("text")
        };
        python(&["-m", "zipfile", "-e", &zip, unpacked.to_str().expect("a path")], one.path());
        let folder = unpacked.join(format!("yanmi-kit-{}", env!("CARGO_PKG_VERSION")));
        let said = python(&["yanmi_kit.py", "vectors", "vectors.json"], &folder);
        assert!(said.contains("全部相符"), "{said}");
        for (name, content) in files().expect("files") {
            assert_eq!(fs::read(folder.join(&name)).expect("unpacked"), content, "{name}");
        }
        assert!(folder.join("person.py").exists() && folder.join("LICENSE").exists());
    }
}
