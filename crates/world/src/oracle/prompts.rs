//! The notices on phones: to whom, how soon, how many, and after what.

use std::time::Duration;

use yanmi_protocol::NoticeNo;

use super::contract::{OF_A_VERIFICATION, OF_AN_HOUR, QUIET};
use super::deed::{ActAnswer, Deed};
use super::prompt::Prompt;
use super::trouble::STORE_TROUBLE;
use super::{Key, Oracle};
use crate::fault::Fault;
use crate::network::Line;

/// V8: between two notices of a verification.
const INTERVAL: Duration = Duration::from_secs(3);
const HOUR: Duration = Duration::from_hours(1);
/// How long an envelope could be taken again.
const WINDOW: Duration = Duration::from_mins(20);

impl Oracle {
    /// A notice is on a phone; whether it was not there before.
    pub(crate) fn shown(&mut self, prompt: &Prompt) -> bool {
        let number = prompt.number;
        if let Some(known) = self.prompts.get_mut(&number) {
            let same =
                known.key == prompt.key && known.holder == prompt.holder && known.amount == prompt.amount;
            let (sequence, asked) = (prompt.sequence, prompt.asked);
            if same && known.repeated.iter().all(|(known, _)| *known != sequence) {
                known.repeated.push((sequence, asked));
                known.expires = known.expires.max(prompt.expires);
                self.judge_count(prompt);
                self.judge_times(prompt);
            }
            if !same {
                self.found(format!("notice number {number} stands for two notices: {prompt:?}"));
            }
            return false;
        }
        self.judge_source(prompt);
        self.judge_times(prompt);
        self.prompts_of.entry(prompt.key).or_default().push(number);
        self.prompts_to.entry(prompt.holder.person).or_default().push(number);
        self.prompted.insert(prompt.key.0);
        self.prompts.insert(number, prompt.clone());
        self.judge_count(prompt);
        true
    }

    /// Somebody asked for it, for this amount.
    fn judge_source(&mut self, prompt: &Prompt) {
        let asked = |call: &super::NotifyCall| call.amount == prompt.amount && call.begun <= prompt.shown;
        if !self.calls(&prompt.key).iter().any(asked) {
            self.found(format!("a notice nobody asked for: {prompt:?}"));
        }
        if self.prompts_of.get(&prompt.key).map_or(0, Vec::len) >= OF_A_VERIFICATION {
            self.found(format!("more than {OF_A_VERIFICATION} notices: {prompt:?}"));
        }
    }

    /// E13: an envelope with a mac has an effect once, whoever sends it again.
    fn judge_count(&mut self, prompt: &Prompt) {
        let numbers = self.prompts_of.get(&prompt.key).into_iter().flatten();
        let shown: usize =
            numbers.filter_map(|number| self.prompts.get(number)).map(|known| known.repeated.len()).sum();
        let calls = self.calls(&prompt.key);
        let own = calls.iter().filter(|call| !call.replayed).count();
        // It is remembered by the process that acted upon it, which others do not ask.
        let forgotten = self.centers > 1
            || self.is_felt((prompt.asked.saturating_sub(WINDOW), prompt.shown), STORE_TROUBLE);
        if calls.iter().all(|call| call.proven) && shown > own && !forgotten {
            let found = format!("{shown} notices for {own} calls: {prompt:?}");
            self.found(found);
        }
    }

    fn judge_times(&mut self, prompt: &Prompt) {
        if self.clock_was_set((prompt.asked.saturating_sub(HOUR), prompt.shown)) {
            return;
        }
        let numbers = self.prompts_to.get(&prompt.holder.person).into_iter().flatten();
        let all = numbers.filter_map(|number| self.prompts.get(number));
        let times: Vec<(Key, Duration)> =
            all.flat_map(|other| other.repeated.iter().map(|(_, at)| (other.key, *at))).collect();
        let of_hour =
            times.iter().filter(|(_, at)| *at + HOUR > prompt.asked && *at < prompt.asked).count() + 1;
        if of_hour > OF_AN_HOUR {
            self.found(format!(
                "{of_hour} notices to person {} within an hour: {prompt:?}",
                prompt.holder.person
            ));
        }
        // One that did not reach the channel may be followed at once.
        let soon = times
            .iter()
            .find(|(key, at)| *key == prompt.key && *at < prompt.asked && *at + INTERVAL > prompt.asked);
        let app = Line::App(prompt.holder.app);
        let undelivered =
            self.is_felt((prompt.asked.saturating_sub(INTERVAL), prompt.asked), |fault| match fault {
                Fault::App(number, _) => number == prompt.holder.app,
                Fault::Line(line, _) => line == app,
                _ => false,
            });
        if soon.is_some() && !undelivered {
            self.found(format!("two notices within {INTERVAL:?}: {prompt:?}"));
        }
        self.judge_quiet(prompt);
    }

    /// V13.
    fn judge_quiet(&mut self, prompt: &Prompt) {
        let keys = self.keys_of.get(&prompt.holder.person).into_iter().flatten();
        let here = keys.filter(|key| key.1 == prompt.key.1);
        let numbers = here.filter_map(|key| self.prompts_of.get(key)).flatten();
        let said = numbers.flat_map(|number| self.acts_on(*number)).find(|act| {
            let quiet = |ended: Duration| ended < prompt.asked && prompt.asked < act.begun + QUIET;
            act.deed == Deed::NotMe && act.heard == Some(ActAnswer::Accepted) && act.ended.is_some_and(quiet)
        });
        if let Some(act) = said {
            let found = format!("a notice after \"not me\": {prompt:?} {act:?}");
            self.found(found);
        }
    }

    /// A notice is taken off a phone.
    pub(crate) fn withdrawn(&mut self, number: NoticeNo) {
        self.withdrawn.insert(number);
    }

    pub(crate) fn is_withdrawn(&self, number: NoticeNo) -> bool {
        self.withdrawn.contains(&number)
    }

    /// Whether a phone has shown anything for a token.
    pub(crate) fn has_prompt_of(&self, token: &yanmi_protocol::EcToken) -> bool {
        self.prompted.contains(token)
    }

    /// A message center lists a notice, asked for at this moment.
    pub(crate) fn listed(&mut self, number: NoticeNo, begun: Duration) {
        let done = self.acts_on(number).iter().find(|act| {
            act.heard == Some(ActAnswer::Accepted) && act.ended.is_some_and(|ended| ended < begun)
        });
        if let Some(act) = done {
            let found = format!("a notice is listed as pending that was answered: {act:?}");
            self.found(found);
        }
    }

    /// The app that shows a notice.
    pub(super) fn app_of(&self, number: NoticeNo) -> Line {
        Line::App(self.prompts.get(&number).map_or(0, |prompt| prompt.holder.app))
    }
}
