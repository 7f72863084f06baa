//! Nothing is found, whatever goes wrong; and a world in which nothing goes wrong has nothing to explain.

use std::process::Command;
use std::time::Duration;

use yanmi_world::{Faults, Plan, Report, Settings, run, seed_of, usual};

fn sound(settings: &Settings) -> Report {
    let report = run(settings, |_| {});
    let found = report.found.join("\n");
    assert!(report.found.is_empty(), "{report}\n{found}\nwith this plan:\n{}", report.plan);
    report
}

#[test]
fn twenty_dense_minutes_in_which_nothing_goes_wrong() {
    let report = sound(&usual::calm());
    assert!(report.confirmed > 300 && report.lives == 1, "{report}");
    for code in ["notify -1", "notify 500319", "notify 500033", "status -1", "act -1"] {
        assert_eq!(report.codes.get(code), None, "{report}");
    }
    // Centers of seven other versions answered desks, which settled what they were told to settle.
    for what in ["version 0", "version 1", "version 2", "version 3", "version 4", "version 5", "version 6"] {
        assert!(report.codes.get(what).is_some_and(|count| *count > 5), "{what}: {:?}", report.codes);
    }
    assert!(report.codes.get("desk 1").is_some_and(|count| *count > 50), "{:?}", report.codes);
}

#[test]
fn an_hour_in_which_confirmations_are_over() {
    let report = sound(&usual::patient());
    assert!(report.confirmed > 150 && report.lives == 1, "{report}");
}

#[test]
fn a_night_with_its_midnight_and_its_restarts() {
    let report = sound(&usual::sparse());
    assert!(report.lives > 5 && report.confirmed > 100, "{report}");
}

#[test]
fn half_hours_in_which_everything_goes_wrong_and_worlds_in_which_something_was_found_once() {
    usual::kept().for_each(|settings| drop(sound(&settings)));
    for settings in usual::wrong() {
        let report = sound(&settings);
        assert!(report.lives > 5 && report.confirmed > 50, "{report}");
    }
}

#[test]
fn three_centers_on_one_database_with_which_nothing_goes_wrong() {
    let report = sound(&usual::several_calm());
    assert!(report.confirmed > 100 && report.lives == 3, "{report}");
    for code in ["notify -1", "notify 500319", "notify 500033", "status -1", "act -1", "notify nothing"] {
        assert_eq!(report.codes.get(code), None, "{report}");
    }
}

#[test]
fn three_centers_on_one_database_and_everything_goes_wrong() {
    let reports: Vec<Report> = usual::SEVERAL.map(|seed| sound(&usual::several(seed))).collect();
    let count = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    assert!(count(|report| report.lives) > 20 && count(|report| report.confirmed) > 120, "{reports:?}");
    let plans: String = reports.iter().map(|report| report.plan.to_string()).collect();
    for fault in ["kill 1", "stop 2", "server down", "server breaking", "server silent", "server late-news"] {
        assert!(plans.contains(fault), "{fault}");
    }
}

#[test]
fn three_centers_whose_commits_break_look_up_what_became_of_them() {
    let report = sound(&usual::breaking());
    assert!(report.confirmed > 30, "{report}");
}

/// Centers of this version go on, and are started, on what four next versions added; and nothing is taken away that they need.
#[test]
fn a_database_is_brought_up_to_date_under_centers_that_know_nothing_of_it() {
    let upgrades = "30000 1000 upgrade\n60000 1000 kill\n90000 500 upgrade\n120000 3000 stop\n150000 200 upgrade\n\
        170000 200 upgrade\n200000 300 kill";
    for centers in [1, 3] {
        let plan = Faults::Planned(Plan::read(upgrades).expect("a plan"));
        let report = sound(&Settings { centers, ..usual::dense(5, 6, plan) });
        assert!(report.confirmed > 20 && report.lives > 5, "{report}");
        let ended = report.diagram(None, 100_000).matches("ends: upgrade").count();
        assert_eq!(ended, 4, "{report}");
    }
}

/// The seed is the commit's: each of them tries another world.
#[test]
fn a_world_of_its_own_for_each_commit() {
    let head =
        Command::new("git").args(["rev-parse", "HEAD"]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let commit = head.ok().filter(|head| head.status.success()).map(|head| head.stdout).unwrap_or_default();
    let seed = seed_of(String::from_utf8_lossy(&commit).trim());
    sound(&usual::dense(seed, 40, Faults::Drawn(Duration::from_mins(1))));
}

#[test]
fn what_is_planned_happens_and_what_is_no_plan_is_refused_with_its_line() {
    let plan = "60000 20000 kill\n120000 0 clock 90000\n180000 5000 power 9\n200000 30000 app0 hangup";
    let plan = Plan::read(plan).expect("a plan");
    let report = sound(&usual::dense(3, 40, Faults::Planned(plan)));
    assert_eq!(report.lives, 3, "{report}");
    let diagram = report.diagram(None, 100_000);
    for line in ["begins: kill", "begins: clock 90000", "begins: power 9", "ends: app0 hangup"] {
        assert!(diagram.contains(line), "{line}");
    }
    let error = Plan::read("60000 20000 kill\n120000 0 earthquake").expect_err("no plan");
    assert_eq!(error.to_string(), "line 2: there is no fault `earthquake`");
}
