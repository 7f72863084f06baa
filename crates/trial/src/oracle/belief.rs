//! What can be known about a verification from outside.
//!
//! A belief is the set of all places where the verification may stand. An answer rules some of them out and moves
//! the others on; when none is left, the center contradicts itself. A question that got no answer may or may not
//! have been decided, so it only adds places. That is all the oracle there is: whatever was answered stays true,
//! whatever was never asked never happens, and only what was not answered is left open.

/// Where a verification stands; amounts in fen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// No notice was ever asked for.
    Never,
    /// The person can answer a notice of this amount.
    Open(u32),
    /// The person confirmed this amount.
    Confirmed(u32),
    /// The person cancelled.
    Declined,
    /// The channel did not take the notice.
    Undelivered,
}

/// What somebody does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// The institution asks for a notice.
    Notify(u32),
    /// The institution asks for the status.
    Status,
    /// The channel app asks what is pending.
    Pending,
    /// The person confirms with their password.
    Confirm,
    /// The person mistypes it.
    Mistype,
    /// The person cancels.
    Cancel,
}

/// What the center answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// The notice was sent, or need not be.
    Notified,
    /// The channel did not take the notice.
    NotDelivered,
    /// `checkStas`.
    Settle(bool),
    /// Whether there is a notice to be answered.
    Listed(bool),
    /// What the person did counts.
    Accepted,
    /// The password is wrong.
    WrongPassword,
    /// The notice can no longer be answered so.
    NotLive,
}

/// The rules of the life of a verification, as far as this test goes: within the lives of notice and confirmation.
fn step(standing: Standing, deed: Deed) -> (Said, Standing) {
    use Standing::{Confirmed, Declined, Never, Open, Undelivered};
    match (deed, standing) {
        (Deed::Notify(amount), Confirmed(confirmed)) if amount <= confirmed => (Said::Notified, standing),
        (Deed::Notify(amount), _) => (Said::Notified, Open(amount)),
        (Deed::Status, _) => (Said::Settle(matches!(standing, Confirmed(_))), standing),
        (Deed::Pending, _) => (Said::Listed(matches!(standing, Open(_))), standing),
        (Deed::Confirm, Open(amount)) => (Said::Accepted, Confirmed(amount)),
        (Deed::Mistype, Open(_)) => (Said::WrongPassword, standing),
        // A confirmation that was accepted is accepted again, and not checked again.
        (Deed::Confirm | Deed::Mistype, Confirmed(_)) => (Said::Accepted, standing),
        (Deed::Cancel, Open(_) | Declined) => (Said::Accepted, Declined),
        (Deed::Confirm | Deed::Mistype | Deed::Cancel, Never | Confirmed(_) | Declined | Undelivered) => {
            (Said::NotLive, standing)
        }
    }
}

/// Everything that can come of it: a notice that opens something may also not reach the channel.
fn steps(standing: Standing, deed: Deed) -> impl Iterator<Item = (Said, Standing)> {
    let usual = step(standing, deed);
    let opens = matches!((deed, usual.1), (Deed::Notify(_), Standing::Open(_)));
    [Some(usual), opens.then_some((Said::NotDelivered, Standing::Undelivered))].into_iter().flatten()
}

/// The places where a verification may stand; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Belief(Vec<Standing>);

impl Default for Belief {
    fn default() -> Self {
        Self(vec![Standing::Never])
    }
}

impl Belief {
    /// Nothing was done yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in an answer; the belief before it when it is none the center could have given.
    #[must_use]
    pub fn answered(&mut self, deed: Deed, said: Said) -> bool {
        let steps = self.0.iter().flat_map(|standing| steps(*standing, deed));
        let next: Vec<_> = steps.filter(|(would_say, _)| *would_say == said).map(|(_, next)| next).collect();
        if next.is_empty() {
            return false;
        }
        self.0.clear();
        self.add(next);
        true
    }

    /// Takes in that there was no answer.
    pub fn unanswered(&mut self, deed: Deed) {
        let next = self.0.iter().flat_map(|standing| steps(*standing, deed)).map(|(_, next)| next).collect();
        self.add(next);
    }

    fn add(&mut self, more: Vec<Standing>) {
        for standing in more {
            if !self.0.contains(&standing) {
                self.0.push(standing);
            }
        }
    }

    /// Whether it may stand there.
    pub fn allows(&self, standing: Standing) -> bool {
        self.0.contains(&standing)
    }

    /// Whether it certainly has a notice that can be answered.
    pub fn is_open(&self) -> bool {
        self.0.iter().all(|standing| matches!(standing, Standing::Open(_)))
    }

    /// Whether a notice of this amount certainly leaves the notice number as it is.
    pub fn keeps_number(&self, amount: u32) -> bool {
        self.0.iter().all(|standing| match standing {
            Standing::Open(open) => *open == amount,
            Standing::Confirmed(confirmed) => amount <= *confirmed,
            Standing::Never | Standing::Declined | Standing::Undelivered => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_takes_a_confirmation_back_is_a_contradiction() {
        let mut belief = Belief::new();
        assert!(belief.answered(Deed::Notify(100), Said::Notified));
        assert!(belief.answered(Deed::Confirm, Said::Accepted));
        assert!(!belief.answered(Deed::Status, Said::Settle(false)), "it is lost");
        assert!(belief.answered(Deed::Status, Said::Settle(true)));
    }

    #[test]
    fn a_confirmation_nobody_asked_for_is_a_contradiction() {
        let mut belief = Belief::new();
        belief.unanswered(Deed::Notify(100));
        assert!(!belief.answered(Deed::Status, Said::Settle(true)), "it is invented");
    }

    #[test]
    fn what_was_not_answered_may_have_happened_or_not_until_an_answer_tells() {
        let mut belief = Belief::new();
        assert!(belief.answered(Deed::Notify(100), Said::Notified));
        belief.unanswered(Deed::Confirm);
        assert!(belief.allows(Standing::Open(100)) && belief.allows(Standing::Confirmed(100)));
        assert!(belief.answered(Deed::Status, Said::Settle(true)));
        assert!(!belief.answered(Deed::Status, Said::Settle(false)), "and then it stays");
    }

    #[test]
    fn a_notice_that_was_not_delivered_can_be_sent_again_and_not_be_confirmed() {
        let mut belief = Belief::new();
        assert!(belief.answered(Deed::Notify(100), Said::NotDelivered));
        assert!(belief.answered(Deed::Confirm, Said::NotLive));
        assert!(belief.answered(Deed::Notify(100), Said::Notified));
        assert!(belief.is_open());
    }
}
