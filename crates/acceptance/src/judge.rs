//! The judge: what was recorded, held against the rules. No I/O, no clock, no chance.
//!
//! It finds for each situation which rules were kept and which were broken ([`Finding`]), and adds that up. A rule that
//! never came to the test is "not observed", which is not the same as kept.
//!
//! The heart is one question, asked at each settlement: were there grounds? Grounds are what the center really said
//! about the code that counts (an honest "1" to a status query, or 500320), for at least this amount, not too long
//! ago. Which rule a settlement without grounds breaks is said by its situation, unless something simpler was left
//! out: no notice was ever sent, or nobody asked for the state.

mod finding;
mod gate;
mod wire;

use std::collections::BTreeMap;

use serde::Serialize;
use yanmi_protocol::UnixMillis;

use crate::event::{Event, Op, Outcome, What};
use crate::rule::{Kind, Rule};
use crate::situation::{SITUATION_TIME, Situation};

pub use finding::Finding;

/// What came of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It was kept wherever it came to the test.
    Passed,
    /// It was broken at least once.
    Failed,
    /// It never came to the test.
    NotObserved,
}

impl Verdict {
    /// The verdict in Chinese.
    pub const fn name(self) -> &'static str {
        self.of(Kind::Required)
    }

    /// The verdict on a rule of this kind, in Chinese: advice is not failed.
    pub const fn of(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Passed, _) => "通过",
            (Self::Failed, Kind::Required) => "不通过",
            (Self::Failed, Kind::Advised) => "未采纳",
            (Self::NotObserved, _) => "未观察到",
        }
    }
}

/// What came of everything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Conclusion {
    /// Every situation was played, and no rule that decides was broken.
    Passed,
    /// A rule that decides was broken.
    Failed,
    /// No such rule was broken, but not every situation was played to its end.
    Incomplete,
}

impl Conclusion {
    /// The conclusion in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "通过",
            Self::Failed => "不通过",
            Self::Incomplete => "未完成",
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct Judged {
    findings: Vec<Finding>,
    chosen: Vec<usize>,
}

/// Judges what was recorded of these situations.
pub fn judge(events: &[Event], chosen: &[usize]) -> Judged {
    let mut findings = wire::findings(events);
    for (at, situation) in Situation::all().enumerate().filter(|(at, _)| chosen.contains(at)) {
        let own: Vec<&Event> = events.iter().filter(|event| event.situation == Some(at)).collect();
        let asks = events.iter().any(|event| event.situation != Some(at) && is_query(event));
        findings.extend(gate::findings(at, situation, &own, asks));
    }
    Judged { findings, chosen: chosen.to_vec() }
}

fn is_query(event: &Event) -> bool {
    matches!(&event.what, What::Call(call) if call.op == Some(Op::Status) && call.opened)
}

impl Judged {
    /// What came of a rule in all situations.
    pub fn rule(&self, rule: Rule) -> Verdict {
        verdict(self.findings.iter().filter(|finding| finding.rule == rule))
    }

    /// The rules that were broken.
    pub fn broken(&self) -> Vec<Rule> {
        Rule::ALL.into_iter().filter(|rule| self.rule(*rule) == Verdict::Failed).collect()
    }

    /// How a rule was broken: the situations, and in each how the first time.
    pub fn reasons(&self, rule: Rule) -> BTreeMap<Option<usize>, &str> {
        let mut out = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.rule == rule) {
            if let Some(why) = &finding.broken {
                out.entry(finding.situation).or_insert(why.as_str());
            }
        }
        out
    }

    /// What came of a rule in one situation.
    pub fn cell(&self, situation: usize, rule: Rule) -> Verdict {
        let own = |finding: &&Finding| finding.situation == Some(situation) && finding.rule == rule;
        verdict(self.findings.iter().filter(own))
    }

    /// What came of a situation: failed when a rule that decides was broken in it, passed when what it is about came to the
    /// test. Where that is only advised, whoever did otherwise has shown what he does.
    pub fn situation(&self, at: usize) -> Verdict {
        let own = |finding: &&Finding| finding.situation == Some(at) && finding.rule.kind() == Kind::Required;
        let own = self.findings.iter().filter(own);
        let Some(situation) = Situation::all().nth(at) else { return Verdict::NotObserved };
        if verdict(own) == Verdict::Failed {
            return Verdict::Failed;
        }
        // Whoever never settles does nothing wrong, and has shown nothing either where he is to settle.
        let shown = self.cell(at, situation.duty.unwrap_or(situation.blame)) == Verdict::Passed;
        let otherwise =
            situation.blame.kind() == Kind::Advised && self.cell(at, situation.blame) == Verdict::Failed;
        if shown || otherwise { Verdict::Passed } else { Verdict::NotObserved }
    }

    /// What came of everything.
    pub fn conclusion(&self) -> Conclusion {
        let decides = |finding: &Finding| finding.broken.is_some() && finding.rule.kind() == Kind::Required;
        if self.findings.iter().any(decides) {
            Conclusion::Failed
        } else if self.chosen.iter().all(|at| self.situation(*at) == Verdict::Passed) {
            Conclusion::Passed
        } else {
            Conclusion::Incomplete
        }
    }
}

fn verdict<'a>(findings: impl Iterator<Item = &'a Finding>) -> Verdict {
    findings.fold(Verdict::NotObserved, |verdict, finding| match (verdict, &finding.broken) {
        (Verdict::Failed, _) | (_, Some(_)) => Verdict::Failed,
        _ => Verdict::Passed,
    })
}

/// Whether nothing more is expected in a situation: it was decided for good, or its time is over.
pub fn is_over(at: usize, events: &[Event], now: UnixMillis) -> bool {
    let mut own = events.iter().filter(|event| event.situation == Some(at)).peekable();
    let late = own.peek().is_some_and(|first| now.since(first.at) >= SITUATION_TIME);
    let mut decisions = own.filter_map(|event| match &event.what {
        What::Decided(decided) => Some(decided.outcome),
        What::Call(_) => None,
    });
    let duty = Situation::all().nth(at).and_then(|situation| situation.duty);
    late || match decisions.next_back() {
        None => false,
        // What may still settle is refused at first, where a step is to follow.
        Some(Outcome::Refused) => duty.is_none(),
        Some(Outcome::Settled | Outcome::Offline) => true,
    }
}

#[cfg(test)]
mod tests;
