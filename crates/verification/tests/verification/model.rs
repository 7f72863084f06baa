//! Random traces against a model that keeps the whole history and answers from it in the most obvious way.

use std::time::Duration;

use proptest::prelude::*;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_protocol::{Amount, NoticeNo, UnixMillis};
use yanmi_verification::conclude::{Concluded, Conclusion, conclude};
use yanmi_verification::delivery::{delivered, undelivered};
use yanmi_verification::notify::Step;
use yanmi_verification::status::Status;
use yanmi_verification::{Confirmer, DeclineReason, Undelivered};

use crate::scene::{Scene, yuan};

#[derive(Clone, Debug)]
enum Act {
    Notify(Option<&'static str>),
    Delivered,
    Lost,
    /// Report about the n-th number from the end that was ever issued.
    Report(usize, Conclusion),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let amounts = prop_oneof![Just(None), Just(Some("5")), Just(Some("5.00")), Just(Some("9"))];
    let conclusions = prop_oneof![
        3 => Just(Conclusion::Confirmed { way: Way::Face, by: Confirmer::Holder }),
        1 => Just(Conclusion::Confirmed { way: Way::ChannelPassword, by: Confirmer::Another }),
        1 => Just(Conclusion::Declined(DeclineReason::Cancelled)),
        1 => Just(Conclusion::Declined(DeclineReason::NotMe)),
    ];
    let waits = prop_oneof![Just(0), 1..4_000_u64, Just(300_000), Just(1_800_000), 0..7_200_000_u64];
    prop_oneof![
        4 => amounts.prop_map(Act::Notify),
        2 => Just(Act::Delivered),
        1 => Just(Act::Lost),
        4 => (0..3_usize, conclusions).prop_map(|(n, conclusion)| Act::Report(n, conclusion)),
        3 => waits.prop_map(Act::Wait),
    ]
}

/// What happened, in order.
#[derive(Clone, Debug)]
enum Fact {
    /// A notice went out under this number, for this amount.
    Sent { at: UnixMillis, number: NoticeNo, amount: Option<Amount> },
    /// The number was confirmed.
    Confirmed { at: UnixMillis, number: NoticeNo },
    /// The number was ended otherwise.
    Ended { number: NoticeNo },
}

#[derive(Default)]
struct History(Vec<Fact>);

impl History {
    fn last_sent(&self) -> Option<(UnixMillis, NoticeNo, Option<Amount>)> {
        self.0.iter().rev().find_map(|fact| match fact {
            Fact::Sent { at, number, amount } => Some((*at, *number, *amount)),
            _ => None,
        })
    }

    /// The obvious answer: the last number sent was confirmed, and that was not too long ago.
    fn may_settle(&self, now: UnixMillis) -> bool {
        let Some((_, last, _)) = self.last_sent() else { return false };
        self.0.iter().any(|fact| match fact {
            Fact::Confirmed { at, number } => *number == last && now.since(*at) < Duration::from_mins(30),
            _ => false,
        })
    }

    /// The obvious rule: the last number sent, in time, and not ended.
    fn can_be_confirmed(&self, number: NoticeNo, now: UnixMillis) -> bool {
        let Some((at, last, _)) = self.last_sent() else { return false };
        let ended = self.0.iter().any(|fact| match fact {
            Fact::Confirmed { number, .. } | Fact::Ended { number } => *number == last,
            Fact::Sent { .. } => false,
        });
        number == last && now.since(at) < Duration::from_mins(5) && !ended
    }
}

/// Plays one act on the real rules, keeps the history, and checks what must hold.
fn play(scene: &mut Scene, history: &mut History, issued: &mut Vec<NoticeNo>, act: &Act) {
    let before = history.may_settle(scene.now);
    match act {
        Act::Notify(amount) => {
            let confirmed = history.last_sent().and_then(|(_, _, amount)| amount);
            let asked = amount.map(yuan);
            let covered = asked == confirmed;
            match scene.notify(*amount) {
                Ok(Step::Deliver { next, .. }) => {
                    assert!(!(before && covered), "a repeated click took a confirmation away");
                    let sent = Fact::Sent { at: scene.now, number: next.notice, amount: asked };
                    history.0.push(sent);
                    issued.push(next.notice);
                }
                Ok(Step::Stands { .. }) => assert!(before && covered),
                Ok(Step::Free(_)) => panic!("this channel offers no such thing"),
                Err(_) => {}
            }
        }
        Act::Delivered | Act::Lost => {
            let Some(current) = scene.verification else { return };
            let told = match act {
                Act::Delivered => delivered(&current, current.notice, scene.now),
                _ => undelivered(&current, current.notice, Undelivered::TimedOut, scene.now),
            };
            if let Some((next, _)) = told {
                scene.verification = Some(next);
                history.0.retain(|fact| !matches!(fact, Fact::Ended { number } if *number == current.notice));
                if matches!(act, Act::Lost) {
                    history.0.push(Fact::Ended { number: current.notice });
                }
            }
        }
        Act::Report(back, conclusion) => report(scene, history, issued, *back, *conclusion),
        Act::Wait(millis) => scene.forward(Duration::from_millis(*millis)),
    }
}

fn report(
    scene: &mut Scene,
    history: &mut History,
    issued: &[NoticeNo],
    back: usize,
    conclusion: Conclusion,
) {
    let Some(number) = issued.iter().rev().nth(back).copied() else { return };
    let allowed = history.can_be_confirmed(number, scene.now);
    match conclude(&scene.current(), number, conclusion, scene.now, &scene.policy) {
        Ok(Concluded::Changed { next, .. }) => {
            assert!(allowed, "a number that is superseded, expired or finished was concluded");
            scene.verification = Some(next);
            history.0.push(match conclusion {
                Conclusion::Confirmed { .. } => Fact::Confirmed { at: scene.now, number },
                Conclusion::Declined(_) => Fact::Ended { number },
            });
        }
        Ok(Concluded::Repeated) => assert!(!allowed),
        Err(_) => assert!(!allowed, "a live number was refused"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// At every moment: "1" without a live, sufficient confirmation never; a confirmation lost to a repeated click
    /// never; a superseded number confirmed never; more notices in an hour than the budget never.
    #[test]
    fn the_rules_agree_with_the_obvious(acts in proptest::collection::vec(act(), 1..40)) {
        let mut scene = Scene::new();
        scene.policy.notices_per_verification = 1_000;
        let (mut history, mut issued) = (History::default(), Vec::new());
        for act in &acts {
            play(&mut scene, &mut history, &mut issued, act);
            let sent = history.0.iter().filter(|fact| {
                matches!(fact, Fact::Sent { at, .. } if scene.now.since(*at) < Duration::from_hours(1))
            });
            prop_assert!(sent.count() <= scene.policy.notices_per_person_hour as usize);
            if let Ok(status) = scene.status() {
                prop_assert_eq!(status == Status::Confirmed, history.may_settle(scene.now));
            }
        }
    }
}
