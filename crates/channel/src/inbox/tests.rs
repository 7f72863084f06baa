//! Notices in order, and out of it.

use std::time::Duration;

use proptest::prelude::*;
use yanmi_protocol::{ChannelId, EcIndexNo, EcToken};

use super::*;

const NOW: UnixMillis = UnixMillis::new(1_700_000_000_000);

/// What the center says when it has decided `sequence` times about a token, about a number of its own.
fn message(kind: Kind, number: u64, sequence: u32, token: &str) -> Notice {
    let at = NOW.plus(Duration::from_secs(u64::from(sequence) * 4));
    Notice {
        kind,
        number: NoticeNo::from_number(NoticeNo::FIRST + number).expect("13 digits"),
        sequence,
        channel: ChannelId::new("C0DE000000000000000000000000000A").expect("an id"),
        token: EcToken::new(token).expect("a token"),
        index: Some(EcIndexNo::new("EC000000000000000000000000000E01").expect("an index")),
        masked_name: "*试".to_owned(),
        org_code: OrgCode::new("H35010000001").expect("a code"),
        org_name: "福州示范医院".to_owned(),
        amount: None,
        at,
        expires_at: at.plus(Duration::from_mins(5)),
        ways: Vec::new(),
        url: None,
    }
}

fn notice(number: u64, sequence: u32) -> Notice {
    message(Kind::Notice, number, sequence, "a")
}

fn withdrawal(number: u64, sequence: u32) -> Notice {
    message(Kind::Withdrawal, number, sequence, "a")
}

/// Number, fate and expiry of each, by number.
fn shown(inbox: &Inbox) -> Vec<(u64, Fate, UnixMillis)> {
    let row =
        |entry: &Entry| (entry.notice.number.number() - NoticeNo::FIRST, entry.fate, entry.notice.expires_at);
    let mut rows: Vec<_> = inbox.entries().iter().map(row).collect();
    rows.sort_by_key(|row| row.0);
    rows
}

fn fates(inbox: &Inbox) -> Vec<(u64, Fate)> {
    shown(inbox).into_iter().map(|(number, fate, _)| (number, fate)).collect()
}

fn after(messages: &[Notice]) -> Inbox {
    let mut inbox = Inbox::default();
    for message in messages {
        inbox.take(message);
    }
    inbox
}

#[test]
fn a_notice_is_new_once() {
    let mut inbox = Inbox::default();
    assert_eq!(inbox.take(&notice(1, 1)), Taken::New);
    assert_eq!(inbox.take(&notice(1, 1)), Taken::Repeated);
    assert_eq!(inbox.take(&notice(2, 2)), Taken::New);
    assert_eq!(inbox.take(&notice(1, 1)), Taken::Late);
    assert_eq!(inbox.take(&withdrawal(2, 3)), Taken::Withdrawn);
    assert_eq!(fates(&inbox), [(1, Fate::Replaced), (2, Fate::Withdrawn)]);
}

#[test]
fn asked_again_it_lives_longer_and_a_late_first_push_does_not_shorten_it() {
    let mut inbox = Inbox::default();
    inbox.take(&notice(1, 2));
    assert_eq!(inbox.take(&notice(1, 1)), Taken::Late);
    assert_eq!(shown(&inbox), [(1, Fate::Pending, notice(1, 2).expires_at)]);
    assert!(inbox.find(notice(1, 1).number).expect("kept").is_open(notice(1, 1).expires_at));
}

#[test]
fn asked_anew_it_alerts_again_and_a_repetition_of_the_line_does_not() {
    let mut inbox = Inbox::default();
    let alerts = |inbox: &Inbox| inbox.find(notice(1, 1).number).map(|entry| entry.alerts);
    for (sequence, taken, rang) in [
        (1, Taken::New, 1),
        (1, Taken::Repeated, 1),
        (2, Taken::Anew, 2),
        (2, Taken::Repeated, 2),
        (1, Taken::Late, 2),
        (4, Taken::Anew, 3),
    ] {
        assert_eq!(inbox.take(&notice(1, sequence)), taken, "{sequence}");
        assert_eq!((alerts(&inbox), inbox.entries().len()), (Some(rang), 1), "one request, {sequence}");
    }
    // What the person has answered rings no more.
    inbox.settle(notice(1, 1).number, Fate::Confirmed);
    assert_eq!((inbox.take(&notice(1, 5)), alerts(&inbox)), (Taken::Repeated, Some(3)));
}

