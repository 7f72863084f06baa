//! The files of a crate as modules, and what each takes from which: what the rules about circles and floors look at.
//!
//! It reads what rustfmt wrote, not Rust in general. A path is followed through `pub use`, so that what a file takes from a
//! module's front counts as taken from where it is. What a macro puts together is not seen, and neither is what a file
//! that is compiled for tests only takes.

use std::collections::{BTreeMap, BTreeSet};

use super::file::File;

/// A module by its path in the crate; the root has none.
pub(crate) type ModulePath = Vec<String>;

/// The modules of one crate.
#[derive(Debug)]
pub(crate) struct Modules {
    /// The file of each.
    pub(crate) files: BTreeMap<ModulePath, String>,
    /// What each takes from which others, itself left out.
    pub(crate) takes: BTreeMap<ModulePath, BTreeSet<ModulePath>>,
}

impl Modules {
    /// Of every crate.
    pub(crate) fn of_crates(files: &[File]) -> Vec<Self> {
        let manifests = files.iter().filter_map(|file| file.path.strip_suffix("Cargo.toml"));
        manifests.map(|folder| Self::of(files, &format!("{folder}src/"))).collect()
    }

    /// Of the crate whose sources lie below this folder, which ends in a slash.
    pub(crate) fn of(files: &[File], below: &str) -> Self {
        let sources: BTreeMap<ModulePath, (&str, String)> = files
            .iter()
            .filter_map(|file| Some((module_of(file.path.strip_prefix(below)?)?, file)))
            .map(|(module, file)| (module, (file.path.as_str(), code(&file.text))))
            .collect();
        let tests = only_for_tests(&sources);
        let is_test = |module: &ModulePath| tests.iter().any(|test| module.starts_with(test));
        let sources: BTreeMap<_, _> = sources.into_iter().filter(|(module, _)| !is_test(module)).collect();
        let fronts = fronts(&sources);
        let mut takes = BTreeMap::new();
        for (module, (_, text)) in &sources {
            let mut sources_of = BTreeSet::new();
            for path in paths(text) {
                let Some(path) = absolute(&sources, module, &path) else { continue };
                let from = home(&sources, &fronts, &path);
                if from != *module {
                    sources_of.insert(from);
                }
            }
            takes.insert(module.clone(), sources_of);
        }
        let files = sources.into_iter().map(|(module, (path, _))| (module, path.to_owned())).collect();
        Self { files, takes }
    }
}

type Sources<'a> = BTreeMap<ModulePath, (&'a str, String)>;

/// The module of a file below a crate's sources.
fn module_of(path: &str) -> Option<ModulePath> {
    let stem = path.strip_suffix(".rs")?;
    let mut parts: ModulePath = stem.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || matches!(stem, "lib" | "main") {
        parts.pop();
    }
    Some(parts)
}

/// A text without comments, without what stands in quotes, and without its tests.
pub(crate) fn code(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let mut out = String::with_capacity(product.len());
    for line in product.lines() {
        let mut quoted = false;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' if quoted => drop(chars.next()),
                '"' => quoted = !quoted,
                '/' if !quoted && chars.peek() == Some(&'/') => break,
                c if !quoted => out.push(c),
                _ => {}
            }
        }
        out.push('\n');
    }
    out
}

/// Modules that are declared for tests only.
fn only_for_tests(sources: &Sources<'_>) -> BTreeSet<ModulePath> {
    let mut out = BTreeSet::new();
    for (module, (_, text)) in sources {
        let mut after_attribute = false;
        for line in text.lines().map(str::trim) {
            let declared = line.strip_suffix(';').and_then(|line| line.rsplit_once("mod "));
            if let (true, Some((_, name))) = (after_attribute, declared) {
                out.insert([module.as_slice(), &[name.to_owned()]].concat());
            }
            // Other attributes may stand between.
            after_attribute = line.starts_with("#[cfg(test)]") || after_attribute && line.starts_with("#[");
        }
    }
    out
}

/// Every path of a text that begins at a module, `use` trees laid out.
fn paths(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut plain = String::new();
    while let Some(at) = find_use(rest) {
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        let (tree, behind) = after.split_once(';').unwrap_or((after, ""));
        // What is handed on is looked up where it is taken.
        if !before.trim_end().ends_with("pub") && !before.trim_end().ends_with(')') {
            laid_out(tree.trim_start_matches("use ").trim(), &mut out);
        }
        rest = behind;
    }
    plain.push_str(rest);
    let plain = without_visibility(&plain);
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    out.extend(plain.split(|c| !word(c)).filter(|path| path.contains("::")).map(str::to_owned));
    out
}

