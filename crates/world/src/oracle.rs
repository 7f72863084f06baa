//! The oracle: what everybody outside of the center did and heard, and whether a center could have said that.
//!
//! It knows no rule of the program, only the contract, and it judges each answer by what was certain: something that was
//! answered before something else was asked. What got no answer may have happened or not, and what was under way at the same time may
//! have come first or last; then nothing is concluded. So what it finds is a contradiction, whatever the network did.
//!
//! * "1" without a confirmation that could have been sufficient, or for an amount that was replaced (`status`);
//! * a confirmation that was accepted and is not there any more (`status`);
//! * a code, or no answer, that no fault in force explains (`codes`);
//! * notices too soon, too many, after "not me", of another person, or under a number that was given before (`prompts`);
//! * a notice that was answered though another took its place, a face authorization for two notices (`acts`);
//! * a desk that settles what it was not told, does not understand what it was told, or has no words for it (`desk`);
//! * questions about a password after five wrong ones (`passwords`).
//!
//! What the database holds in the end is compared by [`crate::books`].

mod acts;
mod call;
mod codes;
mod contract;
mod deed;
mod desk;
mod in_force;
mod passwords;
mod prompt;
mod prompts;
mod status;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use yanmi_protocol::{EcToken, NoticeNo, OrgCode};

pub(crate) use call::{DeskDecision, NotifyCall, StatusCall};
pub(crate) use contract::LIFE;
pub(crate) use deed::{Act, ActAnswer, Deed};
pub(crate) use desk::{DeskAnswer, DeskNotice, DeskWords};
pub(crate) use prompt::Prompt;
use trouble::{CANNOT_READ, FOLLOWS, FaultSpan};

use crate::cast::Holder;
use crate::fault::Fault;

/// A token at an institution: what a verification is of.
pub(crate) type Key = (EcToken, OrgCode);

/// Contradictions that are told; more of them say nothing new.
const MOST_FOUND: usize = 50;

/// A switch of password-free settlement in an app: its limit for one payment, or nothing when it is switched off.
#[derive(Clone, Debug)]
struct FreeSwitch {
    single_fen: Option<i64>,
    begun: Duration,
    done: Option<Duration>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    notifies: BTreeMap<Key, Vec<NotifyCall>>,
    prompts: BTreeMap<NoticeNo, Prompt>,
    prompts_of: BTreeMap<Key, Vec<NoticeNo>>,
    /// By person, what was on a phone of theirs.
    prompts_to: BTreeMap<u32, Vec<NoticeNo>>,
    /// Tokens for which anything was on a phone.
    prompted: BTreeSet<EcToken>,
    /// By person, the keys they were asked about.
    keys_of: BTreeMap<u32, BTreeSet<Key>>,
    acts: BTreeMap<NoticeNo, Vec<Act>>,
    /// By face authorization, the notices it was used for.
    acts_with: BTreeMap<String, BTreeSet<NoticeNo>>,
    faces: BTreeMap<u32, String>,
    withdrawn: BTreeSet<NoticeNo>,
    passwords: BTreeMap<u32, Vec<(Duration, bool)>>,
    serials: BTreeSet<String>,
    switches: BTreeMap<Holder, Vec<FreeSwitch>>,
    in_force: Vec<FaultSpan>,
    /// How many centers there are.
    centers: u16,
    /// Since when institutions are switched off.
    switched_off: BTreeMap<OrgCode, Duration>,
    found: Vec<String>,
    /// How often what was asked and answered.
    pub(crate) codes: BTreeMap<(&'static str, i64), u64>,
    pub(crate) confirmed: u64,
}

impl Oracle {
    /// One that looks at so many centers.
    pub(crate) fn of_centers(centers: u16) -> Self {
        Self { centers, ..Self::default() }
    }

    /// Something contradicts the contract.
    pub(crate) fn found(&mut self, what: String) {
        if self.found.len() < MOST_FOUND {
            self.found.push(what);
        }
    }

    /// Something was answered once more.
    pub(crate) fn counts(&mut self, what: &'static str, code: i64) {
        *self.codes.entry((what, code)).or_default() += 1;
    }

    /// Everything that was found.
    pub(crate) fn all_found(&self) -> &[String] {
        &self.found
    }

    /// A fault begins; its place, to say when it ended.
    pub(crate) fn begins(&mut self, fault: Fault, at: Duration) -> usize {
        self.in_force.push(FaultSpan::new(fault, at, false));
        self.in_force.len() - 1
    }

    pub(crate) fn ends(&mut self, place: usize, at: Duration) {
        self.in_force[place].end = Some(at);
    }

    /// An institution was switched off, or is about to be switched on again.
    pub(crate) fn switched_off(&mut self, org_code: OrgCode, since: Option<Duration>) {
        match since {
            Some(at) => self.switched_off.insert(org_code, at),
            None => self.switched_off.remove(&org_code),
        };
    }

