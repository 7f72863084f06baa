//! V10: without a password.

use std::time::Duration;

use yanmi_verification::delivery::{delivered, undelivered};
use yanmi_verification::notify::Step;
use yanmi_verification::password_free::{FreeStep, STAY};
use yanmi_verification::status::Status;
use yanmi_verification::word;
use yanmi_verification::{Ground, PasswordFree, State, Undelivered, WordLimits};

use crate::scene::{Scene, yuan};

fn scene(single: Option<&str>, day: Option<&str>, count: Option<u32>) -> Scene {
    let mut scene = Scene::new();
    scene.channel.as_mut().expect("one").password_free = true;
    scene.free = Some(PasswordFree {
        open: true,
        single_limit: single.map(yuan),
        day_limit: day.map(yuan),
        day_count: count,
        ..PasswordFree::NONE
    });
    scene
}

fn is_free(scene: &mut Scene, amount: Option<&str>) -> bool {
    // Whether it is free is asked of a copy when it is not, so that no notice goes out.
    let mut copy = scene.clone();
    let free = matches!(copy.notify(amount), Ok(Step::Free(_)));
    if free {
        *scene = copy;
    }
    free
}

/// Another payment: another token.
fn next_payment(scene: &mut Scene) {
    scene.free_use = None;
    scene.verification = None;
}

#[test]
fn all_three_are_needed() {
    assert!(is_free(&mut scene(None, None, None), None));
    let mut not_offered = scene(None, None, None);
    not_offered.channel.as_mut().expect("one").password_free = false;
    assert!(!is_free(&mut not_offered, None));
    let mut switched_off = scene(None, None, None);
    switched_off.free.as_mut().expect("one").open = false;
    assert!(!is_free(&mut switched_off, None));
    let mut never_switched = scene(None, None, None);
    never_switched.free = None;
    assert!(!is_free(&mut never_switched, None));
}

#[test]
fn limits_bound_each_payment_and_the_day() {
    let mut single = scene(Some("100"), None, None);
    assert!(!is_free(&mut single, Some("100.01")));
    assert!(!is_free(&mut single, None), "what is not known is not within a limit");
    assert!(is_free(&mut single, Some("100")));
    let mut day = scene(None, Some("100"), None);
    assert!(is_free(&mut day, Some("60")));
    assert!(is_free(&mut day, Some("60")), "the same payment is counted once");
    assert_eq!(day.free.expect("one").spent, yuan("60"));
    assert!(is_free(&mut day, Some("10")), "another amount is another payment");
    assert_eq!(day.free.expect("one").spent, yuan("70"));
    assert_eq!(day.free_use.expect("one").day_total, yuan("70"));
    next_payment(&mut day);
    assert!(!is_free(&mut day, Some("30.01")));
    assert!(is_free(&mut day, Some("30")));
    let mut count = scene(None, None, Some(1));
    assert!(is_free(&mut count, None));
    next_payment(&mut count);
    assert!(!is_free(&mut count, None));
    // Midnight in Asia/Shanghai is at 16:00 UTC.
    count.forward(Duration::from_hours(24));
    count.credential.as_mut().expect("one").decoded_at = count.now;
    assert!(is_free(&mut count, None));
}

#[test]
fn a_status_lets_through_what_the_notice_let_through() {
    let mut scene = scene(Some("100"), Some("100"), Some(1));
    assert_eq!(scene.status(), Ok(Status::NotConfirmed), "no amount is known yet");
    assert!(is_free(&mut scene, Some("90")));
    assert!(matches!(scene.status(), Ok(Status::Free(_))));
    scene.free.as_mut().expect("one").open = false;
    assert_eq!(scene.status(), Ok(Status::NotConfirmed), "judged at each call");
}

#[test]
fn after_not_me_nothing_is_free_until_the_quiet_is_over() {
    let mut scene = scene(None, None, None);
    scene.not_me = Some(scene.now);
    assert!(!is_free(&mut scene, None));
    assert_eq!(scene.status(), Ok(Status::NotConfirmed));
    scene.forward(scene.policy.quiet);
    assert!(is_free(&mut scene, None));
    assert!(matches!(scene.status(), Ok(Status::Free(_))));
}

