//! What operators are told to watch must exist, and all that exists must be explained to them.
//!
//! The reference page is held equal to the metrics of the center by a test there; here the operating pages, the
//! alerts and the dashboard are held to the reference page. An alert on a name that nobody counts never rings.

use super::file::{File, Violation};

/// The page that names every metric.
const REFERENCE: &str = "docs/reference/metrics.md";
/// Where operators read, and what they install.
const OPERATING: &str = "docs/operating/";
/// The page that says of every metric what is normal.
const MONITORING: &str = "docs/operating/monitoring.md";
/// What every metric begins with.
const PREFIX: &str = "yanmi_";
/// What Prometheus appends to a histogram.
const SERIES: [&str; 3] = ["_bucket", "_sum", "_count"];

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let Some(reference) = files.iter().find(|file| file.path == REFERENCE) else {
        return vec![Violation::new(REFERENCE, "is missing")];
    };
    let known: Vec<&str> = reference.text.lines().filter_map(metric_of_row).collect();
    let mut out = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with(OPERATING)) {
        for (at, line) in file.text.lines().enumerate() {
            for name in names(line).filter(|name| !exists(name, &known)) {
                let place = format!("{}:{}", file.path, at + 1);
                out.push(Violation::new(place, format!("names {name}, which is no metric")));
            }
        }
    }
    if let Some(page) = files.iter().find(|file| file.path == MONITORING) {
        let explained: Vec<&str> = page.text.lines().filter_map(metric_of_row).collect();
        for name in known.iter().filter(|name| !explained.contains(name)) {
            out.push(Violation::new(MONITORING, format!("lacks a row for {name}")));
        }
    }
    out
}

/// The metric a row of a table is about.
fn metric_of_row(line: &str) -> Option<&str> {
    let name = line.strip_prefix("| `")?.split('`').next()?;
    name.starts_with(PREFIX).then_some(name)
}

/// Words that begin like a metric.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.split(move |c| !part_of_word(c)).filter(|word| word.starts_with(PREFIX))
}

/// Whether it is a metric, or a series of a histogram.
fn exists(name: &str, known: &[&str]) -> bool {
    let histogram = |base: &str| base.ends_with("_seconds") || base.ends_with("_size");
    let series = SERIES.iter().filter_map(|end| name.strip_suffix(end)).find(|base| histogram(base));
    known.contains(&name) || series.is_some_and(|base| known.contains(&base))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn what_is_watched_exists_and_what_exists_is_explained() {
        let reference = "| `yanmi_a_total` | 甲 |\n| `yanmi_b_seconds` | 乙 |\n";
        let monitoring = "| `yanmi_a_total` | 平时 |\n";
        let alerts = "rate(yanmi_a_total[5m]) yanmi_b_seconds_bucket{le=\"1\"}\nyanmi_a_total_sum yanmi_c\n";
        let files =
            [file(REFERENCE, reference), file(MONITORING, monitoring), file("docs/operating/a.yml", alerts)];
        let said: Vec<String> =
            check(&files).into_iter().map(|v| format!("{}: {}", v.place, v.what)).collect();
        assert_eq!(
            said,
            [
                "docs/operating/a.yml:2: names yanmi_a_total_sum, which is no metric",
                "docs/operating/a.yml:2: names yanmi_c, which is no metric",
                "docs/operating/monitoring.md: lacks a row for yanmi_b_seconds",
            ]
        );
        assert_eq!(check(&[]).len(), 1, "without the reference nothing can be held");
    }
}