    /// Nobody is served who was switched off a while before.
    fn judge_served(&mut self, key: &Key, (begun, code): (Duration, Option<i64>)) {
        // A center that cannot read its registry goes by what it read.
        let off = self
            .switched_off
            .get(&key.1)
            .is_some_and(|since| *since + FOLLOWS < begun && !self.is_felt((*since, begun), CANNOT_READ));
        if off && code == Some(0) {
            self.found(format!("an institution that is switched off was served: {key:?} at {begun:?}"));
        }
    }

    /// An institution asks for a notice; its place among those for this key.
    pub(crate) fn notifies(&mut self, key: Key, call: NotifyCall) -> usize {
        self.keys_of.entry(call.person).or_default().insert(key);
        let calls = self.notifies.entry(key).or_default();
        calls.push(call);
        calls.len() - 1
    }

    /// Somebody on the line sends one of those again.
    pub(crate) fn replays(&mut self, key: Key, place: usize, at: Duration) {
        if let Some(calls) = self.notifies.get_mut(&key)
            && let Some(call) = calls.get(place)
        {
            calls.push(call.replayed(at));
        }
    }

    /// What it heard.
    pub(crate) fn heard_of_notice(
        &mut self,
        key: Key,
        place: usize,
        (code, serial): (Option<i64>, Option<String>),
        at: Duration,
    ) {
        let Some(call) = self.notifies.get_mut(&key).and_then(|calls| calls.get_mut(place)) else { return };
        if code.is_some() {
            call.ended = Some(at);
        }
        call.code = code;
        call.serial.clone_from(&serial);
        let call = call.clone();
        self.counts("notify", code.unwrap_or(NO_ANSWER));
        if let Some(number) = serial.as_ref().and_then(|serial| serial.get(..13))
            && !self.serials.insert(number.to_owned())
        {
            self.found(format!("serial number {number} was given out twice"));
        }
        if code == Some(0) && serial.is_none() {
            self.found(format!("a notice was answered without its number: {call:?}"));
        }
        self.judge_served(&key, (call.begun, code));
        self.explain_notice(key, &call, code, at);
    }

    /// What a desk's newest call for a key was answered came through; it may ask again now.
    pub(crate) fn desk_was_answered(&mut self, key: Key) {
        if let Some(call) = self.notifies.get_mut(&key).and_then(|calls| calls.last_mut()) {
            call.envelopes += 1;
        }
    }

    /// What a desk knows of a notice it had sent; why it was not sent, if it was not, is its own to judge. Where the desk ended
    /// meanwhile, an envelope may be under way for ever.
    pub(crate) fn desk_heard_of_notice(
        &mut self,
        (key, place): (Key, usize),
        desk_ended: bool,
        code: Option<i64>,
        at: Duration,
    ) {
        if let Some(call) = self.notifies.get_mut(&key).and_then(|calls| calls.get_mut(place)) {
            call.code = code;
            call.ended = code.map(|_| at);
            call.envelopes -= usize::from(!desk_ended && call.envelopes > 1);
        }
    }

    /// The calls for a key.
    fn calls(&self, key: &Key) -> &[NotifyCall] {
        self.notifies.get(key).map_or(&[], Vec::as_slice)
    }

    /// What was done about a notice.
    fn acts_on(&self, number: NoticeNo) -> &[Act] {
        self.acts.get(&number).map_or(&[], Vec::as_slice)
    }

    /// A switch is told to the center; its place among the holder's.
    pub(crate) fn switches(&mut self, holder: Holder, single_fen: Option<i64>, begun: Duration) -> usize {
        let switches = self.switches.entry(holder).or_default();
        switches.push(FreeSwitch { single_fen, begun, done: None });
        switches.len() - 1
    }

    pub(crate) fn switched(&mut self, holder: Holder, place: usize, done: bool, at: Duration) {
        if let Some(switch) = self.switches.get_mut(&holder).and_then(|all| all.get_mut(place)) {
            switch.done = done.then_some(at);
        }
    }

    /// The serial numbers that were told, each with what it is of.
    pub(crate) fn serials_answered(&self) -> impl Iterator<Item = (&Key, &str)> {
        self.notifies.iter().flat_map(|(key, calls)| {
            calls.iter().filter_map(move |call| Some((key, call.serial.as_deref()?)))
        })
    }

    /// The confirmations that were accepted.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (&Prompt, &Act)> {
        self.acts.iter().flat_map(|(number, acts)| {
            let prompt = self.prompts.get(number);
            acts.iter()
                .filter(|act| act.heard == Some(ActAnswer::Accepted))
                .filter_map(move |act| Some((prompt?, act)))
        })
    }

    /// Everything that was on a phone.
    pub(crate) fn all_prompts(&self) -> impl Iterator<Item = &Prompt> {
        self.prompts.values()
    }
}

/// What stands for no answer among the codes.
pub(crate) const NO_ANSWER: i64 = i64::MIN;
