//! Whether something that goes wrong was felt at a time.

use std::time::Duration;

use super::Oracle;
use super::trouble::{FELT, FaultSpan};
use crate::fault::Fault;

impl Oracle {
    /// Whether such a fault was in force, or still felt, at any time of a span.
    pub(crate) fn is_felt(&self, (from, to): (Duration, Duration), is: impl Fn(Fault) -> bool) -> bool {
        let mut felt =
            self.in_force.iter().filter(|it| it.begin <= to && it.end.is_none_or(|end| end + FELT >= from));
        felt.any(|it| is(it.fault))
    }

    /// Whether such a fault excuses what was seen at the end of a span. It is sharper than what is felt: a center that listens
    /// again has forgotten everything, and one that will fail has not failed yet.
    pub(super) fn excuses(&self, (from, to): (Duration, Duration), is: impl Fn(Fault) -> bool) -> bool {
        let mut such = self.in_force.iter().filter(|it| is(it.fault) && it.begin <= to);
        let over = |it: &FaultSpan| it.end.is_some_and(|end| end + it.felt() < from);
        if such.clone().any(|it| !it.armed && !over(it)) {
            return true;
        }
        // Whether it had happened by then, it is known when it has.
        such.find(|it| it.armed).is_some_and(|it| {
            it.excused.set(Some(it.excused.get().map_or(to, |first| first.min(to))));
            true
        })
    }

    /// A fault will happen, nobody knows when; its place, to say that it has.
    pub(crate) fn arms(&mut self, fault: Fault, at: Duration) -> usize {
        self.in_force.push(FaultSpan::new(fault, at, true));
        self.in_force.len() - 1
    }

    /// It has happened, after this moment.
    pub(crate) fn strikes(&mut self, place: usize, after: Duration) {
        let Some(span) = self.in_force.get_mut(place).filter(|span| span.armed) else { return };
        (span.armed, span.begin) = (false, after);
        let fault = span.fault;
        if let Some(first) = span.excused.take().filter(|first| *first < after) {
            self.found(format!("what was seen at {first:?} has no reason: {fault} came after {after:?}"));
        }
    }

    /// What was to happen by now will not.
    pub(crate) fn disarms(&mut self, now: Duration) {
        for place in 0..self.in_force.len() {
            self.strikes(place, now + FELT);
        }
    }

    /// Whether the center's clock was set at any time.
    pub(crate) fn clock_was_ever_set(&self) -> bool {
        self.in_force.iter().any(|it| matches!(it.fault, Fault::Clock(_)))
    }

    /// Whether the center's clock was set in a span.
    pub(super) fn clock_was_set(&self, (from, to): (Duration, Duration)) -> bool {
        let mut set = self.in_force.iter().filter(|it| matches!(it.fault, Fault::Clock(_)));
        set.any(|it| it.begin <= to && it.begin + FELT >= from)
    }
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::{EcToken, OrgCode};

    use super::super::call::{NotifyCall, StatusCall};
    use super::super::trouble::{FOLLOWS, STORE_TROUBLE};
    use super::*;
    use crate::chance::Chance;
    use crate::network::Line;

    const SECOND: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn a_center_that_listens_again_has_no_excuse_and_who_asked_before_has_one() {
        let mut oracle = Oracle::default();
        let place = oracle.begins(Fault::Kill(0), SECOND(10));
        assert!(oracle.excuses((SECOND(8), SECOND(11)), STORE_TROUBLE), "it does not run");
        assert!(!oracle.excuses((SECOND(8), SECOND(9)), STORE_TROUBLE), "it ran still");
        oracle.ends(place, SECOND(15));
        assert!(oracle.excuses((SECOND(14), SECOND(30)), STORE_TROUBLE), "asked before it listened");
        assert!(!oracle.excuses((SECOND(16), SECOND(17)), STORE_TROUBLE));
        assert!(oracle.is_felt((SECOND(16), SECOND(17)), STORE_TROUBLE), "what persons did is less certain");
        // A line's connections are bad for longer.
        let place = oracle.begins(Fault::Line(Line::National, crate::fault::LineState::Down), SECOND(20));
        oracle.ends(place, SECOND(25));
        assert!(oracle.excuses((SECOND(40), SECOND(41)), |fault| matches!(fault, Fault::Line(..))));
    }

