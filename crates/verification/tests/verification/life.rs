//! V2 to V9, each by name, at the millisecond.

use std::time::Duration;

use yanmi_protocol::Code;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_verification::conclude::{Concluded, Conclusion, check_authorization, conclude};
use yanmi_verification::delivery::{delivered, undelivered};
use yanmi_verification::notify::Step;
use yanmi_verification::password_try::{PasswordTries, Verdict};
use yanmi_verification::stage::extension;
use yanmi_verification::status::Status;
use yanmi_verification::takeover::take_over;
use yanmi_verification::{ConfirmedAmount, Confirmer, DeclineReason, Event, Refusal, State, Undelivered};

use crate::scene::{START, Scene};

const MILLI: Duration = Duration::from_millis(1);
const SOON: Duration = Duration::from_secs(3);
const BY_FACE: Conclusion = Conclusion::Confirmed { way: Way::Face, by: Confirmer::Holder };

fn just_before(span: Duration) -> Duration {
    span.saturating_sub(MILLI)
}

impl Scene {
    fn conclude(&mut self, conclusion: Conclusion) -> Result<(), Refusal> {
        let current = self.current();
        let done = conclude(&current, current.notice, conclusion, self.now, &self.policy)?;
        if let Concluded::Changed { next, .. } = done {
            self.verification = Some(next);
        }
        Ok(())
    }

    fn confirmed(mut self, amount: Option<&str>) -> Self {
        self.notify(amount).expect("asked");
        self.conclude(BY_FACE).expect("confirmed");
        self.forward(SOON);
        self
    }

