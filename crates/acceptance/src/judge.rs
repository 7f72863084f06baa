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
mod verdict;
mod wire;

use std::collections::BTreeMap;

use yanmi_protocol::UnixMillis;

use crate::event::{Event, Op, Outcome, What};
use crate::rule::Rule;
use crate::situation::{SITUATION_TIME, Situation};

pub use finding::{Finding, Findings};
pub use verdict::{Conclusion, Verdict};

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct Judged {
    findings: Findings<Rule>,
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
    Judged { findings: Findings::new(findings), chosen: chosen.to_vec() }
}

fn is_query(event: &Event) -> bool {
    matches!(&event.what, What::Call(call) if call.op == Some(Op::Status) && call.opened)
}

impl Judged {
    /// Everything that was found.
    pub const fn findings(&self) -> &Findings<Rule> {
        &self.findings
    }

    /// What came of a rule in all situations.
    pub fn rule(&self, rule: Rule) -> Verdict {
        self.findings.rule(rule)
    }

    /// The rules that were broken.
    pub fn broken(&self) -> Vec<Rule> {
        self.findings.broken()
    }

    /// How a rule was broken: the situations, and in each how the first time.
    pub fn reasons(&self, rule: Rule) -> BTreeMap<Option<usize>, &str> {
        self.findings.reasons(rule)
    }

    /// What came of a rule in one situation.
    pub fn cell(&self, situation: usize, rule: Rule) -> Verdict {
        self.findings.cell(situation, rule)
    }

    /// What came of a situation.
    pub fn situation(&self, at: usize) -> Verdict {
        let Some(situation) = Situation::all().nth(at) else { return Verdict::NotObserved };
        // Whoever never settles does nothing wrong, and has shown nothing either where he is to settle.
        self.findings.situation(at, situation.duty.unwrap_or(situation.blame), situation.blame)
    }

    /// What came of everything.
    pub fn conclusion(&self) -> Conclusion {
        self.findings.conclusion(self.chosen.iter().map(|at| self.situation(*at)))
    }
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
