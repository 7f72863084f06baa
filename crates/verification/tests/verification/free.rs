//! V10: without a password.

use std::time::Duration;

use yanmi_protocol::Amount;
use yanmi_verification::PasswordFree;
use yanmi_verification::notify::Step;
use yanmi_verification::status::Status;

use crate::scene::{Scene, yuan};

fn scene(single: Option<&str>, day: Option<&str>, count: Option<u32>) -> Scene {
    let mut scene = Scene::new();
    scene.channel.as_mut().expect("one").password_free = true;
    scene.free = Some(PasswordFree {
        open: true,
        single_limit: single.map(yuan),
        day_limit: day.map(yuan),
        day_count: count,
        day: 0,
        spent: Amount::from_fen(0).expect("nothing"),
        used: 0,
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
    assert!(is_free(&mut day, Some("70")), "only what is more is added");
    assert_eq!(day.free.expect("one").spent, yuan("70"));
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
