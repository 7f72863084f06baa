//! Configuration files as operators are given them, with the addresses of this run.

use std::fs;
use std::path::Path;

/// Where the files are.
const FOLDER: &str = "docs/operating/files";

/// A file of the operating pages with some of its texts replaced.
///
/// # Errors
/// When a text to be replaced is not there any more: then the file and the harness have grown apart.
pub(super) fn fill(name: &str, replacements: &[(&str, &str)]) -> Result<String, String> {
    let path = Path::new(FOLDER).join(name);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    replace(&text, replacements)
        .map_err(|missing| format!("{} does not have {missing:?} any more", path.display()))
}

fn replace<'a>(text: &str, replacements: &[(&'a str, &str)]) -> Result<String, &'a str> {
    let mut text = text.to_owned();
    for (from, to) in replacements {
        if !text.contains(from) {
            return Err(from);
        }
        text = text.replace(from, to);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_replaced_has_to_be_there() {
        assert_eq!(replace("a b a", &[("a", "c"), ("b", "d")]), Ok("c d c".to_owned()));
        assert_eq!(replace("a b a", &[("a", "c"), ("e", "d")]), Err("e"));
    }
}
