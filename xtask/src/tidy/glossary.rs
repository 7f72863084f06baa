//! The glossary names what is in the code: a name that was changed is changed there too.

use std::collections::HashSet;

use super::file::{File, Violation};

const PAGE: &str = "docs/reference/glossary.md";

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let Some(page) = files.iter().find(|file| file.path == PAGE) else {
        return vec![Violation::new(PAGE, "is missing")];
    };
    let sources = files.iter().filter(|file| file.path.starts_with("crates/") && file.is("rs"));
    let known: HashSet<&str> = sources.flat_map(|file| words(&file.text)).collect();
    let mut out = Vec::new();
    for (at, line) in page.text.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let names = line.split('`').skip(1).step_by(2);
        for name in names.filter(|name| !known.contains(name)) {
            out.push(Violation::new(
                format!("{PAGE}:{}", at + 1),
                format!("names {name}, which is not in the code"),
            ));
        }
    }
    out
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_gone_is_seen() {
        let of = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let page = of(PAGE, "| 核验 | `Verification`、`Loaded` | … |\n");
        let code = of("crates/verification/src/state.rs", "pub struct Verification;");
        let found = check(&[page, code]);
        assert_eq!(found, [Violation::new(format!("{PAGE}:1"), "names Loaded, which is not in the code")]);
        assert_eq!(check(&[]).len(), 1, "the page has to be there");
    }
}
