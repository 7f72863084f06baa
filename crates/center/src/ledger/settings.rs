//! What a person's password-free page shows.

use yanmi_protocol::ChannelId;
use yanmi_verification::{PasswordFree, PersonKey};

use super::table::free_payments::{self, Payment};
use super::table::password_free;
use super::table::tokens::{self, StoredHolder};
use crate::store::StoreError;
use crate::store::batch::Session;
use crate::store::connection::Connection;

/// Payments the page lists, the newest first.
pub(crate) const MAX_PAYMENTS: i64 = 50;

/// A person's settings in one app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) free: Option<PasswordFree>,
    /// Nothing when the person has shown no code in this app for longer than tokens are kept.
    pub(crate) known: Option<StoredHolder>,
    pub(crate) payments: Vec<Payment>,
}

/// Everything the page shows.
pub(crate) async fn load(
    connection: &mut Connection,
    person: PersonKey,
    channel: ChannelId,
) -> Result<Settings, StoreError> {
    let wanted = (person, channel);
    let free = password_free::load(&mut Session::reading(connection), &[wanted]).await?.get(&wanted).copied();
    let known = tokens::newest_of(connection, person, channel).await?;
    let payments = free_payments::newest(connection, person, channel, MAX_PAYMENTS).await?;
    Ok(Settings { free, known, payments })
}
