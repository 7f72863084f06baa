//! No type name twice within a crate: a name that means two things is looked up twice.

use std::collections::BTreeMap;

use super::file::{File, Violation};
use super::modules::Modules;

/// One message a file, and the file's name is the first half of its types' names: `notify::Request`, `status::Request`.
const MESSAGES: &str = "crates/protocol/src/message/";

pub(crate) fn check(files: &[File], crates: &[Modules]) -> Vec<Violation> {
    crates.iter().flat_map(|modules| of_crate(files, modules)).collect()
}

fn of_crate(files: &[File], modules: &Modules) -> Vec<Violation> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in modules.files.values().filter(|path| !path.starts_with(MESSAGES)) {
        let Some(file) = files.iter().find(|file| file.path == *path) else { continue };
        let product = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (at, line) in product.lines().enumerate() {
            if let Some(name) = declared(line) {
                places.entry(name).or_default().push(format!("{path}:{}", at + 1));
            }
        }
    }
    let twice = places.into_iter().filter(|(_, places)| places.len() > 1);
    twice
        .map(|(name, places)| {
            let (first, others) =
                places.split_first().map_or((String::new(), &[][..]), |(f, o)| (f.clone(), o));
            Violation::new(first, format!("{name} is also the name of a type in {}", others.join(", ")))
        })
        .collect()
}

/// The type a line declares. What is declared within a function or an `impl` is nobody else's.
fn declared(line: &str) -> Option<&str> {
    let line =
        if line.starts_with("pub") { line.split_once(' ').map_or(line, |(_, rest)| rest) } else { line };
    // `pub(in crate::ledger) struct` has a blank within its parentheses.
    let line = line.split_once(") ").filter(|(front, _)| front.starts_with("crate")).map_or(line, |(_, l)| l);
    let kinds = ["struct ", "enum ", "trait ", "union ", "type "];
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(one: &str, other: &str) -> usize {
        let of = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files = [
            of("crates/x/Cargo.toml", ""),
            of("crates/x/src/lib.rs", "mod a;\nmod b;\n"),
            of("crates/x/src/a.rs", one),
            of("crates/x/src/b.rs", other),
        ];
        check(&files, &Modules::of_crates(&files)).len()
    }

    #[test]
    fn a_name_that_is_given_twice_is_seen() {
        for other in
            ["enum Kind {", "pub(crate) struct Kind;", "pub(in crate::a) trait Kind {", "pub type Kind = u8;"]
        {
            assert_eq!(found("struct Kind {", other), 1, "{other}");
        }
        for other in ["struct Kinds;", "    struct Kind;", "#[cfg(test)]\nmod tests {\nstruct Kind;\n}"] {
            assert_eq!(found("struct Kind {", other), 0, "{other}");
        }
    }
}
