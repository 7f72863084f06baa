//! What is written of requests that prove nothing: wrong addresses, envelopes that are none or do not open, bad links.
//!
//! Anybody can send as many as the line carries, and a line in the log for each would fill the disk that the center's
//! work needs (3.8 MB a second from one connection). So of each cause and source a few are written each minute; the rest is
//! counted and summed in one line when the minute is over. The metrics count all of them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hashbrown::HashMap;
use yanmi_protocol::Code;

/// Lines in a minute of one cause and one source: enough to see what it is.
pub(crate) const LINES: u64 = 5;
/// Over how long lines are summed.
const MINUTE: Duration = Duration::from_mins(1);
/// Causes and sources told apart at a time; whoever comes when there are so many shares a count with others.
const MAX_TOLD: usize = 4_096;
/// Stands for all sources that are not told apart.
const OTHERS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Counts lines. A lock is taken for unproven requests only.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<HashMap<(Code, IpAddr), Told>>);

/// Since when requests are counted, and how many there were.
#[derive(Debug)]
struct Told {
    since: Instant,
    count: u64,
}

/// What was not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sum {
    pub(crate) code: Code,
    pub(crate) source: IpAddr,
    pub(crate) count: u64,
}

impl Strangers {
    /// Counts a request; whether a line of its own is written.
    pub(crate) fn admit(&self, code: Code, source: IpAddr, now: Instant) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = told.len() >= MAX_TOLD && !told.contains_key(&(code, source));
        let source = if is_full { OTHERS } else { source };
        let entry = told.entry((code, source)).or_insert(Told { since: now, count: 0 });
        entry.count += 1;
        entry.count <= LINES
    }

    /// Forgets those whose minute is over; of what was not written, the sums.
    pub(crate) fn due(&self, now: Instant) -> Vec<Sum> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = told.extract_if(|_, told| now.duration_since(told.since) >= MINUTE);
        let sums =
            over.map(|((code, source), told)| Sum { code, source, count: told.count.saturating_sub(LINES) });
        sums.filter(|sum| sum.count > 0).collect()
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
            |code, number| (0..1_000).filter(|_| strangers.admit(code, source(number), now)).count();
        assert_eq!(written(Code::Denied, 1), 5);
        assert_eq!(written(Code::BadParameter, 1), 5);
        assert_eq!(written(Code::Denied, 2), 5);
        assert!(strangers.admit(Code::NoSuchAddress, source(1), now));
        assert_eq!(strangers.due(now + Duration::from_secs(59)), []);
        let mut sums = strangers.due(now + MINUTE);
        sums.sort_by_key(|sum| (sum.code.number(), sum.source));
        let sum = |code, number| Sum { code, source: source(number), count: 995 };
        let [denied, wrong] = [Code::Denied, Code::BadParameter];
        assert_eq!(sums, [sum(denied, 1), sum(denied, 2), sum(wrong, 1)]);
        assert!(strangers.admit(Code::Denied, source(1), now + MINUTE), "a new minute");
    }

    #[test]
    fn any_number_of_sources_takes_bounded_room_and_bounded_lines() {
        let strangers = Strangers::default();
        let now = Instant::now();
        let sent = 100_000;
        let written = (1..=sent).filter(|number| strangers.admit(Code::Denied, source(*number), now)).count();
        assert_eq!(written, MAX_TOLD + 5, "one of each that is told apart, and five of all others");
        assert_eq!(strangers.0.lock().expect("not poisoned").len(), MAX_TOLD + 1);
        let sums = strangers.due(now + MINUTE);
        let missing = u64::from(sent) - u64::try_from(written).expect("few");
        assert_eq!(sums, [Sum { code: Code::Denied, source: OTHERS, count: missing }]);
    }
}
