//! Having a credential password checked, and counting the tries.
//!
//! All who ask for it end here: an institution's password check, and a confirmation by way 01, from a channel or from the
//! center's page. The try is
//! counted durably before the national center is asked (see the verification crate's `password_try`).

use yanmi_protocol::Code;
use yanmi_protocol::message::national::PasswordQuestion;
use yanmi_verification::password_try::Verdict;
use yanmi_verification::{PasswordTries, Refusal as Rule};

use crate::journey::credential::{identity_key, national_result};
use crate::ledger::{BeginTry, EndTry, TryDecision};
use crate::national::NationalError;
use crate::refusal::Refusal;
use crate::registry::Misses;
use crate::share::Share;
use crate::site::Site;

/// What a check comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Checked {
    /// The password is right.
    Right,
    /// The password is wrong.
    Wrong {
        /// How many more wrong ones there may be.
        left: u32,
    },
}

/// Checks a password; if `expected` says how many tries were counted when it was asked for, only if it is still as many;
/// it is refused with [`Refusal::OtherTries`] otherwise.
/// `misses` are those of the account that names the person, if one does. Run it in a task of its own, so that a try that was begun is also ended.
pub(crate) async fn check(
    site: &Site,
    share: &Share,
    question: PasswordQuestion,
    expected: Option<u32>,
    misses: Option<&Misses>,
) -> Result<Checked, Refusal> {
    if let Some(wait) = misses.and_then(|misses| misses.check(site.clock.now()).err()) {
        return Err(Rule::TooFrequent { wait }.into());
    }
    let identity = identity_key(&site.sealer, &question.id_no);
    match site.ledger.decide(share, BeginTry { identity, expected }).await?.answer? {
        TryDecision::Begun => {}
        TryDecision::OtherTries => return Err(Refusal::OtherTries),
    }
    let told = site.national.password_right(share, question).await;
    site.telemetry.national("password", national_result(&told));
    let verdict = match &told {
        Ok(true) => Verdict::Right,
        Ok(false) => Verdict::Wrong,
        // Somebody named a person who does not exist so: a guess like any other.
        Err(NationalError::Refused(Code::IdentityMismatch | Code::PersonDataWrong)) => {
            misses.inspect(|misses| misses.count(site.clock.now()));
            Verdict::Wrong
        }
        Err(_) => Verdict::Unknown,
    };
    let tries = site.ledger.follow(EndTry { identity, verdict }).await?.answer;
    Ok(if told? { Checked::Right } else { Checked::Wrong { left: left(site, tries) } })
}

fn left(site: &Site, tries: PasswordTries) -> u32 {
    if tries.is_locked(site.clock.now()) { 0 } else { tries.left(&site.policy) }
}
