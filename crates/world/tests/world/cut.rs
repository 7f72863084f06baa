//! The power fails at every operation of the disk, and the process ends there.

use yanmi_world::{CutSettings, Failure, cut, cut_making};

/// Every so-many-th operation here; all of them by `cargo xtask world --cuts`.
const STEP: u64 = 9;

fn settings(failure: Failure) -> CutSettings {
    CutSettings { seed: 1, step: STEP, first: 4, failure, lying: false }
}

#[test]
fn a_power_cut_at_operations_of_every_kind_of_command_loses_and_invents_nothing() {
    let report = cut(&settings(Failure::Power), |_| {});
    assert!(report.found.is_empty(), "{report}\n{}", report.found.join("\n"));
    assert!(report.cuts > 30 && report.twice > 5, "{report}");
}

/// What the play leads to; what is missing of all events is about pages, about words of channels, and about undelivered notices.
const KINDS: [&str; 19] = [
    "asked",
    "asked-again",
    "superseded",
    "handed-over",
    "took-over",
    "voided",
    "stands",
    "delivered",
    "confirmed-01",
    "confirmed-02",
    "confirmed-03",
    "cancelled",
    "not-me",
    "channel-failed",
    "wrong-password",
    "password-locked",
    "free-on",
    "free-off",
    "free-used",
];

#[test]
fn the_play_has_every_kind_of_command() {
    let report = cut(&CutSettings { step: u64::MAX, first: 0, ..settings(Failure::Power) }, |_| {});
    for kind in KINDS {
        assert!(report.kinds.contains(kind), "{kind} is missing: {:?}", report.kinds);
    }
}

#[test]
fn a_disk_that_lies_about_its_syncs_is_found_out() {
    let report = cut(&CutSettings { step: 60, lying: true, ..settings(Failure::Power) }, |_| {});
    assert!(report.cuts > 3 && !report.found.is_empty(), "{report}");
}

#[test]
fn so_does_the_end_of_the_process() {
    let report = cut(&CutSettings { first: 8, ..settings(Failure::Process) }, |_| {});
    assert!(report.found.is_empty(), "{report}\n{}", report.found.join("\n"));
    assert!(report.cuts > 30 && report.twice > 5, "{report}");
}

#[test]
fn a_database_whose_making_was_cut_is_made_by_the_next_attempt() {
    for failure in [Failure::Power, Failure::Process] {
        let report = cut_making(&settings(failure));
        assert!(report.found.is_empty(), "{report}\n{}", report.found.join("\n"));
        assert!(report.cuts > 30, "{report}");
    }
}
