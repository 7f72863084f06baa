//! What time does to applications: it ends what is written to end, and passes over a level at which nobody works.

use yanmi_onboarding::application::{Actor, Calendar, Circumstances, Command};
use yanmi_protocol::UnixMillis;

use crate::events::{Act, Actor as EventActor};
use crate::registry::administration::Administration;
use crate::registry::administration_error::AdministrationError;
use crate::registry::applications::{self, ApplicationRow};
use crate::registry::version;

/// Applications that are looked at by one query.
const PAGE: usize = 50;
/// Whoever carries out what time has done.
static CENTER: EventActor = EventActor::program("center");

impl Administration {
    /// Carries out what time has done by now, each in a transaction of its own; how many there were. Several processes may do so
    /// at once: what one has done, the rules refuse the other.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn lapse_applications(
        &mut self,
        calendar: &Calendar,
        now: UnixMillis,
    ) -> Result<usize, AdministrationError> {
        let (mut after, mut done) = (0, 0);
        loop {
            let page = applications::ended(&mut self.connection, now, after, PAGE).await?;
            let Some(last) = page.last().copied() else { return Ok(done) };
            for number in page {
                let row = self.application(number).await?;
                let Some(command) = due_command(&row, calendar, now) else { continue };
                if matches!(command, Command::Skip) && self.is_staffed(&row.application, now).await? {
                    continue;
                }
                let act = Act::new(&CENTER, "", now);
                let stepped = self.in_transaction(async |a| {
                    version::hold(&mut a.connection).await?;
                    let row = a.application(number).await?;
                    a.advance(row, &command, &Actor::Center, calendar, act).await.map(|_| ())
                });
                match stepped.await {
                    Ok(()) => done += 1,
                    Err(AdministrationError::Store(error)) => return Err(error.into()),
                    // Somebody was quicker: that is no event, for nobody asked for anything.
                    Err(_) => {}
                }
            }
            after = last;
        }
    }
}

/// What time asks for; whether somebody works at a level is looked up only when it matters.
fn due_command(row: &ApplicationRow, calendar: &Calendar, now: UnixMillis) -> Option<Command<'static>> {
    if row.application.has_lapsed(now) {
        return Some(Command::Lapse);
    }
    let world = Circumstances { calendar, staffed: false };
    row.application.step(&Command::Skip, &Actor::Center, &world, now).ok().map(|_| Command::Skip)
}