#[test]
fn withdrawn_before_it_came_it_never_opens() {
    for messages in [[withdrawal(1, 1), notice(1, 1)], [withdrawal(1, 2), notice(1, 1)]] {
        assert_ne!(fates(&after(&messages))[0].1, Fate::Pending);
    }
    // Asked again after it was withdrawn: the center has decided later that it counts.
    assert_eq!(fates(&after(&[withdrawal(1, 1), notice(1, 2)])), [(1, Fate::Pending)]);
}

#[test]
fn other_tokens_and_other_institutions_are_other_matters() {
    let mut elsewhere = notice(3, 1);
    elsewhere.org_code = OrgCode::new("P35010000001").expect("a code");
    let inbox = after(&[notice(2, 5), message(Kind::Notice, 1, 1, "b"), elsewhere]);
    assert_eq!(fates(&inbox), [(1, Fate::Pending), (2, Fate::Pending), (3, Fate::Pending)]);
}

/// Section 二 of the guide, rule by rule: what was here, what comes, what it is taken for, and what is shown then.
#[test]
fn the_rules_of_the_guide() {
    use Fate::{Pending, Replaced, Withdrawn};
    type Row = (&'static str, Vec<Notice>, Notice, Taken, Vec<(u64, Fate)>);
    let rows: [Row; 11] = [
        (
            "1: late and unknown is history",
            vec![notice(2, 2)],
            notice(1, 1),
            Taken::Late,
            vec![(1, Replaced), (2, Pending)],
        ),
        (
            "1: late and known changes nothing",
            vec![notice(1, 2)],
            notice(1, 1),
            Taken::Late,
            vec![(1, Pending)],
        ),
        ("1: a late withdrawal too", vec![notice(1, 2)], withdrawal(1, 1), Taken::Late, vec![(1, Pending)]),
        ("2: unknown is new", vec![], notice(1, 1), Taken::New, vec![(1, Pending)]),
        (
            "2: and ends what was open",
            vec![notice(1, 1)],
            notice(2, 2),
            Taken::New,
            vec![(1, Replaced), (2, Pending)],
        ),
        ("2: greater alerts again", vec![notice(1, 1)], notice(1, 2), Taken::Anew, vec![(1, Pending)]),
        ("2: as great does not", vec![notice(1, 2)], notice(1, 2), Taken::Repeated, vec![(1, Pending)]),
        (
            "3: a withdrawal closes",
            vec![notice(1, 1)],
            withdrawal(1, 2),
            Taken::Withdrawn,
            vec![(1, Withdrawn)],
        ),
        ("3: before its notice", vec![withdrawal(1, 1)], notice(1, 1), Taken::Late, vec![(1, Withdrawn)]),
        (
            "3: it beats what is as great",
            vec![notice(1, 1)],
            withdrawal(1, 1),
            Taken::Withdrawn,
            vec![(1, Withdrawn)],
        ),
        (
            "3: and comes with what takes its place, in either order",
            vec![notice(1, 1), notice(2, 2)],
            withdrawal(1, 2),
            Taken::Withdrawn,
            vec![(1, Replaced), (2, Pending)],
        ),
    ];
    for (rule, before, comes, taken, then) in rows {
        let mut inbox = after(&before);
        assert_eq!(inbox.take(&comes), taken, "{rule}");
        assert_eq!(fates(&inbox), then, "{rule}");
    }
}

/// Another center's clock is behind, and its numbers are from a lower block: what it decided later is the newer all the
/// same.
#[test]
fn neither_time_nor_number_says_what_is_newer() {
    let mut newer = notice(1, 2);
    newer.at = UnixMillis::new(NOW.get() - 3_600_000);
    let inbox = after(&[notice(9, 1), newer.clone()]);
    assert_eq!(fates(&inbox), [(1, Fate::Pending), (9, Fate::Replaced)]);
    assert_eq!(fates(&after(&[newer, notice(9, 1)])), fates(&inbox), "in either order");
}

/// What is asked for in the message center goes through the same rules as what was pushed.
#[test]
fn what_the_message_center_brings_alerts_nobody_twice() {
    let mut inbox = after(&[notice(1, 1), notice(1, 2)]);
    assert_eq!(inbox.take(&notice(1, 2)), Taken::Repeated);
    assert_eq!(inbox.entries()[0].alerts, 2);
    // On a phone that was started anew it is the one that is shown, once.
    assert_eq!(fates(&after(&[notice(1, 2)])), [(1, Fate::Pending)]);
}

#[test]
fn at_its_end_nobody_can_confirm_it() {
    let inbox = after(&[notice(1, 1)]);
    let (entry, end) = (&inbox.entries()[0], notice(1, 1).expires_at.get());
    assert!(entry.is_open(UnixMillis::new(end - 1)) && !entry.is_open(UnixMillis::new(end)));
}

#[test]
fn what_was_done_stays_done() {
    for done in [Fate::Confirmed, Fate::Cancelled, Fate::NotMe] {
        let mut inbox = after(&[notice(1, 1)]);
        assert!(inbox.settle(notice(1, 1).number, done));
        for message in [notice(1, 2), withdrawal(1, 3), notice(2, 4), withdrawal(1, 4)] {
            inbox.take(&message);
        }
        assert_eq!(fates(&inbox), [(1, done), (2, Fate::Pending)]);
        assert!(!inbox.settle(notice(9, 9).number, Fate::Failed));
    }
}

#[test]
fn only_so_many_are_kept_the_newest_first() {
    let mut inbox = Inbox::default();
    for number in 0..250_u32 {
        inbox.take(&message(Kind::Notice, number.into(), number + 1, &format!("t{number}")));
    }
    let numbers: Vec<u64> =
        inbox.entries().iter().map(|e| e.notice.number.number() - NoticeNo::FIRST).collect();
    assert_eq!((numbers.len(), numbers[0], numbers[MAX_KEPT - 1]), (MAX_KEPT, 249, 50));
    assert_eq!(inbox.matters.len(), MAX_KEPT);
}

/// What a center sends in its life about one matter: each decision is a new notice (with the withdrawal of the open
/// one), the open one again, or its withdrawal alone.
fn history(decisions: &[u8]) -> Vec<Notice> {
    let (mut sent, mut open, mut next) = (Vec::new(), None, 1);
    for (decision, sequence) in decisions.iter().zip(1..) {
        match (decision, open) {
            (1, Some(number)) => sent.push(notice(number, sequence)),
            (2, Some(number)) => {
                sent.push(withdrawal(number, sequence));
                open = None;
            }
            _ => {
                sent.extend(open.map(|number| withdrawal(number, sequence)));
                sent.push(notice(next, sequence));
                open = Some(next);
                next += 1;
            }
        }
    }
    sent
}

proptest! {
    /// However the messages are shuffled and repeated: what is open and until when is what the center decided last.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        decisions in prop::collection::vec(0_u8..3, 1..8),
        shuffle in prop::collection::vec(any::<prop::sample::Index>(), 14..40),
    ) {
        let sent = history(&decisions);
        let mut arriving: Vec<Notice> = shuffle.iter().map(|at| at.get(&sent).clone()).collect();
        // Everything arrives at least once.
        for (message, at) in sent.iter().zip(&shuffle) {
            arriving.insert(at.index(arriving.len() + 1), message.clone());
        }
        let open = |inbox: &Inbox| -> Vec<(u64, UnixMillis)> {
            let pending = shown(inbox).into_iter().filter(|(_, fate, _)| *fate == Fate::Pending);
            pending.map(|(number, _, until)| (number, until)).collect()
        };
        let (ordered, shuffled) = (after(&sent), after(&arriving));
        prop_assert_eq!(open(&ordered), open(&shuffled));
        prop_assert_eq!(ordered.entries().len(), shuffled.entries().len());
        let last = sent.last().expect("something was sent");
        let expected: Vec<_> = (last.kind == Kind::Notice)
            .then(|| (last.number.number() - NoticeNo::FIRST, last.expires_at)).into_iter().collect();
        prop_assert_eq!(open(&shuffled), expected);
    }
}
