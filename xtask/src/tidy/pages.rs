//! Pages: links that lead somewhere, decisions that are short, two readmes that say the same.

use super::file::{File, Violation};

const DECISIONS: &str = "docs/decisions/";
/// Lines of a decision.
const MAX_DECISION: usize = 60;

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let mut out = Vec::new();
    for file in files.iter().filter(|file| file.is("md")) {
        out.extend(links(file, files));
    }
    let decisions: Vec<&File> = files.iter().filter(|file| file.path.starts_with(DECISIONS)).collect();
    out.extend(decisions.iter().flat_map(|file| decision(file)));
    out.extend(same_number(&decisions));
    let find = |path: &str| files.iter().find(|file| file.path == path);
    match (find("README.md"), find("README.zh-CN.md")) {
        (Some(english), Some(chinese)) if shape(&english.text) != shape(&chinese.text) => {
            let what = "must have the headings and commands of README.md";
            out.push(Violation::new("README.zh-CN.md", what));
        }
        (Some(_), Some(_)) => {}
        _ => out.push(Violation::new("README.md", "and README.zh-CN.md must both be there")),
    }
    for page in ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE"] {
        if find(page).is_none() {
            out.push(Violation::new(page, "is missing"));
        }
    }
    out
}

/// The levels of the headings, and the code blocks to the letter.
fn shape(text: &str) -> (Vec<usize>, Vec<&str>) {
    let (mut levels, mut code, mut inside) = (Vec::new(), Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push(line);
        } else if line.starts_with('#') {
            levels.push(line.len() - line.trim_start_matches('#').len());
        }
    }
    (levels, code)
}

/// Whether the decision before this one has the same number; they come in the order of their names.
fn same_number(files: &[&File]) -> Vec<Violation> {
    let number = |file: &File| file.path.get(..DECISIONS.len() + 4).map(str::to_owned);
    let twice = files.windows(2).filter(|pair| number(pair[0]) == number(pair[1]));
    twice.map(|pair| Violation::new(&pair[1].path, "has the number of another decision")).collect()
}

fn decision(file: &File) -> Vec<Violation> {
    let name = file.path.trim_start_matches(DECISIONS);
    let mut out = Vec::new();
    let numbered =
        name.len() > 5 && name[..4].bytes().all(|b| b.is_ascii_digit()) && name[4..].starts_with('-');
    if !numbered {
        out.push(Violation::new(&file.path, "must be named NNNN-what.md"));
    } else if !file.text.starts_with(&format!("# {}. ", name[..4].trim_start_matches('0'))) {
        out.push(Violation::new(&file.path, "must begin with its number, as # 7. What"));
    }
    if file.text.lines().count() > MAX_DECISION {
        out.push(Violation::new(&file.path, format!("is longer than {MAX_DECISION} lines")));
    }
    for heading in ["## Context", "## Decision", "## Consequences"] {
        if !file.text.lines().any(|line| line == heading) {
            out.push(Violation::new(&file.path, format!("lacks {heading}")));
        }
    }
    out
}

/// Relative links must lead to a tracked file or folder.
fn links(file: &File, files: &[File]) -> Vec<Violation> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut out = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = resolve(folder, target);
            let known = files.iter().any(|f| f.path == path || f.path.starts_with(&format!("{path}/")));
            if !known {
                let place = format!("{}:{}", file.path, at + 1);
                out.push(Violation::new(place, format!("links to {target}, which is not there")));
            }
        }
    }
    out
}

fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn links_lead_somewhere() {
        let files =
            [file("docs/a.md", "[b](../b.md#x) [c](c.md) [d](https://x) [e](..)\n"), file("b.md", "")];
        let said: Vec<String> = links(&files[0], &files).into_iter().map(|v| v.what).collect();
        assert_eq!(said, ["links to c.md, which is not there", "links to .., which is not there"]);
    }

    #[test]
    fn decisions_are_short_and_whole() {
        let good = "# 1. x\n## Context\na\n## Decision\nb\n## Consequences\nc\n";
        assert_eq!(decision(&file("docs/decisions/0001-x.md", good)), []);
        assert_eq!(decision(&file("docs/decisions/x.md", good)).len(), 1);
        assert_eq!(decision(&file("docs/decisions/0001-x.md", "# 1. x\n")).len(), 3);
        assert_eq!(decision(&file("docs/decisions/0012-x.md", good)).len(), 1);
        let files = ["0001-x", "0002-x", "0002-y"].map(|name| file(&format!("{DECISIONS}{name}.md"), good));
        assert_eq!(same_number(&files.each_ref()).len(), 1);
    }

    #[test]
    fn readmes_have_one_shape() {
        assert_eq!(shape("# a\n```\nrun\n```\n## b\n"), shape("# 甲\n\n```sh\nrun\n```\n\n## 乙\n"));
        assert_ne!(shape("# a\n"), shape("## a\n"));
    }
}
