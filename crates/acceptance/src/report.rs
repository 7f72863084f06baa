//! The report as data: `report.json`. Its shape is a contract (docs/reference/acceptance.md).

use serde::Serialize;

use yanmi_protocol::UnixMillis;

use crate::event::{Call, Event, Teller, What};
use crate::judge::{Conclusion, Findings, Judged, Verdict};
use crate::rule::{Kind, Rule, Rulebook};
use crate::session::Session;
use crate::situation::Situation;

/// The version of the shape; raised when a member changes its meaning or goes.
pub const SCHEMA: u32 = 2;

/// Calls without a situation that are shown; one that does not open is like the next.
pub const MOST_OTHERS: usize = 20;

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
    /// 业务系统编码.
    pub org_id: String,
    /// The check value of its key.
    pub kcv: String,
    /// 定点医药机构代码.
    pub org_codg: String,
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
    /// How many of our advice, which decides nothing.
    pub advice_totals: Totals,
    /// How many situations.
    pub situation_totals: Totals,
    /// How the decisions were told.
    pub decisions: Decisions,
    /// The rules.
    pub rules: Vec<RuleRow>,
    /// The situations that were chosen.
    pub situations: Vec<SituationRow>,
    /// The first [`MOST_OTHERS`] calls that belong to no situation: most often because they did not open.
    pub others: Vec<Line>,
}

/// Numbers of verdicts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Not observed.
    pub not_observed: usize,
}

impl Totals {
    /// Counts verdicts.
    pub fn of(verdicts: impl Iterator<Item = Verdict>) -> Self {
        let mut out = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Passed => &mut out.passed,
                Verdict::Failed => &mut out.failed,
                Verdict::NotObserved => &mut out.not_observed,
            } += 1;
        }
        out
    }
}

/// How many of the things that were told were told how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decisions {
    /// By a program.
    pub by_program: usize,
    /// By somebody who clicked on the page.
    pub by_page: usize,
}

impl Decisions {
    /// Counts who told it.
    pub fn of(tellers: impl Iterator<Item = Teller>) -> Self {
        let mut out = Self::default();
        for teller in tellers {
            *match teller {
                Teller::Program => &mut out.by_program,
                Teller::Page => &mut out.by_page,
            } += 1;
        }
        out
    }
}

/// A rule and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct RuleRow {
    /// Its name.
    pub id: &'static str,
    /// Its section.
    pub section: &'static str,
    /// The rule.
    pub title: &'static str,
    /// Whether it decides.
    pub kind: Kind,
    /// What came of it.
    pub verdict: Verdict,
    /// Where it was broken, and how.
    pub evidence: Vec<Evidence>,
}

/// How a rule was broken.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// In which situation; nothing when the message did not say.
    pub situation: Option<&'static str>,
    /// How.
    pub why: String,
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
    /// Its section.
    pub section: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// The last decision that was told.
    pub decision: Option<&'static str>,
    /// The rules that came to the test in it.
    pub rules: Vec<Cell>,
    /// What was seen, in order.
    pub events: Vec<Line>,
}

/// A rule in a situation.
#[derive(Clone, Debug, Serialize)]
pub struct Cell<R = Rule> {
    /// The rule.
    pub rule: R,
    /// What came of it.
    pub verdict: Verdict,
    /// How it was broken; nothing when it was not.
    pub why: Option<String>,
}

/// An event in words. Messages are opened and masked.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// When, local time.
    pub at: String,
    /// What.
    pub what: &'static str,
    /// What the institution said.
    pub said: String,
    /// What it was answered; empty for a decision.
    pub answered: String,
}