    fn event_of(&mut self, amount: Option<&str>) -> Event {
        match self.notify(amount).expect("taken") {
            Step::Deliver { event, .. } => event,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn v2_an_ended_attempt_is_followed_by_the_next() {
    let endings: [fn(&mut Scene); 4] = [
        |s| s.conclude(Conclusion::Declined(DeclineReason::NotMe)).expect("declined"),
        |s| s.forward(s.policy.notice_life),
        |s| {
            let current = s.current();
            let lost = undelivered(&current, current.notice, Undelivered::TimedOut, s.now);
            s.verification = lost.map(|(next, _)| next);
        },
        |s| {
            s.conclude(BY_FACE).expect("confirmed");
            s.forward(s.policy.confirmation_life);
        },
    ];
    for end in endings {
        let mut scene = Scene::new();
        scene.notify(Some("5")).expect("asked");
        let first = scene.current();
        end(&mut scene);
        scene.forward(SOON);
        assert_eq!(scene.event_of(Some("5")), Event::Asked);
        let second = scene.current();
        assert_eq!((first.attempt, second.attempt), (1, 2));
        assert_ne!(first.notice, second.notice);
    }
}

#[test]
fn v3_the_same_amount_keeps_attempt_and_number_and_extends_the_life() {
    let mut scene = Scene::new();
    scene.notify(Some("5")).expect("asked");
    let first = scene.current();
    scene.verification = delivered(&first, first.notice, scene.now).map(|(next, _)| next);
    scene.forward(just_before(scene.policy.notice_life));
    assert_eq!(scene.event_of(Some("5.00")), Event::AskedAgain);
    let again = scene.current();
    assert_eq!((again.attempt, again.notice), (first.attempt, first.notice));
    assert_ne!(again.serial, first.serial, "each call has its own serial number");
    assert_eq!(again.state, State::Notified { taken_at: START }, "the channel has it");
    assert_eq!(again.expires_at, scene.now.plus(scene.policy.notice_life));
}

#[test]
fn v4_another_amount_supersedes() {
    for (before, after) in
        [(Some("5"), Some("6")), (Some("5"), Some("4")), (Some("5"), None), (None, Some("5"))]
    {
        let mut scene = Scene::new();
        scene.notify(before).expect("asked");
        let old = scene.current();
        scene.forward(SOON);
        let Ok(Step::Deliver { withdraw, event, .. }) = scene.notify(after) else { panic!("not taken") };
        assert_eq!((withdraw, event), (Some(old.notice), Event::Superseded));
        let late = conclude(&scene.current(), old.notice, BY_FACE, scene.now, &scene.policy);
        assert_eq!(late.map_err(Refusal::code), Err(Code::BadNoticeNo));
    }
}

#[test]
fn v5_another_amount_is_another_payment() {
    for (confirmed, asked, exact, up_to) in [
        (Some("5"), Some("5"), true, true),
        (None, None, true, true),
        (Some("5"), Some("4.99"), false, true),
        (Some("5"), Some("5.01"), false, false),
        (Some("5"), None, false, false),
        (None, Some("99"), false, false),
    ] {
        for (rule, stands) in [(ConfirmedAmount::Exact, exact), (ConfirmedAmount::UpTo, up_to)] {
            let mut scene = Scene::new().confirmed(confirmed);
            scene.policy.confirmed_amount = rule;
            let step = scene.notify(asked).expect("taken");
            assert_eq!(matches!(step, Step::Stands { .. }), stands, "{rule:?} {confirmed:?} {asked:?}");
            let expected = if stands { Status::Confirmed } else { Status::NotConfirmed };
            assert_eq!(scene.status(), Ok(expected));
            assert!(stands || matches!(step, Step::Deliver { event: Event::Voided, withdraw: None, .. }));
        }
    }
}

#[test]
fn v6_only_the_live_number_counts_and_only_in_time() {
    let mut scene = Scene::new();
    scene.notify(None).expect("asked");
    let open = scene.clone();
    scene.forward(just_before(scene.policy.notice_life));
    assert_eq!(scene.conclude(BY_FACE), Ok(()));
    assert_eq!(scene.conclude(BY_FACE), Ok(()), "channels repeat");
    assert_eq!(
        scene.conclude(Conclusion::Declined(DeclineReason::Cancelled)),
        Err(Refusal::NoticeNotLive),
        "what is confirmed cannot be cancelled"
    );
    let mut late = open.clone();
    late.forward(late.policy.notice_life);
    assert_eq!(late.conclude(BY_FACE), Err(Refusal::NoticeNotLive));
    let mut ended = open;
    let reasons = [DeclineReason::Cancelled, DeclineReason::WrongPassword, DeclineReason::ChannelFailed];
    for reason in reasons {
        let mut scene = ended.clone();
        assert_eq!(scene.conclude(Conclusion::Declined(reason)), Ok(()));
        assert_eq!(scene.conclude(Conclusion::Declined(reason)), Ok(()));
        assert_eq!(scene.conclude(BY_FACE), Err(Refusal::NoticeNotLive));
    }
    ended.conclude(Conclusion::Declined(DeclineReason::NotMe)).expect("declined");
    assert_eq!(ended.status(), Ok(Status::NotConfirmed));
}

#[test]
fn v8_the_limits_of_a_verification() {
    let mut scene = Scene::new();
    scene.policy.notices_per_person_hour = 1_000;
    scene.notify(None).expect("the first");
    scene.forward(just_before(SOON));
    assert_eq!(scene.notify(None), Err(Refusal::TooFrequent { wait: MILLI }));
    scene.forward(MILLI);
    for _ in 1..scene.policy.notices_per_verification {
        scene.notify(None).expect("within the limit");
        scene.forward(SOON);
    }
    assert_eq!(scene.notify(None).map_err(Refusal::code), Err(Code::TooFrequent));
    let mut lost = Scene::new();
    lost.notify(None).expect("asked");
    let current = lost.current();
    lost.verification =
        undelivered(&current, current.notice, Undelivered::Refused, lost.now).map(|(next, _)| next);
    lost.notify(None).expect("after a notice that reached nobody the clerk may try again at once");
}

#[test]
fn v9_exactly_while_it_counts() {
    let mut scene = Scene::new();
    scene.notify(Some("5")).expect("asked");
    assert_eq!(scene.status(), Ok(Status::NotConfirmed));
    scene.conclude(BY_FACE).expect("confirmed");
    scene.forward(just_before(scene.policy.confirmation_life));
    assert_eq!(scene.status(), Ok(Status::Confirmed));
    scene.forward(MILLI);
    assert_eq!(scene.status(), Ok(Status::NotConfirmed));
}

#[test]
fn a_delivery_told_late_changes_nothing_that_was_decided() {
    let mut scene = Scene::new();
    scene.notify(None).expect("asked");
    let asked = scene.current();
    scene.conclude(BY_FACE).expect("the person was faster");
    assert_eq!(delivered(&scene.current(), asked.notice, scene.now), None);
    assert_eq!(undelivered(&scene.current(), asked.notice, Undelivered::TimedOut, scene.now), None);
    let (notified, event) = delivered(&asked, asked.notice, scene.now).expect("taken");
    assert_eq!(event, Event::Delivered);
    let lost = undelivered(&notified, asked.notice, Undelivered::TimedOut, scene.now);
    assert_eq!(lost, None, "only the repeated call failed");
    let (lost, event) = undelivered(&asked, asked.notice, Undelivered::Busy, scene.now).expect("lost");
    assert_eq!(event, Event::Undelivered);
    assert!(delivered(&lost, asked.notice, scene.now).is_some(), "another call of the same notice arrived");
}

#[test]
fn every_stage_has_its_words() {
    let mut scene = Scene::new();
    let mut stages = vec![extension(None, scene.now).stage];
    scene.notify(Some("5")).expect("asked");
    stages.push(extension(scene.verification.as_ref(), scene.now).stage);
    let asked = scene.clone();
    for conclusion in [
        BY_FACE,
        Conclusion::Declined(DeclineReason::Cancelled),
        Conclusion::Declined(DeclineReason::NotMe),
        Conclusion::Declined(DeclineReason::WrongPassword),
        Conclusion::Declined(DeclineReason::ChannelFailed),
    ] {
        let mut scene = asked.clone();
        scene.conclude(conclusion).expect("concluded");
        let said = extension(scene.verification.as_ref(), scene.now);
        assert_eq!(said.way.is_some(), conclusion == BY_FACE);
        stages.push(said.stage);
        scene.forward(scene.policy.confirmation_life);
        stages.push(extension(scene.verification.as_ref(), scene.now).stage);
    }
    let current = asked.current();
    let (notified, _) = delivered(&current, current.notice, asked.now).expect("taken");
    let (lost, _) = undelivered(&current, current.notice, Undelivered::TimedOut, asked.now).expect("lost");
    stages.push(extension(Some(&notified), asked.now).stage);
    stages.push(extension(Some(&lost), asked.now).stage);
    stages.push(extension(Some(&notified), notified.expires_at).stage);
    stages.sort_unstable();
    stages.dedup();
    let mut all = yanmi_protocol::message::status::STAGES;
    all.sort_unstable();
    assert_eq!(stages, all);
}

#[test]
fn a_try_is_counted_before_it_is_checked() {
    let policy = Scene::new().policy;
    let mut tries = PasswordTries::default();
    for left in (0..policy.password_tries).rev() {
        tries = tries.begin(START, &policy).expect("a try");
        assert_eq!(tries.left(&policy), left);
    }
    // Five are under way at once; the sixth waits, whatever becomes of them.
    let Err(Refusal::PasswordLocked { wait }) = tries.begin(START, &policy) else { panic!("not locked") };
    assert_eq!(wait, policy.password_lock);
    assert!(tries.end(Verdict::Wrong).is_locked(START));
    assert!(!tries.end(Verdict::Unknown).is_locked(START), "nobody was wrong");
    assert_eq!(tries.end(Verdict::Right), PasswordTries::default());
    let after = START.plus(policy.password_lock);
    assert_eq!(tries.begin(after, &policy).expect("the lock is over").count, 1);
    assert!(tries.begin(after.minus(MILLI), &policy).is_err());
}

#[test]
fn after_not_me_nobody_is_asked_and_nothing_is_free_until_the_quiet_is_over() {
    let mut scene = Scene::new();
    let quiet = scene.policy.quiet;
    scene.not_me = Some(START);
    assert_eq!(scene.notify(None), Err(Refusal::Quiet { wait: quiet }));
    assert_eq!(scene.notify(None).map_err(Refusal::code), Err(Code::TooFrequent));
    scene.forward(quiet.saturating_sub(MILLI));
    assert_eq!(scene.notify(None), Err(Refusal::Quiet { wait: MILLI }));
    scene.forward(MILLI);
    assert!(scene.notify(None).is_ok());
    // What was confirmed before stands, for it bothers nobody.
    let verification = scene.current();
    let by = Confirmer::Holder;
    let conclusion = Conclusion::Confirmed { way: Way::ChannelPassword, by };
    let concluded = conclude(&verification, verification.notice, conclusion, scene.now, &scene.policy);
    let Ok(Concluded::Changed { next, .. }) = concluded else { panic!("not confirmed") };
    scene.verification = Some(next);
    scene.not_me = Some(scene.now);
    assert!(matches!(scene.notify(None), Ok(Step::Stands { .. })));
    scene.policy.quiet = Duration::ZERO;
    scene.verification = None;
    assert!(scene.notify(None).is_ok(), "switched off");
}

#[test]
fn v12_an_authorization_confirms_one_notice() {
    let mut scene = Scene::new();
    scene.notify(None).expect("asked");
    let first = scene.current().notice;
    assert_eq!(check_authorization(None, first), Ok(()));
    assert_eq!(check_authorization(Some(first), first), Ok(()), "channels repeat");
    scene.forward(scene.policy.notice_life);
    scene.notify(None).expect("asked");
    let refused = check_authorization(Some(first), scene.current().notice);
    assert_eq!(refused.map_err(Refusal::code), Err(Code::BadAuthNo));
}

#[test]
fn v14_an_attempt_that_another_code_ended_does_not_come_back() {
    let mut scene = Scene::new();
    scene.notify(Some("5")).expect("asked");
    let asked = scene.current();
    let (lost, _) = undelivered(&asked, asked.notice, Undelivered::TimedOut, scene.now).expect("lost");
    let ended = take_over(&lost).expect("ended, though it reached nobody as far as is known");
    assert_eq!(delivered(&ended, asked.notice, scene.now), None);
    let late = conclude(&ended, asked.notice, BY_FACE, scene.now, &scene.policy);
    assert_eq!(late, Err(Refusal::NoticeNotLive));
    assert_eq!(take_over(&ended), None);
    let expired = scene.now.plus(Duration::from_hours(1));
    assert!(!asked.is_open(expired) && take_over(&asked).is_some_and(|over| !over.is_open(scene.now)));
    // A clock that is set back brings neither of them back.
    for back in [Duration::ZERO, Duration::from_secs(1), Duration::from_hours(1)] {
        assert!(!ended.can_be_taken(scene.now.minus(back)), "{back:?}");
        assert_eq!(delivered(&ended, asked.notice, scene.now.minus(back)), None, "{back:?}");
    }
    let open = take_over(&asked).expect("ended");
    let (late, _) = delivered(&open, asked.notice, scene.now).expect("its channel took it all the same");
    assert!(!late.is_open(scene.now), "but it is over");
}

#[test]
fn v15_a_time_in_the_future_counts_as_now() {
    let mut scene = Scene::new();
    scene.notify(None).expect("asked");
    scene.now = scene.now.minus(Duration::from_hours(1));
    assert_eq!(scene.notify(None), Err(Refusal::TooFrequent { wait: scene.policy.notice_interval }));
    scene.not_me = Some(START);
    scene.verification = None;
    assert_eq!(scene.notify(None), Err(Refusal::Quiet { wait: scene.policy.quiet }));
    let policy = scene.policy;
    let locked = (0..policy.password_tries)
        .fold(PasswordTries::default(), |tries, _| tries.begin(START, &policy).expect("a try"));
    let Err(Refusal::PasswordLocked { wait }) = locked.begin(scene.now, &policy) else {
        panic!("not locked")
    };
    assert_eq!(wait, policy.password_lock);
}
