//! What persons do about notices, and what the center says to it.

use std::time::Duration;

use yanmi_protocol::NoticeNo;
use yanmi_protocol::message::channel_notice::Way;

use super::contract::{LIFE, SLACK};
use super::deed::{Act, ActAnswer, Deed};
use super::prompt::Prompt;
use super::trouble::{NATIONAL_TROUBLE, STORE_TROUBLE};
use super::{NO_ANSWER, Oracle};
use crate::fault::Fault;

/// How long a call that got no answer may be under way.
const UNHEARD: Duration = Duration::from_secs(15);

impl Oracle {
    /// Somebody does something; its place among what was done about the notice.
    pub(crate) fn acts(&mut self, act: Act) -> usize {
        if let Some(face) = &act.face {
            self.acts_with.entry(face.clone()).or_default().insert(act.notice);
        }
        let acts = self.acts.entry(act.notice).or_default();
        acts.push(act);
        acts.len() - 1
    }

    /// What was heard of it, nothing where there was no answer.
    pub(crate) fn heard_of_act(
        &mut self,
        number: NoticeNo,
        place: usize,
        heard: Option<ActAnswer>,
        at: Duration,
    ) {
        let Some(act) = self.acts.get_mut(&number).and_then(|acts| acts.get_mut(place)) else { return };
        let before = act.clone();
        act.heard = heard.or(act.heard);
        act.times += 1;
        match heard {
            None => act.unheard = true,
            Some(heard) if heard.is_passing() => act.unheard = true,
            Some(_) => act.ended = Some(at),
        }
        let act = act.clone();
        let code = match heard {
            None => NO_ANSWER,
            Some(ActAnswer::Accepted) => 0,
            Some(ActAnswer::WrongPassword) => 1,
            Some(ActAnswer::Code(code)) => code,
        };
        self.counts("act", code);
        match heard {
            Some(ActAnswer::Accepted) => self.judge_accepted(&act, at),
            Some(ActAnswer::Code(code)) => self.explain_act(&act, &before, code, at),
            Some(ActAnswer::WrongPassword) if act.deed != Deed::Mistype => {
                self.found(format!("a right password was called wrong: {act:?}"));
            }
            Some(ActAnswer::WrongPassword) => {}
            None => self.explain_silence(self.app_of(number), (act.begun, at), &format!("{act:?}")),
        }
        if let (Some(face), Some(ActAnswer::Accepted)) = (&act.face, heard)
            && let Some(prompt) = self.prompts.get(&number)
        {
            self.faces.insert(prompt.holder.person, face.clone());
        }
    }

    fn judge_accepted(&mut self, act: &Act, at: Duration) {
        let Some(prompt) = self.prompts.get(&act.notice).cloned() else { return };
        if act.deed == Deed::Mistype {
            // Said again after a confirmation that counts it is not checked again.
            if !self.acts_on(act.notice).iter().any(Act::may_have_confirmed) {
                self.found(format!("a wrong password was accepted: {act:?}"));
            }
            return;
        }
        if !act.deed.confirms() {
            return;
        }
        let repeated = self
            .acts_on(act.notice)
            .iter()
            .any(|other| other.begun < act.begun && other.may_have_confirmed());
        if !self.clock_was_set((prompt.asked, at)) && !repeated && act.begun > self.expires(&prompt) + SLACK {
            self.found(format!("a notice was confirmed after it expired: {act:?} {prompt:?}"));
        }
        // V4: another amount, or a newer code of the person, took its place before.
        let replaced = self.calls(&prompt.key).iter().find(|call| {
            call.amount != prompt.amount && call.begun > prompt.shown && call.is_certain_before(act.begun)
        });
        if let Some(call) = replaced
            && !repeated
        {
            self.found(format!("a notice was confirmed that was replaced: {act:?} {prompt:?} {call:?}"));
        }
        if let Some(newer) = self.took_its_place(&prompt, act.begun)
            && !repeated
        {
            let newer = newer.clone();
            self.found(format!(
                "a notice was confirmed whose place another code took: {act:?} {prompt:?} {newer:?}"
            ));
        }
        if !repeated {
            self.judge_face(act);
        }
    }

    /// Until when a notice can be answered at the latest: one that was sent again lives longer, whether the second one came or not.
    fn expires(&self, prompt: &Prompt) -> Duration {
        let again = self.calls(&prompt.key).iter().filter(|call| call.amount == prompt.amount);
        let latest = again.map(|call| call.ended.unwrap_or(call.begun + UNHEARD) + LIFE).max();
        latest.map_or(prompt.expires, |latest| latest.max(prompt.expires))
    }

