//! A function fits on a screen.

use super::source::is_tests;
use super::{File, Violation};

/// Lines of a function, from its first to its last.
const MAX_LINES: usize = 70;

pub(crate) fn check(file: &File) -> Vec<Violation> {
    if !file.is("rs") || is_tests(&file.path) {
        return Vec::new();
    }
    let own = file.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let long = functions(own).into_iter().filter(|f| f.lines > MAX_LINES && !f.excused);
    long.map(|f| {
        let what = format!("a function of {} lines; {MAX_LINES} fit on a screen", f.lines);
        Violation::new(format!("{}:{}", file.path, f.line), what)
    })
    .collect()
}

/// A function of a source text.
struct Function {
    line: usize,
    lines: usize,
    excused: bool,
}

/// rustfmt lays functions out so that a function ends at the first line which is indented as its first and begins
/// with a closing brace; what is inside, texts included, is indented deeper. Raw texts that span lines are cut out.
fn functions(text: &str) -> Vec<Function> {
    let text = without_raw_texts(text);
    let lines: Vec<&str> = text.lines().collect();
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if !is_head(line.trim_start()) {
            continue;
        }
        let end = lines[at..].iter().position(|l| {
            l.len() - l.trim_start().len() == indent && (l.trim_start().starts_with('}') || l.ends_with("{}"))
        });
        // A declaration without a body ends in a semicolon before any brace.
        let declared = lines[at..].iter().position(|l| l.ends_with(';'));
        let opened = lines[at..].iter().position(|l| l.ends_with('{'));
        if declared.is_some_and(|semicolon| opened.is_none_or(|brace| semicolon < brace)) {
            continue;
        }
        let excused = lines[..at].iter().rev().take(4).any(|l| l.contains("clippy::too_many_lines"));
        out.push(Function { line: at + 1, lines: end.map_or(1, |end| end + 1), excused });
    }
    out
}

fn is_head(line: &str) -> bool {
    let words = line.split("fn ").next().unwrap_or_default();
    let qualifiers = ["pub", "(crate)", "(super)", "async", "const", "unsafe", "(in", "crate::command)"];
    line.contains("fn ")
        && words.split_whitespace().all(|word| {
            qualifiers.contains(&word)
                || word.starts_with("pub(")
                || word.ends_with(')') && word.starts_with("crate")
        })
}

fn without_raw_texts(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("r#\"") {
        out.push_str(before);
        let (inside, after) = after.split_once("\"#").unwrap_or((after, ""));
        out.push_str(&"\n".repeat(inside.matches('\n').count()));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: usize, head: &str) -> String {
        format!("{head} {{\n{}}}\n", "    x();\n".repeat(body))
    }

    fn said(text: &str) -> usize {
        check(&File { path: "src/a.rs".to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn long_functions_are_found_wherever_they_stand() {
        for head in ["fn a()", "pub(crate) async fn a()", "pub(in crate::command) fn a()", "const fn a()"] {
            assert_eq!(said(&of(68, head)), 0, "{head}");
            assert_eq!(said(&of(69, head)), 1, "{head}");
        }
        let excused =
            format!("#[expect(clippy::too_many_lines, reason = \"a table\")]\n{}", of(99, "fn a()"));
        assert_eq!(said(&excused), 0);
        assert_eq!(said(&format!("trait A {{\n    fn a();\n{}}}\n", "    // x\n".repeat(99))), 0);
        assert_eq!(said(&format!("const A: &str = r#\"fn a() {{\n{}\"#;\n", "x\n".repeat(99))), 0);
    }
}
