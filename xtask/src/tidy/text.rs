//! Every text file: clean lines, and no path of somebody's machine.

use super::file::{File, Violation};

pub(crate) fn check(file: &File) -> Vec<Violation> {
    // Copied and generated files are as their makers made them, and inputs of the fuzzer are what nobody should write.
    let is_seed = file.path.starts_with("fuzz/seeds/");
    if is_seed || matches!(file.path.as_str(), "LICENSE" | "Cargo.lock") || file.is("json") {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (at, line) in file.text.split('\n').enumerate() {
        let mut complain = |what: &str| out.push(Violation::new(format!("{}:{}", file.path, at + 1), what));
        if line.ends_with(' ') {
            complain("has white space at its end");
        }
        if ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            complain("is a conflict that nobody resolved");
        }
        // Go's own formatter writes them.
        if line.contains('\t') && !file.is("go") {
            complain("has a tab");
        }
        if line.contains('\r') {
            complain("has a carriage return");
        }
        // The rule's own words are put together, so that they do not break it.
        for path in ["work", "root", "home"].map(|folder| format!("/{folder}/")) {
            if line.contains(&path) {
                complain("names a path of one machine");
            }
        }
        if line.to_lowercase().contains(&["cent", "re"].concat()) && file.is("rs") {
            complain("is spelled the British way: center");
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        out.push(Violation::new(&file.path, "needs a line break at its end"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let said = |text: &str| check(&File { path: "a.rs".to_owned(), text: text.to_owned() }).len();
        assert_eq!(said("fn a() {}\n"), 0);
        for bad in [
            "a \n",
            "<<<<<<< HEAD\n",
            "a\tb\n",
            "a\r\nb\n",
            "a",
            &["/wo", "rk/x\n"].concat(),
            &["Cent", "re\n"].concat(),
        ] {
            assert_eq!(said(bad), 1, "{bad:?}");
        }
    }
}
