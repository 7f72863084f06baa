//! Nothing goes through a hash map in the map's order: that is a process's own, and the same seed has to give the same rows.
//!
//! What is refused is a loop, or a chain of iterators, over a `HashMap` or a `HashSet`, unless what it comes to is the same in
//! any order, by its last step (a sum, a count, a set) or by being sorted in the next statement. Where it is the same
//! for a reason that is not seen here, a comment above it says so, and begins with `In any order:`.
//!
//! It reads names, not types: fields of the files of a folder, what a function of the file has for itself, and what functions return.

mod chain;
mod names;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use self::chain::{Expressions, Verdict};
use self::names::{Names, Order, SharedNames};
use self::tokens::Tokens;
use super::file::{File, Violation};
use super::modules::{Modules, code};

/// Where a seed decides.
const WITHIN: [&str; 2] = ["crates/center/src/", "crates/world/src/"];
/// How a reason begins.
const REASON: &str = "// In any order: ";

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    WITHIN.iter().flat_map(|below| of_crate(files, below)).collect()
}

fn of_crate(files: &[File], below: &str) -> Vec<Violation> {
    let modules = Modules::of(files, below);
    let own: Vec<(&File, String)> = modules
        .files
        .values()
        .filter(|path| !path.ends_with("tests.rs"))
        .filter_map(|path| files.iter().find(|file| file.path == *path))
        .map(|file| (file, code(&file.text)))
        .collect();
    let mut fields: BTreeMap<&str, BTreeMap<String, Order>> = BTreeMap::new();
    let mut others: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut functions = BTreeMap::new();
    for (file, code) in &own {
        let names = Names::declared(&Tokens::of(code));
        let of_folder = fields.entry(folder(&file.path)).or_default();
        of_folder.extend(names.fields.iter().map(|(name, order)| ((*name).to_owned(), *order)));
        others.extend(names.other_fields.iter().map(|name| (folder(&file.path), (*name).to_owned())));
        let stem = |name: &&str| (stem(&file.path).to_owned(), (*name).to_owned());
        functions.extend(names.functions.iter().map(|(name, order)| (stem(name), *order)));
    }
    let shared = |file: &File| {
        let folder = folder(&file.path);
        let possible_fields = fields.get(folder).cloned().unwrap_or_default();
        // Where two files of a folder mean two things by a name, each means its own.
        let certain = |(name, _): &(&String, &Order)| !others.contains(&(folder, (*name).clone()));
        let fields = possible_fields.iter().filter(certain).map(|(name, order)| (name.clone(), *order));
        SharedNames { fields: fields.collect(), possible_fields, functions: functions.clone() }
    };
    own.iter().flat_map(|(file, code)| of_file(file, code, &shared(file))).collect()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn stem(path: &str) -> &str {
    path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default()
}

fn of_file(file: &File, code: &str, shared: &SharedNames) -> Vec<Violation> {
    let tokens = Tokens::of(code);
    let mut expressions = Expressions { names: Names::declared(&tokens), shared, tokens: &tokens };
    let lines: Vec<&str> = file.text.lines().collect();
    let mut out = Vec::new();
    for place in 0..tokens.0.len() {
        expressions.bind(place);
        let Some((order, behind)) = expressions.collection(place) else { continue };
        if order == Order::Sorted || expressions.outcome(place, order, behind) != Verdict::InTheMapsOrder {
            continue;
        }
        let line_of = |place: usize| tokens.0.get(place).map_or(0, |token| token.line);
        if !has_reason(&lines, line_of(tokens.statement(place)), line_of(place)) {
            let what =
                format!("goes through a hash map in its own order: sort it, or say why with `{REASON}…`");
            out.push(Violation::new(format!("{}:{}", file.path, line_of(place) + 1), what));
        }
    }
    out
}

/// Whether a comment above the statement, or above the line, or behind it, gives a reason.
fn has_reason(lines: &[&str], statement: usize, line: usize) -> bool {
    let above = |at: usize| {
        let before = lines.get(..at).unwrap_or_default().iter().rev();
        before
            .map(|line| line.trim())
            .take_while(|line| line.starts_with("//"))
            .any(|it| it.starts_with(REASON))
    };
    above(statement) || above(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_in(files: &[(&str, &str)]) -> Vec<String> {
        let of = |(path, text): &(&str, &str)| File {
            path: format!("crates/center/src/{path}"),
            text: (*text).to_owned(),
        };
        let files: Vec<File> = files.iter().map(of).collect();
        check(&files).into_iter().map(|violation| violation.place).collect()
    }

    /// In how many lines of a function's body something is found; `self.map`, `map()` and `given` are hash maps, `list` is none.
    fn found(body: &str) -> usize {
        let text = format!(
            "struct A {{\n    map: Mutex<HashMap<u8, Vec<u8>>>,\n    sorted: BTreeMap<u8, u8>,\n    list: Vec<u8>,\n}}\n\
            impl A {{\n    fn map(&self) -> MutexGuard<'_, HashMap<u8, Vec<u8>>> {{\n        lock(&self.map)\n    }}\n\
            \n    fn f(&mut self, given: &hashbrown::HashSet<u8>, list: &[u8]) {{\n{body}\n    }}\n}}\n"
        );
        found_in(&[("a.rs", &text)]).len()
    }

    #[test]
    fn going_through_a_map_in_its_own_order_is_seen() {
        for body in [
            "for (key, value) in &self.map { f(key); }",
            "for key in given { f(key); }",
            "for (key, value) in self.map.lock().iter_mut() { f(key); }",
            "let rows: Vec<_> = given.iter().collect();",
            "let rows: Vec<_> = given.iter().map(f).collect();\nf(rows);",
            "given.iter().for_each(f);",
            "let first = self.map().keys().next();",
            "let some: BTreeSet<u8> = given.iter().take(3).collect();",
            "let first = given\n.iter()\n.find(|it| f(it));",
            "list.extend(given.iter());",
            "list.extend(given);",
            "let all = list.iter().chain(given).collect::<Vec<_>>();",
            "let map = self.map();\nfor value in map.values() { f(value); }",
            "let Self { map, .. } = self;\nf(map.lock().drain());",
            "let lazy = given.iter().map(f);\nlazy.for_each(g);",
            "let lazy = given.iter().map(f);\nfor it in lazy { g(it); }",
            "let mut of = HashMap::new();\nof.insert(1, 2);\nlet v: Vec<_> = of.into_values().collect();",
            "let of = list.iter().collect::<HashSet<_>>();\nfor it in of { g(it); }",
            "if let Some(map) = &self.map { map.keys().for_each(f); }",
            "let newest = given.iter().max_by_key(|it| f(it));",
        ] {
            assert_eq!(found(body), 1, "{body}");
        }
    }

    #[test]
    fn what_is_the_same_in_any_order_is_left_alone() {
        for body in [
            "let one = self.map.lock().get(&1);\nself.map.lock().insert(1, Vec::new());",
            "for it in list { f(it); }",
            "for it in &self.sorted { f(it); }",
            "let sum: u8 = given.iter().map(|it| it + 1).sum();",
            "let all = given.iter().all(|it| *it > 1) && self.map().values().any(Vec::is_empty);",
            "let most = given.iter().copied().max();",
            "let count = given.iter().filter(|it| f(it)).count();",
            "let sorted: BTreeSet<u8> = given.iter().copied().collect();",
            "let sorted = given.iter().copied().collect::<BTreeSet<u8>>();",
            "let mut rows: Vec<_> = given.iter().collect();\nrows.sort_unstable();\nf(rows);",
            "self.map().retain(|key, _| *key > 1);",
            "self.sorted.extend(given.iter().map(|it| (*it, 1)));",
            "let mut of = HashSet::new();\nof.extend(given);",
            "let lazy = given.iter().map(f);\nlet most = lazy.max();",
            "let all = list.iter().chain(given).max();",
            "// In any order: each is changed by itself.\nfor key in given { f(key); }",
            "let given = list;\nfor it in given { f(it); }",
        ] {
            assert_eq!(found(body), 0, "{body}");
        }
    }

    #[test]
    fn a_field_of_the_folder_and_a_function_of_another_file_are_known() {
        let a = "pub(super) struct A {\n    pub(super) facts: HashMap<u8, u8>,\n}\n";
        let load = "pub(crate) async fn load(a: u8) -> Result<HashMap<u8, u8>, E> {\n    f(a)\n}\n";
        let b = "fn f(a: &A) {\n    for it in &a.facts {\n        g(it);\n    }\n}\n";
        let c = "async fn f() {\n    for it in persons::load(1).await? {\n        g(it);\n    }\n}\n";
        let list = "struct B {\n    facts: Vec<u8>,\n}\n".to_owned() + b;
        let files = [
            ("m/a.rs", a),
            ("m/b.rs", b),
            ("m/persons.rs", load),
            ("n/c.rs", c),
            ("n/b.rs", b),
            ("o/a.rs", a),
            ("o/b.rs", &list),
        ];
        assert_eq!(found_in(&files), ["crates/center/src/m/b.rs:2", "crates/center/src/n/c.rs:2"]);
    }

    #[test]
    fn what_returns_a_set_and_tests_are_left_alone() {
        let set = "fn f(given: &HashSet<u8>) -> BTreeSet<u8> {\n    given.iter().copied().collect()\n}\n";
        let list = "fn f(given: &HashSet<u8>) -> Vec<u8> {\n    given.iter().copied().collect()\n}\n";
        let tests = format!("#[cfg(test)]\nmod tests {{\n{list}}}\n");
        assert_eq!(found_in(&[("a.rs", set), ("b.rs", &tests), ("c/tests.rs", list)]), Vec::<String>::new());
        assert_eq!(found_in(&[("a.rs", list)]).len(), 1);
    }
}
