//! A situation: what the center posts, what the tester does, what the app is answered, and what is expected of it.
//!
//! The script of a situation is a pure function of what went before in it ([`Moment`]), so it may be played again, in any
//! order, and a repeated report is answered like the one it repeats.

use std::time::Duration;

use yanmi_protocol::Code;
use yanmi_protocol::message::channel_notice::Way;

use crate::act::Act;
use crate::event::{Deed, Proof, State, Status};
use crate::play::Play;
use crate::post::{Post, Which};
use crate::rule::Rule;

/// How long one situation may take from its first event; afterwards it counts as left.
pub const SITUATION_TIME: Duration = Duration::from_mins(10);
/// Wrong passwords after which the check is locked (V8's default).
pub const MAX_TRIES: u32 = 5;

/// One situation.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// The name for programs; part of the report's contract.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What is done.
    pub acts: &'static [Act],
    /// What the center posts when it begins.
    pub posts: &'static [Post],
    /// What it posts after [`Act::Next`].
    pub then: &'static [Post],
    /// Whether the second notice is of another institution.
    pub apart: bool,
    /// What is needed for it.
    pub needs: Needs,
    /// How a report is answered.
    pub report: fn(&Moment) -> Play,
    /// What `pendNotc` says.
    pub listing: Listing,
    /// The rule it is about.
    pub about: Rule,
    /// What is expected.
    pub expects: &'static [Expect],
}

/// What a situation needs of app and registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A way of confirming.
    Way(Way),
    /// The credential password and another way.
    AnotherWay,
    /// That the channel is registered with mac required.
    Mac,
    /// That the app has the center switch password-free payment.
    Switch,
    /// That limits are registered for its word about password-free payments.
    Word,
}

/// What the center says is pending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listing {
    /// What is.
    Honest,
    /// Nothing.
    Empty,
    /// Everything twice.
    Twice,
}

/// Where a notice stands with the center.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It was not posted yet.
    Unsent,
    /// It can be confirmed.
    Live,
    /// It cannot, for another took its place, or it was withdrawn.
    Void,
    /// The person has answered.
    Done(Status),
}

/// What went before in a situation when a report comes.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What is reported.
    pub deed: Deed,
    /// Where its notice stands; expired is void.
    pub standing: Standing,
    /// Reports before it in this situation.
    pub reports: usize,
    /// Wrong passwords before it.
    pub wrong: u32,
}

/// What is expected.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// So many alerts were told.
    Alerts(Which, u32, Rule),
    /// One of these states was told.
    State(Which, &'static [State], Rule),
    /// The amount is not shown as a number.
    NoAmount,
    /// The name is shown as it is.
    Name,
    /// What was told has the number of tries in it that are left.
    Tries,
    /// Words were told.
    Words(Rule),
    /// The app reported this.
    Did(Which, Status, Rule),
    /// The app did not report a confirmation of this notice.
    NoConfirmation(Which, Rule),
    /// What the center took is shown as such.
    Success,
    /// 500014 is neither success nor shown any longer.
    Closed,
    /// Without a result nothing final is shown.
    NoResult,
    /// A success that cannot be trusted is not shown as one.
    Untrusted(Rule),
    /// A report without a result is repeated.
    Again,
    /// After 500084 no more passwords are reported.
    NoMoreTries,
    /// A refused way of confirming is followed by another attempt.
    AnotherAttempt,
    /// The message center asks what is pending.
    Asks,
    /// Password-free payment is switched on with the center, and off again.
    Switches,
    /// The link is opened once, as it was given.
    Link,
}

impl Situation {
    /// Which notices somebody has to tell about.
    pub fn told(&self) -> Vec<Which> {
        let told = |which: &Which| {
            self.expects.iter().any(|expect| match expect {
                Expect::State(of, ..) | Expect::Alerts(of, ..) | Expect::NoConfirmation(of, _) => of == which,
                Expect::Asks | Expect::Switches => *which == Which::First && self.posts.is_empty(),
                _ => false,
            })
        };
        Which::ALL.into_iter().filter(told).collect()
    }

    /// Whether nobody has to do anything on the app but look.
    pub fn is_alone(&self) -> bool {
        self.acts.iter().all(|act| matches!(act, Act::Begin | Act::Tell))
    }
}

/// What a center does when nothing is wrong.
pub(crate) fn honest(moment: &Moment) -> Play {
    match (moment.standing, moment.deed.status) {
        (Standing::Done(before), now) if before == now => Play::Accepted,
        (Standing::Live, Status::Confirmed) => proven(moment),
        (Standing::Live, _) => Play::Accepted,
        _ => Play::Refused(Code::BadNoticeNo),
    }
}

fn proven(moment: &Moment) -> Play {
    let wrong = matches!(moment.deed.proof, Proof::Wrong | Proof::Strange);
    if moment.deed.way != Some(Way::CredentialPassword) || !wrong {
        return Play::Accepted;
    }
    let left = MAX_TRIES.saturating_sub(moment.wrong + 1);
    if moment.wrong >= MAX_TRIES { Play::Refused(Code::TooFrequent) } else { Play::WrongPassword(left) }
}