/// 23:59:50 in Asia/Shanghai, on the day the scenes begin.
fn just_before_midnight(scene: &mut Scene) {
    let day = scene.now.shanghai_day();
    while scene.now.plus(Duration::from_mins(1)).shanghai_day() == day {
        scene.forward(Duration::from_mins(1));
    }
    while scene.now.plus(Duration::from_secs(10)).shanghai_day() == day {
        scene.forward(Duration::from_secs(1));
    }
    scene.credential.as_mut().expect("one").decoded_at = scene.now;
}

#[test]
fn what_was_let_through_stays_so_across_midnight_and_is_counted_on_its_first_day() {
    let mut scene = scene(Some("100"), Some("100"), Some(1));
    just_before_midnight(&mut scene);
    let day = scene.now.shanghai_day();
    assert!(is_free(&mut scene, Some("90")));
    scene.forward(Duration::from_secs(11));
    assert_eq!(scene.now.shanghai_day(), day + 1, "the twenty-third of November has a morrow");
    let Ok(Status::Free(FreeStep::Again { used, .. })) = scene.status() else {
        panic!("{:?}", scene.status())
    };
    assert_eq!((used.day, used.ground), (day, Ground::Person));
    assert!(is_free(&mut scene, Some("90")), "also by notice");
    let setting = scene.free.expect("one");
    assert_eq!((setting.day, setting.spent, setting.used), (day, yuan("90"), 1), "counted once, yesterday");
    next_payment(&mut scene);
    assert!(is_free(&mut scene, Some("100")), "the new day's allowance is whole");
}

#[test]
fn what_was_let_through_ends_after_half_an_hour_by_the_switch_and_by_not_me() {
    let mut through = scene(None, None, Some(1));
    assert!(is_free(&mut through, Some("90")));
    let mut later = through.clone();
    later.forward(STAY.saturating_sub(Duration::from_millis(1)));
    assert!(matches!(later.status(), Ok(Status::Free(_))), "though the day's count is used up");
    later.forward(Duration::from_millis(1));
    assert_eq!(later.status(), Ok(Status::NotConfirmed));
    // Off and on again: it was over when it was off.
    let mut again = through.clone();
    again.forward(Duration::from_secs(1));
    again.free.as_mut().expect("one").since = again.now;
    assert_eq!(again.status(), Ok(Status::NotConfirmed));
    let mut accused = through.clone();
    accused.not_me = Some(accused.now);
    accused.policy.quiet = Duration::from_secs(1);
    accused.forward(accused.policy.quiet);
    assert_eq!(accused.status(), Ok(Status::NotConfirmed), "though the quiet is over");
    through.forward(Duration::from_secs(1));
    through.channel.as_mut().expect("one").password_free = false;
    assert_eq!(through.status(), Ok(Status::NotConfirmed), "the channel does not offer it any more");
}

#[test]
fn a_clock_set_back_past_midnight_gives_no_second_allowance() {
    let mut scene = scene(None, Some("100"), None);
    assert!(is_free(&mut scene, Some("90")));
    scene.now = scene.now.minus(Duration::from_hours(24));
    next_payment(&mut scene);
    assert!(!is_free(&mut scene, Some("11")));
    assert!(is_free(&mut scene, Some("10")));
    assert!(
        matches!(scene.status(), Ok(Status::Free(_))),
        "let through a moment ago, whatever the clock says"
    );
}

#[test]
fn a_query_is_about_the_latest_call() {
    let mut scene = scene(Some("100"), None, None);
    assert!(is_free(&mut scene, Some("90")));
    scene.forward(Duration::from_secs(3));
    assert!(matches!(scene.notify(Some("200")), Ok(Step::Deliver { .. })));
    assert_eq!(scene.status(), Ok(Status::NotConfirmed), "the 90 were let through, not the 200");
    scene.forward(Duration::from_secs(3));
    assert!(is_free(&mut scene, Some("90")));
    assert!(matches!(scene.status(), Ok(Status::Free(_))), "back to what was let through");
}

