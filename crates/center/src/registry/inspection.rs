//! What operators look at that is worth an event, and what they do about it that changes nothing registered: traces, personal
//! data in full, what is taken away, a notice that is delivered once more.

use std::time::Duration;

use yanmi_onboarding::Area;

use super::administration::Administration;
use super::administration_error::AdministrationError;
use crate::events::{Act, NO_CHANGES, OperatorEvent, Outcome, operator_events};

/// Persons one operator may see in full in a day, and apart from them contacts.
const MOST_UNMASKED: u64 = 20;
/// The day of [`MOST_UNMASKED`].
const DAY: Duration = Duration::from_hours(24);

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Inspection {
    /// What happened to a code, a notice or at an institution.
    Trace,
    /// A person's name and document.
    Unmask,
    /// Whom to call about an institution.
    Contact,
    /// A notice that nobody has answered, delivered once more.
    Redeliver,
    /// A channel, tried with a notice that nobody sees.
    TestDelivery,
    /// Statistics, taken away as a file.
    Export,
}

impl Inspection {
    /// What kind of thing it is about.
    const fn kind(self) -> &'static str {
        match self {
            Self::Trace | Self::Unmask | Self::Redeliver => "trace",
            Self::Contact => "institution",
            Self::TestDelivery => "channel",
            Self::Export => "statistics",
        }
    }

    /// The action of its event.
    const fn action(self) -> &'static str {
        match self {
            Self::Trace => "trace.read",
            Self::Unmask => "trace.unmask",
            Self::Contact => "institution.unmask",
            Self::Redeliver => "notice.redeliver",
            Self::TestDelivery => "channel.test_delivery",
            Self::Export => "statistics.export",
        }
    }
}

impl Administration {
    /// Writes down that somebody looks at something, or has it done; `about` is masked where it has to be, and its place is nothing where that is
    /// not known or larger than a city.
    ///
    /// # Errors
    /// When he has seen as many persons in full today as one may, or the database fails.
    pub(crate) async fn note_inspection(
        &mut self,
        inspection: Inspection,
        (about, place): (&str, Option<Area>),
        act: Act<'_>,
    ) -> Result<(), AdministrationError> {
        if matches!(inspection, Inspection::Unmask | Inspection::Contact) {
            let since = act.at.minus(DAY);
            let (actor, action) = (act.actor.as_str(), inspection.action());
            let seen = operator_events::count(&mut self.connection, actor, action, since).await?;
            if seen >= MOST_UNMASKED {
                return Err(AdministrationError::ManyUnmasked(MOST_UNMASKED));
            }
        }
        let object = (inspection.kind(), about);
        let event = OperatorEvent::new(act, inspection.action(), object, Outcome::Done, NO_CHANGES);
        Ok(self.note(event.in_region(place)).await?)
    }
}
