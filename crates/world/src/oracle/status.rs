//! May they settle: "1" only with a confirmation, and with one always.

use std::time::Duration;

use super::call::StatusCall;
use super::contract::SLACK;
use super::deed::{Act, ActAnswer};
use super::prompt::Prompt;
use super::trouble::STORE_TROUBLE;
use super::{Key, NO_ANSWER, Oracle};
use crate::fault::Fault;
use crate::network::Line;

/// How soon a held query is answered after a confirmation was accepted.
const NEWS: Duration = Duration::from_secs(2);
/// V7: how long a confirmation counts.
const CONFIRMED: Duration = Duration::from_mins(30);

impl Oracle {
    /// An institution heard whether it may settle.
    pub(crate) fn heard_of_status(&mut self, key: Key, call: &StatusCall) {
        let code = match (call.code, call.confirmed) {
            (Some(0), Some(true)) => 1,
            (code, _) => code.unwrap_or(NO_ANSWER),
        };
        self.counts("status", code);
        self.judge_served(&key, (call.begun, call.code));
        if call.held && call.confirmed.is_some() {
            self.judge_news(key, call);
        }
        match call.confirmed {
            Some(true) => {
                self.confirmed += 1;
                self.judge_yes(key, call);
            }
            Some(false) => self.judge_no(key, call),
            None => self.explain_status(key, call),
        }
    }

    /// Each act on a notice of this key that may have confirmed, with its notice.
    pub(super) fn confirmations(&self, key: &Key) -> impl Iterator<Item = (&Prompt, &Act)> {
        let numbers = self.prompts_of.get(key).into_iter().flatten();
        let prompts = numbers.filter_map(|number| self.prompts.get(number));
        prompts.flat_map(|prompt| {
            let acts = self.acts_on(prompt.number).iter().filter(|act| act.may_have_confirmed());
            acts.map(move |act| (prompt, act))
        })
    }

    fn judge_yes(&mut self, key: Key, call: &StatusCall) {
        let set = self.clock_was_set((Duration::ZERO, call.ended));
        let mut why = "nobody confirmed";
        let sufficient = self.confirmations(&key).any(|(prompt, act)| {
            if act.begun > call.ended {
                return false;
            }
            // The last time it was said counts: an app repeats what got no answer.
            let said = act.ended.unwrap_or(call.begun);
            if !set && said + CONFIRMED + SLACK < call.begun {
                why = "the confirmation is too old";
                return false;
            }
            let replaced = self.calls(&key).iter().any(|notify| {
                let after = act.ended.is_some_and(|ended| notify.begun > ended);
                notify.amount != prompt.amount && after && notify.is_certain_before(call.begun)
            });
            if replaced {
                why = "another amount was asked for after the confirmation";
            }
            !replaced
        });
        if !sufficient {
            self.found(format!("\"1\" though {why}: {key:?} {call:?}"));
        }
    }

    /// A query that is held is answered when there is news: soon after the confirmation was accepted.
    fn judge_news(&mut self, key: Key, call: &StatusCall) {
        let late = self.confirmations(&key).find(|(_, act)| {
            let during = act.begun > call.begun + SLACK && act.heard == Some(ActAnswer::Accepted);
            during && act.ended.is_some_and(|ended| ended + NEWS < call.ended)
        });
        let Some((_, act)) = late else { return };
        let span = (call.begun, call.ended);
        let slow = |fault| matches!(fault, Fault::Line(Line::Institutions, _)) || STORE_TROUBLE(fault);
        if !self.excuses(span, slow) {
            let found = format!("a held query heard of a confirmation late: {act:?} {call:?}");
            self.found(found);
        }
    }

    fn judge_no(&mut self, key: Key, call: &StatusCall) {
        let lost = self.confirmations(&key).find(|(prompt, act)| {
            let accepted =
                act.heard == Some(ActAnswer::Accepted) && act.ended.is_some_and(|ended| ended < call.begun);
            let lives = call.ended + SLACK < act.begun + CONFIRMED;
            let replaced = self.calls(&key).iter().any(|notify| {
                let after = notify.ended.is_none_or(|ended| ended > act.begun);
                notify.amount != prompt.amount && after && notify.begun < call.ended
            });
            accepted && lives && !replaced && !self.clock_was_set((prompt.asked, call.ended))
        });
        if let Some((prompt, act)) = lost {
            let found = format!("a confirmation is lost: {act:?} {prompt:?} {call:?}");
            self.found(found);
        }
    }
}
