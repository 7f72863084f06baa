//! Every code, and every silence, has a reason that lies outside of the center.

use std::time::Duration;

use super::call::{NotifyCall, StatusCall, envelopes};
use super::contract::{OF_A_VERIFICATION, OF_AN_HOUR, QUIET, SET_BACK};
use super::deed::Deed;
use super::trouble::{CANNOT_READ, NATIONAL_TROUBLE, STORE_TROUBLE};
use super::{Key, Oracle};
use crate::cast::Cast;
use crate::fault::Fault;
use crate::network::Line;

/// V8, as far as a counter can see: calls may be under way for so long.
const UNDER_WAY: Duration = Duration::from_secs(12);
/// The windows an hour is counted in make it longer by one of them.
const COUNTED_HOUR: Duration = Duration::from_mins(65);
/// V10: a payment that was let through stays so for half an hour.
const LET_THROUGH: Duration = Duration::from_mins(31);

impl Oracle {
    /// Nobody answered.
    pub(super) fn explain_silence(&mut self, line: Line, span: (Duration, Duration), what: &str) {
        let lines =
            |fault: Fault| matches!(fault, Fault::Line(faulty, _) if faulty == line) || STORE_TROUBLE(fault);
        if !self.excuses(span, lines) {
            self.found(format!("no answer, for no reason: {what}"));
        }
    }

    /// An app's question was refused.
    pub(crate) fn code_of_app(&mut self, app: u16, code: i64, begun: Duration, at: Duration) {
        if !(code == -1 && self.excuses((begun, at), STORE_TROUBLE)
            || code == -2 && self.clock_was_set((Duration::ZERO, at)))
        {
            self.found(format!("{code} to app {app} has no reason"));
        }
    }

    pub(super) fn explain_notice(&mut self, key: Key, call: &NotifyCall, code: Option<i64>, at: Duration) {
        let span = (call.begun, at);
        let explained = match code {
            Some(0) => true,
            None => return self.explain_silence(Line::Institutions, span, &format!("{call:?}")),
            Some(500_084) => self.may_be_too_often(&key, call, at),
            // A clock that is set back a little has a channel rest a little longer.
            Some(500_319) => {
                let of_token = Cast::holder_of(&key.0).map_or(0, |holder| holder.app);
                // One app that fails costs the others nothing.
                let app = |fault| match fault {
                    Fault::App(app, _) | Fault::Line(Line::App(app), _) => app == of_token,
                    _ => false,
                };
                self.excuses(span, |fault| app(fault) || STORE_TROUBLE(fault)) || self.clock_was_set(span)
            }
            Some(500_320) => self.may_be_free(&key, call.amount, at),
            Some(code) => self.is_general(&key, code, span),
        };
        if !explained {
            let code = code.unwrap_or_default();
            self.found(format!("{code} has no reason: {key:?} {call:?}"));
        }
    }

    pub(super) fn explain_status(&mut self, key: Key, call: &StatusCall) {
        let span = (call.begun, call.ended);
        let explained = match call.code {
            None => return self.explain_silence(Line::Institutions, span, &format!("{call:?}")),
            Some(500_320) => {
                let amounts: Vec<Option<i64>> = self.calls(&key).iter().map(|call| call.amount).collect();
                amounts.into_iter().any(|amount| self.may_be_free(&key, amount, call.ended))
            }
            Some(code) => self.is_general(&key, code, span),
        };
        if !explained {
            self.found(format!("{:?} has no reason: {key:?} {call:?}", call.code));
        }
    }

    /// What any call of an institution may be answered with.
    fn is_general(&self, key: &Key, code: i64, span: (Duration, Duration)) -> bool {
        let asker = Cast::asker_of(&key.1);
        match code {
            -1 => self.excuses(span, STORE_TROUBLE),
            -3 | 500_033 => self.excuses(span, NATIONAL_TROUBLE),
            -2 => self.clock_was_set((Duration::ZERO, span.1)),
            -4 => self.is_registered(
                span,
                |fault| matches!(fault, Fault::Rotate(account) if asker.is_some_and(|it| it.0 == account)),
            ),
            500_316 => self.is_registered(
                span,
                |fault| matches!(fault, Fault::SwitchOff(place) if asker == Some((0, place))),
            ),
            _ => false,
        }
    }

