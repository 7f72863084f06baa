//! Payments without a password: two codes of one person at one institution, a switch with limits, "not me", and midnight.

use std::time::Duration;

use yanmi_protocol::{Amount, UnixMillis};
use yanmi_verification::notify::Step;
use yanmi_verification::password_free::{FreeStep, STAY};
use yanmi_verification::status::Status;
use yanmi_verification::{FreeUse, PasswordFree, Verification};

use super::{World, depth, walk};
use crate::scene::{Scene, yuan};

const SINGLE: &str = "9";
const DAY: &str = "12";
const COUNT: u32 = 2;
/// Ten minutes to midnight in Asia/Shanghai.
const EVENING: UnixMillis = UnixMillis::new(1_763_913_000_000);

/// What was let through: the account.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Payment {
    token: usize,
    amount: Option<Amount>,
    at: UnixMillis,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Till {
    now: UnixMillis,
    next: u64,
    setting: PasswordFree,
    uses: [Option<FreeUse>; 2],
    verifications: [Option<Verification>; 2],
    not_me: Option<UnixMillis>,
    payments: Vec<Payment>,
    /// When it was last switched off.
    off: Option<UnixMillis>,
    /// The amount of the latest notice call of each code.
    called: [Option<Amount>; 2],
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Notify(usize, Option<&'static str>),
    Query(usize),
    Switch(bool),
    NotMe,
    Wait(Duration),
}

impl Till {
    fn scene(&self, token: usize) -> Scene {
        let mut scene = Scene::new();
        scene.now = self.now;
        scene.credential.as_mut().expect("one").decoded_at = EVENING;
        scene.channel.as_mut().expect("one").password_free = true;
        scene.policy.notices_per_person_hour = 1_000;
        scene.policy.notices_per_verification = 1_000;
        scene.policy.notice_interval = Duration::ZERO;
        scene.free = Some(self.setting);
        scene.free_use = self.uses[token];
        scene.verification = self.verifications[token];
        scene.not_me = self.not_me;
        scene.number_from(self.next);
        scene
    }

    /// What the account says: let through before, now, or not.
    fn expected(&self, token: usize, amount: Option<Amount>) -> Option<bool> {
        let quiet = Scene::new().policy.quiet;
        if self.not_me.is_some_and(|said| self.now.since(said) < quiet) || !self.setting.open {
            return None;
        }
        let newest = self.payments.iter().rev().find(|payment| payment.token == token);
        let ended = self.off.max(self.not_me);
        let stays = newest.is_some_and(|payment| {
            let stands = ended.is_none_or(|ended| ended < payment.at);
            payment.amount == amount && self.now.since(payment.at) < STAY && stands
        });
        if stays {
            return Some(true);
        }
        let today =
            self.payments.iter().filter(|payment| payment.at.shanghai_day() == self.now.shanghai_day());
        let (count, spent) = today.fold((0, 0), |(count, spent), payment| {
            (count + 1, spent + payment.amount.map_or(0, Amount::fen))
        });
        let amount = amount?;
        let fits = amount <= yuan(SINGLE) && spent + amount.fen() <= yuan(DAY).fen() && count < COUNT;
        fits.then_some(false)
    }

    fn judge(&mut self, token: usize, amount: Option<Amount>, step: Option<FreeStep>) -> Result<(), String> {
        let told = step.map(|step| matches!(step, FreeStep::Again { .. }));
        let expected = self.expected(token, amount);
        if told != expected {
            return Err(format!("{told:?}, but the account says {expected:?}"));
        }
        match step {
            Some(FreeStep::Counted { setting, used }) => {
                self.setting = setting;
                self.uses[token] = Some(used);
                self.payments.push(Payment { token, amount, at: self.now });
            }
            Some(FreeStep::Again { used, returned: true }) => self.uses[token] = Some(used),
            _ => {}
        }
        Ok(())
    }
}

impl World for Till {
    type Act = Act;

    fn acts(&self) -> Vec<Act> {
        let mut acts = vec![Act::NotMe, Act::Switch(!self.setting.open)];
        // The code that begins is the first, whichever it is.
        let begun = if self.called[0].is_some() { 2 } else { 1 };
        for token in 0..begun {
            acts.extend([Some("5"), Some("8"), Some("10")].map(|amount| Act::Notify(token, amount)));
            acts.extend(self.called[token].map(|_| Act::Query(token)));
        }
        // Past midnight, past the quiet, and with both past the half hour a payment stays.
        acts.extend([601, 1_201].map(|seconds| Act::Wait(Duration::from_secs(seconds))));
        acts
    }

    fn step(&mut self, act: Act) -> Result<(), String> {
        // Nothing happens in the moment of something else.
        self.now = self.now.plus(Duration::from_millis(1));
        match act {
            Act::Notify(token, amount) => {
                let mut scene = self.scene(token);
                let told = scene.notify(amount);
                self.next = scene.numbered_to();
                let free = match told {
                    Ok(Step::Free(step)) => Some(step),
                    _ => None,
                };
                self.judge(token, amount.map(yuan), free)?;
                self.verifications[token] = scene.verification;
                if told.is_ok() {
                    self.called[token] = amount.map(yuan);
                }
            }
            Act::Query(token) => {
                let free = match self.scene(token).status() {
                    Ok(Status::Free(step)) => Some(step),
                    _ => None,
                };
                // A query is about the latest call, or about a payment nobody has named an amount for.
                let amount = self.called[token];
                self.judge(token, amount, free)?;
            }
            Act::Switch(open) => {
                let since = self.now;
                self.setting = PasswordFree { open, since, ..self.setting };
                if !open {
                    self.off = Some(self.now);
                }
            }
            Act::NotMe => self.not_me = Some(self.now),
            Act::Wait(span) => self.now = self.now.plus(span),
        }
        Ok(())
    }
}

#[test]
fn no_order_of_calls_switches_and_midnights_lets_through_what_the_limits_forbid() {
    let setting = PasswordFree {
        open: true,
        since: EVENING,
        single_limit: Some(yuan(SINGLE)),
        day_limit: Some(yuan(DAY)),
        day_count: Some(COUNT),
        ..PasswordFree::NONE
    };
    let first = Till {
        now: EVENING,
        next: yanmi_protocol::NoticeNo::FIRST,
        setting,
        uses: [None; 2],
        verifications: [None; 2],
        not_me: None,
        payments: Vec::new(),
        off: None,
        called: [None; 2],
    };
    assert_ne!(EVENING.shanghai_day(), EVENING.plus(Duration::from_mins(10)).shanghai_day());
    assert!(walk(first, depth(7)) > 1_000_000);
}
