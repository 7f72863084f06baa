//! What a test center says about a run, to be signed and carried elsewhere.

use sm3::{Digest, Sm3};
use yanmi_papers::run_report::{DecisionCount, MAX_RUN_COUNT, NOTE, RunTally, TestCenter, TriedSystem};
use yanmi_papers::{RunConclusion, RunNo, RunReport, SuiteKind};
use yanmi_protocol::UnixMillis;

use crate::judge::Conclusion;
use crate::report::{Decisions, Report, Totals};
use crate::session::Session;

/// What only the test center knows about a run.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The number it gave to the run.
    pub number: RunNo,
    /// Who it is.
    pub test_center: TestCenter,
}

/// What a run came to, whoever was tried.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// Who was tried, and by what.
    pub system: TriedSystem,
    /// What came of it.
    pub conclusion: Conclusion,
    /// Of the rules, of the advice and of the situations.
    pub totals: [Totals; 3],
    /// How what was told was told.
    pub decisions: Decisions,
    /// When the run began.
    pub started: UnixMillis,
    /// When its report was written.
    pub written: UnixMillis,
    /// The version of yanmi.
    pub yanmi_version: &'static str,
}

/// The statement about a run of a suite, of whose report `file` is what was written.
pub fn about(suite: SuiteKind, outcome: RunOutcome, file: &[u8], facts: RunFacts) -> RunReport {
    let RunFacts { number, test_center } = facts;
    let [rules, advice, situations] = outcome.totals.map(tally);
    RunReport {
        number,
        suite,
        test_center,
        system: outcome.system,
        conclusion: match outcome.conclusion {
            Conclusion::Passed => RunConclusion::Passed,
            Conclusion::Failed => RunConclusion::Failed,
            Conclusion::Incomplete => RunConclusion::Incomplete,
        },
        rules,
        advice,
        situations,
        decisions: DecisionCount {
            by_program: count(outcome.decisions.by_program),
            by_page: count(outcome.decisions.by_page),
        },
        started_at: outcome.started,
        written_at: outcome.written,
        report_sm3: Sm3::digest(file).into(),
        yanmi_version: outcome.yanmi_version.to_owned(),
        note: NOTE.to_owned(),
    }
}

pub(crate) fn of(session: &Session, report: &Report, file: &[u8], facts: RunFacts) -> RunReport {
    let system = TriedSystem {
        org_id: session.door.org_id,
        kcv: session.door.key.kcv(),
        institutions: vec![session.door.org_code],
        vendor: report.vendor.clone(),
        product: report.product.clone(),
    };
    let outcome = RunOutcome {
        system,
        conclusion: report.conclusion,
        totals: [report.rule_totals, report.advice_totals, report.situation_totals],
        decisions: report.decisions,
        started: session.started,
        written: report.written,
        yanmi_version: report.yanmi_version,
    };
    about(SuiteKind::Institution, outcome, file, facts)
}

fn tally(totals: Totals) -> RunTally {
    let Totals { passed, failed, not_observed } = totals;
    RunTally { passed: count(passed), failed: count(failed), not_observed: count(not_observed) }
}

/// A record ends long before the bound ([`crate::session::MAX_EVENTS`]).
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(MAX_RUN_COUNT)
}
