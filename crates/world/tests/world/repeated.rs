//! The same seed gives the same world.

use std::collections::BTreeSet;

use yanmi_world::{Report, Settings, run, usual};

/// Runs a world twice; it is the same.
fn repeated(settings: &Settings) -> Report {
    let [one, other] = [(), ()].map(|()| run(settings, |_| {}));
    assert_eq!((one.events, one.trace_hash), (other.events, other.trace_hash), "{one}\n{other}");
    assert_eq!(one.rows_hash, other.rows_hash, "{one}\n{other}");
    assert!(one.found.is_empty(), "{one}\n{}", one.found.join("\n"));
    assert!(one.events > 500 && one.confirmed > 10, "{one}");
    one
}

#[test]
fn ten_seeds_run_twice_give_the_same_events_and_the_same_rows_and_each_its_own() {
    let mut hashes = BTreeSet::new();
    for seed in usual::SHORT {
        let report = repeated(&usual::short(seed));
        hashes.insert((report.trace_hash, report.rows_hash));
    }
    assert_eq!(hashes.len(), 10);
}

#[test]
fn three_centers_on_one_database_are_the_same_twice() {
    (usual::SEVERAL.end..usual::SEVERAL.end + 2).for_each(|seed| drop(repeated(&usual::several(seed))));
}