/// A text without `pub(in a::b)`: how far something may be seen takes nothing from there.
fn without_visibility(text: &str) -> String {
    let mut parts = text.split("pub(in ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once(')').map_or(part, |(_, rest)| rest))
}

/// Where a `use` begins.
fn find_use(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find("use ") {
        let at = from + at;
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        if before.is_none_or(char::is_whitespace) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn laid_out(tree: &str, out: &mut Vec<String>) {
    let Some((front, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        out.push(path.split_whitespace().collect());
        return;
    };
    let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = inner.get(begin..at).unwrap_or_default().trim();
                if !part.is_empty() {
                    laid_out(&format!("{}{part}", front.trim()), out);
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
}

/// A path from the root of the crate; nothing for one that leads out of it.
fn absolute(sources: &Sources<'_>, module: &ModulePath, path: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    let (first, rest) = parts.split_first()?;
    let rest = rest.iter().map(|part| (*part).to_owned());
    match *first {
        "crate" => Some(rest.collect()),
        "self" => Some(module.iter().cloned().chain(rest).collect()),
        "super" => {
            let supers = parts.iter().take_while(|part| **part == "super").count();
            let up = module.get(..module.len().checked_sub(supers)?)?;
            let rest = parts.iter().skip(supers).map(|part| (*part).to_owned());
            Some(up.iter().cloned().chain(rest).collect())
        }
        name => {
            let child = [module.as_slice(), &[name.to_owned()]].concat();
            sources.contains_key(&child).then(|| child.into_iter().chain(rest).collect())
        }
    }
}

/// What modules hand on: the name under which, and the path it stands for.
type Fronts = BTreeMap<(ModulePath, String), Vec<String>>;

fn fronts(sources: &Sources<'_>) -> Fronts {
    let mut out = Fronts::new();
    for (module, (_, text)) in sources {
        let mut rest = text.as_str();
        while let Some(at) = find_use(rest) {
            let (before, after) = rest.split_at(at);
            let (tree, behind) = after.split_once(';').unwrap_or((after, ""));
            if before.trim_end().ends_with("pub") || before.trim_end().ends_with(')') {
                let mut handed_on = Vec::new();
                laid_out(tree.trim_start_matches("use ").trim(), &mut handed_on);
                for path in handed_on {
                    let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                    if let Some(path) = absolute(sources, module, &path) {
                        out.insert((module.clone(), name), path);
                    }
                }
            }
            rest = behind;
        }
    }
    out
}

/// The module in which what a path names is written.
fn home(sources: &Sources<'_>, fronts: &Fronts, path: &[String]) -> ModulePath {
    let mut path = path.to_vec();
    // Longer chains than this there are not; a circle of them does not compile.
    for _ in 0..8 {
        let mut depth = path.len();
        while depth > 0 && !sources.contains_key(path.get(..depth).unwrap_or_default()) {
            depth -= 1;
        }
        let (module, rest) = path.split_at(depth);
        let handed_on = rest.first().and_then(|name| fronts.get(&(module.to_vec(), name.clone())));
        let Some(target) = handed_on else { return module.to_vec() };
        path = target.iter().cloned().chain(rest.iter().skip(1).cloned()).collect();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(files: &[(&str, &str)], of: &[&str]) -> Vec<String> {
        let files: Vec<File> = files
            .iter()
            .map(|(path, text)| File { path: format!("x/src/{path}"), text: (*text).to_owned() })
            .collect();
        let module: ModulePath = of.iter().map(|part| (*part).to_owned()).collect();
        let modules = Modules::of(&files, "x/src/");
        modules.takes[&module].iter().map(|module| module.join("::")).collect()
    }

    #[test]
    fn what_a_file_takes_is_found_however_it_is_written() {
        let below =
            [("lib.rs", "mod a;\nmod b;"), ("b.rs", "pub struct B;\n"), ("b/c.rs", "pub struct C;\n")];
        for text in [
            "use crate::b::c::C;\n",
            "use crate::{\n    b::{c::C, other},\n};\n",
            "use super::b::c;\nfn f() -> crate::b::c::C { todo() }\n",
            "fn f() { crate::b::c::run() }\n",
        ] {
            let files = [&below[..], &[("a.rs", text)]].concat();
            assert!(takes(&files, &["a"]).contains(&"b::c".to_owned()), "{text}");
        }
        for text in ["// use crate::b::c::C;\n", "const A: &str = \"crate::b::c\";\n", "use std::b::c::C;\n"]
        {
            let files = [&below[..], &[("a.rs", text)]].concat();
            assert_eq!(takes(&files, &["a"]), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_front_is_looked_through_and_tests_are_left_out() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\n"),
            ("b.rs", "mod c;\npub(crate) use c::C;\n#[cfg(test)]\nmod trial;\n"),
            ("b/c.rs", "pub struct C;\n"),
            ("b/trial.rs", "use crate::a::A;\n"),
            ("a.rs", "use crate::b::C;\n#[cfg(test)]\nmod tests {\nuse crate::z::Z;\n}\n"),
        ];
        assert_eq!(takes(&files, &["a"]), ["b::c"]);
        assert_eq!(takes(&files, &["b"]), Vec::<String>::new(), "handing on is no taking");
        let modules = Modules::of(
            &files.map(|(path, text)| File { path: format!("x/src/{path}"), text: text.to_owned() }),
            "x/src/",
        );
        assert_eq!(modules.files.len(), 4, "without the one for tests");
    }
}
