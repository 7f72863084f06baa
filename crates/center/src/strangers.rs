//! What is written of requests that prove nothing: wrong addresses, envelopes that are none or do not open, bad links.
//!
//! Anybody can send as many as the line carries, and a line in the log for each would fill the disk that the center's
//! work needs (3.8 MB a second from one connection). So of each cause and source a few are written each minute; the rest is
//! counted and summed in one line when the minute is over. The metrics count all of them.

use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use hashbrown::HashMap;
use yanmi_protocol::Code;

use crate::claimed::Claimed;

/// Lines in a minute of one cause and one source: enough to see what it is.
pub(crate) const LINES: u64 = 5;
/// Over how long lines are summed.
const MINUTE: Duration = Duration::from_mins(1);
/// Causes and whoever they come from told apart at a time; who comes when there are so many shares a count with others.
const MAX_TOLD: usize = 4_096;

/// Counts by code and by whoever they come from, and lets a few of each through in a minute.
#[derive(Debug)]
pub(crate) struct Tally<W> {
    /// How many are let through.
    most: u64,
    /// Stands for all that are not told apart.
    others: W,
    told: Mutex<HashMap<(Code, W), LineCount>>,
}

/// Counts lines by source. A lock is taken for unproven requests only.
pub(crate) type Strangers = Tally<IpAddr>;

impl Default for Strangers {
    fn default() -> Self {
        Self::new(LINES, IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

/// Since when requests are counted, and how many there were.
#[derive(Debug)]
struct LineCount {
    since: Instant,
    count: u64,
    /// Who the first claimed to be.
    claimed: Option<Claimed>,
    /// Whether others claimed to be somebody else.
    several: bool,
}

/// What was not let through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RefusalSum<W = IpAddr> {
    pub(crate) code: Code,
    pub(crate) whose: W,
    pub(crate) count: u64,
    /// Who they all claimed to be, if it was one.
    pub(crate) claimed: Option<Claimed>,
}

impl<W: Copy + Ord + Hash> Tally<W> {
    pub(crate) fn new(most: u64, others: W) -> Self {
        Self { most, others, told: Mutex::default() }
    }

    /// Counts one; whether it is let through.
    pub(crate) fn admit(&self, code: Code, whose: W, claimed: Option<Claimed>, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = told.len() >= MAX_TOLD && !told.contains_key(&(code, whose));
        let whose = if is_full { self.others } else { whose };
        let fresh = LineCount { since: now, count: 0, claimed, several: false };
        let entry = told.entry((code, whose)).or_insert(fresh);
        entry.count += 1;
        entry.several |= entry.claimed != claimed;
        entry.count <= self.most
    }

    /// Forgets those whose minute is over; of what was not let through, the sums.
    pub(crate) fn due(&self, now: Instant) -> Vec<RefusalSum<W>> {
        self.ended(|told| now.duration_since(told.since) >= MINUTE)
    }

    /// Forgets all; of what was not let through, the sums.
    pub(crate) fn now(&self) -> Vec<RefusalSum<W>> {
        self.ended(|_| true)
    }

    fn ended(&self, is_over: impl Fn(&LineCount) -> bool) -> Vec<RefusalSum<W>> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let over = told.extract_if(|_, told| is_over(told));
        let sums = over.map(|((code, whose), told)| {
            let claimed = told.claimed.filter(|_| !told.several);
            RefusalSum { code, whose, count: told.count.saturating_sub(self.most), claimed }
        });
        let mut sums: Vec<_> = sums.filter(|sum| sum.count > 0).collect();
        // They become lines and rows, whose order is not to hang on chance.
        sums.sort_unstable_by_key(|sum| (sum.code.number(), sum.whose));
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    #[test]
    fn a_few_are_written_and_the_rest_is_summed_by_cause_and_source() {
        let strangers = Strangers::default();
        let now = Instant::now();
        let written =
            |code, number| (0..1_000).filter(|_| strangers.admit(code, source(number), None, now)).count();
        assert_eq!(written(Code::Denied, 1), 5);
        assert_eq!(written(Code::BadParameter, 1), 5);
        assert_eq!(written(Code::Denied, 2), 5);
        assert!(strangers.admit(Code::NoSuchAddress, source(1), None, now));
        assert_eq!(strangers.due(now + Duration::from_secs(59)), []);
        let sums = strangers.due(now + MINUTE);
        let sum = |code, number| RefusalSum { code, whose: source(number), count: 995, claimed: None };
        let [denied, wrong] = [Code::Denied, Code::BadParameter];
        assert_eq!(sums, [sum(denied, 1), sum(denied, 2), sum(wrong, 1)]);
        assert!(strangers.admit(Code::Denied, source(1), None, now + MINUTE), "a new minute");
    }

    #[test]
    fn any_number_of_sources_takes_bounded_room_and_bounded_lines() {
        let strangers = Strangers::default();
        let now = Instant::now();
        let sent = 100_000;
        let written =
            (1..=sent).filter(|number| strangers.admit(Code::Denied, source(*number), None, now)).count();
        assert_eq!(written, MAX_TOLD + 5, "one of each that is told apart, and five of all others");
        assert_eq!(strangers.told.lock().expect("not poisoned").len(), MAX_TOLD + 1);
        let sums = strangers.due(now + MINUTE);
        let missing = u64::from(sent) - u64::try_from(written).expect("few");
        assert_eq!(
            sums,
            [RefusalSum { code: Code::Denied, whose: strangers.others, count: missing, claimed: None }]
        );
    }

    #[test]
    fn a_sum_names_who_they_all_claimed_to_be_and_nobody_when_they_were_several() {
        let strangers = Strangers::default();
        let now = Instant::now();
        let claims = |number: u32, names: &[&str]| {
            for name in names.iter().cycle().take(7) {
                strangers.admit(Code::Denied, source(number), Claimed::of(name, false), now);
            }
        };
        claims(1, &["his-1"]);
        claims(2, &["his-1", "his-2"]);
        claims(3, &["欧阳文静"]);
        let sums = strangers.due(now + MINUTE);
        let claimed: Vec<_> = sums.iter().map(|sum| sum.claimed.map(|it| it.as_str().to_owned())).collect();
        assert_eq!(claimed, [Some("his-1".to_owned()), None, None]);
    }
}
