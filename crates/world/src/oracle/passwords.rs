//! Passwords: five wrong ones in a row, and nobody asks for a quarter of an hour.

use std::time::Duration;

use super::Oracle;
use super::contract::SET_BACK;
use super::trouble::NATIONAL_TROUBLE;

/// Wrong ones in a row before the check is locked.
const TRIES: usize = 5;
/// How long it is locked.
const LOCKED: Duration = Duration::from_mins(15);
/// How long a question may be under way.
const UNDER_WAY: Duration = Duration::from_secs(8);

/// The newest row of wrong ones that locks: its first and its last.
fn last_row(asked: &[(Duration, bool)]) -> Option<(Duration, Duration)> {
    let (mut row, mut locked) = (Vec::new(), None);
    for (at, right) in asked {
        row.push(*at);
        if *right {
            row.clear();
        } else if row.len() == TRIES {
            locked = Some((row[0], *at));
            row.clear();
        }
    }
    locked
}

impl Oracle {
    /// The national center was asked about a password.
    pub(crate) fn password_was_asked(&mut self, person: u32, right: bool, at: Duration) {
        let asked = self.passwords.entry(person).or_default();
        asked.push((at, right));
        let before = asked.len() - 1;
        let Some((first, fifth)) = last_row(&asked[..before]) else { return };
        let certain = !self.is_felt((first.saturating_sub(UNDER_WAY), at), NATIONAL_TROUBLE)
            && !self.clock_was_set((first.saturating_sub(LOCKED), at));
        if certain && at + UNDER_WAY < fifth + LOCKED {
            self.found(format!(
                "a password of person {person} was tried while five wrong ones lock it, at {at:?}"
            ));
        }
    }

    /// Whether the person's check may be locked at a moment.
    pub(super) fn may_be_locked(&self, person: u32, at: Duration) -> bool {
        let asked = self.passwords.get(&person).map_or(&[][..], Vec::as_slice);
        let locked = last_row(asked).is_some_and(|(_, fifth)| fifth + LOCKED + UNDER_WAY > at);
        // One whose question or answer got lost counts all the same.
        let since = at.saturating_sub(LOCKED + UNDER_WAY);
        let said = self.passwords_said(person, since) >= TRIES && self.is_felt((since, at), NATIONAL_TROUBLE);
        locked || said || !asked.is_empty() && self.clock_was_set((at.saturating_sub(LOCKED + SET_BACK), at))
    }
}
