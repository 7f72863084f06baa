//! What a test center says about a run, to be signed and carried elsewhere.

use sm3::{Digest, Sm3};
use yanmi_papers::run_report::{DecisionCount, MAX_RUN_COUNT, NOTE, RunTally, TestCenter, TriedSystem};
use yanmi_papers::{RunConclusion, RunNo, RunReport, SuiteKind};

use crate::judge::Conclusion;
use crate::report::{Report, Totals};
use crate::session::Session;

/// What only the test center knows about a run.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The number it gave to the run.
    pub number: RunNo,
    /// Who it is.
    pub test_center: TestCenter,
}

pub(crate) fn of(session: &Session, report: &Report, file: &[u8], facts: RunFacts) -> RunReport {
    let RunFacts { number, test_center } = facts;
    RunReport {
        number,
        suite: SuiteKind::Institution,
        test_center,
        system: TriedSystem {
            org_id: session.door.org_id,
            kcv: session.door.key.kcv(),
            institutions: vec![session.door.org_code],
            vendor: report.vendor.clone(),
            product: report.product.clone(),
        },
        conclusion: match report.conclusion {
            Conclusion::Passed => RunConclusion::Passed,
            Conclusion::Failed => RunConclusion::Failed,
            Conclusion::Incomplete => RunConclusion::Incomplete,
        },
        rules: tally(report.rule_totals),
        advice: tally(report.advice_totals),
        situations: tally(report.situation_totals),
        decisions: DecisionCount {
            by_program: count(report.decisions.by_program),
            by_page: count(report.decisions.by_page),
        },
        started_at: session.started,
        written_at: report.written,
        report_sm3: Sm3::digest(file).into(),
        yanmi_version: report.yanmi_version.to_owned(),
        note: NOTE.to_owned(),
    }
}

fn tally(totals: Totals) -> RunTally {
    let Totals { passed, failed, not_observed } = totals;
    RunTally { passed: count(passed), failed: count(failed), not_observed: count(not_observed) }
}

/// A record ends long before the bound ([`crate::session::MAX_EVENTS`]).
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(MAX_RUN_COUNT)
}
