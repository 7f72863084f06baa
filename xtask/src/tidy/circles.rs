//! No circle of files inside a crate: of two files that need each other neither can be read, tested or moved alone.
//!
//! A parent that lists its children and calls them is no circle as long as they take nothing from it; what they share is in
//! a file of its own beside them. What a macro of a list puts together is not seen, on purpose: a list has to name what is
//! in it, and its members have to name the list.

use std::collections::{BTreeMap, BTreeSet};

use super::file::Violation;
use super::modules::{ModulePath, Modules};

pub(crate) fn check(crates: &[Modules]) -> Vec<Violation> {
    crates.iter().flat_map(circles).collect()
}

fn circles(modules: &Modules) -> Vec<Violation> {
    let reached: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> =
        modules.takes.keys().map(|module| (module, reachable(modules, module))).collect();
    let mut told = BTreeSet::new();
    let mut out = Vec::new();
    for (module, path) in &modules.files {
        let circle: Vec<&ModulePath> = reached
            .get(module)
            .into_iter()
            .flatten()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(module)))
            .collect();
        // Each circle once, at its first file.
        if circle.len() > 1 && told.insert(circle.clone()) {
            let names: Vec<String> = circle.iter().map(|module| name(module)).collect();
            out.push(Violation::new(path, format!("is in a circle of files: {}", names.join(", "))));
        }
    }
    out
}

/// What a module takes from, directly and through others.
fn reachable<'m>(modules: &'m Modules, from: &ModulePath) -> BTreeSet<&'m ModulePath> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&ModulePath> = modules.takes.get(from).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(modules.takes.get(module).into_iter().flatten());
        }
    }
    seen
}

fn name(module: &ModulePath) -> String {
    if module.is_empty() { "the root".to_owned() } else { module.join("::") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file::File;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let manifest = File { path: "x/Cargo.toml".to_owned(), text: String::new() };
        let sources =
            files.iter().map(|(path, text)| File { path: format!("x/src/{path}"), text: (*text).to_owned() });
        let files: Vec<File> = std::iter::once(manifest).chain(sources).collect();
        check(&Modules::of_crates(&files)).into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn a_circle_is_told_once_with_everybody_in_it() {
        let circle = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("a.rs", "use crate::b::B;\n"),
            ("b.rs", "use crate::c::C;\n"),
            ("c.rs", "fn f() -> crate::a::A {}\n"),
        ];
        assert_eq!(found(&circle), ["is in a circle of files: a, b, c"]);
        let parent =
            [("lib.rs", "mod a;\n"), ("a.rs", "mod b;\nuse b::run;\n"), ("a/b.rs", "use super::A;\n")];
        assert_eq!(found(&parent), ["is in a circle of files: a, a::b"]);
    }

    #[test]
    fn a_parent_may_call_its_children() {
        let files = [
            ("lib.rs", "mod a;\n"),
            ("a.rs", "mod b;\nmod c;\npub(crate) use c::C;\nuse b::run;\n"),
            ("a/b.rs", "use super::C;\n"),
            ("a/c.rs", "pub struct C;\n"),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
    }
}
