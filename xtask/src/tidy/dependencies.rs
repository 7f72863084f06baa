//! Dependencies point one way only. Each crate line keeps something out: the server out of the SDK, I/O out of the
//! rules, fake parties out of production.

use super::file::{File, Violation};

/// What each crate may depend on, beside crates of others: in general, and in its tests.
const ALLOWED: [(&str, &[&str], &[&str]); 30] = [
    ("protocol", &[], &[]),
    ("verification", &["protocol"], &[]),
    ("onboarding", &["protocol"], &[]),
    ("doctor", &["protocol"], &[]),
    ("doctor-page", &["protocol", "doctor"], &["browser"]),
    // What is handed to an institution and signed. Apart from the seal: the C ABI needs no curve.
    ("papers", &["protocol"], &["client"]),
    // A browser for tests: nothing of ours in it, and nothing of ours in production knows it.
    ("browser", &[], &[]),
    ("seal", &["protocol"], &[]),
    // Files of strangers: nothing of ours is needed to read them.
    ("sheet", &[], &[]),
    ("http", &[], &[]),
    (
        "center",
        &["protocol", "verification", "onboarding", "doctor", "papers", "seal", "http", "sheet"],
        &["simulator", "browser", "database-server"],
    ),
    ("client", &["protocol", "seal"], &["verification", "center", "simulator", "acceptance"]),
    // What loads vendors' files: apart from the C ABI, so that the agent has the one without the other.
    ("offline", &["protocol", "client"], &["verification", "center", "simulator", "vendor"]),
    (
        "agent",
        &["protocol", "client", "offline", "http"],
        &["verification", "center", "simulator", "acceptance", "vendor", "browser"],
    ),
    (
        "capi",
        &["protocol", "client", "offline"],
        &["verification", "center", "simulator", "vendor", "shared"],
    ),
    // The files of it: apart, so that they are linked for whoever wants them and for nobody else.
    ("shared", &["capi"], &[]),
    // A vendor's library for tests and for trying: it knows a sandbox's address and nothing of ours.
    ("vendor", &[], &[]),
    // What a channel app is made of: nothing of a simulator in it, nor of a center.
    ("channel", &["protocol"], &[]),
    ("simulator", &["protocol", "channel"], &[]),
    // It tries the systems of others, so it shares nothing with the parties we play, but for its tests.
    ("acceptance", &["protocol", "papers"], &["simulator", "browser"]),
    // The same for channel apps. Its sample apps are made of what apps are made of; its judge is not.
    ("channel-acceptance", &["protocol", "papers", "channel", "acceptance"], &["simulator"]),
    // A center and everybody else in one process: for trying, never for a production center.
    (
        "sandbox",
        &["protocol", "verification", "onboarding", "doctor", "papers", "center", "client", "simulator"],
        &[],
    ),
    (
        "testcenter",
        &[
            "protocol",
            "papers",
            "center",
            "client",
            "http",
            "simulator",
            "sandbox",
            "acceptance",
            "channel-acceptance",
        ],
        &["browser", "channel"],
    ),
    // It knows of a center what everybody outside can know.
    ("trial", &["protocol", "simulator"], &[]),
    // A disk in memory under the embedded database: it knows SQLite and nothing of ours.
    ("disk", &[], &[]),
    // What a database server does beside keeping rows: it knows nothing of ours, and a macro names a center's ports.
    ("database-server", &[], &[]),
    // Everybody in one simulated world: the real center, and parties of its own.
    (
        "world",
        &["protocol", "verification", "center", "client", "agent", "http", "disk", "database-server"],
        &[],
    ),
    (
        "cli",
        &[
            "protocol",
            "verification",
            "onboarding",
            "doctor",
            "papers",
            "center",
            "client",
            "agent",
            "simulator",
            "sandbox",
            "testcenter",
            "acceptance",
            "channel-acceptance",
            "trial",
        ],
        &["shared", "browser", "vendor"],
    ),
    ("xtask", &["protocol", "doctor-page", "simulator", "trial"], &[]),
    // Targets for libFuzzer, outside of the workspace.
    ("fuzz", &["protocol", "sheet", "onboarding", "http", "center", "client", "agent"], &[]),
];

