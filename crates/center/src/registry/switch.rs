//! Switching accounts, institutions and channels off and on, and closing them for good.

use yanmi_protocol::UnixMillis;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::assignment::Assignments;
use super::change::Change;
use super::key_offers::{self, Void};
use super::object::{Action, Object};
use super::{account, channel};
use crate::events::Act;

/// Whether an entry is served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// From now on.
    On,
    /// Not until it is switched on again.
    Off,
    /// Not until then: for an emergency, which nobody has to remember to end.
    OffUntil(UnixMillis),
}

impl Switch {
    /// Whether an entry that is stored so is served now.
    pub(super) fn is_on(enabled: bool, stopped_until: Option<UnixMillis>, now: UnixMillis) -> bool {
        enabled && stopped_until.is_none_or(|until| until <= now)
    }
}

impl Administration {
    /// Switches an entry on or off. Running centers follow within a second.
    ///
    /// # Errors
    /// When there is none, or it is closed.
    pub async fn switch(
        &mut self,
        object: Object,
        switch: Switch,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        self.change(act, switching(object, switch, act)).await
    }

    /// Closes an entry for good: it is switched off, can be neither changed nor switched on again, and its code is not
    /// given to another. The keys of an account or a channel are replaced by one that nobody has.
    ///
    /// # Errors
    /// When there is none, or it is closed already.
    pub async fn close_entry(&mut self, object: Object, act: Act<'_>) -> Result<(), AdministrationError> {
        let change = self.closure(object, act);
        self.change(act, change).await
    }

    /// The change that closes an entry.
    pub(super) fn closure(&self, object: Object, act: Act<'_>) -> Change {
        let mut set = Assignments::default()
            .flag(object.switch(), false)
            .optional_number("stopped_until", None)
            .optional_number("closed_at", Some(act.at.get()));
        let cell = match &object {
            Object::Account(id) => Some(account::key_cell(id.as_str())),
            Object::Channel(id) => Some(channel::key_cell(id.as_str())),
            Object::Institution(_) => None,
        };
        if let Some(cell) = cell {
            let key = self.sealer.seal(cell, &self.sealer.fresh());
            set = set.bytes("key_new", &key).no_bytes("key_old");
        }
        let mut statements = vec![set.of(object, act.at)];
        if let Object::Account(id) = &object {
            statements.push(key_offers::end(id, Void::Replaced, act.at));
        }
        Change { action: Action::Close, subject: object.into(), statements }
    }
}

/// The change that switches an entry.
pub(super) fn switching(object: Object, switch: Switch, act: Act<'_>) -> Change {
    let column = object.switch();
    let set = Assignments::default();
    let (action, set) = match switch {
        Switch::On => (Action::Enable, set.flag(column, true).optional_number("stopped_until", None)),
        Switch::Off => (Action::Disable, set.flag(column, false).optional_number("stopped_until", None)),
        // It stays switched on or off as it is; one that was off is off afterwards too.
        Switch::OffUntil(until) => (Action::Disable, set.optional_number("stopped_until", Some(until.get()))),
    };
    Change { action, subject: object.into(), statements: vec![set.of(object, act.at)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_lapses_by_itself_and_switches_nothing_on_that_was_off() {
        let at = UnixMillis::new;
        assert!(Switch::is_on(true, None, at(5)));
        assert!(!Switch::is_on(true, Some(at(6)), at(5)));
        assert!(Switch::is_on(true, Some(at(5)), at(5)));
        assert!(!Switch::is_on(false, None, at(5)));
        assert!(!Switch::is_on(false, Some(at(5)), at(5)));
    }
}
