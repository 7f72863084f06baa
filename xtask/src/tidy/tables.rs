//! A table of the ledger is written in its own file, so that whoever adds a column finds every place at once.
//!
//! Reading is not held to it: queries join tables, and a trace goes through several.

use super::file::{File, Violation};

const TABLES: &str = "crates/center/src/ledger/table/";
const SOURCES: &str = "crates/center/src/";
/// Fills an audit with rows of a benchmark.
const FILLING: &str = "crates/center/src/store/fill.rs";
/// What comes before the name of a table that is written.
const WRITES: [&str; 5] = ["INSERT INTO ", "DELETE FROM ", "UPDATE ", "into: \"", "set: \""];

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let tables: Vec<&str> = files.iter().filter_map(|file| table_of(&file.path)).collect();
    let mut out = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with(SOURCES) && file.path != FILLING) {
        for (at, line) in product(&file.text).lines().enumerate() {
            let foreign =
                written(line).filter(|name| tables.contains(name) && table_of(&file.path) != Some(name));
            for name in foreign {
                let place = format!("{}:{}", file.path, at + 1);
                out.push(Violation::new(
                    place,
                    format!("writes {name}, which is written in {TABLES}{name}.rs"),
                ));
            }
        }
    }
    out
}

/// The table a file is about.
fn table_of(path: &str) -> Option<&str> {
    path.strip_prefix(TABLES)?.strip_suffix(".rs")
}

/// What comes before the tests of a file.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

/// The names of what a line writes.
fn written(line: &str) -> impl Iterator<Item = &str> {
    WRITES.iter().flat_map(move |write| line.split(write).skip(1)).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        rest.get(..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        let of = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        check(&[of("crates/center/src/ledger/table/not_me.rs", "into: \"not_me (person)\""), of(path, text)])
            .len()
    }

    #[test]
    fn a_table_that_is_written_elsewhere_is_seen() {
        for text in
            ["\"DELETE FROM not_me WHERE at < $1\"", "into: \"not_me (person, at)\"", "set: \"not_me SET\""]
        {
            assert_eq!(found("crates/center/src/ledger/removal.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn reading_it_and_other_tables_and_tests_are_left_alone() {
        let read = "SELECT at FROM not_me";
        let other = "INSERT INTO not_mentioned (a)";
        let tests = "fn a() {}\n#[cfg(test)]\nmod tests {\n\"DELETE FROM not_me\"";
        for text in [read, other, tests] {
            assert_eq!(found("crates/center/src/history.rs", text), 0, "{text}");
        }
    }
}
