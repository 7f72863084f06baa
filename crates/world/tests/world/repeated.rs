//! The same seed gives the same world.

use std::collections::BTreeSet;

use yanmi_world::{run, usual};

#[test]
fn ten_seeds_run_twice_give_the_same_events_and_the_same_rows_and_each_its_own() {
    let mut hashes = BTreeSet::new();
    for seed in usual::SHORT {
        let [one, other] = [(), ()].map(|()| run(&usual::short(seed), |_| {}));
        assert_eq!((one.events, one.trace_hash), (other.events, other.trace_hash), "{one}\n{other}");
        assert_eq!(one.rows_hash, other.rows_hash, "{one}\n{other}");
        assert!(one.found.is_empty(), "{one}\n{}", one.found.join("\n"));
        assert!(one.events > 500 && one.confirmed > 10, "{one}");
        hashes.insert((one.trace_hash, one.rows_hash));
    }
    assert_eq!(hashes.len(), 10);
}
