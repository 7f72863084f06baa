use proptest::prelude::*;

use super::*;

const OPEN_FOR: Duration = Duration::from_secs(1);

fn lane(in_flight: u32, failures: u32) -> Arc<Lane> {
    Arc::new(Lane::new(LaneSettings { in_flight, failures, open_for: OPEN_FOR }))
}

fn at(millis: i64) -> UnixMillis {
    UnixMillis::new(millis)
}

fn open_until(millis: i64) -> LaneRefusal {
    LaneRefusal::Open { until: at(millis) }
}

#[test]
fn one_more_than_allowed_is_refused_at_once_and_a_place_given_back_is_free() {
    let lane = lane(2, 3);
    let first = lane.enter(at(0)).expect("a place");
    let second = lane.enter(at(0)).expect("a place");
    assert_eq!(lane.enter(at(0)).err(), Some(LaneRefusal::Busy));
    first.succeeded();
    assert_eq!(lane.in_flight(), 1);
    let third = lane.enter(at(0)).expect("a place");
    drop((second, third));
    assert_eq!(lane.in_flight(), 0);
}

/// What is done at a time, and what the circuit is then.
#[test]
fn the_circuit_step_by_step() {
    enum Call {
        Succeeds,
        Fails,
        IsAbandoned,
        IsRefused(i64),
    }
    use Call::{Fails, IsAbandoned, IsRefused, Succeeds};
    let lane = lane(8, 3);
    let steps = [
        (0, Fails, None),
        (1, Fails, None),
        (2, Succeeds, None), // in a row: begins again
        (3, Fails, None),
        (4, IsAbandoned, None), // says nothing
        (5, Fails, None),
        (6, Fails, Some(1_006)), // the third in a row
        (7, IsRefused(1_006), Some(1_006)),
        (1_005, IsRefused(1_006), Some(1_006)),
        (1_006, IsAbandoned, Some(1_006)), // the probe is abandoned: the next call is the probe
        (1_007, Fails, Some(2_007)),       // one failure is enough for a probe
        (2_006, IsRefused(2_007), Some(2_007)),
        (2_007, Succeeds, None),
        (2_008, Fails, None),
        (2_009, Fails, None),
        (2_010, Fails, Some(3_010)),
        // The clock is set back by an hour or so: how long it has rested nobody knows, and one call tells.
        (500, Fails, Some(1_500)),
        (1_499, IsRefused(1_500), Some(1_500)),
        (499, Succeeds, None),
    ];
    for (now, call, until) in steps {
        let entered = lane.enter(at(now));
        match call {
            Succeeds => entered.expect("a place").succeeded(),
            Fails => entered.expect("a place").failed(at(now)),
            IsAbandoned => drop(entered.expect("a place")),
            IsRefused(until) => assert_eq!(entered.err(), Some(open_until(until)), "at {now}"),
        }
        assert_eq!(lane.open_until(), until.map(at), "at {now}");
        assert_eq!(lane.in_flight(), 0, "at {now}");
    }
}

#[test]
fn exactly_one_probe_is_let_through() {
    let lane = lane(8, 1);
    lane.enter(at(0)).expect("a place").failed(at(0));
    let probe = lane.enter(at(1_000)).expect("the probe");
    assert_eq!(lane.enter(at(1_000)).err(), Some(open_until(1_000)));
    assert_eq!(lane.enter(at(9_000)).err(), Some(open_until(1_000)));
    probe.succeeded();
    let _one = lane.enter(at(9_000)).expect("a place");
    let _another = lane.enter(at(9_000)).expect("a place");
}

#[test]
fn a_call_from_before_the_rest_changes_nothing_after_it() {
    let lane = lane(8, 2);
    let old: Vec<Permit> = (0..4).map(|_| lane.enter(at(0)).expect("a place")).collect();
    let mut old = old.into_iter();
    let mut next = || old.next().expect("a permit");
    lane.enter(at(0)).expect("a place").failed(at(0));
    lane.enter(at(0)).expect("a place").failed(at(0));
    next().failed(at(500));
    assert_eq!(lane.open_until(), Some(at(1_000)), "a late failure does not prolong the rest");
    next().succeeded();
    assert_eq!(lane.open_until(), Some(at(1_000)), "a late success does not end the rest");
    let probe = lane.enter(at(1_000)).expect("the probe");
    drop(next());
    assert_eq!(lane.enter(at(1_000)).err(), Some(open_until(1_000)), "the probe is still under way");
    probe.succeeded();
    lane.enter(at(1_001)).expect("a place").failed(at(1_001));
    next().failed(at(1_002));
    assert_eq!(lane.open_until(), None, "an old failure does not count");
    assert_eq!(lane.in_flight(), 0);
}

#[test]
fn a_probe_needs_a_place_too() {
    let lane = lane(1, 1);
    let slow = lane.enter(at(0)).expect("a place");
    // Only a permit can report, so the lane is opened through the one place there is.
    slow.failed(at(0));
    let probe = lane.enter(at(1_000)).expect("the probe");
    assert_eq!(lane.enter(at(1_000)).err(), Some(open_until(1_000)));
    probe.failed(at(1_000));
    assert_eq!(lane.enter(at(1_500)).err(), Some(open_until(2_000)));
}

/// What may happen to a lane.
#[derive(Clone, Debug)]
enum Step {
    Enter,
    Succeed(usize),
    Fail(usize),
    Abandon(usize),
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Enter),
        1 => (0..8usize).prop_map(Step::Succeed),
        3 => (0..8usize).prop_map(Step::Fail),
        1 => (0..8usize).prop_map(Step::Abandon),
        2 => (0..1_500u16).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_bounds_hold(
        in_flight in 1..5u32,
        failures in 1..4u32,
        steps in proptest::collection::vec(step(), 0..200),
    ) {
        let lane = lane(in_flight, failures);
        let mut permits: Vec<Permit> = Vec::new();
        let mut now = at(0);
        for step in steps {
            let pick = |n: usize, permits: &mut Vec<Permit>| {
                (!permits.is_empty()).then(|| permits.swap_remove(n % permits.len()))
            };
            match step {
                Step::Enter => match lane.enter(now) {
                    Ok(permit) => permits.push(permit),
                    Err(LaneRefusal::Busy) => prop_assert_eq!(lane.in_flight(), in_flight),
                    Err(LaneRefusal::Open { until }) => {
                        prop_assert_eq!(lane.open_until(), Some(until));
                        prop_assert!(until <= now.plus(OPEN_FOR));
                    }
                },
                Step::Succeed(n) => if let Some(permit) = pick(n, &mut permits) { permit.succeeded() },
                Step::Fail(n) => if let Some(permit) = pick(n, &mut permits) { permit.failed(now) },
                Step::Abandon(n) => drop(pick(n, &mut permits)),
                Step::Wait(millis) => now = now.plus(Duration::from_millis(millis.into())),
            }
            prop_assert_eq!(lane.in_flight() as usize, permits.len());
            prop_assert!(lane.in_flight() <= in_flight);
        }
        // However it went, it never locks itself out: with nobody on it and the rest over, one call gets in.
        permits.clear();
        now = now.plus(OPEN_FOR);
        prop_assert!(lane.enter(now).is_ok());
    }
}
