//! The judge: what was recorded, held against the rules. No I/O, no clock, no chance, and nothing an app is made of.
//!
//! What is on the wire is judged from the wire. What is on the screen is judged from what somebody said about it; where
//! nobody has said anything yet, nothing is found. A rule that never came to the test is "not observed", which is not the same as
//! kept.

mod finding;
mod told;
mod wire;

use std::collections::BTreeMap;

use yanmi_acceptance::judge::Findings;
use yanmi_acceptance::{Conclusion, Verdict};
use yanmi_protocol::UnixMillis;

use crate::event::{Event, What};
use crate::rule::Rule;
use crate::settings::Settings;
use crate::situation::{SITUATION_TIME, Situation};

pub use finding::Finding;

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct Judged {
    findings: Findings<Rule>,
    chosen: Vec<usize>,
}

/// Judges what was recorded in a run of these settings.
pub fn judge(events: &[Event], settings: &Settings) -> Judged {
    let mut findings = wire::findings(events, settings);
    for (at, situation) in Situation::all().enumerate().filter(|(at, _)| settings.situations.contains(at)) {
        let own: Vec<&Event> = events.iter().filter(|event| event.situation == Some(at)).collect();
        findings.extend(told::findings(at, situation, &own));
    }
    let findings = if settings.strict { Findings::strict(findings) } else { Findings::new(findings) };
    Judged { findings, chosen: settings.situations.clone() }
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

    /// What came of a situation.
    pub fn situation(&self, at: usize) -> Verdict {
        let about = Situation::all().nth(at).map(|situation| situation.about);
        about.map_or(Verdict::NotObserved, |about| self.findings.situation(at, about, about))
    }

    /// What came of everything.
    pub fn conclusion(&self) -> Conclusion {
        self.findings.conclusion(self.chosen.iter().map(|at| self.situation(*at)))
    }
}

/// Whether nothing more is expected in a situation: everything was posted and told, or its time is over.
pub fn is_over(at: usize, events: &[Event], now: UnixMillis) -> bool {
    let own: Vec<&Event> = events.iter().filter(|event| event.situation == Some(at)).collect();
    let late = own.first().is_some_and(|first| now.since(first.at) >= SITUATION_TIME);
    let Some(situation) = Situation::all().nth(at) else { return true };
    let posted = own.iter().filter(|event| matches!(event.what, What::Delivery(_))).count();
    late || (posted >= situation.posts.len() + situation.then.len() && told::is_whole(situation, &own))
}

#[cfg(test)]
mod tests;