    /// Whether such a change of the registry excuses what was seen at the end of a span. A center that cannot read its registry goes
    /// by what it read.
    fn is_registered(&self, span: (Duration, Duration), change: impl Fn(Fault) -> bool) -> bool {
        self.excuses(span, &change) || self.is_felt(span, CANNOT_READ) && self.is_felt(span, &change)
    }

    fn may_be_too_often(&self, key: &Key, call: &NotifyCall, at: Duration) -> bool {
        let calls = self.calls(key);
        let late = calls.iter().filter(|other| other.begun < at && other.begun + UNDER_WAY > call.begun);
        let soon = envelopes(late) > 1;
        let many = envelopes(calls) > OF_A_VERIFICATION;
        let keys = self.keys_of.get(&call.person).into_iter().flatten();
        let all = keys
            .clone()
            .flat_map(|key| self.calls(key))
            .filter(|other| other.begun + COUNTED_HOUR > call.begun);
        let often = envelopes(all) > OF_AN_HOUR;
        let here = keys.filter(|other| other.1 == key.1).filter_map(|key| self.prompts_of.get(key)).flatten();
        let quiet = here.flat_map(|number| self.acts_on(*number)).any(|act| {
            act.deed == Deed::NotMe
                && act.begun < at
                && act.ended.unwrap_or(at) + QUIET + UNDER_WAY > call.begun
        });
        let counted = call.begun.saturating_sub(COUNTED_HOUR + SET_BACK);
        soon || many || often || quiet || self.clock_was_set((counted, at))
    }

    /// V10: the person switched it on, and the amount is within the limit, or was let through before.
    pub(super) fn may_be_free(&self, key: &Key, amount: Option<i64>, at: Duration) -> bool {
        let app = Cast::holder_of(&key.0);
        let Some(switches) = app.and_then(|holder| self.switches.get(&holder)) else { return false };
        let last_off =
            switches.iter().rposition(|switch| switch.single_fen.is_none() && switch.done.is_some());
        let since = last_off.map_or(0, |place| place + 1);
        switches.iter().enumerate().any(|(place, switch)| {
            let within = switch.single_fen.is_some_and(|limit| amount.is_some_and(|fen| fen <= limit));
            let lately = switch.done.is_none_or(|done| done + LET_THROUGH > at);
            switch.begun < at
                && within
                && (place >= since
                    || lately
                    || last_off.is_some_and(|off| switches[off].begun + LET_THROUGH > at))
        })
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::{EcToken, OrgCode};

    use super::*;

    /// Twenty an hour: each of these was asked for twice, because the first answer was none to be believed.
    #[test]
    fn every_envelope_of_a_desk_counts_against_the_persons_hour() {
        let keys: Vec<Key> = (0..=OF_AN_HOUR / 2)
            .map(|number| {
                let token = EcToken::new(&format!("T{number}")).expect("a token");
                (token, OrgCode::new("H35010000201").expect("an institution"))
            })
            .collect();
        for (answers, count) in [(2, 0), (1, 1)] {
            let mut oracle = Oracle::default();
            let minute = |number: usize| Duration::from_mins(number as u64);
            for (number, key) in keys.iter().enumerate().skip(1) {
                let place = oracle.notifies(*key, NotifyCall::new(1, None, false, minute(number)));
                (0..answers).for_each(|_| oracle.desk_was_answered(*key));
                oracle.desk_heard_of_notice((*key, place), false, Some(0), minute(number));
            }
            let place = oracle.notifies(keys[0], NotifyCall::new(1, None, false, minute(keys.len())));
            oracle.heard_of_notice(keys[0], place, (Some(500_084), None), minute(keys.len()));
            assert_eq!(oracle.all_found().len(), count, "{:?}", oracle.all_found());
        }
    }
}
