//! Rust files: their size, their names, and what does not belong into a finished one.

use super::file::{File, Violation};

/// Lines of a file, its tests left out.
const MAX_LINES: usize = 500;
/// Lines of a file of tests.
const MAX_TEST_LINES: usize = 800;
/// Names that say nothing.
const EMPTY_NAMES: [&str; 5] = ["utils", "common", "helpers", "manager", "core"];

pub(crate) fn check(file: &File) -> Vec<Violation> {
    if !file.is("rs") {
        return Vec::new();
    }
    let mut out = Vec::new();
    let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if EMPTY_NAMES.contains(&name) {
        out.push(Violation::new(&file.path, "has a name that says nothing"));
    }
    let tests = is_tests(&file.path);
    let own = file.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let (lines, most) =
        if tests { (file.text.lines().count(), MAX_TEST_LINES) } else { (own.lines().count(), MAX_LINES) };
    if lines > most {
        out.push(Violation::new(
            &file.path,
            format!("has {lines} lines; {most} are enough: split it by operation"),
        ));
    }
    // Put together, so that this file does not break its own rule.
    let forbidden: [(String, &str); 5] = [
        (["to", "do!("].concat(), "is not finished"),
        (["unimplem", "ented!("].concat(), "is not finished"),
        (["FIX", "ME"].concat(), "is not finished"),
        (["db", "g!("].concat(), "is left over"),
        (["#[al", "low("].concat(), "should be #[expect(…, reason)]"),
    ];
    for (at, line) in file.text.lines().enumerate() {
        for (word, what) in &forbidden {
            if line.contains(word.as_str()) {
                out.push(Violation::new(format!("{}:{}", file.path, at + 1), *what));
            }
        }
        if tests && line.contains(&["sle", "ep("].concat()) {
            out.push(Violation::new(format!("{}:{}", file.path, at + 1), "waits instead of knowing"));
        }
    }
    out
}

pub(crate) fn is_tests(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> usize {
        check(&File { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn sizes_names_and_leftovers() {
        assert_eq!(said("src/a.rs", "fn a() {}\n"), 0);
        assert_eq!(said("src/utils.rs", ""), 1);
        assert_eq!(said("src/a.rs", &"\n".repeat(501)), 1);
        assert_eq!(said("x/tests/b.rs", &"\n".repeat(501)), 0);
        let with_tests = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(900));
        assert_eq!(said("src/a.rs", &with_tests), 0);
        assert_eq!(said("src/a.rs", &["to", "do!()\n"].concat()), 1);
        assert_eq!(said("x/tests/a.rs", &["sle", "ep(x)\n"].concat()), 1);
    }
}
