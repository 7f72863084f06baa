//! What can be said about the calls themselves: envelopes, members, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use yanmi_protocol::UnixMillis;

use super::finding::Finding;
use crate::event::{Call, Event, Op, What};
use crate::play::Play;
use crate::rule::Rule;
use crate::situation::Situation;

/// Two requests with the same timestamp that arrive further apart than this were not stamped anew.
const SAME_STAMP: Duration = Duration::from_secs(1);
/// How much earlier than asked a repeated request may come, for clocks tick differently.
const TOLERANCE: Duration = Duration::from_millis(100);
/// More status queries for one code than this within [`POLL_SPAN`] are polling.
const MOST_POLLS: usize = 5;
/// The span in which they are counted.
const POLL_SPAN: Duration = Duration::from_secs(5);

/// The rules that every envelope that opens shows to be kept, unless a fault says otherwise.
const ENVELOPE: [Rule; 5] = [Rule::Members, Rule::Cipher, Rule::UpperCase, Rule::Timestamp, Rule::ReqtType];

pub(super) fn findings(events: &[Event]) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut stamps: BTreeMap<UnixMillis, UnixMillis> = BTreeMap::new();
    for event in events {
        let What::Call(call) = &event.what else { continue };
        of_call(event.situation, call, &mut out);
        if let Some(stamp) = call.stamp {
            let seen = *stamps.entry(stamp).or_insert(event.at);
            let old = event.at.since(seen) >= SAME_STAMP;
            let why = "时间戳与先前的请求相同：重试时没有重新组包".to_owned();
            let broken = Some(why).filter(|_| old);
            out.push(Finding { situation: event.situation, rule: Rule::FreshTimestamp, broken });
        }
    }
    for (at, _) in Situation::all().enumerate() {
        pace(at, events, &mut out);
    }
    out
}

fn of_call(situation: Option<usize>, call: &Call, out: &mut Vec<Finding>) {
    let faulty = |rule: Rule| call.faults.iter().any(|fault| fault.rule == rule);
    for fault in &call.faults {
        out.push(Finding::broken(situation, fault.rule, &*fault.why));
    }
    let members = match call.op {
        Some(Op::Notice) => Some(Rule::NoticeFields),
        Some(Op::Status) => Some(Rule::StatusFields),
        None => None,
    };
    let shown = ENVELOPE.into_iter().chain(members);
    let kept = shown.filter(|rule| call.opened && !faulty(*rule));
    out.extend(kept.map(|rule| Finding::kept(situation, rule)));
    if call.op == Some(Op::Notice) && call.play.is_some() {
        out.push(amount(situation, call));
    }
}

fn amount(situation: Option<usize>, call: &Call) -> Finding {
    let expected = situation.and_then(|at| Situation::all().nth(at));
    let fits = expected.is_some_and(|expected| {
        [expected.first_amount(), expected.final_amount()].contains(&call.amount) && call.amount.is_some()
    });
    match call.amount {
        _ if fits => Finding::kept(situation, Rule::NoticeAmount),
        None => Finding::broken(situation, Rule::NoticeAmount, "通知没有带 totalAmount"),
        Some(amount) => {
            let why = format!("通知的金额 {amount} 不是本情形的金额");
            Finding::broken(situation, Rule::NoticeAmount, why)
        }
    }
}

/// Waiting where it was asked for, and not polling.
fn pace(at: usize, events: &[Event], out: &mut Vec<Finding>) {
    let calls = |op: Op| {
        events.iter().filter_map(move |event| match &event.what {
            What::Call(call) if event.situation == Some(at) && call.op == Some(op) => Some((event.at, call)),
            _ => None,
        })
    };
    let mut limit: Option<(UnixMillis, u64)> = None;
    for (now, call) in calls(Op::Notice) {
        if let Some((since, seconds)) = limit {
            let early = now.since(since) + TOLERANCE < Duration::from_secs(seconds);
            let why = format!("要求等待 {seconds} 秒，只等了 {:.1} 秒", now.since(since).as_secs_f32());
            let broken = Some(why).filter(|_| early);
            out.push(Finding { situation: Some(at), rule: Rule::Wait, broken });
        }
        limit = match call.play {
            Some(Play::Limited(_, seconds)) => Some((now, seconds)),
            _ => None,
        };
    }
    if limit.is_some() {
        // It was asked to wait, and has not called again.
        out.push(Finding::kept(Some(at), Rule::Wait));
    }
    let times: Vec<UnixMillis> = calls(Op::Status).map(|(now, _)| now).collect();
    if times.is_empty() {
        return;
    }
    let polled = times.windows(MOST_POLLS + 1).any(|some| match (some.first(), some.last()) {
        (Some(first), Some(last)) => last.since(*first) < POLL_SPAN,
        _ => false,
    });
    let why = format!("{} 秒之内查询超过 {MOST_POLLS} 次", POLL_SPAN.as_secs());
    out.push(Finding { situation: Some(at), rule: Rule::Poll, broken: Some(why).filter(|_| polled) });
}
