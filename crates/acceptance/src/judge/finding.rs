//! What is found: a rule, kept or broken; and what many findings come to.

use std::collections::BTreeMap;

use super::verdict::{Conclusion, Verdict};
use crate::rule::{Kind, Rule, Rulebook};

/// One time a rule came to the test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding<R = Rule> {
    /// In which situation; nothing when the message did not say.
    pub situation: Option<usize>,
    /// The rule.
    pub rule: R,
    /// How it was broken, in Chinese; nothing when it was kept.
    pub broken: Option<String>,
}

impl<R> Finding<R> {
    /// A rule that was kept.
    pub const fn kept(situation: Option<usize>, rule: R) -> Self {
        Self { situation, rule, broken: None }
    }

    /// A rule that was broken, and how.
    pub fn broken(situation: Option<usize>, rule: R, why: impl Into<String>) -> Self {
        Self { situation, rule, broken: Some(why.into()) }
    }
}

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct Findings<R> {
    list: Vec<Finding<R>>,
    strict: bool,
}

impl<R: Rulebook> Findings<R> {
    /// Findings of which those against [`Kind::Required`] decide.
    pub const fn new(list: Vec<Finding<R>>) -> Self {
        Self { list, strict: false }
    }

    /// Findings of which all decide.
    pub const fn strict(list: Vec<Finding<R>>) -> Self {
        Self { list, strict: true }
    }

    /// What came of a rule in all situations.
    pub fn rule(&self, rule: R) -> Verdict {
        verdict(self.list.iter().filter(|finding| finding.rule == rule))
    }

    /// The rules that were broken.
    pub fn broken(&self) -> Vec<R> {
        R::ALL.iter().copied().filter(|rule| self.rule(*rule) == Verdict::Failed).collect()
    }

    /// How a rule was broken: the situations, and in each how the first time.
    pub fn reasons(&self, rule: R) -> BTreeMap<Option<usize>, &str> {
        let mut out = BTreeMap::new();
        for finding in self.list.iter().filter(|finding| finding.rule == rule) {
            if let Some(why) = &finding.broken {
                out.entry(finding.situation).or_insert(why.as_str());
            }
        }
        out
    }

    /// What came of a rule in one situation.
    pub fn cell(&self, situation: usize, rule: R) -> Verdict {
        let own = |finding: &&Finding<R>| finding.situation == Some(situation) && finding.rule == rule;
        verdict(self.list.iter().filter(own))
    }

    /// What came of a situation: failed when a rule that decides was broken in it, passed when its `duty` was kept. Where
    /// what is to `blame` in it does not decide, whoever did otherwise has shown what he does.
    pub fn situation(&self, at: usize, duty: R, blame: R) -> Verdict {
        let own = |finding: &&Finding<R>| finding.situation == Some(at) && self.decides(finding.rule);
        if verdict(self.list.iter().filter(own)) == Verdict::Failed {
            return Verdict::Failed;
        }
        let shown = self.cell(at, duty) == Verdict::Passed;
        let otherwise = !self.decides(blame) && self.cell(at, blame) == Verdict::Failed;
        if shown || otherwise { Verdict::Passed } else { Verdict::NotObserved }
    }

    /// What came of everything, when this came of the situations.
    pub fn conclusion(&self, mut situations: impl Iterator<Item = Verdict>) -> Conclusion {
        let decides = |finding: &Finding<R>| finding.broken.is_some() && self.decides(finding.rule);
        if self.list.iter().any(decides) {
            Conclusion::Failed
        } else if situations.all(|verdict| verdict == Verdict::Passed) {
            Conclusion::Passed
        } else {
            Conclusion::Incomplete
        }
    }

    fn decides(&self, rule: R) -> bool {
        self.strict || rule.kind() == Kind::Required
    }
}

fn verdict<'a, R: 'a>(findings: impl Iterator<Item = &'a Finding<R>>) -> Verdict {
    findings.fold(Verdict::NotObserved, |verdict, finding| match (verdict, &finding.broken) {
        (Verdict::Failed, _) | (_, Some(_)) => Verdict::Failed,
        _ => Verdict::Passed,
    })
}
