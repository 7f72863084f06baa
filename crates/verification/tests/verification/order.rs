//! Steps 8 to 13 in their order: each row is wrong in one more way than the row after it.

use yanmi_protocol::Code;
use yanmi_protocol::message::channel_notice::Way;
use yanmi_verification::notify::Step;
use yanmi_verification::status::Status;
use yanmi_verification::{Budget, ChannelRecord, Identity, Refusal, Ways};

use crate::scene::{START, Scene};

type Spoil = fn(&mut Scene);

/// What can be wrong, in the order of the checks, with the code that says so.
const SPOILED: [(Spoil, Code); 14] = [
    (|s| s.credential = None, Code::CredentialNotFound),
    (|s| s.credential.as_mut().expect("one").active = false, Code::CredentialInactive),
    (|s| s.credential.as_mut().expect("one").identity = Identity::Empty, Code::IdentityEmpty),
    (|s| s.channel = None, Code::ChannelNotFound),
    (|s| s.channel.as_mut().expect("one").record = ChannelRecord::Missing, Code::CertificationNotFound),
    (|s| s.channel.as_mut().expect("one").record = ChannelRecord::Disabled, Code::CertificationDisabled),
    (|s| s.credential.as_mut().expect("one").authorized = false, Code::NotAuthorizedForChannel),
    (|s| s.channel.as_mut().expect("one").settlement = false, Code::NoSettlement),
    (|s| s.policy.notices_per_person_hour = 0, Code::TooFrequent),
    (
        |s| {
            s.channel.as_mut().expect("one").ways = Ways::NONE.with(Way::CredentialPassword);
            s.credential.as_mut().expect("one").password_set = false;
        },
        Code::PasswordNotSet,
    ),
    // The three other conditions of an identity stand where the first of them does.
    (|s| s.credential.as_mut().expect("one").identity = Identity::PlaceEmpty, Code::InsuredPlaceEmpty),
    (|s| s.credential.as_mut().expect("one").identity = Identity::Mismatch, Code::IdentityMismatch),
    (|s| s.credential.as_mut().expect("one").identity = Identity::Wrong, Code::PersonDataWrong),
    (
        |s| s.credential.as_mut().expect("one").decoded_at = START.minus(s.policy.token_life),
        Code::CredentialNotFound,
    ),
];

fn code(result: Result<Step, Refusal>) -> Option<Code> {
    result.err().map(Refusal::code)
}

#[test]
fn each_check_alone_gives_its_code() {
    for (spoil, expected) in SPOILED {
        let mut scene = Scene::new();
        spoil(&mut scene);
        assert_eq!(code(scene.notify(Some("1"))), Some(expected));
    }
    assert_eq!(code(Scene::new().notify(Some("1"))), None);
}

#[test]
fn the_earliest_check_that_fails_wins() {
    // What is wrong later is spoiled first: a credential or channel that is gone hides the rest, and is itself the
    // earlier check. Two states of one record exclude each other, and either way the earlier row is what is left.
    let ordered = &SPOILED[..10];
    for (first, (spoil_first, expected)) in ordered.iter().enumerate() {
        for (second, (spoil_second, _)) in ordered.iter().enumerate().skip(first + 1) {
            let mut scene = Scene::new();
            spoil_second(&mut scene);
            spoil_first(&mut scene);
            assert_eq!(code(scene.notify(Some("1"))), Some(*expected), "{first} before {second}");
        }
    }
}

#[test]
fn a_status_makes_the_checks_up_to_the_channel_and_no_further() {
    for (at, (spoil, expected)) in SPOILED.into_iter().enumerate() {
        let mut scene = Scene::new();
        spoil(&mut scene);
        let expected = if matches!(at, 7..=9) { None } else { Some(expected) };
        assert_eq!(scene.status().err().map(Refusal::code), expected, "{at}");
    }
    assert_eq!(Scene::new().status(), Ok(Status::NotConfirmed), "known and never notified");
}

#[test]
fn an_exhausted_budget_says_how_long_to_wait() {
    let mut scene = Scene::new();
    scene.policy.notices_per_person_hour = 1;
    scene.budget = Budget::default().take(scene.now, 1).expect("the first");
    let Err(Refusal::TooFrequent { wait }) = scene.notify(None) else { panic!("not refused") };
    scene.forward(wait);
    assert_eq!(code(scene.notify(None)), None);
}