/// Crates of others that would bring I/O into the pure crates.
const IMPURE: [&str; 6] = ["tokio", "sqlx", "hyper", "axum", "rustls", "tracing"];
const PURE: [&str; 6] = ["protocol", "verification", "onboarding", "doctor", "papers", "sheet"];

pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let manifests = files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    manifests.flat_map(|file| manifest(&file.path, &file.text)).collect()
}

fn manifest(path: &str, text: &str) -> Vec<Violation> {
    let name = path.trim_end_matches("/Cargo.toml").rsplit('/').next().unwrap_or_default();
    let Ok(table) = text.parse::<toml::Table>() else {
        return vec![Violation::new(path, "is no TOML")];
    };
    let mut out = Vec::new();
    let lints = table.get("lints").and_then(|lints| lints.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) && !has_own_lints(name, &table) {
        out.push(Violation::new(path, "needs [lints] workspace = true"));
    }
    let Some((_, general, tests)) = ALLOWED.iter().find(|(known, _, _)| *known == name) else {
        out.push(Violation::new(path, "is a crate tidy does not know: say what it may depend on"));
        return out;
    };
    for (section, more) in [("dependencies", &[][..]), ("dev-dependencies", tests)] {
        let names = table.get(section).and_then(toml::Value::as_table).map(toml::Table::keys);
        for dependency in names.into_iter().flatten() {
            let own = dependency.strip_prefix("yanmi-");
            let allowed = own.is_none_or(|own| general.contains(&own) || more.contains(&own));
            if !allowed {
                out.push(Violation::new(path, format!("{name} may not depend on {dependency} ({section})")));
            }
            if PURE.contains(&name) && IMPURE.contains(&dependency.as_str()) {
                out.push(Violation::new(path, format!("{name} is pure and may not depend on {dependency}")));
            }
        }
    }
    out
}

/// Whether it is at a border to C, where `unsafe` cannot be forbidden but has to be denied, so that each place says why,
/// or the targets of libFuzzer, which are not in the workspace.
fn has_own_lints(name: &str, table: &toml::Table) -> bool {
    let rust = table.get("lints").and_then(|lints| lints.get("rust"));
    let unsafe_code = rust.and_then(|rust| rust.get("unsafe_code")).and_then(toml::Value::as_str);
    matches!(name, "capi" | "offline" | "vendor" | "disk" | "fuzz") && unsafe_code == Some("deny")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> Vec<String> {
        manifest(path, text).into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn directions() {
        let lints = "[lints]\nworkspace = true\n";
        let center = |section: &str| format!("{lints}[{section}]\nyanmi-simulator.workspace = true\n");
        assert_eq!(said("crates/center/Cargo.toml", &center("dev-dependencies")), Vec::<String>::new());
        assert_eq!(said("crates/center/Cargo.toml", &center("dependencies")).len(), 1);
        let pure = format!("{lints}[dependencies]\ntokio = \"1\"\n");
        assert_eq!(said("crates/verification/Cargo.toml", &pure).len(), 1);
        assert_eq!(said("crates/cli/Cargo.toml", "[dependencies]\n").len(), 1, "lints");
        let own = "[lints.rust]\nunsafe_code = \"deny\"\n";
        assert_eq!(said("crates/capi/Cargo.toml", own).len(), 0);
        assert_eq!(said("crates/offline/Cargo.toml", own).len(), 0);
        let agent = format!("{lints}[dependencies]\nyanmi-capi.workspace = true\n");
        assert_eq!(said("crates/agent/Cargo.toml", &agent).len(), 1, "not through the C ABI");
        assert_eq!(said("crates/cli/Cargo.toml", own).len(), 1, "only at the border to C");
        assert_eq!(said("crates/unknown/Cargo.toml", lints).len(), 1);
    }
}
