//! The smallest plan with which a world still shows what is wrong.

use crate::fault::Plan;
use crate::run::{Faults, Report, Settings, run};

/// Worlds that are run for it at most.
const RUNS: usize = 40;

/// Leaves out what is not needed for anything to be found: halves first, then single faults. Answers the plan and its world.
pub fn shrink(settings: &Settings, report: &Report) -> (Plan, Report) {
    let played =
        |plan: &Plan| run(&Settings { faults: Faults::Planned(plan.clone()), ..settings.clone() }, |_| {});
    let (mut plan, mut runs) = (report.plan.clone(), 0);
    let mut part = plan.len().div_ceil(2);
    while part > 0 && runs < RUNS {
        let mut at = 0;
        while at < plan.len() && runs < RUNS {
            let smaller = plan.without(at, part);
            runs += 1;
            let report = played(&smaller);
            if report.stands_still {
                return (smaller, report);
            }
            if report.found.is_empty() {
                at += part;
            } else {
                plan = smaller;
            }
        }
        part /= 2;
    }
    let smallest = played(&plan);
    (plan, smallest)
}