/// Writes up what a session has come to.
pub(crate) fn write(session: &Session) -> Report {
    let (events, judged) = (session.events(), session.judged());
    let name = |at: usize| Situation::all().nth(at).map(|situation| situation.id);
    let rules = rule_rows(judged.findings(), name);
    let chosen = Situation::all().enumerate().filter(|(at, _)| session.settings.situations.contains(at));
    let situations: Vec<SituationRow> =
        chosen.map(|(at, situation)| situation_row(at, situation, &events, &judged)).collect();
    let written = session.now();
    Report {
        schema: SCHEMA,
        yanmi_version: env!("CARGO_PKG_VERSION"),
        vendor: session.settings.vendor.clone(),
        product: session.settings.product.clone(),
        org_id: session.door.org_id.as_str().to_owned(),
        kcv: session.door.key.kcv().to_string(),
        org_codg: session.settings.org_code.as_str().to_owned(),
        started_at: session.started.shanghai_text(),
        written_at: written.shanghai_text(),
        written,
        conclusion: judged.conclusion(),
        rule_totals: totals(&rules, Kind::Required),
        advice_totals: totals(&rules, Kind::Advised),
        situation_totals: Totals::of(situations.iter().map(|row| row.verdict)),
        decisions: Decisions::of(events.iter().filter_map(teller)),
        rules,
        situations,
        others: events.iter().filter(|event| event.situation.is_none()).take(MOST_OTHERS).map(line).collect(),
    }
}

const fn teller(event: &Event) -> Option<Teller> {
    match &event.what {
        What::Decided(decided) => Some(decided.teller),
        What::Call(_) => None,
    }
}

/// How many of the rules of a kind came to what.
pub fn totals(rows: &[RuleRow], kind: Kind) -> Totals {
    Totals::of(rows.iter().filter(|row| row.kind == kind).map(|row| row.verdict))
}

/// Every rule and what came of it. `name` is that of a situation, by its position.
pub fn rule_rows<R: Rulebook>(
    findings: &Findings<R>,
    name: impl Fn(usize) -> Option<&'static str>,
) -> Vec<RuleRow> {
    let row = |rule: &R| {
        let reasons = findings.reasons(*rule);
        let evidence = reasons
            .iter()
            .map(|(at, why)| Evidence { situation: at.and_then(&name), why: (*why).to_owned() });
        RuleRow {
            id: rule.id(),
            section: rule.section(),
            title: rule.title(),
            kind: rule.kind(),
            verdict: findings.rule(*rule),
            evidence: evidence.collect(),
        }
    };
    R::ALL.iter().map(row).collect()
}

/// The rules that came to the test in a situation.
pub fn cells<R: Rulebook>(findings: &Findings<R>, at: usize) -> Vec<Cell<R>> {
    let why = |rule| findings.reasons(rule).get(&Some(at)).map(|why| (*why).to_owned());
    let cell = |rule: &R| Cell { rule: *rule, verdict: findings.cell(at, *rule), why: why(*rule) };
    R::ALL.iter().map(cell).filter(|cell| cell.verdict != Verdict::NotObserved).collect()
}

fn situation_row(at: usize, situation: &Situation, events: &[Event], judged: &Judged) -> SituationRow {
    let own = events.iter().filter(|event| event.situation == Some(at));
    let mut decisions = own.clone().filter_map(|event| match &event.what {
        What::Decided(decided) => Some(decided.outcome.word()),
        What::Call(_) => None,
    });
    SituationRow {
        number: at + 1,
        id: situation.id,
        title: situation.title,
        section: situation.section,
        verdict: judged.situation(at),
        decision: decisions.next_back(),
        rules: cells(judged.findings(), at),
        events: own.map(line).collect(),
    }
}

fn line(event: &Event) -> Line {
    let at = event.at.shanghai_text();
    match &event.what {
        What::Call(call) => {
            let what = call.op.map_or("未知地址", crate::event::Op::name);
            Line { at, what, said: said(call), answered: call.answered.clone() }
        }
        What::Decided(decided) => {
            let amount = decided.amount.map(|amount| format!(" {amount} 元")).unwrap_or_default();
            let reason = if decided.reason.is_empty() { "" } else { "：" };
            let said = format!("{}{amount}{reason}{}", decided.outcome.name(), decided.reason);
            Line { at, what: "机构的决定", said, answered: String::new() }
        }
    }
}

fn said(call: &Call) -> String {
    let faults: Vec<&str> = call.faults.iter().map(|fault| fault.why.as_str()).collect();
    match (call.asked.is_empty(), faults.is_empty()) {
        (_, true) => call.asked.clone(),
        (true, false) => format!("（无法解读）{}", faults.join("；")),
        (false, false) => format!("{}；{}", call.asked, faults.join("；")),
    }
}
