//! What operators tried that is out of their reach: answered like what is not there, and written down.

use super::administration::Administration;
use super::administration_error::AdministrationError;
use crate::events::{self, Act, Actor, OperatorEvent, Outcome};
use crate::limits::AttemptSum;
use yanmi_protocol::UnixMillis;

/// The action of such an event.
const OUT_OF_REACH: &str = "console.out_of_reach";

impl Administration {
    /// Writes down that somebody asked for an object out of his reach, and whether he wanted to change it.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn note_attempt(
        &mut self,
        object: (&str, &str),
        changing: bool,
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        let why = if changing { "要更改，不在辖区之内" } else { "要查看，不在辖区之内" };
        let event = OperatorEvent::new(act, OUT_OF_REACH, object, Outcome::Refused, events::refusal(&why));
        Ok(self.note(event).await?)
    }

    /// Writes down how many more there were than are written down one by one.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn note_attempts(
        &mut self,
        sum: &AttemptSum,
        now: UnixMillis,
    ) -> Result<(), AdministrationError> {
        let actor = Actor::operator(&sum.login);
        let why = format!("另有 {} 次，没有逐条记录", sum.count);
        let object = ("operator", sum.login.as_str());
        let act = Act::new(&actor, "", now);
        let event = OperatorEvent::new(act, OUT_OF_REACH, object, Outcome::Refused, events::refusal(&why));
        Ok(self.note(event).await?)
    }
}
