//! One person with one token: what was done, what was heard, and what can be true after that.

use yanmi_protocol::{EcToken, NoticeNo};

use super::belief::{Belief, Deed, Said, Standing};
use super::parties::Heard;

/// One thing that was done, and what was heard, if anything.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What was done.
    pub deed: Deed,
    /// The notice it was about, as far as it was known.
    pub notice: Option<NoticeNo>,
    /// The serial number (`resBizNo`) that was answered.
    pub serial: Option<String>,
    /// What was answered; nothing when there was no answer, or only that something is out of order.
    pub said: Option<Said>,
}

/// One person with one token.
#[derive(Debug)]
pub struct Visit {
    /// The person's number in the world.
    pub person: usize,
    /// The token.
    pub token: EcToken,
    /// What may be true.
    pub belief: Belief,
    /// What was done, in its order.
    pub history: Vec<Entry>,
    /// The number of the latest notice, while it is known.
    pub notice: Option<NoticeNo>,
    /// The serial number of the latest notice call, while it is known.
    serial: Option<String>,
}

impl Visit {
    /// Somebody who has done nothing yet.
    pub fn new(person: usize, token: EcToken) -> Self {
        Self { person, token, belief: Belief::new(), history: Vec::new(), notice: None, serial: None }
    }

    /// Writes down a deed, which nothing else was done beside, and what was heard, if anything.
    ///
    /// # Errors
    /// What was heard contradicts what was heard before: how, with the whole visit.
    pub fn note(&mut self, deed: Deed, heard: Option<&Heard>) -> Result<(), String> {
        let serial = heard.and_then(|heard| heard.serial.clone());
        let said = heard.map(|heard| heard.said);
        self.history.push(Entry { deed, notice: self.notice, serial: serial.clone(), said });
        if let Deed::Notify(amount) = deed {
            self.notice = self.notice.filter(|_| self.belief.keeps_number(amount));
            self.serial.clone_from(&serial);
        }
        let Some(heard) = heard else {
            self.belief.unanswered(deed);
            return Ok(());
        };
        if !self.belief.answered(deed, heard.said) {
            return Err(format!("{:?} after this: {self:#?}", heard.said));
        }
        match deed {
            Deed::Status => self.note_serial(serial)?,
            Deed::Pending if heard.notice.is_some() => {
                if self.notice.is_some() && self.notice != heard.notice {
                    return Err(format!("another notice is pending: {:?} after {self:#?}", heard.notice));
                }
                self.notice = heard.notice;
            }
            _ => {}
        }
        Ok(())
    }

    fn note_serial(&mut self, serial: Option<String>) -> Result<(), String> {
        if self.serial.is_some() && self.serial != serial {
            return Err(format!("the latest notice is not the latest any more: {serial:?} after {self:#?}"));
        }
        // What is told once about a notice nobody got an answer to stays so as well.
        self.serial = serial.filter(|_| !self.belief.allows(Standing::Never));
        Ok(())
    }

    /// Whether it was ever answered that the institution may settle.
    pub fn was_told_to_settle(&self) -> bool {
        self.history.iter().any(|entry| entry.said == Some(Said::Settle(true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit() -> Visit {
        Visit::new(0, EcToken::new("350000s1").expect("a token"))
    }

    fn heard(said: Said, serial: Option<&str>, notice: Option<u64>) -> Heard {
        let notice = notice.map(|number| NoticeNo::from_number(number).expect("thirteen digits"));
        Heard { said, serial: serial.map(str::to_owned), notice }
    }

    #[test]
    fn another_serial_number_than_the_latest_is_found() {
        let mut visit = visit();
        visit.note(Deed::Notify(5), Some(&heard(Said::Notified, Some("1"), None))).expect("nothing wrong");
        visit.note(Deed::Status, Some(&heard(Said::Settle(false), Some("1"), None))).expect("nothing wrong");
        let found = visit.note(Deed::Status, Some(&heard(Said::Settle(false), Some("2"), None)));
        assert!(found.is_err_and(|found| found.contains("not the latest")));
    }

    #[test]
    fn another_pending_notice_is_found() {
        let mut visit = visit();
        let listed = |number| heard(Said::Listed(true), None, Some(number));
        visit.note(Deed::Notify(5), Some(&heard(Said::Notified, None, None))).expect("nothing wrong");
        visit.note(Deed::Pending, Some(&listed(1_000_000_000_001))).expect("nothing wrong");
        visit.note(Deed::Notify(5), None).expect("the same amount keeps the number");
        let found = visit.note(Deed::Pending, Some(&listed(1_000_000_000_002)));
        assert!(found.is_err_and(|found| found.contains("another notice")));
    }

    #[test]
    fn a_confirmation_that_was_taken_back_is_found() {
        let mut visit = visit();
        visit.note(Deed::Notify(5), Some(&heard(Said::Notified, None, None))).expect("nothing wrong");
        visit.note(Deed::Confirm, Some(&heard(Said::Accepted, None, None))).expect("nothing wrong");
        visit.note(Deed::Status, None).expect("no answer is no contradiction");
        assert!(visit.note(Deed::Status, Some(&heard(Said::Settle(false), None, None))).is_err());
    }
}