    #[test]
    fn what_was_seen_before_a_failure_is_not_excused_by_it() {
        for (seen, count) in [(SECOND(4), 1), (SECOND(6), 0)] {
            let mut oracle = Oracle::default();
            let place = oracle.arms(Fault::Power(7), SECOND(1));
            assert!(oracle.excuses((SECOND(3), seen), STORE_TROUBLE), "nobody knows yet");
            assert!(oracle.excuses((SECOND(8), SECOND(8)), STORE_TROUBLE));
            oracle.strikes(place, SECOND(5));
            oracle.ends(place, SECOND(9));
            assert_eq!(oracle.all_found().len(), count, "{:?}", oracle.all_found());
            assert!(!oracle.excuses((SECOND(2), SECOND(4)), STORE_TROUBLE));
        }
        let mut oracle = Oracle::default();
        oracle.arms(Fault::Power(7), SECOND(1));
        assert!(oracle.excuses((SECOND(3), SECOND(4)), STORE_TROUBLE));
        oracle.disarms(SECOND(20));
        assert_eq!(oracle.all_found().len(), 1, "it never came");
    }

    #[test]
    fn a_rotation_and_a_switch_excuse_only_whom_they_are_about() {
        let cast = crate::cast::Cast::new(&Chance::new(1), 1);
        let token = EcToken::new("T1").expect("a token");
        // The second institution of the first account is switched off, and the second account's key is changed.
        for (code, account, institution) in [(500_316, 0, 1), (-4, 1, 0), (-4, 1, 2)] {
            for (of, it) in cast.accounts.iter().enumerate() {
                for (place, org) in it.institutions.iter().enumerate() {
                    let mut oracle = Oracle::default();
                    oracle.begins(Fault::SwitchOff(1), SECOND(1));
                    oracle.begins(Fault::Rotate(1), SECOND(1));
                    refused(&mut oracle, (token, *org), code);
                    let about = of == account && (code == -4 || place == institution);
                    assert_eq!(oracle.all_found().is_empty(), about, "{code} {of} {place}");
                }
            }
        }
    }

    #[test]
    fn a_center_that_cannot_read_its_registry_goes_by_what_it_read() {
        let cast = crate::cast::Cast::new(&Chance::new(1), 1);
        let key = (EcToken::new("T1").expect("a token"), cast.accounts[0].institutions[1]);
        for (silent, count) in [(true, 0), (false, 2)] {
            let mut oracle = Oracle::default();
            let off = oracle.begins(Fault::SwitchOff(1), Duration::ZERO);
            oracle.ends(off, Duration::ZERO);
            if silent {
                oracle.begins(Fault::Server(crate::fault::ServerState::Silent), Duration::ZERO);
            }
            let asked = FOLLOWS + SECOND(1);
            refused_at(&mut oracle, key, 500_316, asked);
            assert_eq!(oracle.all_found().len(), count, "{:?}", oracle.all_found());
        }
    }

    /// A notice and a status are refused with this code.
    fn refused(oracle: &mut Oracle, key: (EcToken, OrgCode), code: i64) {
        refused_at(oracle, key, code, SECOND(2));
    }

    fn refused_at(oracle: &mut Oracle, key: (EcToken, OrgCode), code: i64, at: Duration) {
        let place = oracle.notifies(key, NotifyCall::new(1, None, false, at));
        oracle.heard_of_notice(key, place, (Some(code), None), at + SECOND(1));
        let (begun, ended) = (at + SECOND(2), at + SECOND(3));
        let call = StatusCall { begun, ended, held: false, code: Some(code), confirmed: None };
        oracle.heard_of_status(key, &call);
    }
}
