//! The power fails at every operation of the disk, and the process ends there.

use yanmi_world::{CutSettings, cut, cut_desk, cut_making, usual};

fn sound(settings: &CutSettings) {
    let report = cut(settings, |_| {});
    assert!(report.found.is_empty(), "{report}\n{}", report.found.join("\n"));
    assert!(report.cuts > 30 && report.twice > 5, "{report}");
}

/// The first of the usual ones: by power.
fn by_power() -> CutSettings {
    usual::cuts().next().expect("there are two")
}

#[test]
fn a_cut_at_operations_of_every_kind_of_command_loses_and_invents_nothing() {
    usual::cuts().for_each(|settings| sound(&settings));
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
    let report = cut(&CutSettings { step: u64::MAX, first: 0, ..by_power() }, |_| {});
    for kind in KINDS {
        assert!(report.kinds.contains(kind), "{kind} is missing: {:?}", report.kinds);
    }
}

#[test]
fn a_disk_that_lies_about_its_syncs_is_found_out() {
    let report = cut(&CutSettings { step: 60, lying: true, ..by_power() }, |_| {});
    assert!(report.cuts > 3 && !report.found.is_empty(), "{report}");
}

#[test]
fn a_database_whose_making_was_cut_is_made_by_the_next_attempt() {
    for settings in usual::cuts() {
        let report = cut_making(&settings);
        assert!(report.found.is_empty(), "{report}\n{}", report.found.join("\n"));
        assert!(report.cuts > 30, "{report}");
    }
}

#[test]
fn a_desk_whose_program_ends_at_operations_of_its_file_goes_on() {
    for settings in usual::cuts() {
        let report = cut_desk(&CutSettings { step: 3, first: 1, ..settings }, |_| {});
        assert!(report.found.is_empty(), "{report}\n{}", report.found.join("\n"));
        assert!(report.cuts > 30 && report.twice > 5, "{report}");
    }
}