    /// V12: one authorization, one notice.
    fn judge_face(&mut self, act: &Act) {
        let Some(face) = &act.face else { return };
        let accepted = |other: &&Act| other.heard == Some(ActAnswer::Accepted);
        let other = self.others_with(face, act.notice).find(accepted);
        if let Some(other) = other {
            let found = format!("one face authorization confirmed two notices: {act:?} {other:?}");
            self.found(found);
        }
    }

    /// What was done about other notices with a face authorization.
    fn others_with<'a>(&'a self, face: &'a str, notice: NoticeNo) -> impl Iterator<Item = &'a Act> {
        let numbers = self.acts_with.get(face).into_iter().flatten().filter(move |other| **other != notice);
        numbers
            .flat_map(|number| self.acts_on(*number))
            .filter(move |other| other.face.as_deref() == Some(face))
    }

    /// A refusal has a reason that lies outside of the center.
    fn explain_act(&mut self, act: &Act, before: &Act, code: i64, at: Duration) {
        let span = (act.begun, at);
        let Some(prompt) = self.prompts.get(&act.notice).cloned() else { return };
        let explained = match code {
            500_014 => {
                self.clock_was_set((prompt.asked, at)) || !self.was_certainly_live(&prompt, act, before, at)
            }
            500_008 => {
                act.face.as_ref().is_some_and(|face| self.others_with(face, act.notice).next().is_some())
            }
            500_084 => self.may_be_locked(prompt.holder.person, at),
            -1 => self.excuses(span, STORE_TROUBLE),
            -3 | 500_033 => self.excuses(span, NATIONAL_TROUBLE),
            -2 => self.clock_was_set((Duration::ZERO, at)),
            _ => false,
        };
        if !explained {
            self.found(format!("{code} has no reason: {act:?} {prompt:?}"));
        }
    }

    /// Whether nothing could have ended the attempt before this was answered.
    fn was_certainly_live(&self, prompt: &Prompt, act: &Act, before: &Act, at: Duration) -> bool {
        let others = self.acts_on(act.notice).iter().filter(|other| other.begun < at);
        let ended = others
            .clone()
            .any(|other| other.may_have_ended() || other.may_have_confirmed() && !act.deed.confirms());
        // A confirmation that counts already is accepted again, whatever its life.
        let confirmed =
            before.unheard || others.clone().any(|other| other.begun < act.begun && other.deed.confirms());
        let replaced =
            self.calls(&prompt.key).iter().any(|call| call.amount != prompt.amount || call.code != Some(0));
        let expired = at + SLACK > prompt.expires;
        let taken = self.newer_codes(prompt).next().is_some();
        let fault =
            self.is_felt((prompt.asked, at), |fault| matches!(fault, Fault::App(..) | Fault::Line(..)));
        let locked = self.may_be_locked(prompt.holder.person, at);
        !(ended || confirmed || replaced || expired || taken || fault || locked)
    }

    /// A notice of another code of the same person at the same institution, that was on the phone after this one and before this
    /// moment.
    fn took_its_place(&self, prompt: &Prompt, before: Duration) -> Option<&Prompt> {
        let keys = self.keys_of.get(&prompt.holder.person).into_iter().flatten();
        let others = keys.filter(|key| key.1 == prompt.key.1 && key.0 != prompt.key.0);
        let prompts = others.filter_map(|key| self.prompts_of.get(key)).flatten();
        let mut prompts = prompts.filter_map(|number| self.prompts.get(number));
        // When it was asked for is told by the center's clock.
        let certain = |other: &&Prompt| !self.clock_was_set((other.asked.min(other.shown), other.shown));
        prompts.find(|other| certain(other) && other.was_asked_between(prompt.last_asked(), before))
    }

    /// The notices asked for with other codes of the same person at the same institution.
    fn newer_codes<'a>(&'a self, prompt: &'a Prompt) -> impl Iterator<Item = &'a super::NotifyCall> {
        let keys = self.keys_of.get(&prompt.holder.person).into_iter().flatten();
        let others = keys.filter(|key| key.1 == prompt.key.1 && key.0 != prompt.key.0);
        others
            .flat_map(|key| self.calls(key))
            .filter(|call| call.ended.is_none_or(|ended| ended > prompt.asked))
    }

    /// How often a person said a password since then, heard or not.
    pub(super) fn passwords_said(&self, person: u32, since: Duration) -> usize {
        let numbers = self
            .keys_of
            .get(&person)
            .into_iter()
            .flatten()
            .filter_map(|key| self.prompts_of.get(key))
            .flatten();
        let acts = numbers.flat_map(|number| self.acts_on(*number));
        let said = acts.filter(|act| {
            act.deed.way() == Some(Way::CredentialPassword) && act.ended.is_none_or(|ended| ended > since)
        });
        said.map(|act| act.times).sum()
    }

    /// A face authorization the person has used.
    pub(crate) fn face_used_by(&self, person: u32) -> Option<String> {
        self.faces.get(&person).cloned()
    }
}
