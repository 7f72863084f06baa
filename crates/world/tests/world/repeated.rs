//! The same seed gives the same world.

use std::time::Duration;

use yanmi_world::{Faults, Settings, run};

fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        length: Duration::from_mins(6),
        gap: Duration::from_secs(6),
        persons: 40,
        faults: Faults::Drawn(Duration::from_secs(40)),
    }
}

#[test]
fn ten_seeds_run_twice_give_the_same_events_and_the_same_rows_and_each_its_own() {
    let mut hashes = std::collections::BTreeSet::new();
    for seed in 100..110 {
        let [one, other] = [(), ()].map(|()| run(&settings(seed), |_| {}));
        assert_eq!((one.events, one.trace_hash), (other.events, other.trace_hash), "{one}\n{other}");
        assert_eq!(one.rows_hash, other.rows_hash, "{one}\n{other}");
        assert!(one.events > 500 && one.confirmed > 10, "{one}");
        hashes.insert((one.trace_hash, one.rows_hash));
    }
    assert_eq!(hashes.len(), 10);
}
