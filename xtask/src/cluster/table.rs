//! What comes out: one row for each fault.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::faults::Own;
use super::traffic::{Call, Kind};

/// What may be added to what the database cluster needs by itself.
const BOUND: Duration = Duration::from_secs(2);

/// One fault and what was seen of it.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    own: Own,
    /// The longest time without an answer that is none of a failure, for each kind of call.
    interruptions: BTreeMap<Kind, Duration>,
    requests: usize,
    failed: BTreeMap<String, usize>,
}

impl Row {
    /// What the calls say about the time from `begin` to `end`.
    pub(super) fn of(name: String, own: Own, begin: Instant, end: Instant, calls: &[Call]) -> Self {
        let within = |call: &&Call| call.ended >= begin && call.begun <= end;
        let mut failed = BTreeMap::new();
        for why in calls.iter().filter(within).filter_map(|call| call.failure.as_ref()) {
            *failed.entry(why.clone()).or_default() += 1;
        }
        let interruptions = Kind::COUNTED.into_iter().map(|kind| (kind, longest(kind, begin, end, calls)));
        Self {
            name,
            own,
            interruptions: interruptions.collect(),
            requests: calls.iter().filter(within).count(),
            failed,
        }
    }

    /// Whether nobody waited longer than the bound.
    pub(super) fn in_time(&self) -> bool {
        self.interruptions.values().all(|interruption| *interruption <= self.own.commit + BOUND)
    }
}

/// The longest time between two answers to this kind of call, of those that touch the time from `begin` to `end`.
fn longest(kind: Kind, begin: Instant, end: Instant, calls: &[Call]) -> Duration {
    let mut answered: Vec<Instant> = calls
        .iter()
        .filter(|call| call.kind == kind && call.failure.is_none())
        .map(|call| call.ended)
        .collect();
    answered.sort_unstable();
    let gaps = answered.windows(2).filter(|pair| pair[1] >= begin && pair[0] <= end);
    gaps.map(|pair| pair[1].duration_since(pair[0])).max().unwrap_or_default()
}

/// Prints all rows, and what was not done.
pub(super) fn print(rows: &[Row], skipped: &[String]) {
    println!(
        "Seconds from the fault until there is a new primary, and until a bystander's commit is answered; and the \
         longest time without an answer to each kind of call, which is in time up to that commit + {} s.",
        BOUND.as_secs()
    );
    println!(
        "| fault | new primary | commit | notice | status | confirmation | in time | requests | failed |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for row in rows {
        let seconds = |kind| row.interruptions.get(&kind).map_or(0.0, Duration::as_secs_f64);
        let failed: Vec<String> = row.failed.iter().map(|(why, count)| format!("{why} × {count}")).collect();
        println!(
            "| {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} | {} |",
            row.name,
            row.own.leader.map_or_else(|| "-".to_owned(), |leader| format!("{:.1}", leader.as_secs_f64())),
            row.own.commit.as_secs_f64(),
            seconds(Kind::Notice),
            seconds(Kind::Status),
            seconds(Kind::Confirmation),
            if row.in_time() { "yes" } else { "NO" },
            row.requests,
            if failed.is_empty() { "0".to_owned() } else { failed.join(", ") },
        );
    }
    for sentence in skipped {
        println!("skipped: {sentence}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    fn row(commit: u64) -> Row {
        let start = Instant::now();
        let call = |milliseconds, failure: Option<&str>| Call {
            kind: Kind::Notice,
            begun: at(start, milliseconds),
            ended: at(start, milliseconds + 10),
            failure: failure.map(str::to_owned),
        };
        // A longer gap before the fault, and one after it, are none of its.
        let times = [0, 9_000, 9_200, 9_400, 12_900, 13_000, 20_000];
        let mut calls: Vec<Call> = times.into_iter().map(|time| call(time, None)).collect();
        calls.push(call(10_000, Some("-1")));
        let (begin, end) = (at(start, 9_300), at(start, 12_950));
        Row::of(
            "a".to_owned(),
            Own { leader: None, commit: Duration::from_millis(commit) },
            begin,
            end,
            &calls,
        )
    }

    #[test]
    fn an_interruption_is_the_longest_time_between_two_answers() {
        let row = row(1_600);
        assert_eq!(row.interruptions[&Kind::Notice], Duration::from_millis(3_500));
        assert_eq!(row.failed, BTreeMap::from([("-1".to_owned(), 1)]));
        assert_eq!(row.requests, 3);
    }

    #[test]
    fn the_bound_is_held_or_not() {
        assert!(row(1_500).in_time());
        assert!(!row(1_499).in_time());
    }
}
