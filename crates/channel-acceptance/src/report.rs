//! The report as data: `report.json`. Its shape is a contract (docs/reference/channel-acceptance.md).

use serde::Serialize;
use yanmi_acceptance::event::Teller;
use yanmi_acceptance::report::{
    Cell, Decisions, Line, MOST_OTHERS, RuleRow, Totals, cells, rule_rows, totals,
};
use yanmi_acceptance::statement::{self, RunOutcome};
use yanmi_acceptance::{Conclusion, Kind, Rulebook, RunFacts, Verdict};
use yanmi_papers::run_report::TriedSystem;
use yanmi_papers::{RunReport, SuiteKind};
use yanmi_protocol::UnixMillis;

use crate::event::{Call, Event, Sight, What};
use crate::judge::Judged;
use crate::rule::Rule;
use crate::session::Session;
use crate::situation::Situation;

/// The version of the shape; raised when a member changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// Everything a run came to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of yanmi.
    pub yanmi_version: &'static str,
    /// Who was tried.
    pub vendor: String,
    /// What was tried.
    pub product: String,
    /// 渠道编码.
    pub chnl_id: String,
    /// The check value of its key.
    pub kcv: String,
    /// The ways of confirming it is registered with, by their codes.
    pub ways: Vec<&'static str>,
    /// Whether mac was required.
    pub mac_required: bool,
    /// Whether advice decided as well.
    pub strict: bool,
    /// When it began, local time.
    pub started_at: String,
    /// When this was written, local time.
    pub written_at: String,
    /// The same moment.
    #[serde(skip)]
    pub written: UnixMillis,
    /// What came of it.
    pub conclusion: Conclusion,
    /// How many rules of the specification.
    pub rule_totals: Totals,
    /// How many of the contract and of our advice.
    pub advice_totals: Totals,
    /// How many situations.
    pub situation_totals: Totals,
    /// How it was told what the app shows.
    pub sights: Decisions,
    /// The rules.
    pub rules: Vec<RuleRow>,
    /// The situations that were chosen.
    pub situations: Vec<SituationRow>,
    /// The first [`MOST_OTHERS`] calls that belong to no situation: most often because they did not open.
    pub others: Vec<Line>,
}

/// A situation and what came of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SituationRow {
    /// Its number, from 1.
    pub number: usize,
    /// Its name.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where the rule it is about is written.
    pub section: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// The rules that came to the test in it.
    pub rules: Vec<Cell<Rule>>,
    /// What was seen, in order.
    pub events: Vec<Line>,
}

/// Writes up what a session has come to.
pub(crate) fn write(session: &Session) -> Report {
    let (events, judged, settings) = (session.events(), session.judged(), &session.settings);
    let name = |at: usize| Situation::all().nth(at).map(|situation| situation.id);
    let rules = rule_rows(judged.findings(), name);
    let chosen = Situation::all().enumerate().filter(|(at, _)| settings.situations.contains(at));
    let situations: Vec<SituationRow> =
        chosen.map(|(at, situation)| situation_row(at, situation, &events, &judged)).collect();
    let written = session.now();
    let others = events.iter().filter(|event| event.situation.is_none()).take(MOST_OTHERS);
    Report {
        schema: SCHEMA,
        yanmi_version: env!("CARGO_PKG_VERSION"),
        vendor: settings.vendor.clone(),
        product: settings.product.clone(),
        chnl_id: settings.channel.as_str().to_owned(),
        kcv: session.door.key.kcv().to_string(),
        ways: settings.ways.iter().map(|way| way.code()).collect(),
        mac_required: settings.mac,
        strict: settings.strict,
        started_at: session.started.shanghai_text(),
        written_at: written.shanghai_text(),
        written,
        conclusion: judged.conclusion(),
        rule_totals: totals(&rules, Kind::Required),
        advice_totals: totals(&rules, Kind::Advised),
        situation_totals: Totals::of(situations.iter().map(|row| row.verdict)),
        sights: Decisions::of(events.iter().filter_map(teller)),
        rules,
        situations,
        others: others.map(line).collect(),
    }
}

const fn teller(event: &Event) -> Option<Teller> {
    match &event.what {
        What::Sight(sight) => Some(sight.teller),
        _ => None,
    }
}

/// What a test center says about a run with this report.
pub(crate) fn statement(session: &Session, report: &Report, file: &[u8], facts: RunFacts) -> RunReport {
    let system = TriedSystem {
        // Every channel's name is one of an account.
        org_id: session.account,
        kcv: session.door.key.kcv(),
        institutions: Vec::new(),
        vendor: report.vendor.clone(),
        product: report.product.clone(),
    };
    let outcome = RunOutcome {
        system,
        conclusion: report.conclusion,
        totals: [report.rule_totals, report.advice_totals, report.situation_totals],
        decisions: report.sights,
        started: session.started,
        written: report.written,
        yanmi_version: report.yanmi_version,
    };
    statement::about(SuiteKind::Channel, outcome, file, facts)
}

fn situation_row(at: usize, situation: &Situation, events: &[Event], judged: &Judged) -> SituationRow {
    let own = events.iter().filter(|event| event.situation == Some(at));
    SituationRow {
        number: at + 1,
        id: situation.id,
        title: situation.title,
        section: situation.about.section(),
        verdict: judged.situation(at),
        rules: cells(judged.findings(), at),
        events: own.map(line).collect(),
    }
}

/// An event in words: first what went to the other side, then what came back.
fn line(event: &Event) -> Line {
    let at = event.at.shanghai_text();
    match &event.what {
        What::Delivery(delivery) => Line {
            at,
            what: "中心送出",
            said: delivery.said.clone(),
            answered: format!("应用：{}", delivery.answered),
        },
        What::Call(call) => {
            let what = call.op.map_or("未知地址", crate::event::Op::name);
            Line { at, what, said: said(call), answered: format!("中心：{}", call.answered) }
        }
        What::Visit(visit) => {
            let whole = if visit.whole { "原样" } else { "改写过" };
            Line {
                at,
                what: "打开认证页",
                said: format!("{}，{whole}", visit.method),
                answered: String::new(),
            }
        }
        What::Sight(sight) => Line { at, what: "应用显示", said: told(sight), answered: String::new() },
    }
}

fn said(call: &Call) -> String {
    let faults: Vec<&str> = call.faults.iter().map(|fault| fault.why.as_str()).collect();
    [call.asked.as_str(), &faults.join("；")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("；")
}

fn told(sight: &Sight) -> String {
    let mut out = format!("{}：{}，提醒 {} 次", sight.which.name(), sight.state.name(), sight.alerts);
    for (name, text) in [("金额", &sight.amount), ("机构", &sight.org_name), ("提示", &sight.text)] {
        if !text.is_empty() {
            for part in ["，", name, "“", text, "”"] {
                out.push_str(part);
            }
        }
    }
    out
}
