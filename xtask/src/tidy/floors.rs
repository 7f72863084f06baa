//! The floors of the center: a folder takes from those below it and from its own, never from one above.

use super::file::{File, Violation};
use super::modules::{ModulePath, Modules};

const SOURCES: &str = "crates/center/src/";

/// From the top to the ground; ARCHITECTURE.md says what each is for. Folders and files that stand together take nothing from
/// each other, but for what the rule about circles allows.
const FLOORS: [&[&str]; 17] = [
    // The doors for the fuzzer are in no other build.
    &["center", "fuzzing"],
    &["serving"],
    &["institution", "channel", "insured", "operator", "applicant", "copy", "retention", "bulk_import"],
    &["face", "history"],
    &["journey"],
    &["refusal", "tables"],
    &["site"],
    &["alarms"],
    &["calls", "console", "ledger", "statistics"],
    &["registry"],
    &["events", "staff"],
    &["health"],
    &["store"],
    &["config", "limits", "page_link", "telemetry"],
    &["delivery", "national", "sealing", "strangers"],
    &["arrivals", "claimed", "mac_rule", "observe", "outbound", "share", "unknown"],
    &["percent", "ports", "stopping"],
];

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let modules = Modules::of(files, SOURCES);
    let mut out = Vec::new();
    for (module, path) in modules.files.iter().filter(|(module, _)| !module.is_empty()) {
        let Some(floor) = floor_of(module) else {
            out.push(Violation::new(path, "is on no floor tidy knows: say on which"));
            continue;
        };
        for taken in modules.takes.get(module).into_iter().flatten().filter(|taken| !taken.is_empty()) {
            if floor_of(taken).is_some_and(|other| other < floor) {
                let what = format!("takes from {}, which is on a higher floor", taken.join("::"));
                out.push(Violation::new(path, what));
            }
        }
    }
    out
}

fn floor_of(module: &ModulePath) -> Option<usize> {
    let folder = module.first()?;
    FLOORS.iter().position(|floor| floor.contains(&folder.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let of = |path: &str, text: &str| File { path: format!("{SOURCES}{path}"), text: text.to_owned() };
        let files = [
            of("lib.rs", "mod store;\nmod ledger;\n"),
            of("ledger.rs", "pub struct Ledger;\n"),
            of("store.rs", "pub struct Store;\n"),
            of(path, text),
        ];
        check(&files).into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn taking_from_above_is_seen() {
        let up = found("store/copy.rs", "use crate::ledger::Ledger;\n");
        assert_eq!(up, ["takes from ledger, which is on a higher floor"]);
        assert_eq!(found("ledger/table.rs", "use crate::store::Store;\n"), Vec::<String>::new());
        assert_eq!(found("lost.rs", "").len(), 1, "on no floor");
    }
}
