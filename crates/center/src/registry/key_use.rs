//! Writing down that keys were used: an applicant is told until then that his system has not called yet.

use yanmi_protocol::{AccountId, UnixMillis};

use super::administration::Administration;
use super::administration_error::AdministrationError;
use super::key_uses::KeyUse;
use super::{account, key_uses};

impl Administration {
    /// Notes for each of these accounts, that the key of this check value opened an envelope. It is an observation and nobody's
    /// change, so it has no event and raises no version; the
    /// application that made the account, where one did, has a step.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn note_key_uses(
        &mut self,
        uses: &[(AccountId, String)],
        at: UnixMillis,
    ) -> Result<(), AdministrationError> {
        for (id, kcv) in uses {
            if self.connection.run(account::note_use(id, kcv, at)).await? == 1 {
                self.note_used_key(id, kcv, at).await?;
            }
        }
        Ok(())
    }

    /// Writes down when keys were last used; an observation like the others.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn note_last_uses(&mut self, uses: Vec<KeyUse>) -> Result<(), AdministrationError> {
        self.connection.run(key_uses::note(uses)).await?;
        Ok(())
    }
}