fn on_word(single: &str, day: &str) -> Scene {
    let mut scene = Scene::new();
    scene.channel.as_mut().expect("one").word = Some(WordLimits { single: yuan(single), day: yuan(day) });
    scene
}

/// Asks for a notice and has the channel say that no password is needed.
fn says_so(scene: &mut Scene, amount: Option<&str>) -> bool {
    scene.notify(amount).expect("asked");
    let Some(step) = word::take(&scene.facts(), scene.current().notice, scene.now, &scene.policy) else {
        return false;
    };
    scene.verification = Some(step.next);
    scene.let_through(step.free);
    true
}

#[test]
fn a_channels_word_counts_where_it_is_registered_and_within_its_limits() {
    assert!(!says_so(&mut Scene::new(), Some("1")), "not registered");
    assert!(!says_so(&mut on_word("50", "80"), None), "what is not known is not within a limit");
    assert!(!says_so(&mut on_word("50", "80"), Some("50.01")));
    let mut scene = on_word("50", "80");
    assert!(says_so(&mut scene, Some("50")));
    assert_eq!(scene.free_use.map(|used| used.ground), Some(Ground::Channel));
    let dead = word::take(&scene.facts(), scene.current().notice, scene.now, &scene.policy);
    assert_eq!(dead, None, "a second word about the same notice");
    next_payment(&mut scene);
    scene.forward(Duration::from_secs(3));
    assert!(!says_so(&mut scene.clone(), Some("30.01")), "the person's day");
    assert!(says_so(&mut scene, Some("30")));
    let mut quiet = on_word("50", "80");
    quiet.notify(Some("1")).expect("asked");
    quiet.not_me = Some(quiet.now);
    assert_eq!(word::take(&quiet.facts(), quiet.current().notice, quiet.now, &quiet.policy), None);
}

#[test]
fn what_went_through_on_a_word_stays_so_for_the_life_of_the_token() {
    let mut scene = on_word("50", "80");
    assert!(says_so(&mut scene, Some("50")));
    scene.forward(scene.policy.token_life.saturating_sub(Duration::from_millis(1)));
    assert!(matches!(scene.status(), Ok(Status::Free(FreeStep::Again { .. }))));
    assert!(matches!(scene.notify(Some("50")), Ok(Step::Free(_))));
    let mut other = scene.clone();
    assert!(matches!(other.notify(Some("49")), Ok(Step::Deliver { .. })), "another payment");
    assert_eq!(other.status(), Ok(Status::NotConfirmed));
    let mut accused = scene.clone();
    accused.not_me = Some(accused.now);
    assert_eq!(accused.status(), Ok(Status::NotConfirmed));
    scene.forward(Duration::from_millis(1));
    assert!(scene.status().is_err(), "the token is dead");
}

#[test]
fn a_word_about_a_notice_that_another_took_the_place_of_does_not_count() {
    let mut scene = on_word("50", "80");
    scene.notify(Some("1")).expect("asked");
    let old = scene.current();
    scene.forward(Duration::from_secs(3));
    scene.notify(Some("2")).expect("asked");
    assert_eq!(word::take(&scene.facts(), old.notice, scene.now, &scene.policy), None);
    // An answer that came late counts like any other: the notice may have been told lost.
    let current = scene.current();
    let lost = undelivered(&current, current.notice, Undelivered::TimedOut, scene.now);
    scene.verification = lost.map(|(next, _)| next);
    let step = word::take(&scene.facts(), current.notice, scene.now, &scene.policy).expect("taken");
    assert!(matches!(step.next.state, State::Undelivered { .. }));
    assert_eq!(delivered(&step.next, current.notice, scene.now), None, "it does not come back");
}
